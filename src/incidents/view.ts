import { z } from 'zod';
import { kindSchema, severitySchema } from '../routing/kind.ts';
import { decidedTell, decidedTrace } from '../routing/rule.ts';
import { dispositions } from './incident.ts';

export const incidentView = z.object({
  id: z.string(),
  /** Six digits, as people say them on the telephone. */
  number: z.string(),
  openedAt: z.string(),
  version: z.number(),
  status: z.enum(['open', 'closed']),
  kind: z.string().nullable(),
  severity: z.string().nullable(),
  district: z.string().nullable(),
  disposition: z.string().nullable(),
  notes: z.array(z.object({ at: z.string(), by: z.string(), text: z.string() })),
  callIds: z.array(z.string()),
});
export type IncidentView = z.output<typeof incidentView>;

/** What a person may change; an absent field stays. */
export const incidentPatch = z
  .strictObject({
    kind: kindSchema,
    severity: severitySchema,
    district: z.string().trim().min(1).max(80),
    disposition: z.enum(dispositions),
    status: z.enum(['open', 'closed']),
  })
  .partial()
  .refine((patch) => Object.keys(patch).length > 0, 'name at least one field to change');

export const timelineView = z.object({
  at: z.string(),
  type: z.string(),
  /** Null for what was done to an incident that no call reported. */
  callId: z.string().nullable(),
  detail: z.record(z.string(), z.unknown()),
});

export const decisionView = z.object({
  at: z.string(),
  ruleSetVersion: z.number(),
  /** What was asked; null for what older versions have decided. */
  facts: z.record(z.string(), z.unknown()).nullable(),
  actions: z.array(z.record(z.string(), z.unknown())),
  tell: z.array(decidedTell),
  trace: decidedTrace,
});
