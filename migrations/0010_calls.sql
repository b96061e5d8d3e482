-- The record of calls, incidents and dispatches. Rows come from the journal: an entry is applied once, and an older
-- state never replaces a newer one (claimed_at orders the owners of a call, sequence the entries of one owner).
create table incidents (
  id uuid primary key,
  opened_at timestamptz not null,
  version integer not null,
  status text not null check (status in ('open', 'closed')),
  kind text,
  severity text,
  district text,
  disposition text,
  notes jsonb not null default '[]'
);
create index incidents_opened on incidents (opened_at desc, id desc);

create table calls (
  id uuid primary key,
  incident_id uuid not null references incidents (id),
  node text not null,
  channel_id text not null,
  sip_call_id text,
  arrived_at timestamptz not null,
  answered_at timestamptz,
  first_talk_at timestamptz,
  ended_at timestamptz,
  stage text not null,
  outcome text,
  reason text,
  carrier text,
  dialled text,
  source text,
  caller_number text,
  caller_name text,
  headers jsonb not null default '{}',
  operator_id uuid,
  -- 'controller', or 'cel' for a call that no controller saw.
  recorded_by text not null check (recorded_by in ('controller', 'cel')),
  claimed_at bigint not null,
  sequence integer not null,
  unique (node, channel_id)
);
create index calls_arrived on calls (arrived_at desc, id desc);
create index calls_incident on calls (incident_id);

create table dispatches (
  id uuid primary key,
  incident_id uuid not null references incidents (id),
  call_id uuid references calls (id),
  agency_id text not null,
  agency_name text not null,
  mode text not null,
  state text not null,
  outcome text,
  reason jsonb not null,
  requested_at timestamptz not null,
  accepted_at timestamptz,
  joined_at timestamptz,
  ended_at timestamptz,
  attempts jsonb not null default '[]'
);
create index dispatches_incident on dispatches (incident_id);
create index dispatches_requested on dispatches (requested_at desc, id desc);

-- What happened, in order. The key is the entry's place in the call, so that a replay adds nothing.
create table timeline (
  call_id uuid not null,
  claimed_at bigint not null,
  sequence integer not null,
  position smallint not null,
  incident_id uuid not null,
  at timestamptz not null,
  type text not null,
  detail jsonb not null,
  primary key (call_id, claimed_at, sequence, position)
);
create index timeline_incident on timeline (incident_id, at);
