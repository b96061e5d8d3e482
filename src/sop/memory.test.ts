import { testCall, testDispatch } from '../../test/support/calls.ts';
import type { Dispatch } from '../dispatch/dispatch.ts';
import { createClockMemory } from './memory.ts';

const began = 1_000_000;

/** Of a brigade with one contact and 100 s to accept, and as long to arrive; its listener is told at once. */
function remember() {
  const memory = createClockMemory({
    sopOf: () => ({ acceptSeconds: 100, departSeconds: null, arriveSeconds: 100 }),
    ladderOf: () => ({ contacts: ['contact'], leaders: ['mayor'], every: 60_000 }),
  });
  const hear = (over: Partial<Dispatch> = {}, at = began): void => {
    const dispatches = [testDispatch({ mode: 'listen', ...over })];
    memory.heardOf({ callId: 'call', at, state: { ...testCall(), dispatches } });
  };
  const told = (seconds: number, recordIsAway = true): string[] =>
    memory
      .move(began + seconds * 1_000, recordIsAway)
      .flatMap(({ clock, events, tell }) => [...events, ...tell].map((one) => `${clock.clock} ${one}`));
  hear();
  return { ...memory, hear, told };
}

test('while the record tells nobody is told from memory, and what it told is not told again', () => {
  const memory = remember();
  expect([memory.told(70, false), memory.told(100, false)]).toEqual([[], []]);
  expect(memory.told(115)).toEqual([]);
  expect(memory.told(160)).toEqual(['accept mayor']);
});

test('what was due while nobody knew yet that the record is away is told once that is known, once', () => {
  const memory = remember();
  memory.told(70, false);
  expect(memory.told(100, false)).toEqual([]);
  expect(memory.told(111)).toEqual(['accept sop.overdue', 'accept contact']);
  expect(memory.told(112)).toEqual([]);
});

test('nobody is told of an incident that is closed on record, nor of a crew that has arrived', () => {
  const memory = remember();
  expect(memory.open()).toEqual(['d1']);
  memory.told(100, false);
  memory.ended(['d1'], began + 101_000);
  expect([memory.open(), memory.told(102), memory.told(200)]).toEqual([[], [], []]);
  // Its call goes on, and tells of the same dispatch.
  memory.hear({}, began + 201_000);
  expect([memory.told(202), memory.told(400)]).toEqual([[], []]);
  memory.hear({ endedAt: began + 401_000 }, began + 401_000);
  expect(memory.told(600)).toEqual([]);
});
