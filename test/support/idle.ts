import { answers } from '../../scripts/sip/phone.mjs';
import type { SettingsPatch } from '../../src/settings/setting.ts';
import type { Centre } from './centre.ts';

async function setState(centre: Centre, index: number, body: object): Promise<void> {
  const operatorId = centre.operators[index]?.id ?? '';
  const answer = await centre.api.ask('POST', `/v1/operators/${operatorId}/state`, { body });
  if (answer.status !== 200) throw new Error(`the state of operator ${index} was answered ${answer.text}`);
}

export const pauseOperator = (centre: Centre, index: number, reason = 'istirahat'): Promise<void> =>
  setState(centre, index, { state: 'paused', reason });
export const resumeOperator = (centre: Centre, index: number): Promise<void> =>
  setState(centre, index, { state: 'available' });

/** From now on they have been idle in this order, the first the longest; the others are paused. */
export async function idleInOrder(centre: Centre, ...order: number[]): Promise<void> {
  for (const index of centre.operators.keys()) await pauseOperator(centre, index);
  for (const index of order) await resumeOperator(centre, index);
}

/** After a test: every phone answers again, the settings are as they were, nothing is left, and nobody complains. */
export async function calmAgain(centre: Centre, settings: SettingsPatch): Promise<void> {
  for (const phone of centre.phones) phone.behave(answers());
  await centre.api.set(settings);
  await centre.quiet();
  expect(centre.complaints()).toEqual([]);
}
