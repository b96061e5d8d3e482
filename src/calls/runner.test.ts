import { createLogger } from '../platform/logger.ts';
import { fakeClock } from '../../test/support/fake-clock.ts';
import { talking, testCall } from '../../test/support/calls.ts';
import { someFix } from '../../test/support/fixes.ts';
import type { Call } from './call.ts';
import { createCallRunner, type CallEntry, type CallPartners } from './runner.ts';

function start() {
  const clock = fakeClock(1_000_000);
  const done: string[] = [];
  const entries: CallEntry[] = [];
  const failed: string[] = [];
  let durable = true;
  let held = false;
  const partners: CallPartners = {
    perform: (_callId, _application, effect) => done.push(effect.do),
    rankInLine: () => 0,
    enterLine: () => done.push('enter-line'),
    leaveLine: () => done.push('leave-line'),
    keepOperator: () => done.push('keep-operator'),
    operatorOutcome: (_callId, _operatorId, _assignmentId, outcome) => done.push(outcome),
    reserveOperator: () => undefined,
    lookUpTarget: () => undefined,
    notifyAgency: () => undefined,
    ringAgency: () => Promise.resolve({ result: 'taken' }),
    failed: (_call, input) => failed.push(input),
    recorded: (entry) => entries.push(entry),
  };
  const runner = createCallRunner({
    clock,
    logger: createLogger('silent'),
    partners,
    held: () => held,
    journal: {
      name: 'journal',
      append: () => {
        done.push('journal');
        return { segment: '1', end: 0 };
      },
      synced: () => Promise.resolve(durable),
      drop: () => undefined,
      health: () => ({ failing: false, waiting: 0 }),
      close: () => Promise.resolve(),
    },
  });
  return {
    clock,
    done,
    entries,
    failed,
    runner,
    disk: (works: boolean) => (durable = works),
    hold: (on: boolean) => (held = on),
  };
}

describe('the runner', () => {
  it('writes each decision before it carries it out', () => {
    const { runner, done } = start();
    runner.open(testCall());
    runner.tell('call', { type: 'arrived', at: 1_000_000, up: false });
    expect(done[0]).toBe('journal');
    expect(done).toContain('answer');
    expect(done).toContain('enter-line');
  });

  it('numbers the entries of a call, with the state after each', () => {
    const { runner, entries } = start();
    runner.open(testCall());
    runner.tell('call', { type: 'arrived', at: 1_000_000, up: false });
    runner.tell('call', { type: 'caller-up', at: 1_000_010 });
    expect(entries.map((entry) => entry.sequence)).toEqual([1, 2]);
    expect(entries[1]?.state.answeredAt).toBe(1_000_010);
  });

  it('writes nothing for a location that says nothing new, and once for each that does', () => {
    const { runner, entries } = start();
    runner.open(testCall());
    const said = { type: 'located' as const, at: 1_000_000, aml: 'digest' };
    const received = { fixes: [someFix()], unusable: [{ source: 'aml-https', reason: 'half of it' }] };
    for (let time = 0; time < 1_000; time += 1) runner.tell('call', { ...said, received });
    expect(entries).toHaveLength(1);
    for (let time = 0; time < 1_000; time += 1) {
      runner.tell('call', { ...said, received: { fixes: [someFix()], unusable: [] } });
    }
    // A hundred are kept, and that there were more is said once.
    expect(entries).toHaveLength(101);
    expect(runner.sequenceOf('call')).toBe(101);
    expect(runner.get('call')?.location.fixes).toHaveLength(100);
  });

  it('wakes a call when its timer is due, also one that was taken over', () => {
    const { runner, entries, clock } = start();
    const call: Call = { ...testCall(), line: { since: 1 }, timers: { line: 1_005_000 } };
    runner.open(call);
    clock.advance(4_999);
    expect(entries).toEqual([]);
    clock.advance(1);
    expect(entries.map((entry) => entry.input)).toEqual([{ type: 'timer', at: 1_005_000, name: 'line' }]);
  });

  it('runs no timer while it does not know what happened during a pause', () => {
    const { runner, entries, clock, hold } = start();
    hold(true);
    runner.open({ ...testCall(), line: { since: 1 }, timers: { line: 1_005_000 } });
    clock.advance(7_000);
    expect(entries).toEqual([]);
    hold(false);
    clock.advance(200);
    expect(entries.map((entry) => entry.input.type)).toEqual(['timer']);
  });

  it('says whether a command reached the disk, and whether the call is here at all', async () => {
    const { runner, disk } = start();
    runner.open(testCall());
    const input = { type: 'call-ended-by', at: 1_000_000, by: 'token' } as const;
    expect(await runner.command('call', input)).toEqual({ known: true, durable: true });
    disk(false);
    expect(await runner.command('call', input)).toEqual({ known: true, durable: false });
    expect(await runner.command('nobody', input)).toEqual({ known: false, durable: false });
  });

  it('gives a caller to the human path when a decision throws, and the other calls go on', () => {
    const { runner, done, failed, entries } = start();
    const broken = testCall();
    Reflect.deleteProperty(broken, 'counters');
    runner.open(broken);
    runner.open({ ...testCall(), id: 'other', channelId: 'other' });
    runner.tell('call', { type: 'arrived', at: 1_000_000, up: false });
    expect(done).toContain('return-to-dialplan');
    expect(failed).toEqual(['arrived']);
    expect(runner.get('call')).toBeUndefined();
    expect(runner.ownerOf('caller')).toBeUndefined();
    expect(entries.at(-1)?.state).toMatchObject({ outcome: 'returned', stage: 'returned' });
    runner.tell('other', { type: 'arrived', at: 1_000_000, up: false });
    expect(runner.get('other')?.line).toEqual({ since: testCall().arrivedAt });
  });

  it('lets two who talk go on when a decision about something else throws', () => {
    const { runner, done, failed } = start();
    const { call } = talking();
    const broken: Call = { ...call };
    Reflect.deleteProperty(broken, 'incident');
    runner.open(broken);
    runner.tell('call', { type: 'incident-changed', at: 1_000_000, change: { kind: 'fire' }, by: 'x', dispatches: [] });
    expect(failed).toEqual(['incident-changed']);
    expect(done).toEqual([]);
    expect(runner.get('call')).toEqual(broken);
  });

  it('knows the call of a channel until it is told to forget', () => {
    const { runner } = start();
    runner.open(testCall());
    expect(runner.ownerOf('caller')?.id).toBe('call');
    runner.forget('call');
    expect(runner.ownerOf('caller')).toBeUndefined();
    expect(runner.tell('call', { type: 'caller-up', at: 1 })).toBe(false);
  });
});
