import { z } from 'zod';
import type { SettingsPatch } from '../../../src/settings/setting.ts';
import type { Centre } from '../centre.ts';
import { timePasses, until } from '../rest.ts';
import type { Exchange } from './exchange.ts';

/** Where a call can be when something breaks. */
export const stages = [
  'greeting',
  'waiting',
  'operator ringing',
  'talking',
  'held',
  'agency ringing',
  'announced',
  'conference',
  'listening',
  'transfer half done',
] as const;
export type Stage = (typeof stages)[number];

/** A number of a queue for which no operator is fit: whoever dials it waits. */
const waitingNumber = '5119';
const patience = 20_000;
const moment = 150;

/** What such a centre needs beside what every test has. */
export const stageSettings: SettingsPatch = {
  operatorRingSeconds: 15,
  agencyRingSeconds: 120,
  acceptanceSeconds: 60,
  holdSeconds: 600,
  skillSeconds: 120,
  ringAllSeconds: null,
  standbySeconds: null,
  supervisorSeconds: null,
  backupCentreSeconds: null,
  queues: [
    {
      id: 'nobody',
      name: 'Nobody',
      numbers: [waitingNumber],
      priority: 9,
      skills: ['none-has-it'],
      languages: [],
      times: { skillSeconds: 120, ringAllSeconds: null, promoteSeconds: 3_600 },
    },
  ],
};

/** A call that stays where it is until it is told otherwise. The three first stages are those that new calls pass. */
interface Standing {
  readonly count: number;
  readonly dials?: string;
  /** Which agency is engaged, how, and how far that goes. */
  readonly dispatch?: { readonly agencyId: string; readonly mode: string; readonly state: string };
  readonly hold?: true;
}

const standings: Partial<Record<Stage, Standing>> = {
  waiting: { count: 4, dials: waitingNumber },
  talking: { count: 5 },
  held: { count: 3, hold: true },
  'agency ringing': { count: 3, dispatch: { agencyId: 'damkar', mode: 'bridge', state: 'ringing' } },
  announced: { count: 3, dispatch: { agencyId: 'polisi', mode: 'bridge', state: 'announced' } },
  conference: { count: 3, dispatch: { agencyId: 'pln', mode: 'bridge', state: 'joined' } },
  listening: { count: 3, dispatch: { agencyId: 'pln', mode: 'listen', state: 'joined' } },
  'transfer half done': { count: 3, dispatch: { agencyId: 'bpbd', mode: 'transfer', state: 'announced' } },
};
/** Agencies that ring and are not answered. */
export const ringingAgencies: readonly string[] = ['damkar'];

/** How many operators talk in standing calls. */
export const standingOperators = Object.values(standings)
  .filter(({ dials }) => dials === undefined)
  .reduce((sum, { count }) => sum + count, 0);

const liveCalls = z.object({
  items: z.array(
    z.object({ id: z.string(), incidentId: z.string(), sipCallId: z.string().nullable(), stage: z.string() }),
  ),
});
type LiveCall = z.output<typeof liveCalls>['items'][number];

/** The calls of a load that stand in their stages while other calls come and go. */
export class StandingCalls {
  readonly #centre: Centre;
  readonly #exchange: Exchange;
  readonly #calls = new Map<string, { stage: Stage; dispatchId: string | null; since: number }>();
  #numbers = 0;
  #looking: Promise<LiveCall[]> | null = null;

  constructor(centre: Centre, exchange: Exchange) {
    this.#centre = centre;
    this.#exchange = exchange;
  }

  /** SIP Call-IDs of those that stand now. */
  get callIds(): Set<string> {
    return new Set(this.#calls.keys());
  }

  /** Puts calls where they are to stand, in place of those that ended or went on; returns when all of them are there. */
  async stand(): Promise<void> {
    const kept = await this.#inPlace();
    const gone = [...this.#calls.keys()].filter((callId) => !kept.has(callId));
    await this.#exchange.hangUp(gone);
    for (const callId of gone) this.#calls.delete(callId);
    const wanted = Object.entries(standings).flatMap(([name, standing]) => {
      const stage = z.enum(stages).parse(name);
      const there = [...this.#calls.values()].filter((one) => one.stage === stage).length;
      return Array.from({ length: standing.count - there }, () => ({ stage, standing }));
    });
    await Promise.all(wanted.map(({ stage, standing }) => this.#begin(stage, standing)));
  }

  /** How many calls are in which stage, new ones included. */
  async counts(): Promise<Record<Stage, number>> {
    const stories = await this.#exchange.stories();
    const flowing = new Map(
      stories.filter((one) => one.flowing && one.endedAt === null).map((story) => [story.callId, story]),
    );
    const live = (await this.#live()).filter(({ sipCallId }) => flowing.has(sipCallId ?? ''));
    const counted = Object.fromEntries(stages.map((stage) => [stage, 0]));
    for (const { stage } of this.#calls.values()) counted[stage] = (counted[stage] ?? 0) + 1;
    const add = (stage: Stage, count: number): void => void (counted[stage] = (counted[stage] ?? 0) + count);
    add('waiting', live.filter(({ stage }) => stage === 'waiting').length);
    add('operator ringing', live.filter(({ stage }) => stage === 'ringing').length);
    add('talking', live.filter(({ stage }) => stage === 'talking').length);
    // It begins with the answer, and is cut short by the operator.
    const greeted = [...flowing.values()].filter((one) => one.answeredAt !== null && one.personAt === null);
    add('greeting', greeted.length);
    return z.record(z.enum(stages), z.number()).parse(counted);
  }

  async hangUp(): Promise<void> {
    await this.#exchange.hangUp([...this.#calls.keys()]);
    this.#calls.clear();
  }

  /** Forgets who stands, without hanging up: their calls have ended. */
  forget(): void {
    this.#calls.clear();
  }

  async #begin(stage: Stage, { dials, dispatch, hold }: Standing): Promise<void> {
    const number = `0813${String((this.#numbers += 1)).padStart(8, '0')}`;
    const callId = await this.#exchange.dial(number, dials);
    const entry: { stage: Stage; dispatchId: string | null; since: number } = { stage, dispatchId: null, since: 0 };
    this.#calls.set(callId, entry);
    const call = await this.#reaches(callId, dials === undefined ? 'talking' : 'waiting');
    if (dials !== undefined) return;
    if (hold) await this.#post(`/v1/calls/${call.id}/hold`);
    if (dispatch !== undefined) {
      const { agencyId, mode, state } = dispatch;
      const made = await this.#post(`/v1/incidents/${call.incidentId}/dispatches`, { agencyId, mode });
      entry.dispatchId = z.object({ id: z.string() }).parse(made).id;
      const { dispatchId } = entry;
      await until(`dispatch ${mode} of ${agencyId} is ${state}`, () => this.#is(dispatchId, state), patience);
    }
    await this.#exchange.watch([callId]);
  }

  /** Those that are still where they were put. */
  async #inPlace(): Promise<Set<string>> {
    if (this.#calls.size === 0) return new Set();
    const up = new Set((await this.#exchange.stories()).filter((one) => one.endedAt === null).map((one) => one.callId));
    const live = new Map((await this.#live()).map((call) => [call.sipCallId ?? '', call]));
    const kept = new Set<string>();
    for (const [callId, { stage, dispatchId }] of this.#calls) {
      const call = live.get(callId);
      const wanted = standings[stage];
      const stands = call?.stage === (wanted?.dials === undefined ? 'talking' : 'waiting');
      if (!up.has(callId) || !stands) continue;
      if (dispatchId !== null && !(await this.#is(dispatchId, wanted?.dispatch?.state ?? ''))) continue;
      kept.add(callId);
    }
    return kept;
  }

  async #reaches(sipCallId: string, stage: string): Promise<LiveCall> {
    let found: LiveCall | undefined;
    await until(
      `${sipCallId} is ${stage}`,
      async () => {
        found = (await this.#live()).find((call) => call.sipCallId === sipCallId && call.stage === stage);
        return found !== undefined;
      },
      patience,
    );
    if (found === undefined) throw new Error('unreachable');
    return found;
  }

  /** One look serves all who ask within a moment: the machine has calls to carry. */
  #live(): Promise<LiveCall[]> {
    this.#looking ??= timePasses(moment)
      .then(() => this.#centre.api.get('/v1/calls?live=true&limit=200', liveCalls))
      .then(({ items }) => items)
      .finally(() => (this.#looking = null));
    return this.#looking;
  }

  async #is(dispatchId: string | null, state: string): Promise<boolean> {
    const answer = await this.#centre.api.ask('GET', `/v1/dispatches/${dispatchId ?? ''}`);
    if (answer.status === 200 && answer.at('state') === state) return true;
    await timePasses(moment);
    return false;
  }

  async #post(path: string, body: object = {}): Promise<unknown> {
    const answer = await this.#centre.api.ask('POST', path, { body });
    if (answer.status >= 300) throw new Error(`POST ${path} was answered ${answer.status}: ${answer.text}`);
    return answer.body;
  }
}
