-- How each carrier's way does (src/probes/): the latest made-up call through it, and since when it has brought no call for too
-- long. One row for a node and carrier, so that any controller can tell, and one that was started anew knows what it has to take
-- back. No call, no incident and no statistic.
create table carriers (
  node text not null,
  carrier text not null,
  -- When it was tried last, and since when it does as it does; null: never.
  probed_at timestamptz,
  probe_since timestamptz,
  -- Null: it came through.
  probe_failure text,
  probe_milliseconds integer,
  -- When its last call came, told to be too long ago; null: it was not told.
  silent_since timestamptz,
  primary key (node, carrier)
);

-- When a carrier brought its last call.
create index calls_carrier on calls (node, carrier, arrived_at);
