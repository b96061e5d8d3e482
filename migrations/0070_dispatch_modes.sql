-- Agencies that hear a call without being heard.
alter table dispatches add column muted boolean not null default false;
