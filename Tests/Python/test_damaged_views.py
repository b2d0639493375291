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
    blockfuse(tmp_path, "preview", "--output", "preview.png")
    assert json.loads(blockfuse(tmp_path, "status", "--json"))["state"] == "complete"
    blockfuse(tmp_path, "run")
    # what was made of views of which nobody knows what they were is not said to be right, and nothing of it is removed
    before = sorted((tmp_path / "out.ome.zarr").rglob("*"))
    blockfuse(tmp_path, "verify", status=1)
    blockfuse(tmp_path, "verify", "--repair", status=1)
    assert sorted((tmp_path / "out.ome.zarr").rglob("*")) == before
