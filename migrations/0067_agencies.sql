-- What an admin says of an agency beyond its trunks, and trunks that are no SIP trunks.

ALTER TABLE agencies
  ADD COLUMN hours jsonb NOT NULL DEFAULT '[]',
  ADD COLUMN alternates text[] NOT NULL DEFAULT '{}',
  ADD COLUMN districts text[] NOT NULL DEFAULT '{}',
  ADD COLUMN sop jsonb NOT NULL DEFAULT '{}',
  ADD COLUMN contacts text[] NOT NULL DEFAULT '{}',
  ADD COLUMN drill_trunk jsonb;
COMMENT ON COLUMN agencies.hours IS 'When it answers, in the city''s time; none: always';
COMMENT ON COLUMN agencies.alternates IS 'Agencies that are asked while it is closed or cannot be reached, in their order';
COMMENT ON COLUMN agencies.sop IS 'Seconds in which it accepts, departs and arrives';
COMMENT ON COLUMN agencies.contacts IS 'Recipients that are told when it is late, in their order';

ALTER TABLE trunks
  ADD COLUMN type text NOT NULL DEFAULT 'sip' CHECK (type IN ('sip', 'carrier', 'desk')),
  ADD COLUMN name text,
  ALTER COLUMN host DROP NOT NULL,
  ALTER COLUMN port DROP NOT NULL,
  ALTER COLUMN transport DROP NOT NULL,
  ALTER COLUMN number DROP NOT NULL,
  ADD CHECK (CASE type
    WHEN 'sip' THEN host IS NOT NULL AND port IS NOT NULL AND transport IS NOT NULL AND number IS NOT NULL
    WHEN 'carrier' THEN number IS NOT NULL
    ELSE name IS NOT NULL END);
COMMENT ON COLUMN trunks.type IS 'A SIP trunk, a number in the telephone network, or softphones at the agency''s desk';
