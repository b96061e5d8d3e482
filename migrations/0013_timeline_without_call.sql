-- What a person does to an incident that no call reported is told in its timeline as well: such a line has no call,
-- and its place is counted in the incident.
alter table timeline drop constraint timeline_pkey;
alter table timeline alter column call_id drop not null;
create unique index timeline_place on timeline (coalesce(call_id, incident_id), claimed_at, sequence, position);
create index timeline_call on timeline (call_id);
