import type { Postgres } from '../platform/postgres.ts';
import type { Route } from '../platform/route.ts';
import type { RecordAudit } from './audit.ts';
import { auditRoutes } from './routes.ts';
import { recordAudit } from './record.ts';

export interface AuditRoom {
  readonly routes: Route[];
  readonly record: RecordAudit;
  stop(): Promise<void>;
}

/** The audit trail. */
export function startAudit(deps: { readonly postgres: Postgres }): Promise<AuditRoom> {
  return Promise.resolve({ routes: auditRoutes(deps.postgres), record: recordAudit, stop: () => Promise.resolve() });
}
