import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { Call } from '../../src/calls/call.ts';
import type { Role } from '../../src/platform/auth.ts';
import type { Settings } from '../../src/settings/setting.ts';
import { callbackView } from '../../src/triage/callback-routes.ts';
import { startController, type Arrival, type ControllerRooms } from './controller-rooms.ts';
import { createDatabase } from './database.ts';
import { ask, until, type Answer } from './rest.ts';
import { makeTokens } from './tokens.ts';

type CallbackView = z.output<typeof callbackView>;

/** A controller's rooms over a database of their own, and what calls that are none do in them. */
export interface TriageRooms {
  readonly rooms: ControllerRooms;
  readonly databaseUrl: string;
  send(method: string, path: string, body?: unknown, as?: Role): Promise<Answer>;
  /** An edit of an incident as it is now. */
  edit(incidentId: string, body: object): Promise<void>;
  /** A call whose caller hangs up after so many seconds, with nobody on the line. */
  abandon(arrival: Arrival, seconds?: number): Promise<Call>;
  /** One with whom an operator talks for so many seconds. */
  answer(arrival: Arrival, seconds?: number): Promise<Call>;
  talk(call: Call): Promise<void>;
  callbackOf(callId: string): Promise<CallbackView>;
  /** What the actions of an audit were done to. */
  audited(action: string): Promise<string[]>;
  stop(): Promise<void>;
}

export async function startTriageRooms(settings: Partial<Settings> = {}): Promise<TriageRooms> {
  const database = await createDatabase();
  const tokens = await makeTokens(database.url);
  const rooms = await startController(database.url, { settings });
  const operatorId = randomUUID();
  const send: TriageRooms['send'] = (method, path, body, as = 'supervisor') =>
    ask(rooms, tokens[as], method, path, body === undefined ? {} : { body });
  return {
    rooms,
    databaseUrl: database.url,
    send,
    async edit(incidentId, body) {
      const path = `/v1/incidents/${incidentId}`;
      const { headers } = await send('GET', path);
      const changed = await ask(rooms, tokens.supervisor, 'PATCH', path, {
        body,
        headers: { 'if-match': headers.get('etag') ?? '' },
      });
      if (changed.status !== 200) throw new Error(`the edit was answered ${changed.status}: ${changed.text}`);
      await rooms.settled();
    },
    async abandon(arrival, seconds = 12) {
      const call = rooms.arrive(arrival);
      rooms.ahead(seconds * 1_000);
      rooms.hangUp(call.id);
      await rooms.settled();
      return call;
    },
    async answer(arrival, seconds = 60) {
      const call = rooms.arrive(arrival);
      await rooms.talk(call.id, operatorId);
      rooms.ahead(seconds * 1_000);
      rooms.hangUp(call.id);
      await rooms.settled();
      return call;
    },
    talk: (call) => rooms.talk(call.id, operatorId),
    async callbackOf(callId) {
      let found: CallbackView | undefined;
      await until('the call is on the list', async () => {
        const { body } = await send('GET', '/v1/callbacks?limit=200');
        found = z
          .object({ items: z.array(callbackView) })
          .parse(body)
          .items.find((one) => one.callId === callId);
        return found !== undefined;
      });
      if (found === undefined) throw new Error('unreachable');
      return found;
    },
    async audited(action) {
      const rows = await rooms.database.rows(
        z.object({ subject: z.string() }),
        'select subject from audit where action = $1',
        [action],
      );
      return rows.map(({ subject }) => subject);
    },
    async stop() {
      await rooms.stop();
      await database.drop();
    },
  };
}

/** A caller of whom nothing is known but his number. */
export function identityOf(number: string): Call['identity'] {
  return { number, numberFrom: 'From', imei: null, callable: true, notCallable: null, trunk: null, network: null };
}
