-- The register: what MOX itself knows of Sager, Dokumenter and the rest, in two times.
CREATE TABLE register_objekt (
  nr             {{ID}},
  uuid           {{ORD}} NOT NULL UNIQUE,
  objekttype     TEXT NOT NULL,
  registrering   {{INT}} NOT NULL,             -- number of the newest
  livscyklus     TEXT NOT NULL,                -- of the newest
  bvn            {{ORD}} NOT NULL,                -- brugervendtnoegle when it was written; lists are in its order
  myndighed      TEXT NOT NULL DEFAULT '',     -- what reading rights are decided by, when it was written
  emne           TEXT NOT NULL DEFAULT '',
  foelsomhed     TEXT NOT NULL DEFAULT ''
);
CREATE INDEX register_objekt_liste ON register_objekt (objekttype, bvn, uuid);

-- One row per registrering with the whole objekt. Rows are added; only til of the one before is set when a new one begins.
CREATE TABLE register_registrering (
  objekt         {{INT}} NOT NULL REFERENCES register_objekt (nr),
  nr             {{INT}} NOT NULL,             -- 1, 2, 3 …
  fra            {{INT}} NOT NULL,             -- registreringstid
  til            {{INT}} NOT NULL,             -- of the next; 9223372036854775807 = in force
  livscyklus     TEXT NOT NULL,
  bruger         TEXT NOT NULL,
  note           TEXT NOT NULL,
  indhold        {{BLOB}} NOT NULL,            -- attributes, states, relations, variants; packed
  kildesystem    TEXT NOT NULL DEFAULT '',     -- the system that was followed; '' = written here
  kildetid       {{INT}} NOT NULL DEFAULT 0,   -- its own time
  besked         TEXT NOT NULL DEFAULT '',     -- the beskedID followed, or the one that told of it
  noegle         TEXT NOT NULL DEFAULT '',     -- the caller's idempotency key, as a digest
  aftryk         TEXT NOT NULL DEFAULT '',     -- and what it was used for
  PRIMARY KEY (objekt, nr)
);
CREATE INDEX register_registrering_noegle ON register_registrering (objekt, noegle) WHERE noegle <> '';

-- What an objekt is found by: one row per value and virkning, from the registrering that said it to the one that did not.
CREATE TABLE register_felt (
  objekt         {{INT}} NOT NULL REFERENCES register_objekt (nr),
  felt           TEXT NOT NULL,                -- 'Sag.a.titel', 'Sag.t.fremdrift', 'Sag.r.ejer', …
  vaerdi         {{ORD}} NOT NULL,                -- in lower case, at most 200 bytes; a person's number as a pseudonym
  hele           TEXT,                         -- in lower case, where it is longer
  maaltype       TEXT NOT NULL DEFAULT '',     -- objekttype of a relation
  fra            {{INT}} NOT NULL,             -- virkning
  til            {{INT}} NOT NULL,
  regfra         {{INT}} NOT NULL,
  regtil         {{INT}} NOT NULL              -- 9223372036854775807 = said now
);
CREATE INDEX register_felt_vaerdi ON register_felt (felt, vaerdi, regtil, objekt);
CREATE INDEX register_felt_objekt ON register_felt (objekt, regtil, felt);

-- The moments to come when something about an objekt begins or ends to hold. A row goes when it has been told of.
CREATE TABLE register_graense (
  tid            {{INT}} NOT NULL,
  objekt         {{INT}} NOT NULL REFERENCES register_objekt (nr),
  PRIMARY KEY (tid, objekt)
);
CREATE INDEX register_graense_objekt ON register_graense (objekt);
