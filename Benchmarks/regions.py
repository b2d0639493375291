"""What it costs to fuse a window of a 10 GB file: peak memory and bytes read, by format.

    python Benchmarks/regions.py [--size 10] [--folder DIR] [--only tiff] [--keep]

Needs numpy, tifffile, imagecodecs and h5py, and the disk for one file at a time. The files are of noise, so that
compressed ones are as large as raw ones; blocks of N5 are links to one file, and raw files are holes, which are read as
any other bytes. `read` is what the program asked of the system (`rchar` of /proc/PID/io), libraries and database
included; `disk` what came from the disk with nothing of it in memory before. The program is BLOCKFUSE_BIN/blockfuse."""
import argparse, json, os, shutil, subprocess, time
from pathlib import Path
import h5py, numpy as np, tifffile, zlib

WINDOW = (64, 512, 512)
BIN = os.environ.get("BLOCKFUSE_BIN", str(Path(__file__).parents[1] / ".build/release"))


def noise(shape):
    return np.random.default_rng(0).integers(0, 65536, shape, "u2")


def planes(size):
    """z of planes of 4096 x 4096 uint16."""
    return (int(size * 1e9) // (4096 * 4096 * 2), 4096, 4096)


def tiff_strips(folder, size):
    tifffile.memmap(folder / "a.tif", shape=planes(size), dtype="u2", bigtiff=True, photometric="minisblack", metadata=None).flush()
    return {"path": "a.tif"}


def tiff_tiles(folder, size):
    shape = planes(size)
    encoded = zlib.compress(noise((256, 256)).tobytes(), 1)
    tiles = shape[0] * 16 * 16
    tifffile.imwrite(folder / "a.tif", (encoded for _ in range(tiles)), shape=shape, dtype="u2", tile=(256, 256), compression="zlib", bigtiff=True, photometric="minisblack", metadata=None)
    return {"path": "a.tif"}


def n5(folder, size):
    shape = [n // 128 * 128 for n in planes(size)]
    path = folder / "a.n5"
    path.mkdir()
    (path / "attributes.json").write_text(json.dumps({"dimensions": shape[::-1], "blockSize": [128] * 3, "dataType": "uint16", "compression": {"type": "gzip", "level": 1}}))
    block = b"\0\0\0\3" + b"\0\0\0\x80" * 3 + __import__("gzip").compress(noise((128,) * 3).tobytes(), 1)
    for x in range(shape[2] // 128):
        for y in range(shape[1] // 128):
            (path / f"{x}/{y}").mkdir(parents=True)
            for z in range(shape[0] // 128):
                if x == y == z == 0:
                    (path / "0/0/0").write_bytes(block)
                else:
                    os.link(path / "0/0/0", path / f"{x}/{y}/{z}")
    return {"path": "a.n5", "spacing": dict.fromkeys("zyx", 1), "origin": dict.fromkeys("zyx", 0)}


def hdf5_chunks(folder, size):
    shape = [n // 64 * 64 for n in planes(size)]
    with h5py.File(folder / "a.h5", "w", libver=("earliest", "v110")) as file:
        data = file.create_dataset("volume", shape=shape, dtype="u2", chunks=(64,) * 3, compression="gzip")
        encoded = zlib.compress(noise((64,) * 3).tobytes(), 1)
        for index in np.ndindex(*[n // 64 for n in shape]):
            data.id.write_direct_chunk(tuple(i * 64 for i in index), encoded)
    return {"path": "a.h5", "dataset": "volume", "spacing": dict.fromkeys("zyx", 1), "origin": dict.fromkeys("zyx", 0)}


def hdf5_plain(folder, size):
    with h5py.File(folder / "a.h5", "w") as file:
        # the first voxel makes the library take the place of all
        file.create_dataset("volume", shape=planes(size), dtype="u2")[0, 0, 0] = 1
    return {"path": "a.h5", "dataset": "volume", "spacing": dict.fromkeys("zyx", 1), "origin": dict.fromkeys("zyx", 0)}


FORMATS = {"BigTIFF, raw strips": tiff_strips, "BigTIFF, deflate tiles of 256 x 256": tiff_tiles, "N5, gzip blocks of 128³": n5,
           "HDF5, gzip chunks of 64³": hdf5_chunks, "HDF5, contiguous": hdf5_plain}


def forget(folder):
    """Nothing of the files stays in memory, where the system lets us."""
    os.sync()
    for path in folder.rglob("*"):
        if path.is_file():
            with open(path, "rb") as file:
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def run(folder, *arguments):
    """Seconds, peak memory in bytes, bytes read, bytes from the disk."""
    start = time.time()
    process = subprocess.Popen([BIN + "/blockfuse", *map(str, arguments)], cwd=folder, env={**os.environ, "BLOCKFUSE_DB": str(folder / "jobs.sqlite")})
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    counters = dict(line.split(": ") for line in Path(f"/proc/{process.pid}/io").read_text().splitlines())
    _, status, usage = os.wait4(process.pid, 0)
    assert status == 0, f"{arguments}: status {status}"
    return time.time() - start, usage.ru_maxrss * 1024, int(counters["rchar"]), int(counters["read_bytes"])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--size", type=float, default=10, help="GB")
    parser.add_argument("--folder", default="/tmp/blockfuse-regions")
    parser.add_argument("--only", default="", help="formats whose name has this in it")
    parser.add_argument("--keep", action="store_true", help="leave the files there")
    options = parser.parse_args()
    window = {k: ",".join(f"{a}={v}" for a, v in zip("zyx", values)) for k, values in
              [("origin", (64, 1024, 1024)), ("shape", WINDOW)]}
    megabytes = np.prod(WINDOW) * 2 / 1e6
    print(f"A window of {' x '.join(map(str, WINDOW))} uint16 ({megabytes:.0f} MB), two workers\n")
    print("| input | size | read | disk | peak memory | time |\n|---|---:|---:|---:|---:|---:|")
    for name, make in FORMATS.items():
        if options.only.lower() not in name.lower():
            continue
        folder = Path(options.folder)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        view = make(folder, options.size)
        (folder / "dataset.json").write_text(json.dumps({"views": [view]}))
        size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
        forget(folder)
        cost = run(folder, "fuse", "dataset.json", "--output", "out.zarr", "--quiet", "--workers", 2, "--output-chunksize", 128,
                   "--output-origin", window["origin"], "--output-shape", window["shape"], "--zarr-options", "ome_zarr=false")
        print(f"| {name} | {size / 1e9:.1f} GB | {cost[2] / 1e6:.0f} MB | {cost[3] / 1e6:.0f} MB | {cost[1] / 1e6:.0f} MB | {cost[0]:.1f} s |", flush=True)
        if not options.keep:
            shutil.rmtree(folder)


if __name__ == "__main__":
    main()
