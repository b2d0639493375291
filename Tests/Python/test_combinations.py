"""Options that were made apart, drawn together at random: however the work is cut, the voxels are the same, bit for bit."""
import json, random
import numpy as np, pytest, zarr
from conftest import Mosaic, blockfuse

# each with what it can be; a draw takes one of each
CHOICES = {
    "interpolation_order": [0, 1, 2, 3, 5],
    "fusion_func": ["weighted_average_fusion", "simple_average_fusion", "max_fusion", "median_fusion", "first_view_wins", "closest_view_wins"],
    "weights": [None, None, "content_based", "content_based_dct"],
    "blending": [{}, {"blending": "product", "blending_border": 1}, {"like": "bigstitcher"}],
    "edges": ["reference", "filled"],
    "background": [0, 0, 777],
    "nodata": [None, 0],
    "type": ["uint16", "float32"],
    "pyramid": [{}, {"pyramid": "1,2,3;2,6,9"}, {"pyramid": "isotropic", "pyramid_minimum_size": 8}],
    "order": [None, ["view_2", "view_0"]],
}
KWARGS = {"content_based": {"sigma_1": 1, "sigma_2": 2}, "content_based_dct": {"dct_size": 6}}


def options(drawn):
    """As the options file has them, without what is refused together."""
    result = {key: drawn[key] for key in ("interpolation_order", "fusion_func", "edges", "background")} | drawn["pyramid"]
    if "wins" not in drawn["fusion_func"]:
        result |= drawn["blending"]
    elif drawn["order"] and drawn["fusion_func"] == "first_view_wins":
        result["fusion_func_kwargs"] = {"order": drawn["order"]}
    if drawn["weights"] and drawn["fusion_func"] == "weighted_average_fusion":
        result |= {"weights_func": drawn["weights"], "weights_func_kwargs": KWARGS[drawn["weights"]]}
    if drawn["nodata"] is not None:
        result["nodata"] = drawn["nodata"]
    return result


def scene(folder, rng, dtype):
    """Four views: at whole voxels, with a drift, finer, and turned; some voxels are 0."""
    mosaic = Mosaic(folder, (2, 1, 1))
    for i, offset in enumerate([(0, 0, 0), (1, 3, 18.004), (2.6, 17.3, 4.7), (0.5, 15.5, 19.25)]):
        matrix = np.eye(4)
        if i == 3:
            matrix[1:3, 1:3] = [[np.cos(0.2), -np.sin(0.2)], [np.sin(0.2), np.cos(0.2)]]
        if i == 2:
            matrix[:3, :3] *= 0.9
        matrix[:3, 3] = offset
        data = rng.integers(1, 60000, (7, 22, 25)).astype(dtype)
        data[rng.random(data.shape) < 0.05] = 0
        mosaic.add(data[None, None], (0, 0, 0), matrix)
    return mosaic


def fused(folder, name, given, chunk, *runs):
    sharded = {"ngff_version": "0.5", "zarr_array_creation_kwargs": {"shards": {"z": 2 * chunk[0], "y": chunk[1], "x": 2 * chunk[2]}}}
    given = given | {"output_chunksize": dict(zip("zyx", chunk))} | ({"zarr_options": sharded} if name == "b" else {})
    (folder / "options.json").write_text(json.dumps(given))
    blockfuse(folder, "submit", "dataset.json", "--output", name, "--options", "options.json", "--quiet")
    for flags in runs:
        blockfuse(folder, "run", "--quiet", *flags)
    group = zarr.open_group(folder / name, mode="r")
    return [group[str(level)][:] for level in range(len(list(group.array_keys())))]


@pytest.mark.parametrize("seed", range(24))
def test_blocks_do_not_matter(tmp_path, seed):
    rng = random.Random(seed)
    drawn = {key: rng.choice(values) for key, values in CHOICES.items()}
    scene(tmp_path, np.random.default_rng(seed), drawn["type"])
    given = options(drawn)
    whole = fused(tmp_path, "a", given, (64, 64, 64), ["--workers", "1"])
    cut = fused(tmp_path, "b", given, (3, 8, 11), ["--workers", "2", "--limit", "7"], ["--workers", "3"])
    assert len(whole) == len(cut) and whole[0].any(), given
    for level, (a, b) in enumerate(zip(whole, cut)):
        np.testing.assert_array_equal(a, b, err_msg=f"level {level} of {given}")
