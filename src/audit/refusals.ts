import type { Clock } from '../platform/clock.ts';
import type { Refused } from '../platform/problem-answer.ts';
import type { AuditLater } from './later.ts';

/** A screen that asks again and again is noted once in this time. */
const quietFor = 60_000;
const mostKept = 1_000;
/** Of one token in that time: what more it tries is the same story, and must not push other entries out. */
const mostOfToken = 30;

/** Notes in the audit trail who tried what he may not. */
export function noteRefusals({ auditLater, clock }: { auditLater: AuditLater; clock: Clock }): Refused {
  const noted = new Map<string, number>();
  return (principal, { method, path, code }) => {
    const what = `${principal.tokenId} ${method} ${path} ${code}`;
    const last = noted.get(what);
    const now = clock.monotonic();
    if (last !== undefined && now - last < quietFor) return;
    const ofToken = [...noted].filter(([key, at]) => key.startsWith(`${principal.tokenId} `) && now - at < quietFor);
    if (ofToken.length >= mostOfToken) return;
    // Whoever was noted last stands last.
    noted.delete(what);
    noted.set(what, now);
    const oldest = noted.size > mostKept ? noted.keys().next().value : undefined;
    if (oldest !== undefined) noted.delete(oldest);
    auditLater({
      principal,
      action: 'access.refused',
      subject: path.slice(0, 200),
      detail: { method, code, ...(ofToken.length === mostOfToken - 1 ? { andMore: true } : {}) },
    });
  };
}
