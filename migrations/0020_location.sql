-- Who calls and from where: what the network said, read; every location that came, none ever changed.

alter table calls
  add column e164 text,
  add column imei text,
  add column identity jsonb,
  add column emergency jsonb,
  add column location jsonb;
comment on column calls.e164 is 'The number that links the calls of one caller; caller_number is what came';
comment on column calls.location is 'The chosen fix with its reason, the access networks, and what was unusable';
-- Calls of one number or phone, newest first.
create index calls_e164 on calls (e164, arrived_at desc) where e164 is not null;
create index calls_imei on calls (imei, arrived_at desc) where imei is not null;

create table location_fixes (
  id uuid primary key,
  call_id uuid not null references calls (id),
  received_at timestamptz not null,
  source text not null,
  content jsonb not null
);
create index location_fixes_call on location_fixes (call_id, received_at);
create trigger location_fixes_never_change before update on location_fixes
  for each statement execute function refuse_change();
