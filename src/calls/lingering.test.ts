import { fakeClock } from '../../test/support/fake-clock.ts';
import { talking, testDispatch } from '../../test/support/calls.ts';
import type { Call } from './call.ts';
import { createLingering } from './lingering.ts';

function memory() {
  const clock = fakeClock(1_000_000);
  const calls = new Map<string, { call: Call; sequence: number }>();
  const runner = {
    get: (id: string) => calls.get(id)?.call,
    sequenceOf: (id: string) => calls.get(id)?.sequence ?? 0,
    forget: (id: string) => void calls.delete(id),
  };
  const lingering = createLingering({ clock, runner });
  const put = (id: string, call: Call, sequence: number): void => {
    calls.set(id, { call, sequence });
    lingering.projected(id, sequence);
  };
  return { clock, lingering, put, here: () => [...calls.keys()] };
}

const endedWith = (mode: 'notify' | 'bridge') =>
  talking().tell(
    { type: 'dispatch-requested', dispatch: testDispatch({ mode }) },
    { type: 'call-ended-by', by: 'op1' },
  );

test('a call that has ended is forgotten once it is on record and no edit is to be expected', () => {
  const { clock, put, here } = memory();
  put('live', talking().call, 1);
  put('ended', endedWith('bridge').call, 1);
  clock.advance(4_999);
  expect(here()).toEqual(['live', 'ended']);
  clock.advance(1);
  expect(here()).toEqual(['live']);
});

test('an entry after its record keeps it until that is on record as well', () => {
  const { clock, put, here, lingering } = memory();
  put('ended', endedWith('bridge').call, 1);
  clock.advance(3_000);
  put('ended', endedWith('bridge').call, 2);
  clock.advance(3_000);
  lingering.projected('ended', 1);
  expect(here()).toEqual(['ended']);
  clock.advance(2_000);
  expect([here(), clock.pending()]).toEqual([[], 0]);
});

test('it stays while a message to an agency is on its way, and goes when it is told what came of it', () => {
  const { clock, put, here } = memory();
  const call = endedWith('notify');
  put('ended', call.call, 1);
  clock.advance(600_000);
  expect(here()).toEqual(['ended']);
  put('ended', call.tell({ type: 'notified', dispatchId: 'd1', outcome: 'failed', reason: null }).call, 2);
  clock.advance(5_000);
  expect(here()).toEqual([]);
});

test('of too many that stay for messages the oldest goes', () => {
  const { put, here } = memory();
  const { call } = endedWith('notify');
  for (let n = 0; n < 1_002; n += 1) put(`call-${n}`, call, 1);
  expect(here()).toHaveLength(1_000);
  expect(here()[0]).toBe('call-2');
});

test('nothing is left behind at a stop', () => {
  const { clock, put, lingering } = memory();
  put('ended', endedWith('bridge').call, 1);
  lingering.stop();
  expect(clock.pending()).toBe(0);
});
