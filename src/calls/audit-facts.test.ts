import { entered, gone, supervise, supervisor } from '../../test/support/call-inputs.ts';
import { joined, talking, type Story, type Told } from '../../test/support/calls.ts';
import { auditOfFacts } from './audit-facts.ts';

const person = (id: string) => ({ tokenId: `op-${id}`, role: 'supervisor' as const, name: id, operatorId: id });
/** He listens, by the phone `call.m2`. */
const listens: Told[] = [supervise('listen'), supervisor(), entered('call.m2')];
const key = (digit: string, channelId = 'call.m2'): Told => ({ type: 'key-pressed', channelId, key: digit });
const confidential: Told = {
  type: 'incident-changed',
  change: { kind: 'domestic-violence' },
  by: 'op1',
  dispatches: [],
};

/** What each input leaves in the trail: who, what, and how. */
function trail(story: Story, ...inputs: Told[]): unknown[] {
  return inputs.flatMap((input, sequence) => {
    const { facts, effects, call, at } = story.tell(input);
    const entry = { kind: 'call' as const, application: 'a', callId: call.id, claimedAt: 1, sequence, at };
    return auditOfFacts({ ...entry, input: { ...input, at }, facts, effects, state: call }, person).map(
      ({ principal, action, detail }) => [principal.operatorId, action, detail?.['mode'] ?? null],
    );
  });
}

describe('the audit trail has of a supervisor', () => {
  it('what he changes by keys, and that he hung up', () => {
    expect(trail(talking().tell(...listens), key('2'), key('3'))).toEqual([
      ['boss', 'monitors.change', 'whisper'],
      ['boss', 'monitors.change', 'barge'],
    ]);
    expect(trail(talking().tell(...listens), gone('call.m2'))).toEqual([['boss', 'monitors.end', 'listen']]);
  });

  it('a take-over by key once, and that he listens no more when he is the operator', () => {
    const story = talking().tell(...listens);
    expect(trail(story, key('4'), joined('call.m2'))).toEqual([
      ['boss', 'monitors.change', 'take-over'],
      ['boss', 'monitors.end', 'barge'],
    ]);
  });

  it('who called for him by *8, and for whom', () => {
    expect(trail(talking(), key('*', 'call.o1'), key('8', 'call.o1'), supervisor('call.m2'))).toEqual([
      ['op1', 'calls.assist', null],
      ['op1', 'monitors.start', 'whisper'],
    ]);
  });

  it('that he reads a confidential incident', () => {
    const story = talking().tell(confidential, ...listens);
    expect(trail(story, key('2'))).toEqual([
      ['boss', 'monitors.change', 'whisper'],
      ['boss', 'incidents.read', null],
    ]);
  });

  it('nothing twice that REST audits, and nothing of who never came', () => {
    const story = talking();
    const change: Told = { type: 'monitor-changed', monitorId: 'm', mode: 'whisper', by: 'token' };
    const end: Told = { type: 'monitor-ended', monitorId: 'm', by: 'token' };
    expect(trail(story, ...listens, change, end)).toEqual([]);
    const refused: Told = { type: 'reservation-refused', requestId: 'm', reason: 'busy' };
    expect(trail(talking(), supervise('listen'), refused)).toEqual([]);
    expect(
      trail(talking().tell({ type: 'assist-requested', by: 'op1' }), { ...refused, requestId: 'call.m2' }),
    ).toEqual([]);
  });
});
