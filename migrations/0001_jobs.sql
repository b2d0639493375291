-- The job database: jobs, their views and levels, and which blocks are done.
--
-- Times are milliseconds since 1970 (UTC). Triples and matrices are in z y x order.
-- The blocks of a level form a grid, cut into bricks of up to 4,096 blocks. A brick has a row once something in it
-- happened. Block i of a brick (C order t, c, z, y, x within the brick) is bit i % 8 of byte i / 8 of its bitmaps.

CREATE TABLE job (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  uuid TEXT NOT NULL UNIQUE CHECK (uuid <> ''),
  name TEXT CHECK (name <> ''),
  -- 'running' without a live process is shown as interrupted
  state TEXT NOT NULL CHECK (state IN ('creating', 'pending', 'running', 'interrupted', 'failed', 'complete')),
  dataset_path TEXT NOT NULL,
  dataset_digest TEXT NOT NULL,
  output_path TEXT NOT NULL,
  options TEXT NOT NULL,
  program_version TEXT NOT NULL,
  transform_key TEXT,
  fusion_func TEXT NOT NULL,
  weights_func TEXT,
  interpolation_order INTEGER NOT NULL CHECK (interpolation_order IN (0, 1)),
  element_type TEXT NOT NULL,
  spatial_axes INTEGER NOT NULL CHECK (spatial_axes IN (2, 3)),
  spacing_z REAL NOT NULL, spacing_y REAL NOT NULL, spacing_x REAL NOT NULL,
  origin_z REAL NOT NULL, origin_y REAL NOT NULL, origin_x REAL NOT NULL,
  ngff_version TEXT,
  details TEXT NOT NULL,
  created_ms INTEGER NOT NULL,
  ready_ms INTEGER,
  finished_ms INTEGER,
  CHECK ((state = 'creating') = (ready_ms IS NULL)),
  CHECK (state <> 'complete' OR finished_ms IS NOT NULL)
) STRICT;

CREATE INDEX job_name ON job (name) WHERE name IS NOT NULL;

CREATE TRIGGER job_state BEFORE UPDATE OF state ON job
WHEN NEW.state = 'creating' AND OLD.state <> 'creating'
  OR OLD.state = 'creating' AND NEW.state NOT IN ('creating', 'pending')
BEGIN
  SELECT raise(ABORT, 'a job goes from creating to pending, and never back');
END;

CREATE TABLE view (
  id INTEGER PRIMARY KEY,
  job INTEGER NOT NULL REFERENCES job (id) ON DELETE CASCADE,
  ordinal INTEGER NOT NULL CHECK (ordinal >= 0),
  name TEXT NOT NULL,
  path TEXT NOT NULL,
  shape_t INTEGER NOT NULL, shape_c INTEGER NOT NULL,
  shape_z INTEGER NOT NULL, shape_y INTEGER NOT NULL, shape_x INTEGER NOT NULL,
  element_type TEXT NOT NULL,
  spacing_z REAL NOT NULL, spacing_y REAL NOT NULL, spacing_x REAL NOT NULL,
  origin_z REAL NOT NULL, origin_y REAL NOT NULL, origin_x REAL NOT NULL,
  details TEXT NOT NULL,
  fingerprint TEXT NOT NULL,
  UNIQUE (job, ordinal)
) STRICT;

-- Physical coordinates of a view to world: world = m * physical + shift. Time point NULL: every time point.
CREATE TABLE view_transform (
  view INTEGER NOT NULL REFERENCES view (id) ON DELETE CASCADE,
  t INTEGER CHECK (t >= 0),
  m_zz REAL NOT NULL, m_zy REAL NOT NULL, m_zx REAL NOT NULL, shift_z REAL NOT NULL,
  m_yz REAL NOT NULL, m_yy REAL NOT NULL, m_yx REAL NOT NULL, shift_y REAL NOT NULL,
  m_xz REAL NOT NULL, m_xy REAL NOT NULL, m_xx REAL NOT NULL, shift_x REAL NOT NULL
) STRICT;

CREATE UNIQUE INDEX view_transform_place ON view_transform (view, ifnull(t, -1));

CREATE TABLE level (
  job INTEGER NOT NULL REFERENCES job (id) ON DELETE CASCADE,
  level INTEGER NOT NULL CHECK (level >= 0),
  shape_t INTEGER NOT NULL CHECK (shape_t > 0), shape_c INTEGER NOT NULL CHECK (shape_c > 0),
  shape_z INTEGER NOT NULL CHECK (shape_z > 0), shape_y INTEGER NOT NULL CHECK (shape_y > 0),
  shape_x INTEGER NOT NULL CHECK (shape_x > 0),
  chunk_z INTEGER NOT NULL CHECK (chunk_z > 0), chunk_y INTEGER NOT NULL CHECK (chunk_y > 0),
  chunk_x INTEGER NOT NULL CHECK (chunk_x > 0),
  shard_z INTEGER CHECK (shard_z % chunk_z = 0), shard_y INTEGER CHECK (shard_y % chunk_y = 0),
  shard_x INTEGER CHECK (shard_x % chunk_x = 0),
  -- voxels of the level below, and of level 0, that a voxel averages
  factor_z INTEGER NOT NULL CHECK (factor_z > 0), factor_y INTEGER NOT NULL CHECK (factor_y > 0),
  factor_x INTEGER NOT NULL CHECK (factor_x > 0),
  absolute_z INTEGER NOT NULL CHECK (absolute_z > 0), absolute_y INTEGER NOT NULL CHECK (absolute_y > 0),
  absolute_x INTEGER NOT NULL CHECK (absolute_x > 0),
  -- blocks along each axis, and blocks of one brick
  grid_t INTEGER NOT NULL CHECK (grid_t > 0), grid_c INTEGER NOT NULL CHECK (grid_c > 0),
  grid_z INTEGER NOT NULL CHECK (grid_z > 0), grid_y INTEGER NOT NULL CHECK (grid_y > 0),
  grid_x INTEGER NOT NULL CHECK (grid_x > 0),
  brick_t INTEGER NOT NULL CHECK (brick_t > 0), brick_c INTEGER NOT NULL CHECK (brick_c > 0),
  brick_z INTEGER NOT NULL CHECK (brick_z > 0), brick_y INTEGER NOT NULL CHECK (brick_y > 0),
  brick_x INTEGER NOT NULL CHECK (brick_x > 0),
  bricks INTEGER NOT NULL CHECK (bricks BETWEEN 1 AND 16777216),
  blocks INTEGER NOT NULL CHECK (blocks > 0),
  -- counts of blocks; changed in the transaction that changes the bricks
  done INTEGER NOT NULL DEFAULT 0 CHECK (done >= 0),
  empty INTEGER NOT NULL DEFAULT 0 CHECK (empty >= 0),
  failed INTEGER NOT NULL DEFAULT 0 CHECK (failed >= 0),
  -- every brick with a smaller number has a row
  untouched INTEGER NOT NULL DEFAULT 0 CHECK (untouched BETWEEN 0 AND bricks),
  PRIMARY KEY (job, level),
  CHECK (done + empty + failed <= blocks),
  CHECK ((shard_z IS NULL) = (shard_y IS NULL) AND (shard_y IS NULL) = (shard_x IS NULL)),
  CHECK (brick_t * brick_c * brick_z * brick_y * brick_x <= 4096)
) STRICT, WITHOUT ROWID;

CREATE TABLE brick (
  job INTEGER NOT NULL,
  level INTEGER NOT NULL,
  brick INTEGER NOT NULL CHECK (brick >= 0),
  -- open: not finished; done, empty: all blocks are that; mixed: finished, the blocks not in `done` are empty
  state TEXT NOT NULL CHECK (state IN ('open', 'done', 'empty', 'mixed')),
  -- blocks that can be claimed: not done, empty, failed or claimed
  pending INTEGER NOT NULL CHECK (pending BETWEEN 0 AND 4096),
  done BLOB,
  empty BLOB,
  PRIMARY KEY (job, level, brick),
  FOREIGN KEY (job, level) REFERENCES level (job, level) ON DELETE CASCADE,
  CHECK (state = 'open' OR pending = 0),
  CHECK ((done IS NOT NULL) = (state IN ('open', 'mixed'))),
  CHECK ((empty IS NOT NULL) = (state = 'open')),
  CHECK (empty IS NULL OR length(done) = length(empty))
) STRICT, WITHOUT ROWID;

CREATE INDEX brick_pending ON brick (job, level, brick) WHERE pending > 0;

-- One process at work on a job. It holds an open-file-description lock on byte `id` of the file "<database>.lock" for
-- as long as it lives: a run without end whose byte is free is dead.
CREATE TABLE run (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  job INTEGER NOT NULL REFERENCES job (id) ON DELETE CASCADE,
  host TEXT NOT NULL,
  boot_id TEXT NOT NULL,
  pid INTEGER NOT NULL,
  command TEXT NOT NULL,
  started_ms INTEGER NOT NULL,
  heartbeat_ms INTEGER NOT NULL,
  ended_ms INTEGER,
  outcome TEXT CHECK (outcome IN ('finished', 'interrupted', 'error', 'died')),
  message TEXT,
  blocks INTEGER NOT NULL DEFAULT 0 CHECK (blocks >= 0),
  voxels INTEGER NOT NULL DEFAULT 0 CHECK (voxels >= 0),
  bytes INTEGER NOT NULL DEFAULT 0 CHECK (bytes >= 0),
  CHECK ((ended_ms IS NULL) = (outcome IS NULL))
) STRICT;

CREATE INDEX run_job ON run (job);
CREATE INDEX run_open ON run (job) WHERE ended_ms IS NULL;

-- Blocks of one brick in the hands of one run. Ids are never used twice: a claim that is gone cannot come back.
CREATE TABLE claim (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  run INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
  job INTEGER NOT NULL,
  level INTEGER NOT NULL,
  brick INTEGER NOT NULL,
  -- the blocks still in hand: a bitmap of the brick, and how many they are
  blocks BLOB NOT NULL,
  count INTEGER NOT NULL CHECK (count BETWEEN 1 AND 4096),
  FOREIGN KEY (job, level, brick) REFERENCES brick (job, level, brick) ON DELETE CASCADE
) STRICT;

CREATE INDEX claim_brick ON claim (job, level, brick);
CREATE INDEX claim_run ON claim (run, level);

-- What went wrong with a block: the last failure and how often. `failed` 0: tried again since, or to be tried again.
CREATE TABLE failure (
  job INTEGER NOT NULL,
  level INTEGER NOT NULL,
  brick INTEGER NOT NULL,
  block INTEGER NOT NULL CHECK (block BETWEEN 0 AND 4095),
  t INTEGER NOT NULL, c INTEGER NOT NULL, z INTEGER NOT NULL, y INTEGER NOT NULL, x INTEGER NOT NULL,
  failed INTEGER NOT NULL CHECK (failed IN (0, 1)),
  code TEXT NOT NULL,
  message TEXT NOT NULL,
  attempts INTEGER NOT NULL CHECK (attempts > 0),
  at_ms INTEGER NOT NULL,
  PRIMARY KEY (job, level, brick, block),
  FOREIGN KEY (job, level, brick) REFERENCES brick (job, level, brick) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE INDEX failure_open ON failure (job, level, brick, block) WHERE failed = 1;

-- A row a block, pending ones included; for people, as `SELECT * FROM block_status WHERE job = 1 AND level = 0`.
-- A block that a dead process had in hand reads as running here until the next run frees it.
CREATE VIEW block_status AS
WITH RECURSIVE
  number (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM number WHERE n < 4095)
SELECT
  job, level,
  t0 + i / (c_count * z_count * y_count * x_count) AS t,
  c0 + i / (z_count * y_count * x_count) % c_count AS c,
  z0 + i / (y_count * x_count) % z_count AS z,
  y0 + i / x_count % y_count AS y,
  x0 + i % x_count AS x,
  CASE
    WHEN state IS NULL THEN 'pending'
    WHEN state IN ('done', 'empty') THEN state
    WHEN instr('123456789ABCDEF', substr(hex(substr(done, i / 8 + 1, 1)), 2 - i % 8 / 4, 1)) >> i % 4 & 1 THEN 'done'
    WHEN state = 'mixed' THEN 'empty'
    WHEN instr('123456789ABCDEF', substr(hex(substr(empty, i / 8 + 1, 1)), 2 - i % 8 / 4, 1)) >> i % 4 & 1 THEN 'empty'
    WHEN EXISTS (
      SELECT 1 FROM failure f
      WHERE f.job = place.job AND f.level = place.level AND f.brick = place.brick AND f.block = i AND f.failed = 1
    ) THEN 'failed'
    WHEN EXISTS (
      SELECT 1 FROM claim k
      WHERE k.job = place.job AND k.level = place.level AND k.brick = place.brick
        AND instr('123456789ABCDEF', substr(hex(substr(k.blocks, i / 8 + 1, 1)), 2 - i % 8 / 4, 1)) >> i % 4 & 1
    ) THEN 'running'
    ELSE 'pending'
  END AS state
FROM (
  SELECT
    corner.*, index_in_brick.n AS i, b.state, b.done, b.empty
  FROM (
    SELECT
      job, level, brick, t0, c0, z0, y0, x0,
      min(brick_t, grid_t - t0) AS t_count, min(brick_c, grid_c - c0) AS c_count,
      min(brick_z, grid_z - z0) AS z_count, min(brick_y, grid_y - y0) AS y_count,
      min(brick_x, grid_x - x0) AS x_count
    FROM (
      SELECT
        l.job, l.level, hi.n * 4096 + lo.n AS brick,
        l.grid_t, l.grid_c, l.grid_z, l.grid_y, l.grid_x, l.brick_t, l.brick_c, l.brick_z, l.brick_y, l.brick_x,
        (hi.n * 4096 + lo.n) / (
          ((l.grid_c + l.brick_c - 1) / l.brick_c) * ((l.grid_z + l.brick_z - 1) / l.brick_z)
          * ((l.grid_y + l.brick_y - 1) / l.brick_y) * ((l.grid_x + l.brick_x - 1) / l.brick_x)
        ) * l.brick_t AS t0,
        (hi.n * 4096 + lo.n) / (
          ((l.grid_z + l.brick_z - 1) / l.brick_z)
          * ((l.grid_y + l.brick_y - 1) / l.brick_y) * ((l.grid_x + l.brick_x - 1) / l.brick_x)
        ) % ((l.grid_c + l.brick_c - 1) / l.brick_c) * l.brick_c AS c0,
        (hi.n * 4096 + lo.n) / (
          ((l.grid_y + l.brick_y - 1) / l.brick_y) * ((l.grid_x + l.brick_x - 1) / l.brick_x)
        ) % ((l.grid_z + l.brick_z - 1) / l.brick_z) * l.brick_z AS z0,
        (hi.n * 4096 + lo.n) / ((l.grid_x + l.brick_x - 1) / l.brick_x)
          % ((l.grid_y + l.brick_y - 1) / l.brick_y) * l.brick_y AS y0,
        (hi.n * 4096 + lo.n) % ((l.grid_x + l.brick_x - 1) / l.brick_x) * l.brick_x AS x0
      FROM level l
      CROSS JOIN number hi ON hi.n <= (l.bricks - 1) / 4096
      CROSS JOIN number lo ON hi.n * 4096 + lo.n < l.bricks
    )
  ) AS corner
  LEFT JOIN brick b ON b.job = corner.job AND b.level = corner.level AND b.brick = corner.brick
  CROSS JOIN number index_in_brick
    ON index_in_brick.n < corner.t_count * corner.c_count * corner.z_count * corner.y_count * corner.x_count
) AS place;
