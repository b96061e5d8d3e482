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
