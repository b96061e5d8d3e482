// What one would write in an afternoon: every rule is asked in order, one condition after another until one does not hold, and
// those that match give their actions, each agency once. No reasons, no default, no trace.
import { booleanPointInPolygon } from '@turf/boolean-point-in-polygon';

/** Answers the actions of the rules that match. */
export function linearScan({ rules }, facts) {
  const actions = new Map();
  for (const { id, when, then } of rules) {
    if (!holds(when, facts)) continue;
    for (const action of then)
      if (!actions.has(action.agencyId)) actions.set(action.agencyId, { ...action, ruleId: id });
  }
  return [...actions.values()];
}

function holds(when, facts) {
  const { kinds, severities, districts, areas, hours, weekdays, minimumCalls, agencyStates } = when;
  if (kinds && !kinds.includes(facts.kind)) return false;
  if (severities && !severities.includes(facts.severity)) return false;
  if (districts && !districts.includes(facts.district)) return false;
  if (weekdays && !weekdays.includes(facts.weekday)) return false;
  if (hours && !within(hours, facts.time)) return false;
  if (minimumCalls && facts.calls < minimumCalls) return false;
  if (
    agencyStates &&
    !agencyStates.every(({ agencyId, state }) => facts.agencies[agencyId].open === (state === 'open'))
  ) {
    return false;
  }
  if (!areas) return true;
  const { position } = facts;
  return (
    position !== null && areas.some((area) => booleanPointInPolygon([position.longitude, position.latitude], area))
  );
}

function within({ from, to }, time) {
  return from <= to ? time >= from && time < to : time >= from || time < to;
}
