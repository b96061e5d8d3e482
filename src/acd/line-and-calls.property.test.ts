import fc from 'fast-check';
import { testCall, timing } from '../../test/support/calls.ts';
import { fakeClock } from '../../test/support/fake-clock.ts';
import { deafToLine, patient, person, usual } from '../../test/support/line-world.ts';
import type { CallInput } from '../calls/call-input.ts';
import { createCallRunner, type CallRunner } from '../calls/runner.ts';
import { createLogger } from '../platform/logger.ts';
import { createLine, type WaitingLine } from './mailbox.ts';

const ids = ['a', 'b', 'c', 'd'];
const logger = createLogger('silent');
type Told = CallInput extends infer One ? (One extends CallInput ? Omit<One, 'at'> : never) : never;

/** The line and the calls as a controller has them, with phones that do what they are told when the test says so. */
function open(pauseUnanswered: boolean) {
  const clock = fakeClock();
  /** Operators' phones that ring or talk, by channel. */
  const phones = new Map<string, { callId: string; account: string }>();
  const twice: string[] = [];
  const later: { callId: string; input: Told }[] = [];
  const line: WaitingLine = createLine({
    ...deafToLine,
    clock,
    logger,
    policies: () => ({
      ...usual,
      pauseUnanswered,
      main: { ...patient, ringAll: 3_000, wrapUp: 4_000, promote: 60_000 },
    }),
    assigned: (callId, assignment) =>
      runner.tell(callId, { type: 'operator-assigned', at: clock.now(), ...assignment }),
    placed: (callId, place) => runner.tell(callId, { type: 'placed', at: clock.now(), ...place }),
  });
  const runner: CallRunner = createCallRunner({
    clock,
    logger,
    held: () => false,
    journal: {
      name: 'none',
      append: () => ({ segment: '', end: 0 }),
      synced: () => Promise.resolve(true),
      drop: () => undefined,
      health: () => ({ failing: false, waiting: 0 }),
      close: () => Promise.resolve(),
    },
    partners: {
      perform(callId, _application, effect) {
        if (effect.do === 'answer') later.push({ callId, input: { type: 'caller-up' } });
        if (effect.do === 'join') {
          const { channelId, bridgeId } = effect;
          later.push({ callId, input: { type: 'leg-joined', channelId, bridgeId } });
        }
        if (effect.do === 'hang-up') {
          phones.delete(effect.channelId);
          later.push({ callId, input: { type: 'leg-gone', channelId: effect.channelId, cause: 16 } });
        }
        if (effect.do !== 'ring-operator') return;
        const { account, channelId } = effect;
        if ([...phones.values()].some((phone) => phone.account === account)) twice.push(account);
        phones.set(channelId, { callId, account });
        later.push({ callId, input: { type: 'leg-ringing', channelId } });
      },
      enterLine: (callId, since, queue) => line.enter(callId, since, queue),
      rankInLine: (callId, { priority, skills, languages }) => line.rank(callId, { priority, skills, languages }),
      leaveLine: (callId) => line.leave(callId),
      keepOperator: (callId, kept) => line.keep({ ...kept, callId }),
      operatorOutcome: (_callId, operatorId, assignmentId, outcome) => line.outcome(operatorId, assignmentId, outcome),
      reserveOperator: () => undefined,
      lookUpTarget: () => undefined,
      notifyAgency: () => undefined,
      ringAgency: () => Promise.resolve({ result: 'taken' }),
      failed(_call, input, error) {
        throw new Error(`${input} failed`, { cause: error });
      },
      recorded: () => undefined,
    },
  });
  line.operators(ids.map((id) => person(id)));
  line.desks(ids.map((id) => ({ id, name: id, account: `op-${id}` })));
  for (const id of ids) {
    line.logIn(id, id);
    line.registered(`op-${id}`, true);
  }
  const tell = (callId: string, input: Told): void => void runner.tell(callId, { ...input, at: clock.now() });
  let calls = 0;
  return {
    clock,
    line,
    phones,
    twice,
    tell,
    arrive() {
      calls += 1;
      const id = `call${calls}`;
      const call = {
        ...testCall(),
        id,
        channelId: `${id}.caller`,
        arrivedAt: clock.now(),
        claimedAt: clock.now(),
        timing: { ...timing, operatorRing: 4_000 },
      };
      runner.open(call);
      tell(id, { type: 'arrived', up: true });
    },
    /** Asterisk tells what has come of the commands so far. */
    settle() {
      for (let next = later.shift(); next !== undefined; next = later.shift()) tell(next.callId, next.input);
    },
    end(index: number) {
      const live = runner.all().filter(({ endedAt }) => endedAt === null);
      const call = live[index % Math.max(1, live.length)];
      if (call !== undefined) tell(call.id, { type: 'caller-gone', cause: 16 });
    },
  };
}
type World = ReturnType<typeof open>;

function phone(world: World, index: number): [string, { callId: string; account: string }] | undefined {
  return [...world.phones][index % Math.max(1, world.phones.size)];
}

const nth = fc.nat(7);
const step = fc.oneof(
  { weight: 3, arbitrary: fc.constant((world: World) => world.arrive()) },
  // Of few lengths, so that times of calls and of the line meet.
  {
    weight: 6,
    arbitrary: fc.constantFrom(1_000, 3_000, 4_000).map((ms) => (world: World) => world.clock.advance(ms)),
  },
  // The process stands still: whatever was due meanwhile is due at once.
  {
    weight: 2,
    arbitrary: fc.constantFrom(1_500, 6_000).map((ms) => (world: World) => world.clock.setWall(world.clock.now() + ms)),
  },
  { weight: 3, arbitrary: fc.constant((world: World) => world.settle()) },
  {
    weight: 3,
    arbitrary: nth.map((index) => (world: World) => {
      const [channelId, ringing] = phone(world, index) ?? [];
      if (ringing !== undefined) world.tell(ringing.callId, { type: 'leg-entered', channelId: channelId ?? '' });
    }),
  },
  {
    weight: 3,
    arbitrary: fc.tuple(nth, fc.constantFrom(16, 17, 19)).map(([index, cause]) => (world: World) => {
      const [channelId, there] = phone(world, index) ?? [];
      if (channelId === undefined || there === undefined) return;
      world.phones.delete(channelId);
      world.tell(there.callId, { type: 'leg-gone', channelId, cause });
    }),
  },
  { weight: 1, arbitrary: nth.map((index) => (world: World) => world.end(index)) },
  {
    weight: 2,
    arbitrary: fc.subarray(ids, { minLength: 1 }).map((some) => (world: World) => {
      for (const id of some) world.line.pause(id, 'meal');
    }),
  },
  {
    weight: 3,
    arbitrary: fc.subarray(ids, { minLength: 1 }).map((some) => (world: World) => {
      for (const id of some) world.line.resume(id);
    }),
  },
);

function nobodyTwice(world: World): void {
  expect(world.twice).toEqual([]);
  const operators = world.line.snapshot().operators;
  for (const { callId, account } of world.phones.values()) {
    expect(operators.find(({ desk }) => desk?.account === account)?.callId).toBe(callId);
  }
}

describe('the line and the calls together', () => {
  it('add no phone to a call that rings everywhere, and take it away, as its other phones ring out', () => {
    const world = open(false);
    for (const id of ['a', 'b', 'd']) world.line.pause(id, 'meal');
    world.arrive();
    const [channelId = ''] = world.phones.keys();
    world.tell('call1', { type: 'leg-entered', channelId });
    world.settle();
    world.arrive();
    world.clock.advance(3_000);
    world.line.resume('a');
    world.line.resume('b');
    expect(world.line.snapshot().ringing).toMatchObject([{ callId: 'call2', operatorIds: ['a', 'b'] }]);
    // His wrap-up ends just when both have rung for as long as they may.
    world.phones.delete(channelId);
    world.tell('call1', { type: 'leg-gone', channelId, cause: 16 });
    world.clock.advance(4_000);
    nobodyTwice(world);
  });

  it('never take an operator for free whose phone rings or talks, whatever comes together', () => {
    fc.assert(
      fc.property(fc.boolean(), fc.array(step, { maxLength: 60 }), (pauseUnanswered, steps) => {
        const world = open(pauseUnanswered);
        for (const one of steps) {
          one(world);
          nobodyTwice(world);
        }
        world.line.stop();
      }),
      { numRuns: 800 },
    );
  });
});
