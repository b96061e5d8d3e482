/** SQL: the ids of everyone who talked on the call of a row of `calls` with this alias, as text[]. */
export function talkedOnCall(alias: string): string {
  return `array_remove(array_remove(${alias}.talked, ${alias}.operator_id) || ${alias}.operator_id, null)::text[]`;
}

/** SQL: the ids of everyone who talked on the calls of the incident whose id this expression has, as text[]. */
export function talkedOnIncident(incidentId: string): string {
  return `array(select distinct unnest(${talkedOnCall('talked_on')}) from calls talked_on
    where talked_on.incident_id = ${incidentId})`;
}
