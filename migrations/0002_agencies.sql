-- The organisations that are sent, and the SIP trunks that lead to them.

CREATE TABLE agencies (
  id text PRIMARY KEY,
  name text NOT NULL,
  name_english text NOT NULL,
  number text NOT NULL,
  acceptance text NOT NULL CHECK (acceptance IN ('key', 'answer')),
  version int NOT NULL DEFAULT 1,
  updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE trunks (
  id text PRIMARY KEY,
  agency_id text NOT NULL REFERENCES agencies ON DELETE CASCADE,
  position int NOT NULL,
  host text NOT NULL,
  port int NOT NULL CHECK (port BETWEEN 1 AND 65535),
  transport text NOT NULL CHECK (transport IN ('udp', 'tcp')),
  number text NOT NULL,
  UNIQUE (agency_id, position)
);
COMMENT ON COLUMN trunks.position IS 'The order in which an agency''s trunks are tried';
