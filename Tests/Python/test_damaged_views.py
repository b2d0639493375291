"""A record of a view that cannot be read any more keeps nobody from looking at the job's output."""
import json, sqlite3
import numpy as np
from conftest import Mosaic, blockfuse, texture


def test_what_needs_no_views_works_without_them(tmp_path):
    mosaic = Mosaic(tmp_path, (1, 1, 1))
    for i in range(2):
        mosaic.add(texture(np.random.default_rng(i), (1, 1, 8, 16, 16), "uint16"), (0, 0, 12 * i), np.eye(4))
    mosaic.fuse("out.ome.zarr")
    database = sqlite3.connect(tmp_path / "jobs.sqlite")
    database.execute("UPDATE view SET details = '{' WHERE ordinal = 1")
    database.commit()
    database.close()
    assert json.loads(blockfuse(tmp_path, "verify", "--json"))["problems"] == []
    blockfuse(tmp_path, "preview", "--output", "preview.png")
    assert json.loads(blockfuse(tmp_path, "status", "--json"))["state"] == "complete"
    # a run would read them
    chunk = next(p for p in (tmp_path / "out.ome.zarr/0").rglob("*") if p.is_file() and not p.name.startswith("."))
    chunk.unlink()
    blockfuse(tmp_path, "verify", status=12)
    blockfuse(tmp_path, "verify", "--repair")
    blockfuse(tmp_path, "run", status=1)
