import type { FaultRow } from './row.ts';

/** Nobody was lost, every call is on record once, and all was normal in time. */
export function expectNobodyLost(row: FaultRow & { details: string[] }, normalWithin = 10): void {
  const { lost, recordsMissing, recordsDoubled, secondsUntilNormal, details } = row;
  expect({ lost, recordsMissing, recordsDoubled, details }).toEqual({
    lost: 0,
    recordsMissing: 0,
    recordsDoubled: 0,
    details: [],
  });
  expect(secondsUntilNormal).not.toBeNull();
  expect(secondsUntilNormal).toBeLessThanOrEqual(normalWithin);
}
