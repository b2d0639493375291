"""Prints a digest of every file of a set of fused outputs, for rebuildings that must change no byte.

    BLOCKFUSE_BIN=before .venv-tests/bin/python Tests/Python/golden.py > before.txt
    BLOCKFUSE_BIN=after  .venv-tests/bin/python Tests/Python/golden.py > after.txt
    diff before.txt after.txt

Every kind of geometry, output and input goes through `run`, and once more through two tasks of `work`. The inputs are made
here, from fixed random numbers. What an output says of its own making (uuid, version, paths) is left out of the digests; the
two sides must use the same machine and codec libraries.
"""
from __future__ import annotations

import hashlib, json, sys, tempfile
from dataclasses import dataclass, field
from pathlib import Path

import h5py, numpy as np, tensorstore, tifffile, zarr
from conftest import Mosaic, blockfuse, rotation, texture
from test_bigstitcher import write_xml

SPACING_3D, SPACING_2D = (2.0, 0.5, 0.5), (0.5, 0.5)
TILE = (20, 90, 100)
# the name is part of an output's metadata
RUN, WORK = "run/fused.ome.zarr", "work/fused.ome.zarr"


@dataclass
class Case:
    """One job: how far apart its tiles are, in voxels, and its options."""

    options: dict
    step: tuple[float, ...] = (0, 0.3, 76.6)
    degrees: float = 0
    series: tuple[int, int] = (1, 1)
    is_moving: bool = False
    dtype: str = "uint16"
    tile: tuple[int, ...] = TILE
    inputs: dict = field(default_factory=dict)


SHARDED = {"ngff_version": "0.5", "zarr_array_creation_kwargs": {"shards": {"z": 16, "y": 64, "x": 64}}}
BLOSC = {"zarr_array_creation_kwargs": {"compressor": {"id": "blosc", "cname": "lz4", "clevel": 5, "shuffle": 1}}}
RAW = {"zarr_array_creation_kwargs": {"compressor": None}}
CASES = {
    "whole": Case({}, step=(0, 3, 77)),
    "subvoxel": Case({}),
    "nearest": Case({"interpolation_order": 0}),
    "cubic": Case({"interpolation_order": 3}),
    "cubic_rotated": Case({"interpolation_order": 3}, degrees=4),
    "quintic_float": Case({"interpolation_order": 5}, degrees=4, dtype="float32"),
    "scaled": Case({"output_spacing": {"z": 2.5, "y": 0.7, "x": 0.6}}),
    "rotated": Case({}, degrees=4),
    "content": Case({"weights_func": "content_based", "weights_func_kwargs": {"sigma_1": 2, "sigma_2": 4}}, degrees=2),
    "maximum": Case({"fusion_func": "max_fusion"}, dtype="float32"),
    "channels": Case({}, series=(1, 2)),
    "times": Case({}, series=(3, 1), is_moving=True),
    "planes": Case({"output_chunksize": {"z": 1, "y": 64, "x": 64}}, step=(0, 3, 77)),
    "flat": Case({"output_chunksize": 64}, tile=(180, 190), step=(0.4, 150.2)),
    "wide": Case({}, dtype="int32"),
    "sharded": Case({"zarr_options": SHARDED, "output_chunksize": {"z": 8, "y": 32, "x": 32}}),
    "blosc": Case({"zarr_options": BLOSC}),
    "raw": Case({"zarr_options": {"ngff_version": "0.5", **RAW}}),
    "plain": Case({"zarr_options": {"ome_zarr": False, "ngff_version": "0.5"}}),
    "input_05": Case({}, inputs={"version": "0.5"}),
}


def mosaic(folder: Path, case: Case, seed: int) -> str:
    rng = np.random.default_rng(seed)
    spacing = SPACING_3D if len(case.tile) == 3 else SPACING_2D
    made = Mosaic(folder, spacing)
    for i in range(4):
        place = np.array([0, i // 2, i % 2][-len(case.tile):]) * case.step[-1] + np.array(case.step) * (i > 0)
        matrices = []
        for t in range(case.series[0] if case.is_moving else 1):
            matrix = rotation(rng, len(case.tile), case.degrees)
            matrix[:-1, -1] += place * spacing + 0.3 * t
            matrices.append(matrix)
        made.add(texture(rng, (*case.series, *case.tile), case.dtype), [0.0] * len(case.tile),
                 np.array(matrices) if case.is_moving else matrices[0], chunks=(10, 45, 40)[-len(case.tile):],
                 channels=[f"c{c}" for c in range(case.series[1])], **case.inputs)
    return "dataset.json"


def tiles(seed: int) -> dict[tuple[int, int], np.ndarray]:
    rng = np.random.default_rng(seed)
    return {(0, s): texture(rng, (1, 1, 10, 22, 26), "uint16")[0, 0] for s in range(3)}


def places() -> dict[tuple[int, int], list[list[float]]]:
    return {(0, s): [[1, 0, 0, 20.25 * s, 0, 1, 0, 0.5 * s, 0, 0, 1, 0]] for s in range(3)}


def n5(folder: Path, seed: int) -> str:
    for (t, s), data in tiles(seed).items():
        spec = {"driver": "n5", "kvstore": {"driver": "file", "path": str(folder / f"data.n5/setup{s}/timepoint{t}/s0")}, "metadata": {
            "dimensions": data.shape[::-1], "blockSize": [9, 8, 4], "dataType": "uint16", "compression": {"type": "gzip", "level": 5}}}
        tensorstore.open(spec, create=True).result()[...] = data.T
        (folder / f"data.n5/setup{s}/attributes.json").write_text('{"downsamplingFactors": [[1, 1, 1]], "dataType": "uint16"}')
    write_xml(folder / "dataset.xml", '<ImageLoader format="bdv.n5" version="1.0"><n5 type="relative">data.n5</n5></ImageLoader>', places())
    return "dataset.xml"


def hdf5(folder: Path, seed: int) -> str:
    with h5py.File(folder / "data.h5", "w") as file:
        for (t, s), data in tiles(seed).items():
            file.create_dataset(f"t{t:05}/s{s:02}/0/cells", data=data.view("i2"), chunks=(4, 8, 9), compression="gzip", shuffle=True)
    write_xml(folder / "dataset.xml", '<ImageLoader format="bdv.hdf5"><hdf5 type="relative">data.h5</hdf5></ImageLoader>', places())
    return "dataset.xml"


def tiff(folder: Path, seed: int) -> str:
    lines = ["dim = 3"]
    for (_, s), data in tiles(seed).items():
        tifffile.imwrite(folder / f"{s}.tif", data, imagej=True, metadata={"axes": "ZYX"})
        lines.append(f"{s}.tif; ; ({20.25 * s}, {0.5 * s}, 0)")
    (folder / "TileConfiguration.txt").write_text("\n".join(lines) + "\n")
    return "TileConfiguration.txt"


def without_provenance(value: object) -> object:
    if isinstance(value, dict):
        return {key: without_provenance(v) for key, v in value.items() if key != "blockfuse"}
    return [without_provenance(v) for v in value] if isinstance(value, list) else value


def digest(file: Path) -> str:
    data = file.read_bytes()
    if file.name in (".zattrs", "zarr.json"):
        data = json.dumps(without_provenance(json.loads(data)), sort_keys=True).encode()
    return hashlib.sha256(data).hexdigest()[:24]


def listing(name: str, output: Path) -> None:
    files = sorted(file for file in output.rglob("*") if file.is_file())
    for file in files:
        print(name, file.relative_to(output), digest(file))
    if not files:
        sys.exit(f"{name}: the output {output} has no files")


def work(folder: Path, dataset: str) -> None:
    blockfuse(folder, "submit", dataset, "--options", "options.json", "--output", WORK, "--name", "work", "--quiet")
    order = blockfuse(folder, "order", "work", "--quiet").strip()
    levels = json.loads(blockfuse(folder, "status", "work", "--json"))["levels"]
    for level in range(len(levels)):
        for task in (1, 0):
            blockfuse(folder, "work", order, "--task", task, "--tasks", 2, "--level", level, "--quiet")
    blockfuse(folder, "collect", "work", "--quiet")
    assert json.loads(blockfuse(folder, "status", "work", "--json"))["state"] == "complete"


def main() -> None:
    makers = {name: (lambda folder, seed, case=case: mosaic(folder, case, seed), case.options) for name, case in CASES.items()}
    makers |= {"n5": (n5, {}), "hdf5": (hdf5, {}), "tiff": (tiff, {})}
    for seed, (name, (make, options)) in enumerate(makers.items()):
        with tempfile.TemporaryDirectory() as folder:
            dataset = make(Path(folder), seed)
            chunks = {} if "output_chunksize" in options else {"output_chunksize": 48}
            for output in (RUN, WORK):
                (Path(folder) / output).parent.mkdir()
            (Path(folder) / "options.json").write_text(json.dumps({**chunks, **options}))
            blockfuse(folder, "fuse", dataset, "--options", "options.json", "--output", RUN, "--quiet", "--workers", "2")
            listing(f"{name} run", Path(folder) / RUN)
            work(Path(folder), dataset)
            listing(f"{name} work", Path(folder) / WORK)


if __name__ == "__main__":
    main()
