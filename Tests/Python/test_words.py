"""What an error says of an input, and what it advises, is about what is really in the way."""
import json, socket
import h5py, numpy as np, pytest, zarr
from conftest import write_view
from test_bigstitcher import shift, write_xml
from test_hdf5 import run

ALTERED, RECODE = "altered or written wrongly", "zstd or blosc"


def said(folder, dataset="dataset.json"):
    end = run(folder, "plan", dataset)
    assert end.returncode == 64 and "hint:" in end.stderr, f"exit {end.returncode}\n{end.stderr}"
    return end.stderr


def describe(folder, path, **more):
    view = {"path": path, "axes": list("zyx"), "spacing": dict.fromkeys("zyx", 1), "origin": dict.fromkeys("zyx", 0), **more}
    (folder / "dataset.json").write_text(json.dumps({"views": [view]}))


def array(folder, version, changes):
    zarr.create_array(str(folder / "tile"), shape=(4, 8, 8), chunks=(4, 8, 8), dtype="u2", zarr_format=version)
    file = folder / "tile" / (".zarray" if version == 2 else "zarr.json")
    file.write_text(json.dumps({**json.loads(file.read_text()), **changes}))
    describe(folder, "tile")


RECTILINEAR = {"name": "rectilinear", "configuration": {"kind": "inline", "chunk_shapes": [[4], [3, 5], [8]]}}


@pytest.mark.parametrize("version, changes, words", [
    (3, {"zarr_format": 4}, ["zarr_format", "4", "v2 and v3"]), (2, {"zarr_format": 4}, ["zarr_format", "4", "v2 and v3"]),
    (3, {"node_type": "table"}, ["table", "v2 and v3"]), (3, {"tables": 1}, ["tables", "v2 and v3"]),
    (3, {"storage_transformers": [{"name": "cache"}]}, ["cache", "v2 and v3"]),
    (3, {"chunk_key_encoding": {"name": "fanout"}}, ["fanout", "v2 and v3"]),
    (3, {"data_type": "bool", "fill_value": False}, ["bool", "uint8"]), (2, {"dtype": "|b1", "fill_value": False}, ["b1", "uint8"]),
    (2, {"dtype": "<c8"}, ["c8", "whole numbers"]), (3, {"chunk_grid": RECTILINEAR}, ["rectilinear", "one shape"]),
    (2, {"shape": [1] * 9, "chunks": [1] * 9}, ["9 axes", "another array"]),
    (2, {"shape": [1, 1 << 20, 1 << 20], "chunks": [1, 1 << 20, 1 << 20]}, ["chunk", "smaller chunks"])])
def test_a_codec_is_blamed_only_where_it_is_one(tmp_path, version, changes, words):
    array(tmp_path, version, changes)
    message = said(tmp_path)
    assert RECODE not in message and ALTERED not in message and all(word in message for word in words), message


@pytest.mark.parametrize("version, changes", [
    (2, {"compressor": {"id": "zfpy"}}), (2, {"filters": [{"id": "categorize"}]}),
    (3, {"codecs": [{"name": "bytes", "configuration": {"endian": "little"}}, {"name": "lzma"}]})])
def test_a_codec_that_is_not_read(tmp_path, version, changes):
    array(tmp_path, version, changes)
    assert RECODE in said(tmp_path)


def test_other_things_that_are_not_read(tmp_path):
    n5 = tmp_path / "n5"
    n5.mkdir()
    attributes = {"dimensions": [8, 8, 4], "blockSize": [8, 8, 4], "dataType": "object", "compression": {"type": "raw"}}
    (n5 / "attributes.json").write_text(json.dumps(attributes))
    describe(tmp_path, "n5")
    message = said(tmp_path)
    assert RECODE not in message and "object" in message and "whole numbers" in message, message
    write_view(tmp_path / "tile.zarr", np.ones((1, 1, 4, 8, 8), "u2"), (1, 1, 1), (0, 0, 0))
    file = tmp_path / "tile.zarr/.zattrs"
    file.write_text(file.read_text().replace('"0.4"', '"0.3"'))
    message = said(tmp_path, "tile.zarr")
    assert RECODE not in message and "0.3" in message and "0.4 or 0.5" in message, message


def image(folder, name="tile.zarr", version="0.4"):
    write_view(folder / name, np.ones((1, 1, 4, 8, 8), "u2"), (1, 1, 1), (0, 0, 0), version=version)
    return folder / name


@pytest.mark.parametrize("given", ["tile.zarr", ".", "dataset.json"])
@pytest.mark.parametrize("version, lost, words", [
    ("0.4", [".zgroup"], [".zattrs", "neither .zgroup"]), ("0.4", [".zgroup", ".zattrs"], ["zarr.json, .zgroup", "the folder 0 in it"]),
    ("0.5", ["zarr.json"], ["zarr.json, .zgroup", "the folder 0 in it"]), ("0.4", ["0/.zarray"], ["tile.zarr/0", "as a level", ".zarray"]),
    ("0.5", ["0/zarr.json"], ["tile.zarr/0", "as a level", "zarr.json"])])
def test_metadata_that_are_lost(tmp_path, given, version, lost, words):
    path = image(tmp_path, version=version)
    image(tmp_path, "other.zarr", version)
    for file in lost:
        (path / file).unlink()
    (tmp_path / "dataset.json").write_text('{"views": [{"path": "tile.zarr"}]}')
    message = said(tmp_path, given)
    assert "tile.zarr" in message and all(word in message for word in words) and "copy" in message and ALTERED not in message, message


def test_files_behind_an_xml(tmp_path):
    loader = '<ImageLoader format="bdv.hdf5"><hdf5 type="relative">{}</hdf5></ImageLoader>'
    write_xml(tmp_path / "dataset.xml", loader.format("raw/data.h5"), {(0, 0): [shift(0)]})
    message = said(tmp_path, "dataset.xml")
    assert f"nothing at {tmp_path}/raw/data.h5" in message and "HDF5 file" not in message, message
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw/data.h5").write_text("version https://git-lfs.github.com/spec/v1\n")
    message = said(tmp_path, "dataset.xml")
    assert "raw/data.h5" in message and "does not begin as an HDF5 file" in message and "path of the image itself" not in message, message
    for name in ("n5", "zarr"):
        element = f'<ImageLoader format="bdv.n5" version="1.0"><n5 type="relative">gone.{name}</n5></ImageLoader>'
        write_xml(tmp_path / "dataset.xml", element, {(0, 0): [shift(0)]})
        assert f"nothing at {tmp_path}/gone.{name}" in said(tmp_path, "dataset.xml")


def test_what_is_legal_is_not_called_altered(tmp_path):
    for kind in ("plate", "well", "bioformats2raw.layout"):
        group = zarr.open_group(tmp_path / "group.zarr", mode="w", zarr_format=2)
        group.attrs[kind] = 3 if "raw" in kind else {"images": [], "wells": []}
        (tmp_path / "dataset.json").write_text('{"views": [{"path": "group.zarr"}]}')
        assert ALTERED not in said(tmp_path)
    zarr.open_group(tmp_path / "group.zarr", mode="w", zarr_format=2).create_array("a", shape=(4, 8, 8), dtype="u2")
    message = said(tmp_path)
    assert ALTERED not in message and "multiscales" in message and "arrays" in message, message
    with h5py.File(tmp_path / "data.h5", "w") as file:
        file["volume"] = np.ones((4, 8, 8), "u2")
        file["none"] = np.ones((0, 8, 8), "u2")
        file["complex"] = np.ones((4, 8, 8), "c8")
        file["link"] = h5py.ExternalLink("gone.h5", "x")
        layout = h5py.VirtualLayout(shape=(4, 8, 8), dtype="u2")
        layout[:] = h5py.VirtualSource("gone.h5", "x", shape=(4, 8, 8))
        file.create_virtual_dataset("virtual", layout)
    for name, word in [("volum", "h5ls"), ("none", "no voxels"), ("complex", "whole numbers"), ("link", "gone.h5"), ("virtual", "gone.h5")]:
        describe(tmp_path, "data.h5", dataset=name)
        message = said(tmp_path)
        assert ALTERED not in message and RECODE not in message and word in message, message


def test_a_truncated_file_is_told_as_that(tmp_path):
    with h5py.File(tmp_path / "data.h5", "w") as file:
        file["volume"] = np.ones((40, 80, 80), "u2")
    raw = (tmp_path / "data.h5").read_bytes()
    (tmp_path / "data.h5").write_bytes(raw[:len(raw) // 2])
    describe(tmp_path, "data.h5", dataset="volume")
    message = said(tmp_path)
    assert "truncated" in message and "copy it again" in message and ALTERED not in message, message


def test_a_transform_that_some_views_have(tmp_path):
    """The name is right, so no other one is advised."""
    write_view(tmp_path / "tile.ome.zarr", np.ones((1, 1, 8, 8), "uint16"), (1, 1), (0, 0))
    still = np.eye(3).tolist()
    views = [{"name": name, "path": "tile.ome.zarr", "transforms": {key: still for key in keys}} for name, keys in [("v0", "ab"), ("v1", "b")]]
    (tmp_path / "dataset.json").write_text(json.dumps({"views": views}))
    end = run(tmp_path, "plan", "dataset.json", "--transform-key", "a")
    assert end.returncode == 64 and '"v1" has no transform "a"' in end.stderr
    assert "did you mean" not in end.stderr and "--views" in end.stderr, end.stderr
    assert 'did you mean "b"' in run(tmp_path, "plan", "dataset.json", "--transform-key", "B").stderr


def test_mistakes_in_what_people_write_have_a_line_and_a_column(tmp_path):
    write_view(tmp_path / "tile.ome.zarr", np.ones((1, 1, 8, 8), "uint16"), (1, 1), (0, 0))
    (tmp_path / "dataset.json").write_text('{"views": [\n  {"name": "a"\n   "path": "tile.ome.zarr"}\n]}')
    message = said(tmp_path)
    assert "dataset.json" in message and "line 3, column 4" in message and ALTERED not in message, message
    describe(tmp_path, "tile.ome.zarr")
    (tmp_path / "options.json").write_text('{"output_chunksize": 64,\n "rounding": nearest}')
    end = run(tmp_path, "plan", "dataset.json", "--options", "options.json")
    assert end.returncode == 64 and "options.json" in end.stderr and "line 2, column 14" in end.stderr, end.stderr
    end = run(tmp_path, "plan", "dataset.json", "--zarr-options", '{"ome_zarr": yes}')
    assert end.returncode == 64 and "line 1, column 14" in end.stderr, end.stderr
    (tmp_path / "list.json").write_text('["tile.ome.zarr",\n"b.zarr"')
    assert "line 2, column 9" in said(tmp_path, "list.json")


@pytest.mark.parametrize("arguments, words", [
    (["--fusion-func", "nope"], ["max_fusion", "weighted_average_fusion"]), (["--weights-func", "nope"], ["content_based"]),
    (["--fusion-func-kwargs", "nope=1"], ["takes no arguments"]), (["--weights-func", "content_based", "--weights-func-kwargs", "nope=1"], ["sigma_1", "sigma_2"]),
    (["--views", "zz"], ["tile_a", "tile_b"]), (["--transform-key", "zz"], ["registered"]), (["--channels", "zz"], ["0"]),
    (["--zarr-options", "nope=1"], ["zarr_options.ngff_version", "zarr_options.overwrite"]), (["--nope", "1"], ["--output-chunksize", "--views"]),
    (["--options", "options.json"], ["output_chunksize", "weights_func"])])
def test_what_is_not_known_lists_what_there_is(tmp_path, arguments, words):
    write_view(tmp_path / "tile.ome.zarr", np.ones((1, 1, 8, 8), "uint16"), (1, 1), (0, 0))
    (tmp_path / "options.json").write_text('{"nope": 1}')
    views = [{"name": f"tile_{name}", "path": "tile.ome.zarr", "transforms": {"registered": np.eye(3).tolist()}} for name in "ab"]
    (tmp_path / "dataset.json").write_text(json.dumps({"views": views}))
    end = run(tmp_path, "plan", "dataset.json", *arguments)
    assert end.returncode == 64 and all(word in end.stderr for word in words), end.stderr


def test_what_the_system_says_is_told_in_its_words(tmp_path):
    write_view(tmp_path / "tile.ome.zarr", np.ones((1, 1, 8, 8), "uint16"), (1, 1), (0, 0))
    (tmp_path / "dataset.json").write_text(json.dumps({"views": [{"path": "tile.ome.zarr"}]}))
    with socket.create_server(("127.0.0.1", 0)) as taken:
        run(tmp_path, "submit", "dataset.json", "--output", "out.ome.zarr", "--db", "jobs.sqlite")
        port = taken.getsockname()[1]
        end = run(tmp_path, "serve", "--port", str(port), "--db", "jobs.sqlite")
    assert end.returncode == 1 and f"cannot listen on port {port}: Address already in use" in end.stderr, end.stderr
    assert "failed(" not in end.stderr and "ss -ltnp" in end.stderr
