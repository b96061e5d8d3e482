import type { AgencyDirectory } from '../agencies/agency.ts';
import {
  defaultRuleId,
  districtKey,
  incidentKinds,
  minutesOf,
  type Action,
  type Condition,
  type Rule,
  type RuleSetContent,
} from './rule.ts';

/** Something that makes a rule set unfit. `ruleId` is null when it is not one rule's. */
export interface Fault {
  readonly ruleId: string | null;
  /** Where in the document, such as `rules.3.then.0.agencyId`. */
  readonly path: string;
  readonly code:
    | 'no-default'
    | 'reserved-id'
    | 'duplicate-id'
    | 'no-action'
    | 'never-matches'
    | 'unknown-district'
    | 'unknown-agency'
    | 'agency-without-trunk'
    | 'agency-twice'
    | 'two-transfers'
    | 'contradiction'
    | 'adds-nothing';
  readonly message: string;
}

/** What the rules may refer to. An empty list of districts means that the city has none listed: any name passes. */
interface Surroundings {
  readonly agencies: AgencyDirectory;
  readonly districts: readonly string[];
}

/** Every fault of a rule set, in the order of the document. None: it always yields an agency for an incident. */
export function validate(content: RuleSetContent, surroundings: Surroundings): Fault[] {
  const faults: Fault[] = [];
  if (content.default.length === 0) {
    const message = 'Name at least one agency for incidents that no rule matches.';
    faults.push({ ruleId: null, path: 'default', code: 'no-default', message });
  }
  faults.push(...actionFaults(content.default, null, 'default', surroundings.agencies));
  const seen = new Set<string>();
  const districts = new Set(surroundings.districts.map(districtKey));
  for (const [index, rule] of content.rules.entries()) {
    const path = `rules.${index}`;
    faults.push(...idFaults(rule, path, seen));
    faults.push(...conditionFaults(rule, path, districts));
    if (rule.then.length === 0) {
      faults.push({ ruleId: rule.id, path: `${path}.then`, code: 'no-action', message: 'The rule does nothing.' });
    }
    faults.push(...actionFaults(rule.then, rule.id, `${path}.then`, surroundings.agencies));
    faults.push(...orderFaults(rule, path, content.rules.slice(0, index)));
  }
  return faults;
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

function conditionFaults(rule: Rule, path: string, districts: ReadonlySet<string>): Fault[] {
  const faults: Fault[] = [];
  for (const part of ['kinds', 'severities', 'districts', 'weekdays'] as const) {
    if (rule.when[part]?.length !== 0) continue;
    const message = `An empty list of ${part} never matches; leave it out to match all.`;
    faults.push({ ruleId: rule.id, path: `${path}.when.${part}`, code: 'never-matches', message });
  }
  const { hours } = rule.when;
  if (hours && hours.from === hours.to) {
    const message = 'From and to are the same: leave the hours out to match all day.';
    faults.push({ ruleId: rule.id, path: `${path}.when.hours`, code: 'never-matches', message });
  }
  for (const [index, name] of (rule.when.districts ?? []).entries()) {
    if (districts.size === 0 || districts.has(districtKey(name))) continue;
    const at = { ruleId: rule.id, path: `${path}.when.districts.${index}` };
    faults.push({ ...at, code: 'unknown-district', message: `${name} is not among the city's districts.` });
  }
  return faults;
}

function actionFaults(
  actions: readonly Action[],
  ruleId: string | null,
  path: string,
  agencies: AgencyDirectory,
): Fault[] {
  const faults: Fault[] = [];
  const seen = new Set<string>();
  for (const [index, { agencyId }] of actions.entries()) {
    const at = { ruleId, path: `${path}.${index}.agencyId` };
    const agency = agencies.find(agencyId);
    if (!agency) faults.push({ ...at, code: 'unknown-agency', message: `There is no agency ${agencyId}.` });
    else if (agency.trunks.length === 0) {
      faults.push({ ...at, code: 'agency-without-trunk', message: `No trunk leads to ${agencyId}.` });
    }
    if (seen.has(agencyId)) faults.push({ ...at, code: 'agency-twice', message: `${agencyId} is named twice.` });
    seen.add(agencyId);
  }
  if (actions.filter(({ mode }) => mode === 'transfer').length > 1) {
    faults.push({ ruleId, path, code: 'two-transfers', message: 'Only one agency can take the caller over.' });
  }
  return faults;
}

/** An earlier rule that matches whenever this one does takes its agencies away. */
function orderFaults(rule: Rule, path: string, before: readonly Rule[]): Fault[] {
  const faults: Fault[] = [];
  const covering = before.filter((earlier) => covers(earlier.when, rule.when));
  const shadowed = rule.then.map((action) => {
    const by = covering.find((earlier) => earlier.then.some(({ agencyId }) => agencyId === action.agencyId));
    const other = by?.then.find(({ agencyId }) => agencyId === action.agencyId);
    if (by && other && other.mode !== action.mode) {
      const message = `${by.id} always says ${other.mode} for ${action.agencyId} first; put the special rule before it.`;
      faults.push({ ruleId: rule.id, path: `${path}.then`, code: 'contradiction', message });
    }
    return by !== undefined;
  });
  if (shadowed.length > 0 && shadowed.every(Boolean)) {
    const message = `It never adds an agency: ${covering.map(({ id }) => id).join(', ')} did so before.`;
    faults.push({ ruleId: rule.id, path, code: 'adds-nothing', message });
  }
  return faults;
}

/** Whether `wide` matches whenever `narrow` does. */
function covers(wide: Condition, narrow: Condition): boolean {
  return (
    contains(wide.kinds ?? incidentKinds, narrow.kinds ?? incidentKinds) &&
    coversList(wide.severities, narrow.severities) &&
    coversList(wide.districts?.map(districtKey), narrow.districts?.map(districtKey)) &&
    coversList(wide.weekdays, narrow.weekdays) &&
    coversHours(wide.hours, narrow.hours)
  );
}

function contains(wide: readonly string[], narrow: readonly string[]): boolean {
  return narrow.every((item) => wide.includes(item));
}

function coversList(wide: readonly string[] | undefined, narrow: readonly string[] | undefined): boolean {
  return wide === undefined || (narrow !== undefined && contains(wide, narrow));
}

function coversHours(wide: Condition['hours'], narrow: Condition['hours']): boolean {
  if (!wide) return true;
  if (!narrow) return false;
  const day = 24 * 60;
  const start = minutesOf(wide.from);
  const length = (minutesOf(wide.to) - start + day) % day;
  const offset = (minutesOf(narrow.from) - start + day) % day;
  const inner = (minutesOf(narrow.to) - minutesOf(narrow.from) + day) % day;
  return offset + inner <= length;
}
