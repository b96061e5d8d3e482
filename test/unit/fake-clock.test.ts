import { fakeClock } from '../support/fake-clock.ts';

describe('fakeClock', () => {
  test('fires in the order of due times, also what is set on the way', () => {
    const clock = fakeClock(1_000);
    const seen: string[] = [];
    clock.after(30, () => seen.push(`late ${clock.now()}`));
    clock.after(10, () => {
      seen.push(`early ${clock.now()}`);
      clock.after(5, () => seen.push(`between ${clock.now()}`));
    });
    clock.advance(30);
    expect(seen).toEqual(['early 1010', 'between 1015', 'late 1030']);
    expect(clock.pending()).toBe(0);
  });

  test('repeats until cancelled, and a correction of the wall clock fires nothing', () => {
    const clock = fakeClock();
    let count = 0;
    const cancel = clock.every(10, () => (count += 1));
    clock.advance(35);
    expect(count).toBe(3);
    clock.setWall(0);
    expect([clock.now(), clock.monotonic(), count]).toEqual([0, 35, 3]);
    cancel();
    clock.advance(100);
    expect(count).toBe(3);
  });
});
