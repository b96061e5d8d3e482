import type { Transport } from './desk.ts';

/** A phone's registration as Asterisk tells of it; `transport` only where it is told. */
export interface Registration {
  endpoint: string;
  present: boolean;
  transport?: Transport;
}

/** What the desks' phones are registered over. */
export interface PhoneTransports {
  saw(registration: Registration): void;
  /** Null: no phone is registered with the account. `over` is null until its next registration, two minutes at most. */
  of(account: string): { over: Transport | null } | null;
}

/**
 * A desk's phone that is set up for UDP registers all the same where TLS is wanted, and is not refused: the operator is
 * worth more than the secrecy. His supervisors are told once, and again after it was put right.
 */
export function createPhoneTransports(deps: {
  wanted: (account: string) => { deskId: string; transport: Transport } | undefined;
  alarm: (code: 'desk-in-clear', detail: { deskId: string; transport: Transport }) => void;
}): PhoneTransports {
  const seen = new Map<string, Transport | null>();
  const told = new Set<string>();
  return {
    saw({ endpoint, present, transport }) {
      if (!present) {
        seen.delete(endpoint);
        return;
      }
      seen.set(endpoint, transport ?? seen.get(endpoint) ?? null);
      if (transport === undefined) return;
      const desk = deps.wanted(endpoint);
      if (desk?.transport !== 'tls' || transport === 'tls') {
        told.delete(endpoint);
        return;
      }
      if (told.has(endpoint)) return;
      told.add(endpoint);
      deps.alarm('desk-in-clear', { deskId: desk.deskId, transport });
    },
    of(account) {
      const over = seen.get(account);
      return over === undefined ? null : { over };
    },
  };
}
