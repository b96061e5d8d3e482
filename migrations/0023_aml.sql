-- Phones' own location messages (AML), kept whether or not they fit a call: it may come later, or have ended.

create table aml_messages (
  -- SHA-256 of what came: a message that is sent again, or replayed, is the same.
  digest text primary key check (digest ~ '^[0-9a-f]{64}$'),
  received_at timestamptz not null,
  channel text not null check (channel in ('sms', 'https')),
  e164 text,
  imei text,
  content jsonb not null,
  -- The first call that it fitted.
  call_id uuid references calls (id)
);
create index aml_messages_e164 on aml_messages (e164, received_at) where e164 is not null;
create index aml_messages_imei on aml_messages (imei, received_at) where imei is not null;
create index aml_messages_received on aml_messages (received_at);
create index aml_messages_unmatched on aml_messages (received_at) where call_id is null;

-- Gateways hand messages in, and may do nothing else.
alter table tokens drop constraint tokens_role_check;
alter table tokens add constraint tokens_role_check
  check (role in ('admin', 'supervisor', 'operator', 'auditor', 'gateway'));
