-- Why an agency was engaged: the rule set's version, what it wanted, and why each rule did or did not match.
create table routing_decisions (
  call_id uuid not null,
  claimed_at bigint not null,
  sequence integer not null,
  incident_id uuid not null,
  at timestamptz not null,
  rule_set_version integer not null,
  actions jsonb not null,
  trace jsonb not null,
  primary key (call_id, claimed_at, sequence)
);
create index routing_decisions_incident on routing_decisions (incident_id, at);
