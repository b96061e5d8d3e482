-- The six digits by which people name an incident on the telephone (src/incidents/incident-number.ts): a list of them by one
-- number is read by an index and not by a look at every incident there ever was.
create function incident_number(id uuid) returns text
  language sql immutable strict parallel safe
  return lpad((('x' || right(replace(id::text, '-', ''), 12))::bit(48)::bigint % 1000000)::text, 6, '0');

create index incidents_by_number on incidents (incident_number(id));
