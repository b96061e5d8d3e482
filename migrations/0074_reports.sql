-- Reports from registered apps and alarm systems.
alter table tokens drop constraint tokens_role_check;
alter table tokens add constraint tokens_role_check
  check (role in ('admin', 'supervisor', 'operator', 'auditor', 'gateway', 'client'));

-- What an app has reported: one incident each.
create table reports (
  incident_id uuid primary key references incidents (id),
  client_id text not null,
  -- The request that made it: the same key of the same client is the same report.
  key text not null,
  request_hash text not null,
  received_at timestamptz not null,
  source text not null check (source in ('app', 'alarm')),
  text text not null,
  reporter_name text,
  reporter_number text,
  wants_callback boolean not null,
  drill boolean not null,
  -- Latitude, longitude (WGS 84), and the radius in metres where it was said.
  position jsonb,
  unique (client_id, key)
);

-- Dispatches made at one moment for an incident without a live call, as their owner has them. Rows come from the journal, the
-- latest state of the latest owner; whoever finds one that is not over and whose owner's lease has ended goes on with it.
create table dispatches_without_call (
  id uuid primary key,
  incident_id uuid not null,
  began_at timestamptz not null,
  ended_at timestamptz,
  content jsonb not null,
  owner text not null,
  claimed_at bigint not null,
  sequence integer not null,
  lease_until timestamptz not null
);
create index dispatches_without_call_unfinished on dispatches_without_call (lease_until) where ended_at is null;
create index dispatches_without_call_incident on dispatches_without_call (incident_id);

-- What was decided for a report belongs to no call.
alter table routing_decisions drop constraint routing_decisions_pkey;
alter table routing_decisions alter column call_id drop not null;
create unique index routing_decisions_place on routing_decisions (coalesce(call_id, incident_id), claimed_at, sequence);

-- Who wants to be called back after a report has not called.
alter table callbacks alter column call_id drop not null;
create unique index callbacks_report on callbacks (incident_id) where call_id is null;

comment on column timeline.outgoing_id is
  'The call to the outside, the notification, or the dispatches without a call that a line comes from';
