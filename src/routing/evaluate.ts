import type { Facts } from './facts.ts';
import { incidentKinds } from './kind.ts';
import { whyMatched } from './match.ts';
import { rulesThatMayMatch } from './rule-index.ts';
import { defaultRuleId, speaks, type Action, type Decision, type Mode, type Rule, type RuleSet } from './rule.ts';

/**
 * Asks the rules in order. All that match give their actions and whom to tell; an agency named again later is not engaged
 * twice, so that a special rule stands before the general one. If they bring nobody to an incident who speaks with the
 * caller, the default list decides as well. The trace has the rules that matched, and the default; `explain` adds the others.
 * Pure: the same rules and facts have the same answer.
 */
export function evaluate(ruleSet: RuleSet, facts: Facts): Decision {
  const made: Made = { actions: new Map(), tell: new Map() };
  const trace: Decision['trace'] = [];
  for (const rule of rulesThatMayMatch(ruleSet.rules, facts)) {
    const because = whyMatched(rule.when, facts);
    if (because === null) continue;
    because.push(...add(made, rule.then, rule.id, facts), ...tell(made, rule));
    trace.push({ ruleId: rule.id, matched: true, because });
  }
  trace.push(byDefault(ruleSet, facts, trace.length > 0, made));
  const [actions, told] = [[...made.actions.values()], [...made.tell.values()]];
  return { ruleSetVersion: ruleSet.version, facts, actions, tell: told, trace };
}

/** By the agency's and the recipient's id, in the order in which the rules name them. */
interface Made {
  readonly actions: Map<string, Decision['actions'][number]>;
  readonly tell: Map<string, Decision['tell'][number]>;
}

function some({ actions }: Made, holds: (mode: Mode) => boolean): boolean {
  return [...actions.values()].some(({ mode }) => holds(mode));
}

function byDefault(ruleSet: RuleSet, facts: Facts, matchedAny: boolean, made: Made): Decision['trace'][number] {
  const ruleId = defaultRuleId;
  const { kind } = facts;
  if (!incidentKinds.includes(kind)) return { ruleId, matched: false, because: [`${kind} needs no agency`] };
  if (some(made, speaks)) {
    return { ruleId, matched: false, because: ['the rules bring somebody who speaks with the caller'] };
  }
  const because = [matchedAny ? 'the rules that matched bring nobody who speaks with the caller' : 'no rule matched'];
  // Whoever was only to hear or to be told of it speaks now: somebody has to.
  for (const { agencyId, mode } of ruleSet.default) {
    const earlier = made.actions.get(agencyId);
    if (!speaks(mode) || earlier === undefined || speaks(earlier.mode)) continue;
    made.actions.delete(agencyId);
    because.push(
      `${agencyId} does not only ${earlier.mode === 'listen' ? 'listen' : 'hear of it'}, as ${earlier.ruleId} says`,
    );
  }
  const speaking = ruleSet.default.filter(({ mode }) => speaks(mode));
  because.push(...add(made, [...speaking, ...ruleSet.default.filter(({ mode }) => !speaks(mode))], ruleId, facts));
  return { ruleId, matched: true, because };
}

/** Adds what is new; returns a note on each action that was changed or left out, and on who is asked last. */
function add(made: Made, wanted: readonly Action[], ruleId: string, { agencies, district }: Facts): string[] {
  const notes: string[] = [];
  for (const action of wanted) {
    const earlier = made.actions.get(action.agencyId);
    if (earlier) {
      notes.push(`${action.agencyId} is engaged by ${earlier.ruleId} already`);
      continue;
    }
    // The caller can be handed over once only.
    const second = action.mode === 'transfer' && some(made, (mode) => mode === 'transfer');
    if (second) notes.push(`${action.agencyId} is bridged: another agency takes the caller over`);
    made.actions.set(action.agencyId, { ...action, mode: second ? 'bridge' : action.mode, ruleId });
    for (const id of [action.agencyId, ...action.fallbacks]) {
      if (agencies[id]?.serves === false) notes.push(`${id} is asked last: it does not serve ${district}`);
    }
  }
  return notes;
}

function tell(made: Made, { id: ruleId, tell: wanted }: Rule): string[] {
  const notes: string[] = [];
  for (const recipientId of wanted) {
    const earlier = made.tell.get(recipientId);
    if (earlier) notes.push(`${recipientId} is told by ${earlier.ruleId} already`);
    else made.tell.set(recipientId, { recipientId, ruleId });
  }
  return notes;
}
