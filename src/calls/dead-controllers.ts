import type { Clock } from '../platform/clock.ts';
import type { Presence } from '../platform/presence.ts';

/** The applications of a node's controllers but `own`, whatever else is connected to Asterisk. */
export function otherControllers(names: readonly string[], node: string, own: string): string[] {
  const ofNode = new RegExp(`^siaga-${node.replace(/[^A-Za-z0-9_-]/g, '\\$&')}-\\d+-\\d+-[0-9a-z]+$`);
  return [...new Set(names)].filter((name) => name !== own && ofNode.test(name));
}

function rankOf(application: string): number {
  return Number(/-(\d+)-\d+-[0-9a-z]+$/.exec(application)?.[1] ?? 0);
}

/** A journal is touched every second by the process that writes it. */
const deadAfter = 4_000;
/** Two signs of life fail: that one does not answer either. */
const silentDeadAfter = 3_000;
const waitForEach = 3_000;

/** Knows which controllers of this node are dead, from looks at them that come every half a second or so. */
export function watchControllers(deps: {
  clock: Clock;
  /** Whoever has living controllers of a lower rank lets them take what is left, so that no two do. */
  rank: number;
  presenceOf: (name: string) => Promise<Presence>;
  /** When the journal of an application was last touched; absent if it has none. */
  journalTouchedAt: () => Promise<ReadonlyMap<string, number>>;
}): { deadAmong: (names: readonly string[]) => Promise<Map<string, Presence>> } {
  const { clock } = deps;
  // The clocks of two processes may differ: what counts is whether the file's time moves.
  const seen = new Map<string, { touchedAt: number | undefined; since: number }>();

  const quietFor = (name: string, touched: ReadonlyMap<string, number>, now: number): number => {
    const touchedAt = touched.get(name);
    const known = seen.get(name);
    if (known !== undefined && known.touchedAt === touchedAt) return now - known.since;
    seen.set(name, { touchedAt, since: now });
    return 0;
  };

  return {
    /** By name, how each dead one shows that it is. */
    async deadAmong(names) {
      const [touched, presences] = await Promise.all([
        deps.journalTouchedAt(),
        Promise.all(names.map(async (name) => [name, await deps.presenceOf(name)] as const)),
      ]);
      const now = clock.monotonic();
      for (const name of seen.keys()) if (!names.includes(name)) seen.delete(name);
      /** For how long it has been dead; negative while it lives, or may. */
      const deadFor = presences.map(([name, presence]) => {
        const quiet = quietFor(name, touched, now);
        const limit = presence === 'gone' ? 0 : presence === 'silent' ? silentDeadAfter : deadAfter;
        return { name, presence, by: presence === 'lives' ? -1 : quiet - limit };
      });
      const before = deadFor.filter(({ name, by }) => rankOf(name) < deps.rank && by < 0).length;
      const dead = deadFor.filter(({ by }) => by >= before * waitForEach);
      return new Map(dead.map(({ name, presence }) => [name, presence]));
    },
  };
}
