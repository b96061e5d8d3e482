-- The latest made-up call through each carrier's way (src/probes/): one row for a node and carrier, so that any controller can
-- tell, and one that was started anew knows what it has to take back. No call, no incident and no statistic.
create table probes (
  node text not null,
  carrier text not null,
  -- When it was tried last, and since when it does as it does.
  at timestamptz not null,
  since timestamptz not null,
  -- Null: it came through.
  failure text,
  milliseconds integer not null,
  primary key (node, carrier)
);

-- When a carrier brought its last call.
create index calls_carrier on calls (carrier, arrived_at);
