"""Images that are not there or cannot be opened: what leaves them out is not stopped, and `missing_views` goes on without them."""
import json, os, shutil, subprocess
from pathlib import Path
import h5py, numpy as np, pytest, tifffile, zarr
from conftest import binary, blockfuse, write_view
from test_bigstitcher import N5, shift, tile, write_n5, write_xml

HDF5 = '<ImageLoader format="bdv.hdf5"><hdf5 type="relative">data.h5</hdf5></ImageLoader>'
YX = (24, 30)


def plane(i, dtype="uint16"):
    return np.full(YX, 10 * (i + 1), dtype)


def tiles(folder, count=4, kind="zarr"):
    """Tiles side by side along x, `tile_0` and so on, in a folder `tiles` whose images say where they are."""
    (folder / "tiles").mkdir()
    for i in range(count):
        if kind == "zarr":
            write_view(folder / f"tiles/tile_{i}.ome.zarr", plane(i)[None, None], (1, 1), (0, 40 * i))
        else:
            tifffile.imwrite(folder / f"tiles/tile_{i}.ome.tif", plane(i), metadata={"axes": "YX", "Plane": {"PositionX": 40.0 * i, "PositionY": 0.0}, "PhysicalSizeX": 1, "PhysicalSizeY": 1})
    return [f"tiles/tile_{i}.ome.{kind[:4] if kind == 'zarr' else 'tif'}" for i in range(count)]


def dataset(folder, kind, count=4):
    """A dataset of each kind with the same tiles; where its images are, and what its views are called."""
    if kind in ("json", "list", "folder", "scene"):
        paths = tiles(folder, count)
        names = [f"tile_{i}" for i in range(count)]
        if kind == "folder":
            return "tiles", paths, names
        if kind == "list":
            (folder / "list.txt").write_text("\n".join(paths))
            return "list.txt", paths, names
        if kind == "json":
            (folder / "dataset.json").write_text(json.dumps({"views": [{"name": n, "path": p} for n, p in zip(names, paths)]}))
            return "dataset.json", paths, names
        axes = [{"name": a, "type": "space", "unit": "micrometer"} for a in "yx"]
        (folder / "scene.zarr").mkdir()
        moves = []
        for i, name in enumerate(names):
            group = zarr.open_group(folder / f"scene.zarr/{name}", mode="w", zarr_format=3)
            group.create_array("0", shape=YX, chunks=YX, dtype="uint16", dimension_names=["y", "x"])[:] = plane(i)
            group.attrs["ome"] = {"version": "0.6", "multiscales": [{"coordinateSystems": [{"name": "physical", "axes": axes}], "datasets": [
                {"path": "0", "coordinateTransformations": [{"type": "scale", "scale": [1.0, 1.0], "input": {"path": "0"}, "output": {"name": "physical"}}]}]}]}
            moves.append({"type": "translation", "translation": [0.0, 40.0 * i], "input": {"path": name, "name": "physical"}, "output": {"name": "world"}})
        (folder / "scene.zarr/zarr.json").write_text(json.dumps({"zarr_format": 3, "node_type": "group", "attributes": {"ome": {
            "version": "0.6", "scene": {"coordinateSystems": [{"name": "world", "axes": axes}], "coordinateTransformations": moves}}}}))
        return "scene.zarr", [f"scene.zarr/{n}" for n in names], names
    if kind == "tiles":
        for i in range(count):
            tifffile.imwrite(folder / f"tile_{i}.tif", plane(i))
        (folder / "TileConfiguration.txt").write_text("dim = 2\n" + "".join(f"tile_{i}.tif; ; ({40 * i}.0, 0.0)\n" for i in range(count)))
        return "TileConfiguration.txt", [f"tile_{i}.tif" for i in range(count)], [f"tile_{i}" for i in range(count)]
    for i in range(count):
        data = np.broadcast_to(plane(i), (3, *YX))
        if kind == "n5":
            write_n5(folder / f"data.n5/setup{i}/timepoint0/s0", data)
        else:
            with h5py.File(folder / "data.h5", "a") as file:
                file.create_dataset(f"t00000/s{i:02}/0/cells", data=data, chunks=(3, 8, 8))
                file.create_dataset(f"s{i:02}/resolutions", data=np.ones((1, 3)))
    write_xml(folder / "dataset.xml", N5 if kind == "n5" else HDF5, {(0, i): [shift(40 * i)] for i in range(count)})
    return "dataset.xml", [f"data.n5/setup{i}" if kind == "n5" else i for i in range(count)], [f"setup{i}" for i in range(count)]


def remove(folder, image):
    """An image goes; of an HDF5 file, a group."""
    if isinstance(image, int):
        with h5py.File(folder / "data.h5", "a") as file:
            del file[f"t00000/s{image:02}"]
    elif (folder / image).is_dir():
        shutil.rmtree(folder / image)
    else:
        (folder / image).unlink()


def damage(folder, image):
    """Its metadata are no longer any."""
    path = folder / image
    if path.is_dir():
        for name in [".zattrs", "zarr.json"]:
            for file in path.glob(name):
                file.write_text("{ no JSON")
    else:
        path.write_bytes(path.read_bytes()[:20])


def said(folder, *arguments, status=0):
    end = subprocess.run([binary(), *map(str, arguments)], cwd=folder, capture_output=True, text=True, env={**os.environ, "BLOCKFUSE_DB": str(folder / "jobs.sqlite")})
    assert end.returncode == status, f"{end.returncode}: {end.stdout}{end.stderr}"
    return end.stderr


def result(folder, output="out.ome.zarr"):
    return zarr.open_array(folder / output / "0", mode="r")[0, 0]


def columns(folder, output="out.ome.zarr"):
    """The tiles in the output, by their value."""
    return sorted({int(v) // 10 - 1 for v in np.unique(result(folder, output)) if v})


def status(folder):
    return json.loads(blockfuse(folder, "status", "--json"))


KINDS = ["json", "list", "folder", "scene", "tiles", "n5", "hdf5"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("gone", [0, 2])
def test_what_leaves_it_out_is_not_stopped(tmp_path, kind, gone):
    path, images, names = dataset(tmp_path, kind)
    remove(tmp_path, images[gone])
    others = [n for i, n in enumerate(names) if i != gone]
    if kind != "folder":  # which has no such image any more
        assert names[gone] in said(tmp_path, "plan", path, status=64)
    blockfuse(tmp_path, "fuse", path, "--output", "out.ome.zarr", "--views", ",".join(others), "--quiet")
    assert columns(tmp_path) == [i for i in range(4) if i != gone]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("gone", [0, 2])
def test_skipped(tmp_path, kind, gone):
    path, images, names = dataset(tmp_path, kind)
    if kind == "folder":
        damage(tmp_path, images[gone])
    else:
        remove(tmp_path, images[gone])
    assert names[gone] in said(tmp_path, "submit", path, "--output", "no.ome.zarr", status=64)
    plan = json.loads(blockfuse(tmp_path, "plan", path, "--missing-views", "skip", "--json", "--quiet"))
    assert plan["missing_views"] == [names[gone]] and plan["views"] == 3
    told = said(tmp_path, "plan", path, "--missing-views", "skip")
    assert f'view "{names[gone]}"' in told and "1 view is left out" in told, told
    assert ("first view is missing" in told) == (gone == 0), told
    told = said(tmp_path, "submit", path, "--output", "out.ome.zarr", "--missing-views", "skip")
    assert f'view "{names[gone]}"' in told
    assert status(tmp_path)["missing_views"] == [names[gone]] and status(tmp_path)["options"]["missing_views"] == "skip"
    assert f'view "{names[gone]}"' in said(tmp_path, "run")
    assert columns(tmp_path) == [i for i in range(4) if i != gone]
    assert said(tmp_path, "fuse", path, "--output", "both.ome.zarr", "--missing-views", "skip").count("left out") == 1


def test_an_option_of_the_file(tmp_path):
    path, images, names = dataset(tmp_path, "json")
    remove(tmp_path, images[1])
    (tmp_path / "options.json").write_text(json.dumps({"missing_views": "skip"}))
    assert names[1] in said(tmp_path, "plan", path, "--options", "options.json")
    assert "expected one of fail, skip" in said(tmp_path, "plan", path, "--missing-views", "ignore", status=64)
    assert names[1] in said(tmp_path, "plan", path, "--options", "options.json", "--missing-views", "fail", status=64)


@pytest.mark.parametrize("kind", ["json", "tiles", "folder"])
def test_damaged_metadata_count(tmp_path, kind):
    path, images, names = dataset(tmp_path, kind)
    damage(tmp_path, images[3])
    assert names[3] in said(tmp_path, "plan", path, status=64)
    blockfuse(tmp_path, "fuse", path, "--output", "out.ome.zarr", "--missing-views", "skip", "--quiet")
    assert columns(tmp_path) == [0, 1, 2]


@pytest.mark.parametrize("name", ["tile_9.tif", "tile_9.ome.TIFF", "tile_9.ome.zarr"])
def test_what_looks_like_an_image_of_a_folder_and_is_none_is_named(tmp_path, name):
    """A copy that was cut short at its start: an empty file, a folder without metadata."""
    path, *_ = dataset(tmp_path, "folder")
    file = tmp_path / path / name
    file.mkdir() if name.endswith("zarr") else file.write_bytes(b"")
    assert name in said(tmp_path, "plan", path, status=64)
    assert name in said(tmp_path, "plan", path, "--missing-views", "skip")
    blockfuse(tmp_path, "plan", path, "--views", "tile_0,tile_1")


def test_the_whole_container_is_gone(tmp_path):
    path, *_ = dataset(tmp_path, "hdf5")
    (tmp_path / "data.h5").unlink()
    told = said(tmp_path, "plan", path, "--missing-views", "skip", status=64)
    assert "none of the 4 views can be opened" in told, told


def test_all_that_are_chosen_are_missing(tmp_path):
    path, images, names = dataset(tmp_path, "json")
    remove(tmp_path, images[1])
    assert "the one view cannot be opened" in said(tmp_path, "plan", path, "--views", names[1], "--missing-views", "skip", status=64)


def test_a_dataset_that_is_wrong_stays_an_error(tmp_path):
    path, images, names = dataset(tmp_path, "json")
    remove(tmp_path, images[0])
    views = json.loads((tmp_path / path).read_text())["views"]
    for wrong in [{"select": {"c": 7}}, {"spacing": {"z": 2}}, {"axes": ["z", "y", "x"]}, {"transforms": {"a": np.eye(4).tolist()}}]:
        (tmp_path / "wrong.json").write_text(json.dumps({"views": views[:2] + [{**views[2], **wrong}]}))
        assert names[2] in said(tmp_path, "plan", "wrong.json", "--missing-views", "skip", status=64)


def test_what_the_first_view_decides_comes_from_the_first_that_is_there(tmp_path):
    views = []
    for i, (dtype, spacing) in enumerate([("uint8", 1), ("uint16", 2), ("float32", 1)]):
        write_view(tmp_path / f"{i}.ome.zarr", plane(i, dtype)[None, None], (spacing, spacing), (0, 40 * i), chunks=(8 + 4 * i, 8 + 4 * i))
        views.append({"name": f"v{i}", "path": f"{i}.ome.zarr"})
    (tmp_path / "dataset.json").write_text(json.dumps({"views": views}))
    shutil.rmtree(tmp_path / "0.ome.zarr")
    plan = json.loads(blockfuse(tmp_path, "plan", "dataset.json", "--missing-views", "skip", "--json", "--quiet"))
    assert plan["element_type"] == "uint16" and plan["spacing"] == {"y": 2.0, "x": 2.0}
    assert any('comes from view "v1"' in note for note in plan["warnings"])


def series(folder, kind):
    """2 time points of 2 channels, an image each, at one place."""
    views = []
    for t in range(2):
        for c in range(2):
            name = f"t{t}c{c}"
            write_view(folder / f"{name}.ome.zarr", np.full((1, 1, *YX), 10 * t + c + 1, "uint16"), (1, 1), (0, 0))
            views.append({"name": name, "path": f"{name}.ome.zarr", "t": t, "c": ["GFP", "RFP"][c] if kind == "names" else c})
    (folder / "dataset.json").write_text(json.dumps({"views": views, **({"channels": ["GFP", "RFP"]} if kind == "names" else {})}))


@pytest.mark.parametrize("kind, red", [("names", "RFP"), ("names", "1"), ("indices", "1")])
def test_time_points_and_channels_choose_before_images_are_opened(tmp_path, kind, red):
    series(tmp_path, kind)
    shutil.rmtree(tmp_path / "t0c0.ome.zarr")
    blockfuse(tmp_path, "fuse", "dataset.json", "--output", "a.ome.zarr", "--timepoints", "1", "--quiet")
    assert [int(v) for v in zarr.open_array(tmp_path / "a.ome.zarr/0", mode="r")[:, :, 0, 0].ravel()] == [11, 12]
    blockfuse(tmp_path, "fuse", "dataset.json", "--output", "b.ome.zarr", "--channels", red, "--quiet")
    assert [int(v) for v in zarr.open_array(tmp_path / "b.ome.zarr/0", mode="r")[:, :, 0, 0].ravel()] == [2, 12]
    assert "t0c0" in said(tmp_path, "plan", "dataset.json", "--channels", "0", status=64)
    # one view alone is where it was in the series
    blockfuse(tmp_path, "fuse", "dataset.json", "--output", "c.ome.zarr", "--views", "t1c0", "--quiet")
    assert zarr.open_array(tmp_path / "c.ome.zarr/0", mode="r")[:, :, 0, 0].tolist() == [[0, 0], [11, 0]]
    assert '"timepoints" asks for 2; the dataset has 2' in said(tmp_path, "plan", "dataset.json", "--timepoints", "2", status=64)
    known = "GFP, RFP" if kind == "names" else "indices 0 to 1"
    told = said(tmp_path, "plan", "dataset.json", "--channels", "DAPI", status=64)
    assert 'asks for "DAPI"' in told and known in told
    assert "no view has any of these" in said(tmp_path, "plan", "dataset.json", "--views", "t1c0", "--timepoints", "0", status=64)
    told = said(tmp_path, "plan", "dataset.json", "--views", "t1c9", status=64)
    assert "which the dataset does not have" in told and "did you mean" in told


def test_time_points_of_an_xml(tmp_path):
    for t in range(3):
        write_n5(tmp_path / f"data.n5/setup0/timepoint{t}/s0", tile(t))
    write_xml(tmp_path / "dataset.xml", N5, {(t, 0): [shift(0)] for t in range(3)}, times=3)
    shutil.rmtree(tmp_path / "data.n5/setup0/timepoint1")
    blockfuse(tmp_path, "fuse", "dataset.xml", "--output", "out.ome.zarr", "--timepoints", "0,2", "--quiet")
    out = zarr.open_array(tmp_path / "out.ome.zarr/0", mode="r")
    assert out.shape[0] == 2 and np.array_equal(out[0, 0], tile(0)) and np.array_equal(out[1, 0], tile(2))
    blockfuse(tmp_path, "fuse", "dataset.xml", "--output", "skip.ome.zarr", "--missing-views", "skip", "--quiet")
    out = zarr.open_array(tmp_path / "skip.ome.zarr/0", mode="r")
    assert out.shape[0] == 3 and not out[1].any() and np.array_equal(out[2, 0], tile(2))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("gone", [0, 2])
def test_convert_is_not_stopped(tmp_path, kind, gone):
    path, images, names = dataset(tmp_path, kind)
    if kind == "folder":
        damage(tmp_path, images[gone])
    else:
        remove(tmp_path, images[gone])
    told = said(tmp_path, "convert", path, "written.json")
    assert f'view "{names[gone]}"' in told, told
    written = [view["name"] for view in json.loads((tmp_path / "written.json").read_text())["views"]]
    # a scene's images say themselves where they are
    assert written == (names if kind != "scene" else [n for n in names if n != names[gone]])
    blockfuse(tmp_path, "fuse", "written.json", "--output", "out.ome.zarr", "--missing-views", "skip", "--quiet")
    assert columns(tmp_path) == [i for i in range(4) if i != gone]


def test_a_job_goes_on_without_what_was_missing_and_says_so(tmp_path):
    path, images, names = dataset(tmp_path, "json")
    (tmp_path / "away").mkdir()
    shutil.move(tmp_path / images[1], tmp_path / "away/image")
    flags = ("--missing-views", "skip", "--output-chunksize", "8")
    blockfuse(tmp_path, "submit", path, "--output", "out.ome.zarr", *flags, "--quiet")
    blockfuse(tmp_path, "run", "--limit", "5", "--quiet")
    shutil.move(tmp_path / "away/image", tmp_path / images[1])
    told = said(tmp_path, "run", "--limit", "5")
    assert f'missing at submit are there now: "{names[1]}"' in told and "goes on without" in told, told
    # also where the dataset was written anew
    (tmp_path / path).write_text(json.dumps(json.loads((tmp_path / path).read_text()), indent=1))
    assert "there now" in said(tmp_path, "run")
    assert columns(tmp_path) == [0, 2, 3]
    assert status(tmp_path)["missing_views"] == [names[1]]


@pytest.mark.parametrize("rewritten", [False, True])
def test_what_goes_after_submit_is_a_difference(tmp_path, rewritten):
    path, images, names = dataset(tmp_path, "json")
    remove(tmp_path, images[1])
    blockfuse(tmp_path, "submit", path, "--output", "out.ome.zarr", "--missing-views", "skip", "--quiet")
    remove(tmp_path, images[2])
    if rewritten:
        (tmp_path / path).write_text(json.dumps(json.loads((tmp_path / path).read_text()), indent=1))
    assert names[2] in said(tmp_path, "run", status=4)


def test_work_orders(tmp_path):
    path, images, names = dataset(tmp_path, "json")
    shutil.move(tmp_path / images[1], tmp_path / "away")
    blockfuse(tmp_path, "submit", path, "--output", "out.ome.zarr", "--missing-views", "skip", "--output-chunksize", "8", "--quiet")
    shutil.move(tmp_path / "away", tmp_path / images[1])
    order = blockfuse(tmp_path, "order").strip()
    blockfuse(tmp_path, "work", order, "--task", "0", "--tasks", "1", "--quiet")
    blockfuse(tmp_path, "collect")
    assert status(tmp_path)["state"] == "complete" and columns(tmp_path) == [0, 2, 3]
