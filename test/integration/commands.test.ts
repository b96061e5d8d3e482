import { z } from 'zod';
import { createToken } from '../../src/access/token-command.ts';
import type { Call } from '../../src/calls/call.ts';
import type { Role } from '../../src/platform/auth.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { newId } from '../../src/platform/ids.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { startLiveRooms, type LiveRooms } from '../support/live-rooms.ts';
import { ask, until } from '../support/rest.ts';
import { makeTokens } from '../support/tokens.ts';

// Ani talks with the caller, Budi is consulted, Citra is elsewhere; each with an operator's token.
type Who = Role | 'ani' | 'budi' | 'citra';
const [ani, budi, citra] = [newId(systemClock.now()), newId(systemClock.now()), newId(systemClock.now())];
let database: TestDatabase;
let rooms: LiveRooms;
let tokens: Record<Who, string>;

beforeAll(async () => {
  database = await createDatabase();
  const of = async (operatorId: string): Promise<string> =>
    (await createToken(database.url, { role: 'operator', name: 'test', operatorId })).token;
  tokens = {
    ...(await makeTokens(database.url)),
    ani: await of(ani),
    budi: await of(budi),
    citra: await of(citra),
  };
  rooms = await startLiveRooms(database.url);
});
afterAll(async () => {
  await rooms.stop();
  await database.drop();
});

const partyId = newId(systemClock.now());

/** Ani talks with a caller about violence at home, and has brought Budi. */
function confidentialCall(state: 'ringing' | 'joined' = 'joined'): Call {
  const at = systemClock.now();
  const assignment = { assignmentId: 'a1', channelId: 'c.o1', assignedAt: at, popped: true };
  return rooms.open({
    kind: 'domestic-violence',
    stage: state === 'ringing' ? 'ringing' : 'talking',
    operator: { operatorId: ani, ...assignment, state, ringingAt: at, talkingAt: state === 'joined' ? at : null },
    talkedWith: state === 'joined' ? ani : null,
    bridge: { id: 'b1' },
    parties: [
      {
        id: partyId,
        purpose: 'conference',
        target: { operatorId: budi },
        by: ani,
        requestedAt: at,
        state: 'joined',
        operatorId: budi,
        assignmentId: 'a2',
        channelId: 'c.p1',
        ringingAt: at,
        talkingAt: at,
      },
    ],
  });
}

const send = (who: Who, method: string, path: string, body?: object) =>
  ask(rooms, tokens[who], method, path, body === undefined ? {} : { body });

const row = z.object({ action: z.string(), tokenId: z.string(), code: z.string().nullable() });
const trail = (subject: string) =>
  rooms.postgres.rows(
    row,
    `select action, token_id as "tokenId", detail->>'code' as code from audit where subject = $1 order by id`,
    [subject],
  );
const actions = async (call: Call): Promise<string[]> => (await trail(`call/${call.id}`)).map(({ action }) => action);

describe('a confidential call with parties', () => {
  test.each([
    ['ani', 200],
    ['budi', 200],
    ['supervisor', 200],
    ['citra', 403],
    ['operator', 403],
  ] as const)('%s reads it: %i', async (who, status) => {
    const call = confidentialCall();
    const read = await send(who, 'GET', `/v1/calls/${call.id}`);
    expect(read.status).toBe(status);
    if (status === 200) expect(read.at('callerNumber')).toBe('0761112');
    else expect(read.code).toBe('incidents.confidential');
    expect((await send(who, 'GET', `/v1/incidents/${call.incident.id}`)).status).toBe(status);
    const listed = (await send(who, 'GET', '/v1/calls?live=true')).pluck('items', 'id');
    expect(listed.includes(call.id)).toBe(status === 200);
  });

  const commands: [string, string, object?][] = [
    ['POST', 'hold'],
    ['POST', 'resume'],
    ['POST', 'mute', { muted: true }],
    ['POST', 'parties', { purpose: 'consult', operatorId: citra }],
    ['PATCH', `parties/${partyId}`, { purpose: 'hand-over' }],
    ['DELETE', `parties/${partyId}`],
    ['POST', 'silent-question'],
    ['POST', 'assist'],
    ['POST', 'end'],
  ];
  test.each(commands)(
    '%s %s is for its operator and supervisors; who else tried stands in the trail',
    async (...[method, path, body]) => {
      const call = confidentialCall();
      const full = `/v1/calls/${call.id}/${path}`;
      for (const who of ['budi', 'citra', 'operator'] as const) {
        expect(await send(who, method, full, body)).toMatchObject({ status: 403, code: 'calls.not-yours' });
      }
      expect(await send('auditor', method, full, body)).toMatchObject({ status: 403, code: 'access.role' });
      await until('all who tried are noted', async () => (await trail(full)).length === 4);
      expect(await trail(full)).toMatchObject([
        ...Array.from({ length: 3 }, () => ({ action: 'access.refused', code: 'calls.not-yours' })),
        { action: 'access.refused', code: 'access.role' },
      ]);
      expect(new Set((await trail(full)).map(({ tokenId }) => tokenId)).size).toBe(4);
      expect(rooms.runner.get(call.id)).toMatchObject({ endedAt: null, hold: null, muted: false, monitors: [] });
      expect(await actions(call)).toEqual([]);
    },
  );

  test('nobody but a supervisor listens, whispers or barges in, not even who is on it; who does is known to have heard it', async () => {
    const call = confidentialCall();
    const monitors = `/v1/calls/${call.id}/monitors`;
    for (const mode of ['listen', 'whisper', 'barge']) {
      for (const who of ['ani', 'citra', 'auditor'] as const) {
        const refused = await send(who, 'POST', monitors, { mode, operatorId: citra });
        expect(refused).toMatchObject({ status: 403, code: 'access.role' });
      }
    }
    // Each once, however often they try.
    await until('who tried is noted', async () => (await trail(monitors)).length === 3);
    expect(rooms.runner.get(call.id)?.monitors).toEqual([]);
    expect(await actions(call)).toEqual([]);
    expect((await send('supervisor', 'POST', monitors, { mode: 'listen', operatorId: citra })).status).toBe(202);
    await until('who listens is noted', async () => (await actions(call)).length === 2);
    expect(await actions(call)).toEqual(['monitors.start', 'incidents.read']);
    expect(await trail(monitors)).toHaveLength(3);
  });
});

describe('a call is ended', () => {
  const end = (who: Who, call: { id: string }) => send(who, 'POST', `/v1/calls/${call.id}/end`);

  test.each(['ani', 'supervisor', 'admin'] as const)('by %s, and the trail says so', async (who) => {
    const call = confidentialCall();
    expect((await end(who, call)).status).toBe(202);
    expect(rooms.runner.get(call.id)?.endedAt).not.toBeNull();
    await until('it is noted', async () => (await actions(call)).includes('calls.end'));
    expect((await end('supervisor', call)).code).toBe('calls.ended');
    expect(await actions(call)).toEqual(['calls.end']);
  });

  test('by an operator only after he has answered: nobody is lost to a phone that rings', async () => {
    const call = confidentialCall('ringing');
    expect(await end('ani', call)).toMatchObject({ status: 409, code: 'calls.not-now' });
    expect(rooms.runner.get(call.id)?.endedAt).toBeNull();
    expect((await end('supervisor', { id: newId(0) })).code).toBe('calls.not-live');
  });
});
