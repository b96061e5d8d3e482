-- What several controllers notice, or one writes again after PostgreSQL was away, stands in the audit trail once.
ALTER TABLE audit ADD COLUMN key text UNIQUE;
