import { z } from 'zod';
import { actionSchema, ruleSchema, type Rule, type RuleSet } from './rule.ts';

export const changesSchema = z.object({
  from: z.number().int(),
  to: z.number().int(),
  /** Null when both have the same. */
  default: z.object({ before: z.array(actionSchema), after: z.array(actionSchema) }).nullable(),
  added: z.array(ruleSchema),
  removed: z.array(ruleSchema),
  changed: z.array(z.object({ before: ruleSchema, after: ruleSchema })),
  /** Rules that stand elsewhere among those that both have: the fewest that explain the new order. Places count from 0. */
  moved: z.array(z.object({ ruleId: z.string(), before: z.number().int(), after: z.number().int() })),
});
/** What of a rule set differs from another one. */
type Changes = z.output<typeof changesSchema>;

/** Compares two versions; a rule is the same one in both by its id. */
export function compare(before: RuleSet, after: RuleSet): Changes {
  const old = placesOf(before.rules);
  const now = placesOf(after.rules);
  const common = after.rules.flatMap((rule, place) => {
    const was = old.get(rule.id);
    return was === undefined || now.get(rule.id)?.place !== place ? [] : [{ rule, place, was }];
  });
  const steady = longestRising(common.map(({ was }) => was.place));
  return {
    from: before.version,
    to: after.version,
    default: same(before.default, after.default) ? null : { before: before.default, after: after.default },
    added: after.rules.filter(({ id }) => !old.has(id)),
    removed: before.rules.filter(({ id }) => !now.has(id)),
    changed: common
      .filter(({ rule, was }) => !same(rule, was.rule))
      .map(({ rule, was }) => ({ before: was.rule, after: rule })),
    moved: common
      .filter(({ was }) => !steady.has(was.place))
      .map(({ rule, place, was }) => ({ ruleId: rule.id, before: was.place, after: place })),
  };
}

/** Of rules with the same id, which only an unfit set has, the first counts. */
function placesOf(rules: readonly Rule[]): Map<string, { rule: Rule; place: number }> {
  const places = new Map<string, { rule: Rule; place: number }>();
  for (const [place, rule] of rules.entries()) if (!places.has(rule.id)) places.set(rule.id, { rule, place });
  return places;
}

/** Both were parsed by the same schema: their members stand in the same order. */
function same(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

/** The members of a longest rising subsequence of different numbers (patience sorting). */
function longestRising(numbers: readonly number[]): Set<number> {
  const ends: number[] = [];
  const previous = new Map<number, number | undefined>();
  for (const number of numbers) {
    let [low, high] = [0, ends.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((ends[middle] ?? Infinity) < number) low = middle + 1;
      else high = middle;
    }
    previous.set(number, ends[low - 1]);
    ends[low] = number;
  }
  const members = new Set<number>();
  for (let at = ends.at(-1); at !== undefined; at = previous.get(at)) members.add(at);
  return members;
}
