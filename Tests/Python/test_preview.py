"""Pictures of outputs, decoded by another."""
import json
import numpy as np, pytest, zarr
from conftest import blockfuse, write_view

PIL = pytest.importorskip("PIL.Image")


def dataset(folder, data):
    write_view(folder / "v.ome.zarr", data, (1.0, 1.0, 1.0), (0.0, 0.0, 0.0), chunks=(8, 16, 16))
    (folder / "dataset.json").write_text(json.dumps({"views": [{"name": "v", "path": "v.ome.zarr"}]}))


def preview(folder, *flags):
    answer = json.loads(blockfuse(folder, "preview", "--output", "p.png", "--json", *flags))
    return answer["notes"], np.asarray(PIL.open(folder / "p.png").convert("RGB"))


def test_notes_are_about_the_time_point_that_is_shown(tmp_path):
    dataset(tmp_path, np.random.default_rng(1).integers(1, 4000, (2, 1, 8, 240, 240)).astype("uint16"))
    blockfuse(tmp_path, "submit", "dataset.json", "--output", "out.ome.zarr", "--output-chunksize", "24")
    level = json.loads(blockfuse(tmp_path, "status", "--json"))["levels"][0]
    assert preview(tmp_path)[0] == ["nothing is fused yet: all is black"]
    blockfuse(tmp_path, "run", "--quiet", "--workers", "1", "--limit", str(level["blocks"]["total"] // 2))
    notes, picture = preview(tmp_path)
    assert notes == [] and picture.any()
    notes, picture = preview(tmp_path, "--timepoint", "1")
    assert notes == ["nothing of time point 1 of level 0 is there yet: all is black"] and not picture.any()
    assert preview(tmp_path, "--level", "1")[0] == ["nothing of time point 0 of level 1 is there yet: all is black"]
    blockfuse(tmp_path, "run", "--quiet", "--workers", "1", "--limit", str(level["blocks"]["total"] // 4))
    assert preview(tmp_path)[0] == []
    assert preview(tmp_path, "--timepoint", "1")[0] == ["50.0 % of time point 1 of level 0 is there; what is missing is black"]
    blockfuse(tmp_path, "report", "--output", "r.html")
    assert "what is missing is black" not in (tmp_path / "r.html").read_text().lower()


def test_infinity_is_white(tmp_path):
    data = np.random.default_rng(2).uniform(1, 2, (1, 1, 1, 32, 32)).astype("float32")
    data[..., 7:9, 11:14] = np.inf
    data[..., 20, 20] = -np.inf
    dataset(tmp_path, data)
    blockfuse(tmp_path, "fuse", "dataset.json", "--output", "out.ome.zarr", "--fusion-func", "first_view_wins", "--interpolation-order", "0", "--quiet")
    assert np.isposinf(zarr.open_array(tmp_path / "out.ome.zarr/0", mode="r")[..., 7:9, 11:14]).all()
    _, picture = preview(tmp_path, "--level", "0")
    assert (picture[7:9, 11:14] == 255).all()
    assert (picture[20, 20] == 0).all()
