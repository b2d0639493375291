"""`content_based_dct` against the reference in one block that starts at voxel 0, and against itself however the work is cut."""
import json, subprocess
import numpy as np, pytest, zarr
from conftest import Mosaic, binary, rotation, texture
from multiview_stitcher import ngff_utils, param_utils, spatial_image_utils as si, weights
from multiview_stitcher.fusion import _core as core


def random_mosaic(folder, seed, n, count, dtype="uint16", degrees=0.0, gaps=False):
    rng = np.random.default_rng([seed, 77])
    spacing = [float(rng.choice([0.5, 1.0, 2.0])) for _ in range(n)]
    shape = [int(rng.integers(*((9, 20) if n == 3 and a == 0 else (30, 52)))) for a in range(n)]
    mosaic = Mosaic(folder, spacing)
    for _ in range(count):
        data = texture(rng, (1, 1, *shape), dtype)
        # one part of each view is blurred: none is the best everywhere
        sharp = rng.normal(0, 300 if np.dtype(dtype).kind in "iu" else 0.1, data.shape)
        half = int(rng.integers(10, shape[-1] - 10))
        # nowhere flat: what rounding leaves of a flat tile would decide in the reference
        data[..., :half] = (1 + np.abs(data[..., :half] + sharp[..., :half]) % 4000).astype(dtype)
        if gaps:
            data[rng.random(data.shape) < 0.02] = np.nan
            data[..., :12, 10:30] = np.nan
        matrix = rotation(rng, n, degrees) if degrees else np.eye(n + 1)
        matrix[:n, n] += rng.uniform(-0.3, 0.3, n) * np.array(shape) * spacing
        mosaic.add(data, rng.uniform(-5, 5, n).round(2).tolist(), matrix)
    return mosaic


def reference(mosaic, options):
    """`fuse_np` of all views and the whole output, before it is rounded; where it is 0 because all weights are, by the border."""
    sims, params, n = [], [], len(mosaic.spacing)
    for view in mosaic.views:
        sim = ngff_utils.read_sim_from_ome_zarr(str(mosaic.folder / view["path"]), transform_key="r")
        affine = param_utils.affine_to_xaffine(np.array(view["transforms"]["registered"]))
        si.set_sim_affine(sim, affine, "r")
        sims.append(sim)
        params.append(affine)
    keys = ["output_spacing", "output_origin", "output_shape", "output_stack_mode"]
    props = core.process_output_stack_properties(sims, transform_key="r", **{k: options[k] for k in keys if k in options})
    props = {k: {d: v for d, v in m.items()} for k, m in props.items()}
    props["shape"] = {d: int(v) for d, v in props["shape"].items()}
    boxes = [si.get_stack_properties_from_sim(s) for s in sims]
    fields = [s.isel(t=0, c=0, drop=True).compute().astype(np.float32) for s in sims]

    def average(transformed_views, blending_weights, fusion_weights=None):
        both = blending_weights * fusion_weights
        total = np.nansum(both, axis=0)
        # docs/fusion.md: without content the border decides, where the reference is black
        both = np.where(total > 0, both / np.where(total > 0, total, 1), blending_weights)
        return np.nansum(transformed_views * both, axis=0).astype(np.float32)

    return np.asarray(core.fuse_np(fields, params, props, fusion_func=average, weights_func=weights.content_based_dct,
                                   weights_func_kwargs=options.get("weights_func_kwargs"), full_view_bbs=boxes,
                                   blending_widths=options.get("blending_widths")))


def fused(path):
    return zarr.open_group(path, mode="r")["0"][0, 0]


CASES = [
    ("whole", 3, 2, {}, {}), ("small", 3, 3, {"dct_size": 8}, {}), ("axes", 3, 4, {"dct_size": {"z": 6, "y": 16, "x": 11}}, {}),
    ("turned", 3, 2, {"dct_size": 9, "exponent": 2}, dict(degrees=4)), ("turned4", 3, 4, {"dct_size": 16, "exponent": 0.5}, dict(degrees=4)),
    ("all", 3, 3, {"dct_size": 8, "otf_support_fraction": None}, dict(degrees=3)),
    ("all2", 2, 3, {"dct_size": 16, "otf_support_fraction": None, "exponent": 2}, {}),
    ("flat", 2, 2, {"dct_size": {"y": 16, "x": 12}, "otf_support_fraction": 0.8}, dict(degrees=5)), ("flat5", 2, 5, {}, {}),
    ("gaps", 3, 3, {"dct_size": 8}, dict(dtype="float32", gaps=True)), ("gaps2", 2, 3, {"dct_size": 10, "otf_support_fraction": None}, dict(dtype="float32", gaps=True)),
    ("bytes", 2, 2, {"dct_size": 10}, dict(dtype="uint8")), ("wide", 3, 2, {"dct_size": 8}, dict(dtype="int32")),
]


@pytest.mark.parametrize("name, n, count, kwargs, made", CASES, ids=[c[0] for c in CASES])
@pytest.mark.parametrize("seed, window", [(0, False), (1, False), (2, True)])
def test_agrees_with_the_reference_in_one_block(seed, window, name, n, count, kwargs, made, tmp_path):
    mosaic = random_mosaic(tmp_path, 100 * seed + sum(map(ord, name)), n, count, **made)
    options = dict(weights_func="content_based_dct", weights_func_kwargs=kwargs, output_chunksize=24, blending_widths={d: 4 for d in "zyx"[-n:]})
    if window:
        # some views may lie outside of it; the others are compared with them all the same
        options["output_origin"] = dict(zip("zyx"[-n:], [1.5, 6.25, -3.5][-n:]))
        options["output_shape"] = dict(zip("zyx"[-n:], [7, 29, 40][-n:]))
    if made.get("gaps"):
        # at whole voxels the reference lets a NaN spread; here there are none
        options["output_spacing"] = {d: 0.93 * s for d, s in zip("zyx"[-n:], mosaic.spacing)}
        options["output_origin"] = {d: 1.2345 for d in "zyx"[-n:]}
        options["output_shape"] = dict(zip("zyx"[-n:], [11, 31, 37][-n:]))
    expected = reference(mosaic, options)
    result = fused(mosaic.fuse("out.ome.zarr", options)).astype(float)
    assert result.shape == expected.shape and np.ptp(expected) > 0
    tolerance = 0.51 if mosaic_type(mosaic).kind in "iu" else 1e-4 * np.ptp(expected)
    far = np.abs(result - expected) > tolerance + 1e-5 * np.ptp(expected)
    assert far.mean() < 1e-4, f"{far.mean():.6f} of voxels differ by up to {np.abs(result - expected).max()}"
    if window or made.get("gaps"):
        return
    # weights by the border alone are something else
    plain = fused(mosaic.fuse("plain.ome.zarr", {k: v for k, v in options.items() if not k.startswith("weights")})).astype(float)
    assert (np.abs(plain - expected) > 4 * tolerance).mean() > 0.01


def mosaic_type(mosaic):
    return zarr.open_group(mosaic.folder / mosaic.views[0]["path"], mode="r")["0"].dtype


@pytest.mark.parametrize("seed, kwargs, made", [
    (1, {"dct_size": 8}, dict(degrees=4)), (2, {"dct_size": {"z": 5, "y": 12, "x": 7}, "otf_support_fraction": None}, dict(degrees=4)),
    (3, {}, {}), (4, {"dct_size": 8, "exponent": 3}, dict(dtype="float32", gaps=True))])
def test_voxels_do_not_depend_on_how_the_work_is_cut(seed, kwargs, made, tmp_path):
    mosaic = random_mosaic(tmp_path, seed, 3, 5, **made)
    options = dict(weights_func="content_based_dct", weights_func_kwargs=kwargs)
    whole = fused(mosaic.fuse("whole.ome.zarr", {**options, "output_chunksize": 256}))
    assert len(np.unique(whole)) > 100
    for i, (chunk, flags) in enumerate([
            (10, ["--workers", "3"]), ({"z": 5, "y": 64, "x": 7}, ["--workers", "1"]),
            ({"z": 8, "y": 16, "x": 16}, ["--ngff-version", "0.5", "--shards", "z=16,y=32,x=48", "--workers", "2"])]):
        assert (fused(mosaic.fuse(f"out{i}.ome.zarr", {**options, "output_chunksize": chunk}, *flags)) == whole).all()
    (tmp_path / "options.json").write_text(json.dumps({**options, "output_chunksize": 12}))
    job = run(tmp_path, "submit", "dataset.json", "--options", "options.json", "--output", "parts.ome.zarr").stdout.strip()
    for _ in range(3):
        run(tmp_path, "run", job, "--limit", "7", "--workers", "2")
    run(tmp_path, "run", job)
    assert (fused(tmp_path / "parts.ome.zarr") == whole).all()
    run(tmp_path, "verify", job)


def test_planes_are_fused_each_by_itself(tmp_path):
    """A plane of a planewise job is what the same plane is as an image of its own."""
    rng = np.random.default_rng(9)
    stacks, shifts = [texture(rng, (1, 1, 4, 40, 44), "uint16") for _ in range(3)], rng.uniform(-9, 9, (3, 2))
    options = dict(weights_func="content_based_dct", weights_func_kwargs={"dct_size": {"y": 12, "x": 9}})

    def make(folder, stacks, n):
        folder.mkdir()
        mosaic = Mosaic(folder, (1.0,) * n)
        for data, shift in zip(stacks, shifts):
            matrix = np.eye(n + 1)
            matrix[n - 2:n, n] = shift
            mosaic.add(data, [0.0] * n, matrix)
        return mosaic

    planes = fused(make(tmp_path / "stack", stacks, 3).fuse("out.ome.zarr", dict(planewise=True, output_chunksize={"z": 1, "y": 20, "x": 24}, **options)))
    thick = fused(make(tmp_path / "thick", stacks, 3).fuse("out.ome.zarr", dict(planewise=True, output_chunksize=64, **options)))
    assert (planes == thick).all()
    for z in range(4):
        image = make(tmp_path / f"plane{z}", [s[:, :, z] for s in stacks], 2)
        assert (fused(image.fuse("out.ome.zarr", dict(output_chunksize=64, **options))) == planes[z]).all()
        expected = reference(image, options)
        assert (np.abs(planes[z] - expected) > 0.51).mean() < 1e-3


def test_views_of_other_times_and_channels_are_not_compared_with(tmp_path):
    """Two views at the first time point, three at the second: each is what it is alone."""
    mosaic = random_mosaic(tmp_path, 6, 2, 5)
    seats = [(0, 0), (0, 0), (1, 1), (1, 1), (1, 1)]
    place = {"spacing": {"y": 1, "x": 1}, "origin": {"y": -12, "x": -12}, "shape": {"y": 70, "x": 70}}
    options = dict(weights_func="content_based_dct", weights_func_kwargs={"dct_size": 16}, output_stack_properties=place)
    views = mosaic.views
    series = [{**view, "t": t, "c": c} for view, (t, c) in zip(views, seats)]
    (tmp_path / "dataset.json").write_text(json.dumps({"views": series}))
    together = zarr.open_group(mosaic.fuse("series.ome.zarr", options), mode="r")["0"][:]
    assert together.shape[:2] == (2, 2)
    for t in range(2):
        (tmp_path / "dataset.json").write_text(json.dumps({"views": [v for v, seat in zip(views, seats) if seat == (t, t)]}))
        alone = fused(mosaic.fuse(f"alone{t}.ome.zarr", options))
        assert (together[t, t] == alone).all() and np.ptp(alone) > 0
    # and of the five together it is something else
    (tmp_path / "dataset.json").write_text(json.dumps({"views": views}))
    assert (fused(mosaic.fuse("all.ome.zarr", options)) != together[0, 0]).any()


@pytest.mark.parametrize("arguments, words", [
    ("dct_size=0", ["dct_size", "whole number"]), ("dct_size=2.5", ["dct_size"]), ("exponent=-1", ["exponent"]),
    ("otf_support_fraction=0", ["otf_support_fraction"]), ("exponent=0.5,otf_support_fraction=null", ["exponent", "whole number"]),
    ("dct_sizes=32", ["dct_size", "exponent", "otf_support_fraction"]), ("sigma_1=5", ["dct_size", "exponent", "otf_support_fraction"]),
    ('{"dct_size": {"t": 3}}', ["dct_size", "axis"]), ('{"dct_size": null}', ["dct_size"])])
def test_wrong_arguments_are_refused(arguments, words, tmp_path):
    random_mosaic(tmp_path, 1, 2, 2)
    for command in (["plan", "dataset.json"], ["submit", "dataset.json", "--output", "out.ome.zarr"]):
        end = run(tmp_path, *command, "--weights-func", "content_based_dct", "--weights-func-kwargs", arguments, status=64)
        assert all(word in end.stderr for word in words), end.stderr
    assert not (tmp_path / "out.ome.zarr").exists()


def test_arguments_without_a_function_are_checked(tmp_path):
    random_mosaic(tmp_path, 1, 2, 2)
    run(tmp_path, "plan", "dataset.json", "--weights-func-kwargs", "dct_size=16")
    run(tmp_path, "plan", "dataset.json", "--weights-func-kwargs", "sigma_1=2")
    run(tmp_path, "plan", "dataset.json", "--weights-func-kwargs", "dct_size=16,sigma_1=2", status=64)
    assert "dct_size" in run(tmp_path, "plan", "dataset.json", "--weights-func-kwargs", "dct_size=0", status=64).stderr


def run(folder, *arguments, status=0):
    end = subprocess.run([binary(), *arguments, "--db", "jobs.sqlite"], cwd=folder, capture_output=True, text=True)
    assert end.returncode == status, f"{arguments}: {end.stdout}{end.stderr}"
    return end
