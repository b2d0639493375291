"""Fused voxels against the reference, multiview-stitcher, computed in one block in memory."""
import numpy as np, pytest, xarray as xr, zarr
from conftest import Mosaic, rotation, texture
from multiview_stitcher import ngff_utils, param_utils, spatial_image_utils as si, weights
from multiview_stitcher.fusion import _core as core


def reference(mosaic, options, halo=0, planewise=False):
    """The reference's voxels of level 0, as t c (z) y x, before they are rounded."""
    sims, params = [], []
    for view in mosaic.views:
        sim = ngff_utils.read_sim_from_ome_zarr(str(mosaic.folder / view["path"]), transform_key="r")
        transform = view["transforms"]["registered"]
        if isinstance(transform, dict):
            n = np.array(transform["t"]).shape[-1]
            labels = ["z", "y", "x"][-(n - 1):] + ["1"]
            affine = xr.DataArray(np.array(transform["t"]), dims=["t", "x_in", "x_out"], coords={"t": sim.coords["t"].values, "x_in": labels, "x_out": labels})
        else:
            affine = param_utils.affine_to_xaffine(np.array(transform))
        si.set_sim_affine(sim, affine, "r")
        sims.append(sim)
        params.append(affine)
    keys = ["output_spacing", "output_origin", "output_shape", "output_stack_mode"]
    props = core.process_output_stack_properties(sims, transform_key="r", **{k: options[k] for k in keys if k in options})
    dims = list(props["shape"])
    boxes = [si.get_stack_properties_from_sim(s) for s in sims]
    function = getattr(core, options.get("fusion_func", "weighted_average_fusion"))
    content = weights.content_based if options.get("weights_func") else None

    def fuse(fields, affines, props, boxes):
        grown = {"spacing": props["spacing"], "origin": {d: props["origin"][d] - halo * props["spacing"][d] for d in props["shape"]},
                 "shape": {d: int(props["shape"][d]) + 2 * halo for d in props["shape"]}}
        fields = [f.astype(np.float32) for f in fields]  # so that nothing is rounded in the end
        return np.asarray(core.fuse_np(fields, affines, grown, fusion_func=function, weights_func=content, weights_func_kwargs=options.get("weights_func_kwargs"),
                                       interpolation_order=options.get("interpolation_order", 1), full_view_bbs=boxes, blending_widths=options.get("blending_widths"), trim_overlap_in_pixels=halo))

    times, channels = sims[0].sizes["t"], sims[0].sizes["c"]
    result = np.zeros([times, channels] + [int(props["shape"][d]) for d in dims])
    for t in range(times):
        for c in range(channels):
            fields = [s.isel(t=t, c=c, drop=True).compute() for s in sims]
            affines = [p.isel(t=t, drop=True) if "t" in p.dims else p for p in params]
            if not planewise:
                result[t, c] = fuse(fields, affines, props, boxes)
                continue
            flat = lambda b: {k: {d: v for d, v in m.items() if d != "z"} for k, m in b.items()}
            for z in range(int(props["shape"]["z"])):
                at = props["origin"]["z"] + z * props["spacing"]["z"]
                chosen = []
                for i, (f, p) in enumerate(zip(fields, affines)):
                    own = int(round((at - float(p.sel(x_in="z", x_out="1")) - boxes[i]["origin"]["z"]) / boxes[i]["spacing"]["z"]))
                    if 0 <= own < f.sizes["z"]:
                        chosen.append((f.isel(z=own, drop=True), p.sel(x_in=["y", "x", "1"], x_out=["y", "x", "1"]), flat(boxes[i])))
                if chosen:
                    result[t, c, z] = fuse([f for f, _, _ in chosen], [p for _, p, _ in chosen], flat(props), [b for _, _, b in chosen])
    return result, props


def expect_agreement(mosaic, output, options, **kwargs):
    expected, props = reference(mosaic, options, **kwargs)
    group = zarr.open_group(output, mode="r")
    result = group["0"][:].astype(np.float64)
    assert result.shape == expected.shape
    tolerance = 0.51 if group["0"].dtype.kind in "iu" else 1e-4 * np.ptp(expected)
    far = np.abs(result - expected) > tolerance
    assert far.mean() < 1e-4, f"{far.mean():.6f} of voxels differ by up to {np.abs(result - expected).max()}"
    datasets = (group.attrs.get("ome") or group.attrs)["multiscales"][0]["datasets"]
    transforms = {t["type"]: t[t["type"]] for t in datasets[0]["coordinateTransformations"]}
    assert np.allclose(transforms["scale"][2:], list(props["spacing"].values()))
    assert np.allclose(transforms["translation"][2:], list(props["origin"].values()))


def tiles(tmp_path, seed, shape, spacing, dtype="uint16", grid=(2, 2), overlap=0.25, shift=0.0, degrees=0.0, mixed=True, tc=(1, 1), moving=False, **kwargs):
    rng = np.random.default_rng(seed)
    n = len(shape)
    mosaic = Mosaic(tmp_path, spacing)
    for row in range(grid[0]):
        for column in range(grid[1]):
            origin = [3.5] * (n - 2) + [row * round(shape[-2] * (1 - overlap)) * spacing[-2] - 7, column * round(shape[-1] * (1 - overlap)) * spacing[-1] + 5]
            def matrix():
                m = rotation(rng, n, degrees, mixed) if degrees else np.eye(n + 1)
                m[:n, n] += rng.uniform(-shift, shift, n) if shift else 0
                return m
            matrices = np.array([matrix() for _ in range(tc[0])]) if moving else matrix()
            mosaic.add(texture(rng, tc + tuple(shape), dtype), origin, matrices, **kwargs)
    return mosaic


CASES = {
    "grid2d": (dict(shape=(70, 60), spacing=(0.5, 0.5)), dict(output_chunksize=48)),
    "frac2d": (dict(shape=(70, 60), spacing=(0.5, 0.7), shift=1.3), dict(output_chunksize=48, blending_widths={"y": 6, "x": 4})),
    "rigid2d_float": (dict(shape=(70, 60), spacing=(0.5, 0.5), shift=1.0, degrees=4, dtype="float32"), dict(output_chunksize=48)),
    "grid3d": (dict(shape=(16, 40, 44), spacing=(2, 0.5, 0.5)), dict(output_chunksize=24)),
    "frac3d": (dict(shape=(16, 40, 44), spacing=(2, 0.5, 0.5), shift=1.0), dict(output_chunksize=24)),
    "affine3d": (dict(shape=(20, 40, 44), spacing=(1, 0.5, 0.5), shift=1.0, degrees=5), dict(output_chunksize=24)),
    "affine3d_int16": (dict(shape=(20, 40, 44), spacing=(1, 0.5, 0.5), shift=1.0, degrees=5, dtype="int16"), dict(output_chunksize=32)),
    "uint8": (dict(shape=(16, 40, 44), spacing=(2, 0.5, 0.5), shift=1.0, dtype="uint8"), dict(output_chunksize=24)),
    "timelapse": (dict(shape=(12, 36, 40), spacing=(1, 0.5, 0.5), shift=1.0, degrees=3, tc=(2, 2), moving=True, grid=(1, 2)), dict(output_chunksize=24)),
    "nearest": (dict(shape=(16, 40, 44), spacing=(2, 0.5, 0.5), shift=1.0), dict(output_chunksize=24, interpolation_order=0)),
    "cubic": (dict(shape=(16, 40, 44), spacing=(2, 0.5, 0.5), shift=1.0), dict(output_chunksize=24, interpolation_order=3)),
    "cubic2d": (dict(shape=(70, 60), spacing=(0.5, 0.7), shift=1.3), dict(output_chunksize=48, interpolation_order=3)),
    "cubic_rigid": (dict(shape=(20, 40, 44), spacing=(1, 0.5, 0.5), shift=1.0, degrees=5), dict(output_chunksize=24, interpolation_order=3)),
    "cubic_scaled": (dict(shape=(16, 40, 44), spacing=(1, 0.5, 0.5), shift=1.0), dict(output_chunksize=24, interpolation_order=3, output_spacing={"z": 1.3, "y": 0.4, "x": 0.7})),
    "quintic_rigid": (dict(shape=(20, 40, 44), spacing=(1, 0.5, 0.5), shift=1.0, degrees=5), dict(output_chunksize=24, interpolation_order=5)),
    "quintic2d": (dict(shape=(70, 60), spacing=(0.5, 0.5), shift=1.0, degrees=4, dtype="uint8"), dict(output_chunksize=32, interpolation_order=5)),
    "quartic_int16": (dict(shape=(20, 40, 44), spacing=(1, 0.5, 0.5), shift=1.0, degrees=5, dtype="int16"), dict(output_chunksize=32, interpolation_order=4)),
    "quadratic_float": (dict(shape=(20, 40, 44), spacing=(1, 0.5, 0.5), shift=1.0, degrees=5, mixed=False, dtype="float32"), dict(output_chunksize=24, interpolation_order=2)),
    "cubic_times": (dict(shape=(12, 36, 40), spacing=(1, 0.5, 0.5), shift=1.0, degrees=3, tc=(2, 2), moving=True, grid=(1, 2)), dict(output_chunksize=24, interpolation_order=3)),
    "average": (dict(shape=(16, 40, 44), spacing=(1, 0.5, 0.5), shift=1.0, degrees=4), dict(output_chunksize=24, fusion_func="simple_average_fusion")),
    "max": (dict(shape=(16, 40, 44), spacing=(1, 0.5, 0.5), shift=1.0, degrees=4), dict(output_chunksize=24, fusion_func="max_fusion")),
    "intersection": (dict(shape=(16, 40, 44), spacing=(1, 0.5, 0.5), shift=1.0, grid=(1, 2)), dict(output_chunksize=24, output_stack_mode="intersection")),
    "sample": (dict(shape=(16, 40, 44), spacing=(1, 0.5, 0.5), shift=1.0, grid=(1, 2)), dict(output_chunksize=24, output_stack_mode="sample")),
    "window": (dict(shape=(16, 40, 44), spacing=(1, 0.5, 0.5), shift=1.0, degrees=4),
               dict(output_chunksize=24, output_spacing={"z": 1.5, "y": 0.7, "x": 0.9}, output_origin={"z": 4.0, "y": -3.0, "x": 8.0}, output_shape={"z": 9, "y": 50, "x": 30})),
    "ngff05_chunks": (dict(shape=(16, 40, 44), spacing=(2, 0.5, 0.5), shift=1.0, version="0.5"), dict(output_chunksize=16, zarr_options={"ngff_version": "0.5"})),
}


@pytest.mark.parametrize("name", CASES)
def test_agrees_with_the_reference(name, tmp_path):
    made, options = CASES[name]
    mosaic = tiles(tmp_path, sum(map(ord, name)), **made)
    expect_agreement(mosaic, mosaic.fuse("out.ome.zarr", options), options)


@pytest.mark.parametrize("shape, spacing, sigmas", [((60, 70), (0.5, 0.5), (3, 5)), ((16, 30, 34), (1, 0.5, 0.5), (2, 3))])
def test_content_based_weights(shape, spacing, sigmas, tmp_path):
    mosaic = tiles(tmp_path, 5, shape, spacing, shift=1.0, grid=(1, 2))
    options = dict(output_chunksize=20, weights_func="content_based", weights_func_kwargs={"sigma_1": sigmas[0], "sigma_2": sigmas[1]})
    # the reference sees the output's border where its halo ends; with a full halo it sees none
    expect_agreement(mosaic, mosaic.fuse("out.ome.zarr", options), options, halo=4 * sum(sigmas))


@pytest.mark.parametrize("kind", ["mirrored", "turned", "scaled"])
def test_nearest_windows_are_those_of_fuse_np(kind, tmp_path):
    """From which the reference's own fuse, which crops views to the window first, departs; docs/fusion.md."""
    a = np.cos(0.05), np.sin(0.05)
    matrix = {"mirrored": np.diag([1.0, -1.0, 1.0]), "turned": np.array([[a[0], -a[1], 0], [a[1], a[0], 0], [0, 0, 1]]), "scaled": np.diag([1.3, 1.3, 1.0])}[kind]
    mosaic = Mosaic(tmp_path, (1.0, 1.0))
    mosaic.add(np.random.default_rng(1).integers(100, 4000, (1, 1, 30, 40)).astype("uint16"), [0.0, 0.0], matrix)
    window = {"output_origin": {"y": 10.0, "x": -20.0 if kind == "mirrored" else 10.0}, "output_spacing": {"y": 1.0, "x": 1.0}, "output_shape": {"y": 4, "x": 5}}
    options = dict(interpolation_order=0, **window)
    expected, _ = reference(mosaic, options)
    fused = zarr.open_group(mosaic.fuse("out.ome.zarr", options), mode="r")["0"][:]
    assert (fused == expected).all() and (fused > 0).all()
    if kind != "mirrored":
        sim = ngff_utils.read_sim_from_ome_zarr(str(tmp_path / "view_0.ome.zarr"), transform_key="r")
        si.set_sim_affine(sim, param_utils.affine_to_xaffine(matrix), "r")
        assert (core.fuse([sim], transform_key="r", interpolation_order=0, output_chunksize=100, **window).compute().data != expected).any()


def test_planewise(tmp_path):
    mosaic = tiles(tmp_path, 8, (8, 40, 44), (2, 0.5, 0.5), degrees=4, mixed=False)
    options = dict(output_chunksize={"z": 1, "y": 32, "x": 32})
    expect_agreement(mosaic, mosaic.fuse("out.ome.zarr", options), options, planewise=True)


@pytest.mark.parametrize("chunk", [1, 64])
@pytest.mark.parametrize("depth, window", [(1, {}), (9, {"output_origin": {"z": 0.0, "y": 0.0, "x": 0.0}, "output_shape": {"z": 1, "y": 70, "x": 75}})])
def test_an_output_of_one_plane_is_planewise(tmp_path, chunk, depth, window):
    """Its border along z says nothing of which view to trust, whatever chunk was asked for."""
    mosaic = tiles(tmp_path, 8, (depth, 40, 44), (1, 0.5, 0.5), grid=(1, 2))
    options = dict(output_chunksize=chunk, **window)
    expect_agreement(mosaic, mosaic.fuse("out.ome.zarr", options), options, planewise=True)


def test_truncation_is_the_reference_to_the_last_bit_at_whole_voxels(tmp_path):
    mosaic = tiles(tmp_path, 9, (8, 40, 44), (2, 0.5, 0.5), grid=(1, 1))
    options = dict(rounding="truncate")
    output = mosaic.fuse("out.ome.zarr", options)
    expected, _ = reference(mosaic, options)
    assert (zarr.open_group(output, mode="r")["0"][:] == expected.astype("uint16")).all()


def test_pyramid_is_the_reference_s_mean_of_the_level_below(tmp_path):
    mosaic = tiles(tmp_path, 10, (9, 130, 141), (2, 0.5, 0.5), shift=1.0)
    group = zarr.open_group(mosaic.fuse("out.ome.zarr", dict(output_chunksize=32)), mode="r")
    assert sorted(group.array_keys()) == ["0", "1"]
    base = group["0"][:].astype(np.float64)
    _, _, z, y, x = base.shape
    trimmed = base[..., : y // 2 * 2, : x // 2 * 2]
    means = trimmed.reshape(1, 1, z, y // 2, 2, x // 2, 2).mean((4, 6))
    assert (group["1"][:] == means.astype("uint16")).all()
