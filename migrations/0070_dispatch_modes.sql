-- Agencies that hear a call without being heard, and what the crews that agencies sent have said of themselves: epoch
-- milliseconds by name, absent for what was not said.
alter table dispatches
  add column muted boolean not null default false,
  add column responder jsonb not null default '{}';
