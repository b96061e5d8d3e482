import { mkdtemp, rename, rm, writeFile, appendFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { talking, waiting } from '../../test/support/calls.ts';
import { encodeEntry } from '../platform/journal-file.ts';
import { createLogger } from '../platform/logger.ts';
import { claimDead, readNotes, writeNote } from './adoption-notes.ts';
import type { Call } from './call.ts';
import { readLeftCalls } from './left-calls.ts';

const first = 'siaga-n1-0-17-abc';
const second = 'siaga-n1-1-18-abd';
const logger = createLogger('silent');
let directory: string;

beforeEach(async () => (directory = await mkdtemp(join(tmpdir(), 'left-'))));
afterEach(() => rm(directory, { recursive: true, force: true }));

const entry = (call: Call, sequence: number, claimedAt = 1_000): Buffer =>
  encodeEntry({ kind: 'call', callId: call.id, claimedAt, sequence, at: 5_000 + sequence, state: call });
const journal = (owner: string, ...entries: Buffer[]): Promise<void> =>
  writeFile(join(directory, `${owner}.000001.journal`), Buffer.concat(entries));
const read = (...owners: string[]) => readLeftCalls(directory, owners, logger, false);

describe('what a dead controller left', () => {
  it('is the last state of each call that had not ended', async () => {
    const over = { ...talking().call, id: 'over', endedAt: 9, outcome: 'answered' as const, timers: {} };
    await journal(
      first,
      entry(waiting().call, 1),
      entry(over, 1),
      entry(talking().call, 2),
      encodeEntry({ kind: 'alarm' }),
    );
    const left = await read(first);
    expect([...left.keys()]).toEqual(['call']);
    expect(left.get('call')).toMatchObject({ owner: first, sequence: 2, call: { stage: 'talking' } });
    expect(left.get('call')?.leftAt).toBeGreaterThan(5_001);
    expect(await read(second)).toEqual(new Map());
  });

  it('is found also in files that PostgreSQL has, and of several owners the latest counts', async () => {
    await journal(first, entry(talking().call, 7));
    await rename(join(directory, `${first}.000001.journal`), join(directory, `${first}.000001.journal.projected`));
    await journal(second, entry(waiting().call, 1, 2_000));
    expect((await read(first)).get('call')?.call.stage).toBe('talking');
    expect((await read(second, first)).get('call')).toMatchObject({ owner: second, call: { stage: 'waiting' } });
  });

  it('is also an ended call with messages whose limits are still to come, and none that was given back', async () => {
    const ended = { ...talking().call, endedAt: 9, outcome: 'answered' as const, timers: { 'dispatch:d1': 10 } };
    const returned = { ...ended, id: 'returned', outcome: 'returned' as const };
    await journal(first, entry(ended, 1), entry(returned, 1));
    expect([...(await read(first)).keys()]).toEqual(['call']);
  });

  it('is read in spite of damaged lines and of one that was not finished', async () => {
    await journal(first, entry(waiting().call, 1), Buffer.from('00000000 3 {}x\n'), entry(talking().call, 2));
    await appendFile(join(directory, `${first}.000001.journal`), entry(waiting().call, 3).subarray(0, 40));
    expect((await read(first)).get('call')).toMatchObject({ sequence: 2 });
  });
});

describe('what another version wrote of a call', () => {
  it('and nobody here understands, is passed over; the other calls are gone on with', async () => {
    const odd = { ...waiting().call, id: 'odd' };
    const noTimers = { ...odd, timers: undefined };
    const noOrigin = { ...odd, id: 'odder', origin: undefined, identity: undefined };
    const foreign = (state: object, callId: string): Buffer =>
      encodeEntry({ kind: 'call', callId, claimedAt: 1_000, sequence: 1, at: 5_000, state });
    await journal(
      first,
      foreign(noTimers, 'odd'),
      foreign(noOrigin, 'odder'),
      encodeEntry({ kind: 'call', callId: 'oddest', claimedAt: 1_000, sequence: 1, at: 5_000 }),
      entry(talking().call, 2),
    );
    expect([...(await read(first)).keys()]).toEqual(['call']);
  });

  it('and here is not known yet, stays in its state', async () => {
    await journal(first, entry({ ...talking().call, ...{ later: { than: 'this' } } }, 2));
    expect((await read(first)).get('call')?.call).toMatchObject({ later: { than: 'this' } });
  });
});

describe('a note of who has taken it', () => {
  it('is made once; of a taker who died the next makes it anew', async () => {
    expect(await claimDead(directory, first, 'a', false)).toBe(true);
    expect(await claimDead(directory, first, 'b', false)).toBe(false);
    expect(await readNotes(directory)).toEqual(new Map([[first, { by: 'a', stage: 'claimed' }]]));
    expect(await claimDead(directory, first, 'b', true)).toBe(true);
    await writeNote(directory, first, { by: 'b', stage: 'done' });
    expect(await readNotes(directory)).toEqual(new Map([[first, { by: 'b', stage: 'done' }]]));
  });

  it('that is torn is none', async () => {
    await writeFile(join(directory, `${first}.adopted`), '{"by":"a","sta');
    expect(await readNotes(directory)).toEqual(new Map());
  });
});
