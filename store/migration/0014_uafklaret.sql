-- A source asks, each time it has read something, what has been written to its system without a known outcome.
CREATE INDEX forsoeg_ukendt ON forsoeg (afsluttet) WHERE resultat = 'ukendt';
