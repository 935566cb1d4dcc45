-- What an operator must be told. One row for each time that something begins to be wrong; it is kept when it has ended.
CREATE TABLE alarm (
  id           {{ID}},
  regel        TEXT NOT NULL,
  genstand     TEXT NOT NULL,               -- what it is about: an abonnement, a source, a file
  tekst        TEXT NOT NULL,
  raad         TEXT NOT NULL,
  sti          TEXT NOT NULL,               -- the console's page about it
  begyndt      {{INT}} NOT NULL,
  sidst        {{INT}} NOT NULL,            -- when it was last seen to stand
  fortalt      {{INT}} NOT NULL DEFAULT 0,  -- when somebody was last told; 0 = not yet
  kvitteret    {{INT}} NOT NULL DEFAULT 0,
  kvitteret_af TEXT NOT NULL DEFAULT '',
  begrundelse  TEXT NOT NULL DEFAULT '',
  sluttet      {{INT}} NOT NULL DEFAULT 0,
  slut_fortalt {{INT}} NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX alarm_staar ON alarm (regel, genstand) WHERE sluttet = 0;
CREATE INDEX alarm_sluttet ON alarm (sluttet) WHERE sluttet > 0;
