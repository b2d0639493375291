#!/usr/bin/env python3
"""blockfuse end to end beside its peers and the machine's limits, all in one run; writes a dated table.

    Benchmarks/.venv/bin/python Benchmarks/peers.py [--only fuse,content,pyramid,workers,slow,memory] [--out results]

`Benchmarks/run.sh` makes that Python, with what is in peers-requirements.txt. For Linux.

Tiles are 128 x 512 x 512 uint16 with photon noise, 2 x 2 of them where nothing else is said. "copy" moves every tile to its
rounded place with tensorstore and blends nothing; "reference" is multiview-stitcher, block by block in two joblib
processes, once. The time of each of the three is that of a process from its start to its end, voxels are those of
blockfuse's output; blockfuse and tensorstore sync every file. "written" is what the disk takes of files of the sizes that
blockfuse wrote, synced, from eight threads; "codec" is what the codec's library alone needs on two cores to decode the tiles
and encode the result. Before each run of anyone, what is left to write is written, and up to 4 GB of memory are touched and
given back (see `settle`).
"""
import argparse, collections, datetime, glob, json, multiprocessing, os, platform, shutil, statistics, subprocess, sys, threading, time, warnings

warnings.filterwarnings("ignore")
import numpy as np

CODECS = {
    "zstd1": {"id": "zstd", "level": 1},
    "blosc": {"id": "blosc", "cname": "lz4", "clevel": 5, "shuffle": 1},
    "raw": None,
}
CHUNK = 128
HERE = os.path.dirname(os.path.abspath(__file__))


# The mosaic

def write_tile(path, data, chunk, codec):
    import zarr
    from zarr.codecs import BloscCodec, ZstdCodec
    compressors = {"zstd1": ZstdCodec(level=1), "blosc": BloscCodec(cname="lz4", clevel=5, shuffle="shuffle", typesize=2), "raw": None}[codec]
    group = zarr.open_group(path, mode="w", zarr_format=3)
    array = group.create_array("0", shape=(1, 1, *data.shape), chunks=(1, 1, *chunk), dtype=data.dtype, compressors=compressors, dimension_names=list("tczyx"), fill_value=0)
    array[0, 0] = data
    scale = [{"type": "scale", "scale": [1.0] * 5}]
    group.attrs["ome"] = {"version": "0.5", "multiscales": [{
        "axes": [{"name": "t", "type": "time"}, {"name": "c", "type": "channel"}] + [{"name": d, "type": "space", "unit": "micrometer"} for d in "zyx"],
        "datasets": [{"path": "0", "coordinateTransformations": scale}]}]}


def make(root, kind, codec, grid=(2, 2), shape=(128, 512, 512), chunk=(128, 256, 256)):
    from scipy.ndimage import gaussian_filter
    shutil.rmtree(root, ignore_errors=True)
    os.makedirs(root)
    rng = np.random.default_rng(7)
    tissue = gaussian_filter(rng.random(shape, dtype=np.float32), 2)
    tissue = (tissue - tissue.min()) / np.ptp(tissue)
    step = shape[2] - shape[2] // 10
    views = []
    for row in range(grid[0]):
        for column in range(grid[1]):
            name = f"tile_{row}_{column}.ome.zarr"
            write_tile(f"{root}/{name}", rng.poisson(100 + 3000 * np.roll(tissue, (31 * row, 47 * column), (1, 2))).astype(np.uint16), chunk, codec)
            matrix = np.eye(4)
            matrix[1:3, 3] = row * (shape[1] - shape[2] // 10), column * step
            if kind in ("frac", "rot", "tilt"):
                matrix[:3, 3] += rng.uniform(-1, 1, 3)
            if kind == "rot":
                a = rng.uniform(-0.05, 0.05)
                matrix[1:3, 1:3] = [[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]]
            if kind == "tilt":
                a, b = rng.uniform(-0.03, 0.03, 2)
                matrix[:3, :3] = np.array([[1, 0, 0], [0, np.cos(a), -np.sin(a)], [0, np.sin(a), np.cos(a)]]) @ np.array([[np.cos(b), -np.sin(b), 0], [np.sin(b), np.cos(b), 0], [0, 0, 1]])
            views.append({"name": name, "path": name, "transforms": {"registered": matrix.tolist()}})
    with open(f"{root}/dataset.json", "w") as f:
        json.dump({"views": views}, f)


# Those who run

def options(root, codec, pyramid=False, **more):
    path = f"{root}/options.json"
    with open(path, "w") as f:
        json.dump({"output_chunksize": CHUNK, "zarr_options": {
            "ome_zarr": pyramid, "ngff_version": "0.5", "overwrite": True, "zarr_array_creation_kwargs": {"compressor": CODECS[codec]}}, **more}, f)
    return path


def blockfuse(a, root, codec, out=None, arguments=(), **more):
    out = out or f"{root}/blockfuse.zarr"
    return [f"{a.bin}/blockfuse", "fuse", f"{root}/dataset.json", "--options", options(root, codec, **more), "--output", out,
            "--db", f"{os.path.dirname(out)}/jobs.sqlite", *arguments]


def views_of(root):
    with open(f"{root}/dataset.json") as f:
        return json.load(f)["views"]


def run_reference(root, codec, weights):
    from zarr.codecs import BloscCodec, BytesCodec, ZstdCodec
    from multiview_stitcher import fusion, misc_utils, ngff_utils, param_utils, spatial_image_utils, weights as weighting
    sims = []
    for view in views_of(root):
        sim = ngff_utils.read_sim_from_ome_zarr(f"{root}/{view['path']}", transform_key="r")
        spatial_image_utils.set_sim_affine(sim, param_utils.affine_to_xaffine(np.array(view["transforms"]["registered"])), "r")
        sims.append(sim)
    codecs = {"zstd1": [ZstdCodec(level=1)], "blosc": [BloscCodec(cname="lz4", clevel=5, shuffle="shuffle", typesize=2)], "raw": []}[codec]
    content = {"weights_func": weighting.content_based, "weights_func_kwargs": {"sigma_1": 5, "sigma_2": 11}} if weights else {}
    fusion.fuse(
        sims, transform_key="r", output_chunksize=CHUNK, output_zarr_url=f"{root}/reference.zarr",
        zarr_options={"zarr_array_creation_kwargs": {"zarr_format": 3, "codecs": [BytesCodec()] + codecs}},
        batch_options={"batch_func": misc_utils.process_batch_using_joblib, "n_batch": 8, "batch_func_kwargs": {"n_jobs": 2}}, **content)


def run_copy(root, codec):
    import tensorstore as ts
    context = ts.Context({"data_copy_concurrency": {"limit": 2}, "file_io_concurrency": {"limit": 8}, "cache_pool": {"total_bytes_limit": 2 * 10**9}})
    corners = np.array([np.array(v["transforms"]["registered"])[:3, 3] for v in views_of(root)])
    corners = np.round(corners - corners.min(0)).astype(int)
    tiles = [ts.open({"driver": "zarr3", "kvstore": {"driver": "file", "path": f"{root}/{v['path']}/0"}}, context=context).result() for v in views_of(root)]
    compression = {"zstd1": [{"name": "zstd", "configuration": {"level": 1}}],
                   "blosc": [{"name": "blosc", "configuration": {"cname": "lz4", "clevel": 5, "shuffle": "shuffle", "typesize": 2, "blocksize": 0}}], "raw": []}[codec]
    out = ts.open({"driver": "zarr3", "kvstore": {"driver": "file", "path": f"{root}/copy.zarr"}, "create": True, "delete_existing": True, "metadata": {
        "shape": [1, 1] + (corners.max(0) + tiles[0].shape[2:]).tolist(), "data_type": "uint16",
        "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [1, 1] + [CHUNK] * 3}},
        "codecs": [{"name": "bytes", "configuration": {"endian": "little"}}] + compression}}, context=context).result()
    with ts.Transaction() as transaction:
        for tile, corner in zip(tiles, corners):
            place = (slice(None), slice(None)) + tuple(slice(c, c + n) for c, n in zip(corner, tile.shape[2:]))
            out.with_transaction(transaction)[place].write(tile).result()


# Limits

def written_limit(files, folder):
    """Seconds to write and sync files of the same sizes, from eight threads."""
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    sizes = [os.path.getsize(f) for f in files]
    data = os.urandom(max(sizes))
    left, lock = list(enumerate(sizes)), threading.Lock()

    def work():
        while True:
            with lock:
                if not left:
                    return
                number, size = left.pop()
            with open(f"{folder}/{number}", "wb") as f:
                f.write(memoryview(data)[:size])
                f.flush()
                os.fsync(f.fileno())

    settle()
    start = time.time()
    threads = [threading.Thread(target=work) for _ in range(8)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    seconds = time.time() - start
    shutil.rmtree(folder)
    return seconds


def codec_seconds(codec, files, decode, clock):
    import numcodecs
    compressor = numcodecs.get_codec(CODECS[codec])
    encoded = [open(f, "rb").read() for f in files]
    # a buffer for all, as a program would have that is in a hurry
    buffer = np.empty_like(np.frombuffer(compressor.decode(encoded[0]), np.uint16))
    if decode:
        start = clock()
        for data in encoded:
            compressor.decode(data, out=buffer)
        return clock() - start
    decoded = [np.frombuffer(compressor.decode(data), np.uint16) for data in encoded]
    start = clock()
    for data in decoded:
        compressor.encode(data)
    return clock() - start


def codec_limit(codec, inputs, outputs, count=2, clock=time.process_time):
    """Seconds that so many processes need, all at work, each with its part of the files."""
    if codec == "raw":
        return 0.0
    settle()
    with multiprocessing.Pool(count) as pool:
        return sum(
            max(pool.starmap(codec_seconds, [(codec, files[i::count], decode, clock) for i in range(count)], chunksize=1))
            for files, decode in ((inputs, True), (outputs, False)))


# Measuring

def settle():
    """Nobody pays for what another has left to write, nor for memory that the host of a virtual machine took back while
    it was free: to have it handed out anew costs up to half a second of CPU a GB, by chance."""
    os.sync()
    free = next(int(l.split()[1]) for l in open("/proc/meminfo") if l.startswith("MemAvailable")) << 10
    pages = min(4 << 30, free // 2) // 4096
    # in a process of its own: a child starts with its parent's peak
    subprocess.run([sys.executable, "-c", f"memory = bytearray({pages} * 4096); memory[::4096] = bytes({pages})"], check=True)


# seconds by the clock, CPU seconds and peak MB of the process; what was left of all cores and what the host of a virtual
# machine took of them, in percent
Run = collections.namedtuple("Run", "seconds cpu peak idle stolen")


def timed(command, env=None):
    settle()
    start, before = time.time(), core_ticks()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env={**os.environ, **(env or {})})
    error = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"{command} ended with status {status}: {error.decode()[-2000:]}")
    seconds = time.time() - start
    spent = [after - then for then, after in zip(before, core_ticks())]
    return Run(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, 100 * (spent[3] + spent[4]) / sum(spent), 100 * spent[7] / sum(spent))


def core_ticks():
    """Of all cores since the start: user, nice, system, idle, waiting for a disk, interrupts, soft interrupts, stolen."""
    with open("/proc/stat") as f:
        return [int(n) for n in f.readline().split()[1:9]]


def median(command, runs, env=None, clean=()):
    results = []
    for _ in range(runs):
        for path in clean:
            shutil.rmtree(path, ignore_errors=True)
        results.append(timed(command, env))
    return Run(*(statistics.median(column) for column in zip(*results)))


def chunk_files(folder):
    return [f for f in glob.glob(f"{folder}/**", recursive=True) if os.path.isfile(f) and not os.path.basename(f).startswith((".z", "zarr.json"))]


def voxels(path):
    with open(f"{path}/zarr.json") as f:
        return int(np.prod(json.load(f)["shape"]))


class Report:
    def __init__(self):
        cpu = next((l.split(":")[1].strip() for l in open("/proc/cpuinfo") if l.startswith("model name")), platform.processor())
        self.text = f"# End to end, {datetime.date.today()}\n\n- processor: {cpu}, {os.cpu_count()} cores\n- system: {platform.platform()}\n"

    def section(self, title, columns, note=""):
        self.add(f"\n## {title}\n" + (f"\n{note}\n" if note else "") + f"\n| {' | '.join(columns)} |\n|{'---|' * len(columns)}")

    def row(self, *cells):
        self.add("| " + " | ".join("-" if c != c else f"{c:.2f}" if isinstance(c, float) else str(c) for c in cells) + " |")

    def add(self, line):
        self.text += line + "\n"
        print(line, flush=True)


def child(*arguments):
    return [sys.executable, os.path.abspath(__file__), "--child", ",".join(arguments)]


def fuse(a, report):
    report.section(
        "Fusing, Mvoxel/s", ["kind", "codec", "copy", "reference", "blockfuse", "x copy", "x reference", "written", "codec", "of the limit", "peak MB"],
        "The limit is the smaller of `written` and 0.6 of the codec's.")
    for kind in a.kinds.split(","):
        for codec in a.codecs.split(","):
            root = f"{a.work}/{kind}"
            subprocess.run(child("make", root, kind, codec, a.size), check=True)
            out = f"{root}/blockfuse.zarr"
            mine, copies, limits = [], [], []
            for _ in range(a.runs):
                copies.append(median(child("copy", root, codec), 1, clean=[f"{root}/copy.zarr"]).seconds)
                mine.append(median(blockfuse(a, root, codec), 1, clean=[out]))
                files, inputs = chunk_files(out), chunk_files(f"{root}/tile_*")
                limits.append((written_limit(files, f"{root}/limit"), codec_limit(codec, inputs, files)))
            reference = timed(child("reference", root, codec, "")).seconds if not a.no_reference else float("nan")
            n = voxels(out) / 1e6
            seconds, copy = statistics.median(m.seconds for m in mine), statistics.median(copies)
            written, coding = (statistics.median(l[i] for l in limits) for i in (0, 1))
            limit = min(n / written, 0.6 * n / coding if coding else float("inf"))
            report.row(kind, codec, n / copy, n / reference, n / seconds, copy / seconds, reference / seconds, n / written,
                       n / coding if coding else "-", n / seconds / limit, max(m.peak for m in mine))
            shutil.rmtree(root)


def content(a, report):
    report.section("Content-based weights, Mvoxel/s", ["kind", "reference", "blockfuse", "x reference"], "2 x 1 tiles of 128 x 256 x 256 that share a tenth.")
    for kind in ("grid", "frac", "tilt"):
        root = f"{a.work}/content"
        subprocess.run(child("make", root, kind, "zstd1", "small"), check=True)
        mine = median(blockfuse(a, root, "zstd1", weights_func="content_based"), a.runs, clean=[f"{root}/blockfuse.zarr"]).seconds
        n = voxels(f"{root}/blockfuse.zarr") / 1e6
        reference = timed(child("reference", root, "zstd1", "content")).seconds
        report.row(kind, n / reference, n / mine, reference / mine)
        shutil.rmtree(root)


def pyramid(a, report):
    report.section(
        "Pyramid", ["kind", "level 0 s", "in one run s", "of level 0", "by a later run s", "of level 0"],
        "4 x 4 tiles. What the levels above 0 take: more than level 0 alone in one run, and in a run of their own, which starts anew and reads level 0 back.")
    for kind in ("grid", "frac"):
        root = f"{a.work}/pyramid"
        subprocess.run(child("make", root, kind, "zstd1", "wide"), check=True)
        plain, whole, later = [], [], []
        for _ in range(a.runs):
            plain.append(median(blockfuse(a, root, "zstd1"), 1, clean=[f"{root}/blockfuse.zarr"]).seconds)
            whole.append(median(blockfuse(a, root, "zstd1", pyramid=True), 1, clean=[f"{root}/blockfuse.zarr"]).seconds)
            shutil.rmtree(f"{root}/blockfuse.zarr")
            command = blockfuse(a, root, "zstd1", pyramid=True)
            db = command[-2:]
            subprocess.run([command[0], "submit", *command[2:]], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            status = json.loads(subprocess.run([command[0], "status", "--json", *db], check=True, stdout=subprocess.PIPE).stdout)
            timed([command[0], "run", "--limit", str(status["levels"][0]["blocks"]["total"]), *db])
            later.append(timed([command[0], "run", *db]).seconds)
        zero, extra, rest = statistics.median(plain), statistics.median(whole) - statistics.median(plain), statistics.median(later)
        report.row(kind, zero, extra, extra / zero, rest, rest / zero)
        shutil.rmtree(root)


def workers(a, report):
    report.section(
        "Workers", ["kind", "output on", "1 worker s", "2 workers s", "ratio", "libzstd's ratio", "idle %", "stolen %", "of the limit"],
        "4 x 4 tiles: on a job of a second, its start and its end would show. libzstd's ratio is what the machine itself gives: every "
        "second chunk of the tiles decoded and encoded by two processes, half each, beside one, by turns with the rest. Idle is what two workers leave of both "
        "cores; stolen is what the host of a virtual machine takes of them. The limit is as for fusing.")
    for kind in a.kinds.split(","):
        root = f"{a.work}/workers"
        subprocess.run(child("make", root, kind, "zstd1", "wide"), check=True)
        inputs = chunk_files(f"{root}/tile_*")[::2]
        for name, folder in (("tmpfs", "/dev/shm/blockfuse-bench"), ("disk", f"{root}/out")):
            shutil.rmtree(folder, ignore_errors=True)
            os.makedirs(folder)
            mine, library, limits = {1: [], 2: []}, {1: [], 2: []}, []
            for _ in range(a.runs):
                for count in mine:
                    command = blockfuse(a, root, "zstd1", out=f"{folder}/out.zarr", arguments=["--workers", str(count)])
                    mine[count].append(median(command, 1, clean=[f"{folder}/out.zarr"]))
                    library[count].append(codec_limit("zstd1", inputs, inputs, count, time.time))
                files = chunk_files(f"{folder}/out.zarr")
                limits.append(max(written_limit(files, f"{folder}/limit"), codec_limit("zstd1", chunk_files(f"{root}/tile_*"), files) / 0.6))
            one, two = (Run(*(statistics.median(column) for column in zip(*mine[count]))) for count in (1, 2))
            machine = statistics.median(library[1]) / statistics.median(library[2])
            report.row(kind, name, one.seconds, two.seconds, one.seconds / two.seconds, machine, two.idle, two.stolen, statistics.median(limits) / two.seconds)
            shutil.rmtree(folder)
        shutil.rmtree(root)


def slow(a, report):
    report.section("Slow storage", ["waits", "workers", "seconds", "CPU s", "cores busy"], "`BLOCKFUSE_FAULT=file-synced=wait:MS`, and `file-written=` the same, where a worker waits, on 4 x 2 rotated tiles; without a wait and with.")
    root = f"{a.work}/slow"
    subprocess.run(child("make", root, "rot", "zstd1", "long"), check=True)
    for name, point, wait, count in (("none", "", 0, 2), ("none", "", 0, 8), ("each sync", "file-synced", 50, 8), ("each sync", "file-synced", 100, 8), ("each write", "file-written", 50, 8)):
        env = {"BLOCKFUSE_FAULT": f"{point}=wait:{wait}@1+"} if wait else None
        mine = median(blockfuse(a, root, "zstd1", arguments=["--workers", str(count)]), a.runs, env=env, clean=[f"{root}/blockfuse.zarr"])
        report.row(f"{name}, {wait} ms" if wait else name, count, mine.seconds, mine.cpu, mine.cpu / mine.seconds)
    shutil.rmtree(root)


def memory(a, report):
    report.section("Memory", ["--memory", "plan MB", "peak MB", "peak of plan"], "Two rotated tiles of 256 x 1024 x 1024, more than the cache holds.")
    root = f"{a.work}/memory"
    subprocess.run(child("make", root, "rot", "zstd1", "large"), check=True)
    for size in ("400MiB", "600MiB", "1GiB"):
        command = blockfuse(a, root, "zstd1", arguments=["--memory", size])
        planned = json.loads(subprocess.run([command[0], "plan", *command[2:], "--json"], check=True, stdout=subprocess.PIPE).stdout)["memory"]["total"] / 2**20
        peak = median(command, 1, clean=[f"{root}/blockfuse.zarr"]).peak
        report.row(size, planned, peak, peak / planned)
    shutil.rmtree(root)


SIZES = {"": {}, "long": {"grid": (4, 2)}, "wide": {"grid": (4, 4)}, "small": {"grid": (1, 2), "shape": (128, 256, 256), "chunk": (128, 128, 128)}, "large": {"grid": (1, 2), "shape": (256, 1024, 1024)}}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--bin", default=os.path.join(HERE, "../.build-static/release"), help="folder of blockfuse; by default as it is installed (scripts/build-static.sh)")
    parser.add_argument("--only", default="fuse,content,pyramid,workers,slow,memory", help="parts, in this order")
    parser.add_argument("--codecs", default="zstd1,blosc,raw", help="of fuse; the other parts take zstd1")
    parser.add_argument("--kinds", default="grid,frac,rot", help="of fuse and workers: shifts by whole voxels, by parts of them, rotations")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--no-reference", action="store_true", help="fuse without multiview-stitcher")
    parser.add_argument("--size", default="", choices=["", "long", "wide"], help="of the mosaic of fuse: 2 x 2 tiles, or 4 x 2 (long) or 4 x 4 (wide)")
    parser.add_argument("--work", default=os.path.join(HERE, ".build/peers"), help="folder for mosaics and results, on the disk to be measured")
    parser.add_argument("--out", help="folder for the table")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    a = parser.parse_args()
    if a.child:
        # a process of its own: a child starts with its parent's peak
        name, root, *rest = a.child.split(",")
        if name == "make":
            return make(root, rest[0], rest[1], **SIZES[rest[2] if len(rest) > 2 else ""])
        return run_copy(root, rest[0]) if name == "copy" else run_reference(root, rest[0], rest[1])
    a.bin = os.path.abspath(a.bin)
    if not os.path.exists(f"{a.bin}/blockfuse"):
        sys.exit(f"there is no {a.bin}/blockfuse; scripts/build-static.sh builds it")
    path = free_path(a.out) if a.out else None
    report = Report()
    for part in a.only.split(","):
        {"fuse": fuse, "content": content, "pyramid": pyramid, "workers": workers, "slow": slow, "memory": memory}[part](a, report)
        if path:
            with open(path, "w") as f:
                f.write(report.text)
    if path:
        print(f"written to {path}")


def free_path(folder, kind="peers"):
    """Of the table: no earlier one is overwritten."""
    os.makedirs(folder, exist_ok=True)
    names = [f"{datetime.date.today()}-{kind}{number}.md" for number in ("", *(f"-{n}" for n in range(2, 100)))]
    return next(path for path in (f"{folder}/{name}" for name in names) if not os.path.exists(path))


if __name__ == "__main__":
    main()
