-- Objekter that have been erased. This row is all that is left of one, and nothing about it is taken in again.
CREATE TABLE register_glemt (
  nr             {{ID}},
  objekt         {{ORD}} NOT NULL UNIQUE,      -- UUID
  objekttype     TEXT NOT NULL,
  tid            {{INT}} NOT NULL,
  hvem           TEXT NOT NULL,
  begrundelse    TEXT NOT NULL,
  hjemmel        TEXT NOT NULL,
  registreringer {{INT}} NOT NULL              -- how many there were
);

-- Who has had something of it, and is told to erase it there too.
CREATE TABLE register_glemt_modtager (
  objekt         {{ORD}} NOT NULL REFERENCES register_glemt (objekt),
  abonnement     TEXT NOT NULL,
  system         TEXT NOT NULL,
  besked         {{INT}} NOT NULL,             -- nr of the order; 0 = it was ended before, in another copy
  frist          {{INT}} NOT NULL,             -- until when it is to be confirmed
  slut           TEXT NOT NULL DEFAULT '' CHECK (slut IN ('', 'bekraeftet', 'lukket')),
  slut_tid       {{INT}} NOT NULL DEFAULT 0,
  slut_af        TEXT NOT NULL DEFAULT '',     -- the person who said so; '' = the receiver itself
  slut_tekst     TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (objekt, abonnement)
);
CREATE INDEX register_glemt_modtager_aaben ON register_glemt_modtager (frist) WHERE slut = '';

-- Document bytes that nothing refers to any more because of an erasure, and that are still on the disk.
CREATE TABLE indhold_slettes (
  sha256         {{ORD}} PRIMARY KEY,
  tid            {{INT}} NOT NULL
);

-- How far in the log an abonnement's feed has been given out: what was not delivered may have been read there.
CREATE TABLE feedlaest (
  abonnement     TEXT PRIMARY KEY,
  position       {{INT}} NOT NULL
);
