-- Work orders: a job frozen into a file beside its output, for tasks on other hosts, and how far their logs were read.
--
-- Times are milliseconds since 1970 (UTC). A job has one open order at most.

CREATE TABLE work_order (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  job INTEGER NOT NULL REFERENCES job (id) ON DELETE CASCADE,
  uuid TEXT NOT NULL UNIQUE,
  -- the folder that holds the frozen job and the logs
  path TEXT NOT NULL,
  made_ms INTEGER NOT NULL,
  -- its logs are read no more: the job is complete, or the order was replaced or withdrawn
  closed_ms INTEGER,
  -- when its logs were last read; NULL: never
  collected_ms INTEGER
) STRICT;

CREATE UNIQUE INDEX work_order_open ON work_order (job) WHERE closed_ms IS NULL;

-- One log of one attempt at one task. What was read is recorded in the transaction that records what it said.
CREATE TABLE work_log (
  work_order INTEGER NOT NULL REFERENCES work_order (id) ON DELETE CASCADE,
  -- relative to the order's folder
  name TEXT NOT NULL,
  bytes INTEGER NOT NULL CHECK (bytes >= 0),
  -- the time of the last record, by the clock of the host that wrote it
  newest_ms INTEGER,
  -- the attempt came to an end of its own
  ended INTEGER NOT NULL CHECK (ended IN (0, 1)),
  PRIMARY KEY (work_order, name)
) STRICT, WITHOUT ROWID;

-- In a work order only: what the blocks of a brick are expected to cost, in the order in which they are handed out;
-- four bytes a cell of as many blocks as it takes, little endian.
CREATE TABLE work_cost (
  level INTEGER NOT NULL,
  brick INTEGER NOT NULL,
  costs BLOB NOT NULL,
  PRIMARY KEY (level, brick)
) STRICT, WITHOUT ROWID;
