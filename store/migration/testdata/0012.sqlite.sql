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
, pseudonym INTEGER NOT NULL DEFAULT 0 CHECK (pseudonym IN (0, 1)), lister TEXT NOT NULL DEFAULT '', grundlag INTEGER NOT NULL DEFAULT 0);

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
  frist       INTEGER NOT NULL DEFAULT 0, myndighed TEXT NOT NULL DEFAULT '',
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
  sidst       INTEGER NOT NULL, kontakt INTEGER NOT NULL DEFAULT 0, hver INTEGER NOT NULL DEFAULT 0, fejl_i_traek INTEGER NOT NULL DEFAULT 0, fejl_tekst TEXT NOT NULL DEFAULT '', fejl_tid INTEGER NOT NULL DEFAULT 0,
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
, brugt INTEGER NOT NULL DEFAULT 0);

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
  sluttet      INTEGER NOT NULL DEFAULT 0, vaek INTEGER NOT NULL DEFAULT 0, gange INTEGER NOT NULL DEFAULT 1);

CREATE UNIQUE INDEX alarm_staar ON alarm (regel, genstand) WHERE sluttet = 0;

CREATE INDEX alarm_sluttet ON alarm (sluttet) WHERE sluttet > 0;

CREATE TABLE register_objekt (
  nr             INTEGER PRIMARY KEY AUTOINCREMENT,
  uuid           TEXT NOT NULL UNIQUE,
  objekttype     TEXT NOT NULL,
  registrering   INTEGER NOT NULL,             -- number of the newest
  livscyklus     TEXT NOT NULL,                -- of the newest
  bvn            TEXT NOT NULL,                -- brugervendtnoegle when it was written; lists are in its order
  myndighed      TEXT NOT NULL DEFAULT '',     -- what reading rights are decided by, when it was written
  emne           TEXT NOT NULL DEFAULT '',
  foelsomhed     TEXT NOT NULL DEFAULT ''
);

CREATE INDEX register_objekt_liste ON register_objekt (objekttype, bvn, uuid);

CREATE TABLE register_registrering (
  objekt         INTEGER NOT NULL REFERENCES register_objekt (nr),
  nr             INTEGER NOT NULL,             -- 1, 2, 3 …
  fra            INTEGER NOT NULL,             -- registreringstid
  til            INTEGER NOT NULL,             -- of the next; 9223372036854775807 = in force
  livscyklus     TEXT NOT NULL,
  bruger         TEXT NOT NULL,
  note           TEXT NOT NULL,
  indhold        BLOB NOT NULL,            -- attributes, states, relations, variants; packed
  kildesystem    TEXT NOT NULL DEFAULT '',     -- the system that was followed; '' = written here
  kildetid       INTEGER NOT NULL DEFAULT 0,   -- its own time
  besked         TEXT NOT NULL DEFAULT '',     -- the beskedID followed, or the one that told of it
  noegle         TEXT NOT NULL DEFAULT '',     -- the caller's idempotency key, as a digest
  aftryk         TEXT NOT NULL DEFAULT '', myndighed TEXT, emne TEXT NOT NULL DEFAULT '', foelsomhed TEXT NOT NULL DEFAULT '',     -- and what it was used for
  PRIMARY KEY (objekt, nr)
);

CREATE INDEX register_registrering_noegle ON register_registrering (objekt, noegle) WHERE noegle <> '';

CREATE TABLE register_felt (
  objekt         INTEGER NOT NULL REFERENCES register_objekt (nr),
  felt           TEXT NOT NULL,                -- 'Sag.a.titel', 'Sag.t.fremdrift', 'Sag.r.ejer', …
  vaerdi         TEXT NOT NULL,                -- in lower case, at most 200 bytes; a person's number as a pseudonym
  hele           TEXT,                         -- in lower case, where it is longer
  maaltype       TEXT NOT NULL DEFAULT '',     -- objekttype of a relation
  fra            INTEGER NOT NULL,             -- virkning
  til            INTEGER NOT NULL,
  regfra         INTEGER NOT NULL,
  regtil         INTEGER NOT NULL              -- 9223372036854775807 = said now
);

CREATE INDEX register_felt_vaerdi ON register_felt (felt, vaerdi, regtil, objekt);

CREATE INDEX register_felt_objekt ON register_felt (objekt, regtil, felt);

CREATE TABLE register_graense (
  tid            INTEGER NOT NULL,
  objekt         INTEGER NOT NULL REFERENCES register_objekt (nr),
  PRIMARY KEY (tid, objekt)
);

CREATE INDEX register_graense_objekt ON register_graense (objekt);

CREATE TABLE alarm_fortalt (
  alarm       INTEGER NOT NULL REFERENCES alarm (id),
  vej         TEXT NOT NULL,                -- a mail address, or the webhook
  staar       INTEGER NOT NULL,             -- when it last told that the alarm stands
  slut        INTEGER NOT NULL DEFAULT 0,   -- when it told that it has ended
  PRIMARY KEY (alarm, vej)
);

CREATE TABLE hentning (
  abonnement  TEXT PRIMARY KEY,
  sidst       INTEGER NOT NULL
);

CREATE TABLE delfejl (
  inkarnation TEXT NOT NULL,
  del         TEXT NOT NULL,
  vaert       TEXT NOT NULL,                -- the machine
  tekst       TEXT NOT NULL,
  PRIMARY KEY (inkarnation, del)
);

CREATE INDEX forsoeg_afsluttet ON forsoeg (afsluttet) WHERE afsluttet > 0;

CREATE INDEX konfiguration_klar ON konfiguration (version) WHERE pseudonym = 0;

CREATE TABLE bevaring (
  art         TEXT PRIMARY KEY,
  til         INTEGER NOT NULL,             -- up to and with this number there is nothing left to remove
  antal       INTEGER NOT NULL,             -- removed, ever
  sidst       INTEGER NOT NULL,             -- when something was last removed; 0 = never
  sidst_antal INTEGER NOT NULL              -- how many then
);

CREATE INDEX fejl_lukket ON fejl (lukket) WHERE status = 'lukket';

CREATE INDEX fejl_besked ON fejl (besked) WHERE status = 'aaben' AND besked > 0;

CREATE INDEX besked_proces_besked ON besked_proces (besked);

CREATE INDEX besked_relateret_besked ON besked_relateret (besked);

CREATE INDEX indhold_ref_besked ON indhold_ref (besked);

CREATE TABLE liste (
  id          INTEGER PRIMARY KEY AUTOINCREMENT,
  navn        TEXT NOT NULL,
  noegle      TEXT NOT NULL,                -- the metadata key that it holds values of
  beskrivelse TEXT NOT NULL DEFAULT '',
  version     INTEGER NOT NULL DEFAULT 0,
  antal       INTEGER NOT NULL DEFAULT 0,   -- values in it now
  aendring    INTEGER NOT NULL UNIQUE,      -- counts up with every change to any of them: others see that there is news
  slettet     INTEGER NOT NULL DEFAULT 0,
  oprettet    INTEGER NOT NULL,
  oprettet_af TEXT NOT NULL,
  aendret     INTEGER NOT NULL,
  aendret_af  TEXT NOT NULL
);

CREATE UNIQUE INDEX liste_navn ON liste (navn) WHERE slettet = 0;

CREATE TABLE listevaerdi (
  liste       INTEGER NOT NULL REFERENCES liste (id),
  noegle      BLOB NOT NULL,            -- keyed pseudonym of the value
  vaerdi      TEXT NOT NULL,                -- as it reads; '' where it tells who somebody is
  fra         INTEGER NOT NULL,
  til         INTEGER NOT NULL DEFAULT 0
);

CREATE UNIQUE INDEX listevaerdi_nu ON listevaerdi (liste, noegle) WHERE til = 0;

CREATE INDEX listevaerdi_foer ON listevaerdi (liste, noegle) WHERE til > 0;

CREATE INDEX listevaerdi_fra ON listevaerdi (liste, fra);

CREATE INDEX listevaerdi_til ON listevaerdi (liste, til) WHERE til > 0;

CREATE INDEX leverance_aaben ON leverance (besked) WHERE tilstand IN ('Afventer', 'UnderLevering', 'Udsat', 'Parkeret', 'Uvis') OR frist > 0;

CREATE TABLE efterlevering (
  id          INTEGER PRIMARY KEY AUTOINCREMENT,
  abonnement  TEXT NOT NULL,
  fra         INTEGER NOT NULL,             -- the first logposition
  til         INTEGER NOT NULL,             -- the last
  foelg       INTEGER NOT NULL CHECK (foelg IN (0, 1)),  -- til goes on to the end of the log
  naaet       INTEGER NOT NULL,             -- the last that has been looked at
  antal       INTEGER NOT NULL DEFAULT 0,   -- leverancer made
  havde       INTEGER NOT NULL DEFAULT 0,   -- there were already
  oprettet    INTEGER NOT NULL,
  oprettet_af TEXT NOT NULL,
  begrundelse TEXT NOT NULL DEFAULT '',
  standset    INTEGER NOT NULL DEFAULT 0,
  afsluttet   INTEGER NOT NULL DEFAULT 0
);

CREATE UNIQUE INDEX efterlevering_aaben ON efterlevering (abonnement) WHERE afsluttet = 0;

CREATE TABLE bruger (
  id          TEXT PRIMARY KEY,             -- the name as it is looked up: in lower case
  navn        TEXT NOT NULL,
  rolle       TEXT NOT NULL CHECK (rolle IN ('laeser', 'drift', 'administrator')),
  kodeord     TEXT NOT NULL,                -- argon2id in PHC form; '' = it is the provider that knows who it is
  emne        TEXT NOT NULL DEFAULT '',     -- who it is at the provider: its address, a space, the subject
  oprettet    INTEGER NOT NULL,
  oprettet_af TEXT NOT NULL,
  aendret     INTEGER NOT NULL,
  aendret_af  TEXT NOT NULL,
  sidst_inde  INTEGER NOT NULL DEFAULT 0,
  lukket      INTEGER NOT NULL DEFAULT 0,
  CHECK ((kodeord = '') = (emne <> ''))
);

CREATE UNIQUE INDEX bruger_emne ON bruger (emne) WHERE emne <> '';

CREATE TABLE brugersession (
  aftryk      TEXT PRIMARY KEY,             -- SHA-256 of the secret, hex
  bruger      TEXT NOT NULL REFERENCES bruger (id),
  oprettet    INTEGER NOT NULL,
  sidst       INTEGER NOT NULL
);

CREATE INDEX brugersession_bruger ON brugersession (bruger, oprettet);

CREATE INDEX brugersession_oprettet ON brugersession (oprettet);

CREATE TABLE loginforsoeg (
  noegle      TEXT PRIMARY KEY,
  antal       INTEGER NOT NULL,
  fra         INTEGER NOT NULL              -- when the count began, or when it reached its limit
);

CREATE INDEX loginforsoeg_fra ON loginforsoeg (fra);

CREATE INDEX register_registrering_uklar ON register_registrering (objekt, nr) WHERE myndighed IS NULL;

CREATE TABLE register_brug (
  id             INTEGER PRIMARY KEY AUTOINCREMENT,
  tid            INTEGER NOT NULL,
  hvem           TEXT NOT NULL,             -- name of the key or the person
  system         TEXT NOT NULL,                -- '' = a person
  rolle          TEXT NOT NULL,
  operation      TEXT NOT NULL,                -- Læs, List, Søg, Opret, …
  objekttype     TEXT NOT NULL,
  objekt         TEXT NOT NULL,             -- UUID; '' = a search
  formaal        TEXT NOT NULL,
  kode           TEXT NOT NULL,                -- ok, uaendret or the code of the error
  antal          INTEGER NOT NULL              -- hits of a search; registreringer of a reading
);

CREATE INDEX register_brug_objekt ON register_brug (objekt, id) WHERE objekt <> '';

CREATE INDEX register_brug_hvem ON register_brug (hvem, id);

CREATE INDEX register_brug_tid ON register_brug (tid);

CREATE TABLE register_brug_person (
  person         TEXT NOT NULL,
  brug           INTEGER NOT NULL REFERENCES register_brug (id),
  PRIMARY KEY (person, brug)
);

CREATE INDEX register_brug_person_brug ON register_brug_person (brug);

CREATE TABLE register_beskyttet (
  person         TEXT PRIMARY KEY,
  siden          INTEGER NOT NULL,
  hvem           TEXT NOT NULL,                -- who has said so
  begrundelse    TEXT NOT NULL
);

CREATE INDEX proces_afsluttet ON proces (afsluttet, navn, tilstand) WHERE afsluttet > 0;

CREATE TABLE reparation (
  time        INTEGER PRIMARY KEY,          -- the hour's first microsecond
  handlinger  INTEGER NOT NULL,
  fejl        INTEGER NOT NULL
);

CREATE INDEX handling_tid ON handling (tid);

CREATE TABLE gevinstgrundlag (
  version     INTEGER PRIMARY KEY,
  indhold     TEXT NOT NULL,                -- JSON
  oprettet    INTEGER NOT NULL,
  oprettet_af TEXT NOT NULL,
  begrundelse TEXT NOT NULL
);

CREATE TABLE register_glemt (
  nr             INTEGER PRIMARY KEY AUTOINCREMENT,
  objekt         TEXT NOT NULL UNIQUE,      -- UUID
  objekttype     TEXT NOT NULL,
  tid            INTEGER NOT NULL,
  hvem           TEXT NOT NULL,
  begrundelse    TEXT NOT NULL,
  hjemmel        TEXT NOT NULL,
  registreringer INTEGER NOT NULL              -- how many there were
);

CREATE TABLE register_glemt_modtager (
  objekt         TEXT NOT NULL REFERENCES register_glemt (objekt),
  abonnement     TEXT NOT NULL,
  system         TEXT NOT NULL,
  besked         INTEGER NOT NULL,             -- nr of the order; 0 = it was ended before, in another copy
  frist          INTEGER NOT NULL,             -- until when it is to be confirmed
  slut           TEXT NOT NULL DEFAULT '' CHECK (slut IN ('', 'bekraeftet', 'lukket')),
  slut_tid       INTEGER NOT NULL DEFAULT 0,
  slut_af        TEXT NOT NULL DEFAULT '',     -- the person who said so; '' = the receiver itself
  slut_tekst     TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (objekt, abonnement)
);

CREATE INDEX register_glemt_modtager_aaben ON register_glemt_modtager (frist) WHERE slut = '';

CREATE TABLE indhold_slettes (
  sha256         TEXT PRIMARY KEY,
  tid            INTEGER NOT NULL
);

CREATE TABLE feedlaest (
  abonnement     TEXT PRIMARY KEY,
  position       INTEGER NOT NULL
);

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
INSERT INTO goose_db_version (version_id, is_applied) VALUES (4, 1), (5, 1), (6, 1), (7, 1), (8, 1), (9, 1), (10, 1), (11, 1);
INSERT INTO register_objekt (nr, uuid, objekttype, registrering, livscyklus, bvn) VALUES (1, '33333333-3333-4333-8333-333333333333', 'Sag', 1, 'Opstaaet', '2026-000123');
INSERT INTO register_registrering (objekt, nr, fra, til, livscyklus, bruger, note, indhold, myndighed)
  VALUES (1, 1, 1767225600000000, 9223372036854775807, 'Opstaaet', 'Inge', '', x'28b52ffd4500010500cd0100440130303132334361727042332d30325430383a31350b00002822ec82226c28240958b00c7a64e4aac933ac1662649b9cda7858f09b330301f43833f3', '12345678');
INSERT INTO register_felt (objekt, felt, vaerdi, fra, til, regfra, regtil)
  VALUES (1, 'Sag.a.titel', 'carport', 1772439300000000, 9223372036854775807, 1767225600000000, 9223372036854775807);
INSERT INTO bruger (id, navn, rolle, kodeord, oprettet, oprettet_af, aendret, aendret_af) VALUES ('inge', 'Inge', 'drift', '$argon2id$', 1767225600000000, 'Ole', 1767225600000000, 'Ole');
INSERT INTO liste (id, navn, noegle, version, antal, aendring, oprettet, oprettet_af, aendret, aendret_af)
  VALUES (1, 'boerneomraadet', 'opgaveemne', 1, 1, 1, 1767225600000000, 'Inge', 1767225600000000, 'Inge');
INSERT INTO listevaerdi (liste, noegle, vaerdi, fra) VALUES (1, x'30313233343536373839616263646566', '27.03.08', 1);
INSERT INTO gevinstgrundlag VALUES (1, '{}', 1767225600000000, 'Inge', 'første tal');
INSERT INTO goose_db_version (version_id, is_applied) VALUES (12, 1);
INSERT INTO register_glemt (objekt, objekttype, tid, hvem, begrundelse, hjemmel, registreringer)
  VALUES ('44444444-4444-4444-8444-444444444444', 'Sag', 1767225600000000, 'Inge', 'indsigelse', 'GDPR 17', 3);
