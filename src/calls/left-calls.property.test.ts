import fc from 'fast-check';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { talking, waiting } from '../../test/support/calls.ts';
import { encodeEntry, projectedSuffix } from '../platform/journal-file.ts';
import { createLogger } from '../platform/logger.ts';
import type { Call } from './call.ts';
import { readLeftCalls } from './left-calls.ts';

const owners = ['siaga-n1-0-17-abc', 'siaga-n1-1-18-abd', 'siaga-n1-0-19-abe'];
const logger = createLogger('silent');
let parent: string;
beforeEach(async () => (parent = await mkdtemp(join(tmpdir(), 'left-'))));
afterEach(() => rm(parent, { recursive: true, force: true }));

/** One decision about a call, by one of its owners; sequences follow each other as they do in a runner. */
interface Decided {
  readonly owner: number;
  readonly call: number;
  readonly sequence: number;
  readonly ended: boolean;
}
const lives: readonly Call[] = [waiting().call, talking().call];

const history = fc
  .array(fc.record({ owner: fc.nat(2), call: fc.nat(2), end: fc.nat(9) }), { minLength: 1, maxLength: 12 })
  .map((steps) => {
    const sequences = new Map<string, number>();
    return steps.map(({ owner, call, end }): Decided => {
      const sequence = (sequences.get(`${owner} ${call}`) ?? 0) + 1;
      sequences.set(`${owner} ${call}`, sequence);
      return { owner, call, sequence, ended: end === 0 };
    });
  });

function lineOf({ owner, call, sequence, ended }: Decided): Buffer {
  const life = lives[sequence % lives.length] ?? waiting().call;
  const over = ended ? { endedAt: 9, outcome: 'answered' as const, timers: {} } : {};
  const state: Call = { ...life, id: `call-${call}`, ...over, reason: `${owner}.${sequence}` };
  const claimedAt = 1_000 + owner;
  return encodeEntry({ kind: 'call', callId: state.id, claimedAt, sequence, at: 5_000, state });
}

/** By call, which decision counts: the latest of the latest owner, unless it ended the call. */
function expectedOf(entries: readonly Decided[]): Map<string, string> {
  const latest = new Map<number, Decided>();
  for (const entry of entries) {
    const known = latest.get(entry.call);
    const isLater = known === undefined || entry.owner > known.owner;
    if (isLater || (entry.owner === known.owner && entry.sequence > known.sequence)) latest.set(entry.call, entry);
  }
  const left = [...latest].filter(([, { ended }]) => !ended);
  return new Map(left.map(([call, { owner, sequence }]) => [`call-${call}`, `${owner}.${sequence}`]));
}

/** The owners' files, each begun anew after `perFile` entries; every third one put away already. */
async function journalOf(entries: readonly Decided[], perFile: number): Promise<string> {
  const directory = await mkdtemp(join(parent, 'journal-'));
  for (const [index, owner] of owners.entries()) {
    const lines = entries.filter((one) => one.owner === index).map(lineOf);
    for (let file = 0; file * perFile < lines.length; file += 1) {
      const name = `${owner}.${String(file + 1).padStart(6, '0')}.journal${file % 3 === 2 ? projectedSuffix : ''}`;
      await writeFile(join(directory, name), Buffer.concat(lines.slice(file * perFile, (file + 1) * perFile)));
    }
  }
  return directory;
}

async function leftIn(directory: string, of = owners): Promise<Map<string, string | null>> {
  const left = await readLeftCalls(directory, of, logger, false);
  return new Map([...left].map(([id, { call }]) => [id, call.reason]));
}

describe('what dead controllers left', () => {
  it('is the same in whatever order their files are read, and however often', async () => {
    const order = fc.shuffledSubarray(owners, { minLength: owners.length });
    await fc.assert(
      fc.asyncProperty(history, fc.integer({ min: 1, max: 5 }), order, async (entries, perFile, names) => {
        const directory = await journalOf(entries, perFile);
        const expected = expectedOf(entries);
        expect(await leftIn(directory, names)).toEqual(expected);
        // A file that is there twice, as after a copy or a restored backup.
        for (const file of await readdir(directory)) {
          if (!file.endsWith(projectedSuffix)) await copyTo(directory, file, file.replace('.0000', '.0009'));
        }
        expect(await leftIn(directory, names)).toEqual(expected);
      }),
      { numRuns: 60 },
    );
  });

  it('of a file that was cut at any byte of an entry, is what stands whole before the cut', async () => {
    const entries = [1, 2].map((sequence): Decided => ({ owner: 0, call: 0, sequence, ended: false }));
    const lines = entries.map(lineOf);
    const bytes = Buffer.concat(lines);
    const first = lines[0]?.length ?? 0;
    for (let cut = first - 2; cut <= bytes.length; cut += 1) {
      await writeFile(join(parent, `${owners[0]}.000001.journal`), bytes.subarray(0, cut));
      const whole = cut === bytes.length ? 2 : cut >= first ? 1 : 0;
      expect(await leftIn(parent)).toEqual(expectedOf(entries.slice(0, whole)));
    }
  });
});

async function copyTo(directory: string, file: string, name: string): Promise<void> {
  await writeFile(join(directory, name), await readFile(join(directory, file)));
}
