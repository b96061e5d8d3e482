import { booleanPointInPolygon } from '@turf/boolean-point-in-polygon';
import { districtKey } from '../platform/text.ts';
import { minutesOf, type Condition } from './condition.ts';
import type { Facts } from './facts.ts';
import { incidentKinds } from './kind.ts';

interface Match {
  readonly matched: boolean;
  /** Of a rule that matches each condition, of another those that do not hold. */
  readonly because: string[];
}

interface Check {
  readonly yes: boolean;
  /** Put into words only where somebody is to read it: most checks are of rules that do not matter. */
  readonly text: () => string;
}

/** Whether a condition holds, and what of it does or does not. */
export function match(when: Condition, facts: Facts): Match {
  const checks = checksOf(when, facts, () => true);
  const failed = checks.filter(({ yes }) => !yes);
  const matched = failed.length === 0;
  return { matched, because: wordsOf(matched ? checks : failed) };
}

/** The same where nobody asks why it does not hold: null then, at the first check that fails. */
export function whyMatched(when: Condition, facts: Facts): string[] | null {
  const checks = checksOf(when, facts, ({ yes }) => yes);
  return checks.at(-1)?.yes === false ? null : wordsOf(checks);
}

const wordsOf = (checks: readonly Check[]): string[] => checks.map(({ text }) => text());

/** What is asked of an incident, one after the other; undefined where a condition says nothing of it. */
const asked: readonly ((when: Condition, facts: Facts) => Check | undefined)[] = [
  (when, facts) => ofKind(when.kinds, facts.kind),
  (when, facts) => among('severity', when.severities, facts.severity),
  (when, facts) => ofDistrict(when.districts, facts.district),
  (when, facts) => among('weekday', when.weekdays, facts.weekday),
  (when, facts) => withinHours(when.hours, facts.time),
  (when, facts) => withinDates(when.dates, facts.date),
  (when, facts) => same('a holiday', when.holidays, facts.holiday),
  (when, facts) => among('language', when.languages, facts.language),
  (when, facts) => among('carrier', when.carriers, facts.carrier),
  (when, facts) => among('source', when.sources, facts.source),
  (when, facts) => same('confidential', when.confidential, facts.confidential),
  (when, facts) => same('a drill', when.drill, facts.drill),
  (when, facts) => withCalls(when.minimumCalls, facts.calls),
];

/** The checks in their order, until `goOn` says of one that no other is wanted. Areas are looked at last: only where all else holds. */
function checksOf(when: Condition, facts: Facts, goOn: (check: Check) => boolean): Check[] {
  const checks: Check[] = [];
  const follows = (check: Check | undefined): boolean => {
    if (check === undefined) return true;
    checks.push(check);
    return goOn(check);
  };
  const all =
    asked.every((ask) => follows(ask(when, facts))) &&
    (when.agencyStates ?? []).every((wanted) => follows(ofAgency(wanted, facts.agencies))) &&
    (when.trunkStates ?? []).every((wanted) => follows(ofTrunk(wanted, facts.trunks)));
  if (all && checks.every(({ yes }) => yes)) follows(withinAreas(when.areas, facts.position));
  return checks;
}

function ofKind(wanted: Condition['kinds'], kind: Facts['kind']): Check {
  if (wanted) return within('kind', wanted, kind);
  const yes = incidentKinds.includes(kind);
  return { yes, text: () => (yes ? `kind ${kind} is an incident` : `kind ${kind} is no incident`) };
}

function among(what: string, wanted: readonly string[] | undefined, found: string | null): Check | undefined {
  if (!wanted) return undefined;
  if (found === null) return { yes: false, text: () => `${what} is not known` };
  return within(what, wanted, found);
}

function ofDistrict(wanted: Condition['districts'], found: string | null): Check | undefined {
  // Most are written as the map writes them: only others are compared by their keys.
  if (wanted === undefined || found === null || !wanted.includes(found)) {
    return among('district', wanted?.map(districtKey), found && districtKey(found));
  }
  return { yes: true, text: () => within('district', wanted.map(districtKey), districtKey(found)).text() };
}

function within(what: string, wanted: readonly string[], found: string): Check {
  const yes = wanted.includes(found);
  return { yes, text: () => `${what} ${found} is ${yes ? '' : 'not '}among ${listed(wanted)}` };
}

/** The trace of a decision is kept with it: a long list is only counted. */
function listed(names: readonly string[]): string {
  return names.length > 8 ? `${names.slice(0, 5).join(', ')} and ${names.length - 5} more` : names.join(', ');
}

function withinHours(hours: Condition['hours'], time: string): Check | undefined {
  if (!hours) return undefined;
  const [from, to, now] = [minutesOf(hours.from), minutesOf(hours.to), minutesOf(time)];
  const yes = from <= to ? now >= from && now < to : now >= from || now < to;
  return { yes, text: () => `${time} is ${yes ? '' : 'not '}within ${hours.from} to ${hours.to}` };
}

function withinDates(dates: Condition['dates'], date: string | null): Check | undefined {
  if (!dates) return undefined;
  if (date === null) return { yes: false, text: () => 'date is not known' };
  // ISO dates compare as texts.
  const span = dates.find(({ from, to }) => from <= date && date <= to);
  if (span) return { yes: true, text: () => `${date} is within ${span.from} to ${span.to}` };
  return { yes: false, text: () => `${date} is not within ${listed(dates.map(({ from, to }) => `${from} to ${to}`))}` };
}

function same(what: string, wanted: boolean | undefined, found: boolean): Check | undefined {
  if (wanted === undefined) return undefined;
  return { yes: wanted === found, text: () => `it is ${found ? '' : 'not '}${what}` };
}

function withCalls(wanted: number | undefined, found: number): Check | undefined {
  if (wanted === undefined) return undefined;
  return { yes: found >= wanted, text: () => `the incident has ${found} calls, ${wanted} are asked for` };
}

type AgencyState = NonNullable<Condition['agencyStates']>[number];

function ofAgency({ agencyId, state }: AgencyState, agencies: Facts['agencies']): Check {
  const found = agencies[agencyId];
  if (!found) return { yes: false, text: () => `nothing is known of ${agencyId}` };
  const states = [found.open ? 'open' : 'closed', found.reachable ? 'reachable' : 'unreachable'];
  return { yes: states.includes(state), text: () => `${agencyId} is ${states.join(' and ')}` };
}

function ofTrunk({ trunkId, state }: NonNullable<Condition['trunkStates']>[number], trunks: Facts['trunks']): Check {
  const found = trunks[trunkId];
  if (!found) return { yes: false, text: () => `nothing is known of trunk ${trunkId}` };
  return { yes: found === state, text: () => `trunk ${trunkId} is ${found}` };
}

function withinAreas(areas: Condition['areas'], position: Facts['position']): Check | undefined {
  if (!areas) return undefined;
  if (position === null) return { yes: false, text: () => 'position is not known' };
  const index = areas.findIndex((area) => booleanPointInPolygon([position.longitude, position.latitude], area));
  if (index === -1) return { yes: false, text: () => `the position lies in none of ${areas.length} areas` };
  return { yes: true, text: () => `the position lies in area ${index + 1}` };
}
