import { z } from 'zod';
import type { Asked, Done } from '../dispatch/again.ts';
import type { Sql } from '../platform/postgres.ts';
import { decidedTell, modes } from '../routing/rule.ts';
import type { CallFacts } from '../routing/facts.ts';
import { reportSources } from './report.ts';

const askedRow = z.object({
  agencyId: z.string(),
  mode: z.enum(modes),
  state: z.string(),
  accepted: z.boolean(),
  over: z.boolean(),
  ruleId: z.string().nullable(),
}) satisfies z.ZodType<Asked>;

/** What is on record of what was done for an incident; those without a call also before they were begun. */
export async function readDone(sql: Sql, incidentId: string): Promise<Done> {
  const asked = await sql.rows(
    askedRow,
    `select agency_id as "agencyId", mode, state, accepted_at is not null as accepted, ended_at is not null as over,
       case when reason->>'by' = 'rule' then reason->>'ruleId' end as "ruleId"
     from dispatches where incident_id = $1
     union all
     select d->>'agencyId', d->>'mode', d->>'state', d->>'acceptedAt' is not null,
       w.ended_at is not null or d->>'endedAt' is not null,
       case when d->'reason'->>'by' = 'rule' then d->'reason'->>'ruleId' end
     from dispatches_without_call w, jsonb_array_elements(w.content->'dispatches') d where w.incident_id = $1`,
    [incidentId],
  );
  const decisions = await sql.rows(
    z.object({ tell: z.array(decidedTell) }),
    'select tell from routing_decisions where incident_id = $1',
    [incidentId],
  );
  return { asked, told: decisions.flatMap(({ tell }) => tell.map(({ recipientId }) => recipientId)) };
}

const place = z.object({ latitude: z.number(), longitude: z.number() }).nullable();
const factsRow = z.object({
  district: z.string().nullable(),
  best: place,
  reported: place,
  carrier: z.string().nullable(),
  source: z.enum(reportSources).nullable(),
  drill: z.boolean(),
  calls: z.coerce.number(),
});

/** What an incident on record tells the rules: of its last call, else of its report. Which language was spoken is not kept. */
export async function readFacts(sql: Sql, incidentId: string): Promise<CallFacts> {
  const found = await sql.first(
    factsRow,
    `select c.location->'best'->>'district' as district, c.location->'best'->'position' as best, r.position as reported,
       c.carrier, r.source, coalesce(r.drill, false) as drill,
       (select count(*) from calls where incident_id = i.id) as calls
     from incidents i left join reports r on r.incident_id = i.id left join lateral
       (select carrier, location from calls where incident_id = i.id order by arrived_at desc, id desc limit 1) as c on true
     where i.id = $1`,
    [incidentId],
  );
  if (found === undefined) return {};
  const { best, reported, source, ...facts } = found;
  return { ...facts, position: best ?? reported, source: source ?? 'call' };
}
