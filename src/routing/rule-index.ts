import { districtKey } from '../platform/text.ts';
import type { Facts } from './facts.ts';
import { incidentKinds } from './kind.ts';
import type { Rule } from './rule.ts';

/** A rule and its place among the others: their order counts. */
interface Placed {
  readonly place: number;
  readonly rule: Rule;
}

/** The rules of one kind: those for every district, and those for a district by its key. */
interface OfKind {
  readonly anywhere: Placed[];
  readonly byDistrict: Map<string, Placed[]>;
}

type RuleIndex = ReadonlyMap<string, OfKind>;

// A version never changes, so its index is made once; it goes when the version goes.
const indexes = new WeakMap<readonly Rule[], RuleIndex>();

/**
 * The rules that may match, in their order: the others ask for another kind or district, which nearly every rule of a city
 * does. The list must not be changed afterwards.
 */
export function rulesThatMayMatch(rules: readonly Rule[], { kind, district }: Facts): Iterable<Rule> {
  let index = indexes.get(rules);
  if (index === undefined) {
    index = indexOf(rules);
    indexes.set(rules, index);
  }
  const ofKind = index.get(kind);
  if (ofKind === undefined) return [];
  const here = district === null ? undefined : ofKind.byDistrict.get(districtKey(district));
  return inOrder(ofKind.anywhere, here ?? []);
}

function indexOf(rules: readonly Rule[]): RuleIndex {
  const index = new Map<string, OfKind>();
  for (const [place, rule] of rules.entries()) {
    const { kinds = incidentKinds, districts } = rule.when;
    for (const kind of new Set(kinds)) {
      const ofKind = index.get(kind) ?? { anywhere: [], byDistrict: new Map<string, Placed[]>() };
      index.set(kind, ofKind);
      if (districts === undefined) ofKind.anywhere.push({ place, rule });
      for (const district of new Set(districts?.map(districtKey))) {
        const here = ofKind.byDistrict.get(district);
        if (here === undefined) ofKind.byDistrict.set(district, [{ place, rule }]);
        else here.push({ place, rule });
      }
    }
  }
  return index;
}

/** Two lists, each in order, as one. */
function inOrder(one: readonly Placed[], other: readonly Placed[]): Rule[] {
  const merged: Rule[] = [];
  let next = 0;
  for (const { place, rule } of one) {
    for (let before = other[next]; before !== undefined && before.place < place; before = other[next]) {
      merged.push(before.rule);
      next += 1;
    }
    merged.push(rule);
  }
  for (const { rule } of other.slice(next)) merged.push(rule);
  return merged;
}
