"""Time and memory of `plan`, `submit`, `status`, `list` and the beginning of `run` for datasets of very many tiles, by kind of dataset;
metadata only, no voxels.

    python Benchmarks/many_views.py [--tiles 100000] [--folder DIR] [--only scene]

Needs nothing but Python, and some inodes: six for each tile. The program is BLOCKFUSE_BIN/blockfuse."""
import argparse, json, math, os, shutil, subprocess, time
from pathlib import Path

SHAPE, STEP = (64, 512, 512), 460
AXES = [{"name": a, "type": "space", "unit": "micrometer"} for a in "zyx"]
BIN = os.environ.get("BLOCKFUSE_BIN", str(Path(__file__).parents[1] / ".build/release"))


def place(i, count):
    side = math.ceil(math.sqrt(count))
    return [0, i // side * STEP + i % 7 * 0.1, i % side * STEP + i % 5 * 0.1]


def write(path, document):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document))


def zarr_tiles(folder, count):
    array = {"zarr_format": 3, "node_type": "array", "shape": SHAPE, "data_type": "uint16", "fill_value": 0, "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [64, 128, 128]}},
             "chunk_key_encoding": {"name": "default"}, "codecs": [{"name": "bytes", "configuration": {"endian": "little"}}]}
    for i in range(count):
        tile = folder / f"tile_{i}"
        level = {"path": "s0", "coordinateTransformations": [{"type": "sequence", "input": {"path": "s0"}, "output": {"name": "physical"}, "transformations": [
            {"type": "scale", "scale": [1, 1, 1]}, {"type": "translation", "translation": place(i, count)}]}]}
        write(tile / "zarr.json", {"zarr_format": 3, "node_type": "group", "attributes": {"ome": {"version": "0.6", "multiscales": [
            {"coordinateSystems": [{"name": "physical", "axes": AXES}], "datasets": [level]}]}}})
        write(tile / "s0/zarr.json", array)


def image_folder(folder, count):
    zarr_tiles(folder / "tiles", count)
    return "tiles"


def image_list(folder, count):
    image_folder(folder, count)
    (folder / "tiles.txt").write_text("".join(f"tiles/tile_{i}\n" for i in range(count)))
    return "tiles.txt"


def scene(folder, count):
    zarr_tiles(folder / "scene", count)
    transformations = [{"type": "affine", "affine": [[1, 0, 0, 0.5], [0, 1, 0.001, 0], [0, 0, 1, i % 3]], "input": {"path": f"tile_{i}", "name": "physical"}, "output": {"name": "world"}} for i in range(count)]
    write(folder / "scene/zarr.json", {"zarr_format": 3, "node_type": "group", "attributes": {"ome": {"version": "0.6", "scene": {
        "coordinateSystems": [{"name": "world", "axes": AXES}], "coordinateTransformations": transformations}}}})
    return "scene"


def bigstitcher(folder, count):
    for i in range(count):
        setup = folder / f"data.n5/setup{i}"
        write(setup / "attributes.json", {"downsamplingFactors": [[1, 1, 1]], "dataType": "uint16"})
        write(setup / "timepoint0/s0/attributes.json", {"dimensions": SHAPE[::-1], "blockSize": [128, 128, 64], "dataType": "uint16", "compression": {"type": "zstd"}})
    with open(folder / "dataset.xml", "w") as file:
        file.write('<?xml version="1.0" encoding="UTF-8"?>\n<SpimData version="0.2">\n<BasePath type="relative">.</BasePath>\n<SequenceDescription>\n<ImageLoader format="bdv.n5" version="1.0"><n5 type="relative">data.n5</n5></ImageLoader>\n<ViewSetups>\n')
        for i in range(count):
            file.write(f"<ViewSetup>\n<id>{i}</id>\n<name>{i}</name>\n<size>512 512 64</size>\n<voxelSize>\n<unit>um</unit>\n<size>1.0 1.0 1.0</size>\n</voxelSize>\n<attributes>\n"
                       f"<illumination>0</illumination>\n<channel>0</channel>\n<tile>{i}</tile>\n<angle>0</angle>\n</attributes>\n</ViewSetup>\n")
        file.write('</ViewSetups>\n<Timepoints type="pattern"><integerpattern>0</integerpattern></Timepoints>\n</SequenceDescription>\n<ViewRegistrations>\n')
        for i in range(count):
            z, y, x = place(i, count)
            matrices = [(1, 0, 0, 0.3, 0, 1, 0, 0, 0, 0, 1, 0), (1, 0, 0, x, 0, 1, 0, y, 0, 0, 1, z), (1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0)]
            steps = "".join(f'<ViewTransform type="affine">\n<Name>n</Name>\n<affine>{" ".join(map(str, m))}</affine>\n</ViewTransform>\n' for m in matrices)
            file.write(f'<ViewRegistration timepoint="0" setup="{i}">\n{steps}</ViewRegistration>\n')
        file.write("</ViewRegistrations>\n</SpimData>\n")
    return "dataset.xml"


def shared_images(folder, count):
    zarr_tiles(folder / "tiles", 4)
    views = [{"name": f"tile_{i}", "path": f"tiles/tile_{i % 4}", "transforms": {"registered": [
        [1, 0, 0, z], [0, 1, 0, y], [0, 0, 1, x], [0, 0, 0, 1]]}} for i in range(count) for z, y, x in [place(i, count)]]
    write(folder / "dataset.json", {"views": views})
    return "dataset.json"


KINDS = {"folder of OME-Zarr": image_folder, "list of OME-Zarr": image_list, "OME-Zarr scene": scene, "BigStitcher XML, N5": bigstitcher,
         "dataset.json, four images": shared_images}


def run(folder, *arguments):
    """Seconds and peak memory in bytes."""
    start = time.time()
    process = subprocess.Popen([BIN + "/blockfuse", *arguments], cwd=folder, stdout=subprocess.DEVNULL, env={**os.environ, "BLOCKFUSE_DB": str(folder / "jobs.sqlite")})
    _, status, usage = os.wait4(process.pid, 0)
    assert status == 0, f"{arguments}: status {status}"
    return time.time() - start, usage.ru_maxrss * 1024


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--tiles", type=int, default=100_000)
    parser.add_argument("--folder", default="/tmp/blockfuse-many-views")
    parser.add_argument("--only", default="", help="kinds whose name has this in it")
    options = parser.parse_args()
    print("| dataset | tiles | plan | memory | submit | memory | status | list | run --limit 1 | memory |\n|---|" + "---:|" * 9)
    for name, make in KINDS.items():
        if options.only.lower() not in name.lower():
            continue
        folder = Path(options.folder)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        dataset = make(folder, options.tiles)
        plan = run(folder, "plan", dataset)
        submit = run(folder, "submit", dataset, "--output", "out.zarr")
        status, jobs = run(folder, "status"), run(folder, "list")
        begun = run(folder, "run", "--limit", "1", "--quiet")
        print(f"| {name} | {options.tiles:,} | {plan[0]:.1f} s | {plan[1] / 1e6:.0f} MB | {submit[0]:.1f} s | {submit[1] / 1e6:.0f} MB "
              f"| {status[0]:.2f} s | {jobs[0]:.2f} s | {begun[0]:.1f} s | {begun[1] / 1e6:.0f} MB |", flush=True)
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
