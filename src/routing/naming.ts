import { defaultRuleId, type Action, type RuleSetContent } from './rule.ts';

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

/** The rules that tell a recipient: as `rule <id>`. */
export function rulesTelling({ rules }: RuleSetContent, recipientId: string): string[] {
  return rules.filter(({ tell }) => tell.includes(recipientId)).map(({ id }) => `rule ${id}`);
}
