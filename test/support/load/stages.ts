import { z } from 'zod';
import type { ControllerHandle } from '../../../scripts/runtime.mjs';
import type { SettingsPatch } from '../../../src/settings/setting.ts';
import type { Centre } from '../centre.ts';
import { ask, timePasses, until, type Answer } from '../rest.ts';
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
const patience = 6_000;
/** A controller that cannot keep up for a moment leaves calls to the human path. */
const atOnce = 5;
const moment = 150;
/** Milliseconds that a process may take to answer; longer than a command that waits for a store that is away. */
const commandLimit = 5_000;

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

/** A call that stays where it is until it is told otherwise. */
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
/** Stages that new calls pass at every time: a fault waits for a moment in which each has a call. */
const passing: readonly Stage[] = ['greeting', 'operator ringing'];
/** Stages in which no fault would meet a call; there is none. */
export const stagesWithoutCalls = stages.filter((stage) => standings[stage] === undefined && !passing.includes(stage));
/** Agencies that ring and are not answered. */
export const ringingAgencies: readonly string[] = ['damkar'];

/** How many operators talk in standing calls. */
export const standingOperators = Object.values(standings)
  .filter(({ dials }) => dials === undefined)
  .reduce((sum, { count }) => sum + count, 0);

interface Entry {
  readonly stage: Stage;
  dispatchId: string | null;
  /** It was in that stage, and went on. */
  used?: true;
}

const liveCalls = z.object({
  items: z.array(
    z.object({ id: z.string(), incidentId: z.string(), sipCallId: z.string().nullable(), stage: z.string() }),
  ),
});
/** `http`: a controller that tells of it. */
type LiveCall = z.output<typeof liveCalls>['items'][number] & { readonly http: string };

/** The calls of a load that stand in their stages while other calls come and go. */
export class StandingCalls {
  readonly #centre: Centre;
  readonly #exchange: Exchange;
  readonly #calls = new Map<string, Entry>();
  #numbers = 0;
  #looking: Promise<LiveCall[]> | null = null;

  constructor(centre: Centre, exchange: Exchange) {
    this.#centre = centre;
    this.#exchange = exchange;
  }

  /** The stages of those that stand now, by their SIP Call-IDs. */
  stageOf(): ReadonlyMap<string, Stage> {
    return new Map([...this.#calls].map(([callId, { stage }]) => [callId, stage]));
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
    const next = async (): Promise<void> => {
      for (let one = wanted.pop(); one !== undefined; one = wanted.pop()) await this.#begin(one.stage, one.standing);
    };
    await Promise.all(Array.from({ length: atOnce }, next));
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

  /**
   * Asks for an agency in the calls that talk; answers how many of these dispatches came to a state within so many
   * milliseconds. Those calls stand no more where they stood, and are replaced before the next fault.
   */
  async engage(agencyId: string, state: string, within: number): Promise<{ asked: number; came: number }> {
    const talking = [...this.#calls].filter(([, { stage, used }]) => stage === 'talking' && used !== true);
    const live = new Map((await this.#live()).map((call) => [call.sipCallId ?? '', call]));
    const came = await Promise.all(
      talking.map(async ([callId, entry]) => {
        entry.used = true;
        const call = live.get(callId);
        if (call === undefined) return 0;
        const { http, incidentId } = call;
        const made = await this.#post(http, `/v1/incidents/${incidentId}/dispatches`, { agencyId });
        const { id: dispatchId } = z.object({ id: z.string() }).parse(made);
        return until(`it is ${state}`, () => this.#is({ http, dispatchId }, state), within).then(
          () => 1,
          () => 0,
        );
      }),
    );
    return { asked: talking.length, came: came.reduce<number>((sum, one) => sum + one, 0) };
  }

  async hangUp(): Promise<void> {
    await this.#exchange.hangUp([...this.#calls.keys()]);
    this.#calls.clear();
  }

  /** Forgets who stands, without hanging up: their calls have ended. */
  forget(): void {
    this.#calls.clear();
  }

  /** A call that was not claimed, or went another way than it should, talks without a controller: another one takes its place. */
  async #begin(stage: Stage, standing: Standing, again = 2): Promise<void> {
    try {
      await this.#dial(stage, standing);
    } catch (error) {
      if (again === 0) throw error;
      await this.#begin(stage, standing, again - 1);
    }
  }

  async #dial(stage: Stage, standing: Standing): Promise<void> {
    const number = `0813${String((this.#numbers += 1)).padStart(8, '0')}`;
    const callId = await this.#exchange.dial(number, standing.dials);
    try {
      await this.#bring(callId, { stage, dispatchId: null }, standing);
    } catch (error) {
      await this.#exchange.hangUp([callId]);
      this.#calls.delete(callId);
      throw error;
    }
  }

  async #bring(callId: string, entry: Entry, { dials, dispatch, hold }: Standing): Promise<void> {
    const call = await this.#reaches(callId, dials === undefined ? 'talking' : 'waiting');
    this.#calls.set(callId, entry);
    if (dials !== undefined) return;
    const { http } = call;
    if (hold) await this.#post(http, `/v1/calls/${call.id}/hold`);
    if (dispatch !== undefined) {
      const { agencyId, mode, state } = dispatch;
      const made = await this.#post(http, `/v1/incidents/${call.incidentId}/dispatches`, { agencyId, mode });
      entry.dispatchId = z.object({ id: z.string() }).parse(made).id;
      const { dispatchId } = entry;
      await until(`dispatch ${mode} of ${agencyId} is ${state}`, () => this.#is({ http, dispatchId }, state), patience);
    }
    await this.#exchange.watch([callId]);
  }

  /** Those that are still where they were put. */
  async #inPlace(): Promise<Set<string>> {
    if (this.#calls.size === 0) return new Set();
    const up = new Set((await this.#exchange.stories()).filter((one) => one.endedAt === null).map((one) => one.callId));
    const live = new Map((await this.#live()).map((call) => [call.sipCallId ?? '', call]));
    const kept = new Set<string>();
    for (const [callId, { stage, dispatchId, used }] of this.#calls) {
      const call = live.get(callId);
      const wanted = standings[stage];
      const stands = call?.stage === (wanted?.dials === undefined ? 'talking' : 'waiting');
      if (call === undefined || !up.has(callId) || !stands || used === true) continue;
      const { http } = call;
      if (dispatchId !== null && !(await this.#is({ http, dispatchId }, wanted?.dispatch?.state ?? ''))) continue;
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
      .then(() => Promise.all(this.#centre.controllers.map((one) => this.#liveAt(one))))
      .then((lists) => [...new Map(lists.flat().map((call) => [call.id, call])).values()])
      .finally(() => (this.#looking = null));
    return this.#looking;
  }

  /** Each controller tells of the calls of all; a worker has none, and one that is frozen tells nothing. */
  async #liveAt({ ended, http }: ControllerHandle): Promise<LiveCall[]> {
    if (ended !== null) return [];
    const answer = await this.#ask(http, 'GET', '/v1/calls?live=true&limit=200').catch(() => null);
    if (answer?.status !== 200) return [];
    return liveCalls.parse(answer.body).items.map((call) => ({ ...call, http }));
  }

  #ask(http: string, method: string, path: string, body?: object): Promise<Answer> {
    const options = { limitMs: commandLimit, ...(body === undefined ? {} : { body }) };
    return ask({ base: http }, this.#centre.api.tokens.admin, method, path, options);
  }

  async #is({ http, dispatchId }: { http: string; dispatchId: string | null }, state: string): Promise<boolean> {
    const answer = await this.#ask(http, 'GET', `/v1/dispatches/${dispatchId ?? ''}`);
    if (answer.status === 200 && answer.at('state') === state) return true;
    await timePasses(moment);
    return false;
  }

  async #post(http: string, path: string, body: object = {}): Promise<unknown> {
    const answer = await this.#ask(http, 'POST', path, body);
    if (answer.status >= 300) throw new Error(`POST ${path} was answered ${answer.status}: ${answer.text}`);
    return answer.body;
  }
}
