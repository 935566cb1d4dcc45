-- 1 = somebody else chose the password: its holder must choose another before doing anything else.
ALTER TABLE bruger ADD COLUMN midlertidigt {{INT}} NOT NULL DEFAULT 0 CHECK (midlertidigt IN (0, 1));
