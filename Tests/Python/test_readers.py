"""What we write, others read: validators find nothing wrong, and three readers see equal voxels."""
import json, os, subprocess
from pathlib import Path
import numpy as np, pytest, tensorstore, xarray, yaozarrs, zarr
from ome_zarr_models import open_ome_zarr
from conftest import Mosaic, blockfuse, texture, write_view

SHARDED = {"ngff_version": "0.5", "zarr_array_creation_kwargs": {"shards": {"z": 16, "y": 64, "x": 64}}}


def written_with(compressor, **zarr_options):
    kwargs = {**zarr_options.pop("zarr_array_creation_kwargs", {}), "compressor": compressor}
    return {**zarr_options, "zarr_array_creation_kwargs": kwargs}


BLOSC_LZ4 = {"id": "blosc", "cname": "lz4", "clevel": 5, "shuffle": 1}
BLOSC_ZSTD = {"id": "blosc", "cname": "zstd", "clevel": 3, "shuffle": 2}
# what is fused (t, c, and z y x or y x), and how it is written
CASES = {
    "v04_2d_zstd": ((1, 1, 150, 170), written_with({"id": "zstd", "level": 1}, ngff_version="0.4")),
    "v05_2d_sharded_gzip": ((1, 1, 150, 170), written_with({"id": "gzip", "level": 1}, ngff_version="0.5", zarr_array_creation_kwargs={"shards": {"y": 64, "x": 128}})),
    "v04_3d_blosc_lz4": ((1, 1, 12, 130, 140), written_with(BLOSC_LZ4, ngff_version="0.4")),
    "v04_3d_gzip": ((1, 1, 12, 130, 140), written_with({"id": "gzip", "level": 1}, ngff_version="0.4")),
    "v04_3d_raw": ((1, 1, 12, 130, 140), written_with(None, ngff_version="0.4")),
    "v05_3d_zstd": ((1, 1, 12, 130, 140), written_with({"id": "zstd", "level": 1}, ngff_version="0.5")),
    "v05_3d_sharded_blosc_zstd": ((1, 1, 12, 130, 140), written_with(BLOSC_ZSTD, **SHARDED)),
    "v05_3d_sharded_raw": ((1, 1, 12, 130, 140), written_with(None, **SHARDED)),
    "v04_channels_blosc_zstd": ((1, 2, 10, 120, 130), written_with(BLOSC_ZSTD, ngff_version="0.4")),
    "v05_timeseries_channels_sharded_zstd": ((2, 2, 8, 120, 130), written_with({"id": "zstd", "level": 1}, **SHARDED)),
    "v05_timeseries_blosc_lz4": ((3, 1, 8, 120, 130), written_with(BLOSC_LZ4, ngff_version="0.5")),
    "v04_timeseries_2d_raw": ((3, 2, 140, 150), written_with(None, ngff_version="0.4")),
}


@pytest.fixture(params=CASES)
def output(request, tmp_path):
    shape, zarr_options = CASES[request.param]
    n = len(shape) - 2
    rng = np.random.default_rng(len(request.param))
    spacing = (2.0, 0.5, 0.5)[-n:]
    mosaic = Mosaic(tmp_path, spacing)
    for i in range(2):
        shift = np.eye(n + 1)
        shift[n - 1, n] = i * 0.7 * shape[-1] * spacing[-1]
        mosaic.add(texture(rng, shape, "uint16"), (0.0,) * n, shift, version=zarr_options["ngff_version"], channels=["nuclei", "membranes"][:shape[1]])
    return mosaic.fuse("out.ome.zarr", {"output_chunksize": {"z": 8, "y": 32, "x": 32}, "zarr_options": zarr_options})


def through_tensorstore(path, zarr_format):
    driver = "zarr" if zarr_format == 2 else "zarr3"
    return np.asarray(tensorstore.open({"driver": driver, "kvstore": {"driver": "file", "path": str(path)}}).result().read().result())


def through_zarrs(path):
    with zarr.config.set({"codec_pipeline.path": "zarrs.ZarrsCodecPipeline", "codec_pipeline.strict": True}):
        return zarr.open_array(path, mode="r")[:]


def test_validators_are_content_and_readers_agree(output):
    model = open_ome_zarr(zarr.open_group(output, mode="r"))
    datasets = (model.ome_attributes if hasattr(model, "ome_attributes") else model.attributes).multiscales[0].datasets
    assert len(datasets) >= 2, "no pyramid was made, so none was read"
    yaozarrs.validate_zarr_store(str(output))
    for dataset in datasets:
        array = zarr.open_array(output / dataset.path, mode="r")
        voxels = array[:]
        assert voxels.any()
        np.testing.assert_array_equal(through_tensorstore(output / dataset.path, array.metadata.zarr_format), voxels)
        np.testing.assert_array_equal(through_zarrs(output / dataset.path), voxels)


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_a_plain_array_is_read_by_all(version, tmp_path):
    mosaic = Mosaic(tmp_path, (1.0, 1.0, 1.0))
    mosaic.add(texture(np.random.default_rng(1), (1, 1, 12, 40, 50), "int16"), (0, 0, 0), np.eye(4))
    output = mosaic.fuse("plain.zarr", {"output_chunksize": 16, "zarr_options": {"ome_zarr": False, "ngff_version": version}})
    array = zarr.open_array(output, mode="r")
    assert array.metadata.zarr_format == (2 if version == "0.4" else 3)
    source = zarr.open_array(tmp_path / "view_0.ome.zarr/0", mode="r")[:]
    np.testing.assert_array_equal(array[:], source)
    np.testing.assert_array_equal(through_tensorstore(output, array.metadata.zarr_format), source)
    np.testing.assert_array_equal(through_zarrs(output), source)


def image_06(folder, origin, data):
    """An image of OME-Zarr 0.6 with two levels: coordinate systems, and one transformation each."""
    group = zarr.open_group(folder, mode="w", zarr_format=3)
    axes = [{"name": a, "type": "space", "unit": u} for a, u in zip("zyx", ["micrometer", "nanometer", "nanometer"])]
    datasets = []
    for i, factor in enumerate((1, 2)):
        level = data[:, ::factor, ::factor]
        group.create_array(f"s{i}", shape=level.shape, chunks=(8, 16, 16), dtype=level.dtype, dimension_names=list("zyx"))[:] = level
        scale = [2.0, 500.0 * factor, 500.0 * factor]
        datasets.append({"path": f"s{i}", "coordinateTransformations": [{
            "type": "sequence", "input": {"path": f"s{i}"}, "output": {"name": "physical"},
            "transformations": [{"type": "scale", "scale": scale}, {"type": "translation", "translation": origin}]}]})
    multiscale = {"name": folder.name, "coordinateSystems": [{"name": "physical", "axes": axes}], "datasets": datasets}
    group.attrs["ome"] = {"version": "0.6", "multiscales": [multiscale]}


def expect_valid_06(path):
    """By the schemas that ngff-zarr brings, in an environment of its own: the reference needs an older ngff-zarr."""
    python = os.environ.get("SCHEMA_PYTHON", str(Path(__file__).parents[2] / ".venv-schemas/bin/python"))
    script = "import json, sys; from ngff_zarr.validate import validate; validate(json.load(open(sys.argv[1]))['attributes'], version='0.6', model='image')"
    check = subprocess.run([python, "-c", script, str(path)], capture_output=True, text=True)
    assert check.returncode == 0, check.stderr


def test_images_of_06_satisfy_its_schemas_and_are_read(tmp_path):
    rng = np.random.default_rng(6)
    images = [rng.integers(1, 60000, (8, 40, 30)).astype("uint16") for _ in range(2)]
    views = []
    for i, data in enumerate(images):
        name = f"tile_{i}.ome.zarr"
        image_06(tmp_path / name, [3.0, 1500.0, 1000.0 + 20000.0 * i], data)
        expect_valid_06(tmp_path / name / "zarr.json")
        views.append({"path": name})
    (tmp_path / "dataset.json").write_text(json.dumps({"views": views}))
    blockfuse(tmp_path, "fuse", "dataset.json", "--output", "out.ome.zarr", "--output-chunksize", "16", "--quiet")
    fused = zarr.open_array(tmp_path / "out.ome.zarr/0", mode="r")[0, 0]
    # micrometres: 20 apart at a spacing of 0.5 is 40 voxels
    assert fused.shape == (8, 40, 70)
    np.testing.assert_array_equal(fused[:, :, :30], images[0])
    np.testing.assert_array_equal(fused[:, :, 40:], images[1])
    plan = json.loads(blockfuse(tmp_path, "plan", "dataset.json", "--json"))
    assert plan["spacing"] == {"z": 2, "y": 0.5, "x": 0.5} and plan["origin"] == {"z": 3, "y": 1.5, "x": 1}
    # the coarser level is chosen where its spacing is asked for
    blockfuse(tmp_path, "fuse", "dataset.json", "--output", "coarse.ome.zarr", "--output-spacing", "z=2,y=1,x=1", "--output-chunksize", "16", "--quiet")
    coarse = zarr.open_array(tmp_path / "coarse.ome.zarr/0", mode="r")[0, 0]
    np.testing.assert_array_equal(coarse[:, :, :15], images[0][:, ::2, ::2])


def windows(folder, data):
    mosaic = Mosaic(folder, (1.0, 1.0, 1.0))
    mosaic.add(data, (0, 0, 0), np.eye(4))
    output = mosaic.fuse("out.ome.zarr", {"output_chunksize": 16})
    return [channel["window"] for channel in zarr.open_group(output, mode="r").attrs["omero"]["channels"]]


def test_no_window_is_empty(tmp_path):
    """napari opens no image at all of which one channel's window has no width."""
    data = np.zeros((1, 2, 4, 20, 30), "uint16")
    data[0, 1] = 700
    black, gray = windows(tmp_path, data)
    assert black["start"] < black["end"] and black["min"] < black["max"]
    assert (gray["start"], gray["end"]) == (0, 700)


def test_a_window_is_measured_where_there_is_something(tmp_path):
    """Of a long series some time points are looked at; where those are black, all."""
    data = np.zeros((18, 1, 4, 20, 30), "uint16")
    data[1] = 900
    assert [(w["start"], w["end"]) for w in windows(tmp_path, data)] == [(0, 900)]


@pytest.mark.parametrize("shape", [(1, 1, 12, 220, 230), (2, 1, 220, 230)])
@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_xarray_opens_a_level(version, shape, tmp_path):
    n = len(shape) - 2
    mosaic = Mosaic(tmp_path, (1.0,) * n)
    data = texture(np.random.default_rng(1), shape, "uint16")
    data[..., :8, :8] = 0
    mosaic.add(data, (0,) * n, np.eye(n + 1), version=version)
    output = mosaic.fuse("out.ome.zarr", {"output_chunksize": 64, "zarr_options": {"ngff_version": version}})
    levels = sorted(zarr.open_group(output, mode="r").array_keys())
    assert len(levels) == 2
    for level in levels:
        opened = xarray.open_zarr(output, consolidated=False, mask_and_scale=False, drop_variables=[other for other in levels if other != level])[level]
        assert opened.dims == tuple("tczyx" if n == 3 else "tcyx")
        assert opened.dtype == "uint16" and (opened.values == 0).any()
        np.testing.assert_array_equal(opened.values, zarr.open_array(output / level, mode="r")[:])
    # what is there is known, and is made again where it is gone
    assert not json.loads(blockfuse(tmp_path, "verify", "--json"))["strays"]
    if version == "0.4":
        file = output / "0/.zattrs"
        before = file.read_bytes()
        assert json.loads(before) == {"_ARRAY_DIMENSIONS": list("tczyx" if n == 3 else "tcyx")}
        # an image of before, without them, is none the worse, and is finished without a word
        file.write_text("{}")
        assert blockfuse(tmp_path, "verify") and json.loads(file.read_text()) == {}
        (output / "0/.zarray").unlink()
        blockfuse(tmp_path, "verify", "--repair")
        assert file.read_bytes() == before
    mosaic.fuse("out.ome.zarr", {"zarr_options": {"ngff_version": version, "overwrite": True}})


@pytest.mark.parametrize("kind", ["uint8", "int8", "uint16"])
@pytest.mark.parametrize("shards", [None, {"z": 16, "y": 64, "x": 64}])
def test_codecs_of_one_byte_say_their_order(kind, shards, tmp_path):
    """Legal without it, but older readers want it."""
    mosaic = Mosaic(tmp_path, (1.0, 1.0, 1.0))
    mosaic.add(texture(np.random.default_rng(1), (1, 1, 12, 40, 50), kind), (0, 0, 0), np.eye(4))
    options = {"output_chunksize": 16, "zarr_options": {"ngff_version": "0.5", **({"zarr_array_creation_kwargs": {"shards": shards}} if shards else {})}}
    output = mosaic.fuse("out.ome.zarr", options)
    metadata = json.loads((output / "0/zarr.json").read_text())
    inner = metadata["codecs"][0]["configuration"]["codecs"] if shards else metadata["codecs"]
    assert inner[0] == {"name": "bytes", "configuration": {"endian": "little"}}
    source = zarr.open_array(tmp_path / "view_0.ome.zarr/0", mode="r")[:]
    for read in (lambda p: zarr.open_array(p, mode="r")[:], lambda p: through_tensorstore(p, 3), through_zarrs):
        np.testing.assert_array_equal(read(output / "0"), source)
    # written anew by a program that leaves it out, it means the same
    del inner[0]["configuration"]
    (output / "0/zarr.json").write_text(json.dumps(metadata))
    blockfuse(tmp_path, "verify", status=0 if kind != "uint16" else 12)


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_a_job_begun_by_a_former_version_is_finished(version, tmp_path):
    """Its metadata lack what is written now."""
    mosaic = Mosaic(tmp_path, (1.0, 1.0, 1.0))
    mosaic.add(texture(np.random.default_rng(1), (1, 1, 12, 40, 50), "uint8"), (0, 0, 0), np.eye(4))
    (tmp_path / "options.json").write_text(json.dumps({"output_chunksize": 16, "zarr_options": {"ngff_version": version}}))
    blockfuse(tmp_path, "submit", "dataset.json", "--options", "options.json", "--output", "out.ome.zarr")
    blockfuse(tmp_path, "run", "--limit", "3", "--quiet")
    if version == "0.4":
        file = tmp_path / "out.ome.zarr/0/.zattrs"
        file.write_text("{}")
    else:
        file = tmp_path / "out.ome.zarr/0/zarr.json"
        metadata = json.loads(file.read_text())
        metadata["codecs"][0] = {"name": "bytes"}
        file.write_text(json.dumps(metadata))
    before = file.read_bytes()
    blockfuse(tmp_path, "run", "--quiet")
    blockfuse(tmp_path, "verify")
    assert file.read_bytes() == before
    source = zarr.open_array(tmp_path / "view_0.ome.zarr/0", mode="r")[:]
    np.testing.assert_array_equal(zarr.open_array(tmp_path / "out.ome.zarr/0", mode="r")[:], source)
