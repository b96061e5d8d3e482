import { lineWorld, pairs, type LineWorld } from '../../test/support/line-world.ts';
import { emergencyQueue } from './queue.ts';

function withPeople(...people: Parameters<LineWorld['people']>): LineWorld {
  const world = lineWorld();
  world.people(...people);
  return world;
}

const deskOf = (world: LineWorld): string | null | undefined => world.line.operators['a']?.deskId;

describe('an operator after a call', () => {
  const talking = (policy = {}): LineWorld => {
    const world = lineWorld(policy);
    world.people('a');
    world.enter('c');
    world.outcome('a', 'talking', 10);
    return world;
  };

  it('has his wrap-up, and is woken from it', () => {
    const world = talking();
    world.outcome('a', 'finished', 10);
    expect(world.state('a')).toBe('wrap-up');
    expect(world.last.wakeAt).toBe(world.at + 10_000);
    world.tell({ type: 'timer' }, 10_000);
    expect(world.last.changed).toEqual([{ operatorId: 'a', state: 'available', reason: null }]);
  });

  it('leaves nothing of the call in the line, unless it is to be known should the caller wait again', () => {
    const world = talking();
    world.outcome('a', 'finished');
    expect(world.line.calls).toEqual({});
    world.tell({ type: 'rank', callId: 'd', priority: 1 });
    world.tell({ type: 'enter', callId: 'd', since: world.at, queue: { ...emergencyQueue, priority: 7 } }, 10_000);
    world.outcome('a', 'talking');
    world.outcome('a', 'finished');
    world.tell({ type: 'enter', callId: 'd', since: world.at, queue: { ...emergencyQueue, priority: 7 } });
    expect(world.line.calls).toMatchObject({ d: { place: 'waiting', priority: 1 } });
  });

  it('is left alone for a moment when his phone refused', () => {
    const world = withPeople('a');
    world.enter('c');
    world.outcome('a', 'failed');
    expect(pairs(world.enter('c'))).toEqual([]);
    expect(world.last.wakeAt).toBe(world.at + 3_000);
    expect(pairs(world.tell({ type: 'timer' }, 3_000))).toEqual(['c-a']);
  });

  it('stays in the list while he talks, though he was deleted, and no longer', () => {
    const world = talking();
    world.tell({ type: 'operators', operators: [] });
    expect(world.state('a')).toBe('talking');
    world.outcome('a', 'finished');
    expect(world.line.operators).toEqual({});
  });

  it('keeps his desk while he talks, though it was deleted, and no longer', () => {
    const world = talking();
    world.tell({ type: 'desks', desks: [] });
    expect(world.state('a')).toBe('talking');
    world.outcome('a', 'finished');
    expect([world.state('a'), deskOf(world)]).toEqual(['offline', null]);
    expect([world.line.desks, world.line.registered]).toEqual([{}, {}]);
  });

  it('logs out in a call when it ends', () => {
    const world = talking();
    world.tell({ type: 'log-out', operatorId: 'a' });
    expect([world.state('a'), deskOf(world)]).toEqual(['talking', 'a']);
    world.outcome('a', 'finished');
    expect([world.state('a'), deskOf(world)]).toEqual(['offline', null]);
  });

  it('stays logged in when he logs in again before the call ends', () => {
    const world = talking({ wrapUp: 0 });
    world.tell({ type: 'log-out', operatorId: 'a' });
    world.tell({ type: 'log-in', operatorId: 'a', deskId: 'a' });
    world.outcome('a', 'finished');
    expect(world.state('a')).toBe('available');
  });

  it('a call that waits again frees whoever was thought to be with it', () => {
    const world = talking({ wrapUp: 0 });
    expect(pairs(world.enter('c'))).toEqual(['c-a']);
    expect(world.line.assignments).toBe(2);
  });
});

describe('logging in', () => {
  it('makes a person available who is nowhere else, at a registered phone', () => {
    const world = withPeople('a');
    world.tell({ type: 'log-out', operatorId: 'a' });
    expect(world.state('a')).toBe('offline');
    world.tell({ type: 'log-in', operatorId: 'a', deskId: 'a' });
    expect(world.last.changed).toEqual([{ operatorId: 'a', state: 'available', reason: null }]);
    expect(deskOf(world)).toBe('a');
  });

  it('moves him from his desk, and leaves that free for another', () => {
    const world = withPeople('a', 'b');
    world.tell({ type: 'log-out', operatorId: 'b' });
    world.tell({ type: 'log-in', operatorId: 'a', deskId: 'b' });
    expect(pairs(world.enter('c'))).toEqual(['c-a']);
    expect(world.last.assigned[0]?.account).toBe('op-b');
    world.tell({ type: 'log-in', operatorId: 'b', deskId: 'a' });
    expect(world.state('b')).toBe('available');
  });

  it.each<[string, (world: LineWorld) => void, string, string]>([
    ['at a desk where somebody else is', () => undefined, 'a', 'b'],
    ['at a desk that does not exist', () => undefined, 'a', 'x'],
    [
      'elsewhere while he is in a call',
      (world) => {
        world.tell({ type: 'log-out', operatorId: 'b' });
        world.enter('c');
      },
      'a',
      'b',
    ],
  ])('changes nothing %s', (_what, prepare, operatorId, deskId) => {
    const world = withPeople('a', 'b');
    prepare(world);
    const before = world.line.operators;
    world.tell({ type: 'log-in', operatorId, deskId });
    expect(world.line.operators).toEqual(before);
  });

  it('is at a phone that was registered before its desk was known', () => {
    const world = lineWorld();
    world.tell({ type: 'registered', account: 'op-a', registered: true });
    world.people('a');
    expect(world.state('a')).toBe('available');
  });
});

describe('a phone that rings unanswered', () => {
  it('pauses its operator, but never the last one', () => {
    const world = withPeople('a', 'b');
    world.enter('c');
    world.outcome('a', 'no-answer', 15_000);
    expect(world.last.changed).toContainEqual({ operatorId: 'a', state: 'paused', reason: 'no-answer' });
    expect(pairs(world.enter('c'))).toEqual(['c-b']);
    world.outcome('b', 'no-answer', 15_000);
    expect(world.state('b')).toBe('available');
    world.tell({ type: 'resume', operatorId: 'a' });
    expect(world.state('a')).toBe('available');
  });

  it('counts nobody who talks, nor who is on standby while a regular one is there', () => {
    const world = withPeople('a', { id: 's', tier: 'standby' }, 'b');
    world.enter('c1');
    world.enter('c2');
    world.outcome('b', 'talking');
    world.outcome('a', 'no-answer', 15_000);
    expect(world.state('a')).toBe('available');
  });

  it('pauses nobody when the settings say so, or when the phone was busy', () => {
    const world = lineWorld({}, { pauseUnanswered: false });
    world.people('a', 'b');
    world.enter('c');
    expect(world.outcome('a', 'no-answer').changed).toContainEqual({
      operatorId: 'a',
      state: 'available',
      reason: null,
    });
    const busy = withPeople('a', 'b');
    busy.enter('c');
    busy.outcome('a', 'busy');
    expect(busy.state('a')).toBe('available');
  });

  it('is told of at every third in a row, also of the last one, until he answers', () => {
    const world = withPeople('a');
    const ring = (): unknown => {
      world.enter('c');
      return world.outcome('a', 'no-answer', 15_000).unanswered;
    };
    const third = [{ operatorId: 'a', count: 3 }];
    expect([ring(), ring(), ring(), ring(), ring()]).toEqual([[], [], third, [], []]);
    expect(ring()).toEqual([{ operatorId: 'a', count: 6 }]);
    expect(ring()).toEqual([]);
    world.enter('c');
    world.outcome('a', 'talking');
    world.outcome('a', 'finished');
    world.tell({ type: 'timer' }, 10_000);
    expect([ring(), ring()]).toEqual([[], []]);
    // Who says that he is there, or is another one, begins anew.
    world.tell({ type: 'pause', operatorId: 'a', reason: 'meal' });
    world.tell({ type: 'resume', operatorId: 'a' });
    expect([ring(), ring(), ring()]).toEqual([[], [], third]);
  });

  it('leaves a pause that he asked for himself as it is', () => {
    const world = withPeople('a', 'b');
    world.enter('c');
    world.tell({ type: 'pause', operatorId: 'a', reason: 'meal' });
    world.outcome('a', 'no-answer');
    expect(world.line.operators['a']?.paused).toEqual({ reason: 'meal', automatic: false });
    world.tell({ type: 'pause', operatorId: 'a', reason: 'x', automatic: true });
    expect(world.line.operators['a']?.paused).toEqual({ reason: 'meal', automatic: false });
  });
});

describe('overflow to the backup centre', () => {
  it('is told also while a phone rings that nobody answers: the last one is never paused', () => {
    const world = withPeople('a');
    world.enter('c');
    const asked: string[] = [];
    for (let ring = 0; ring < 12; ring += 1) {
      const since = world.line.calls['c']?.since ?? 0;
      asked.push(...world.outcome('a', 'no-answer', 15_000).toBackupCentre);
      asked.push(...world.enter('c', { since }).toBackupCentre);
      expect(world.state('a')).toBe('ringing');
      expect(world.last.wakeAt).toBeGreaterThan(world.at);
    }
    expect(asked).toEqual(['c', 'c']);
  });

  it('is told now and again for a call, so often and no more', () => {
    const world = lineWorld();
    world.enter('c');
    const asked = Array.from({ length: 20 }, () => world.tell({ type: 'timer' }, 90_000).toBackupCentre.length);
    expect(asked.filter((one) => one === 1)).toHaveLength(5);
    expect(asked.slice(0, 5)).toEqual([1, 1, 1, 1, 1]);
  });

  it('is not told twice at the same time for a call, which stays in the line', () => {
    const world = lineWorld();
    world.enter('c');
    expect(world.tell({ type: 'timer' }, 89_999).toBackupCentre).toEqual([]);
    expect(world.last.wakeAt).toBe(world.at + 1);
    expect(world.tell({ type: 'timer' }, 1).toBackupCentre).toEqual(['c']);
    expect(world.tell({ type: 'timer' }, 60_000).toBackupCentre).toEqual([]);
    world.people('a');
    expect(world.line.calls['c']?.place).toBe('ringing');
    world.outcome('a', 'failed');
    expect(world.enter('c', { since: world.at - 200_000 }).toBackupCentre).toEqual([]);
  });
});

describe('alerts', () => {
  it('come once for each level, and again after the wait was below it', () => {
    const world = withPeople('a');
    world.enter('c1');
    expect(world.last.wakeAt).toBe(world.at + 5_000);
    expect(world.tell({ type: 'timer' }, 5_000).alerts).toEqual([{ level: 'notice', waitingSeconds: 5, waiting: 1 }]);
    expect(world.tell({ type: 'timer' }, 1).alerts).toEqual([]);
    // Nobody answered him: he has waited all the same.
    world.outcome('a', 'no-answer', 1);
    expect(world.enter('c1', { since: world.at - 5_002 }).alerts).toEqual([]);
    world.outcome('a', 'talking');
    expect(world.enter('c2').alerts).toEqual([]);
    world.enter('c3');
    expect(world.tell({ type: 'timer' }, 30_000).alerts).toEqual([
      { level: 'notice', waitingSeconds: 30, waiting: 2 },
      { level: 'critical', waitingSeconds: 30, waiting: 2 },
    ]);
  });
});

describe('places', () => {
  it('are told when they change, with the expected wait once calls were handled', () => {
    const world = withPeople('a');
    expect(world.enter('c0').places).toEqual([]);
    expect(world.enter('c1').places).toEqual([{ callId: 'c1', position: 1, expectedWaitSeconds: null }]);
    expect(world.enter('c2').places).toEqual([{ callId: 'c2', position: 2, expectedWaitSeconds: null }]);
    expect(world.tell({ type: 'timer' }, 1_000).places).toEqual([]);
    world.outcome('a', 'talking');
    // 80 s of talking and 10 s of wrap-up: one operator comes free every 90 s.
    expect(world.outcome('a', 'finished', 80_000).places).toEqual([
      { callId: 'c1', position: 1, expectedWaitSeconds: 90 },
      { callId: 'c2', position: 2, expectedWaitSeconds: 180 },
    ]);
    expect(world.tell({ type: 'timer' }, 10_000).places).toEqual([
      { callId: 'c2', position: 1, expectedWaitSeconds: 90 },
    ]);
  });

  it('are told without an expected wait while nobody is there who may take the call', () => {
    const world = lineWorld();
    world.people('a', { id: 's', tier: 'supervisor', skills: ['fire'] });
    world.enter('c0');
    world.outcome('a', 'talking');
    world.outcome('a', 'finished', 80_000);
    expect(world.enter('c1', { skills: ['fire'] }).places).toEqual([
      { callId: 'c1', position: 1, expectedWaitSeconds: null },
    ]);
    expect(world.tell({ type: 'timer' }, 10_000).places).toEqual([]);
    world.enter('c2');
    expect(pairs(world.last)).toEqual(['c2-a']);
    // From then on anybody may.
    expect(world.tell({ type: 'timer' }, 5_000).places).toEqual([
      { callId: 'c1', position: 1, expectedWaitSeconds: 90 },
    ]);
  });

  it('are not told where the settings say so', () => {
    const world = lineWorld({ announcePosition: false });
    expect(world.enter('c').places).toEqual([]);
  });
});
