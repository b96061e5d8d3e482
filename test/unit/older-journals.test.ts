import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { legsOf } from '../../src/calls/channels.ts';
import type { HeldChannel } from '../../src/calls/call-input.ts';
import type { Call } from '../../src/calls/call.ts';
import { decide } from '../../src/calls/decide.ts';
import { readLeftCalls } from '../../src/calls/left-calls.ts';
import { encodeEntry } from '../../src/platform/journal-file.ts';
import { decodeLines } from '../../src/platform/journal-reader.ts';
import { createLogger } from '../../src/platform/logger.ts';
import { callIdOf, entryOfStage, fixtureOwner, otherEntries, stages } from '../support/journal-stages.ts';

// A controller goes on with the calls that one of an older version has left, from its journal. test/fixtures/journal-<n> is
// such a journal, as the program wrote it once, with a call in each stage. When the form of what is written changes:
//   1. what calls have by now and older ones have not is filled in by src/calls/completed-call.ts; or the code does without
//      it where it is absent, and its path is added to `optional` below;
//   2. `node scripts/journal-fixture.mjs` writes the next journal-<n>; those before it stay as they are.
const fixtures = fileURLToPath(new URL('../fixtures/', import.meta.url));
/** Paths of a call's state (`.media`) that came later, and that older calls go on without. */
const optional: ReadonlySet<string> = new Set([]);
const file = `${fixtureOwner}.000001.journal`;
const versions = (await readdir(fixtures)).filter((name) => /^journal-\d+$/.test(name)).sort(byNumber);
const newest = (): string => versions.at(-1) ?? 'journal-0';
const written = process.env['SIAGA_JOURNAL_FIXTURE'];

function byNumber(one: string, other: string): number {
  return Number(one.split('-')[1]) - Number(other.split('-')[1]);
}

/** What this version writes. */
const current = (): unknown[] => [...Object.keys(stages).map(entryOfStage), ...otherEntries()];

if (written === 'write') {
  // The newest is not over-written: somewhere a controller of that version may have left its journal.
  const next = `journal-${Number(newest().split('-')[1]) + 1}`;
  const lines = current().map((entry) => encodeEntry(z.record(z.string(), z.unknown()).parse(entry)));
  await mkdir(join(fixtures, next), { recursive: true });
  await writeFile(join(fixtures, next, file), Buffer.concat(lines));
  versions.push(next);
}

/** The JSON types at each path of a value; of lists all members together. Null and empty lists say nothing. */
function shapeOf(value: unknown, path = '', shape = new Map<string, Set<string>>()): Map<string, Set<string>> {
  if (value === null || value === undefined) return shape;
  const type = Array.isArray(value) ? 'list' : typeof value;
  shape.set(path, (shape.get(path) ?? new Set()).add(type));
  if (Array.isArray(value)) for (const one of value) shapeOf(one, `${path}[]`, shape);
  else if (typeof value === 'object') {
    for (const [key, one] of Object.entries(value)) {
      shape.set(`${path}.${key}`, shape.get(`${path}.${key}`) ?? new Set());
      shapeOf(one, `${path}.${key}`, shape);
    }
  }
  return shape;
}

/** What `now` has, or has in another form, and `then` has not. */
function missingIn(then: Map<string, Set<string>>, now: Map<string, Set<string>>): string[] {
  return [...now].flatMap(([path, types]) => {
    const before = then.get(path);
    if (before === undefined) return [`${path} is new`];
    const changed = before.size > 0 && [...types].some((type) => !before.has(type));
    return changed ? [`${path} was ${[...before].join()} and is ${[...types].join()}`] : [];
  });
}

function isOptional(missing: string): boolean {
  return [...optional].some((path) => missing.startsWith(path) && /^[.[ ]/.test(missing.slice(path.length)));
}

const hasState = z.object({ state: z.unknown() });
const stateOf = (stage: string): unknown => hasState.parse(entryOfStage(stage)).state;

async function leftOf(version: string): Promise<Map<string, Call>> {
  const left = await readLeftCalls(join(fixtures, version), [fixtureOwner], createLogger('silent'), false);
  return new Map([...left].map(([id, { call }]) => [id, call]));
}

/** Asterisk has all of it as the call believes. */
function adopted(call: Call): { call: Call; effects: string[] } {
  const bridgeId = call.bridge?.id ?? null;
  const channels = [call.channelId, ...legsOf(call)].map((channelId): HeldChannel => {
    const isCaller = channelId === call.channelId;
    const inside = isCaller ? call.caller.joined : call.stage === 'talking';
    return { channelId, state: 'up', bridgeId: inside ? bridgeId : null, here: true };
  });
  const bridges = bridgeId === null ? [] : [bridgeId];
  const at = call.claimedAt + 60_000;
  const decision = decide(call, { type: 'adopted', at, application: 'siaga-next', channels, bridges });
  return { call: decision.call, effects: decision.effects.map((effect) => effect.do) };
}

describe.each(versions)('%s', (version) => {
  it('has every call that its controller had not ended, in a form that is known here', async () => {
    const left = await leftOf(version);
    const current = Object.keys(stages).filter((stage) => stage !== 'over');
    const older = z.array(z.string()).parse(await idsOf(version));
    const expected = current.map(callIdOf).filter((id) => older.includes(id));
    expect([...left.keys()].toSorted()).toEqual(expected.toSorted());
    expect(expected.length).toBeGreaterThan(15);
    for (const stage of current) {
      const call = left.get(callIdOf(stage));
      if (call === undefined) continue;
      const missing = missingIn(shapeOf(call), shapeOf(stateOf(stage))).filter((path) => !isOptional(path));
      expect({ stage, missing }).toEqual({ stage, missing: [] });
    }
  });

  it('is gone on with as if this version had written it: the same stage, the same is done, and each call comes to its end', async () => {
    const [left, own] = [await leftOf(version), await leftOf(newest())];
    expect(left.size).toBeGreaterThan(15);
    for (const [id, call] of left) {
      const after = adopted(structuredClone(call));
      if (call.endedAt === null) expect(after.call.stage).toBe(call.stage);
      const same = own.get(id);
      if (same !== undefined) expect(after.effects).toEqual(adopted(structuredClone(same)).effects);
      for (const name of Object.keys(call.timers)) {
        const at = call.claimedAt + 120_000;
        expect(() => decide(structuredClone(after.call), { type: 'timer', at, name })).not.toThrow();
      }
      const at = call.claimedAt + 180_000;
      const alone = decide(after.call, { type: 'caller-gone', at, cause: 16 }).call;
      const over = legsOf(alone).reduce(
        (before, channelId) => decide(before, { type: 'leg-gone', at, channelId, cause: 16 }).call,
        alone,
      );
      expect(over.endedAt).not.toBeNull();
    }
  });
});

async function idsOf(version: string): Promise<string[]> {
  const bytes = await readFile(join(fixtures, version, file));
  const withId = z.object({ callId: z.string() });
  return Array.from(decodeLines(bytes), ({ read }) => (read.ok ? read.value : null)).flatMap((value) => {
    const entry = withId.safeParse(value);
    return entry.success ? [entry.data.callId] : [];
  });
}

test('the newest journal among the fixtures has the form in which this version writes (else see the top of this file)', async () => {
  const bytes = await readFile(join(fixtures, newest(), file));
  const lines = Array.from(decodeLines(bytes), ({ read }) => (read.ok ? read.value : null));
  const now = current().map((entry) => JSON.parse(JSON.stringify(entry)) as unknown);
  expect(lines).toHaveLength(now.length);
  for (const [index, entry] of now.entries()) {
    const [then, here] = [shapeOf(lines[index]), shapeOf(entry)];
    expect({ new: missingIn(then, here), gone: missingIn(here, then) }).toEqual({ new: [], gone: [] });
  }
});
