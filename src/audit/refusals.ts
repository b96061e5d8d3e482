import type { Clock } from '../platform/clock.ts';
import type { Refused } from '../platform/problem-answer.ts';
import type { AuditLater } from './later.ts';

/** A screen that asks again and again is noted once in this time. */
const quietFor = 60_000;
const mostKept = 1_000;

/** Notes in the audit trail who tried what he may not. */
export function noteRefusals({ auditLater, clock }: { auditLater: AuditLater; clock: Clock }): Refused {
  const noted = new Map<string, number>();
  return (principal, { method, path, code }) => {
    const what = `${principal.tokenId} ${method} ${path} ${code}`;
    const last = noted.get(what);
    if (last !== undefined && clock.monotonic() - last < quietFor) return;
    // Whoever was noted last stands last.
    noted.delete(what);
    noted.set(what, clock.monotonic());
    const oldest = noted.size > mostKept ? noted.keys().next().value : undefined;
    if (oldest !== undefined) noted.delete(oldest);
    auditLater({ principal, action: 'access.refused', subject: path.slice(0, 200), detail: { method, code } });
  };
}
