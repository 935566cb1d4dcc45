-- What retention has removed, by kind.
CREATE TABLE bevaring (
  art         TEXT PRIMARY KEY,
  til         {{INT}} NOT NULL,             -- up to and with this number there is nothing left to remove
  antal       {{INT}} NOT NULL,             -- removed, ever
  sidst       {{INT}} NOT NULL,             -- when something was last removed; 0 = never
  sidst_antal {{INT}} NOT NULL              -- how many then
);
CREATE INDEX fejl_lukket ON fejl (lukket) WHERE status = 'lukket';
CREATE INDEX fejl_besked ON fejl (besked) WHERE status = 'aaben' AND besked > 0;
CREATE INDEX besked_proces_besked ON besked_proces (besked);
CREATE INDEX besked_relateret_besked ON besked_relateret (besked);
CREATE INDEX indhold_ref_besked ON indhold_ref (besked);

-- When a document was last stored, or lost a besked that referred to it: from then on it may be that nobody needs it.
ALTER TABLE indhold ADD COLUMN brugt {{INT}} NOT NULL DEFAULT 0;
UPDATE indhold SET brugt = oprettet;
