import {
  defaultRuleId,
  districtKey,
  incidentKinds,
  minutesOf,
  sameDistrict,
  type Action,
  type Condition,
  type Decision,
  type Facts,
  type RuleSet,
} from './rule.ts';

/**
 * Asks every rule in order. All that match give their actions; an agency named again later is not engaged twice,
 * so that a special rule stands before the general one. If none matches an incident, the default list decides.
 */
export function evaluate(ruleSet: RuleSet, facts: Facts): Decision {
  const trace: Decision['trace'] = [];
  const actions: Decision['actions'] = [];
  let matchedAny = false;
  for (const rule of ruleSet.rules) {
    const { matched, because } = match(rule.when, facts);
    if (matched) {
      matchedAny = true;
      because.push(...add(actions, rule.then, rule.id));
    }
    trace.push({ ruleId: rule.id, matched, because });
  }
  trace.push(byDefault(ruleSet, facts, matchedAny, actions));
  return { ruleSetVersion: ruleSet.version, actions, trace };
}

function byDefault(
  ruleSet: RuleSet,
  facts: Facts,
  matchedAny: boolean,
  actions: Decision['actions'],
): Decision['trace'][number] {
  if (matchedAny) return { ruleId: defaultRuleId, matched: false, because: ['a rule matched'] };
  if (!incidentKinds.includes(facts.kind)) {
    return { ruleId: defaultRuleId, matched: false, because: [`${facts.kind} needs no agency`] };
  }
  const because = ['no rule matched', ...add(actions, ruleSet.default, defaultRuleId)];
  return { ruleId: defaultRuleId, matched: true, because };
}

/** Adds what is new; returns a note on each action that was changed or left out. */
function add(actions: Decision['actions'], wanted: readonly Action[], ruleId: string): string[] {
  const notes: string[] = [];
  for (const action of wanted) {
    const earlier = actions.find(({ agencyId }) => agencyId === action.agencyId);
    if (earlier) {
      notes.push(`${action.agencyId} is engaged by ${earlier.ruleId} already`);
      continue;
    }
    // The caller can be handed over once only.
    const second = action.mode === 'transfer' && actions.some(({ mode }) => mode === 'transfer');
    if (second) notes.push(`${action.agencyId} is bridged: another agency takes the caller over`);
    actions.push({ ...action, mode: second ? 'bridge' : action.mode, ruleId });
  }
  return notes;
}

function match(when: Condition, facts: Facts): { matched: boolean; because: string[] } {
  const checks = [
    matchKind(when.kinds, facts.kind),
    matchKnown('severity', when.severities, facts.severity),
    matchDistrict(when.districts, facts.district),
    matchKnown('weekday', when.weekdays, facts.weekday),
    matchHours(when.hours, facts.time),
  ].filter((check) => check !== undefined);
  return { matched: checks.every(({ yes }) => yes), because: checks.map(({ text }) => text) };
}

interface Check {
  yes: boolean;
  text: string;
}

function matchKind(wanted: Condition['kinds'], kind: Facts['kind']): Check {
  if (wanted) return within('kind', wanted, kind);
  const yes = incidentKinds.includes(kind);
  return { yes, text: yes ? `kind ${kind} is an incident` : `kind ${kind} is no incident` };
}

function matchKnown(what: string, wanted: readonly string[] | undefined, found: string | null): Check | undefined {
  if (!wanted) return undefined;
  if (found === null) return { yes: false, text: `${what} is not known` };
  return within(what, wanted, found);
}

function matchDistrict(wanted: Condition['districts'], found: string | null): Check | undefined {
  if (wanted && found !== null && wanted.some((name) => sameDistrict(name, found))) {
    return { yes: true, text: `district ${districtKey(found)} is one of the rule's` };
  }
  return matchKnown('district', wanted, found);
}

function within(what: string, wanted: readonly string[], found: string): Check {
  const yes = wanted.includes(found);
  return { yes, text: `${what} ${found} is ${yes ? '' : 'not '}among ${wanted.join(', ')}` };
}

function matchHours(hours: Condition['hours'], time: string): Check | undefined {
  if (!hours) return undefined;
  const [from, to, now] = [minutesOf(hours.from), minutesOf(hours.to), minutesOf(time)];
  const yes = from <= to ? now >= from && now < to : now >= from || now < to;
  return { yes, text: `${time} is ${yes ? '' : 'not '}within ${hours.from} to ${hours.to}` };
}
