import { freePort } from '../../scripts/sip/phone.mjs';
import type { CallView } from '../../src/calls/view.ts';
import type { Centre } from './centre.ts';
import { pauseOperator, resumeOperator } from './idle.ts';
import { Media, type LineCaller } from './line-caller.ts';
import { LinePhone } from './line-phone.ts';

export interface WireTalk {
  citizen: LineCaller;
  operator: LinePhone;
  call: CallView;
}

/**
 * The call of an operator whose phone's wire can be listened to. He has an account without another phone; the others, by
 * their place among the operators, are away meanwhile.
 */
export async function talkOnTheWire(
  centre: Centre,
  who: { operator: number; away: readonly number[]; tones: { caller: number; operator: number } },
  test: (talk: WireTalk) => Promise<void>,
): Promise<void> {
  const { tones, away } = who;
  const account = centre.operators[who.operator];
  if (account === undefined) throw new Error('there is no such operator');
  const media = new Media();
  const port = await freePort();
  const operator = await LinePhone.start(media, { server: centre.asterisk.sip, port, account, tone: tones.operator });
  await resumeOperator(centre, who.operator);
  await centre.api.operatorIs(account.id, 'available');
  for (const index of away) await pauseOperator(centre, index);
  try {
    const citizen = await centre.dialLine(tones.caller);
    const call = await centre.api.taken(citizen.wire);
    await centre.feed.waitFor('operator.talking', { callId: call.id });
    await test({ citizen, operator, call });
    await citizen.hangUp();
    await centre.quiet();
  } finally {
    for (const index of away) await resumeOperator(centre, index);
    await pauseOperator(centre, who.operator);
    operator.close();
    await media.stop();
  }
}
