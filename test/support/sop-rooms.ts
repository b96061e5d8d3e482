import { randomUUID } from 'node:crypto';
import type { Call } from '../../src/calls/call.ts';
import type { NotifyWish } from '../../src/notifications/tell.ts';
import type { Role } from '../../src/platform/auth.ts';
import { newId } from '../../src/platform/ids.ts';
import { startController, type ControllerRooms } from './controller-rooms.ts';
import { newNumber } from './callers.ts';
import { createDatabase, type TestDatabase } from './database.ts';
import { ask, until, type Answer } from './rest.ts';
import { makeTokens } from './tokens.ts';

export const publicUrl = 'https://112.example';
export const leaders = ['sekda', 'wakil-wali-kota', 'wali-kota'];

/** A centre whose fire brigade has clocks and two contacts; controllers of it come and go. */
export interface SopCentre {
  readonly database: TestDatabase;
  /** Another controller, with a Redis that knows nothing of the others' jobs. `through`: the address of PostgreSQL. */
  controller(through?: string): Promise<ControllerRooms>;
  send(rooms: ControllerRooms, method: string, path: string, body?: unknown, as?: Role): Promise<Answer>;
  /** A call whose operator has dispatched the fire brigade, which rings. */
  dispatch(rooms: ControllerRooms): Promise<{ call: Call; id: string }>;
  /** The brigade answers, and presses its key. */
  accept(rooms: ControllerRooms, call: Call): void;
  /** Everybody hangs up; the call is on record only. */
  end(rooms: ControllerRooms, call: Call): Promise<void>;
  /** A person closes an incident whose calls are over. */
  close(rooms: ControllerRooms, incidentId: string): Promise<void>;
  /** What stands on record once a notification is: without it people are told again. */
  record(rooms: ControllerRooms, wish: NotifyWish): Promise<void>;
  /** With the controllers that a failed test has left. */
  drop(): Promise<void>;
}

export async function startSopCentre(): Promise<SopCentre> {
  const database = await createDatabase();
  const tokens = await makeTokens(database.url);
  const running = new Set<ControllerRooms>();
  const send: SopCentre['send'] = (rooms, method, path, body, as = 'supervisor') =>
    ask(rooms, tokens[as], method, path, body === undefined ? {} : { body });
  return {
    database,
    send,
    async controller(through = database.url) {
      const rooms = await startController(through, { settings: { publicUrl, sopEscalateSeconds: 60 } });
      for (const id of ['damkar-satu', 'damkar-dua']) {
        const body = { name: id, agencyId: 'damkar', channels: [{ type: 'voice', number: '0811' }] };
        const headers = { 'if-none-match': '*' };
        await ask(rooms, tokens.admin, 'PUT', `/v1/recipients/${id}`, { body, headers });
      }
      await rooms.database.execute(
        `update agencies set sop = '{"acceptSeconds": 100, "departSeconds": null, "arriveSeconds": 420}',
           contacts = '{damkar-satu,damkar-dua}' where id = 'damkar'`,
      );
      await rooms.database.execute(`select pg_notify('siaga_agencies', 'damkar')`);
      await until('the clocks are known', () => rooms.agencies.current().find('damkar')?.contacts.length === 2);
      await until('the contacts are known', () => rooms.recipients.current().find('damkar-dua') !== undefined);
      running.add(rooms);
      const ended = (how: () => Promise<void>) => (): Promise<void> => {
        running.delete(rooms);
        return how();
      };
      const { ...inner } = rooms;
      return Object.assign(rooms, { stop: ended(() => inner.stop()), kill: ended(() => inner.kill()) });
    },
    async dispatch(rooms) {
      const call = rooms.arrive({ number: newNumber() });
      await rooms.talk(call.id, randomUUID());
      const made = await send(rooms, 'POST', `/v1/incidents/${call.incident.id}/dispatches`, { agencyId: 'damkar' });
      if (made.status !== 202) throw new Error(`the dispatch was answered ${made.status}: ${made.text}`);
      await rooms.settled();
      return { call, id: String(made.at('id')) };
    },
    accept(rooms, call) {
      const channelId = rooms.call(call.id).dispatches[0]?.attempts[0]?.channelId ?? '';
      const at = rooms.now();
      rooms.runner.tell(call.id, { type: 'leg-entered', at, channelId });
      rooms.runner.tell(call.id, { type: 'key-pressed', at, channelId, key: '1' });
      rooms.runner.tell(call.id, { type: 'leg-joined', at, channelId, bridgeId: rooms.call(call.id).bridge?.id ?? '' });
    },
    async end(rooms, call) {
      const { operator, dispatches } = rooms.call(call.id);
      const attempts = dispatches.flatMap((dispatch) => dispatch.attempts.map(({ channelId }) => channelId));
      rooms.hangUp(call.id);
      for (const channelId of [...attempts, operator?.channelId ?? '']) {
        rooms.runner.tell(call.id, { type: 'leg-gone', at: rooms.now(), channelId, cause: 16 });
      }
      await rooms.gone(call.id);
    },
    async close(rooms, incidentId) {
      const path = `/v1/incidents/${incidentId}`;
      const { headers } = await send(rooms, 'GET', path);
      const changed = await ask(rooms, tokens.supervisor, 'PATCH', path, {
        body: { status: 'closed', disposition: 'agency-sent' },
        headers: { 'if-match': headers.get('etag') ?? '' },
      });
      if (changed.status !== 200) throw new Error(`closing was answered ${changed.status}: ${changed.text}`);
    },
    async record(rooms, { incidentId, recipientIds, reason }) {
      for (const recipientId of recipientIds) {
        await rooms.database.execute(
          `insert into notifications (id, incident_id, recipient_id, requested_at, state, content, owner, claimed_at, sequence,
             lease_until, ended_at) values ($1, $2, $3, now(), 'delivered', $4, 'test', 1, 1, now(), now())`,
          [newId(rooms.now()), incidentId, recipientId, JSON.stringify({ reason })],
        );
      }
    },
    async drop() {
      for (const rooms of running) await rooms.stop();
      await database.drop();
    },
  };
}
