-- What each way of telling has told of an alarm. One that could not tell has no row, or an old one.
CREATE TABLE alarm_fortalt (
  alarm       {{INT}} NOT NULL REFERENCES alarm (id),
  vej         TEXT NOT NULL,                -- a mail address, or the webhook
  staar       {{INT}} NOT NULL,             -- when it last told that the alarm stands
  slut        {{INT}} NOT NULL DEFAULT 0,   -- when it told that it has ended
  PRIMARY KEY (alarm, vej)
);
ALTER TABLE alarm DROP COLUMN slut_fortalt;

-- What is away for a short while and comes again is one alarm.
ALTER TABLE alarm ADD COLUMN vaek {{INT}} NOT NULL DEFAULT 0;   -- since when its cause is away; 0 = it is there
ALTER TABLE alarm ADD COLUMN gange {{INT}} NOT NULL DEFAULT 1;  -- how often it has come

-- A source that has nothing to tell, and one that nobody reads, are not the same.
ALTER TABLE kilde ADD COLUMN kontakt {{INT}} NOT NULL DEFAULT 0;      -- when it was last read without error
ALTER TABLE kilde ADD COLUMN hver {{INT}} NOT NULL DEFAULT 0;         -- how long between two reads, as its agent says
ALTER TABLE kilde ADD COLUMN fejl_i_traek {{INT}} NOT NULL DEFAULT 0; -- reads that failed since
ALTER TABLE kilde ADD COLUMN fejl_tekst TEXT NOT NULL DEFAULT '';     -- why the last of them failed; kept when it goes well again
ALTER TABLE kilde ADD COLUMN fejl_tid {{INT}} NOT NULL DEFAULT 0;
UPDATE kilde SET kontakt = sidst;

-- When somebody last asked for work: a receiver's agent that is idle asks, and one that is dead does not.
CREATE TABLE hentning (
  abonnement  TEXT PRIMARY KEY,
  sidst       {{INT}} NOT NULL
);

-- Parts that do not do their work, of the processes that share the database: the one on watch tells of all of them.
CREATE TABLE delfejl (
  inkarnation TEXT NOT NULL,
  del         TEXT NOT NULL,
  vaert       TEXT NOT NULL,                -- the machine
  tekst       TEXT NOT NULL,
  PRIMARY KEY (inkarnation, del)
);

-- What has been tried of late is counted often.
CREATE INDEX forsoeg_afsluttet ON forsoeg (afsluttet) WHERE afsluttet > 0;
