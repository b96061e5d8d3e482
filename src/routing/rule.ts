import { z } from 'zod';
import { slug } from '../platform/text.ts';
import { conditionSchema } from './condition.ts';
import { factsSchema } from './facts.ts';

/**
 * How an agency is brought in: to talk along, to take the caller over from the operator, to hear without being heard, or
 * to be told only.
 */
export const modes = ['bridge', 'transfer', 'listen', 'notify'] as const;
export type Mode = (typeof modes)[number];

/** In these modes a person of the agency speaks with the caller. */
export function speaks(mode: Mode): boolean {
  return mode === 'bridge' || mode === 'transfer';
}

export const actionSchema = z.strictObject({
  agencyId: slug,
  mode: z.enum(modes).default('bridge'),
  /** Actions of one stage start at once; a later stage starts when each of the one before is accepted or has failed. */
  stage: z.number().int().min(1).max(9).default(1),
  /** Who is asked in its place when the agency does not accept, one after another. */
  fallbacks: z.array(slug).max(10).default([]),
});

export const ruleSchema = z.strictObject({
  id: slug,
  name: z.string().trim().min(1).max(200),
  when: conditionSchema.default({}),
  then: z.array(actionSchema).max(50).default([]),
  /** Recipients who are told of the incident: leaders and others. */
  tell: z.array(slug).max(50).default([]),
});

/** What an admin edits. `default` is for incidents to which the rules bring nobody who speaks. Semantic faults are validate's. */
export const ruleSetContent = z.strictObject({
  default: z.array(actionSchema).max(50).default([]),
  rules: z.array(ruleSchema).max(10_000),
});

export const ruleSetSchema = ruleSetContent.extend({ version: z.number().int().min(0) });

export type Action = z.output<typeof actionSchema>;
export type Rule = z.output<typeof ruleSchema>;
export type RuleSetContent = z.output<typeof ruleSetContent>;
/** An immutable version of the routing rules. */
export type RuleSet = z.output<typeof ruleSetSchema>;

export const decidedAction = actionSchema.extend({ ruleId: z.string() });
export const decidedTell = z.object({ recipientId: z.string(), ruleId: z.string() });

/** Which rules matched, and why; or why they did not. */
export const decidedTrace = z.array(
  z.object({ ruleId: z.string(), matched: z.boolean(), because: z.array(z.string()) }),
);

export const decisionSchema = z.object({
  ruleSetVersion: z.number().int(),
  /** What was asked; null in what older versions have stored. */
  facts: factsSchema.nullable().default(null),
  actions: z.array(decidedAction),
  tell: z.array(decidedTell).default([]),
  trace: decidedTrace,
});
/** What the rules say, and why those that matched did; `explain` says of the others why they did not. */
export type Decision = z.output<typeof decisionSchema>;

/** Stands as the rule's id where the default list decided. */
export const defaultRuleId = 'default';
