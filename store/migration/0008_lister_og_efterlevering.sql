-- Value lists that filters refer to. A change has the number version + 1 until it is whole; then the list takes that version.
CREATE TABLE liste (
  id          {{ID}},
  navn        TEXT NOT NULL,
  noegle      TEXT NOT NULL,                -- the metadata key that it holds values of
  beskrivelse TEXT NOT NULL DEFAULT '',
  version     {{INT}} NOT NULL DEFAULT 0,
  antal       {{INT}} NOT NULL DEFAULT 0,   -- values in it now
  aendring    {{INT}} NOT NULL UNIQUE,      -- counts up with every change to any of them: others see that there is news
  slettet     {{INT}} NOT NULL DEFAULT 0,
  oprettet    {{INT}} NOT NULL,
  oprettet_af TEXT NOT NULL,
  aendret     {{INT}} NOT NULL,
  aendret_af  TEXT NOT NULL
);
CREATE UNIQUE INDEX liste_navn ON liste (navn) WHERE slettet = 0;

-- A value is in the list at version v when fra <= v, and til = 0 or til > v.
CREATE TABLE listevaerdi (
  liste       {{INT}} NOT NULL REFERENCES liste (id),
  noegle      {{BLOB}} NOT NULL,            -- keyed pseudonym of the value
  vaerdi      TEXT NOT NULL,                -- as it reads; '' where it tells who somebody is
  fra         {{INT}} NOT NULL,
  til         {{INT}} NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX listevaerdi_nu ON listevaerdi (liste, noegle) WHERE til = 0;
CREATE INDEX listevaerdi_foer ON listevaerdi (liste, noegle) WHERE til > 0;
CREATE INDEX listevaerdi_fra ON listevaerdi (liste, fra);
CREATE INDEX listevaerdi_til ON listevaerdi (liste, til) WHERE til > 0;

-- A configuration that differs from another only in the versions of its lists need not repeat the rest.
ALTER TABLE konfiguration ADD COLUMN lister TEXT NOT NULL DEFAULT '';
ALTER TABLE konfiguration ADD COLUMN grundlag {{INT}} NOT NULL DEFAULT 0;

-- What a sender has no final answer to, found by the besked.
CREATE INDEX leverance_aaben ON leverance (besked) WHERE tilstand IN ('Afventer', 'UnderLevering', 'Udsat', 'Parkeret', 'Uvis') OR frist > 0;

-- An abonnement that gets beskeder from before it was there. Only beskeder up to naaet have their leverance yet.
CREATE TABLE efterlevering (
  id          {{ID}},
  abonnement  TEXT NOT NULL,
  fra         {{INT}} NOT NULL,             -- the first logposition
  til         {{INT}} NOT NULL,             -- the last
  foelg       {{INT}} NOT NULL CHECK (foelg IN (0, 1)),  -- til goes on to the end of the log
  naaet       {{INT}} NOT NULL,             -- the last that has been looked at
  antal       {{INT}} NOT NULL DEFAULT 0,   -- leverancer made
  havde       {{INT}} NOT NULL DEFAULT 0,   -- there were already
  oprettet    {{INT}} NOT NULL,
  oprettet_af TEXT NOT NULL,
  begrundelse TEXT NOT NULL DEFAULT '',
  standset    {{INT}} NOT NULL DEFAULT 0,
  afsluttet   {{INT}} NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX efterlevering_aaben ON efterlevering (abonnement) WHERE afsluttet = 0;
