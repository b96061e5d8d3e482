-- One GeoJSON document, as it was imported last. It can be several MB: the version tells whether it must be read at all.

CREATE TABLE district_map (
  only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  version int NOT NULL,
  content jsonb NOT NULL,
  updated_by text NOT NULL,
  updated_at timestamptz NOT NULL DEFAULT now()
);
