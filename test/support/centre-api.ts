import pg from 'pg';
import { z } from 'zod';
import { callDetailView, callView, type CallDetailView, type CallView } from '../../src/calls/view.ts';
import { dispatchView } from '../../src/dispatch/store.ts';
import { incidentView, timelineView } from '../../src/incidents/view.ts';
import type { Role } from '../../src/platform/auth.ts';
import type { SettingsPatch } from '../../src/settings/setting.ts';
import { ask, until, type Answer } from './rest.ts';

const timeline = z.object({ items: z.array(timelineView) });
const alarm = z.object({ code: z.string(), at: z.string(), detail: z.record(z.string(), z.unknown()) });
export type Alarm = z.output<typeof alarm>;
export type Dispatch = z.output<typeof dispatchView>;
type Incident = z.output<typeof incidentView>;

/** A centre's REST API, metrics and database, as tests ask them. */
export class CentreApi {
  readonly tokens: Record<Role, string>;
  readonly #base: () => string;
  readonly #pool: pg.Pool;

  /** `base` is asked for each request: the controller may be another one by then. */
  constructor(options: { base: () => string; tokens: Record<Role, string>; databaseUrl: string }) {
    this.tokens = options.tokens;
    this.#base = options.base;
    this.#pool = new pg.Pool({ connectionString: options.databaseUrl, max: 2 });
    // The database may be dropped under an idle connection.
    this.#pool.on('error', () => undefined);
  }

  /** Sends a request as a role; the answer is not judged. */
  ask(
    method: string,
    path: string,
    options: { as?: Role; body?: unknown; headers?: Record<string, string> } = {},
  ): Promise<Answer> {
    return ask({ base: this.#base() }, this.tokens[options.as ?? 'admin'], method, path, options);
  }

  /** A GET that has to be answered 200, parsed. */
  async get<S extends z.ZodType>(path: string, schema: S): Promise<z.output<S>> {
    const answer = await this.ask('GET', path);
    if (answer.status !== 200) throw new Error(`GET ${path} was answered ${answer.status}: ${answer.text}`);
    return schema.parse(answer.body);
  }

  call = (callId: string): Promise<CallDetailView> => this.get(`/v1/calls/${callId}`, callDetailView);
  incident = (incidentId: string): Promise<Incident> => this.get(`/v1/incidents/${incidentId}`, incidentView);
  dispatch = (dispatchId: string): Promise<Dispatch> => this.get(`/v1/dispatches/${dispatchId}`, dispatchView);

  /** Types of a call's timeline, as PostgreSQL has them, oldest first. */
  async timelineOf(callId: string): Promise<z.output<typeof timelineView>[]> {
    return (await this.get(`/v1/calls/${callId}/timeline`, timeline)).items;
  }

  async alarms(code: string): Promise<Alarm[]> {
    const listed = await this.get('/v1/alarms?limit=200', z.object({ items: z.array(alarm) }));
    return listed.items.filter((one) => one.code === code);
  }

  /** One statement on the centre's database. */
  async sql<S extends z.ZodType>(schema: S, text: string, values: unknown[] = []): Promise<z.output<S>[]> {
    const { rows } = await this.#pool.query<Record<string, unknown>>(text, values);
    return rows.map((row) => schema.parse(row));
  }

  /** What Prometheus reads: the value of one series, 0 when there is none yet. */
  async metric(name: string, labels: Record<string, string> = {}): Promise<number> {
    const text = await (await fetch(`${this.#base()}/metrics`)).text();
    const wanted = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
    const line = text
      .split('\n')
      .find(
        (one) => (one.startsWith(`${name}{`) || one.startsWith(`${name} `)) && wanted.every((w) => one.includes(w)),
      );
    return line === undefined ? 0 : Number(line.slice(line.lastIndexOf(' ') + 1));
  }

  async operatorIs(operatorId: string, state: string, within = 10_000): Promise<void> {
    await until(
      `operator ${operatorId} is ${state}`,
      async () => {
        const { items } = await this.get(
          '/v1/operators',
          z.object({ items: z.array(z.object({ id: z.string(), state: z.string() })) }),
        );
        return items.some((one) => one.id === operatorId && one.state === state);
      },
      within,
    );
  }

  /** The call that an INVITE became, as soon as a controller has taken it. */
  async taken(call: { readonly callId: string }, within = 5_000): Promise<CallView> {
    let found: CallView | undefined;
    await until(
      `a controller has the call ${call.callId}`,
      async () => {
        const { items } = await this.get('/v1/calls?live=true', z.object({ items: z.array(callView) }));
        found = items.find(({ sipCallId }) => sipCallId === call.callId);
        return found !== undefined;
      },
      within,
    );
    if (found === undefined) throw new Error('unreachable');
    return found;
  }

  /**
   * The record of a call with its outcome, found by its SIP Call-ID in PostgreSQL; fails unless there is exactly one.
   * A call that was given back has its outcome when the human path is through with it.
   */
  recordOf(sipCallId: string, within = 15_000): Promise<CallDetailView> {
    return this.recordBy('sip_call_id', sipCallId, within);
  }

  /** The same by the caller's number, for a number that called once. */
  recordOfNumber(callerNumber: string, within = 15_000): Promise<CallDetailView> {
    return this.recordBy('caller_number', callerNumber, within);
  }

  private async recordBy(
    column: 'sip_call_id' | 'caller_number',
    value: string,
    within: number,
  ): Promise<CallDetailView> {
    const read = (): Promise<{ id: string; outcome: string | null }[]> =>
      this.sql(
        z.object({ id: z.string(), outcome: z.string().nullable() }),
        `select id, outcome from calls where ${column} = $1`,
        [value],
      );
    await until(
      `the call ${value} has its outcome`,
      async () => (await read()).some(({ outcome }) => outcome !== null && outcome !== 'returned'),
      within,
    );
    const rows = await read();
    const id = rows[0]?.id;
    if (rows.length !== 1 || id === undefined) throw new Error(`${rows.length} records of the call ${value}`);
    return this.call(id);
  }

  /** Changes settings; they hold from the next call on. */
  async set(patch: SettingsPatch): Promise<void> {
    await this.edit('/v1/settings', patch);
  }

  /** Changes what is there, of the version that is there. */
  async edit(path: string, patch: object): Promise<Answer> {
    const { headers } = await this.ask('GET', path);
    const changed = await this.ask('PATCH', path, {
      body: patch,
      headers: { 'if-match': headers.get('etag') ?? '' },
    });
    if (changed.status !== 200) throw new Error(`a change of ${path} was refused: ${changed.text}`);
    return changed;
  }

  close(): Promise<void> {
    return this.#pool.end();
  }
}
