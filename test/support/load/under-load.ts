import { z } from 'zod';
import { carriers, type Centre, type CentreOptions } from '../centre.ts';
import { ask, timePasses, until } from '../rest.ts';
import { startCentre } from '../start-centre.ts';
import { Exchange } from './exchange.ts';
import { gapsOfMachine, lossesOf, normalSince, offered, type Loss } from './losses.ts';
import { countRecords } from './records.ts';
import { emptyRow, writeRow, type FaultRow } from './row.ts';
import { ringingAgencies, StandingCalls, stageSettings, standingOperators } from './stages.ts';

/** `npm run test:faults -- --long` */
export const isLong = process.env['SIAGA_TEST_LONG'] === '1';
/** New calls a fault has to meet in the long run. */
const longOffers = 3_000;
const perSecond = 5;
/** Milliseconds that an operator's phone rings, and that a new call's caller talks. */
const answerAfter = 600;
const talk = 2_000;
/** Beside those who talk in standing calls: new calls hold some 14 at a time, and shall find free ones. */
const freeOperators = 26;
/** Before a fault: new calls in all the stages that they pass. */
const before = isLong ? 4_000 : 1_500;
/** Seconds from a fault's end until all is as ever, at the most. */
export const normalWithin = 10;
/** So long is waited for what has to be normal within a limit, beyond that limit. */
const overtime = 10_000;

export interface Fault {
  readonly part: string;
  readonly fault: string;
  readonly strike: () => void | Promise<void>;
  /** Milliseconds from the strike to its mending. */
  readonly holds: number;
  /** What is done meanwhile; it takes part of that time. */
  readonly meanwhile?: () => Promise<void>;
  readonly mend: () => void | Promise<void>;
  /** Seconds from the mending until everything is normal, at the most, where it is not the ordinary time. */
  readonly normalWithin?: number;
  /** Every call ends with it, as with Asterisk: neither they nor what is dialled before it is mended count as lost. */
  readonly endsCalls?: true;
}

const health = z.object({ parts: z.record(z.string(), z.string()).optional() }).loose();

/** A centre with calls in every stage and new ones coming, in the middle of which something breaks. */
export class UnderLoad {
  readonly centre: Centre;
  readonly exchange: Exchange;
  readonly standing: StandingCalls;
  #from = Date.now();
  #prefix = 0;

  private constructor(centre: Centre, exchange: Exchange) {
    this.centre = centre;
    this.exchange = exchange;
    this.standing = new StandingCalls(centre, exchange);
  }

  /** `prepare` adds what is to be there before the first call. */
  static async start({
    prepare,
    ...options
  }: CentreOptions & { prepare?: (centre: Centre) => Promise<void> }): Promise<UnderLoad> {
    const centre = await startCentre({
      ...options,
      operators: standingOperators + freeOperators,
      settings: { ...stageSettings, ...options.settings },
    });
    let exchange: Exchange | undefined;
    try {
      await prepare?.(centre);
      exchange = await Exchange.open({
        server: centre.asterisk.sip,
        address: carriers.telkom,
        accounts: centre.operators.map(({ username, password }) => ({ username, password })),
        trunks: await trunksOf(centre),
        answerAfter,
        asterisk: centre.asterisk.pid,
      });
      const load = new UnderLoad(centre, exchange);
      const queue = z.object({ operators: z.record(z.string(), z.number()) });
      await until('every operator is at his desk', async () => {
        const { operators } = await centre.api.get('/v1/queue', queue);
        return operators['available'] === centre.operators.length;
      });
      await load.standing.stand();
      await load.flow();
      return load;
    } catch (error) {
      await exchange?.stop();
      await centre.stop();
      throw error;
    }
  }

  /** Lets new calls come, from numbers that have not called. */
  async flow(): Promise<void> {
    this.#prefix += 1;
    this.#from = Date.now();
    await this.exchange.flow({ perSecond, talk, prefix: `0812${String(this.#prefix).padStart(2, '0')}` });
  }

  /** Lets a fault strike, over and over in the long run, and tells what it did. */
  async meet(fault: Fault): Promise<FaultRow & { details: string[] }> {
    const total = emptyRow(fault);
    const details: string[] = [];
    do {
      const met = await this.#once(fault);
      details.push(...met.details);
      add(total, met);
    } while (isLong && total.offered < longOffers);
    writeRow(total);
    return { ...total, details };
  }

  async stop(): Promise<void> {
    await this.exchange.stop();
    await this.centre.stop();
  }

  async #once(fault: Fault): Promise<FaultRow & { details: string[] }> {
    await this.standing.stand();
    await timePasses(before);
    const stages = await this.#inEveryStage();
    const stageOf = this.standing.stageOf();
    const standing = new Set(stageOf.keys());
    await fault.strike();
    const struckAt = Date.now();
    if (fault.endsCalls) await this.exchange.dropAll();
    try {
      await Promise.all([timePasses(fault.holds), fault.meanwhile?.()]);
    } finally {
      // What follows is not to meet this fault as well.
      await fault.mend();
    }
    const mendedAt = Date.now();
    if (fault.endsCalls) {
      await this.exchange.asteriskIs(this.centre.asterisk.pid);
      this.standing.forget();
    }
    const normal = await this.#normal(fault, mendedAt);
    const seconds = (at: number): number => Math.max(0, Math.round((at - mendedAt) / 100) / 10);
    const window = { from: fault.endsCalls ? mendedAt : this.#from, to: Date.now() };
    const opened = this.#from;
    this.#from = window.to;
    const stories = await this.#overAndDone(window.to);
    const losses = lossesOf(stories, standing, window);
    const over = stories.filter((one) => one.endedAt !== null && one.answeredAt !== null && one.invitedAt < window.to);
    const records = await countRecords(
      this.centre,
      over.map(({ callId }) => callId),
      30_000,
    );
    await this.exchange.forget(window.to);
    return {
      ...emptyRow(fault),
      strikes: 1,
      offered: offered(stories, { from: opened, to: window.to }).length,
      established: stories.filter(
        (one) =>
          one.answeredAt !== null && one.answeredAt < struckAt && !(one.endedAt !== null && one.endedAt < struckAt),
      ).length,
      lost: losses.length,
      losses: byKind(losses),
      gapsOfMachine: gapsOfMachine(stories, window),
      recordsMissing: records.missing.length,
      recordsDoubled: records.doubled.length,
      secondsUntilNormal: normal === null ? null : seconds(Math.max(normal.calls, normal.parts)),
      stages,
      details: [
        ...losses.map(
          ({ kind, callId, number, detail }) => `${kind}: ${number} (${stageOf.get(callId) ?? 'new call'}): ${detail}`,
        ),
        ...(normal === null ? [await this.#whyNotNormal(mendedAt)] : []),
        ...(normal !== null && seconds(Math.max(normal.calls, normal.parts)) > (fault.normalWithin ?? normalWithin)
          ? [`normal late: calls after ${seconds(normal.calls)} s, parts after ${seconds(normal.parts)} s`]
          : []),
        ...records.missing.map((callId) => `missing: ${callId}`),
        ...records.doubled.map((what) => `doubled: ${what}`),
      ],
    };
  }

  /** Waits for a moment in which a call is in every stage. */
  async #inEveryStage(): Promise<FaultRow['stages']> {
    let counts = await this.standing.counts();
    const all = async (): Promise<boolean> =>
      Object.values(counts).every((count) => count > 0) || ((counts = await this.standing.counts()), false);
    await until('a call is in every stage', all);
    return counts;
  }

  /** When all was as ever: new calls answered and brought to a person (`calls`), and every part of a controller up (`parts`). */
  async #normal(fault: Fault, mendedAt: number): Promise<{ calls: number; parts: number } | null> {
    let since: number | null = null;
    let upSince: number | null = null;
    const limit = (fault.normalWithin ?? normalWithin) * 1_000 + overtime;
    const settled = async (): Promise<boolean> => {
      upSince = (await this.#wanting()).length === 0 ? (upSince ?? Date.now()) : null;
      since = normalSince(await this.exchange.stories(), mendedAt, Date.now());
      await timePasses(200);
      return since !== null && upSince !== null;
    };
    return until('all is normal', settled, limit).then(
      () => ({ calls: since ?? 0, parts: upSince ?? 0 }),
      () => null,
    );
  }

  /** What of it was still wanting when the time was up. */
  async #whyNotNormal(mendedAt: number): Promise<string> {
    const late = (await this.exchange.stories())
      .filter(({ flowing, invitedAt }) => flowing && invitedAt >= mendedAt)
      .map(({ waited, personAt, invitedAt }) => [waited, personAt === null ? Infinity : personAt - invitedAt] as const)
      .filter(([answer, person]) => answer > 1_500 || person > 4_000);
    const slowest = (which: 0 | 1): number => Math.round(Math.max(0, ...late.map((times) => times[which])));
    const calls = `${late.length} new calls late, answered after ${slowest(0)} ms and with a person after ${slowest(1)} ms at worst`;
    return `not normal: ${[...(await this.#wanting()), calls].join('; ')}`;
  }

  /** What processes that live say of their parts that are wanting, or that they say nothing. What is switched off is not wanting. */
  async #wanting(): Promise<string[]> {
    const alive = this.centre.controllers.filter(({ ended }) => ended === null);
    const answers = alive.map(async ({ http, name }) => {
      const answer = await ask({ base: http }, undefined, 'GET', '/readyz', { limitMs: 3_000 }).catch(() => null);
      if (answer === null) return [`${name} is silent`];
      const { parts = {} } = health.parse(answer.body);
      return Object.entries(parts).flatMap(([part, state]) =>
        state === 'up' || state === 'off' ? [] : [`${name}: ${part} ${state}`],
      );
    });
    return (await Promise.all(answers)).flat();
  }

  /** Waits until every new call of before then has ended, or for as long as one needs. */
  async #overAndDone(before: number): Promise<Awaited<ReturnType<Exchange['stories']>>> {
    const open = async (): Promise<boolean> =>
      (await this.exchange.stories()).some((one) => one.flowing && one.endedAt === null && one.invitedAt < before);
    await until('all have ended', async () => !(await open()), 15_000).catch(() => undefined);
    return this.exchange.stories();
  }
}

/** A leader and its standby. */
export function startPair(options: CentreOptions): Promise<UnderLoad> {
  return UnderLoad.start({
    ...options,
    prepare: async (centre) => {
      await centre.startController({ rank: 1, name: 'standby-0' });
    },
  });
}

async function trunksOf(centre: Centre): Promise<{ port: number; answerAfter: number | null }[]> {
  const listed = z.object({ items: z.array(z.object({ agencyId: z.string(), port: z.number().optional() })) });
  const { items } = await centre.api.get('/v1/trunks', listed);
  return items.flatMap(({ agencyId, port }) =>
    port === undefined ? [] : [{ port, answerAfter: ringingAgencies.includes(agencyId) ? null : 300 }],
  );
}

function add(total: FaultRow, met: FaultRow): void {
  for (const count of [
    'strikes',
    'offered',
    'established',
    'lost',
    'gapsOfMachine',
    'recordsMissing',
    'recordsDoubled',
  ] as const) {
    total[count] += met[count];
  }
  const { secondsUntilNormal: longest } = total;
  total.secondsUntilNormal =
    longest === null || met.secondsUntilNormal === null ? null : Math.max(longest, met.secondsUntilNormal);
  total.losses = sum(total.losses, met.losses);
  total.stages = sum(total.stages, met.stages);
}

function sum<K extends string>(
  one: Partial<Record<K, number>>,
  other: Partial<Record<K, number>>,
): Partial<Record<K, number>> {
  const summed: Partial<Record<K, number>> = { ...one };
  for (const key in other) summed[key] = (summed[key] ?? 0) + (other[key] ?? 0);
  return summed;
}

function byKind(losses: readonly Loss[]): FaultRow['losses'] {
  const counts: FaultRow['losses'] = {};
  for (const { kind } of losses) counts[kind] = (counts[kind] ?? 0) + 1;
  return counts;
}
