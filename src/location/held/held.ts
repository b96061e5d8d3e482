import type { Clock } from '../../platform/clock.ts';
import type { Logger } from '../../platform/logger.ts';
import type { Reading } from '../fix.ts';
import { addressesOf, heldLookup, readTarget, type HeldLookup, type HeldTarget, type Refusal } from './held-address.ts';
import { readHeldAnswer } from './held-answer.ts';
import { askOnce, type HeldMethod } from './held-request.ts';
import { createTurns } from '../../platform/turns.ts';

interface HeldLimits {
  /** For one fetch from its turn on, in milliseconds: names, connections, redirects and body together. */
  readonly time: number;
  readonly bytes: number;
  readonly redirects: number;
  readonly atOnce: number;
  readonly waiting: number;
  /** How long an answer stands for the same URI, in milliseconds. */
  readonly remembered: number;
}

export interface LocationFetcherDeps {
  readonly clock: Clock;
  readonly logger?: Logger;
  /** Location servers that may lie in our own network: `lis.example`, `lis.example:8443`, `[fd00::1]`. Read anew each time. */
  readonly allowed: () => readonly string[];
  readonly readPidfLo: (xml: string) => Reading;
  readonly limits?: Partial<HeldLimits>;
  /** Certificates (PEM) to trust instead of Node's roots and NODE_EXTRA_CA_CERTS. */
  readonly ca?: string;
  readonly lookup?: HeldLookup;
}

export interface LocationFetcher {
  /** Never rejects: why there is no location stands in `unusable`, without the path and the query of the URI. */
  fetch(uri: string, signal?: AbortSignal): Promise<Reading>;
  /** Ends what is under way and takes nothing more; resolves when every connection is gone. */
  close(): Promise<void>;
}

type Ending = 'time' | 'closed' | 'given up';

/** One URI being fetched, or fetched a moment ago, for everybody who asks. */
interface Errand {
  readonly uri: string;
  readonly stop: AbortController;
  /** Why it was stopped, when it was. */
  ending: Ending | null;
  /** How many wait for it; one that cannot give up waits for ever. */
  askers: number;
}
interface Job {
  readonly errand: Errand;
  readonly result: Promise<Reading>;
}

type Document = { readonly ok: true; readonly xml: string; readonly server: string };

const usual: HeldLimits = { time: 5_000, bytes: 65_536, redirects: 3, atOnce: 10, waiting: 50, remembered: 3_000 };
const maxRemembered = 200;

/**
 * Fetches locations that a call only refers to, with HELD (RFC 5985, RFC 6753) from servers that a caller may have
 * chosen: verified https to public addresses, or to those of `allowed`, within limits. Nothing of the environment (proxies,
 * cookies, switches of TLS) takes part.
 */
export function createLocationFetcher(deps: LocationFetcherDeps): LocationFetcher {
  const limits = { ...usual, ...deps.limits };
  const turns = createTurns(limits.atOnce, limits.waiting);
  const jobs = new Map<string, Job>();
  const running = new Set<Job>();
  let closed = false;

  function end(errand: Errand, why: Ending): void {
    errand.ending ??= why;
    errand.stop.abort();
  }

  function start(uri: string): Job {
    const errand: Errand = { uri, stop: new AbortController(), ending: null, askers: 0 };
    const job = { errand, result: run(errand).finally(() => settle(job)) };
    jobs.set(uri, job);
    running.add(job);
    return job;
  }

  function settle(job: Job): void {
    running.delete(job);
    const forget = () => {
      if (jobs.get(job.errand.uri) === job) jobs.delete(job.errand.uri);
    };
    if (jobs.size > maxRemembered) forget();
    else deps.clock.after(limits.remembered, forget);
  }

  async function run(errand: Errand): Promise<Reading> {
    if (!(await turns.take(errand.stop.signal))) return nothing(reasonOf(errand, null));
    const began = deps.clock.monotonic();
    const cancel = deps.clock.after(limits.time, () => end(errand, 'time'));
    try {
      const document = await dereference(errand);
      const milliseconds = Math.round(deps.clock.monotonic() - began);
      if (!document.ok) {
        deps.logger?.info({ milliseconds, reason: document.reason }, 'a location was not fetched');
        return nothing(document.reason);
      }
      deps.logger?.info({ milliseconds, server: document.server }, 'fetched a location');
      return readHeldAnswer(document.xml, document.server, deps.readPidfLo);
    } catch (error) {
      deps.logger?.error({ err: error }, 'fetching a location failed');
      return nothing('the location could not be fetched because of a fault of ours');
    } finally {
      cancel();
      turns.give();
    }
  }

  async function dereference(errand: Errand): Promise<Document | Refusal> {
    let method: HeldMethod = 'POST';
    let redirects = 0;
    let target = readTarget(errand.uri);
    while (target.ok) {
      const { server, url }: HeldTarget = target;
      const { signal } = errand.stop;
      const checked = await unlessAborted(addressesOf(target, deps.allowed(), deps.lookup ?? heldLookup), signal);
      if (checked === null) return refusal(reasonOf(errand, server));
      if (!checked.ok) return checked;
      const { addresses } = checked;
      const answer = await askOnce({ target, addresses, method, signal, maxBytes: limits.bytes, ca: deps.ca });
      if (errand.ending !== null) return refusal(reasonOf(errand, server));
      switch (answer.kind) {
        case 'document':
          return { ok: true, xml: answer.xml, server };
        case 'failed':
          return refusal(`the location server ${server} ${answer.complaint}`);
        case 'refused-method':
          method = 'GET';
          break;
        case 'redirect':
          redirects += 1;
          if (redirects > limits.redirects) return refusal(`the location server ${server} redirected too often`);
          // RFC 9110: only 303 asks for another method.
          if (answer.status === 303) method = 'GET';
          target = readTarget(answer.location, url);
      }
    }
    return target;
  }

  function reasonOf(errand: Errand, server: string | null): string {
    const subject = server === null ? 'the location server' : `the location server ${server}`;
    if (errand.ending === 'time') return `${subject} did not answer within ${limits.time / 1_000} s`;
    if (errand.ending === 'closed') return `${subject} was not waited for, because the centre's system is stopping`;
    return `${subject} was not waited for any longer`;
  }

  return {
    async fetch(uri, signal) {
      if (closed) return nothing("no location is fetched while the centre's system is stopping");
      if (signal?.aborted === true) return nothing('the location server was not waited for any longer');
      const known = jobs.get(uri);
      if (known === undefined && turns.full()) return nothing('too many locations are being fetched already');
      const job = known ?? start(uri);
      job.errand.askers += 1;
      if (signal === undefined) return job.result;
      const reading = await unlessAborted(job.result, signal);
      if (reading !== null) return reading;
      job.errand.askers -= 1;
      if (job.errand.askers === 0 && running.has(job)) {
        jobs.delete(uri);
        end(job.errand, 'given up');
      }
      return nothing('the location server was not waited for any longer');
    },
    async close() {
      closed = true;
      const last = [...running].map((job) => job.result);
      for (const job of running) end(job.errand, 'closed');
      await Promise.all(last);
      jobs.clear();
    },
  };
}

/** Null when the signal aborts first; what was waited for is then of no interest. */
function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T | null> {
  return new Promise((resolve, reject) => {
    const leave = () => resolve(null);
    if (signal.aborted) leave();
    signal.addEventListener('abort', leave, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', leave));
  });
}

function nothing(reason: string): Reading {
  return { sightings: [], unusable: [reason] };
}

function refusal(reason: string): Refusal {
  return { ok: false, reason };
}
