-- People who log in, with a password or at the authority's own provider of logins. An account is closed, not removed: the name stays in what its holder did.
CREATE TABLE bruger (
  id          TEXT PRIMARY KEY,             -- the name as it is looked up: in lower case
  navn        TEXT NOT NULL,
  rolle       TEXT NOT NULL CHECK (rolle IN ('laeser', 'drift', 'administrator')),
  kodeord     TEXT NOT NULL,                -- argon2id in PHC form; '' = it is the provider that knows who it is
  emne        TEXT NOT NULL DEFAULT '',     -- who it is at the provider: its address, a space, the subject
  oprettet    {{INT}} NOT NULL,
  oprettet_af TEXT NOT NULL,
  aendret     {{INT}} NOT NULL,
  aendret_af  TEXT NOT NULL,
  sidst_inde  {{INT}} NOT NULL DEFAULT 0,
  lukket      {{INT}} NOT NULL DEFAULT 0,
  CHECK ((kodeord = '') = (emne <> ''))
);

CREATE UNIQUE INDEX bruger_emne ON bruger (emne) WHERE emne <> '';

-- Who is logged in. The secret itself is in the browser's cookie alone.
CREATE TABLE brugersession (
  aftryk      TEXT PRIMARY KEY,             -- SHA-256 of the secret, hex
  bruger      TEXT NOT NULL REFERENCES bruger (id),
  oprettet    {{INT}} NOT NULL,
  sidst       {{INT}} NOT NULL
);
CREATE INDEX brugersession_bruger ON brugersession (bruger, oprettet);
CREATE INDEX brugersession_oprettet ON brugersession (oprettet);

-- How often a password has been wrong of late, for a name and for an address. Both are kept as keyed digests: what is typed as
-- a name may be a password.
CREATE TABLE loginforsoeg (
  noegle      TEXT PRIMARY KEY,
  antal       {{INT}} NOT NULL,
  fra         {{INT}} NOT NULL              -- when the count began, or when it reached its limit
);
CREATE INDEX loginforsoeg_fra ON loginforsoeg (fra);
