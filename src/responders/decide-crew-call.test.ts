import fc from 'fast-check';
import {
  crewLimit,
  decideCrewCall,
  firstKey,
  newCrewCall,
  type CrewCall,
  type CrewEffect,
  type CrewInput,
} from './decide-crew-call.ts';
import { responseStates, type ResponseState } from './response.ts';

const dispatchId = '01940000-0000-7000-8000-00000000abcd';

/** A crew on the telephone; time stands still unless it is said how much has gone. */
function crew(locked = false) {
  let at = 0;
  let call: CrewCall = newCrewCall('1.1', '0811', at);
  const done: CrewEffect[] = [];
  const take = (input: CrewInput): void => {
    const decision = decideCrewCall(call, input);
    call = decision.call;
    done.push(...decision.effects);
  };
  const world = {
    call: () => call,
    keys(text: string) {
      for (const key of text) take({ type: 'key-pressed', at, key });
      return world;
    },
    heard() {
      take({ type: 'sound-ended', at, soundId: call.sound ?? '' });
      return world;
    },
    checked(outcome: Extract<CrewInput, { type: 'checked' }>['outcome']) {
      take({ type: 'checked', at, outcome });
      return world;
    },
    noted(outcome: Extract<CrewInput, { type: 'noted' }>['outcome']) {
      take({ type: 'noted', at, outcome });
      return world;
    },
    waits(milliseconds: number) {
      at += milliseconds;
      take({ type: 'timer', at });
      return world;
    },
    /** What was done since this was asked last. */
    done: (): unknown[] =>
      done.splice(0).map((effect) => {
        if (effect.do === 'play') return effect.prompt;
        if (effect.do === 'carry-out') return effect.work;
        return effect.do === 'hand-on' ? effect.extension : effect.do;
      }),
  };
  take({ type: 'entered', at, locked });
  return world;
}

/** Past number and PIN, with nothing said. */
function known() {
  const world = crew().keys('123456').keys('654321').checked({ dispatchId }).heard();
  world.done();
  return world;
}

/** What is done for a step that is keyed while a prompt is heard, and what the crew hears of it. */
const step = (state: ResponseState, heard: string): unknown[] => [
  'stop-sound',
  { what: 'note', dispatchId, state },
  heard,
];

describe('a crew on the telephone', () => {
  it('keys incident, PIN and steps without waiting for any prompt, and hears each step', () => {
    const world = crew();
    expect(world.done()).toEqual(['answer', 'crew-number']);
    world.keys('123456');
    expect(world.done()).toEqual(['stop-sound', 'crew-pin']);
    world.keys('65432');
    expect(world.done()).toEqual(['stop-sound']);
    world.keys('1');
    expect(world.done()).toEqual([{ what: 'check', number: '123456', pin: '654321' }]);
    expect(JSON.stringify(world.call())).not.toContain('654321');
    world.checked({ dispatchId });
    expect(world.done()).toEqual(['crew-keys']);
    world.keys('2').noted('en-route').keys('3').noted('on-scene').keys('1').noted('behind').keys('4').noted('done');
    expect(world.done()).toEqual([
      ...step('en-route', 'crew-en-route'),
      ...step('on-scene', 'crew-on-scene'),
      ...step('acknowledged', 'crew-behind'),
      ...step('done', 'crew-done'),
    ]);
    expect(world.heard().done()).toEqual(['hang-up']);
    expect(world.call().stage).toBe('over');
  });

  it('whoever is wrong three times is let go; before that he begins with the incident', () => {
    const world = crew();
    for (const prompt of ['crew-wrong', 'crew-wrong', 'crew-locked']) {
      world.keys('123456#').keys('000000#');
      world.done();
      expect(world.checked('wrong').done()).toEqual([prompt]);
    }
    expect(world.keys('123456').done()).toEqual([]);
    expect(world.heard().done()).toEqual(['hang-up']);
  });

  it.each([
    ['locked' as const, 'crew-locked'],
    ['unavailable' as const, 'crew-unavailable'],
  ])('%s ends it: %s', (outcome, prompt) => {
    const world = crew().keys('123456').keys('654321');
    world.done();
    expect(world.checked(outcome).done()).toEqual([prompt]);
    expect(world.heard().done()).toEqual(['hang-up']);
  });

  it('of a caller of whom enough has gone wrong nothing is taken', () => {
    const world = crew(true);
    expect(world.done()).toEqual(['answer', 'crew-locked']);
    expect(world.keys('123456').heard().done()).toEqual(['hang-up']);
  });

  it.each([
    ['a zero and nothing behind it', () => crew().keys('0').waits(5_000)],
    ['some zeros', () => crew().keys('000').waits(5_000)],
    ['as many zeros as a number has digits', () => crew().keys('000000')],
    ['a zero for a PIN', () => crew().keys('123456').keys('0').waits(5_000)],
    ['a zero for a step', () => known().keys('0')],
    ['a zero while he is sent away', () => crew(true).keys('0')],
  ])('%s: it is a 112 call', (_what, way) => {
    const world = way();
    expect(world.done().at(-1)).toBe('emergency');
    expect(world.call().stage).toBe('over');
  });

  it('a zero is the first digit of a number where others follow', () => {
    expect(crew().keys('0').waits(4_999).keys('12345').call()).toMatchObject({ stage: 'pin', number: '012345' });
  });

  it('a star begins anew, and half a number is asked for again', () => {
    expect(crew().keys('12*').keys('123456').keys('65*').call()).toMatchObject({
      stage: 'number',
      number: '',
      typed: '',
    });
    const world = crew().keys('123');
    world.done();
    expect(world.waits(5_000).done()).toEqual(['crew-number']);
    expect(world.call().typed).toBe('');
  });

  it('whoever keys nothing is asked three times and let go', () => {
    const world = crew();
    for (let times = 0; times < 3; times += 1) world.heard().waits(firstKey);
    expect(world.done()).toEqual(['answer', 'crew-number', 'crew-number', 'crew-number', 'crew-goodbye']);
    expect(world.heard().done()).toEqual(['hang-up']);
  });

  it('a key that is no step is answered with what they are; what is not noted may be keyed again', () => {
    const world = known();
    expect(world.keys('7').done()).toEqual(['crew-keys']);
    expect(world.keys('2').noted('unavailable').keys('2').noted('en-route').done()).toEqual([
      ...step('en-route', 'crew-unavailable'),
      ...step('en-route', 'crew-en-route'),
    ]);
  });

  it('work of which nobody tells ends: the check with the call, the step with another try', () => {
    const checking = crew().keys('123456').keys('654321');
    checking.done();
    expect(checking.waits(10_000).done()).toEqual(['crew-unavailable']);
    expect(checking.checked({ dispatchId }).keys('2').done()).toEqual([]);
    const noting = known().keys('2');
    noting.done();
    expect(noting.waits(10_000).done()).toEqual(['crew-unavailable']);
    expect(noting.noted('en-route').done()).toEqual([]);
  });

  it('a task that was called off has nothing more to tell', () => {
    const world = known().keys('2').noted('called-off');
    expect(world.done().at(-1)).toBe('crew-called-off');
    expect(world.heard().done()).toEqual(['hang-up']);
  });
});

const outcome = fc.constantFrom<Extract<CrewInput, { type: 'checked' }>['outcome']>('wrong', 'locked', 'unavailable', {
  dispatchId,
});
const input = fc.oneof(
  fc.boolean().map((locked) => ({ type: 'entered' as const, locked })),
  {
    weight: 12,
    arbitrary: fc.constantFrom(...Array.from('0123456789*#')).map((key) => ({ type: 'key-pressed' as const, key })),
  },
  fc.integer({ min: 1, max: 9 }).map((sound) => ({ type: 'sound-ended' as const, soundId: `1.1.k${sound}` })),
  { weight: 2, arbitrary: outcome.map((one) => ({ type: 'checked' as const, outcome: one })) },
  {
    weight: 2,
    arbitrary: fc
      .constantFrom(...responseStates, 'behind' as const, 'called-off' as const, 'unavailable' as const)
      .map((one) => ({ type: 'noted' as const, outcome: one })),
  },
  fc.constant({ type: 'timer' as const }),
);

test('whatever comes, late, twice or never: no step without a right PIN, three wrong at most, and it ends in time, once', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.integer({ min: 0, max: 6_000 }), input), { maxLength: 80 }), (events) => {
      let at = 0;
      let call = newCrewCall('1.1', '0811', at);
      let right = false;
      let checks = 0;
      let ends = 0;
      const take = (next: CrewInput): void => {
        const before = call.stage;
        const decision = decideCrewCall(call, next);
        if (before === 'over') expect(decision.effects).toEqual([]);
        if (before === 'checking' && next.type === 'checked' && typeof next.outcome === 'object') right = true;
        for (const effect of decision.effects) {
          if (effect.do === 'hang-up' || effect.do === 'hand-on') ends += 1;
          if (effect.do !== 'carry-out') continue;
          if (effect.work.what === 'note') expect(right).toBe(true);
          else {
            expect([effect.work.number.length, effect.work.pin.length]).toEqual([6, 6]);
            checks += 1;
          }
        }
        ({ call } = decision);
        expect(call.typed.length).toBeLessThan(6);
      };
      for (const [later, event] of [[0, { type: 'entered' as const, locked: false }] as const, ...events]) {
        at += later;
        // The owner's timer fires when it is due.
        while (call.stage !== 'over' && at >= Math.min(call.stageEndsAt, call.endsAt)) {
          take({ type: 'timer', at: Math.min(call.stageEndsAt, call.endsAt) });
        }
        take({ ...event, at });
      }
      while (call.stage !== 'over') {
        at = Math.min(call.stageEndsAt, call.endsAt);
        expect(at).toBeLessThanOrEqual(crewLimit);
        take({ type: 'timer', at });
      }
      expect([ends, checks <= 3]).toEqual([1, true]);
    }),
    { numRuns: 500 },
  );
});
