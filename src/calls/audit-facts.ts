import type { AuditEntry } from '../audit/audit.ts';
import { isConfidential } from '../routing/kind.ts';
import type { Principal } from '../platform/auth.ts';
import type { Fact } from './call-effect.ts';
import type { CallInput } from './call-input.ts';
import type { CallEntry } from './runner.ts';

/** What REST audits itself: it knows the token of who asked. */
const auditedByRest: Readonly<Partial<Record<CallInput['type'], readonly string[]>>> = {
  'monitor-requested': ['monitor.requested'],
  'monitor-changed': ['monitor.changed'],
  'monitor-ended': ['monitor.ended'],
  'taken-over': ['monitor.changed', 'monitor.takes-over'],
  'assist-requested': ['assist.requested'],
};

/**
 * What stands in the audit trail of supervisors on a call, and came by a phone: by keys, by a call for help, by hanging
 * up. `personOf` tells who an operator is, or a token.
 */
export function auditOfFacts(entry: CallEntry, personOf: (id: string) => Principal): AuditEntry[] {
  const { callId, claimedAt, sequence, facts, input, state } = entry;
  const byRest = auditedByRest[input.type] ?? [];
  const subject = `call/${callId}`;
  const deeds = facts.filter(({ type }) => !byRest.includes(type)).flatMap((fact) => deedOf(fact, facts) ?? []);
  return deeds.flatMap(({ action, by, detail }, index): AuditEntry[] => {
    const key = `call/${callId}/${claimedAt}/${sequence}/${index}`;
    const done = { principal: personOf(by), action, subject, detail, key };
    const learns = action === 'monitors.start' || action === 'monitors.change';
    if (!learns || !isConfidential(state.incident.kind)) return [done];
    const reader = personOf(String(detail['operatorId']));
    return [done, { principal: reader, action: 'incidents.read', subject, key: `${key}/read` }];
  });
}

interface Deed {
  readonly action: string;
  readonly by: string;
  readonly detail: Readonly<Record<string, unknown>>;
}

function deedOf({ type, detail }: Fact, all: readonly Fact[]): Deed | undefined {
  const { operatorId, monitorId, mode, by } = detail;
  switch (type) {
    case 'assist.requested':
      return { action: 'calls.assist', by: String(by), detail: {} };
    case 'monitor.requested':
      return { action: 'monitors.start', by: String(by), detail: { mode, monitorId, operatorId } };
    case 'monitor.changed':
      // To take the call over he first barges in: that is one wish.
      if (all.some((other) => other.type === 'monitor.takes-over')) return undefined;
      return { action: 'monitors.change', by: String(by), detail: { mode, monitorId, operatorId } };
    case 'monitor.takes-over':
      return { action: 'monitors.change', by: String(by), detail: { mode: 'take-over', monitorId, operatorId } };
    case 'monitor.ended':
      // Nobody has come, and nobody has gone.
      if (typeof operatorId !== 'string' || all.some((other) => other.type === 'monitor.refused')) return undefined;
      return {
        action: 'monitors.end',
        by: operatorId,
        detail: { mode, monitorId, operatorId, reason: detail['reason'] },
      };
    default:
      return undefined;
  }
}
