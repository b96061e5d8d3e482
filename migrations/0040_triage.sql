-- Calls that may be none. What was noted against a number or a phone: never changed but by lifting it, with who and why.
create table nuisance_contributions (
  id bigint generated always as identity primary key,
  key_kind text not null check (key_kind in ('number', 'imei')),
  key text not null,
  reason text not null check (reason in ('prank', 'ghost', 'silent', 'short-call', 'repeat')),
  points double precision not null check (points >= 0),
  at timestamptz not null,
  call_id uuid not null,
  -- What it was noted for, so that it is noted once: an incident's end, or a call.
  cause text not null,
  lifted_at timestamptz,
  lifted_by text,
  lift_reason text,
  unique (key_kind, key, reason, cause)
);
create index nuisance_contributions_at on nuisance_contributions (at) where lifted_at is null;
create index nuisance_contributions_cause on nuisance_contributions (cause);

-- Callers who hung up before an operator talked with them: each stays until he is called back, has redialled, or a person
-- has reviewed it.
create table callbacks (
  id uuid primary key,
  call_id uuid not null unique,
  incident_id uuid not null,
  number text,
  imei text,
  abandoned_at timestamptz not null,
  rang_seconds integer not null,
  repeats integer not null,
  nearby boolean not null,
  district text,
  best_fix jsonb,
  rank integer not null check (rank between 0 and 100),
  -- Why he cannot be called; null when he can.
  not_callable text,
  state text not null default 'listed' check (state in ('listed', 'calling', 'reached', 'redialled', 'reviewed')),
  tries integer not null default 0,
  next_try_at timestamptz,
  -- A person wants him called now, whatever the settings say.
  asked_by text,
  tried jsonb not null default '[]',
  redialled_by uuid,
  reviewed_by text,
  review jsonb,
  created_at timestamptz not null,
  changed_at timestamptz not null
);
create index callbacks_created on callbacks (created_at desc, id desc);
create index callbacks_open on callbacks (abandoned_at) where state in ('listed', 'calling');
create index callbacks_number on callbacks (number) where state in ('listed', 'calling');
create index callbacks_imei on callbacks (imei) where state in ('listed', 'calling');
create index callbacks_abandoned on callbacks (abandoned_at);
