import { fakeClock } from '../../test/support/fake-clock.ts';
import { createHourlyCounters } from './counters.ts';

const hour = 3_600_000;

describe('how often an operator called in the last hour', () => {
  it('counts each call once, also one of before this process, until an hour has passed', () => {
    const clock = fakeClock();
    const counters = createHourlyCounters(clock);
    const now = clock.now();
    counters.count('ani', { id: 'a', at: now });
    counters.count('ani', { id: 'before', at: now - hour + 60_000 });
    counters.count('ani', { id: 'a', at: now });
    counters.count('budi', { id: 'b', at: now });
    expect(['ani', 'budi', 'citra'].map((one) => counters.lastHour(one))).toEqual([2, 1, 0]);
    clock.advance(60_000);
    expect(counters.lastHour('ani')).toBe(1);
    counters.count('ani', { id: 'before', at: now - hour + 60_000 });
    expect(counters.lastHour('ani')).toBe(1);
    clock.advance(hour - 60_000);
    expect(counters.lastHour('ani')).toBe(0);
  });

  it('forgets who called longest ago rather than grow without end', () => {
    const clock = fakeClock();
    const counters = createHourlyCounters(clock);
    for (let one = 0; one <= 2_000; one += 1) counters.count(String(one), { id: `c${one}`, at: clock.now() });
    expect([counters.lastHour('0'), counters.lastHour('1'), counters.lastHour('2000')]).toEqual([0, 1, 1]);
    for (let one = 0; one < 600; one += 1) counters.count('much', { id: `m${one}`, at: clock.now() });
    expect(counters.lastHour('much')).toBe(500);
  });
});
