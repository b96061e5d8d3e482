import type { TrunkHealth } from './agency.ts';

/** What is known of a trunk from what happened on it. Times in epoch milliseconds. */
export interface TrunkRecord {
  /** Attempts that failed one after the other, the last when, and since when they were enough to take it for down. */
  readonly failures: number;
  readonly lastFailureAt: number | null;
  readonly failingSince: number | null;
  /** When an attempt last heard something of it. */
  readonly heardAt: number | null;
  /** Whether it answers Asterisk's OPTIONS, or a phone is registered, and since when; null: nothing is known. */
  readonly contact: { readonly present: boolean; readonly since: number; readonly disproved: boolean } | null;
}

export const nothingKnown: TrunkRecord = {
  failures: 0,
  lastFailureAt: null,
  failingSince: null,
  heardAt: null,
  contact: null,
};

export type TrunkInput = { readonly at: number } & (
  | { readonly type: 'attempt'; readonly result: 'heard' | 'failed' }
  /** Repeated as often as anybody looks; the change counts. */
  | { readonly type: 'contact'; readonly present: boolean }
);

/** So many attempts in a row that failed take a trunk for down, for so long after the last. */
const failuresTaken = 3;
export const downAfterFailure = 60_000;

/** Pure; the record handed in is not changed. */
export function note(record: TrunkRecord, input: TrunkInput): TrunkRecord {
  const { at } = input;
  if (input.type === 'contact') {
    if (record.contact?.present === input.present) return record;
    const contact = { present: input.present, since: at, disproved: false };
    // It is back: what failed before says nothing any more.
    const isBack = input.present && record.contact !== null;
    return isBack ? { ...record, contact, failures: 0, failingSince: null } : { ...record, contact };
  }
  if (input.result === 'heard') {
    const { contact } = record;
    // A trunk that takes calls and answers no OPTIONS: their silence means nothing until it has answered one.
    const disproved = contact !== null && !contact.present ? { ...contact, disproved: true } : contact;
    return { ...record, contact: disproved, failures: 0, failingSince: null, heardAt: at };
  }
  const failures = record.failures + 1;
  const failingSince = failures < failuresTaken ? null : hasFailed(record, at) ? (record.failingSince ?? at) : at;
  return { ...record, failures, lastFailureAt: at, failingSince };
}

export interface Health {
  readonly health: TrunkHealth;
  /** Null: it was never otherwise. */
  readonly since: number | null;
  /** For people. */
  readonly why: string;
}

/**
 * How a trunk does. Silence to OPTIONS makes it down when an attempt failed as well, or when it has lasted for
 * `silence` milliseconds (three OPTIONS, or none for a desk whose phone is not registered). Any answer is life.
 */
export function healthOf(record: TrunkRecord, at: number, silence: number): Health {
  const { contact, failures, lastFailureAt, heardAt } = record;
  if (hasFailed(record, at)) {
    return { health: 'down', since: record.failingSince, why: `the last ${failures} attempts failed` };
  }
  if (contact !== null && !contact.present && !contact.disproved) {
    const lately = lastFailureAt !== null && lastFailureAt > contact.since - downAfterFailure;
    const failedAt = failures > 0 && lately ? lastFailureAt : null;
    const since = Math.min(contact.since + silence, failedAt === null ? Infinity : Math.max(contact.since, failedAt));
    if (at >= since) {
      const why = silence === 0 ? 'no phone is registered' : 'it does not answer OPTIONS';
      return { health: 'down', since, why: failedAt === null ? why : `${why}, and an attempt failed` };
    }
    return { health: 'unknown', since: contact.since, why: 'it did not answer an OPTIONS' };
  }
  if (contact?.present === true) {
    const why = silence === 0 ? 'a phone is registered' : 'it answers OPTIONS';
    const recovered = failures >= failuresTaken && lastFailureAt !== null ? lastFailureAt + downAfterFailure : 0;
    return { health: 'up', since: Math.max(contact.since, recovered), why };
  }
  if (heardAt !== null && failures === 0) return { health: 'up', since: heardAt, why: 'the last attempt heard it' };
  return {
    health: 'unknown',
    since: lastFailureAt,
    why: failures > 0 ? 'the last attempt failed' : 'nothing is known',
  };
}

function hasFailed({ failures, lastFailureAt }: TrunkRecord, at: number): boolean {
  return failures >= failuresTaken && lastFailureAt !== null && at < lastFailureAt + downAfterFailure;
}
