"""What stored voxels count as, and what the output holds where no view has a value: no value, background, adjustments, flat
fields and coefficients, each against a few lines of numpy, and in whatever blocks the output is made."""
import json, shutil
import h5py, numpy as np, pytest, tifffile, zarr
from conftest import blockfuse, write_view
from test_bigstitcher import N5, SIZE, shift, tile, write_n5, write_xml
from test_options import noise, refused

SHAPE = (6, 20, 24)
SHIFT = 14  # along x, from view to view
ORDERS = [0, 1]


def padded(seed, dtype, nodata, shape=SHAPE):
    """Noise in which the corners, a plane, a chunk and some voxels have the value that is no value."""
    rng = np.random.default_rng(seed)
    info = np.iinfo(dtype) if np.dtype(dtype).kind in "iu" else None
    low, high = (max(info.min, -3000) + 1, min(info.max, 3000) - 1) if info else (1, 3000)
    data = rng.integers(low, high, shape).astype(dtype)
    data[data == nodata] = nodata + 1 if nodata < high else nodata - 1
    z, y, x = np.indices(shape)
    data[(x + y < 9) | (x - y > 15) | (z == 0) & (y < 10) | (z < 3) & (y < 8) & (x < 8)] = nodata
    data[tuple(rng.integers(0, n, 40) for n in shape)] = nodata
    return data


def write(folder, kind, name, data, fill=0):
    """A plain array in a format; returns what dataset.json says of it. Chunks of nothing but `fill` are not stored."""
    path = folder / name
    entry = {"name": name, "path": name, "axes": list("zyx"), "spacing": dict.fromkeys("zyx", 1)}
    if kind in ("zarr2", "zarr3"):
        array = zarr.create_array(str(path), shape=data.shape, chunks=(3, 8, 8), dtype=data.dtype, zarr_format=int(kind[-1]), fill_value=fill, config={"write_empty_chunks": False})
        array[:] = data
    elif kind == "n5":
        write_n5(path, data, block=(8, 8, 3))
    elif kind == "hdf5":
        with h5py.File(path, "w") as file:
            file.create_dataset("v", data=data, chunks=(3, 8, 8), compression="gzip", fillvalue=fill)
        entry["dataset"] = "v"
    else:
        tifffile.imwrite(path, data, metadata=None, tile=(16, 16))
    return entry


def dataset(folder, entries, keys=(), step=SHIFT, offsets=None):
    views = []
    for i, entry in enumerate(entries):
        origin = dict(zip("zyx", (offsets or [(0, 0, step * k) for k in range(len(entries))])[i]))
        views.append({**entry, "origin": origin, **(keys[i] if i < len(keys) else {})})
    (folder / "dataset.json").write_text(json.dumps({"views": views}))


def fuse(folder, *flags, output="out.ome.zarr", level="0", source="dataset.json", chunk=16, **kwargs):
    blockfuse(folder, "fuse", source, "--output", output, "--output-chunksize", chunk, "--quiet", *flags, **kwargs)
    return zarr.open_array(folder / output / level, mode="r")[0, 0]


def placed(arrays, step=SHIFT):
    width = arrays[0].shape[2] + step * (len(arrays) - 1)
    out = np.full((len(arrays),) + arrays[0].shape[:2] + (width,), np.nan)
    for i, data in enumerate(arrays):
        out[i, :, :, i * step:i * step + data.shape[2]] = data
    return out


def marked(data, nodata):
    out = data.astype(float)
    out[data == nodata] = np.nan
    return out


def mean(views, background=0):
    """The rounded mean over the views that have a value."""
    with np.errstate(invalid="ignore"):
        import warnings
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            value = np.nanmean(views, axis=0)
    return np.where(np.isnan(value), background, value)


TYPES = ["uint8", "int8", "uint16", "int16", "uint32", "int32", "float16", "float32", "float64"]


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("order", ORDERS)
def test_nodata_at_whole_voxels(tmp_path, dtype, order):
    nodata = 7 if dtype != "int16" else -5
    arrays = [padded(i, dtype, nodata) for i in range(2)]
    dataset(tmp_path, [write(tmp_path, "zarr2", f"v{i}", a, fill=nodata) for i, a in enumerate(arrays)], [{"nodata": nodata}] * 2)
    found = fuse(tmp_path, "--fusion-func", "simple_average_fusion", "--interpolation-order", order)
    expected = mean(placed([marked(a, nodata) for a in arrays]))
    rounded = np.round(expected) if np.dtype(dtype).kind in "iu" else expected.astype(dtype)
    np.testing.assert_allclose(found, rounded, rtol=1e-6 if dtype != "float16" else 1e-3)
    assert (expected == 0).any() and (nodata not in found[expected == 0])


@pytest.mark.parametrize("kind", ["zarr2", "zarr3", "n5", "hdf5", "tiff"])
def test_nodata_in_every_format(tmp_path, kind):
    """0, so that what is not stored is no value, either, and the same as NaN in floats."""
    arrays = [padded(i, "uint16", 0) for i in range(2)]
    entries = [write(tmp_path, kind, f"v{i}" + (".tif" if kind == "tiff" else ""), a) for i, a in enumerate(arrays)]
    offsets = [(0, 0, 0), (0.25, 0.5, SHIFT + 0.75)]
    dataset(tmp_path, entries, offsets=offsets)
    found = fuse(tmp_path, "--nodata", 0, "--background", 9)
    floats = [write(tmp_path, "zarr2", f"f{i}", marked(a, 0).astype("float32"), fill=np.nan) for i, a in enumerate(arrays)]
    dataset(tmp_path, floats, offsets=offsets)
    expected = fuse(tmp_path, "--output-dtype", "uint16", "--background", 9, output="floats.ome.zarr")
    np.testing.assert_array_equal(found, expected)
    assert (found == 9).any() and (found > 100).any()


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("turned", ["plane", "general"])
def test_nodata_of_turned_views_is_as_nan(tmp_path, order, turned):
    arrays = [padded(i, "uint16", 0) for i in range(2)]
    a = np.radians(20)
    m = np.eye(4)
    m[1:3, 1:3] = [[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]]
    if turned == "general":
        m[0, 1], m[0, 2] = 0.05, -0.03
    flags = ("--interpolation-order", order, "--output-dtype", "uint16")
    results = []
    for name, kind in (("i", "uint16"), ("f", "float32")):
        entries = [write(tmp_path, "zarr2", f"{name}{i}", d if name == "i" else marked(d, 0).astype(kind)) for i, d in enumerate(arrays)]
        dataset(tmp_path, entries, [{"transforms": {"r": m.tolist()}}] * 2)
        extra = ("--nodata", 0) if name == "i" else ()
        results.append(fuse(tmp_path, *flags, *extra, output=f"{name}.ome.zarr"))
        results.append(fuse(tmp_path, *flags, *extra, "--weights-func", "content_based", output=f"{name}c.ome.zarr"))
        mask = fuse(tmp_path, "--interpolation-order", order, "--output-mask", *extra, output=f"{name}m.ome.zarr")
        assert mask.max() == 2 and (mask == 0).any()
        results.append(mask)
    for k in range(3):
        np.testing.assert_array_equal(results[k], results[k + 3])


def test_nodata_of_labels_of_64_bits(tmp_path):
    """Values that no double has survive; the largest of the type may be no value."""
    nodata = 2 ** 64 - 1
    data = np.random.default_rng(1).integers(2 ** 60, 2 ** 61, SHAPE).astype("uint64")
    data[:, 5:9, 4:20] = nodata
    data[0, 0, 0] = nodata - 1
    dataset(tmp_path, [write(tmp_path, "zarr2", "v0", data)], [{"nodata": nodata}])
    for order in ORDERS:
        found = fuse(tmp_path, "--interpolation-order", order, output=f"{order}.ome.zarr")
        np.testing.assert_array_equal(found, np.where(data == np.uint64(nodata), 0, data))


def test_nodata_that_no_voxel_can_be(tmp_path):
    dataset(tmp_path, [write(tmp_path, "zarr2", "v0", padded(0, "uint8", 0))])
    for value in (256, -1, 0.5):
        assert "uint8" in refused(tmp_path, "--nodata", str(value)) and "nodata" in refused(tmp_path, "--nodata", str(value))
    assert "a number" in refused(tmp_path, "--nodata", "black")


def test_blocks_do_not_matter(tmp_path):
    """Equal voxels for any chunk, number of workers and interruption."""
    arrays = [padded(i, "uint16", 0) for i in range(3)]
    entries = [write(tmp_path, "zarr2", f"v{i}", a) for i, a in enumerate(arrays)]
    rng = np.random.default_rng(5)
    tifffile.imwrite(tmp_path / "flat.tif", rng.uniform(500, 900, SHAPE[1:]).astype("float32"))
    dataset(tmp_path, entries, [{"flatfield": "flat.tif"}] * 3, offsets=[(0, 0, 0), (0.5, 0.3, 10.2), (0, 1, 20.7)])
    flags = ("--nodata", 0, "--background", 3)
    whole = fuse(tmp_path, *flags, chunk=64)
    assert (whole == 3).any()
    for i, (chunk, workers) in enumerate([(5, 1), (8, 3), (16, 2)]):
        np.testing.assert_array_equal(whole, fuse(tmp_path, *flags, "--workers", workers, chunk=chunk, output=f"{i}.ome.zarr"))
    blockfuse(tmp_path, "submit", "dataset.json", "--output", "cut.ome.zarr", "--output-chunksize", 8, *flags)
    for _ in range(3):
        blockfuse(tmp_path, "run", "--limit", 7)
    blockfuse(tmp_path, "run")
    np.testing.assert_array_equal(whole, zarr.open_array(tmp_path / "cut.ome.zarr/0", mode="r")[0, 0])


# MARK: background


@pytest.mark.parametrize("version, extra", [("0.4", ()), ("0.5", ()), ("0.5", ("--shards", 32))])
def test_background_is_the_fill_value(tmp_path, version, extra):
    """Blocks of nothing but background have no file, on every level; windows of the pyramid count it as a value."""
    shape = (20, 210, 30)
    data = noise(1)[0, 0]
    view = np.zeros(shape, "uint16")
    view[:, :30, :30] = np.random.default_rng(2).integers(1000, 2000, (20, 30, 30))
    entries = [write(tmp_path, "zarr2", f"v{i}", view[:, :30]) for i in range(2)]
    dataset(tmp_path, entries, offsets=[(0, 0, 0), (0, 180, 0)])
    out = fuse(tmp_path, "--background", 500, "--ngff-version", version, *extra)
    expected = np.full(shape, 500, "uint16")
    expected[:, :30], expected[:, 180:] = view[:, :30], view[:, :30]
    np.testing.assert_array_equal(out, expected)
    first, second = (zarr.open_array(tmp_path / f"out.ome.zarr/{i}", mode="r") for i in (0, 1))
    assert first.fill_value == second.fill_value == 500
    coarse = np.floor(expected.reshape(20, 105, 2, 30).mean(axis=2))
    np.testing.assert_array_equal(second[0, 0], coarse)
    status = json.loads(blockfuse(tmp_path, "status", "--json"))
    assert status["blocks"]["empty"] > 0 and status["blocks"]["failed"] == 0
    files = [p for p in (tmp_path / "out.ome.zarr").rglob("*") if p.is_file() and p.name[0] not in ".z"]
    assert len(files) == status["blocks"]["done"]
    blockfuse(tmp_path, "verify")
    # what looks at the output, too
    blockfuse(tmp_path, "export-tiff", "--level", 0, "-o", "x.ome.tif")
    np.testing.assert_array_equal(tifffile.imread(tmp_path / "x.ome.tif"), expected)
    blockfuse(tmp_path, "preview", "-o", "x.png")
    blockfuse(tmp_path, "report", "-o", "x.html")
    group = json.loads((tmp_path / "out.ome.zarr" / (".zattrs" if version == "0.4" else "zarr.json")).read_text())
    omero = (group if version == "0.4" else group["attributes"]["ome"])["omero"]
    assert omero["channels"][0]["window"]["start"] == 500


def test_background_is_not_what_views_hold(tmp_path):
    """A view of zeros, and one that stores nothing, are values; where a value equals the background nothing is lost."""
    zeros, stored = np.zeros(SHAPE, "uint16"), noise(3)[0, 0][:, :20, :24]
    dataset(tmp_path, [write(tmp_path, "zarr2", "v0", zeros), write(tmp_path, "zarr2", "v1", stored)], step=30)
    found = fuse(tmp_path, "--background", 40)
    assert (found[..., :24] == 0).all() and (found[..., 24:30] == 40).all() and (found[..., 30:] == stored).all()
    # of floats, negative
    found = fuse(tmp_path, "--background", "-2.5", "--output-dtype", "float32", "--ngff-version", "0.5", output="f.ome.zarr")
    assert (found[..., 24:30] == -2.5).all() and (found[..., 30:] == stored).all()
    # a rescale does not touch it
    found = fuse(tmp_path, "--background", 7, "--intensity-range", "0,4000", output="r.ome.zarr")
    assert (found[..., 24:30] == 7).all() and (found[..., :24] == 0).all()


def test_a_background_that_the_output_cannot_hold(tmp_path):
    dataset(tmp_path, [write(tmp_path, "zarr2", "v0", padded(0, "uint8", 0))])
    for value in ("256", "-1", "0.5", "NaN", "1e400"):
        assert "background" in refused(tmp_path, "--background", value)
    assert "float32" in refused(tmp_path, "--background", "1e39", "--output-dtype", "float32")
    assert "NaN" in refused(tmp_path, "--background", "NaN", "--output-dtype", "float32")
    assert "output_mask" in refused(tmp_path, "--background", "1", "--output-mask")
    blockfuse(tmp_path, "plan", "dataset.json", "--background", 0, "--output-mask")


# MARK: BigStitcher


def xml(folder, extra="", views=((0, 0), (0, 1)), times=1):
    placed = {(t, s): [shift(20 * s)] for t, s in views}
    tiles = {v: tile(10 * v[0] + v[1] + 1) for v in placed}
    for (t, s), data in tiles.items():
        write_n5(folder / f"data.n5/setup{s}/timepoint{t}/s0", data)
    write_xml(folder / "dataset.xml", N5, placed, times=times, extra=extra)
    return tiles


def adjusted(*lines):
    body = "".join(f'<IntensityAdjustments timepoint="{t}" setup="{s}"><model>{a} {b}</model></IntensityAdjustments>' for t, s, a, b in lines)
    return f"<IntensityAdjustments>{body}</IntensityAdjustments>"


def test_intensity_adjustments(tmp_path):
    tiles = xml(tmp_path, adjusted((0, 1, 1.5, -20.25)))
    flags = ("--fusion-func", "simple_average_fusion")
    plain = fuse(tmp_path, *flags, source="dataset.xml", output="plain.ome.zarr")
    found = fuse(tmp_path, *flags, "--intensity-adjustments", source="dataset.xml")
    both = placed([tiles[0, 0].astype(float), tiles[0, 1] * 1.5 - 20.25], step=20)
    np.testing.assert_array_equal(found, np.round(np.maximum(mean(both), 0)))
    np.testing.assert_array_equal(plain, np.round(mean(placed([tiles[0, 0], tiles[0, 1]], step=20))))
    assert "--intensity-adjustments applies them" in blockfuse_notes(tmp_path, "plan", "dataset.xml")
    assert "IntensityAdjustments" not in blockfuse_notes(tmp_path, "plan", "dataset.xml", "--intensity-adjustments")
    # the record goes on with what it was submitted with
    blockfuse(tmp_path, "submit", "dataset.xml", "--output", "two.ome.zarr", "--intensity-adjustments")
    (tmp_path / "dataset.xml").write_text((tmp_path / "dataset.xml").read_text().replace("1.5 -20.25", "1.25 -20.25"))
    blockfuse(tmp_path, "run", status=4)


def blockfuse_notes(folder, *arguments):
    import os, subprocess
    from conftest import binary
    end = subprocess.run([binary(), *arguments], cwd=folder, capture_output=True, text=True)
    assert end.returncode == 0, end.stderr
    return end.stderr + end.stdout


def test_adjustments_that_are_not_there(tmp_path):
    xml(tmp_path)
    (tmp_path / "dataset.json").write_text((tmp_path / "dataset.xml").read_text())
    assert "IntensityAdjustments" in refused(tmp_path, "--intensity-adjustments")
    (tmp_path / "dataset.json").write_text((tmp_path / "dataset.xml").read_text().replace("</SpimData>", adjusted((0, 1, "a", 1)) + "</SpimData>"))
    assert "2 numbers" in refused(tmp_path, "--intensity-adjustments")
