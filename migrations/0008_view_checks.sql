-- Inputs that change while a job runs: what was recorded since somebody last found all views as they were recorded.
--
-- A run compares its views with their record when it begins, every ten minutes, and before its end. Each of these checks has
-- a number, larger than those before it; by numbers, not by a clock, is it known what was recorded before a check began.

CREATE TABLE view_check (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  job INTEGER NOT NULL REFERENCES job (id) ON DELETE CASCADE,
  -- the run that checks; NULL: before a run, or for a work order
  run INTEGER REFERENCES run (id) ON DELETE CASCADE,
  -- milliseconds since that run began, by a clock that nobody sets
  begun_ms INTEGER NOT NULL CHECK (begun_ms >= 0),
  -- the same, when all views had been found as recorded; NULL: not ended, or they were not
  good_ms INTEGER CHECK (good_ms >= begun_ms)
) STRICT;

CREATE INDEX view_check_job ON view_check (job, id);
CREATE INDEX view_check_run ON view_check (run) WHERE run IS NOT NULL;

-- Blocks of level 0 that were recorded, in whatever state, and whose views no later check has found as recorded. Those above
-- follow from them. When one finds that a view changed, the blocks here that it touches, and all above them, are set to
-- pending.
CREATE TABLE unchecked (
  job INTEGER NOT NULL,
  level INTEGER NOT NULL CHECK (level = 0),
  brick INTEGER NOT NULL,
  -- the latest check that had begun when they were recorded; 0: none
  since INTEGER NOT NULL CHECK (since >= 0),
  -- a bitmap of the brick; NULL: all
  blocks BLOB,
  PRIMARY KEY (job, level, brick, since),
  FOREIGN KEY (job, level, brick) REFERENCES brick (job, level, brick) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

-- What another process that shared the job found changed: this run records nothing more. NULL: nothing.
ALTER TABLE run ADD COLUMN views_changed TEXT;
