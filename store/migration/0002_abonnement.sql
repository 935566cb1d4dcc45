-- Abonnementer that somebody has asked for. Those of agents stand in the agents' files.
CREATE TABLE abonnement (
  id          TEXT PRIMARY KEY,
  definition  TEXT NOT NULL,                -- JSON
  aendring    {{INT}} NOT NULL UNIQUE,      -- counts up with every change to any of them: others see that there is news
  lukket      {{INT}} NOT NULL DEFAULT 0,
  oprettet    {{INT}} NOT NULL,
  oprettet_af TEXT NOT NULL
);

-- A leverance that lies in the receiver's queue and awaits a Kvittering holds back later ones until it comes, or until frist.
ALTER TABLE leverance ADD COLUMN frist {{INT}} NOT NULL DEFAULT 0 CHECK (frist = 0 OR tilstand = 'Overdraget');
DROP INDEX leverance_orden;
CREATE INDEX leverance_orden ON leverance (abonnement, orden, raekke, omgang) WHERE tilstand IN ('Afventer', 'UnderLevering', 'Udsat', 'Parkeret', 'Uvis') OR frist > 0;
CREATE INDEX leverance_frist ON leverance (frist) WHERE frist > 0;
