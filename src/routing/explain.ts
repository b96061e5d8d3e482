import { evaluate } from './evaluate.ts';
import type { Facts } from './facts.ts';
import { match } from './match.ts';
import type { Decision, RuleSet } from './rule.ts';

type Trace = Decision['trace'];

/**
 * Why each rule did or did not match, in their order, the default last. `trace` is what `evaluate` said of the rules that
 * matched, and stands as it is, whoever reads the rules today; of the others it follows from the rule set and the facts, which
 * both never change. A trace that has every rule already is answered unchanged.
 */
export function explain({ rules }: RuleSet, facts: Facts, trace: Trace): Trace {
  const byDefault = trace.at(-1);
  if (trace.length > rules.length || byDefault === undefined) return trace;
  let next = 0;
  const lines = rules.map(({ id: ruleId, when }) => {
    const { matched, because } = match(when, facts);
    const said = next < trace.length - 1 ? trace[next] : undefined;
    if (said?.ruleId === ruleId && (matched || !twice(rules, ruleId))) {
      next += 1;
      return said;
    }
    return { ruleId, matched: false, because: matched ? [readOtherwise] : because };
  });
  return [...lines, byDefault];
}

/** A decision with every rule in its trace. */
export function evaluateAndExplain(ruleSet: RuleSet, facts: Facts): Decision {
  const decision = evaluate(ruleSet, facts);
  return { ...decision, trace: explain(ruleSet, facts, decision.trace) };
}

/** Where a newer program reads a condition otherwise than the one that decided. */
const readOtherwise = 'it did not match then; as its conditions are read today, it would';

/** A draft may still have two rules of one id: of those the one that matches is meant. */
function twice(rules: RuleSet['rules'], ruleId: string): boolean {
  return rules.filter(({ id }) => id === ruleId).length > 1;
}
