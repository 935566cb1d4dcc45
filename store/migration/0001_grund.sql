-- The first schema. Times are microseconds since 1970 (UTC); 0 is "not". Names are the domain's own.

CREATE TABLE installation (
  id          {{INT}} PRIMARY KEY CHECK (id = 1),
  uuid        TEXT NOT NULL,
  noegle      {{BLOB}} NOT NULL,            -- derives identities, digests and pseudonyms; never leaves the database
  oprettet    {{INT}} NOT NULL
);

-- Every configuration that a besked has been matched with, so that "why" can be recomputed.
CREATE TABLE konfiguration (
  version     {{ID}},
  sha256      TEXT NOT NULL UNIQUE,
  indhold     TEXT NOT NULL,
  oprettet    {{INT}} NOT NULL
);

-- What a person has done to an abonnement; its definition stands in the configuration.
CREATE TABLE abonnementstand (
  abonnement  TEXT PRIMARY KEY,
  pause       {{INT}} NOT NULL DEFAULT 0 CHECK (pause IN (0, 1)),
  begrundelse TEXT NOT NULL DEFAULT '',
  aendret     {{INT}} NOT NULL
);

CREATE TABLE besked (
  nr               {{ID}},
  id               TEXT NOT NULL,
  afsender         TEXT NOT NULL,
  digest           {{BLOB}} NOT NULL,       -- keyed digest of the canonical content; outlives the content
  type             TEXT NOT NULL,
  objekt_id        TEXT NOT NULL,
  objekttype       TEXT NOT NULL,
  livscyklus       TEXT NOT NULL,
  kildesystem      TEXT NOT NULL,
  foraarsaget_af   TEXT NOT NULL,
  dybde            {{INT}} NOT NULL,        -- length of the foraarsagetAf chain
  gyldig_til       {{INT}} NOT NULL,
  registreringstid {{INT}} NOT NULL,
  metadata         TEXT,                    -- JSON; dies with the content
  indholdstype     TEXT NOT NULL,
  indhold          {{BLOB}},                -- NULL once deleted
  salt             {{BLOB}},                -- dies with the content
  indholdshash     {{BLOB}} NOT NULL,       -- SHA-256(salt || canonical bytes)
  konfiguration    {{INT}} NOT NULL,
  modtaget         {{INT}} NOT NULL,
  logposition      {{INT}} UNIQUE,          -- dense, given after commit
  kaede            {{BLOB}},                -- SHA-256(previous link || logposition || indholdshash)
  UNIQUE (afsender, id)
);
CREATE INDEX besked_objekt ON besked (objekt_id, nr);
CREATE INDEX besked_id ON besked (id);
CREATE INDEX besked_uden_position ON besked (nr) WHERE logposition IS NULL;
CREATE INDEX besked_aarsag ON besked (foraarsaget_af) WHERE foraarsaget_af <> '';
CREATE INDEX besked_gyldig_til ON besked (gyldig_til) WHERE gyldig_til > 0;

CREATE TABLE besked_proces (
  proces_id   TEXT NOT NULL,
  besked      {{INT}} NOT NULL REFERENCES besked (nr),
  PRIMARY KEY (proces_id, besked)
);

-- Related citizens and companies under a keyed pseudonym, never the number itself.
CREATE TABLE besked_relateret (
  pseudonym   TEXT NOT NULL,
  besked      {{INT}} NOT NULL REFERENCES besked (nr),
  rolle       TEXT NOT NULL,
  PRIMARY KEY (pseudonym, besked, rolle)
);

CREATE TABLE leverance (
  id          {{ID}},
  besked      {{INT}} NOT NULL REFERENCES besked (nr),
  abonnement  TEXT NOT NULL,
  omgang      {{INT}} NOT NULL DEFAULT 1,
  orden       TEXT NOT NULL,                -- what it is ordered with: the objekt, or '' for none
  raekke      {{INT}} NOT NULL,             -- its place in that order: besked, or that of the besked it corrects
  tilstand    TEXT NOT NULL CHECK (tilstand IN ('Afventer','UnderLevering','Udsat','Leveret','Overdraget','Parkeret','Uvis','Udloebet','Annulleret')),
  blokeret    {{INT}} NOT NULL CHECK (blokeret IN (0, 1)),  -- an earlier one with the same orden is not solved
  forsoeg     {{INT}} NOT NULL DEFAULT 0,
  naeste      {{INT}} NOT NULL,             -- not before
  ejer        TEXT NOT NULL DEFAULT '',     -- who holds the lease while UnderLevering
  lejet_til   {{INT}} NOT NULL DEFAULT 0,
  ansvar      TEXT NOT NULL DEFAULT '' CHECK (ansvar IN ('', 'afsender', 'modtager', 'MOX')),
  kode        TEXT NOT NULL DEFAULT '',
  aarsag      TEXT NOT NULL DEFAULT '',
  oprettet    {{INT}} NOT NULL,
  aendret     {{INT}} NOT NULL,
  UNIQUE (besked, abonnement, omgang),
  CHECK ((tilstand = 'UnderLevering') = (ejer <> '')),
  CHECK (tilstand <> 'UnderLevering' OR blokeret = 0)
);
CREATE INDEX leverance_klar ON leverance (abonnement, naeste, raekke) WHERE blokeret = 0 AND tilstand IN ('Afventer', 'Udsat');
CREATE INDEX leverance_orden ON leverance (abonnement, orden, raekke, omgang) WHERE tilstand IN ('Afventer', 'UnderLevering', 'Udsat', 'Parkeret', 'Uvis');
CREATE INDEX leverance_lejet ON leverance (lejet_til) WHERE tilstand = 'UnderLevering';

CREATE TABLE forsoeg (
  leverance   {{INT}} NOT NULL REFERENCES leverance (id),
  nr          {{INT}} NOT NULL,
  begyndt     {{INT}} NOT NULL,
  afsluttet   {{INT}} NOT NULL DEFAULT 0,   -- 0 = no outcome known
  ejer        TEXT NOT NULL,
  resultat    TEXT NOT NULL DEFAULT '',
  kode        TEXT NOT NULL DEFAULT '',
  tekst       TEXT NOT NULL DEFAULT '',
  svar        {{BLOB}},                     -- the first part of the answer
  for_sent    {{INT}} NOT NULL DEFAULT 0 CHECK (for_sent IN (0, 1)),
  PRIMARY KEY (leverance, nr)
);

CREATE TABLE kvittering (
  id          {{ID}},
  besked      {{INT}} NOT NULL REFERENCES besked (nr),
  abonnement  TEXT NOT NULL,
  art         TEXT NOT NULL CHECK (art IN ('modtaget','sendt til','afleveret','accepteret','afvist','fejlet','frist overskredet')),
  antal       {{INT}} NOT NULL DEFAULT 0,
  begrundelse TEXT NOT NULL DEFAULT '',
  tid         {{INT}} NOT NULL
);
CREATE INDEX kvittering_besked ON kvittering (besked);

CREATE TABLE proces (
  navn        TEXT NOT NULL,
  proces_id   TEXT NOT NULL,
  startbesked {{INT}} NOT NULL REFERENCES besked (nr),
  tilstand    TEXT NOT NULL CHECK (tilstand IN ('igang','afsluttet','fejlet','udloebet')),
  startet     {{INT}} NOT NULL,
  afsluttet   {{INT}} NOT NULL DEFAULT 0,
  frist       {{INT}} NOT NULL DEFAULT 0,
  PRIMARY KEY (navn, proces_id)
);
CREATE INDEX proces_frist ON proces (frist) WHERE tilstand = 'igang' AND frist > 0;
CREATE INDEX proces_id ON proces (proces_id);
CREATE INDEX proces_igang ON proces (navn, proces_id) WHERE tilstand = 'igang';
CREATE INDEX proces_startet ON proces (startet, startbesked);

CREATE TABLE proces_svar (
  navn        TEXT NOT NULL,
  proces_id   TEXT NOT NULL,
  abonnement  TEXT NOT NULL,
  slutbesked  {{INT}} NOT NULL DEFAULT 0,
  fejlbesked  {{INT}} NOT NULL DEFAULT 0,
  PRIMARY KEY (navn, proces_id, abonnement)
);

-- Everything a person must decide.
CREATE TABLE fejl (
  id          {{ID}},
  art         TEXT NOT NULL CHECK (art IN ('post', 'besked', 'leverance')),
  status      TEXT NOT NULL DEFAULT 'aaben' CHECK (status IN ('aaben', 'lukket')),
  ansvar      TEXT NOT NULL CHECK (ansvar IN ('afsender', 'modtager', 'MOX')),
  kode        TEXT NOT NULL,
  tekst       TEXT NOT NULL,
  raad        TEXT NOT NULL DEFAULT '',
  system      TEXT NOT NULL DEFAULT '',     -- whose record or besked, or who was to receive
  kilde       TEXT NOT NULL DEFAULT '',     -- agent/source for a record
  sted        TEXT NOT NULL DEFAULT '',     -- JSON: file, line, column
  raa         {{BLOB}},                     -- as it came
  objekt_id   TEXT NOT NULL DEFAULT '',
  besked      {{INT}} NOT NULL DEFAULT 0,
  leverance   {{INT}} NOT NULL DEFAULT 0,
  antal       {{INT}} NOT NULL DEFAULT 1,   -- how many times the same has come
  finger      TEXT NOT NULL DEFAULT '',     -- recognises the same record coming again
  oprettet    {{INT}} NOT NULL,
  lukket      {{INT}} NOT NULL DEFAULT 0,
  lukket_af   TEXT NOT NULL DEFAULT '',
  lukket_ved  TEXT NOT NULL DEFAULT '',     -- gensend, ret-og-send, luk, skete, skete-ikke …
  begrundelse TEXT NOT NULL DEFAULT ''
);
CREATE INDEX fejl_aaben ON fejl (ansvar, kode, id) WHERE status = 'aaben';
CREATE INDEX fejl_leverance ON fejl (leverance) WHERE leverance > 0;
CREATE UNIQUE INDEX fejl_finger ON fejl (kilde, finger) WHERE status = 'aaben' AND finger <> '';

-- What people have done, who, and why.
CREATE TABLE handling (
  id          {{ID}},
  tid         {{INT}} NOT NULL,
  hvem        TEXT NOT NULL,
  hvad        TEXT NOT NULL,
  maal        TEXT NOT NULL,
  antal       {{INT}} NOT NULL DEFAULT 1,
  begrundelse TEXT NOT NULL DEFAULT ''
);

-- An agent's source: how far it has been read.
CREATE TABLE kilde (
  agent       TEXT NOT NULL,
  kilde       TEXT NOT NULL,
  position    TEXT NOT NULL,
  startet     {{INT}} NOT NULL DEFAULT 0,   -- when the first run was over; 0 = not yet
  gennemloeb  {{INT}} NOT NULL DEFAULT 1,   -- number of the complete listing being read
  laest       {{INT}} NOT NULL DEFAULT 0,   -- records read, ever
  beskeder    {{INT}} NOT NULL DEFAULT 0,
  uaendrede   {{INT}} NOT NULL DEFAULT 0,
  foraeldede  {{INT}} NOT NULL DEFAULT 0,
  ekko        {{INT}} NOT NULL DEFAULT 0,
  fejlposter  {{INT}} NOT NULL DEFAULT 0,
  sidst       {{INT}} NOT NULL,
  PRIMARY KEY (agent, kilde)
);

-- Which key an objekt has in a system.
CREATE TABLE identitet (
  system      TEXT NOT NULL,
  objekttype  TEXT NOT NULL,
  noegle      TEXT NOT NULL,
  objekt_id   TEXT NOT NULL,
  besked      {{INT}} NOT NULL DEFAULT 0,
  oprettet    {{INT}} NOT NULL,
  PRIMARY KEY (system, objekttype, noegle)
);
CREATE INDEX identitet_objekt ON identitet (objekt_id, system);

-- Which key an objekt of another system answers to in a system that has taken it over.
CREATE TABLE henvisning (
  system      TEXT NOT NULL,
  objekt_id   TEXT NOT NULL,
  objekttype  TEXT NOT NULL,
  noegle      TEXT NOT NULL,
  leverance   {{INT}} NOT NULL DEFAULT 0,
  oprettet    {{INT}} NOT NULL,
  PRIMARY KEY (system, objekt_id)
);

-- The newest registrering of each objekt from each source system, for change detection and overlay.
CREATE TABLE objektstand (
  objekt_id        TEXT NOT NULL,
  kildesystem      TEXT NOT NULL,
  kilde            TEXT NOT NULL,           -- agent/source it came from
  objekttype       TEXT NOT NULL,
  version          TEXT NOT NULL,           -- the source's own version, '' where it has none
  registreringstid {{INT}} NOT NULL,
  livscyklus       TEXT NOT NULL,
  loebenr          {{INT}} NOT NULL,        -- number of beskeder about it from this system
  registrering     {{BLOB}} NOT NULL,
  set_i            {{INT}} NOT NULL DEFAULT 0, -- number of the complete listing it was last seen in
  PRIMARY KEY (objekt_id, kildesystem)
);
CREATE INDEX objektstand_kilde ON objektstand (kilde, set_i);

-- What MOX wrote into a system, and what the system then said: neither is news when it comes back.
CREATE TABLE ekko (
  system      TEXT NOT NULL,
  objekt_id   TEXT NOT NULL,
  felt        TEXT NOT NULL,
  skrevet     TEXT NOT NULL,
  laest       TEXT NOT NULL,
  PRIMARY KEY (system, objekt_id, felt)
);

CREATE TABLE indhold (
  sha256      TEXT PRIMARY KEY,
  stoerrelse  {{INT}} NOT NULL,
  oprettet    {{INT}} NOT NULL
);

CREATE TABLE indhold_ref (
  sha256      TEXT NOT NULL,
  besked      {{INT}} NOT NULL REFERENCES besked (nr),
  PRIMARY KEY (sha256, besked)
);

-- Processes that share the database, and the leases they hold.
CREATE TABLE inkarnation (
  id          TEXT PRIMARY KEY,
  startet     {{INT}} NOT NULL,
  sidst       {{INT}} NOT NULL
);

CREATE TABLE leje (
  navn        TEXT PRIMARY KEY,
  ejer        TEXT NOT NULL,
  lejet_til   {{INT}} NOT NULL
);
