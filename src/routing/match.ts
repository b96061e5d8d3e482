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

/** Whether a condition holds. Areas are looked at last: only where all else holds. */
export function match(when: Condition, facts: Facts): Match {
  const checks = checksOf(when, facts);
  const failed = checks.filter(({ yes }) => !yes);
  const area = failed.length === 0 ? withinAreas(when.areas, facts.position) : undefined;
  if (area !== undefined) (area.yes ? checks : failed).push(area);
  const matched = failed.length === 0;
  return { matched, because: (matched ? checks : failed).map(({ text }) => text()) };
}

function checksOf(when: Condition, facts: Facts): Check[] {
  const checks = [ofKind(when.kinds, facts.kind)];
  const add = (check: Check | undefined): void => {
    if (check !== undefined) checks.push(check);
  };
  add(among('severity', when.severities, facts.severity));
  add(ofDistrict(when.districts, facts.district));
  add(among('weekday', when.weekdays, facts.weekday));
  add(withinHours(when.hours, facts.time));
  add(withinDates(when.dates, facts.date));
  add(same('a holiday', when.holidays, facts.holiday));
  add(among('language', when.languages, facts.language));
  add(among('carrier', when.carriers, facts.carrier));
  add(among('source', when.sources, facts.source));
  add(same('confidential', when.confidential, facts.confidential));
  add(same('a drill', when.drill, facts.drill));
  add(withCalls(when.minimumCalls, facts.calls));
  for (const wanted of when.agencyStates ?? []) add(ofAgency(wanted, facts.agencies));
  for (const wanted of when.trunkStates ?? []) add(ofTrunk(wanted, facts.trunks));
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
