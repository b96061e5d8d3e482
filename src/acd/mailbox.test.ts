import { deafToLine, person, usual } from '../../test/support/line-world.ts';
import { createLogger } from '../platform/logger.ts';
import { createLine, type LineDeps, type WaitingLine } from './mailbox.ts';

/** A line with `a` and `b` at their desks; what it tells is noted, and its timers fire when time is moved. */
function open(over: Partial<LineDeps> = {}): { line: WaitingLine; told: unknown[][]; ahead: (ms: number) => void } {
  const told: unknown[][] = [];
  let now = 1_000_000;
  let wake: { at: number; fn: () => void } | null = null;
  const line = createLine({
    ...deafToLine,
    clock: {
      now: () => now,
      monotonic: () => now,
      after(ms, fn) {
        wake = { at: now + ms, fn };
        return () => (wake = null);
      },
      every: () => () => undefined,
    },
    logger: createLogger('silent'),
    policies: () => usual,
    assigned: (callId, { operatorId }) => told.push(['assigned', callId, operatorId]) > 0,
    reserved: (callId, { operatorId }) => told.push(['reserved', callId, operatorId]) > 0,
    refused: (callId, _requestId, reason) => told.push(['refused', callId, reason]),
    placed: (callId, { position }) => told.push(['placed', callId, position]),
    alert: ({ level }) => told.push(['alert', level]),
    ...over,
  });
  line.operators([person('a'), person('b')]);
  line.desks(['a', 'b'].map((id) => ({ id, name: id, account: `op-${id}` })));
  for (const id of ['a', 'b']) {
    line.logIn(id, id);
    line.registered(`op-${id}`, true);
  }
  told.length = 0;
  const ahead = (ms: number): void => {
    const until = now + ms;
    while (wake !== null && wake.at <= until) {
      const { at, fn }: { at: number; fn: () => void } = wake;
      wake = null;
      now = at;
      fn();
    }
    now = until;
  };
  return { line, told, ahead };
}

describe('the mailbox of the line', () => {
  it('refuses a log-in as a value, and knows who sits where', () => {
    const { line } = open();
    expect(line.logIn('a', 'b')).toBe('desk-taken');
    expect(line.logIn('a', 'x')).toBe('unknown-desk');
    expect(line.logIn('x', 'a')).toBe('unknown-operator');
    expect([line.logOut('b'), line.logOut('b'), line.logOut('x')]).toEqual([
      'done',
      'not-logged-in',
      'unknown-operator',
    ]);
    expect(line.logIn('a', 'b')).toBeNull();
    expect(line.atDesk('op-b')).toMatchObject({ desk: { id: 'b' }, operator: { id: 'a' } });
    expect(line.atDesk('op-a')?.operator).toBeNull();
    expect(line.atDesk('op-x')).toBeUndefined();
    line.enter('c', 1_000_000);
    expect(line.logIn('a', 'a')).toBe('engaged');
    expect(line.logOut('a')).toBe('after-call');
  });

  it('shows who waits and why, for whom phones ring, and what operators do', () => {
    const { line } = open();
    for (const id of ['c1', 'c2', 'c3']) line.enter(id, 1_000_000);
    line.pause('b', 'meal');
    const { waiting, ringing, operators } = line.snapshot();
    expect(waiting).toEqual([
      {
        callId: 'c3',
        since: 1_000_000,
        queueId: '112',
        priority: 3,
        position: 1,
        passedOver: 'all operators are busy',
        expectedWaitSeconds: null,
      },
    ]);
    expect(ringing.map(({ callId, operatorIds }) => [callId, operatorIds])).toEqual([
      ['c1', ['a']],
      ['c2', ['b']],
    ]);
    expect(operators[1]).toMatchObject({ state: 'ringing', reason: 'meal', desk: { id: 'b' }, callId: 'c2' });
    expect(line.staffed()).toBe(true);
    line.pause('a', 'meal');
    expect(line.staffed()).toBe(false);
  });

  it('says of every input that it was told, last and once, also of one that a call answers with', () => {
    const heard: string[] = [];
    const { line } = open({
      assigned(_callId, { operatorId, assignmentId }) {
        heard.push('assigned');
        line.outcome(operatorId, assignmentId, 'busy');
        heard.push('answered');
        return true;
      },
      told: () => heard.push('told'),
    });
    heard.length = 0;
    line.enter('c', 1_000_000);
    expect(heard).toEqual(['assigned', 'answered', 'told', 'told']);
    line.resume('x');
    expect(heard).toHaveLength(5);
  });

  it('frees an operator whose call is over, assigned or reserved, and whom nobody hears of', () => {
    const gone = open({ assigned: () => false, reserved: () => false });
    gone.line.enter('c', 1_000_000);
    gone.line.reserve({ requestId: 'r', callId: 'c', target: { operatorId: 'b' }, evenPaused: false });
    expect(gone.line.snapshot()).toMatchObject({
      waiting: [],
      ringing: [],
      operators: [{ state: 'available' }, { state: 'available' }],
    });
  });

  it('offers an operator no call again, in ring-all, that has said it does not need him', () => {
    const { line, told, ahead } = open({
      assigned(callId, { operatorId, together, assignmentId }) {
        told.push(['assigned', callId, operatorId, together]);
        if (together) line.outcome(operatorId, assignmentId, 'not-needed');
        return true;
      },
    });
    line.enter('c', 1_000_000);
    ahead(60_000);
    expect(told.filter(([what]) => what === 'assigned')).toEqual([
      ['assigned', 'c', 'a', false],
      ['assigned', 'c', 'b', true],
    ]);
  });

  it('wakes by itself, and answers reservations at once', () => {
    const { line, told, ahead } = open();
    for (const id of ['c1', 'c2', 'c3']) line.enter(id, 1_000_000);
    line.reserve({ requestId: 'r', callId: 'c1', target: { any: true }, evenPaused: false });
    ahead(5_000);
    expect(told).toEqual([
      ['assigned', 'c1', 'a'],
      ['assigned', 'c2', 'b'],
      ['placed', 'c3', 1],
      ['refused', 'c1', 'a caller waits'],
      ['alert', 'notice'],
    ]);
  });
});
