import { fakeClock } from '../../test/support/fake-clock.ts';
import { createLogger } from '../platform/logger.ts';
import { newId } from '../platform/ids.ts';
import { createServiceLog } from './service-log.ts';
import { tallyOf, type HandledCall } from './service-level.ts';

const minute = 60_000;
const noon = Date.UTC(2026, 0, 1, 12);

const answered = (at: number): HandledCall => ({ callId: newId(at), arrivedAt: at - 5_000, at, answered: true });

/** A record that other processes write to as well. */
function world(start = noon, stored: HandledCall[] = []) {
  const clock = fakeClock(start);
  let away = false;
  const answer = <T>(value: T): Promise<T> => (away ? Promise.reject(new Error('away')) : Promise.resolve(value));
  const log = createServiceLog({
    clock,
    logger: createLogger('silent'),
    timeZone: () => 'UTC',
    targets: () => [{ percent: 90, seconds: 10 }],
    count: (from, to) =>
      answer(
        tallyOf(
          stored.filter(({ at }) => at < to),
          from,
        ),
      ),
    read: (since) => answer(stored.filter(({ at }) => at >= since)),
  });
  const pass = async (milliseconds: number): Promise<void> => {
    clock.advance(milliseconds);
    for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
  };
  const took = ({ callId, arrivedAt, at }: HandledCall): boolean =>
    log.took({ callId, state: { arrivedAt, firstTalkAt: at, endedAt: null, outcome: null, challenge: null } });
  const counts = () => {
    const { today, last15Minutes } = log.picture();
    return { today: today.levels[0]?.answered, lately: last15Minutes.levels[0]?.answered };
  };
  return { clock, stored, log, pass, took, counts, away: (is: boolean) => void (away = is) };
}

describe('how callers were served', () => {
  it('has the day from the record, and each call once', async () => {
    const own = answered(noon - minute);
    const { pass, took, counts } = world(noon, [answered(noon - 13 * 60 * minute), answered(noon - 60 * minute), own]);
    await pass(0);
    expect(counts()).toEqual({ today: 2, lately: 1 });
    expect(took(own)).toBe(false);
    const next = answered(noon);
    expect([took(next), took(next)]).toEqual([true, false]);
    expect(counts()).toEqual({ today: 3, lately: 2 });
  });

  it('counts its own calls once, also when they are more than a quarter of an hour old, and those that others wrote late', async () => {
    const { clock, stored, pass, took, counts } = world();
    await pass(0);
    const own = answered(noon);
    took(own);
    stored.push(own);
    for (let reads = 0; reads < 5; reads += 1) await pass(5 * minute);
    expect(counts()).toEqual({ today: 1, lately: 0 });
    stored.push(answered(noon - 6 * 60 * minute));
    await pass(5 * minute);
    expect(counts()).toEqual({ today: 2, lately: 0 });
    expect(took(own)).toBe(false);
    expect(clock.now()).toBe(noon + 30 * minute);
  });

  it('keeps its own while PostgreSQL is away', async () => {
    const { stored, pass, took, counts, away } = world();
    await pass(0);
    away(true);
    const own = answered(noon);
    took(own);
    for (let minutes = 0; minutes < 60; minutes += 5) await pass(5 * minute);
    expect(counts()).toEqual({ today: 1, lately: 0 });
    stored.push(own);
    away(false);
    await pass(minute);
    expect(counts()).toEqual({ today: 1, lately: 0 });
  });

  it('begins anew at midnight', async () => {
    const midnight = Date.UTC(2026, 0, 2);
    const stored = [answered(midnight - 60 * minute), answered(midnight - 3 * minute)];
    const { pass, took, counts } = world(midnight - 2 * minute, stored);
    await pass(0);
    expect(counts()).toEqual({ today: 2, lately: 1 });
    await pass(3 * minute);
    const own = answered(midnight + minute);
    took(own);
    stored.push(own);
    expect(counts()).toEqual({ today: 1, lately: 2 });
    for (let reads = 0; reads < 5; reads += 1) await pass(5 * minute);
    expect(counts()).toEqual({ today: 1, lately: 0 });
  });

  it('counts who hung up, and not any more if he talks after all', async () => {
    const { log, pass } = world();
    await pass(0);
    const state = { arrivedAt: noon, firstTalkAt: null, endedAt: noon + 3_000, outcome: 'abandoned', challenge: null };
    expect(log.took({ callId: 'a', state })).toBe(true);
    expect(log.took({ callId: 'b', state: { ...state, outcome: 'blocked' } })).toBe(false);
    expect(log.picture().today.abandoned).toBe(1);
    expect(log.took({ callId: 'a', state: { ...state, firstTalkAt: noon + 4_000 } })).toBe(true);
    expect(log.picture().today.abandoned).toBe(0);
  });
});
