-- A person is not a position: desks have the SIP accounts, people log in at them. The account columns of operators stay
-- for the version before this one; nobody else reads them.
create table desks (
  id uuid primary key,
  name text not null,
  account text not null unique check (account ~ '^op-[a-z0-9]{12,}$'),
  -- HA1 of RFC 2617: the password itself is nowhere.
  password_digest text not null,
  transport text not null default 'udp' check (transport in ('udp', 'tcp', 'tls')),
  media text not null default 'rtp' check (media in ('rtp', 'srtp')),
  -- The operator whose own desk it is: he is logged in there from the start. No reference: he may be deleted in a call.
  owner uuid unique,
  created_at timestamptz not null
);

insert into desks (id, name, account, password_digest, owner, created_at)
  select gen_random_uuid(), name, account, password_digest, id, created_at from operators;

alter table operators
  add column tier text not null default 'regular' check (tier in ('regular', 'standby', 'supervisor')),
  add column skills text[] not null default '{}',
  add column languages text[] not null default '{id}',
  -- salt:scrypt, both in hex; null for operators who have got no PIN yet.
  add column pin_digest text;

alter table operator_states add column desk_id uuid, add column call_id uuid;
create index operator_states_of on operator_states (operator_id, at);

-- Who was logged in where. Rows come from the journal: what an entry says last holds, and an end is never taken back.
create table operator_sessions (
  id uuid primary key,
  operator_id uuid not null,
  desk_id uuid not null,
  began_at timestamptz not null,
  ended_at timestamptz,
  ended_by text
);
create index operator_sessions_of on operator_sessions (operator_id, began_at desc, id desc);
