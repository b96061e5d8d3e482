-- Operators and the accounts of their softphones. The password itself is nowhere: only its digest, as SIP needs it.
create table operators (
  id uuid primary key,
  name text not null,
  extension text not null unique,
  account text not null unique check (account ~ '^op-[a-z0-9]{12,}$'),
  password_digest text not null,
  created_at timestamptz not null,
  version integer not null default 1
);

create table operator_states (
  id bigint generated always as identity primary key,
  operator_id uuid not null,
  at timestamptz not null,
  state text not null,
  reason text,
  unique (operator_id, at, state)
);

create table alarms (
  id uuid primary key,
  code text not null,
  at timestamptz not null,
  detail jsonb not null
);
create index alarms_at on alarms (at desc, id desc);
