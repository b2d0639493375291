-- Views whose files were taken anew, as another state than the one that was recorded: what was asked for by name, and when.
--
-- The row in `view` has what holds from then on, and `job.views_sum` is that of the rows as they are now.

CREATE TABLE view_change (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  job INTEGER NOT NULL REFERENCES job (id) ON DELETE CASCADE,
  -- the view, by its number in the job
  ordinal INTEGER NOT NULL CHECK (ordinal >= 0),
  at_ms INTEGER NOT NULL,
  -- image: `retry --view`, its blocks became pending; times: `run --accept-times`, nothing else differed
  kind TEXT NOT NULL CHECK (kind IN ('image', 'times')),
  -- the fingerprint that was recorded before, and the one that was taken
  was TEXT NOT NULL,
  became TEXT NOT NULL,
  -- the view's details before, where the image has another shape, type or codec; NULL: they are the same
  details_was TEXT
) STRICT;

CREATE INDEX view_change_job ON view_change (job, id);
