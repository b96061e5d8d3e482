import type { Sql } from '../platform/postgres.ts';
import { inSlices } from '../platform/slices.ts';
import { explain } from './explain.ts';
import { factsSchema } from './facts.ts';
import type { Decision, RuleSet } from './rule.ts';
import { readVersion } from './store.ts';

/** What is stored of a decision: the reasons of the rules that matched, and all from which those of the others follow. */
export interface StoredTrace extends Pick<Decision, 'ruleSetVersion' | 'trace'> {
  readonly facts: unknown;
}

/** Completes the traces of stored decisions, in their order; the process does other things between one and the next. */
export function explainer({ postgres, current }: { postgres: Sql; current: () => RuleSet }) {
  return async (decisions: readonly StoredTrace[]): Promise<Decision['trace'][]> => {
    const ruleSets = new Map<number, RuleSet | undefined>([[current().version, current()]]);
    for (const { ruleSetVersion } of decisions) {
      if (!ruleSets.has(ruleSetVersion)) ruleSets.set(ruleSetVersion, await readVersion(postgres, ruleSetVersion));
    }
    return inSlices(explaining(decisions, ruleSets));
  };
}

function* explaining(
  decisions: readonly StoredTrace[],
  ruleSets: ReadonlyMap<number, RuleSet | undefined>,
): Generator<void, Decision['trace'][]> {
  const traces: Decision['trace'][] = [];
  for (const { ruleSetVersion, facts, trace } of decisions) {
    const ruleSet = ruleSets.get(ruleSetVersion);
    const asked = factsSchema.safeParse(facts);
    // Of what versions before facts were kept have decided, what was recorded is all there is.
    traces.push(ruleSet !== undefined && asked.success ? explain(ruleSet, asked.data, trace) : trace);
    yield;
  }
  return traces;
}
