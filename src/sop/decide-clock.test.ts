import fc from 'fast-check';
import { decideClock } from './decide-clock.ts';
import { newClocks, type Ladder, type Progress, type SopClock } from './sop-clock.ts';

const nothing: Progress = {
  begunAt: null,
  acceptedAt: null,
  undertakenAt: null,
  departedAt: null,
  arrivedAt: null,
  calledOffAt: null,
};
const ladder: Ladder = { contacts: ['one', 'two'], leaders: ['mayor', 'two', 'deputy'], every: 60_000 };
const limits = { acceptSeconds: 100, departSeconds: 200, arriveSeconds: 420 };
const clockOf = (name: SopClock['clock']): SopClock => {
  const found = newClocks('d', limits).find(({ clock }) => clock === name);
  if (found === undefined) throw new Error(name);
  return found;
};

describe('a clock', () => {
  test('is there for each limit that the agency has', () => {
    const none = { acceptSeconds: null, departSeconds: null, arriveSeconds: null };
    expect(newClocks('d', none)).toEqual([]);
    expect(newClocks('d', { ...none, arriveSeconds: 420 }).map(({ clock }) => clock)).toEqual(['arrive']);
  });

  test('waits until what it counts from has happened', () => {
    for (const [name, begun] of [
      ['accept', { begunAt: 1_000 }],
      ['depart', { undertakenAt: 1_000 }],
      ['arrive', { undertakenAt: 1_000 }],
    ] as const) {
      const waiting = clockOf(name);
      expect(decideClock(waiting, nothing, ladder, 9_999_999)).toEqual({ clock: waiting, events: [], tell: [] });
      const { clock, events } = decideClock(waiting, { ...nothing, ...begun }, ladder, 1_000);
      const dueAt = 1_000 + clock.seconds * 1_000;
      const nextAt = 1_000 + clock.seconds * 700;
      expect(clock).toMatchObject({ state: 'running', startedAt: 1_000, dueAt, nextAt });
      expect(events).toEqual([]);
    }
  });

  test('warns at 70 %, is overdue at 100 %, and climbs its ladder: each contact, then all leaders who know nothing yet', () => {
    const begun = { ...nothing, begunAt: 0 };
    const heard: [number, string[], readonly string[]][] = [];
    let clock = clockOf('accept');
    for (let at = 0; at <= 400_000; at += 10_000) {
      const step = decideClock(clock, begun, ladder, at);
      if (step.events.length + step.tell.length > 0) heard.push([at, [...step.events], step.tell]);
      clock = step.clock;
    }
    expect(heard).toEqual([
      [70_000, ['sop.warning'], []],
      [100_000, ['sop.overdue'], ['one']],
      [160_000, [], ['two']],
      [220_000, [], ['mayor', 'deputy']],
    ]);
    expect(clock).toMatchObject({ state: 'overdue', nextAt: null, endedAt: null });
  });

  test('of an agency without contacts has the leaders told at once; with nobody at all it is overdue all the same', () => {
    const begun = { ...nothing, begunAt: 0 };
    const alone = decideClock(clockOf('accept'), begun, { ...ladder, contacts: [] }, 100_000);
    expect([alone.tell, alone.clock.nextAt]).toEqual([['mayor', 'two', 'deputy'], null]);
    const nobody = decideClock(clockOf('accept'), begun, { ...ladder, contacts: [], leaders: [] }, 100_000);
    expect([nobody.events, nobody.tell, nobody.clock.nextAt]).toEqual([['sop.overdue'], [], null]);
  });

  test('is kept by what it waits for, and overdue when that came too late, also when nobody had looked', () => {
    const begun = { ...nothing, begunAt: 0, undertakenAt: 0 };
    const stops = { accept: 'acceptedAt', depart: 'departedAt', arrive: 'arrivedAt' } as const;
    for (const name of ['accept', 'depart', 'arrive'] as const) {
      const clock = clockOf(name);
      const inTime = decideClock(clock, { ...begun, [stops[name]]: clock.seconds * 1_000 }, ladder, 9_999_999);
      expect([inTime.clock.state, inTime.events, inTime.tell]).toEqual(['kept', [], []]);
      const late = decideClock(clock, { ...begun, [stops[name]]: clock.seconds * 1_000 + 1 }, ladder, 9_999_999);
      expect([late.clock.state, late.events, late.tell]).toEqual(['overdue', ['sop.overdue'], []]);
    }
  });

  test('ends with the dispatch that is called off', () => {
    const { clock } = decideClock(clockOf('accept'), { ...nothing, begunAt: 0, calledOffAt: 5 }, ladder, 10);
    expect(clock).toMatchObject({ state: 'cancelled', nextAt: null, endedAt: 5 });
  });
});

const time = fc.option(fc.integer({ min: 0, max: 600_000 }), { nil: null });
const ids = fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd', 'e'));

test('whatever happens and however often it is looked at, everybody is told once at most, and nobody after the end', () => {
  const progress = fc.record({
    begunAt: time,
    acceptedAt: time,
    undertakenAt: time,
    departedAt: time,
    arrivedAt: time,
    calledOffAt: time,
  });
  const looks = fc.array(fc.integer({ min: 0, max: 2_000_000 }), { maxLength: 60 });
  fc.assert(
    fc.property(
      fc.constantFrom('accept' as const, 'depart' as const, 'arrive' as const),
      progress,
      ids,
      ids,
      looks,
      (name, all, contacts, leaders, times) => {
        let clock = clockOf(name);
        const told: string[] = [];
        const events: string[] = [];
        for (const at of times.sort((a, b) => a - b)) {
          const known = Object.fromEntries(
            Object.entries(all).map(([key, when]) => [key, (when ?? at + 1) <= at ? when : null]),
          );
          const step = decideClock(clock, { ...nothing, ...known }, { contacts, leaders, every: 60_000 }, at);
          if (clock.endedAt !== null) expect([step.tell, step.events]).toEqual([[], []]);
          told.push(...step.tell);
          events.push(...step.events);
          // Looking again at once changes nothing.
          expect(
            decideClock(step.clock, { ...nothing, ...known }, { contacts, leaders, every: 60_000 }, at).tell,
          ).toEqual([]);
          clock = step.clock;
        }
        expect(new Set(told).size).toBe(told.length);
        expect(new Set(events).size).toBe(events.length);
        // In the order of the ladder.
        expect(told).toEqual([...new Set([...contacts, ...leaders])].slice(0, told.length));
        if (told.length > 0) expect(clock.state).toBe('overdue');
        if (clock.endedAt !== null) expect(clock.nextAt).toBeNull();
      },
    ),
  );
});
