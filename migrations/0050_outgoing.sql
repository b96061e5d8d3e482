-- Calls of operators to the outside, and callers called back. Rows come from the journal; what was refused has one too.
create table outgoing_calls (
  id uuid primary key,
  incident_id uuid,
  operator_id uuid,
  number text not null,
  purpose text not null check (purpose in ('dial-out', 'callback')),
  began_at timestamptz not null,
  answered_at timestamptz,
  ended_at timestamptz,
  outcome text,
  reason text,
  callback_id text,
  -- Recordings are named after the channels.
  operator_channel_id text,
  outside_channel_id text,
  sequence integer not null
);
create index outgoing_calls_began on outgoing_calls (began_at desc, id desc);
create index outgoing_calls_incident on outgoing_calls (incident_id);

-- What such a call told stands in its incident's timeline: its place there is counted in itself.
alter table timeline add column outgoing_id uuid;
drop index timeline_place;
create unique index timeline_place
  on timeline (coalesce(call_id, outgoing_id, incident_id), claimed_at, sequence, position);
