import { lineWorld, pairs, type LineWorld } from '../../test/support/line-world.ts';
import type { LineDecision } from './decide.ts';
import type { ReserveTarget } from './reserve.ts';

const wants = (target: ReserveTarget, over: { evenPaused?: boolean; occupied?: boolean } = {}) => ({
  type: 'reserve' as const,
  requestId: 'r1',
  callId: 'call',
  target,
  evenPaused: false,
  ...over,
});

function centre(): LineWorld {
  const world = lineWorld({ ringAll: null });
  world.people('a', 'b', { id: 's', tier: 'supervisor' });
  return world;
}

const got = ({ reserved, refused }: LineDecision): string | undefined => reserved[0]?.operatorId ?? refused[0]?.reason;

describe('a reservation', () => {
  it.each<[string, ReserveTarget, (world: LineWorld) => void, string]>([
    ['an operator by name', { operatorId: 'b' }, () => undefined, 'b'],
    ['one who is not known', { operatorId: 'x' }, () => undefined, 'unknown'],
    ['one who is in a call', { operatorId: 'a' }, (world) => void world.enter('c'), 'busy'],
    [
      'one who went',
      { operatorId: 'a' },
      (world) => void world.tell({ type: 'log-out', operatorId: 'a' }),
      'not at a desk',
    ],
    ['one who is paused', { operatorId: 'a' }, (world) => void pause(world, 'a'), 'paused'],
    ['any supervisor', { tier: 'supervisor' }, () => undefined, 's'],
    [
      'any supervisor, when he is paused',
      { tier: 'supervisor' },
      (world) => void pause(world, 's'),
      'no supervisor is free',
    ],
    ['anybody', { any: true }, () => undefined, 'a'],
    ['anybody, when the longest idle is paused', { any: true }, (world) => void pause(world, 'a'), 'b'],
    [
      'anybody, when all are in calls',
      { any: true },
      (world) => {
        world.enter('c1');
        world.enter('c2');
      },
      'no operator is free',
    ],
    [
      'anybody, while a caller waits',
      { any: true },
      (world) => {
        world.enter('c1');
        world.enter('c2');
        world.enter('c3');
      },
      'a caller waits',
    ],
  ])('of %s', (_what, target, prepare, expected) => {
    const world = centre();
    prepare(world);
    expect(got(world.tell(wants(target)))).toBe(expected);
    expect(world.last.reserved.length + world.last.refused.length).toBe(1);
  });

  it('takes even who is paused, when that is wanted', () => {
    const world = centre();
    pause(world, 'a');
    pause(world, 's');
    expect(got(world.tell(wants({ operatorId: 'a' }, { evenPaused: true })))).toBe('a');
    expect(got(world.tell({ ...wants({ tier: 'supervisor' }, { evenPaused: true }), requestId: 'r2' }))).toBe('s');
    world.outcome('a', 'talking');
    world.outcome('a', 'finished');
    expect(world.state('a')).toBe('paused');
  });

  it('rings him, and is freed by its outcome like a call', () => {
    const world = centre();
    const { reserved } = world.tell(wants({ operatorId: 'b' }));
    expect(reserved).toEqual([
      { requestId: 'r1', callId: 'call', operatorId: 'b', assignmentId: 'b.1', account: 'op-b' },
    ]);
    expect(world.state('b')).toBe('ringing');
    expect(pairs(world.enter('c1'))).toEqual(['c1-a']);
    expect(pairs(world.enter('c2'))).toEqual([]);
    world.outcome('b', 'talking');
    expect(world.state('b')).toBe('talking');
    expect(pairs(world.outcome('b', 'not-needed'))).toEqual(['c2-b']);
  });

  it('that is asked for twice gets the same answer', () => {
    const world = centre();
    const first = world.tell(wants({ operatorId: 'b' })).reserved;
    expect(world.tell(wants({ operatorId: 'b' })).reserved).toEqual(first);
  });

  it('of a phone that is in a call of its own: he talks at once, whatever the phone tells', () => {
    const world = centre();
    world.tell({ type: 'registered', account: 'op-b', registered: false });
    world.tell(wants({ operatorId: 'b' }, { occupied: true }));
    expect(world.state('b')).toBe('talking');
    expect(world.last.reserved[0]?.account).toBe('op-b');
  });

  it('never takes whom a waiting call can have', () => {
    const world = lineWorld({ ringAll: null });
    world.people('a', { id: 's', tier: 'supervisor' });
    world.enter('c1');
    world.enter('c2');
    // In the moment in which supervisors are rung as well.
    expect(got(world.tell(wants({ tier: 'supervisor' }), 45_000))).toBe('no supervisor is free');
    expect(pairs(world.last)).toEqual(['c2-s']);
  });

  it('left unanswered pauses nobody, and does not bring its call into the line', () => {
    const world = centre();
    world.tell(wants({ operatorId: 'b' }));
    world.outcome('b', 'no-answer', 15_000);
    expect(world.state('b')).toBe('available');
    expect(world.line.calls).toEqual({});
  });

  it('stays when its call waits again: he is no operator of the line', () => {
    const world = centre();
    world.tell(wants({ operatorId: 'b' }));
    world.enter('call');
    expect(world.state('b')).toBe('ringing');
  });
});

function pause(world: LineWorld, operatorId: string): LineDecision {
  return world.tell({ type: 'pause', operatorId, reason: 'meal' });
}
