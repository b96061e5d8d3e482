-- Where cell towers and fixed lines are, and which files said so.

CREATE TABLE cells (
  cell bigint NOT NULL,
  updated_at timestamptz,
  latitude double precision NOT NULL CHECK (latitude BETWEEN -90 AND 90),
  longitude double precision NOT NULL CHECK (longitude BETWEEN -180 AND 180),
  area int NOT NULL,
  range int CHECK (range > 0),
  samples int NOT NULL,
  mcc smallint NOT NULL,
  mnc smallint NOT NULL,
  radio text COLLATE "C" NOT NULL CHECK (radio IN ('GSM', 'UMTS', 'LTE', 'NR')),
  made_up boolean NOT NULL DEFAULT false,
  PRIMARY KEY (radio, mcc, mnc, area, cell)
);
COMMENT ON COLUMN cells.range IS 'Metres; null where the source does not know it';
COMMENT ON COLUMN cells.updated_at IS 'When the source last changed it: an older row never replaces a newer one';
COMMENT ON COLUMN cells.made_up IS 'For trying the centre out: the first real import removes them';

CREATE TABLE subscribers (
  number text PRIMARY KEY CHECK (number ~ '^\+[1-9][0-9]{4,14}$'),
  name text NOT NULL,
  address text NOT NULL,
  district text NOT NULL,
  latitude double precision CHECK (latitude BETWEEN -90 AND 90),
  longitude double precision CHECK (longitude BETWEEN -180 AND 180),
  imported_at timestamptz NOT NULL,
  CHECK ((latitude IS NULL) = (longitude IS NULL))
);

CREATE TABLE imports (
  id uuid PRIMARY KEY,
  kind text NOT NULL CHECK (kind IN ('cells', 'subscribers')),
  file_name text NOT NULL,
  sha256 text NOT NULL,
  rows_read bigint NOT NULL,
  rows_new bigint NOT NULL,
  rows_changed bigint NOT NULL,
  rows_unchanged bigint NOT NULL,
  rows_removed bigint NOT NULL,
  rows_rejected bigint NOT NULL,
  rows_skipped bigint NOT NULL,
  started_at timestamptz NOT NULL,
  finished_at timestamptz NOT NULL
);
COMMENT ON TABLE imports IS 'Imports that were finished: one that failed has changed nothing';
