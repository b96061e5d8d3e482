import { comparable, covers, hashBits, signatureWords, type Comparable } from './covers.ts';
import type { Rule } from './rule.ts';

/** Whom a rule names, each as one text. */
export function namedBy({ then, tell }: Pick<Rule, 'then' | 'tell'>): string[] {
  return [...then.map(({ agencyId }) => `agency ${agencyId}`), ...tell.map((id) => `recipient ${id}`)];
}

/**
 * Says of the rule at an index whom of those that it names an earlier rule names first, always: by name (as `namedBy` has
 * it) the index of the first such rule. Asked in ascending order. Each rule is held against those before it that are for
 * its kind as well, most of them by comparing a few numbers: 10,000 rules may be 50 million pairs.
 */
export function overlaps(rules: readonly Rule[]): (index: number) => ReadonlyMap<string, number> {
  const signatures = new Int32Array(rules.length * signatureWords);
  const named = new Int32Array(rules.length);
  const learned: { readonly condition: Comparable; readonly names: ReadonlySet<string> }[] = [];
  const byKind = new Map<string, number[]>();
  const learn = (rule: Rule, index: number): void => {
    const names = namedBy(rule);
    const condition = comparable(rule.when);
    signatures.set(condition.signature, index * signatureWords);
    named[index] = hashBits(names);
    learned.push({ condition, names: new Set(names) });
    for (const kind of new Set(condition.texts.kinds)) {
      const sameKind = byKind.get(kind);
      if (sameKind === undefined) byKind.set(kind, [index]);
      else sameKind.push(index);
    }
  };

  /** Whether the bits allow that the earlier rule covers the later one. */
  const mayCover = (earlier: number, later: number): boolean => {
    const [a, b] = [earlier * signatureWords, later * signatureWords];
    for (let word = 0; word < signatureWords; word += 1) {
      if (((signatures[b + word] ?? 0) & ~(signatures[a + word] ?? 0)) !== 0) return false;
    }
    return true;
  };

  return (index) => {
    while (learned.length <= index) {
      const rule = rules[learned.length];
      if (rule === undefined) break;
      learn(rule, learned.length);
    }
    const taken = new Map<string, number>();
    const mine = learned[index];
    if (mine === undefined) return taken;
    const left = new Set(mine.names);
    let bits = hashBits([...left]);
    // A rule for no kind at all is found elsewhere.
    for (const earlier of byKind.get(mine.condition.texts.kinds?.[0] ?? '') ?? []) {
      if (earlier >= index || left.size === 0) break;
      if (((named[earlier] ?? 0) & bits) === 0 || !mayCover(earlier, index)) continue;
      const other = learned[earlier];
      const common = [...left].filter((name) => other?.names.has(name));
      if (!other || common.length === 0 || !covers(other.condition, mine.condition)) continue;
      for (const name of common) {
        taken.set(name, earlier);
        left.delete(name);
      }
      bits = hashBits([...left]);
    }
    return taken;
  };
}
