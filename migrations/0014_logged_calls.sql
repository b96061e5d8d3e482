-- What Asterisk's own log says of a call, beside what its controller says; log_counts: the call's end is taken from it.
alter table calls add column logged jsonb, add column log_counts boolean not null default false;
