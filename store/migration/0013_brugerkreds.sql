-- What of the register the holder of an account may reach, as JSON; '' = all of it.
ALTER TABLE bruger ADD COLUMN kreds TEXT NOT NULL DEFAULT '';
