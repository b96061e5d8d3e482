import { lineWorld, pairs, patient, type LineWorld } from '../../test/support/line-world.ts';

/** All waits at once: everybody logs out of his phone, the calls come, and all phones register again. */
function atOnce(world: LineWorld, people: string[], calls: () => void): string[] {
  for (const id of people) world.tell({ type: 'registered', account: `op-${id}`, registered: false });
  calls();
  const given: string[] = [];
  world.tell({ type: 'desks', desks: [] });
  for (const id of people) world.tell({ type: 'registered', account: `op-${id}`, registered: true });
  world.tell({ type: 'desks', desks: people.map((id) => ({ id, name: id, account: `op-${id}` })) });
  for (const id of people) given.push(...pairs(world.tell({ type: 'log-in', operatorId: id, deskId: id }, 1)));
  return given;
}

describe('the order of calls', () => {
  it.each<[string, (world: LineWorld) => void, string[]]>([
    [
      'who has waited longest is first',
      (world) => {
        world.enter('late', { since: world.at - 10 });
        world.enter('early', { since: world.at - 20 });
      },
      ['early', 'late'],
    ],
    [
      'the priority comes before the age',
      (world) => {
        world.enter('old', { since: world.at - 20, priority: 5 });
        world.enter('young', { priority: 1 });
      },
      ['young', 'old'],
    ],
    [
      'who has waited over the limit comes before every priority',
      (world) => {
        world.enter('urgent', { priority: 1, since: world.at - 100_000 });
        world.enter('promoted', { priority: 9, since: world.at - 180_000 });
      },
      ['promoted', 'urgent'],
    ],
    [
      'among them by age alone',
      (world) => {
        world.enter('urgent', { priority: 1, since: world.at - 180_001 });
        world.enter('older', { priority: 9, since: world.at - 180_002 });
      },
      ['older', 'urgent'],
    ],
    [
      'a call that was ranked lower waits behind later ones',
      (world) => {
        world.enter('prank', { since: world.at - 1_000 });
        world.enter('clean');
        world.tell({ type: 'rank', callId: 'prank', priority: 6 });
      },
      ['clean', 'prank'],
    ],
    [
      'also when the rank was told first, and after it was with somebody',
      (world) => {
        world.tell({ type: 'rank', callId: 'prank', priority: 6 });
        world.enter('prank', { since: world.at - 1_000 });
        world.enter('clean');
      },
      ['clean', 'prank'],
    ],
    [
      'a tie goes by id',
      (world) => {
        world.enter('b');
        world.enter('a');
      },
      ['a', 'b'],
    ],
  ])('%s', (_what, calls, expected) => {
    const world = lineWorld({ ringAll: null });
    world.people('x', 'y');
    const given = atOnce(world, ['x', 'y'], () => calls(world));
    expect(given).toEqual([`${expected[0]}-x`, `${expected[1]}-y`]);
  });
});

describe('who gets a call', () => {
  it('the operator that has been idle longest, also after a call of his own', () => {
    const world = lineWorld({ wrapUp: 0 });
    world.people('a', 'b');
    expect(pairs(world.enter('c1'))).toEqual(['c1-a']);
    world.outcome('a', 'talking', 10);
    world.outcome('a', 'finished', 10);
    expect(pairs(world.enter('c2'))).toEqual(['c2-b']);
    expect(pairs(world.enter('c3'))).toEqual(['c3-a']);
  });

  it('whoever did not take it is asked again only when nobody else is free', () => {
    const world = lineWorld({}, { pauseUnanswered: false });
    world.people('a', 'b');
    world.enter('c');
    world.outcome('a', 'no-answer', 15_000);
    world.tell({ type: 'pause', operatorId: 'b', reason: 'meal' });
    expect(pairs(world.enter('c', { since: world.at }))).toEqual(['c-a']);
    world.outcome('a', 'no-answer', 15_000);
    world.tell({ type: 'resume', operatorId: 'b' });
    expect(pairs(world.enter('c', { since: world.at }))).toEqual(['c-b']);
  });

  it('one with every skill and language, before anybody else after a while', () => {
    const world = lineWorld();
    world.people('plain', { id: 'half', skills: ['medical'] }, { id: 'able', skills: ['medical'], languages: ['jv'] });
    const needs = { skills: ['medical'], languages: ['jv'] };
    expect(pairs(world.enter('c1', needs))).toEqual(['c1-able']);
    expect(pairs(world.enter('c2', needs))).toEqual([]);
    expect(world.last.passedOver).toEqual([{ callId: 'c2', reason: 'none with jv, medical is free yet' }]);
    expect(world.last.wakeAt).toBe(world.at + 5_000);
    expect(pairs(world.tell({ type: 'timer' }, 14_999))).toEqual([]);
    expect(world.last.wakeAt).toBe(world.at + 1);
    expect(pairs(world.tell({ type: 'timer' }, 1))).toEqual(['c2-plain']);
    world.outcome('able', 'not-needed');
    expect(pairs(world.enter('c3', { ...needs, since: world.at - 20_000 }))).toEqual(['c3-able']);
  });

  it('an earlier call leaves the only one that fits a later call, if it gets another', () => {
    const world = lineWorld();
    world.people({ id: 'able', languages: ['jv'] }, 'plain');
    const given = atOnce(world, ['able', 'plain'], () => undefined);
    expect(given).toEqual([]);
    world.tell({ type: 'pause', operatorId: 'able', reason: 'x' });
    world.tell({ type: 'pause', operatorId: 'plain', reason: 'x' });
    world.enter('early');
    world.enter('later', { languages: ['jv'] });
    // Both come free in one moment: the wrap-ups of both end with the same input.
    for (const status of Object.values(world.line.operators)) {
      status.paused = null;
      status.wrapUpUntil = world.at + 1;
    }
    expect(pairs(world.tell({ type: 'timer' }, 1))).toEqual(['early-plain', 'later-able']);
  });

  it('standby operators and supervisors once it has waited, regular ones before them', () => {
    const world = lineWorld({ ringAll: null, wrapUp: 0 });
    world.people({ id: 'super', tier: 'supervisor' }, { id: 'stand', tier: 'standby' }, 'regular');
    expect(pairs(world.enter('c1'))).toEqual(['c1-regular']);
    expect(pairs(world.enter('c2'))).toEqual([]);
    expect(world.last.passedOver[0]?.reason).toContain('the others are rung only for calls that have waited longer');
    expect(pairs(world.tell({ type: 'timer' }, 19_999))).toEqual([]);
    expect(world.last.wakeAt).toBe(world.at + 1);
    world.enter('c3', { since: world.at + 1 - 20_000 });
    expect(pairs(world.tell({ type: 'timer' }, 1))).toEqual(['c2-stand']);
    expect(world.last.wakeAt).toBe(world.at + 10_000);
    expect(pairs(world.tell({ type: 'timer' }, 25_000))).toEqual(['c3-super']);
    world.outcome('super', 'talking');
    world.outcome('stand', 'talking');
    world.outcome('regular', 'talking');
    for (const id of ['super', 'stand', 'regular']) world.outcome(id, 'finished', 1);
    expect(pairs(world.enter('c4', { since: world.at - 50_000 }))).toEqual(['c4-regular']);
  });

  it('never those whom the settings never ask', () => {
    const world = lineWorld({ standby: null, ringAll: null });
    world.people('regular', { id: 'stand', tier: 'standby' });
    world.enter('c1');
    world.enter('c2', { since: world.at - 3_600_000 });
    expect(world.state('stand')).toBe('available');
  });

  it('those of other tiers at once when no regular operator is there', () => {
    const world = lineWorld({ standby: null });
    world.people('regular', { id: 'super', tier: 'supervisor' }, { id: 'stand', tier: 'standby' });
    world.tell({ type: 'pause', operatorId: 'regular', reason: 'meal' });
    expect(pairs(world.enter('c1'))).toEqual(['c1-stand']);
    expect(pairs(world.enter('c2'))).toEqual(['c2-super']);
  });

  it('a queue is served by its own times', () => {
    const world = lineWorld({}, { queues: { slow: { ...patient, skill: 600_000 } } });
    world.people('plain');
    expect(pairs(world.enter('c1', { id: 'slow', skills: ['x'], since: world.at - 60_000 }))).toEqual([]);
    expect(pairs(world.enter('c2', { skills: ['x'], since: world.at - 60_000 }))).toEqual(['c2-plain']);
  });
});

describe('ring-all', () => {
  it('adds every phone that is left over to a call that rings too long, and those paused by themselves', () => {
    const world = lineWorld();
    world.people('a', 'b', 'c', 'd');
    world.tell({ type: 'pause', operatorId: 'b', reason: 'no-answer', automatic: true });
    world.tell({ type: 'pause', operatorId: 'c', reason: 'meal' });
    expect(pairs(world.enter('x'))).toEqual(['x-a']);
    expect(pairs(world.tell({ type: 'timer' }, 29_999))).toEqual([]);
    expect(world.last.wakeAt).toBe(world.at + 1);
    expect(pairs(world.tell({ type: 'timer' }, 1))).toEqual(['x-d+', 'x-b+']);
    expect(world.state('c')).toBe('paused');
    world.outcome('b', 'talking', 1_000);
    expect(world.state('b')).toBe('talking');
    expect(world.line.operators['b']?.paused).toBeNull();
    world.outcome('a', 'not-needed');
    world.outcome('d', 'not-needed');
    expect(world.line.calls['x']?.place).toBe('talking');
    expect([world.state('a'), world.state('d')]).toEqual(['available', 'available']);
  });

  it('rings those paused by themselves for a call that nobody else could get', () => {
    const world = lineWorld();
    world.people('a', 'b');
    world.tell({ type: 'pause', operatorId: 'a', reason: 'no-answer', automatic: true });
    world.enter('x');
    world.outcome('b', 'talking');
    expect(pairs(world.enter('y'))).toEqual([]);
    expect(pairs(world.tell({ type: 'timer' }, 30_000))).toEqual(['y-a+']);
  });

  it('spreads phones over the calls that are due', () => {
    const world = lineWorld();
    world.people('a', 'b', 'c', 'd', 'e');
    for (const id of ['c', 'd', 'e'])
      world.tell({ type: 'pause', operatorId: id, reason: 'no-answer', automatic: true });
    world.enter('x');
    world.enter('y');
    expect(pairs(world.tell({ type: 'timer' }, 30_000))).toEqual(['x-c+', 'y-d+', 'x-e+']);
    expect(pairs(world.enter('z', { since: world.at - 60_000 }))).toEqual([]);
    expect(pairs(world.outcome('c', 'not-needed'))).toEqual(['z-c+']);
  });

  it('does not ring again who let it ring while others still are rung, nor whom the call does not need', () => {
    const world = lineWorld();
    world.people('a', 'b', 'c');
    world.enter('x');
    world.tell({ type: 'timer' }, 30_000);
    expect(world.state('b')).toBe('ringing');
    expect(pairs(world.outcome('b', 'no-answer', 10_000))).toEqual([]);
    expect(pairs(world.outcome('c', 'not-needed', 1))).toEqual([]);
    expect(world.line.calls['x']?.place).toBe('ringing');
    world.outcome('a', 'no-answer', 1);
    expect(pairs(world.enter('x', { since: world.at - 45_000 })).sort()).toEqual(['x-a+', 'x-b+', 'x-c']);
  });
});

describe('the reason why a call gets nobody', () => {
  it.each<[string, (world: LineWorld) => void, string]>([
    ['nobody exists', () => undefined, 'there are no operators'],
    [
      'no phone is registered',
      (world) => {
        world.people('a');
        world.tell({ type: 'registered', account: 'op-a', registered: false });
      },
      'nobody is at a desk',
    ],
    [
      'all are paused',
      (world) => {
        world.people('a');
        world.tell({ type: 'pause', operatorId: 'a', reason: 'meal' });
      },
      'everybody at a desk is paused',
    ],
    [
      'all talk',
      (world) => {
        world.people('a');
        world.enter('other');
      },
      'all operators are busy',
    ],
  ])('%s', (_what, prepare, reason) => {
    const world = lineWorld();
    prepare(world);
    expect(world.enter('c').passedOver).toEqual([{ callId: 'c', reason }]);
    expect(world.assign().passedOver).toEqual([{ callId: 'c', reason }]);
  });
});
