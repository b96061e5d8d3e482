import { Worker } from 'node:worker_threads';
import { z } from 'zod';

/** What became of one caller. Times are those of Date.now(), in milliseconds; durations count only time awake. */
const story = z.object({
  /** SIP Call-ID. */
  callId: z.string(),
  number: z.string(),
  /** Final status of the INVITE; null while there is none. */
  status: z.number().nullable(),
  invitedAt: z.number(),
  /** Milliseconds from the INVITE to its final answer, or until now. */
  waited: z.number(),
  answeredAt: z.number().nullable(),
  /** When an operator was first heard. */
  personAt: z.number().nullable(),
  endedAt: z.number().nullable(),
  endedBy: z.enum(['caller', 'centre', 'fault']).nullable(),
  /** One of the stream of new calls, not one that stands in a stage. */
  flowing: z.boolean(),
  /** Times of more than 5 s without person, prompt or music since the answer. */
  silences: z.array(z.object({ ms: z.number(), at: z.number() })),
  /** What of a conversation never came, where more than 200 ms on end are missing. */
  gaps: z.array(
    z.object({
      ms: z.number(),
      at: z.number(),
      /** Milliseconds that a thread of Asterisk's waited for a processor at that time, which others had. */
      starved: z.number(),
    }),
  ),
});
export type CallerStory = z.output<typeof story>;

export interface ExchangeOptions {
  server: { host: string; port: number };
  /** Loopback address of the carrier. */
  address: string;
  accounts: readonly { username: string; password: string }[];
  /** Agencies' exchanges; with null for `answerAfter` (milliseconds) it rings for ever. */
  trunks: readonly { port: number; answerAfter: number | null }[];
  /** Milliseconds until an operator answers. */
  answerAfter: number;
  /** Process id. */
  asterisk: number;
}

const reply = z.object({ ticket: z.number(), result: z.unknown(), failed: z.string().optional() });

/** Callers, operators' phones and agencies' exchanges of a load, in one thread; its owner stops it. */
export class Exchange {
  readonly #worker = new Worker(new URL('exchange.mjs', import.meta.url));
  readonly #waiting = new Map<number, { resolve: (result: unknown) => void; reject: (error: Error) => void }>();
  #orders = 0;

  private constructor() {
    this.#worker.on('message', (message) => {
      const { ticket, result, failed } = reply.parse(message);
      const waiting = this.#waiting.get(ticket);
      this.#waiting.delete(ticket);
      if (failed === undefined) waiting?.resolve(result);
      else waiting?.reject(new Error(failed));
    });
    this.#worker.on('error', (error: Error) => {
      for (const { reject } of this.#waiting.values()) reject(error);
    });
  }

  static async open(options: ExchangeOptions): Promise<Exchange> {
    const exchange = new Exchange();
    try {
      await exchange.#order('open', { ...options });
    } catch (error) {
      await exchange.stop();
      throw error;
    }
    return exchange;
  }

  /** A citizen dials and stays on the line until he is told to hang up; answers his SIP Call-ID. */
  async dial(number: string, dials = '112'): Promise<string> {
    return z.string().parse(await this.#order('dial', { number, dials }));
  }

  /** New calls, so many a second; each hangs up `talk` milliseconds after its caller has heard an operator. */
  async flow(options: { perSecond: number; talk: number; prefix: string }): Promise<void> {
    await this.#order('flow', options);
  }

  async stopFlow(): Promise<void> {
    await this.#order('stopFlow');
  }

  /** From now on more than 200 ms that these callers do not hear are a gap. */
  async watch(callIds: readonly string[]): Promise<void> {
    await this.#order('watch', { callIds });
  }

  async hangUp(callIds: readonly string[]): Promise<void> {
    await this.#order('hangUp', { callIds });
  }

  /** Every agency's exchange is dead: what is sent to it is lost. */
  async deafTrunks(deaf: boolean): Promise<void> {
    await this.#order('deafTrunks', { deaf });
  }

  /** Every caller there was since the start. */
  async stories(): Promise<CallerStory[]> {
    return z.array(story).parse(await this.#order('report'));
  }

  /** Every call that was up has ended, and nobody will say so: Asterisk has gone. */
  async dropAll(): Promise<void> {
    await this.#order('dropAll');
  }

  /** Asterisk has another process id now. */
  async asteriskIs(pid: number): Promise<void> {
    await this.#order('watchProcess', { pid });
  }

  /** Callers whose calls ended before then are not told of again. */
  async forget(before: number): Promise<void> {
    await this.#order('forget', { before });
  }

  async stop(): Promise<void> {
    await this.#order('stop');
    await this.#worker.terminate();
  }

  #order(order: string, detail: object = {}): Promise<unknown> {
    const ticket = (this.#orders += 1);
    return new Promise((resolve, reject) => {
      this.#waiting.set(ticket, { resolve, reject });
      this.#worker.postMessage({ order, ticket, ...detail });
    });
  }
}
