/** An earlier call of the same number or phone. */
export interface EarlierCall {
  readonly callId: string;
  readonly incidentId: string;
  /** Epoch milliseconds. */
  readonly arrivedAt: number;
  readonly outcome: string | null;
  readonly kind: string | null;
  readonly disposition: string | null;
  readonly linkedBy: CallerKey;
  /** Who talked on it: with the kind it decides who may know of it. */
  readonly operatorIds: readonly string[];
}

/** What may link the calls of one caller. */
export type CallerKey = 'number' | 'imei';

/** The number that a caller's calls and messages are known by: none where the network has put in what reaches nobody. */
export function linkingNumber({ number, notCallable }: { number: string | null; notCallable: string | null }) {
  return notCallable === 'placeholder' ? null : number;
}

/** What is on record of the caller's number and phone. */
export interface CallerHistory {
  /** Newest first, a page at most. */
  readonly calls: readonly EarlierCall[];
  /** Keys seen with so many identities that they name nobody (a switchboard, a cloned phone): they link nothing. */
  readonly nonUnique: readonly CallerKey[];
}
