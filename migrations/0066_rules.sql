-- What the rules were asked, so that a draft can be asked the same later; null in what was decided before.
alter table routing_decisions add column facts jsonb;
-- Whom the rules wanted told.
alter table routing_decisions add column tell jsonb not null default '[]';
create index routing_decisions_at on routing_decisions (at);
