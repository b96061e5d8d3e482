import { evaluate } from './evaluate.ts';
import { factsSchema } from './facts.ts';
import type { Decision, RuleSet } from './rule.ts';

/** What was decided once, and the facts as they were stored then. */
interface PastDecision extends Pick<Decision, 'ruleSetVersion' | 'actions' | 'tell'> {
  readonly facts?: unknown;
}

type Outcome =
  /** The rules would say the same. */
  | { readonly outcome: 'same' }
  | { readonly outcome: 'different'; readonly would: Pick<Decision, 'actions' | 'tell'> }
  /** What was asked then was not kept, or cannot be read: versions before this one kept none. */
  | { readonly outcome: 'not-known' };

/** What a rule set would have decided. The same: whom, how, in which stage, in whose place, who is told; not by which rule. */
export function decideAgain(ruleSet: RuleSet, { actions, tell, ...past }: PastDecision): Outcome {
  const facts = factsSchema.safeParse(past.facts);
  if (!facts.success) return { outcome: 'not-known' };
  const would = evaluate(ruleSet, facts.data);
  if (essence(would) === essence({ actions, tell })) return { outcome: 'same' };
  return { outcome: 'different', would: { actions: would.actions, tell: would.tell } };
}

function essence({ actions, tell }: Pick<Decision, 'actions' | 'tell'>): string {
  const engaged = actions.map(({ agencyId, mode, stage, fallbacks }) => [agencyId, mode, stage, fallbacks].join(' '));
  return JSON.stringify([engaged.sort(), tell.map(({ recipientId }) => recipientId).sort()]);
}
