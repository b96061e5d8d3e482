-- Everyone who talked on a call may know of its confidential incident, not the latest alone. Of earlier calls the latest is
-- known, in operator_id; to read the others out of the timeline would lock the table for as long as that takes.
alter table calls add column talked uuid[] not null default '{}';
