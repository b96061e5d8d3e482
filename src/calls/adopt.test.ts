import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { talking, waiting } from '../../test/support/calls.ts';
import { fakeClock } from '../../test/support/fake-clock.ts';
import type { AriAnswer } from '../asterisk/commands.ts';
import { derivedId } from '../platform/ids.ts';
import { encodeEntry } from '../platform/journal-file.ts';
import { createLogger } from '../platform/logger.ts';
import { claimDead, readNotes, writeNote } from './adoption-notes.ts';
import { createAdopter, type Adopter } from './adopt.ts';
import type { CallInput } from './call-input.ts';
import type { Call } from './call.ts';

const dead = 'siaga-n1-0-17-abc';
const own = 'siaga-n1-1-18-abd';
const third = 'siaga-n1-2-19-abe';
const callerChannel = 'n1-1700000000.7';
const callId = derivedId('call', 'n1', callerChannel, 1_700_000_000_000);
let directory: string;

beforeEach(async () => (directory = await mkdtemp(join(tmpdir(), 'adopt-'))));
afterEach(() => rm(directory, { recursive: true, force: true }));

/** A call of the caller whose channel Asterisk lists. */
const callOf = (call: Call): Call => ({ ...call, id: callId, channelId: callerChannel, node: 'n1', application: dead });
const talk = (): Call => callOf(talking().call);
const wait = (): Call => callOf(waiting().call);

function journal(owner: string, ...states: Call[]): Promise<void> {
  const entries = states.map((state, n) =>
    encodeEntry({ kind: 'call', callId: state.id, claimedAt: state.claimedAt, sequence: n + 1, at: 5_000, state }),
  );
  return writeFile(join(directory, `${owner}.000001.journal`), Buffer.concat(entries));
}

interface Room {
  readonly adopter: Adopter;
  /** What was done, in order: `hear`, `release`, `arrive …`, `adopted …`, `records`. */
  readonly done: string[];
  readonly calls: Map<string, Call>;
  readonly told: CallInput[];
  /** What Asterisk lists; null when it is silent. */
  readonly asterisk: Record<'/bridges' | '/channels' | '/applications', object[] | null>;
  /** Applications that cannot be heard. */
  readonly mute: Set<string>;
  /** Runs as an application is heard. */
  whenHeard: () => Promise<void>;
}

const channel = (id: string, over: { app?: string; role?: string; state?: string } = {}) => ({
  id,
  name: 'PJSIP/carrier-telkom-1',
  state: over.state ?? 'Up',
  dialplan: { app_name: over.app ?? 'Stasis' },
  channelvars: { SIAGA_ROLE: over.role ?? 'caller' },
});
const holds = (name: string, ...channelIds: string[]) => ({ name, channel_ids: channelIds, endpoint_ids: [] });

function room(): Room {
  const done: string[] = [];
  const calls = new Map<string, Call>();
  const told: CallInput[] = [];
  const mute = new Set<string>();
  const asterisk: Room['asterisk'] = {
    '/bridges': [],
    '/channels': [channel(callerChannel)],
    '/applications': [holds(dead, callerChannel)],
  };
  const answer = (path: string): AriAnswer => {
    const body = new Map<string, object[] | null>(Object.entries(asterisk)).get(path) ?? null;
    return body === null
      ? { ok: false, failure: 'timeout', status: null, reason: 'silence' }
      : { ok: true, status: 200, body };
  };
  const made: Room = {
    adopter: createAdopter({
      directory,
      presences: join(directory, 'lives'),
      node: 'n1',
      application: own,
      ari: { send: (_, path) => Promise.resolve(answer(path)), close: () => Promise.resolve() },
      runner: {
        open: (call) => void calls.set(call.id, call),
        tell(id, input) {
          done.push(`${input.type} ${calls.get(id)?.stage ?? 'nobody'}`);
          told.push(input);
          return true;
        },
        get: (id) => calls.get(id),
      },
      clock: fakeClock(),
      logger: createLogger('silent'),
      sockets: {
        async hear(name) {
          if (mute.has(name)) return false;
          done.push('hear');
          await made.whenHeard();
          return true;
        },
        release: () => void done.push('release'),
        letGo: () => void done.push('let go'),
      },
      catchUp: () => Promise.resolve(),
      ofDead: () => void done.push('records'),
      arrive: ({ id }) => void done.push(`arrive ${id}`),
      taken: () => undefined,
    }),
    done,
    calls,
    told,
    asterisk,
    mute,
    whenHeard: () => Promise.resolve(),
  };
  return made;
}

const noteOf = async (name: string) => (await readNotes(directory)).get(name);

test("a dead one's application is heard, its calls are told, and only then its events are let through", async () => {
  await journal(dead, wait(), talk());
  const { adopter, done, told } = room();
  expect(await adopter.adopt([dead])).toEqual(new Map([[dead, 1]]));
  expect(done).toEqual(['hear', 'adopted talking', 'release', 'records']);
  expect(told).toMatchObject([
    { application: own, channels: [{ channelId: callerChannel, state: 'up', here: true, bridgeId: null }] },
  ]);
  expect(await noteOf(dead)).toEqual({ by: own, stage: 'taken' });
  expect(adopter.heard()).toEqual([dead]);
});

test('what the dead one still wrote before it was replaced counts', async () => {
  await journal(dead, wait());
  const made = room();
  made.whenHeard = () => journal(dead, wait(), talk());
  await made.adopter.adopt([dead]);
  expect(made.done).toEqual(['hear', 'adopted talking', 'release', 'records']);
});

test('its events wait, and no call is told anything, until Asterisk has said what it holds', async () => {
  await journal(dead, talk());
  const made = room();
  made.whenHeard = () => {
    made.asterisk['/channels'] = null;
    return Promise.resolve();
  };
  expect(await made.adopter.adopt([dead])).toEqual(new Map());
  made.asterisk['/channels'] = [channel(callerChannel)];
  await made.adopter.look();
  expect(made.done).toEqual(['hear']);
  expect(await noteOf(dead)).toEqual({ by: own, stage: 'claimed' });
  expect(await made.adopter.adopt([dead])).toEqual(new Map([[dead, 1]]));
  expect(made.done).toEqual(['hear', 'adopted talking', 'release', 'records']);
});

test('of one that cannot be heard nothing is taken, and it is tried again', async () => {
  await journal(dead, talk());
  const made = room();
  made.mute.add(dead);
  expect(await made.adopter.adopt([dead])).toEqual(new Map());
  expect(made.done).toEqual([]);
  made.mute.clear();
  expect(await made.adopter.adopt([dead])).toEqual(new Map([[dead, 1]]));
  expect(made.done).toEqual(['hear', 'adopted talking', 'release', 'records']);
});

test('a journal that cannot be read is tried again, and then those that can be are gone on with', async () => {
  await journal(dead, talk());
  const damaged = join(directory, `${dead}.000002.journal`);
  await mkdir(damaged);
  const made = room();
  await expect(made.adopter.adopt([dead])).rejects.toThrow('EISDIR');
  await expect(made.adopter.adopt([dead])).rejects.toThrow('EISDIR');
  expect(made.done).toEqual(['hear']);
  expect(await made.adopter.adopt([dead])).toEqual(new Map([[dead, 1]]));
  expect(made.done).toEqual(['hear', 'adopted talking', 'release', 'records']);
});

test('callers are gone on with though it cannot be noted who does', async () => {
  await journal(dead, talk());
  await mkdir(join(directory, `${dead}.adopted.${process.pid}.tmp`));
  const made = room();
  expect(await made.adopter.adopt([dead])).toEqual(new Map([[dead, 1]]));
  expect(made.done).toContain('adopted talking');
  expect(await noteOf(dead)).toBeUndefined();

  // Noted as soon as it can be.
  await rm(join(directory, `${dead}.adopted.${process.pid}.tmp`), { recursive: true });
  await made.adopter.look();
  expect(await noteOf(dead)).toEqual({ by: own, stage: 'taken' });
});

test('what another living controller has taken is its own, and seen to', async () => {
  await journal(dead, talk());
  expect(await claimDead(directory, dead, third, false)).toBe(true);
  const { adopter, done } = room();
  expect(await adopter.seenTo([dead])).toEqual(new Set([dead]));
  expect(await adopter.adopt([dead])).toEqual(new Map());
  expect(done).toEqual([]);
});

test('what a taker had claimed and not taken when it died is taken, from the journal of the first', async () => {
  await journal(dead, talk());
  await claimDead(directory, dead, third, false);
  const { adopter, done } = room();
  expect(await adopter.seenTo([dead, third])).toEqual(new Set());
  expect(await adopter.adopt([third])).toEqual(
    new Map([
      [third, 0],
      [dead, 1],
    ]),
  );
  expect(done).toContain('adopted talking');
  expect(await noteOf(dead)).toEqual({ by: own, stage: 'taken' });
});

test('what a taker had taken when it died is in its own journal: its application is heard, and of both the newest counts', async () => {
  const { claimedAt } = wait();
  await journal(dead, wait());
  await writeNote(directory, dead, { by: third, stage: 'taken' });
  await journal(third, { ...talk(), claimedAt: claimedAt + 1 });
  const { adopter, done } = room();
  expect(await adopter.adopt([dead, third])).toEqual(
    new Map([
      [dead, 0],
      [third, 1],
    ]),
  );
  expect(done).toEqual(['hear', 'adopted talking', 'release', 'records']);
});

test('whoever is with the dialplan goes on as soon as he comes, and is known until then', async () => {
  await journal(dead, wait());
  const made = room();
  made.asterisk['/channels'] = [channel(callerChannel, { app: 'Queue' })];
  made.asterisk['/applications'] = [holds(dead)];
  await made.adopter.prepare([dead]);
  expect(made.adopter.knows(callerChannel)).toBe(true);
  expect(await made.adopter.adopt([dead])).toEqual(new Map([[dead, 0]]));
  expect(made.done).not.toContain('adopted waiting');
  expect(await noteOf(dead)).toEqual({ by: own, stage: 'claimed' });

  made.asterisk['/channels'] = null;
  const caller = { ...heldCaller, id: callerChannel };
  expect(made.adopter.came(caller)).toBe(true);
  await untilTold(made);
  expect(made.done).toContain('adopted waiting');
  expect(made.adopter.knows(callerChannel)).toBe(false);
  expect(made.adopter.came(caller)).toBe(false);
});

const heldCaller = {
  name: 'PJSIP/carrier-telkom-1',
  state: 'Up',
  sipCallId: null,
  callerNumber: null,
  callerName: null,
  dialplanApplication: 'Stasis',
  variables: {},
};

async function untilTold({ told }: Room): Promise<void> {
  for (let turn = 0; turn < 100 && told.length === 0; turn += 1) await Promise.resolve();
}

test('a caller of whom no journal tells arrives, unless he talks', async () => {
  await journal(dead);
  const made = room();
  const alone = 'n1-1700000001.8';
  made.asterisk['/channels'] = [
    channel(callerChannel),
    channel(alone),
    channel('operator', { role: 'operator' }),
    channel('n1-1700000002.9', { role: 'caller' }),
  ];
  made.asterisk['/applications'] = [holds(dead, callerChannel, alone, 'operator')];
  made.asterisk['/bridges'] = [
    { id: 'b', name: callId, channels: [callerChannel, 'operator'] },
    { id: 'c', name: 'other', channels: [alone] },
  ];
  await made.adopter.adopt([dead]);
  expect(made.done.filter((what) => what.startsWith('arrive'))).toEqual([`arrive ${alone}`]);
});

test('a call whose channels have gone is told so with the time its owner was last heard of, and the note is done', async () => {
  await journal(dead, talk());
  const made = room();
  made.asterisk['/channels'] = [];
  made.asterisk['/applications'] = [];
  await made.adopter.adopt([dead]);
  expect(made.told).toMatchObject([{ type: 'adopted', channels: [] }]);
  expect(made.done).toEqual(['adopted talking', 'records']);
  expect(await noteOf(dead)).toEqual({ by: own, stage: 'done' });
});

test('its application is let go when Asterisk holds nothing more of it', async () => {
  await journal(dead, talk());
  const made = room();
  await made.adopter.adopt([dead]);
  await made.adopter.look();
  expect(made.adopter.heard()).toEqual([dead]);
  made.asterisk['/applications'] = [holds(dead)];
  await made.adopter.look();
  expect(made.adopter.heard()).toEqual([]);
  expect(made.done.at(-1)).toBe('let go');
  expect(await noteOf(dead)).toEqual({ by: own, stage: 'done' });
});
