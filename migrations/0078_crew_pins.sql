-- The PIN by which an agency's crews report on the telephone, as a digest (salt and scrypt, as operators' PINs are kept).
create table crew_pins (
  agency_id text primary key references agencies (id) on delete cascade,
  digest text not null,
  set_at timestamptz not null default now()
);
