import type { AgencyDirectory } from '../agencies/agency.ts';
import { defaultRuleId, speaks, type Action, type RuleSetContent } from './rule.ts';

/** The rules that name an agency or one of its trunks, anywhere: as `rule <id>`. */
export function rulesNaming(
  ruleSet: RuleSetContent,
  agencyId: string,
  trunks: readonly { readonly id: string }[],
): string[] {
  const engages = (actions: readonly Action[]): boolean =>
    actions.some((action) => action.agencyId === agencyId || action.fallbacks.includes(agencyId));
  const names = ruleSet.rules
    .filter(
      ({ then, when }) =>
        engages(then) ||
        when.agencyStates?.some((state) => state.agencyId === agencyId) === true ||
        when.trunkStates?.some(({ trunkId }) => trunks.some(({ id }) => id === trunkId)) === true,
    )
    .map(({ id }) => `rule ${id}`);
  return engages(ruleSet.default) ? [...names, `rule ${defaultRuleId}`] : names;
}

/**
 * The rules that an edit of an agency's trunks would break, as `rule <id>`: those that ask for the state of a trunk that is
 * taken away, and, where none is left, those that bridge or transfer to the agency.
 */
export function rulesLosing(
  ruleSet: RuleSetContent,
  agencyId: string,
  { removed, left }: { removed: readonly string[]; left: number },
): string[] {
  const speaksWith = (actions: readonly Action[]): boolean =>
    left === 0 && actions.some((action) => action.agencyId === agencyId && speaks(action.mode));
  const names = ruleSet.rules
    .filter(
      ({ then, when }) =>
        speaksWith(then) || when.trunkStates?.some(({ trunkId }) => removed.includes(trunkId)) === true,
    )
    .map(({ id }) => `rule ${id}`);
  return speaksWith(ruleSet.default) ? [...names, `rule ${defaultRuleId}`] : names;
}

/** The rules that bridge or transfer to agencies that could not be rung any more, as `rule <id>`, by such an agency. */
export function rulesCutOff(
  ruleSet: RuleSetContent,
  now: AgencyDirectory,
  later: AgencyDirectory,
): Map<string, string[]> {
  const lost = now.agencies.filter(({ id }) => now.canBeRung(id) && !later.canBeRung(id));
  const needed = lost.map(({ id }) => [id, rulesLosing(ruleSet, id, { removed: [], left: 0 })] as const);
  return new Map(needed.filter(([, rules]) => rules.length > 0));
}

/** The rules that tell a recipient: as `rule <id>`. */
export function rulesTelling({ rules }: RuleSetContent, recipientId: string): string[] {
  return rules.filter(({ tell }) => tell.includes(recipientId)).map(({ id }) => `rule ${id}`);
}
