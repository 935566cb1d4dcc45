-- What retention has removed, by kind.
CREATE TABLE bevaring (
  art         TEXT PRIMARY KEY,
  til         {{INT}} NOT NULL DEFAULT 0,   -- up to and with this number there is nothing left to remove
  antal       {{INT}} NOT NULL DEFAULT 0,   -- removed, ever
  sidst       {{INT}} NOT NULL DEFAULT 0,   -- when something was last removed; 0 = never
  sidst_antal {{INT}} NOT NULL DEFAULT 0    -- how many then
);
CREATE INDEX fejl_lukket ON fejl (lukket) WHERE status = 'lukket';

-- When a document was last stored, or lost a besked that referred to it: from then on it may be that nobody needs it.
ALTER TABLE indhold ADD COLUMN brugt {{INT}} NOT NULL DEFAULT 0;
UPDATE indhold SET brugt = oprettet;
CREATE INDEX indhold_brugt ON indhold (brugt);
CREATE INDEX indhold_ref_besked ON indhold_ref (besked);
