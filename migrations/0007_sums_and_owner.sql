-- CRC-32C of what of a job never changes once it is submitted, so that damage to it is found before it leads to wrong voxels.
--
-- Over the values of the rows, in a fixed order of columns (`FixedRows.swift`). NULL: not known, in a database of an earlier
-- version that nobody has opened for writing since; the first who does fills it in.

-- Of the row in `job`, without its name, state and times, and of its rows in `level`, without their counts.
ALTER TABLE job ADD COLUMN fixed_sum INTEGER;
-- Of its rows in `view` and `view_transform`.
ALTER TABLE job ADD COLUMN views_sum INTEGER;

-- Which database this is, and in which file it was when its owner wrote this: a file of another inode is a copy, which may be
-- looked at, but not written.
CREATE TABLE identity (
  only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
  uuid TEXT NOT NULL CHECK (uuid <> ''),
  -- rises whenever a copy takes over
  generation INTEGER NOT NULL CHECK (generation > 0),
  inode INTEGER NOT NULL,
  path TEXT NOT NULL
) STRICT;
