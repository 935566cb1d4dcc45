-- Filters name persons and companies by pseudonym. The distributor goes through the configurations from before, once.
ALTER TABLE konfiguration ADD COLUMN pseudonym {{INT}} NOT NULL DEFAULT 0 CHECK (pseudonym IN (0, 1));
CREATE INDEX konfiguration_klar ON konfiguration (version) WHERE pseudonym = 0;
