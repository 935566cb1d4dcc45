-- The CVR number of the authority that a startbesked was about; '' where it told none. Gains are counted by it.
ALTER TABLE proces ADD COLUMN myndighed TEXT NOT NULL DEFAULT '';
CREATE INDEX proces_afsluttet ON proces (afsluttet, navn, tilstand) WHERE afsluttet > 0;

-- What people did about Fejl, of what retention has removed from handling: by the hour, which tells of nobody.
CREATE TABLE reparation (
  time        {{INT}} PRIMARY KEY,          -- the hour's first microsecond
  handlinger  {{INT}} NOT NULL,
  fejl        {{INT}} NOT NULL
);
CREATE INDEX handling_tid ON handling (tid);

-- What the municipality has told for its business case. Each change is a row of its own: the newest holds.
CREATE TABLE gevinstgrundlag (
  version     {{INT}} PRIMARY KEY,
  indhold     TEXT NOT NULL,                -- JSON
  oprettet    {{INT}} NOT NULL,
  oprettet_af TEXT NOT NULL,
  begrundelse TEXT NOT NULL
);
