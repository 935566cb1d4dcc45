-- What the right to a registrering is decided by, as the registrering has it. NULL in myndighed = not worked out yet: these
-- are of before this was kept, and are gone through at the next start.
ALTER TABLE register_registrering ADD COLUMN myndighed TEXT; -- the owner's CVR number; '' = it does not say
ALTER TABLE register_registrering ADD COLUMN emne TEXT NOT NULL DEFAULT ''; -- KLE number
ALTER TABLE register_registrering ADD COLUMN foelsomhed TEXT NOT NULL DEFAULT ''; -- the reference of foelsomhedsklasse, in lower case
CREATE INDEX register_registrering_uklar ON register_registrering (objekt, nr) WHERE myndighed IS NULL;

-- The usage log: who has read or written what in the register, and why. Rows are added, and removed by retention only.
CREATE TABLE register_brug (
  id             {{ID}},
  tid            {{INT}} NOT NULL,
  hvem           {{ORD}} NOT NULL,             -- name of the key or the person
  system         TEXT NOT NULL,                -- '' = a person
  rolle          TEXT NOT NULL,
  operation      TEXT NOT NULL,                -- Læs, List, Søg, Opret, …
  objekttype     TEXT NOT NULL,
  objekt         {{ORD}} NOT NULL,             -- UUID; '' = a search
  formaal        TEXT NOT NULL,
  kode           TEXT NOT NULL,                -- ok, uaendret or the code of the error
  antal          {{INT}} NOT NULL              -- hits of a search; registreringer of a reading
);
CREATE INDEX register_brug_objekt ON register_brug (objekt, id) WHERE objekt <> '';
CREATE INDEX register_brug_hvem ON register_brug (hvem, id);
CREATE INDEX register_brug_tid ON register_brug (tid);

-- The persons whom a row of it is about, as pseudonyms.
CREATE TABLE register_brug_person (
  person         {{ORD}} NOT NULL,
  brug           {{INT}} NOT NULL REFERENCES register_brug (id),
  PRIMARY KEY (person, brug)
);
CREATE INDEX register_brug_person_brug ON register_brug_person (brug);

-- Persons with name-and-address protection, as pseudonyms.
CREATE TABLE register_beskyttet (
  person         {{ORD}} PRIMARY KEY,
  siden          {{INT}} NOT NULL,
  hvem           TEXT NOT NULL,                -- who has said so
  begrundelse    TEXT NOT NULL
);
