-- The SIP accounts of agencies' own desks. A trunk is written anew with every edit of its agency; its account stays.

CREATE TABLE trunk_accounts (
  trunk_id text PRIMARY KEY,
  agency_id text NOT NULL REFERENCES agencies (id) ON DELETE CASCADE,
  account text NOT NULL UNIQUE,
  password_digest text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON COLUMN trunk_accounts.password_digest IS 'HA1 of RFC 2617; the password itself is kept nowhere';
