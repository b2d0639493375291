"""OME-Zarr 0.6 scenes, written by ngff-zarr and by hand, and folders and lists of tiles: the voxels equal those of the same
tiles given as dataset.json."""
import json, os, subprocess
from pathlib import Path
import numpy as np, pytest, zarr
from conftest import binary, blockfuse, write_view

SIZE, SPACING = (6, 20, 24), [2.0, 0.5, 0.5]
AXES = [{"name": a, "type": "space", "unit": "micrometer"} for a in "zyx"]
AFFINES = [[[1, 0, 0, 0], [0, 1, 0, -2], [0, 0, 1, 0]], [[1, 0, 0, 0.7], [0, 1, 0.05, -1.6], [0, -0.05, 1, 9.3]]]


def tile(i):
    return np.random.default_rng(i).integers(1, 4000, SIZE).astype("u2")


def fused(folder, dataset, output, *flags):
    blockfuse(folder, "fuse", dataset, "--output", output, "--quiet", "--output-chunksize", "16", *flags)
    return zarr.open_array(str(Path(folder) / output / "0"), mode="r")[:]


def expected(folder, matrices=AFFINES, name="expected"):
    views = []
    for i, matrix in enumerate(matrices):
        write_view(folder / f"plain_{i}.ome.zarr", tile(i)[None, None], SPACING, [0, 0, 0])
        views.append({"path": f"plain_{i}.ome.zarr", "transforms": {"world": [*matrix, [0, 0, 0, 1]]}})
    (folder / f"{name}.json").write_text(json.dumps({"views": views}))
    return fused(folder, f"{name}.json", f"{name}.zarr")


def write_tile(path, data, name="physical", more=()):
    """An image of 0.6 by hand: zarr-python's arrays, the metadata after the specification."""
    group = zarr.open_group(str(path), mode="w", zarr_format=3)
    group.create_array("s0", shape=data.shape, chunks=(4, 8, 9), dtype=data.dtype, dimension_names=list("zyx"))[:] = data
    systems = [{"name": name, "axes": AXES}, *[{"name": t["output"]["name"], "axes": AXES} for t in more]]
    group.attrs["ome"] = {"version": "0.6", "multiscales": [{"name": "tile", "coordinateSystems": systems, "coordinateTransformations": list(more), "datasets": [
        {"path": "s0", "coordinateTransformations": [{"type": "scale", "scale": SPACING, "input": {"path": "s0"}, "output": {"name": name}}]}]}]}


def write_scene(path, transformations, systems=({"name": "world", "axes": AXES},)):
    scene = {"coordinateTransformations": transformations, **({"coordinateSystems": list(systems)} if systems else {})}
    zarr.open_group(str(path), mode="a", zarr_format=3).attrs["ome"] = {"version": "0.6", "scene": scene}


NGFF = """
import sys, json, numpy as np, ngff_zarr as nz
from ngff_zarr.v06.zarr_metadata import Affine, Axis, CoordinateSystem, CoordinateSystemIdentifier as Id
out, affines = sys.argv[1], json.loads(sys.argv[2])
images, transformations = {}, []
for i, affine in enumerate(affines):
    data = np.random.default_rng(i).integers(1, 4000, (6, 20, 24)).astype("u2")
    image = nz.to_ngff_image(data, dims=list("zyx"), scale=dict(z=2.0, y=0.5, x=0.5), axes_units=dict.fromkeys("zyx", "micrometer"))
    images[f"tile_{i}"] = nz.to_multiscales(image, scale_factors=[])
    name = images[f"tile_{i}"].metadata.to_version("0.6").coordinateSystems[0].name
    transformations.append(Affine(affine=affine, input=Id(path=f"tile_{i}", name=name), output=Id(name="world")))
world = CoordinateSystem(name="world", axes=[Axis(name=a, type="space", unit="micrometer") for a in "zyx"])
nz.NgffScene(images=images, coordinateTransformations=transformations, coordinateSystems=[world]).to_ome_zarr(out, version="0.6")
"""


def test_a_scene_that_ngff_zarr_writes(tmp_path):
    python = os.environ.get("SCHEMA_PYTHON", str(Path(__file__).parents[2] / ".venv-schemas/bin/python"))
    if not os.path.exists(python):
        pytest.skip("no ngff-zarr: .venv-schemas is not there")
    subprocess.run([python, "-c", NGFF, str(tmp_path / "scene.zarr"), json.dumps(AFFINES)], check=True)
    want = expected(tmp_path)
    assert want.any() and (fused(tmp_path, "scene.zarr", "out.zarr") == want).all()
    blockfuse(tmp_path, "convert", "scene.zarr", "converted.json")
    assert (fused(tmp_path, "converted.json", "converted.zarr") == want).all()


def test_transformations_lead_both_ways_and_over_several_steps(tmp_path):
    scene = tmp_path / "scene.zarr"
    zarr.open_group(str(scene), mode="w", zarr_format=3)
    inverse = np.linalg.inv(np.vstack([AFFINES[1], [0, 0, 0, 1]]))[:3].tolist()
    write_tile(scene / "row/a", tile(0), more=[{"type": "translation", "translation": [0, -2, 0], "input": {"name": "physical"}, "output": {"name": "stage"}}])
    write_tile(scene / "row/b", tile(1), name="sample")
    write_scene(scene, [
        {"type": "identity", "input": {"path": "row/a", "name": "stage"}, "output": {"name": "world"}},
        # as registration tools give it: from the fixed image to the moving one
        {"type": "affine", "affine": inverse, "input": {"name": "world"}, "output": {"path": "row/b", "name": "sample"}}])
    np.testing.assert_allclose(fused(tmp_path, "scene.zarr", "out.zarr").astype(int), expected(tmp_path).astype(int), atol=1)


def test_several_systems_are_chosen_from(tmp_path):
    scene = tmp_path / "scene.zarr"
    zarr.open_group(str(scene), mode="w", zarr_format=3)
    for i in range(2):
        write_tile(scene / f"tile_{i}", tile(i))
    to = lambda i, name, matrix: {"type": "affine", "affine": matrix, "input": {"path": f"tile_{i}", "name": "physical"}, "output": {"name": name}}
    nominal = [[[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 10.0 * i]] for i in range(2)]
    write_scene(scene, [to(i, "stage", nominal[i]) for i in range(2)] + [to(i, "registered", AFFINES[i]) for i in range(2)],
                [{"name": n, "axes": AXES} for n in ("stage", "registered")])
    errors = refused(tmp_path, "scene.zarr")
    assert "stage" in errors and "registered" in errors and "--transform-key" in errors, errors
    assert (fused(tmp_path, "scene.zarr", "r.zarr", "--transform-key", "registered") == expected(tmp_path)).all()
    assert (fused(tmp_path, "scene.zarr", "s.zarr", "--transform-key", "stage") == expected(tmp_path, nominal, "nominal")).all()


def refused(folder, *arguments):
    end = subprocess.run([binary(), "submit", *arguments, "--output", "out.zarr", "--db", "jobs.sqlite"], cwd=folder, capture_output=True, text=True)
    assert end.returncode == 64 and not (folder / "out.zarr").exists() and not (folder / "jobs.sqlite").exists(), end.stderr
    assert "hint:" in end.stderr
    return end.stderr


EDGE = {"input": {"path": "tile_0", "name": "physical"}, "output": {"name": "world"}}


@pytest.mark.parametrize("transformations, change, words", [
    ([{**EDGE, "type": "displacements", "path": "field"}], None, ["scene.zarr", "tile_0", "field", "affine"]),
    ([{**EDGE, "type": "identity", "input": {"path": "tile_9", "name": "physical"}}], None, ["scene.zarr/tile_9"]),
    ([{**EDGE, "type": "identity", "input": {"path": "tile_0", "name": "nowhere"}}], None, ["nowhere", "tile_0"]),
    ([{**EDGE, "type": "identity", "input": {"path": "../tile_0", "name": "physical"}}], None, ["../tile_0"]),
    ([{**EDGE, "type": "affine", "affine": [[1, 0, 0], [0, 1, 0], [0, 0, 1]]}], None, ["tile_0", "affine", "4 numbers"]),
    ([{**EDGE, "type": "affine", "affine": [[1, 0, 0, 0], [0, 1, 0, 0], [0, 1, 0, 0]]}], None, ["tile_0", "singular"]),
    ([{**EDGE, "type": "identity"}], lambda s: s.replace('"0.6"', '"0.6.dev3"'), ["scene.zarr", "0.6.dev3"]),
    ([{**EDGE, "type": "identity"}], lambda s: s[:len(s) // 2], ["scene.zarr/zarr.json", "JSON"]),
    ([{**EDGE, "type": "identity"}], lambda s: s.replace('"name": "z"', '"name": "depth"'), ["world", "axes"]),
    ([{**EDGE, "type": "identity"}], lambda s: s.replace('"micrometer"', '"parrot"'), ["parrot"]),
])
def test_scenes_that_are_wrong(tmp_path, transformations, change, words):
    scene = tmp_path / "scene.zarr"
    zarr.open_group(str(scene), mode="w", zarr_format=3)
    write_tile(scene / "tile_0", tile(0))
    write_scene(scene, transformations)
    if change:
        file = scene / "zarr.json"
        text = json.dumps(json.loads(file.read_text()))
        assert change(text) != text
        file.write_text(change(text))
    errors = refused(tmp_path, "scene.zarr")
    assert all(word in errors for word in words), errors


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_a_folder_and_a_list_of_tiles(tmp_path, version):
    origins, views = [[0, 0, 0], [1, 0.25, 9.3]], []
    for i, origin in enumerate(origins):
        write_view(tmp_path / f"tiles/tile_{i}.ome.zarr", tile(i)[None, None], SPACING, origin, version=version)
        views.append({"path": f"tiles/tile_{i}.ome.zarr"})
    (tmp_path / "expected.json").write_text(json.dumps({"views": views}))
    (tmp_path / "tiles.txt").write_text("tiles/tile_0.ome.zarr\ntiles/tile_1.ome.zarr\n")
    want = fused(tmp_path, "expected.json", "expected.zarr")
    for dataset in ["tiles", "tiles/", "tiles.txt"]:
        assert want.any() and (fused(tmp_path, dataset, "out.zarr", "--overwrite") == want).all(), dataset
    # one more tile since the job was made
    blockfuse(tmp_path, "submit", "tiles", "--output", "later.zarr")
    write_view(tmp_path / "tiles/tile_2.ome.zarr", tile(2)[None, None], SPACING, [0, 5, 0], version=version)
    blockfuse(tmp_path, "run", status=4)


def test_an_output_in_the_folder_of_tiles_would_be_one_of_them(tmp_path):
    for i in range(2):
        write_view(tmp_path / f"tile_{i}.ome.zarr", tile(i)[None, None], SPACING, [0, 0, 10 * i])
    end = subprocess.run([binary(), "submit", ".", "--output", "out.zarr", "--db", "jobs.sqlite"], cwd=tmp_path, capture_output=True, text=True)
    assert end.returncode == 64 and "one of its images" in end.stderr and not (tmp_path / "out.zarr").exists(), end.stderr
    blockfuse(tmp_path, "convert", ".", "dataset.json")
    blockfuse(tmp_path, "fuse", "dataset.json", "--output", "out.zarr", "--quiet")
