"""Flat fields, dark images and fields of intensity coefficients, computed once more in numpy; what is refused; and what happens
where their files change."""
import json, os, shutil, subprocess
import h5py, numpy as np, pytest, tifffile, zarr
from conftest import binary, blockfuse
from test_bigstitcher import tile, write_n5
from test_intensities import SHAPE, SHIFT, dataset, fuse, marked, mean, padded, placed, write, xml
from test_options import refused


def fields(seed, shape=SHAPE[1:]):
    rng = np.random.default_rng(seed)
    dark = rng.integers(90, 110, shape).astype("uint16")
    bright = (dark + rng.uniform(400, 1600, shape)).astype("float32")
    return bright, dark


def corrected(data, bright, dark, low=0, high=65535):
    """(v - dark) * mean(bright - dark) / (bright - dark), held to the range of the type; no value where there was no light."""
    light = bright.astype(float) - dark.astype(float)
    with np.errstate(divide="ignore", invalid="ignore"):
        gain = np.where(light > 0, light.mean() / light, np.nan)
    return np.clip((data.astype(float) - dark) * gain, low, high)


def images(seed):
    return [np.random.default_rng(seed + i).integers(0, 4000, SHAPE).astype("uint16") for i in range(2)]


def save(folder, kind, name, data):
    """An image of a correction; returns what dataset.json says of it."""
    path = folder / name
    if kind == "tiff":
        tifffile.imwrite(path.with_suffix(".tif"), data)
        return name + ".tif"
    if kind == "hdf5":
        with h5py.File(path, "w") as file:
            file["a/field"] = data
        return {"path": name, "dataset": "a/field"}
    if kind == "n5":
        write_n5(path, data, block=(8,) * data.ndim)
    else:
        zarr.create_array(str(path), shape=data.shape, chunks=(8,) * data.ndim, dtype=data.dtype, zarr_format=int(kind[-1]))[:] = data
    return name


def near(found, expected):
    """Equal but for what 32 bits round."""
    np.testing.assert_allclose(found.astype(float), np.round(expected), atol=1.0)
    assert (found == np.round(expected)).mean() > 0.99


@pytest.mark.parametrize("kind", ["tiff", "zarr2", "zarr3", "n5", "hdf5"])
@pytest.mark.parametrize("depth", [2, 3])
def test_flat_field(tmp_path, kind, depth):
    arrays = images(1)
    bright, dark = fields(2, SHAPE if depth == 3 else SHAPE[1:])
    keys = {"flatfield": save(tmp_path, kind, "flat", bright), "darkfield": save(tmp_path, kind, "dark", dark)}
    entries = [write(tmp_path, "zarr2", f"v{i}", a) for i, a in enumerate(arrays)]
    dataset(tmp_path, entries, [keys, keys])
    found = fuse(tmp_path, "--fusion-func", "simple_average_fusion")
    near(found, mean(placed([corrected(a, bright, dark) for a in arrays])))
    # as what it is: the same voxels of floats that were corrected before
    floats = [write(tmp_path, "zarr2", f"f{i}", corrected(a, bright, dark).astype("float32")) for i, a in enumerate(arrays)]
    offsets = [(0, 0, 0), (0.3, 0.6, SHIFT + 0.2)]
    dataset(tmp_path, floats, offsets=offsets)
    expected = fuse(tmp_path, "--output-dtype", "uint16", output="floats.ome.zarr")
    dataset(tmp_path, entries, [keys, keys], offsets=offsets)
    found = fuse(tmp_path, output="moved.ome.zarr")
    near(found, expected.astype(float))


def test_one_of_both_images(tmp_path):
    arrays = images(3)
    bright, dark = fields(4)
    entries = [write(tmp_path, "zarr2", f"v{i}", a) for i, a in enumerate(arrays)]
    dataset(tmp_path, entries, [{"darkfield": save(tmp_path, "tiff", "dark", dark)}, {"flatfield": save(tmp_path, "tiff", "flat", bright)}], step=30)
    found = fuse(tmp_path)
    near(found[..., :24], np.clip(arrays[0].astype(float) - dark, 0, 65535))
    near(found[..., 30:], corrected(arrays[1], bright, np.zeros_like(dark)))


def test_where_no_light_came(tmp_path):
    """No value where bright is not above dark; the background there."""
    data = images(5)[0]
    bright, dark = fields(6)
    bright[3:6, 4:9], bright[10, 10] = dark[3:6, 4:9], 0
    keys = {"flatfield": save(tmp_path, "tiff", "flat", bright), "darkfield": save(tmp_path, "tiff", "dark", dark)}
    dataset(tmp_path, [write(tmp_path, "zarr2", "v0", data)], [keys])
    found = fuse(tmp_path, "--background", 12345)
    near(found, mean(corrected(data, bright, dark)[None], 12345))
    assert (found[:, 3:6, 4:9] == 12345).all() and (found[:, 10, 10] == 12345).all()
    mask = fuse(tmp_path, "--output-mask", output="mask.ome.zarr")
    np.testing.assert_array_equal(mask, ~np.isnan(corrected(data, bright, dark)))


@pytest.mark.parametrize("dtype", ["uint8", "int16", "float32", "float64", "uint32"])
def test_a_flat_field_is_held_to_the_type(tmp_path, dtype):
    info = np.iinfo(dtype) if np.dtype(dtype).kind in "iu" else None
    data = np.random.default_rng(7).integers(0, 120, SHAPE).astype(dtype) if dtype == "uint8" else np.random.default_rng(7).integers(0, 30000, SHAPE).astype(dtype)
    bright, dark = np.random.default_rng(8).uniform(1, 40, SHAPE[1:]), np.full(SHAPE[1:], 0.5)
    keys = {"flatfield": save(tmp_path, "zarr2", "flat", bright), "darkfield": save(tmp_path, "zarr2", "dark", dark)}
    dataset(tmp_path, [write(tmp_path, "zarr2", "v0", data)], [keys])
    found = fuse(tmp_path)
    low, high = (info.min, info.max) if info else (-np.inf, np.inf)
    expected = corrected(data, bright, dark, low, high)
    if info:
        near(found, expected)
        assert (found == high).any() == (expected == high).any()
    else:
        np.testing.assert_allclose(found, expected, rtol=2e-6)


def test_an_image_for_each_channel(tmp_path):
    rng = np.random.default_rng(9)
    data = rng.integers(0, 4000, (2,) + SHAPE).astype("uint16")
    zarr.create_array(str(tmp_path / "v"), shape=data.shape, chunks=(1, 3, 8, 8), dtype="u2", zarr_format=2)[:] = data
    (one, dark), (two, _) = fields(10), fields(11)
    view = {"path": "v", "axes": list("czyx"), "spacing": dict.fromkeys("zyx", 1), "origin": dict.fromkeys("zyx", 0),
            "flatfield": [save(tmp_path, "tiff", "one", one), save(tmp_path, "tiff", "two", two)], "darkfield": save(tmp_path, "tiff", "dark", dark)}
    (tmp_path / "dataset.json").write_text(json.dumps({"views": [view]}))
    blockfuse(tmp_path, "fuse", "dataset.json", "--output", "out.ome.zarr", "--quiet")
    found = zarr.open_array(tmp_path / "out.ome.zarr/0", mode="r")[0]
    near(found[0], corrected(data[0], one, dark))
    near(found[1], corrected(data[1], two, dark))
    # one of them alone has its own image still
    blockfuse(tmp_path, "fuse", "dataset.json", "--output", "c1.ome.zarr", "--channels", "1", "--quiet")
    np.testing.assert_array_equal(zarr.open_array(tmp_path / "c1.ome.zarr/0", mode="r")[0, 0], found[1])
    view["flatfield"] *= 2
    (tmp_path / "dataset.json").write_text(json.dumps({"views": [view]}))
    assert "4 images for 2 channels" in refused(tmp_path)


@pytest.mark.parametrize("what, words", [
    ("shape", "it must have the view's y and x"), ("channels", "one image for each channel"), ("missing", "no.tif"), ("nan", "NaN"),
    ("text", "neither the path"), ("dark", "no brighter than"), ("no image", "flat.txt"),
])
def test_refused_fields(tmp_path, what, words):
    bright, dark = fields(12)
    entry = write(tmp_path, "zarr2", "v0", images(13)[0])
    keys = {"flatfield": "flat.tif"}
    if what == "shape":
        bright = bright.T
    if what == "nan":
        bright[2, 3] = np.nan
    if what == "channels":
        tifffile.imwrite(tmp_path / "flat.tif", np.stack([bright, bright]), imagej=True, metadata={"axes": "CYX"})
    else:
        tifffile.imwrite(tmp_path / "flat.tif", bright)
    if what == "missing":
        keys = {"flatfield": "no.tif"}
    if what == "text":
        keys = {"flatfield": 3}
    if what == "no image":
        (tmp_path / "flat.txt").write_text("hello")
        keys = {"flatfield": "flat.txt"}
    if what == "dark":
        tifffile.imwrite(tmp_path / "dark.tif", bright + 1)
        keys["darkfield"] = "dark.tif"
    dataset(tmp_path, [entry], [keys])
    message = refused(tmp_path)
    assert words in message and "v0" in message, message


# MARK: coefficients


GRID = (3, 4, 5)


def coefficients(seed):
    rng = np.random.default_rng(seed)
    return rng.uniform(0.5, 1.5, GRID), rng.uniform(-100, 100, GRID)


def spread(grid, shape):
    """Linear between the centres of cells of equal size, and as at the outermost centres beyond them."""
    for axis, n in enumerate(shape):
        cells = grid.shape[axis]
        place = np.clip((np.arange(n)) * cells / n - 0.5, 0, cells - 1)
        first = np.floor(place).astype(int)
        second = np.minimum(first + 1, cells - 1)
        f = (place - first).reshape([-1 if i == axis else 1 for i in range(3)])
        grid = np.take(grid, first, axis) * (1 - f) + np.take(grid, second, axis) * f
    return grid


def mapped(data, field, threshold=None):
    a, b = (spread(g, data.shape) for g in field)
    out = data * a + b
    return out if threshold is None else np.where(data < threshold, data, out)


def save_coefficients(folder, kind, name, inner, field, version="1.0", **attributes):
    """x y z 2 as N5 says it, so 2 z y x in C order; a block for each of a and b."""
    data = np.stack(field)
    values = {**({"coefficients version": version} if version else {}), **attributes}
    if kind == "hdf5":
        with h5py.File(folder / name, "a") as file:
            array = file.create_dataset(inner, data=data, chunks=(1,) + data.shape[1:])
            array.attrs.update(values)
    elif kind == "n5":
        path = folder / name / inner
        write_n5(path, data, {"type": "raw"}, block=data.shape[:0:-1] + (1,))
        file = path / "attributes.json"
        file.write_text(json.dumps({**json.loads(file.read_text()), **values}))
    else:
        array = zarr.create_array(str(folder / name / inner), shape=data.shape, chunks=(1,) + data.shape[1:], dtype="f8", zarr_format=int(kind[-1]), compressors=None)
        array[:] = data
        array.attrs.update(values)


@pytest.mark.parametrize("kind", ["n5", "zarr2", "zarr3", "hdf5"])
def test_coefficients_of_an_xml(tmp_path, kind):
    views = ((0, 0), (0, 1), (1, 0), (1, 1))
    tiles = xml(tmp_path, views=views, times=2)
    made = {v: coefficients(10 * v[0] + v[1]) for v in views}
    for (t, s), field in made.items():
        save_coefficients(tmp_path, kind, "coefficients", f"setup{s}/timepoint{t}/intensity", field)
        save_coefficients(tmp_path, kind, "grouped", f"a/b/setup{s}/timepoint{t}/other", field)
    blockfuse(tmp_path, "fuse", "dataset.xml", "--output", "out.ome.zarr", "--intensity-coefficients", "coefficients", "--fusion-func", "simple_average_fusion", "--output-chunksize", 8, "--quiet")
    found = zarr.open_array(tmp_path / "out.ome.zarr/0", mode="r")
    for t in range(2):
        both = mean(placed([mapped(tiles[t, s].astype(float), made[t, s]) for s in range(2)], step=20))
        near(found[t, 0], np.maximum(both, 0))
    for output, where in (("g.ome.zarr", "path=grouped,group=a/b,dataset=other"), ("j.ome.zarr", json.dumps({"path": str(tmp_path / "grouped"), "group": "a/b", "dataset": "other"}))):
        blockfuse(tmp_path, "fuse", "dataset.xml", "--output", output, "--intensity-coefficients", where, "--fusion-func", "simple_average_fusion", "--output-chunksize", 16, "--quiet")
        np.testing.assert_array_equal(found[:], zarr.open_array(tmp_path / output / "0", mode="r")[:])


@pytest.mark.parametrize("kind", ["n5", "zarr2", "hdf5"])
def test_coefficients_of_a_view(tmp_path, kind):
    """Before interpolation, after the flat field; values below the threshold stay."""
    arrays, (bright, dark) = images(20), fields(21)
    field = coefficients(22)
    save_coefficients(tmp_path, kind, "c", "x", field, threshold=900.0)
    where = {"path": "c", "dataset": "x"} if kind == "hdf5" else "c/x"
    keys = {"flatfield": save(tmp_path, "tiff", "flat", bright), "darkfield": save(tmp_path, "tiff", "dark", dark), "intensity_coefficients": where}
    entries = [write(tmp_path, "zarr2", f"v{i}", a) for i, a in enumerate(arrays)]
    expected = [mapped(corrected(a, bright, dark), field, 900) for a in arrays]
    dataset(tmp_path, entries, [keys, keys])
    near(fuse(tmp_path, "--fusion-func", "simple_average_fusion"), np.clip(mean(placed(expected)), 0, 65535))
    floats = [write(tmp_path, "zarr2", f"f{i}", a.astype("float32")) for i, a in enumerate(expected)]
    offsets = [(0, 0, 0), (0.3, 0.6, SHIFT + 0.2)]
    dataset(tmp_path, floats, offsets=offsets)
    whole = fuse(tmp_path, "--output-dtype", "uint16", output="floats.ome.zarr")
    dataset(tmp_path, entries, [keys, keys], offsets=offsets)
    found = fuse(tmp_path, output="moved.ome.zarr")
    near(found, whole.astype(float))
    for chunk in (5, 11):
        np.testing.assert_array_equal(found, fuse(tmp_path, chunk=chunk, output=f"{chunk}.ome.zarr"))


@pytest.mark.parametrize("what, words", [
    ("no version", "coefficients version"), ("version", "2.0"), ("shape", "x y z 2"), ("missing", "timepoint0/intensity"), ("block", "missing"),
    ("dataset.json", "BigStitcher XML"), ("key", "pth"),
])
def test_refused_coefficients(tmp_path, what, words):
    xml(tmp_path)
    field = coefficients(1)
    for s in range(1 if what == "missing" else 2):
        version = {"no version": None, "version": "2.0"}.get(what, "1.0")
        save_coefficients(tmp_path, "n5", "c", f"setup{s}/timepoint0/intensity", field[:1] * 3 if what == "shape" else field, version)
    if what == "block":
        shutil.rmtree(tmp_path / "c/setup1/timepoint0/intensity/0/0/0/1", ignore_errors=True)
        (tmp_path / "c/setup1/timepoint0/intensity/0/0/0/1").unlink(missing_ok=True)
    (tmp_path / "dataset.json").write_text((tmp_path / "dataset.xml").read_text())
    if what == "dataset.json":
        dataset(tmp_path, [write(tmp_path, "zarr2", "v0", images(1)[0])])
    message = refused(tmp_path, "--intensity-coefficients", "pth=c" if what == "key" else "c")
    assert words in message, message


# MARK: changes


def job(folder, kind):
    """A job of two views that share a flat field, one of which has coefficients; returns the file of the flat field."""
    bright, dark = fields(30)
    save_coefficients(folder, "n5", "c", "x", coefficients(31))
    keys = {"flatfield": save(folder, kind, "flat", bright)}
    dataset(folder, [write(folder, "zarr2", f"v{i}", a) for i, a in enumerate(images(32))], [keys, {**keys, "intensity_coefficients": "c/x"}])
    blockfuse(folder, "submit", "dataset.json", "--output", "out.ome.zarr", "--output-chunksize", 8)
    return {"tiff": "flat.tif", "zarr2": "flat/.zarray", "hdf5": "flat", "n5": "flat/attributes.json"}[kind]


def run(folder, *arguments, **environment):
    return subprocess.run([binary(), *arguments], cwd=folder, capture_output=True, text=True, env={**os.environ, "BLOCKFUSE_DB": str(folder / "jobs.sqlite"), **environment})


@pytest.mark.parametrize("kind", ["tiff", "zarr2", "hdf5", "n5"])
def test_a_field_that_was_written_to(tmp_path, kind):
    file = tmp_path / job(tmp_path, kind)
    blockfuse(tmp_path, "run", "--limit", 2)
    before = file.stat()
    save_again = fields(33)[0]
    shutil.rmtree(tmp_path / "flat", ignore_errors=True)
    if kind == "hdf5":
        (tmp_path / "flat").unlink(missing_ok=True)
    save(tmp_path, kind, "flat", save_again)
    end = run(tmp_path, "run")
    assert end.returncode == 4 and "flatfield" in end.stderr and "flat" in end.stderr, end.stderr
    # the change is taken where that is asked for, and all of it
    blockfuse(tmp_path, "retry", "--view", "v0", "--view", "v1")
    blockfuse(tmp_path, "run")
    found = zarr.open_array(tmp_path / "out.ome.zarr/0", mode="r")[:]
    blockfuse(tmp_path, "fuse", "dataset.json", "--output", "anew.ome.zarr", "--output-chunksize", 8, "--quiet")
    np.testing.assert_array_equal(found, zarr.open_array(tmp_path / "anew.ome.zarr/0", mode="r")[:])


def test_a_field_that_is_gone(tmp_path):
    file = tmp_path / job(tmp_path, "tiff")
    file.rename(tmp_path / "elsewhere.tif")
    end = run(tmp_path, "run")
    assert end.returncode == 4 and "flat.tif" in end.stderr, end.stderr
    (tmp_path / "elsewhere.tif").rename(file)
    assert run(tmp_path, "run").returncode == 0


@pytest.mark.parametrize("which", ["flat", "c"])
def test_numbers_that_changed_behind_the_metadata(tmp_path, which):
    """A chunk that was written in place, which no time of metadata tells: nothing is fused with it."""
    job(tmp_path, "zarr2")
    chunk = tmp_path / ("flat/0.0" if which == "flat" else "c/x/0/0/0/1")
    if which == "flat":
        files = [p for p in (tmp_path / "flat").rglob("*") if p.is_file() and not p.name.startswith(".z")]
        array = zarr.open_array(tmp_path / "flat", mode="r+")
        array[:8, :8] = 77.0
    else:
        data = bytearray(chunk.read_bytes())
        data[-3] ^= 0x10
        chunk.write_bytes(data)
    end = run(tmp_path, "run")
    assert end.returncode == 4, (end.returncode, end.stderr)
    assert ("flatfield" if which == "flat" else "intensity_coefficients") in end.stderr


def test_convert_relocate_and_plan(tmp_path):
    """Paths move with a dataset, and with a project; the memory of fields is planned."""
    folder = tmp_path / "project"
    folder.mkdir()
    job(folder, "tiff")
    first = fuse(folder, output="first.ome.zarr")
    (folder / "sub").mkdir()
    blockfuse(folder, "convert", "dataset.json", "sub/converted.json")
    np.testing.assert_array_equal(first, fuse(folder, source="sub/converted.json", output="second.ome.zarr"))
    big = np.ones((2000, 3000), "float32")
    zarr.create_array(str(tmp_path / "big"), shape=(1,) + big.shape, chunks=(1, 500, 500), dtype="u2", zarr_format=2)[:] = 1
    tifffile.imwrite(tmp_path / "flat.tif", big)
    totals = []
    for keys in ({}, {"flatfield": "flat.tif"}):
        dataset(tmp_path, [{"path": "big", "axes": list("zyx"), "spacing": dict.fromkeys("zyx", 1)}], [keys])
        plan = json.loads(blockfuse(tmp_path, "plan", "dataset.json", "--json", "--workers", 1, "--memory", "1GB"))
        totals.append(plan)
    # beside the cache, which has what is left
    planned = [sum(p["memory"][k] for k in ("total",)) - p["memory"]["cache"] - p["memory"]["per_worker"] for p in totals]
    assert planned[1] - planned[0] == big.size * (8 + 4 * 8), planned
    shutil.move(folder, tmp_path / "moved")
    moved = tmp_path / "moved"
    blockfuse(moved, "relocate", "1", "--output", "out.ome.zarr", "--inputs", f"{folder}={moved}")
    blockfuse(moved, "run", "1")
    blockfuse(moved, "verify", "1")


def test_a_field_that_changes_while_a_run_lives(tmp_path):
    """Noticed at the run's checks, as an image is; what came of it since is made again once it is put back."""
    from test_inputs_in_mid_run import Held
    job(tmp_path, "tiff")
    blockfuse(tmp_path, "fuse", "dataset.json", "--output", "whole.ome.zarr", "--output-chunksize", 8, "--quiet")
    shutil.copy2(tmp_path / "flat.tif", tmp_path / "aside")
    held = Held(tmp_path, 4, "run", 1, "--workers", 1, "--quiet")
    save(tmp_path, "tiff", "flat", fields(34)[0])
    status, errors = held.end()
    assert status == 4 and "flatfield" in errors and "flat.tif" in errors, errors
    shutil.copy2(tmp_path / "aside", tmp_path / "flat.tif")
    blockfuse(tmp_path, "run", 1, "--quiet")
    np.testing.assert_array_equal(*(zarr.open_array(tmp_path / f"{n}.ome.zarr/0", mode="r")[:] for n in ("out", "whole")))
