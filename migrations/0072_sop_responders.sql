-- What the crews that agencies sent say of themselves. It outlives the call, so it is no part of the call's state: each
-- step once, and never back.
create table dispatch_responses (
  dispatch_id uuid not null,
  state text not null check (state in ('acknowledged', 'en-route', 'on-scene', 'done')),
  at timestamptz not null,
  -- An operator, a token, or `link`.
  by text not null,
  note text,
  primary key (dispatch_id, state)
);

-- The clocks of the agencies' operating procedures. The row is the truth; jobs only wake who looks at it.
create table sop_clocks (
  dispatch_id uuid not null,
  clock text not null check (clock in ('accept', 'depart', 'arrive')),
  incident_id uuid not null,
  -- As the agency had it when the dispatch came.
  seconds integer not null,
  started_at timestamptz,
  due_at timestamptz,
  state text not null check (state in ('waiting', 'running', 'warned', 'overdue', 'kept', 'cancelled')),
  -- When it is to be looked at again; null when there is nothing more to do.
  next_at timestamptz,
  ended_at timestamptz,
  -- Recipients in the order in which they were told, and those of them whose notification is not on record yet.
  told text[] not null default '{}',
  to_tell text[] not null default '{}',
  tell_after timestamptz,
  primary key (dispatch_id, clock)
);
create index sop_clocks_next on sop_clocks (next_at) where next_at is not null;
create index sop_clocks_to_tell on sop_clocks (tell_after) where to_tell <> '{}';
create index sop_clocks_open on sop_clocks (incident_id) where ended_at is null;

-- Whether a dispatch has got its clocks, of those that its agency had then; those of before have none.
alter table dispatches add column clocked boolean not null default true;
alter table dispatches alter column clocked set default false;
create index dispatches_not_clocked on dispatches (requested_at) where not clocked;

-- Keys that every controller of the centre must know.
create table centre_secrets (
  name text primary key,
  secret text not null
);

comment on column timeline.outgoing_id is
  'The call to the outside, the notification, or the dispatch (its clocks and its crew), that a line comes from';
