"""Options through the command line, each against a few lines of numpy. Views sit at whole voxels, so that nothing is interpolated."""
import json, os, subprocess
import numpy as np, pytest, zarr
from conftest import binary, blockfuse, write_view

SHAPE, OFFSET = (6, 30, 40), 25  # along x, from view to view: they share 15 columns
WIDTH = SHAPE[2] + OFFSET


def dataset(folder, arrays, entries=None, **kwargs):
    """Views of t c z y x, each OFFSET further along x."""
    views = []
    for i, data in enumerate(arrays):
        write_view(folder / f"v{i}.ome.zarr", data, (1.0, 1.0, 1.0), (0.0, 0.0, float(i * OFFSET)), chunks=(8, 16, 16), **kwargs)
        views.append({"name": f"v{i}", "path": f"v{i}.ome.zarr", **(entries[i] if entries else {})})
    (folder / "dataset.json").write_text(json.dumps({"views": views}))


def noise(seed, dtype="uint16", tc=(1, 1), low=1, high=4000):
    return np.random.default_rng(seed).integers(low, high, tc + SHAPE).astype(dtype)


def fuse(folder, *flags, output="out.ome.zarr", status=0):
    blockfuse(folder, "fuse", "dataset.json", "--output", output, "--output-chunksize", "16", "--quiet", *flags, status=status)
    return zarr.open_array(folder / output / "0", mode="r")[:] if status == 0 else None


def placed(arrays):
    """Each view in the whole output, as float64, NaN where it has no value."""
    result = np.full((len(arrays),) + arrays[0].shape[:4] + (WIDTH,), np.nan)
    for i, data in enumerate(arrays):
        result[i, ..., i * OFFSET:i * OFFSET + SHAPE[2]] = data
    return result


def test_views_are_selected_by_name(tmp_path):
    arrays = [noise(1), noise(2)]
    dataset(tmp_path, arrays)
    np.testing.assert_array_equal(fuse(tmp_path, "--views", "v1"), arrays[1])
    assert fuse(tmp_path, "--views", "v1,v0", output="both.ome.zarr").shape[-1] == WIDTH
    assert "v1" in refused(tmp_path, "--views", "v11")


def refused(folder, *flags, options=None):
    if options is not None:
        (folder / "options.json").write_text(json.dumps(options))
        flags += ("--options", "options.json")
    end = subprocess.run([binary(), "plan", "dataset.json", *flags], cwd=folder, capture_output=True, text=True)
    assert end.returncode == 64, end.stderr
    return end.stderr


def planned(folder, *flags, options=None):
    (folder / "options.json").write_text(json.dumps(options or {}))
    return json.loads(blockfuse(folder, "plan", "dataset.json", "--json", "--options", "options.json", *flags))


def test_time_points_and_channels_are_selected(tmp_path):
    data = noise(3, tc=(4, 3))
    dataset(tmp_path, [data], channels=["dapi", "actin", "gfp"])
    picked = fuse(tmp_path, "--timepoints", "1,3", "--channels", "gfp,dapi")
    np.testing.assert_array_equal(picked, data[[1, 3]][:, [0, 2]])
    omero = zarr.open_group(tmp_path / "out.ome.zarr", mode="r").attrs["omero"]
    assert [c["label"] for c in omero["channels"]] == ["dapi", "gfp"]
    np.testing.assert_array_equal(fuse(tmp_path, "--channels", "1", output="one.ome.zarr"), data[:, [1]])
    assert "4" in refused(tmp_path, "--timepoints", "4")
    assert "dapi" in refused(tmp_path, "--channels", "dapo")


@pytest.mark.parametrize("times, scale, start", [("2,3", 5, 110), ("1,3", 10, 105), ("4", 5, 120), ("0,1,4", 5, 100)])
def test_the_time_axis_is_that_of_the_chosen_time_points(times, scale, start, tmp_path):
    dataset(tmp_path, [noise(3, tc=(5, 1))])
    group = zarr.open_group(tmp_path / "v0.ome.zarr", mode="r+")
    multiscale = group.attrs["multiscales"][0]
    first, second = multiscale["datasets"][0]["coordinateTransformations"]
    first["scale"][0], second["translation"][0] = 5.0, 100.0
    group.attrs["multiscales"] = [multiscale]
    fuse(tmp_path, "--timepoints", times)
    (image,) = zarr.open_group(tmp_path / "out.ome.zarr", mode="r").attrs["multiscales"]
    for level in image["datasets"]:
        first, second = level["coordinateTransformations"]
        assert (first["scale"][0], second["translation"][0]) == (scale, start)
    notes = planned(tmp_path, "--timepoints", times)["warnings"]
    assert any("unevenly" in note for note in notes) == (times == "0,1,4")


def test_scale_and_offset_of_a_view_count_before_fusing_and_saturate(tmp_path):
    arrays = [noise(4, high=60000), noise(5, high=60000)]
    dataset(tmp_path, arrays, [{"scale": 0.5, "offset": 10.25}, {"scale": 4, "offset": -9000}])
    values = placed([a.astype(np.float64) * s + o for a, (s, o) in zip(arrays, [(0.5, 10.25), (4, -9000)])])
    fused = fuse(tmp_path, "--fusion-func", "max_fusion").astype(np.float64)
    expected = np.clip(np.rint(np.nanmax(values, axis=0)), 0, 65535)
    np.testing.assert_array_equal(fused, expected)
    assert (expected == 65535).any() and (expected == 0).any()


@pytest.mark.parametrize("kind, top", [("uint8", 255), ("int16", 32767)])
def test_an_intensity_range_fills_the_output_type(kind, top, tmp_path):
    data = noise(6)
    dataset(tmp_path, [data])
    fused = fuse(tmp_path, "--output-dtype", kind, "--intensity-range", "500,3500")
    assert fused.dtype == kind
    expected = np.clip((data.astype(np.float64) - 500) / 3000 * top, np.iinfo(kind).min, top)
    # float32 inside: at a half either neighbour is right
    assert np.abs(fused - expected).max() <= 0.5 + 1e-3 * top / 255
    assert (fused[data >= 3500] == top).all() and (data >= 3500).any()
    assert (fused[data <= 500] <= 0).all() and (data <= 500).any()


def test_output_dtype_alone_saturates(tmp_path):
    data = noise(7)
    dataset(tmp_path, [data])
    np.testing.assert_array_equal(fuse(tmp_path, "--output-dtype", "uint8"), np.minimum(data, 255))
    signed = noise(8, "int16", low=-2000, high=2000)
    dataset(tmp_path, [signed])
    np.testing.assert_array_equal(fuse(tmp_path, "--output-dtype", "uint16", output="u.ome.zarr"), np.maximum(signed, 0))


def test_the_mask_counts_views_with_a_value(tmp_path):
    arrays = [noise(9, "float32"), noise(10, "float32")]
    arrays[1][0, 0, 2:4, 5:9, 3:20] = np.nan
    dataset(tmp_path, arrays)
    fused = fuse(tmp_path, "--output-mask")
    assert fused.dtype == np.uint8
    np.testing.assert_array_equal(fused, (~np.isnan(placed(arrays))).sum(axis=0))
    assert fuse(tmp_path, "--output-mask", "--output-dtype", "uint16", output="wide.ome.zarr").dtype == np.uint16


def test_first_last_and_closest_view_win(tmp_path):
    arrays = [noise(11), noise(12)]
    dataset(tmp_path, arrays)
    values = placed(arrays)
    first = np.where(np.isnan(values[0]), values[1], values[0])
    last = np.where(np.isnan(values[1]), values[0], values[1])
    np.testing.assert_array_equal(fuse(tmp_path, "--fusion-func", "first_view_wins", output="f.ome.zarr"), first)
    np.testing.assert_array_equal(fuse(tmp_path, "--fusion-func", "last_view_wins", output="l.ome.zarr"), last)
    closest = fuse(tmp_path, "--fusion-func", "closest_view_wins", output="c.ome.zarr")
    # the views share columns 25..<40, and their borders fall alike: the middle column is a tie, which the first wins
    expected = first.copy()
    expected[..., 33:] = last[..., 33:]
    np.testing.assert_array_equal(closest, expected)


@pytest.mark.parametrize("flags", [["--fusion-func", "max_fusion"], ["--interpolation-order", "0", "--fusion-func", "first_view_wins"], []])
def test_labels_of_64_bits_are_exact(flags, tmp_path):
    """Above 2^53 no double can hold them: where one view counts they are copied."""
    rng = np.random.default_rng(13)
    labels = rng.integers(2**63, 2**64 - 1, (1, 1) + SHAPE, dtype=np.uint64, endpoint=True) | np.uint64(1)
    dataset(tmp_path, [labels, labels[..., ::-1].copy()])
    fused = fuse(tmp_path, *flags)
    np.testing.assert_array_equal(fused[..., :OFFSET], labels[..., :OFFSET])
    np.testing.assert_array_equal(fused[..., SHAPE[2]:], labels[..., ::-1][..., SHAPE[2] - OFFSET:])
    if "max_fusion" in flags:
        np.testing.assert_array_equal(fused[..., OFFSET:SHAPE[2]], np.maximum(labels[..., OFFSET:], labels[..., ::-1][..., :SHAPE[2] - OFFSET]))


def windows(data):
    """The 2 x 2 x 2 windows of the last three axes, in the order z y x, an odd remainder left out."""
    z, y, x = (n // 2 for n in data.shape[-3:])
    cut = data[..., :2 * z, :2 * y, :2 * x].reshape(*data.shape[:-3], z, 2, y, 2, x, 2)
    return np.moveaxis(cut, (-5, -3, -1), (-3, -2, -1)).reshape(*data.shape[:-3], z, y, x, 8)


def most_frequent(window):
    values, first, counts = np.unique(window, return_index=True, return_counts=True)
    return values[max(range(len(values)), key=lambda k: (counts[k], -first[k]))]


REDUCED = {"nearest": lambda w: w[..., 0], "max": lambda w: w.max(-1), "mode": lambda w: np.apply_along_axis(most_frequent, -1, w)}


@pytest.mark.parametrize("flags", [[], ["--limit", "5"], ["--ngff-version", "0.5", "--shards", "z=16,y=64,x=64"]])
@pytest.mark.parametrize("method", REDUCED)
def test_levels_of_labels(tmp_path, method, flags):
    """Coarser levels hold only labels that exist, those that numpy finds, also when a later run makes them from files."""
    labels = np.repeat(np.random.default_rng(17).integers(2**40, 2**40 + 5, (1, 1, 9, 101, 205), dtype="uint64"), 2, -2)
    write_view(tmp_path / "labels.zarr", labels, [1, 1, 1], [0, 0, 0])
    (tmp_path / "labels.json").write_text(json.dumps({"views": [{"path": "labels.zarr"}]}))
    limit = flags if "--limit" in flags else []
    blockfuse(tmp_path, "fuse", "labels.json", "--output", "l.ome.zarr", "--output-chunksize", "z=16,y=32,x=32", "--interpolation-order", "0",
              "--downsample", method, "--quiet", *flags)
    if limit:
        blockfuse(tmp_path, "run", "--quiet")
    blockfuse(tmp_path, "verify")
    group = zarr.open_group(tmp_path / "l.ome.zarr", mode="r")
    below = group["0"][:]
    np.testing.assert_array_equal(below, labels)
    factor = np.array(group["1"].shape) < np.array(below.shape) - 1
    assert factor.any()
    level = group["1"][:]
    # axes that stay are put twice into each window, which changes neither the most frequent nor the largest nor the first
    doubled = below
    for axis in (-3, -2, -1):
        if not factor[axis]:
            doubled = np.repeat(doubled, 2, axis)
    np.testing.assert_array_equal(level, REDUCED[method](windows(doubled)))
    assert set(np.unique(level)) <= set(np.unique(labels))
    scales = [d["coordinateTransformations"] for d in dict(group.attrs).get("ome", dict(group.attrs))["multiscales"][0]["datasets"]]
    shift = np.array(scales[1][1]["translation"]) - np.array(scales[0][1]["translation"])
    np.testing.assert_allclose(shift, 0 if method == "nearest" else (np.array(scales[1][0]["scale"]) - np.array(scales[0][0]["scale"])) / 2)


OPTIONS = {
    "fusion_func": "weighted_average_fusion", "blending_widths": {"z": 2, "y": 4, "x": 6}, "interpolation_order": 0,
    "output_spacing": {"z": 1, "y": 2, "x": 1}, "output_origin": {"x": 3.0}, "rounding": "truncate", "views": ["v0", "v1"],
    "weights_func": "content_based", "weights_func_kwargs": {"sigma_1": 1, "sigma_2": 2}, "overlap_in_pixels": 3,
    "output_dtype": "uint8", "downsample": "max", "intensity_range": [10, 3000], "batch_options": {"n_batch": 5},
    "zarr_options": {"ngff_version": "0.5", "zarr_array_creation_kwargs": {"compressor": {"id": "gzip", "level": 2}, "shards": {"z": 16, "y": 32, "x": 32}}},
}


def test_status_shows_all_options_and_they_make_the_job_again(tmp_path):
    dataset(tmp_path, [noise(14), noise(15)])
    (tmp_path / "options.json").write_text(json.dumps(OPTIONS))
    first = fuse(tmp_path, "--options", "options.json", output="first.ome.zarr")
    status = json.loads(blockfuse(tmp_path, "status", "--json"))
    assert status["options"] == {**OPTIONS, "output_chunksize": 16}
    (tmp_path / "again.json").write_text(json.dumps(status["options"]))
    blockfuse(tmp_path, "fuse", status["dataset"], "--options", "again.json", "--output", "second.ome.zarr", "--quiet")
    np.testing.assert_array_equal(zarr.open_array(tmp_path / "second.ome.zarr/0", mode="r")[:], first)
    files = lambda name: {str(p.relative_to(tmp_path / name)): p.read_bytes() for p in (tmp_path / name).rglob("c/**/*") if p.is_file()}
    assert files("first.ome.zarr") == files("second.ome.zarr") and files("first.ome.zarr")


@pytest.mark.parametrize("options, name", [({"zarr_options": 5}, "zarr_options"), ({"zarr_options": {"zarr_array_creation_kwargs": [1]}}, "zarr_array_creation_kwargs")])
@pytest.mark.parametrize("flags", [(), ("--compressor", "zstd")])
def test_what_must_be_a_map_is_refused_by_name(options, name, flags, tmp_path):
    dataset(tmp_path, [noise(16)])
    assert name in refused(tmp_path, *flags, options=options)


def test_a_flag_that_is_a_map_keeps_what_it_does_not_name(tmp_path):
    dataset(tmp_path, [noise(17)])
    flag = "--zarr-options", '{"zarr_array_creation_kwargs": {"compressor": null}}'
    blockfuse(tmp_path, "submit", "dataset.json", "--output", "out.ome.zarr", "--options", options_file(tmp_path, OPTIONS["zarr_options"]), *flag)
    status = json.loads(blockfuse(tmp_path, "status", "--json"))
    assert status["options"]["zarr_options"]["zarr_array_creation_kwargs"] == {"compressor": None, "shards": {"z": 16, "y": 32, "x": 32}}
    assert status["levels"][0]["shards"] is not None


def options_file(folder, zarr_options):
    (folder / "options.json").write_text(json.dumps({"output_chunksize": 16, "zarr_options": zarr_options}))
    return "options.json"


def test_workers_stay_within_the_memory(tmp_path):
    for i in range(2):
        write_view(tmp_path / f"v{i}.ome.zarr", np.ones((1, 1, 64, 256, 256), "uint16"), (1.0, 1.0, 1.0), (0.0, 0.0, i * 200.0), chunks=(64, 64, 64))
    (tmp_path / "dataset.json").write_text(json.dumps({"views": [{"name": f"v{i}", "path": f"v{i}.ome.zarr"} for i in range(2)]}))
    flags = "--weights-func", "content_based", "--output-chunksize", "64", "--workers", "8"
    plenty = planned(tmp_path, *flags, "--memory", "8GiB")
    assert plenty["memory"]["workers"] == 8 and plenty["warnings"] == []
    few = planned(tmp_path, *flags, "--memory", "200MiB")
    assert few["memory"]["total"] <= 200 * 2**20 and 1 <= few["memory"]["workers"] < 8
    assert any("of 8 workers" in note for note in few["warnings"])
    blockfuse(tmp_path, "submit", "dataset.json", "--output", "out.ome.zarr", *flags[:4])
    assert "of 8 workers" in said(tmp_path, "run", "--limit", "1", *flags[4:], "--memory", "200MiB")


def said(folder, *arguments):
    end = subprocess.run([binary(), *arguments], cwd=folder, capture_output=True, text=True, env={**os.environ, "BLOCKFUSE_DB": str(folder / "jobs.sqlite")})
    assert end.returncode == 0, end.stderr
    return end.stderr


def test_a_mask_has_no_intensity_range(tmp_path):
    dataset(tmp_path, [noise(18)])
    assert "intensity_range" in refused(tmp_path, "--output-mask", "--intensity-range", "0,2")


def test_planes_have_no_z(tmp_path):
    write_view(tmp_path / "v.ome.zarr", np.ones((1, 1, 30, 40), "uint16"), (1.0, 1.0), (0.0, 0.0))
    (tmp_path / "dataset.json").write_text(json.dumps({"views": [{"name": "v", "path": "v.ome.zarr"}]}))
    assert planned(tmp_path, options={"output_shape": 20})["levels"][0]["shape"][-2:] == [20, 20]
    place = {"z": 3, "y": 20, "x": 20}
    for options, name in [
        ({"output_shape": place}, '"output_shape"'), ({"output_origin": place}, '"output_origin"'),
        ({"output_stack_properties": {"shape": place, "spacing": {"y": 1, "x": 1}, "origin": {"y": 0, "x": 0}}}, '"output_stack_properties.shape"'),
    ]:
        message = refused(tmp_path, options=options)
        assert name in message and "2D" in message


WHOLE = {"output_stack_properties": {"spacing": {"z": 1, "y": 1, "x": 2}, "origin": {"z": 0, "y": 0, "x": 0}, "shape": {"z": 6, "y": 30, "x": 20}}}


def test_options_out_of_force_are_named(tmp_path):
    dataset(tmp_path, [noise(19)])
    notes = planned(tmp_path, options={**WHOLE, "output_shape": 9, "output_origin": {"x": 1}})["warnings"]
    (note,) = [note for note in notes if "output_stack_properties" in note]
    assert "output_shape" in note and "output_origin" in note and "output_spacing" not in note
    assert planned(tmp_path, options=WHOLE)["warnings"] == []


def test_bounding_boxes_are_a_map(tmp_path):
    dataset(tmp_path, [noise(20)])
    file = tmp_path / "dataset.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), "bounding_boxes": [1]}))
    assert "bounding_boxes" in refused(tmp_path)


def test_an_intensity_range_in_blocks_of_one_plane(tmp_path):
    data = noise(21)
    dataset(tmp_path, [data])
    fused = fuse(tmp_path, "--intensity-range", "500,3500", "--output-chunksize", "z=1,y=16,x=16")
    expected = np.clip((data.astype(np.float64) - 500) / 3000 * 65535, 0, 65535)
    assert np.abs(fused - expected).max() <= 0.51
