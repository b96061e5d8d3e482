-- Persons and offices that can be told: leaders, and the contacts of agencies.
create table recipients (
  id text primary key,
  name text not null,
  agency_id text,
  leader boolean not null,
  language text not null check (language in ('id', 'en')),
  -- In the order in which they are tried.
  channels jsonb not null,
  -- Signs what is posted to its webhooks; shown once, and again only as a new one.
  secret text not null,
  version integer not null,
  updated_at timestamptz not null default now()
);

-- One message to one recipient. Rows come from the journal, the latest state of the latest owner; whoever finds one that is
-- not over and whose owner's lease has ended goes on with it.
create table notifications (
  id uuid primary key,
  incident_id uuid not null,
  recipient_id text not null,
  requested_at timestamptz not null,
  ended_at timestamptz,
  state text not null check (state in ('sending', 'delivered', 'acknowledged', 'failed')),
  dispatch_id uuid,
  -- The whole of it, as its owner had it.
  content jsonb not null,
  owner text not null,
  claimed_at bigint not null,
  sequence integer not null,
  lease_until timestamptz not null
);
create index notifications_incident on notifications (incident_id, requested_at);
create index notifications_requested on notifications (requested_at desc, id desc);
create index notifications_unfinished on notifications (lease_until) where ended_at is null;

-- A machine of its own that an incident has: a call to the outside, or a notification.
comment on column timeline.outgoing_id is 'The call to the outside, or the notification, that a line comes from';
