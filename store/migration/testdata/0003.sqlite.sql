CREATE TABLE goose_db_version (
		id INTEGER PRIMARY KEY AUTOINCREMENT,
		version_id INTEGER NOT NULL,
		is_applied INTEGER NOT NULL,
		tstamp TIMESTAMP DEFAULT (datetime('now'))
	);

CREATE TABLE installation (
  id          INTEGER PRIMARY KEY CHECK (id = 1),
  uuid        TEXT NOT NULL,
  noegle      BLOB NOT NULL,            -- derives identities, digests and pseudonyms; never leaves the database
  oprettet    INTEGER NOT NULL
);

CREATE TABLE konfiguration (
  version     INTEGER PRIMARY KEY AUTOINCREMENT,
  sha256      TEXT NOT NULL UNIQUE,
  indhold     TEXT NOT NULL,
  oprettet    INTEGER NOT NULL
);

CREATE TABLE abonnementstand (
  abonnement  TEXT PRIMARY KEY,
  pause       INTEGER NOT NULL DEFAULT 0 CHECK (pause IN (0, 1)),
  begrundelse TEXT NOT NULL DEFAULT '',
  aendret     INTEGER NOT NULL
);

CREATE TABLE besked (
  nr               INTEGER PRIMARY KEY AUTOINCREMENT,
  id               TEXT NOT NULL,
  afsender         TEXT NOT NULL,
  digest           BLOB NOT NULL,       -- keyed digest of the canonical content; outlives the content
  type             TEXT NOT NULL,
  objekt_id        TEXT NOT NULL,
  objekttype       TEXT NOT NULL,
  livscyklus       TEXT NOT NULL,
  kildesystem      TEXT NOT NULL,
  foraarsaget_af   TEXT NOT NULL,
  dybde            INTEGER NOT NULL,        -- length of the foraarsagetAf chain
  gyldig_til       INTEGER NOT NULL,
  registreringstid INTEGER NOT NULL,
  metadata         TEXT,                    -- JSON; dies with the content
  indholdstype     TEXT NOT NULL,
  indhold          BLOB,                -- NULL once deleted
  salt             BLOB,                -- dies with the content
  indholdshash     BLOB NOT NULL,       -- SHA-256(salt || canonical bytes)
  konfiguration    INTEGER NOT NULL,
  modtaget         INTEGER NOT NULL,
  logposition      INTEGER UNIQUE,          -- dense, given after commit
  kaede            BLOB,                -- SHA-256(previous link || logposition || indholdshash)
  UNIQUE (afsender, id)
);

CREATE INDEX besked_objekt ON besked (objekt_id, nr);

CREATE INDEX besked_id ON besked (id);

CREATE INDEX besked_uden_position ON besked (nr) WHERE logposition IS NULL;

CREATE INDEX besked_aarsag ON besked (foraarsaget_af) WHERE foraarsaget_af <> '';

CREATE INDEX besked_gyldig_til ON besked (gyldig_til) WHERE gyldig_til > 0;

CREATE TABLE besked_proces (
  proces_id   TEXT NOT NULL,
  besked      INTEGER NOT NULL REFERENCES besked (nr),
  PRIMARY KEY (proces_id, besked)
);

CREATE TABLE besked_relateret (
  pseudonym   TEXT NOT NULL,
  besked      INTEGER NOT NULL REFERENCES besked (nr),
  rolle       TEXT NOT NULL,
  PRIMARY KEY (pseudonym, besked, rolle)
);

CREATE TABLE leverance (
  id          INTEGER PRIMARY KEY AUTOINCREMENT,
  besked      INTEGER NOT NULL REFERENCES besked (nr),
  abonnement  TEXT NOT NULL,
  omgang      INTEGER NOT NULL DEFAULT 1,
  orden       TEXT NOT NULL,                -- what it is ordered with: the objekt, or '' for none
  raekke      INTEGER NOT NULL,             -- its place in that order: besked, or that of the besked it corrects
  tilstand    TEXT NOT NULL CHECK (tilstand IN ('Afventer','UnderLevering','Udsat','Leveret','Overdraget','Parkeret','Uvis','Udloebet','Annulleret')),
  blokeret    INTEGER NOT NULL CHECK (blokeret IN (0, 1)),  -- an earlier one with the same orden is not solved
  forsoeg     INTEGER NOT NULL DEFAULT 0,
  naeste      INTEGER NOT NULL,             -- not before
  ejer        TEXT NOT NULL DEFAULT '',     -- who holds the lease while UnderLevering
  lejet_til   INTEGER NOT NULL DEFAULT 0,
  ansvar      TEXT NOT NULL DEFAULT '' CHECK (ansvar IN ('', 'afsender', 'modtager', 'MOX')),
  kode        TEXT NOT NULL DEFAULT '',
  aarsag      TEXT NOT NULL DEFAULT '',
  oprettet    INTEGER NOT NULL,
  aendret     INTEGER NOT NULL, frist INTEGER NOT NULL DEFAULT 0 CHECK (frist = 0 OR tilstand = 'Overdraget'),
  UNIQUE (besked, abonnement, omgang),
  CHECK ((tilstand = 'UnderLevering') = (ejer <> '')),
  CHECK (tilstand <> 'UnderLevering' OR blokeret = 0)
);

CREATE INDEX leverance_klar ON leverance (abonnement, naeste, raekke) WHERE blokeret = 0 AND tilstand IN ('Afventer', 'Udsat');

CREATE INDEX leverance_lejet ON leverance (lejet_til) WHERE tilstand = 'UnderLevering';

CREATE TABLE forsoeg (
  leverance   INTEGER NOT NULL REFERENCES leverance (id),
  nr          INTEGER NOT NULL,
  begyndt     INTEGER NOT NULL,
  afsluttet   INTEGER NOT NULL DEFAULT 0,   -- 0 = no outcome known
  ejer        TEXT NOT NULL,
  resultat    TEXT NOT NULL DEFAULT '',
  kode        TEXT NOT NULL DEFAULT '',
  tekst       TEXT NOT NULL DEFAULT '',
  svar        BLOB,                     -- the first part of the answer
  for_sent    INTEGER NOT NULL DEFAULT 0 CHECK (for_sent IN (0, 1)),
  PRIMARY KEY (leverance, nr)
);

CREATE TABLE kvittering (
  id          INTEGER PRIMARY KEY AUTOINCREMENT,
  besked      INTEGER NOT NULL REFERENCES besked (nr),
  abonnement  TEXT NOT NULL,
  art         TEXT NOT NULL CHECK (art IN ('modtaget','sendt til','afleveret','accepteret','afvist','fejlet','frist overskredet')),
  antal       INTEGER NOT NULL DEFAULT 0,
  begrundelse TEXT NOT NULL DEFAULT '',
  tid         INTEGER NOT NULL
);

CREATE INDEX kvittering_besked ON kvittering (besked);

CREATE TABLE proces (
  navn        TEXT NOT NULL,
  proces_id   TEXT NOT NULL,
  startbesked INTEGER NOT NULL REFERENCES besked (nr),
  tilstand    TEXT NOT NULL CHECK (tilstand IN ('igang','afsluttet','fejlet','udloebet')),
  startet     INTEGER NOT NULL,
  afsluttet   INTEGER NOT NULL DEFAULT 0,
  frist       INTEGER NOT NULL DEFAULT 0,
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
  slutbesked  INTEGER NOT NULL DEFAULT 0,
  fejlbesked  INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (navn, proces_id, abonnement)
);

CREATE TABLE fejl (
  id          INTEGER PRIMARY KEY AUTOINCREMENT,
  art         TEXT NOT NULL CHECK (art IN ('post', 'besked', 'leverance')),
  status      TEXT NOT NULL DEFAULT 'aaben' CHECK (status IN ('aaben', 'lukket')),
  ansvar      TEXT NOT NULL CHECK (ansvar IN ('afsender', 'modtager', 'MOX')),
  kode        TEXT NOT NULL,
  tekst       TEXT NOT NULL,
  raad        TEXT NOT NULL DEFAULT '',
  system      TEXT NOT NULL DEFAULT '',     -- whose record or besked, or who was to receive
  kilde       TEXT NOT NULL DEFAULT '',     -- agent/source for a record
  sted        TEXT NOT NULL DEFAULT '',     -- JSON: file, line, column
  raa         BLOB,                     -- as it came
  objekt_id   TEXT NOT NULL DEFAULT '',
  besked      INTEGER NOT NULL DEFAULT 0,
  leverance   INTEGER NOT NULL DEFAULT 0,
  antal       INTEGER NOT NULL DEFAULT 1,   -- how many times the same has come
  finger      TEXT NOT NULL DEFAULT '',     -- recognises the same record coming again
  oprettet    INTEGER NOT NULL,
  lukket      INTEGER NOT NULL DEFAULT 0,
  lukket_af   TEXT NOT NULL DEFAULT '',
  lukket_ved  TEXT NOT NULL DEFAULT '',     -- gensend, ret-og-send, luk, skete, skete-ikke …
  begrundelse TEXT NOT NULL DEFAULT ''
);

CREATE INDEX fejl_aaben ON fejl (ansvar, kode, id) WHERE status = 'aaben';

CREATE INDEX fejl_leverance ON fejl (leverance) WHERE leverance > 0;

CREATE UNIQUE INDEX fejl_finger ON fejl (kilde, finger) WHERE status = 'aaben' AND finger <> '';

CREATE TABLE handling (
  id          INTEGER PRIMARY KEY AUTOINCREMENT,
  tid         INTEGER NOT NULL,
  hvem        TEXT NOT NULL,
  hvad        TEXT NOT NULL,
  maal        TEXT NOT NULL,
  antal       INTEGER NOT NULL DEFAULT 1,
  begrundelse TEXT NOT NULL DEFAULT ''
);

CREATE TABLE kilde (
  agent       TEXT NOT NULL,
  kilde       TEXT NOT NULL,
  position    TEXT NOT NULL,
  startet     INTEGER NOT NULL DEFAULT 0,   -- when the first run was over; 0 = not yet
  gennemloeb  INTEGER NOT NULL DEFAULT 1,   -- number of the complete listing being read
  laest       INTEGER NOT NULL DEFAULT 0,   -- records read, ever
  beskeder    INTEGER NOT NULL DEFAULT 0,
  uaendrede   INTEGER NOT NULL DEFAULT 0,
  foraeldede  INTEGER NOT NULL DEFAULT 0,
  ekko        INTEGER NOT NULL DEFAULT 0,
  fejlposter  INTEGER NOT NULL DEFAULT 0,
  sidst       INTEGER NOT NULL,
  PRIMARY KEY (agent, kilde)
);

CREATE TABLE identitet (
  system      TEXT NOT NULL,
  objekttype  TEXT NOT NULL,
  noegle      TEXT NOT NULL,
  objekt_id   TEXT NOT NULL,
  besked      INTEGER NOT NULL DEFAULT 0,
  oprettet    INTEGER NOT NULL,
  PRIMARY KEY (system, objekttype, noegle)
);

CREATE INDEX identitet_objekt ON identitet (objekt_id, system);

CREATE TABLE henvisning (
  system      TEXT NOT NULL,
  objekt_id   TEXT NOT NULL,
  objekttype  TEXT NOT NULL,
  noegle      TEXT NOT NULL,
  leverance   INTEGER NOT NULL DEFAULT 0,
  oprettet    INTEGER NOT NULL,
  PRIMARY KEY (system, objekt_id)
);

CREATE TABLE objektstand (
  objekt_id        TEXT NOT NULL,
  kildesystem      TEXT NOT NULL,
  kilde            TEXT NOT NULL,           -- agent/source it came from
  objekttype       TEXT NOT NULL,
  version          TEXT NOT NULL,           -- the source's own version, '' where it has none
  registreringstid INTEGER NOT NULL,
  livscyklus       TEXT NOT NULL,
  loebenr          INTEGER NOT NULL,        -- number of beskeder about it from this system
  registrering     BLOB NOT NULL,
  set_i            INTEGER NOT NULL DEFAULT 0, -- number of the complete listing it was last seen in
  PRIMARY KEY (objekt_id, kildesystem)
);

CREATE INDEX objektstand_kilde ON objektstand (kilde, set_i);

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
  stoerrelse  INTEGER NOT NULL,
  oprettet    INTEGER NOT NULL
);

CREATE TABLE indhold_ref (
  sha256      TEXT NOT NULL,
  besked      INTEGER NOT NULL REFERENCES besked (nr),
  PRIMARY KEY (sha256, besked)
);

CREATE TABLE inkarnation (
  id          TEXT PRIMARY KEY,
  startet     INTEGER NOT NULL,
  sidst       INTEGER NOT NULL
);

CREATE TABLE leje (
  navn        TEXT PRIMARY KEY,
  ejer        TEXT NOT NULL,
  lejet_til   INTEGER NOT NULL
);

CREATE TABLE abonnement (
  id          TEXT PRIMARY KEY,
  definition  TEXT NOT NULL,                -- JSON
  aendring    INTEGER NOT NULL UNIQUE,      -- counts up with every change to any of them: others see that there is news
  lukket      INTEGER NOT NULL DEFAULT 0,
  oprettet    INTEGER NOT NULL,
  oprettet_af TEXT NOT NULL
);

CREATE INDEX leverance_orden ON leverance (abonnement, orden, raekke, omgang) WHERE tilstand IN ('Afventer', 'UnderLevering', 'Udsat', 'Parkeret', 'Uvis') OR frist > 0;

CREATE INDEX leverance_frist ON leverance (frist) WHERE frist > 0;

CREATE TABLE alarm (
  id           INTEGER PRIMARY KEY AUTOINCREMENT,
  regel        TEXT NOT NULL,
  genstand     TEXT NOT NULL,               -- what it is about: an abonnement, a source, a file
  tekst        TEXT NOT NULL,
  raad         TEXT NOT NULL,
  sti          TEXT NOT NULL,               -- the console's page about it
  begyndt      INTEGER NOT NULL,
  sidst        INTEGER NOT NULL,            -- when it was last seen to stand
  fortalt      INTEGER NOT NULL DEFAULT 0,  -- when somebody was last told; 0 = not yet
  kvitteret    INTEGER NOT NULL DEFAULT 0,
  kvitteret_af TEXT NOT NULL DEFAULT '',
  begrundelse  TEXT NOT NULL DEFAULT '',
  sluttet      INTEGER NOT NULL DEFAULT 0,
  slut_fortalt INTEGER NOT NULL DEFAULT 0
);

CREATE UNIQUE INDEX alarm_staar ON alarm (regel, genstand) WHERE sluttet = 0;

CREATE INDEX alarm_sluttet ON alarm (sluttet) WHERE sluttet > 0;

INSERT INTO goose_db_version (version_id, is_applied) VALUES (0, 1), (1, 1);
INSERT INTO installation VALUES (1, '6a3e7d4e-2f0b-4a4f-8f2c-000000000001', x'000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f', 1767225600000000);
INSERT INTO konfiguration (sha256, indhold, oprettet) VALUES ('00', '{}', 1767225600000000);
INSERT INTO besked (id, afsender, digest, type, objekt_id, objekttype, livscyklus, kildesystem, foraarsaget_af, dybde, gyldig_til, registreringstid, metadata,
    indholdstype, indhold, salt, indholdshash, konfiguration, modtaget, logposition, kaede)
  VALUES ('11111111-1111-4111-8111-111111111111', 'byggesag', x'01', 'Sag.Opstaaet', '22222222-2222-4222-8222-222222222222', 'Sag', 'Opstaaet', 'byggesag', '', 0, 0,
    1767225600000000, '{"felter":{"beskedID":["11111111-1111-4111-8111-111111111111"],"beskedtype":["Sag.Opstaaet"],"objektID":["22222222-2222-4222-8222-222222222222"],"objekttype":["Sag"]}}',
    'application/json', x'7b7d', x'02', x'03', 1, 1767225600000000, 1, x'04');
INSERT INTO leverance (besked, abonnement, orden, raekke, tilstand, blokeret, forsoeg, naeste, ansvar, kode, aarsag, oprettet, aendret)
  VALUES (1, 'esdh.sager', '22222222-2222-4222-8222-222222222222', 1, 'Parkeret', 0, 1, 1767225600000000, 'modtager', '409', 'sagen er lukket', 1767225600000000, 1767225600000000);
INSERT INTO forsoeg (leverance, nr, begyndt, afsluttet, ejer, resultat, kode) VALUES (1, 1, 1767225600000000, 1767225600000000, 'proces/x/1', 'afvist', '409');
INSERT INTO kvittering (besked, abonnement, art, tid) VALUES (1, '', 'modtaget', 1767225600000000);
INSERT INTO fejl (art, ansvar, kode, tekst, besked, leverance, oprettet) VALUES ('leverance', 'modtager', '409', 'sagen er lukket', 1, 1, 1767225600000000);
INSERT INTO goose_db_version (version_id, is_applied) VALUES (2, 1), (3, 1);
INSERT INTO abonnement (id, definition, aendring, oprettet, oprettet_af) VALUES ('esdh.koe',
  '{"id":"esdh.koe","system":"ESDH","carrier":"amqp","filter":{"objekttype":"Sag"},"orden":"objekt","plan":{"forsoeg":30,"foerste":1000000000,"hoejst":10800000000000},"gentages":true,"kvittering":true}',
  1, 1767225600000000, 'Inge');
INSERT INTO leverance (besked, abonnement, orden, raekke, tilstand, blokeret, forsoeg, naeste, frist, oprettet, aendret)
  VALUES (1, 'esdh.koe', '22222222-2222-4222-8222-222222222222', 1, 'Overdraget', 0, 1, 1767225600000000, 253370764800000000, 1767225600000000, 1767225600000000);
INSERT INTO alarm (regel, genstand, tekst, raad, sti, begyndt, sidst, fortalt) VALUES ('aeldste', 'esdh.sager', 'esdh.sager har 1 i kø', 'se, om modtageren svarer', '/', 1767225600000000, 1767225600000000, 0);
