import { fakeClock } from '../../../test/support/fake-clock.ts';
import { quietWithoutCall } from '../../../test/support/quiet-without-call.ts';
import { dispatchOf } from '../../../test/support/without-call-story.ts';
import { createCopies, type Postgres } from '../../platform/postgres.ts';

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A PostgreSQL by which everything belongs to another process once it is `taken`. */
function elsewhere(taken: () => boolean): Postgres {
  return {
    rows: (schema, text, values = []) => {
      const ids: unknown = values[0];
      if (!taken() || !text.includes('owner <> $2') || !Array.isArray(ids)) return Promise.resolve([]);
      return Promise.resolve(ids.map((id: unknown) => schema.parse({ id })));
    },
    first: () => Promise.resolve(undefined),
    execute: () => Promise.resolve(0),
    transaction: () => Promise.reject(new Error('not used')),
    reachable: () => true,
    copies: createCopies(),
    listen: () => () => undefined,
    close: () => Promise.resolve(),
  };
}

test('with dispatches that another process goes on with, nobody stays reserved in the line of this one', async () => {
  const clock = fakeClock(1_000_000);
  const freed: unknown[] = [];
  let taken = false;
  const room = quietWithoutCall({
    application: 'siaga-a',
    clock,
    postgres: elsewhere(() => taken),
    line: { reserve: () => undefined, outcome: (...outcome) => void freed.push(outcome) },
  });
  const state = room.prepare({
    ...{ id: 'w', incidentId: 'i', callerNumber: null, callInfo: '', location: null, operatorId: 'sari', tell: null },
    about: { kind: 'fire', district: null, incidentNumber: '004711', drill: false },
    dispatches: [dispatchOf('d1', { acceptance: 'answer' })],
  });
  room.begin(state);
  const { attempts } = room.find('d1')?.dispatch ?? dispatchOf('d1');
  const channel = { id: attempts[0]?.channelId ?? '', name: 'PJSIP/agency-1', state: 'Up', variables: {} };
  room.take({
    type: 'entered',
    arguments: [],
    channel: { ...channel, sipCallId: null, callerNumber: null, callerName: null, dialplanApplication: null },
  });
  expect(room.reserved('w', { operatorId: 'sari', assignmentId: 'a1', account: 'op-1' })).toBe(true);
  clock.advance(2_000);
  await settled();
  expect(freed).toEqual([]);
  taken = true;
  clock.advance(2_000);
  await settled();
  expect(room.find('d1')).toBeUndefined();
  expect(freed).toEqual([['sari', 'a1', 'not-needed']]);
  room.stop();
});
