import { lineWorld, pairs, type LineWorld } from '../../test/support/line-world.ts';

/** `a` has been idle longest, and his phone is in a call that is not the line's. */
function withOneInUse(...others: string[]): LineWorld {
  const world = lineWorld();
  world.people('a', ...others);
  use(world, 'a', true);
  return world;
}

function use(world: LineWorld, id: string, inUse: boolean, later = 0): string[] {
  return pairs(world.tell({ type: 'in-use', account: `op-${id}`, inUse }, later));
}

describe('a phone in a call that the line gave nobody', () => {
  it('is not rung while somebody else is there: he talks', () => {
    const world = withOneInUse('b');
    expect(world.state('a')).toBe('talking');
    expect(pairs(world.enter('c1'))).toEqual(['c1-b']);
    world.outcome('b', 'talking');
    expect(pairs(world.enter('c2'))).toEqual([]);
    expect(world.assign().passedOver).toEqual([{ callId: 'c2', reason: 'all operators are busy' }]);
  });

  it('is free when that call is over, and its operator has been idle since', () => {
    const world = withOneInUse('b');
    world.enter('c1');
    world.enter('c2');
    expect(use(world, 'a', false, 1_000)).toEqual(['c2-a']);
    const later = withOneInUse('b');
    use(later, 'a', false, 1_000);
    expect(later.state('a')).toBe('available');
    expect(pairs(later.enter('c1'))).toEqual(['c1-b']);
  });

  it('is rung when nobody else is there, and again when it is not taken: that pauses nobody', () => {
    const world = withOneInUse('b');
    world.tell({ type: 'pause', operatorId: 'b', reason: 'meal' });
    expect(pairs(world.enter('c1'))).toEqual(['c1-a']);
    expect(world.state('a')).toBe('ringing');
    world.tell({ type: 'resume', operatorId: 'b' });
    world.outcome('a', 'no-answer', 15_000);
    expect(world.state('a')).toBe('talking');
    expect(pairs(world.enter('c1'))).toEqual(['c1-b']);
  });

  it('is rung with all others, behind them', () => {
    const world = withOneInUse('b');
    world.enter('c1');
    world.outcome('b', 'talking');
    world.enter('c2');
    expect(pairs(world.tell({ type: 'timer' }, 29_999))).toEqual([]);
    expect(pairs(world.tell({ type: 'timer' }, 1))).toEqual(['c2-a+']);
  });

  it('is nobody who could answer: who lets it ring beside it is not paused as if another were left', () => {
    const world = withOneInUse('b');
    world.enter('c1');
    world.outcome('b', 'no-answer', 15_000);
    expect(world.state('b')).toBe('available');
  });

  it('goes on in its own call: an operator of the line rings and talks as ever, whatever is told of his phone', () => {
    const world = lineWorld();
    world.people('a');
    world.enter('c1');
    use(world, 'a', true);
    expect(world.state('a')).toBe('ringing');
    world.outcome('a', 'talking');
    use(world, 'a', false);
    expect(world.state('a')).toBe('talking');
    world.outcome('a', 'finished');
    expect(world.state('a')).toBe('wrap-up');
  });

  it('is not recorded: the records have it from the controller whose call it is', () => {
    const world = lineWorld();
    world.people('a');
    use(world, 'a', true);
    expect(world.last.changed).toEqual([]);
  });

  it('is the last that a reservation of any supervisor takes', () => {
    const world = lineWorld();
    world.people({ id: 's', tier: 'supervisor' }, { id: 't', tier: 'supervisor' });
    use(world, 's', true);
    const request = { requestId: 'r', callId: 'c', target: { tier: 'supervisor' as const }, evenPaused: false };
    expect(world.tell({ type: 'reserve', ...request }).reserved[0]?.operatorId).toBe('t');
    expect(world.tell({ type: 'reserve', ...request, requestId: 'q' }).reserved[0]?.operatorId).toBe('s');
  });

  it('of a trunk says nothing, and of a desk that is deleted is forgotten', () => {
    const world = lineWorld();
    world.people('a');
    world.tell({ type: 'in-use', account: 'carrier-a', inUse: true });
    expect(world.line.inUse).toEqual({});
    use(world, 'a', true);
    world.tell({ type: 'desks', desks: [] });
    expect(world.line.inUse).toEqual({});
  });
});
