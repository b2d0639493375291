-- How long a run worked, as it counted itself: time in which a machine slept or the process was stopped is not in it, so
-- that rates and the time left do not rest on it. Milliseconds; NULL: not known.
ALTER TABLE run ADD COLUMN worked_ms INTEGER CHECK (worked_ms >= 0);
ALTER TABLE run_sample ADD COLUMN worked_ms INTEGER CHECK (worked_ms >= 0);
