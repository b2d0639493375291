-- CRC-32C of the files of blocks whose codecs have no checksum of their own: Zarr v2 without compression, or with Blosc.
--
-- Four bytes a block of the brick, little endian, in the order of its bitmaps; 0: none. (A sum that is 0 is kept as
-- 0xFFFFFFFF.) Written in the transaction that records the block as done. A table of its own, so that bricks stay small;
-- with row numbers, since its rows are large.
CREATE TABLE checksum (
  id INTEGER PRIMARY KEY,
  job INTEGER NOT NULL,
  level INTEGER NOT NULL,
  brick INTEGER NOT NULL,
  sums BLOB NOT NULL CHECK (length(sums) <= 16384),
  UNIQUE (job, level, brick),
  FOREIGN KEY (job, level, brick) REFERENCES brick (job, level, brick) ON DELETE CASCADE
) STRICT;
