-- How far a run was at some moments, for its rate over time, and how much of what it did was written.
--
-- A run keeps at most 256 samples, spread evenly over its time: when there are more, every second one goes and the next
-- ones are taken half as often.

-- Of the voxels that a run looked at, those of blocks that have a file; NULL: not known.
ALTER TABLE run ADD COLUMN written_voxels INTEGER CHECK (written_voxels >= 0);

CREATE TABLE run_sample (
  run INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
  -- milliseconds since 1970 (UTC); the rest as in `run` at that time
  at_ms INTEGER NOT NULL,
  blocks INTEGER NOT NULL CHECK (blocks >= 0),
  voxels INTEGER NOT NULL CHECK (voxels >= 0),
  written_voxels INTEGER NOT NULL CHECK (written_voxels >= 0),
  bytes INTEGER NOT NULL CHECK (bytes >= 0),
  PRIMARY KEY (run, at_ms)
) STRICT, WITHOUT ROWID;
