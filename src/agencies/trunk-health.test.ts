import fc from 'fast-check';
import { downAfterFailure, healthOf, note, nothingKnown, type TrunkInput, type TrunkRecord } from './trunk-health.ts';

const silence = 20_000;
const after = (...inputs: TrunkInput[]): TrunkRecord => inputs.reduce(note, nothingKnown);
const failed = (at: number): TrunkInput => ({ type: 'attempt', result: 'failed', at });
const heard = (at: number): TrunkInput => ({ type: 'attempt', result: 'heard', at });
const contact = (present: boolean, at: number): TrunkInput => ({ type: 'contact', present, at });
const health = (record: TrunkRecord, at: number, of = silence): string => healthOf(record, at, of).health;

describe('attempts', () => {
  test('three failures in a row make a trunk down, for a minute after the last', () => {
    const two = after(failed(1), failed(2));
    expect(health(two, 3)).toBe('unknown');
    const three = note(two, failed(1_000));
    expect(healthOf(three, 1_000, silence)).toEqual({
      health: 'down',
      since: 1_000,
      why: 'the last 3 attempts failed',
    });
    expect(health(three, 1_000 + downAfterFailure - 1)).toBe('down');
    expect(health(three, 1_000 + downAfterFailure)).toBe('unknown');
    // One more within the minute goes on from where it was; one after it begins anew.
    expect(healthOf(note(three, failed(30_000)), 80_000, silence)).toMatchObject({ health: 'down', since: 1_000 });
    expect(healthOf(note(three, failed(90_000)), 90_000, silence)).toMatchObject({ health: 'down', since: 90_000 });
  });

  test('one that hears something ends the row and makes it up', () => {
    expect(health(after(failed(1), failed(2), heard(3), failed(4), failed(5)), 6)).toBe('unknown');
    expect(healthOf(after(failed(1), failed(2), failed(3), heard(4)), 5, silence)).toMatchObject({
      health: 'up',
      since: 4,
    });
  });
});

describe('OPTIONS', () => {
  test('an answer is life; three without are none', () => {
    expect(healthOf(after(contact(true, 5)), 6, silence)).toMatchObject({ health: 'up', since: 5 });
    const lost = after(contact(true, 5), contact(false, 100));
    expect(health(lost, 100)).toBe('unknown');
    expect(health(lost, 100 + silence - 1)).toBe('unknown');
    expect(healthOf(lost, 100 + silence, silence)).toMatchObject({ health: 'down', since: 100 + silence });
    expect(health(note(lost, contact(true, 50_000)), 50_000)).toBe('up');
  });

  test('one without an answer makes it down when an attempt failed as well, not one of long ago', () => {
    expect(health(after(contact(true, 1), contact(false, 100), failed(200)), 200)).toBe('down');
    expect(health(after(contact(true, 1), failed(90), contact(false, 100)), 100)).toBe('down');
    const old = after(contact(true, 1), failed(90), contact(false, 90 + downAfterFailure));
    expect(health(old, 91 + downAfterFailure)).toBe('unknown');
  });

  test('a trunk that takes calls and answers none of them is up', () => {
    const deaf = after(contact(false, 1), heard(50_000));
    expect(health(deaf, 1_000_000)).toBe('up');
    // Whoever looks again tells nothing new.
    expect(health(note(deaf, contact(false, 60_000)), 1_000_000)).toBe('up');
    // Once it has answered one, its silence counts again.
    const answered = after(contact(false, 1), heard(50_000), contact(true, 60_000), contact(false, 70_000));
    expect(health(answered, 70_000 + silence)).toBe('down');
  });

  test('answers do not outweigh three failed attempts, until it was gone and is back', () => {
    const failing = after(contact(true, 1), failed(10), failed(20), failed(30), contact(true, 40));
    expect(health(failing, 50)).toBe('down');
    expect(healthOf(failing, 30 + downAfterFailure, silence)).toMatchObject({
      health: 'up',
      since: 30 + downAfterFailure,
    });
    expect(health(note(note(failing, contact(false, 60)), contact(true, 70)), 70)).toBe('up');
  });
});

test('a desk is down while no phone is registered, and says so', () => {
  expect(healthOf(after(contact(false, 9)), 9, 0)).toEqual({ health: 'down', since: 9, why: 'no phone is registered' });
  expect(healthOf(after(contact(true, 9)), 9, 0).health).toBe('up');
  expect(healthOf(nothingKnown, 9, 0)).toMatchObject({ health: 'unknown', since: null });
});

test('whatever happened: a trunk that was just heard is not down, and no state lies in the future', () => {
  const input = fc.record({
    step: fc.integer({ min: 0, max: 90_000 }),
    what: fc.constantFrom<'heard' | 'failed' | 'present' | 'absent'>('heard', 'failed', 'present', 'absent'),
  });
  fc.assert(
    fc.property(fc.array(input, { maxLength: 40 }), fc.constantFrom(0, silence), (inputs, of) => {
      let at = 0;
      let record = nothingKnown;
      for (const { step, what } of inputs) {
        at += step;
        const attempt = what === 'heard' || what === 'failed';
        record = note(
          record,
          attempt ? { type: 'attempt', result: what, at } : { type: 'contact', present: what === 'present', at },
        );
        const now = healthOf(record, at, of);
        expect(now.since ?? 0).toBeLessThanOrEqual(at);
        if (what === 'heard') expect(now.health).toBe('up');
      }
    }),
  );
});
