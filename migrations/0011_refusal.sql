-- A run that was refused before it began, such as for an input that changed: it did nothing, and is no row in `run`. Whoever
-- watches the job is told of it.

-- The last one of a job.
CREATE TABLE refusal (
  job INTEGER PRIMARY KEY REFERENCES job (id) ON DELETE CASCADE,
  at_ms INTEGER NOT NULL,
  -- the exit status of its process
  exit_status INTEGER NOT NULL CHECK (exit_status BETWEEN 0 AND 255),
  message TEXT NOT NULL
) STRICT;
