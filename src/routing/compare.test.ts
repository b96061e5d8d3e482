import fc from 'fast-check';
import { ruleSetArbitrary } from '../../test/support/rule-arbitrary.ts';
import { compare } from './compare.ts';
import { ruleSetSchema, type RuleSet } from './rule.ts';

function setOf(version: number, ids: string, over: Record<string, object> = {}): RuleSet {
  const rules = ids
    .split(' ')
    .filter((id) => id !== '')
    .map((id) => ({ id, name: id, then: [{ agencyId: 'psc' }], ...over[id] }));
  return ruleSetSchema.parse({ version, default: [{ agencyId: 'polisi' }], rules });
}

describe('compare', () => {
  test('a version and itself have no difference', () => {
    const one = setOf(3, 'a b c');
    expect(compare(one, structuredClone(one))).toEqual({
      from: 3,
      to: 3,
      default: null,
      added: [],
      removed: [],
      changed: [],
      moved: [],
    });
  });

  test('what was added, removed, changed and moved', () => {
    const before = setOf(1, 'a b c d e');
    const after = {
      ...setOf(2, 'f e a c b', { c: { tell: ['mayor'] } }),
      default: ruleSetSchema.parse({ version: 0, default: [{ agencyId: 'psc' }], rules: [] }).default,
    };
    const found = compare(before, after);
    expect([found.from, found.to]).toEqual([1, 2]);
    expect(found.default).toMatchObject({ before: [{ agencyId: 'polisi' }], after: [{ agencyId: 'psc' }] });
    expect(found.added.map(({ id }) => id)).toEqual(['f']);
    expect(found.removed.map(({ id }) => id)).toEqual(['d']);
    expect(found.changed).toMatchObject([{ before: { id: 'c', tell: [] }, after: { id: 'c', tell: ['mayor'] } }]);
    // Two moves explain the order: of b and c one has stayed.
    expect(found.moved).toHaveLength(2);
    expect(found.moved).toContainEqual({ ruleId: 'e', before: 4, after: 1 });
  });

  test.each([
    ['the first goes to the end', 'a b c d', 'b c d a', ['a']],
    ['the last comes to the front', 'a b c d', 'd a b c', ['d']],
    ['only the place of others changes', 'a b c', 'x a b c', []],
    ['all of it', '', 'a b', []],
  ])('the fewest moves: %s', (_name, before, after, moved) => {
    const { moved: found } = compare(setOf(1, before), setOf(2, after));
    expect(found.map(({ ruleId }) => ruleId)).toEqual(moved);
  });

  test('what it says turns one version into the other', () => {
    fc.assert(
      fc.property(ruleSetArbitrary, ruleSetArbitrary, (one, other) => {
        const [before, after] = [one, other].map((set) => ({
          ...set,
          rules: set.rules.filter(({ id }, at) => set.rules.findIndex((rule) => rule.id === id) === at),
        }));
        if (!before || !after) return;
        const found = compare(before, after);
        const gone = new Set([...found.removed.map(({ id }) => id), ...found.moved.map(({ ruleId }) => ruleId)]);
        const edited = new Map(found.changed.map((change) => [change.after.id, change.after]));
        const rules = before.rules.filter(({ id }) => !gone.has(id)).map((rule) => edited.get(rule.id) ?? rule);
        const placed = [
          ...found.added.map((rule) => ({ rule, at: after.rules.indexOf(rule) })),
          ...found.moved.map(({ ruleId, after: at }) => {
            const rule = edited.get(ruleId) ?? before.rules.find(({ id }) => id === ruleId);
            return { rule, at };
          }),
        ].sort((a, b) => a.at - b.at);
        for (const { rule, at } of placed) if (rule) rules.splice(at, 0, rule);
        expect(rules).toEqual(after.rules);
        expect(found.default?.after ?? before.default).toEqual(after.default);
      }),
    );
  });
});
