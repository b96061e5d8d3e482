-- Rule sets are immutable versions; which one is active is the last row of rule_set_activations.

CREATE TABLE rule_sets (
  version int PRIMARY KEY CHECK (version > 0),
  content jsonb NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  created_by text NOT NULL
);
CREATE TRIGGER rule_sets_immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON rule_sets
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TABLE rule_set_activations (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  version int NOT NULL REFERENCES rule_sets,
  at timestamptz NOT NULL DEFAULT now(),
  by text NOT NULL
);
