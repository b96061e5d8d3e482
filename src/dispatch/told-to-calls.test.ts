import { fakeClock } from '../../test/support/fake-clock.ts';
import { talking, testDispatch } from '../../test/support/calls.ts';
import type { CallInput } from '../calls/call-input.ts';
import { createLogger } from '../platform/logger.ts';
import { createCopies, type Postgres } from '../platform/postgres.ts';
import { toldToCalls } from './start.ts';

const away = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const told = { dispatchId: 'd1', outcome: 'failed', reason: null } as const;

function room(calls = [talking().call]) {
  const clock = fakeClock(1_000_000);
  const heard: CallInput[] = [];
  const written: unknown[][] = [];
  const server = { away: true };
  const postgres: Postgres = {
    rows: () => Promise.resolve([]),
    first: () => Promise.resolve(undefined),
    execute(_text, values = []) {
      if (server.away) return Promise.reject(away);
      written.push([...values]);
      return Promise.resolve(1);
    },
    transaction: () => Promise.reject(new Error('not used')),
    reachable: () => true,
    copies: createCopies(),
    listen: () => () => undefined,
    close: () => Promise.resolve(),
  };
  const runner = { all: () => calls, tell: (_id: string, input: CallInput) => heard.push(input) > 0 };
  const toCalls = toldToCalls({ clock, postgres, runner, logger: createLogger('silent') });
  return { clock, heard, written, server, toCalls };
}

test('what came of a message is told to the call whose it was', () => {
  const call = talking().tell({ type: 'dispatch-requested', dispatch: testDispatch({ mode: 'notify' }) }).call;
  const { toCalls, heard, written } = room([call]);
  toCalls.told(told);
  expect(heard).toEqual([{ type: 'notified', at: 1_000_000, ...told }]);
  expect(written).toEqual([]);
});

test('with the call gone it is kept until PostgreSQL has it, with the time at which it came', async () => {
  const { toCalls, clock, server, written } = room();
  toCalls.told(told);
  await settled();
  clock.advance(5_000);
  await settled();
  expect(written).toEqual([]);
  server.away = false;
  clock.advance(5_000);
  await settled();
  expect(written).toEqual([['d1', 'failed', 'unreachable', new Date(1_000_000).toISOString()]]);
  clock.advance(60_000);
  await settled();
  expect(written).toHaveLength(1);
});

test('a stop tries once more, and leaves no timer behind', async () => {
  const { toCalls, clock, server, written } = room();
  toCalls.told(told);
  await settled();
  server.away = false;
  await toCalls.stop();
  expect([written.length, clock.pending()]).toEqual([1, 0]);
});
