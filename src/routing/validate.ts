import type { AgencyDirectory } from '../agencies/agency.ts';
import { districtKey } from '../platform/text.ts';
import type { Condition } from './condition.ts';
import { findKind } from './kind.ts';
import { namedBy, overlaps } from './overlap.ts';
import { defaultRuleId, speaks, type Action, type Rule, type RuleSetContent } from './rule.ts';

/** Something that makes a rule set unfit. `ruleId` is null when it is not one rule's. */
export interface Fault {
  readonly ruleId: string | null;
  /** Where in the document, such as `rules.3.then.0.agencyId`. */
  readonly path: string;
  readonly code: FaultCode;
  readonly message: string;
}

type FaultCode =
  | 'no-default'
  | 'no-human'
  | 'reserved-id'
  | 'duplicate-id'
  | 'no-action'
  | 'never-matches'
  | 'unknown-district'
  | 'unknown-agency'
  | 'unknown-trunk'
  | 'unknown-recipient'
  | 'agency-without-trunk'
  | 'agency-twice'
  | 'recipient-twice'
  | 'two-transfers'
  | 'contradiction'
  | 'adds-nothing';

/** What the rules may refer to. An empty list of districts means that the city has none listed: any name passes. */
interface Surroundings {
  readonly agencies: AgencyDirectory;
  readonly districts: readonly string[];
  /** Ids of those who can be told. */
  readonly recipients: readonly string[];
}

/** What is wrong with a rule set: the first 200 faults in the order of the document, and how many there are. */
interface Report {
  readonly faults: readonly Fault[];
  readonly total: number;
}

const faultsListed = 200;

/** Every fault of a rule set. None: whatever the incident, somebody of an agency that can be rung speaks with the caller. */
export function validate(content: RuleSetContent, surroundings: Surroundings): Report {
  const steps = validating(content, surroundings);
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
  }
}

/** The same, a few rules at a time: who also serves calls lets them come in between. */
export function* validating(content: RuleSetContent, surroundings: Surroundings): Generator<void, Report> {
  const found: Fault[] = [];
  let total = 0;
  const tell = (faults: readonly Fault[]): void => {
    total += faults.length;
    found.push(...faults.slice(0, faultsListed - found.length));
  };
  const names = namesIn(surroundings);
  tell(defaultFaults(content.default, names));
  const seen = new Set<string>();
  const orders = overlaps(content.rules);
  for (const [index, rule] of content.rules.entries()) {
    const path = `rules.${index}`;
    tell(idFaults(rule, path, seen));
    tell(conditionFaults(rule, path, names));
    if (rule.then.length + rule.tell.length === 0) {
      tell([{ ruleId: rule.id, path: `${path}.then`, code: 'no-action', message: 'The rule does nothing.' }]);
    }
    tell(actionFaults(rule.then, rule.id, `${path}.then`, names));
    tell(recipientFaults(rule, path, names));
    tell(orderFaults(rule, path, content.rules, orders(index)));
    if (index % 20 === 19) yield;
  }
  return { faults: found, total };
}

interface Names {
  readonly agencies: AgencyDirectory;
  readonly districts: ReadonlySet<string>;
  readonly recipients: ReadonlySet<string>;
}

function namesIn({ agencies, districts, recipients }: Surroundings): Names {
  return { agencies, districts: new Set(districts.map(districtKey)), recipients: new Set(recipients) };
}

function defaultFaults(actions: readonly Action[], names: Names): Fault[] {
  const faults = actionFaults(actions, null, 'default', names);
  const at = { ruleId: null, path: 'default' };
  if (actions.length === 0) {
    const message = 'Name at least one agency for incidents to which the rules bring nobody.';
    return [{ ...at, code: 'no-default', message }];
  }
  const human = actions.some(({ agencyId, mode }) => speaks(mode) && names.agencies.canBeRung(agencyId));
  if (human) return faults;
  const message =
    'Bridge or transfer to at least one agency with a trunk that can be rung: who only hears or is told helps no caller.';
  return [...faults, { ...at, code: 'no-human', message }];
}

function idFaults(rule: Rule, path: string, seen: Set<string>): Fault[] {
  const faults: Fault[] = [];
  const at = { ruleId: rule.id, path: `${path}.id` };
  if (rule.id === defaultRuleId)
    faults.push({ ...at, code: 'reserved-id', message: 'This id stands for the default.' });
  if (seen.has(rule.id)) faults.push({ ...at, code: 'duplicate-id', message: `Another rule has the id ${rule.id}.` });
  seen.add(rule.id);
  return faults;
}

const lists = [
  'kinds',
  'severities',
  'districts',
  'areas',
  'weekdays',
  'dates',
  'agencyStates',
  'trunkStates',
  'languages',
  'carriers',
  'sources',
] as const;

function conditionFaults({ id: ruleId, when }: Rule, path: string, names: Names): Fault[] {
  const faults: Fault[] = [];
  const fault = (part: string, code: FaultCode, message: string): void => {
    faults.push({ ruleId, path: `${path}.when.${part}`, code, message });
  };
  for (const part of lists) {
    if (when[part]?.length !== 0) continue;
    fault(part, 'never-matches', `An empty list of ${part} never matches; leave it out to match all.`);
  }
  if (when.hours && when.hours.from === when.hours.to) {
    fault('hours', 'never-matches', 'From and to are the same: leave the hours out to match all day.');
  }
  for (const [index, { from, to }] of (when.dates ?? []).entries()) {
    if (from > to) fault(`dates.${index}`, 'never-matches', `${from} is after ${to}.`);
  }
  for (const [index, name] of (when.districts ?? []).entries()) {
    if (names.districts.size === 0 || names.districts.has(districtKey(name))) continue;
    fault(`districts.${index}`, 'unknown-district', `${name} is not among the city's districts.`);
  }
  for (const [index, { coordinates }] of (when.areas ?? []).entries()) {
    for (const [at, ring] of coordinates.entries()) {
      if (isRing(ring)) continue;
      const message = 'A ring has three corners or more, and its last position is its first (RFC 7946).';
      fault(`areas.${index}.coordinates.${at}`, 'never-matches', message);
    }
  }
  for (const [index, { agencyId }] of (when.agencyStates ?? []).entries()) {
    if (names.agencies.find(agencyId)) continue;
    fault(`agencyStates.${index}.agencyId`, 'unknown-agency', `There is no agency ${agencyId}.`);
  }
  for (const [index, { trunkId }] of (when.trunkStates ?? []).entries()) {
    if (names.agencies.findTrunk(trunkId)) continue;
    fault(`trunkStates.${index}.trunkId`, 'unknown-trunk', `There is no trunk ${trunkId}.`);
  }
  for (const [part, message] of impossible(when)) fault(part, 'never-matches', message);
  return faults;
}

function isRing(ring: readonly (readonly [number, number])[]): boolean {
  const [first, last] = [ring[0], ring.at(-1)];
  const corners = new Set(ring.map(([east, north]) => `${east} ${north}`));
  return corners.size >= 3 && first?.[0] === last?.[0] && first?.[1] === last?.[1];
}

/** Conditions of one rule that never hold together, by the part that says so. */
function* impossible(when: Condition): Generator<[part: string, message: string]> {
  const opposites = { open: 'closed', closed: 'open', reachable: 'unreachable', unreachable: 'reachable' } as const;
  const states = new Set((when.agencyStates ?? []).map(({ agencyId, state }) => `${agencyId} ${state}`));
  for (const [index, { agencyId, state }] of (when.agencyStates ?? []).entries()) {
    if (!states.has(`${agencyId} ${opposites[state]}`)) continue;
    yield [`agencyStates.${index}`, `${agencyId} is never ${state} and ${opposites[state]}.`];
  }
  const trunks = new Map<string, string>();
  for (const [index, { trunkId, state }] of (when.trunkStates ?? []).entries()) {
    const other = trunks.get(trunkId) ?? state;
    if (other !== state) yield [`trunkStates.${index}`, `Trunk ${trunkId} is never ${other} and ${state}.`];
    trunks.set(trunkId, other);
  }
  const { confidential, kinds } = when;
  if (confidential !== undefined && kinds && !kinds.some((kind) => findKind(kind)?.confidential === confidential)) {
    yield ['confidential', `None of the kinds is ${confidential ? '' : 'not '}confidential.`];
  }
}

function actionFaults(actions: readonly Action[], ruleId: string | null, path: string, names: Names): Fault[] {
  const faults: Fault[] = [];
  const seen = new Set<string>();
  for (const [index, { agencyId, mode, fallbacks }] of actions.entries()) {
    const here = `${path}.${index}`;
    const at = { ruleId, path: `${here}.agencyId` };
    faults.push(...agencyFaults(agencyId, mode !== 'notify', at, names));
    if (seen.has(agencyId)) faults.push({ ...at, code: 'agency-twice', message: `${agencyId} is named twice.` });
    seen.add(agencyId);
    for (const [next, fallback] of fallbacks.entries()) {
      const place = { ruleId, path: `${here}.fallbacks.${next}` };
      faults.push(...agencyFaults(fallback, mode !== 'notify', place, names));
      if (fallback !== agencyId && fallbacks.indexOf(fallback) === next) continue;
      const message = `${fallback} would be asked in place of itself.`;
      faults.push({ ...place, code: 'agency-twice', message });
    }
  }
  if (actions.filter(({ mode }) => mode === 'transfer').length > 1) {
    faults.push({ ruleId, path, code: 'two-transfers', message: 'Only one agency can take the caller over.' });
  }
  return faults;
}

function agencyFaults(
  agencyId: string,
  rung: boolean,
  at: { ruleId: string | null; path: string },
  names: Names,
): Fault[] {
  if (!names.agencies.find(agencyId)) {
    return [{ ...at, code: 'unknown-agency', message: `There is no agency ${agencyId}.` }];
  }
  if (!rung || names.agencies.canBeRung(agencyId)) return [];
  return [{ ...at, code: 'agency-without-trunk', message: `No trunk that can be rung leads to ${agencyId}.` }];
}

function recipientFaults({ id: ruleId, tell }: Rule, path: string, { recipients }: Names): Fault[] {
  const faults: Fault[] = [];
  for (const [index, recipientId] of tell.entries()) {
    const at = { ruleId, path: `${path}.tell.${index}` };
    if (!recipients.has(recipientId)) {
      faults.push({ ...at, code: 'unknown-recipient', message: `There is no recipient ${recipientId}.` });
    }
    if (tell.indexOf(recipientId) !== index) {
      faults.push({ ...at, code: 'recipient-twice', message: `${recipientId} is named twice.` });
    }
  }
  return faults;
}

/** An earlier rule that matches whenever this one does takes away whom they both name. */
function orderFaults(rule: Rule, path: string, rules: readonly Rule[], taken: ReadonlyMap<string, number>): Fault[] {
  const faults: Fault[] = [];
  for (const { agencyId, mode } of rule.then) {
    const by = rules[taken.get(`agency ${agencyId}`) ?? -1];
    const other = by?.then.find((action) => action.agencyId === agencyId);
    if (!by || !other || other.mode === mode) continue;
    const message = `${by.id} always says ${other.mode} for ${agencyId} first; put the special rule before it.`;
    faults.push({ ruleId: rule.id, path: `${path}.then`, code: 'contradiction', message });
  }
  const named = namedBy(rule);
  if (named.length > 0 && named.every((one) => taken.has(one))) {
    const before = [...new Set(taken.values())].map((index) => rules[index]?.id).join(', ');
    const message = `It never adds anybody: ${before} did so before.`;
    faults.push({ ruleId: rule.id, path, code: 'adds-nothing', message });
  }
  return faults;
}
