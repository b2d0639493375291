#!/usr/bin/env python3
"""One job over many tasks, measured and reckoned. Standard library only.

    Benchmarks/cluster.py costs               what a block costs, by voxels and views: the numbers in BlockCosts.swift
    Benchmarks/cluster.py balance             tasks' times on a mosaic with large empty regions
    Benchmarks/cluster.py views [--count N]   an order of many views: its size, and the time to make and to open it
    Benchmarks/cluster.py petabyte            an order of a petabyte really made, opened and collected; then 1,000 and
                                              10,000 tasks reckoned from what was measured

The programs are taken from .build/release, or BLOCKFUSE_BIN; all files go into a folder that is removed.
"""
import argparse, json, math, os, random, re, resource, shutil, signal, sqlite3, statistics, subprocess, sys, tempfile, time
from pathlib import Path

import virtual_mosaic

BIN = Path(os.environ.get("BLOCKFUSE_BIN", Path(__file__).parents[1] / ".build/release"))
folder = Path(tempfile.mkdtemp(prefix="blockfuse-cluster-"))


class Ended:
    def __init__(self, status, output, errors, seconds, usage):
        self.status, self.output, self.errors, self.seconds = status, output, errors, seconds
        self.cpu, self.peak = usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024


def call(*words, name="blockfuse", status=0, **environment):
    """Runs a program to its end: what it said, and what it used."""
    start = time.time()
    with tempfile.TemporaryFile("w+") as errors, tempfile.TemporaryFile("w+") as output:
        process = subprocess.Popen([BIN / name, *map(str, words)], cwd=folder, stdout=output, stderr=errors, env={**os.environ, "BLOCKFUSE_DB": str(folder / "jobs.sqlite"), **environment})
        _, code, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(code)
        seconds = time.time() - start
        errors.seek(0), output.seek(0)
        end = Ended(process.returncode, output.read(), errors.read(), seconds, usage)
    if end.status != status:
        sys.exit(f"{words}: exit status {end.status}\n{end.errors}")
    return end


def submit(dataset, output, *options):
    return call("submit", dataset, "--output", output, *options).output.strip()


def order_of(job):
    return call("order", job).output.strip()


def levels_of(job):
    return json.loads(call("status", job, "--json").output)["levels"]


def work(order, level, task=0, tasks=1, **environment):
    return call("work", order, "--level", level, "--task", task, "--tasks", tasks, "--workers", 1, "--quiet", **environment)


def product(values):
    return math.prod(values)


# costs


def least_squares(rows, values):
    """Solves rows * x = values, each row weighted by its value so that small runs count as much as large ones."""
    rows = [[a / v for a in row] for row, v in zip(rows, values)]
    n = len(rows[0])
    m = [[sum(r[i] * r[j] for r in rows) for j in range(n)] + [sum(r[i] for r in rows)] for i in range(n)]
    for i in range(n):
        for j in range(n):
            if i != j:
                f = m[j][i] / m[i][i]
                m[j] = [a - f * b for a, b in zip(m[j], m[i])]
    return [m[i][n] / m[i][i] for i in range(n)]


def costs():
    call("mosaic", "--tiles", "1x1", "--shape", "64,512,512", "--chunk", "64,128,128", name="mosaic")
    view = json.loads((folder / "mosaic/dataset.json").read_text())["views"][0]
    rows, values, means, mean_values, factors = [], [], [], [], {}
    idle = None
    for kind in ("shifted", "rotated", "content"):
        for count in (1, 4):
            views = []
            for i in range(count):
                matrix = [[1, 0, 0, 0.3 * i], [0, 1, 0, 0.7 * i], [0, 0, 1, 0.9 * i], [0, 0, 0, 1]]
                if kind == "rotated":
                    matrix[1][1:3], matrix[2][1:3] = [math.cos(0.02), -math.sin(0.02)], [math.sin(0.02), math.cos(0.02)]
                views.append({**view, "name": f"v{i}", "path": "mosaic/" + view["path"], "transforms": {"registered": matrix}})
            (folder / "views.json").write_text(json.dumps({"views": views}))
            for chunk in ((16, 32, 64, 128) if kind == "shifted" else (64,)):
                more = ["--weights-func", "content_based"] if kind == "content" else []
                job = submit("views.json", f"{kind}-{count}-{chunk}.ome.zarr", "--output-chunksize", chunk, *more)
                order = order_of(job)
                used = work(order, 0).cpu
                if idle is None:
                    idle = work(order, 0).cpu  # nothing is left: what a start takes
                used -= idle
                level = levels_of(job)[0]
                voxels, blocks = product(level["shape"]), level["blocks"]["total"]
                print(f"{kind}, {count} views, blocks of {chunk}: {used:.2f} s for {blocks} blocks, {voxels / 1e6:.1f} Mvoxel; {used / voxels * 1e9:.1f} ns a voxel", flush=True)
                if kind == "shifted":
                    rows.append([blocks, voxels, voxels * count])
                    values.append(used)
                    used = work(order, 1).cpu - idle
                    level = levels_of(job)[1]
                    means.append([level["blocks"]["total"], product(level["shape"])])
                    mean_values.append(used)
                else:
                    factors[kind, count] = used / voxels
    # one brick, of which a view touches a corner, and that corner alone
    (folder / "views.json").write_text(json.dumps({"views": [{**view, "path": "mosaic/" + view["path"]}]}))
    used, blocks = {}, {}
    for side in (512, 1440):
        for repeat in range(3):
            job = submit("views.json", f"corner-{side}-{repeat}.ome.zarr", "--output-chunksize", 32, "--output-shape", f"z=64,y={side},x={side}")
            order = order_of(job)
            for level in (0, 1):
                key = side, level
                used[key] = min(used.get(key, math.inf), work(order, level).cpu)
                blocks[key] = levels_of(job)[level]["blocks"]["total"]
    for level in (0, 1):
        each = (used[1440, level] - used[512, level]) / (blocks[1440, level] - blocks[512, level])
        print(f"a block of level {level} that no view touches, in a brick that one touches: {each * 1e6:.0f} us")
    block, voxel, per_view = least_squares(rows, values)
    mean_block, mean = least_squares(means, mean_values)
    print(f"a start of a task {idle:.3f} s")
    print(f"a block {block * 1e6:.0f} us, a voxel {voxel * 1e9:.2f} ns, a voxel of a view {per_view * 1e9:.2f} ns")
    print(f"of the pyramid: a block {mean_block * 1e6:.0f} us, a voxel {mean * 1e9:.2f} ns")
    for kind in ("rotated", "content"):
        print(f"a voxel of a view, {kind}: {(factors[kind, 4] - factors[kind, 1]) / 3 * 1e9:.2f} ns")


# balance


def balance(tasks=8, repeats=7):
    call("mosaic", "--tiles", "1x1", "--shape", "128,512,512", "--chunk", "64,128,128", name="mosaic")
    tile = json.loads((folder / "mosaic/dataset.json").read_text())["views"][0]
    step, draw, kept = 512 * 0.85 * 0.5, random.Random(1), []
    # of 5 x 5 places an L, and one alone at the far corner: most of the volume is empty. All are the same tile
    for row, column in [(r, c) for r in range(5) for c in range(5) if c < 2 or r == 4 or (r, c) == (0, 4)]:
        shift = [draw.uniform(-1, 1), row * step + draw.uniform(-1, 1), column * step + draw.uniform(-1, 1)]
        kept.append({**tile, "name": f"{row}-{column}", "transforms": {"registered": [[1, 0, 0, shift[0]], [0, 1, 0, shift[1]], [0, 0, 1, shift[2]], [0, 0, 0, 1]]}})
    (folder / "mosaic/sparse.json").write_text(json.dumps({"views": kept}))
    ends = {0: [[] for _ in range(tasks)], 1: [[] for _ in range(tasks)]}
    for repeat in range(repeats):
        job = submit("mosaic/sparse.json", f"sparse-{repeat}.ome.zarr", "--output-chunksize", "64")
        order = order_of(job)
        for number in ends:
            # one after the other, each with a core of its own; a machine that is slow for a while is so to another each time
            for task in draw.sample(range(tasks), tasks):
                ends[number][task].append(work(order, number, task, tasks))
        call("collect", job)
        levels = [level["blocks"] for level in levels_of(job)]
        shutil.rmtree(folder / f"sparse-{repeat}.ome.zarr")
    print(f"{len(kept)} tiles of 25; the least of {repeats} times of each task, and the median")
    for number in ends:
        print(f"level {number}: {levels[number]['total']} blocks, {levels[number]['empty'] / levels[number]['total']:.0%} of them empty")
        for title, of in (("wall", lambda end: end.seconds), ("CPU", lambda end: end.cpu)):
            for name, middle in (("least", min), ("median", statistics.median)):
                values = [middle(map(of, task)) for task in ends[number]]
                mean = sum(values) / tasks
                print(f"  {title} seconds, {name}: {' '.join(f'{v:.2f}' for v in values)}; at most {max(abs(v / mean - 1) for v in values):.0%} from their mean, the longest {max(values) / min(values) - 1:.0%} over the shortest")


def first_block(order, task, tasks):
    """Seconds from the start of a task until its log names a block that is done; its peak memory; its CPU seconds."""
    start = time.time()
    share = Path(order, f"level-0/of-{tasks}/task-{task}")
    process = subprocess.Popen([BIN / "blockfuse", "work", order, "--level", "0", "--task", str(task), "--tasks", str(tasks), "--workers", "1", "--quiet"], cwd=folder, stderr=subprocess.PIPE)
    seconds = None
    while seconds is None and process.poll() is None:
        for log in share.glob("*.log") if share.exists() else []:
            if any(kind == 2 for kind, _ in records(log.read_bytes())):
                seconds = time.time() - start
        time.sleep(0.01)
    process.send_signal(signal.SIGTERM)
    _, code, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(code)
    if seconds is None:
        sys.exit(f"the task ended with {process.returncode}: {process.stderr.read().decode()}")
    return seconds, usage.ru_maxrss * 1024, usage.ru_utime + usage.ru_stime


def records(log):
    """(kind, content) of each record of a log."""
    at = 8
    while at + 8 < len(log):
        length = int.from_bytes(log[at:at + 4], "little")
        if at + 8 + length > len(log):
            return
        yield log[at + 8], log[at + 9:at + 8 + length]
        at += 8 + length


CRC = []
for i in range(256):
    for _ in range(8):
        i = i >> 1 ^ 0x82F63B78 * (i & 1)
    CRC.append(i)


def record(content):
    length = len(content).to_bytes(4, "little")
    sum = 0xFFFFFFFF
    for byte in length + content:
        sum = CRC[(sum ^ byte) & 255] ^ sum >> 8
    return length + (sum ^ 0xFFFFFFFF).to_bytes(4, "little") + content


def made_up_logs(order, bricks_of_task, tasks, settled_at_a_time=64):
    """What some tasks would have logged for whole bricks: in each, all of the 4,096 blocks done."""
    database = sqlite3.connect(f"file:{order}/order.sqlite?mode=ro&immutable=1", uri=True)
    uuid = database.execute("SELECT uuid FROM work_order").fetchone()[0]
    now = int(time.time() * 1000).to_bytes(8, "little")
    total = 0
    for task, bricks in enumerate(bricks_of_task):
        header = {"order": uuid, "level": 0, "share": task, "shareCount": tasks, "task": task, "host": "n1", "pid": 1, "program": "p", "temporaryTag": "t", "startedAt": 1}
        parts = [b"BFTASK1\n", record(b"\x01" + json.dumps(header).encode())]
        for brick in bricks:
            places = [brick.to_bytes(4, "little") + index.to_bytes(2, "little") for index in range(4096)]
            for i in range(0, 4096, settled_at_a_time):
                some = places[i:i + settled_at_a_time]
                parts += [record(b"\x05" + b"".join(some)), record(b"\x02" + now + b"".join(p + b"\x00" for p in some))]
        parts.append(record(b"\x06" + now + b"complete"))
        path = Path(order, f"level-0/of-{tasks}/task-{task}")
        path.mkdir(parents=True)
        data = b"".join(parts)
        (path / "task-0.log").write_bytes(data)
        total += len(data)
    return total


def views(count=100_000):
    start = time.time()
    side = math.ceil(count ** 0.5)
    virtual_mosaic.make(folder, math.ceil(count / side), side, shape=(256, 256, 256), chunk=(64, 64, 64))
    print(f"{count} views made in {time.time() - start:.0f} s", flush=True)
    end = call("submit", "virtual.json", "--output", "out.ome.zarr", "--output-chunksize", 64)
    print(f"submit: {end.seconds:.1f} s ({end.cpu:.1f} CPU s), peak {end.peak / 1e6:.0f} MB", flush=True)
    measure_order(end.output.strip())


def measure_order(job, counts=(1000, 10_000)):
    end = call("order", job)
    order = end.output.strip()
    size = os.path.getsize(order + "/order.sqlite")
    print(f"order: {end.seconds:.1f} s ({end.cpu:.1f} CPU s), peak {end.peak / 1e6:.0f} MB; order.sqlite {size / 1e6:.1f} MB", flush=True)
    starts = {}
    for tasks in counts:
        starts[tasks] = first_block(order, tasks // 3, tasks)
        print(f"task {tasks // 3} of {tasks}: first block durable after {starts[tasks][0]:.2f} s ({starts[tasks][2]:.1f} CPU s), peak {starts[tasks][1] / 1e6:.0f} MB", flush=True)
    return order, size, starts


def petabyte():
    # what a block costs in time and in files: a small mosaic of the same make
    call("mosaic", "--tiles", "2x2", "--shape", "128,512,512", "--chunk", "128,256,256", "--overlap", "0.1", name="mosaic")
    rates = {}
    for title, options in (("chunks", ["--output-chunksize", "128"]), ("shards", ["--output-chunksize", "128", "--ngff-version", "0.5", "--shards", "z=128,y=512,x=512"])):
        job = submit("mosaic/dataset.json", f"{title}.ome.zarr", *options)
        order = order_of(job)
        levels = levels_of(job)
        used = 0
        traced = {}
        for level in range(len(levels)):
            end = work(order, level, BLOCKFUSE_FAULT="trace")
            for line in end.errors.splitlines():
                if line.startswith("fault: "):
                    traced[line[7:]] = traced.get(line[7:], 0) + 1
        job = submit("mosaic/dataset.json", f"{title}-timed.ome.zarr", *options)
        order = order_of(job)
        idle = None
        for level in range(len(levels)):
            used += work(order, level).cpu
        idle = work(order, 0).cpu
        voxels = product(levels[0]["shape"])
        files = sum(level["blocks"]["total"] for level in levels)
        rates[title] = (used - idle * len(levels)) / voxels, {k: v / voxels for k, v in traced.items()}
        print(f"{title}: {used:.1f} CPU s for {voxels / 1e6:.0f} Mvoxel and their pyramid, {files} files; {voxels / used / 1e6:.0f} Mvoxel a CPU second")
        print("  " + ", ".join(f"{k} {v}" for k, v in sorted(traced.items()) if k.startswith(("file", "folder", "log"))), flush=True)
    for name in ("mosaic",):
        shutil.rmtree(folder / name)
    virtual_mosaic.make(folder, 100, 100)
    end = call("submit", "virtual.json", "--output", "out.ome.zarr", "--output-chunksize", 128)
    job = end.output.strip()
    levels = levels_of(job)
    blocks = [level["blocks"]["total"] for level in levels]
    voxels = product(levels[0]["shape"])
    print(f"submit: {end.seconds:.1f} s; {voxels * 2 / 1e15:.2f} PB, {len(levels)} levels, {sum(blocks):,} blocks", flush=True)
    order, size, starts = measure_order(job)
    # the bytes of a log for each block, as a task wrote them
    found = [log for log in Path(order).rglob("*.log")]
    done = sum(len(content[8:]) // 7 for log in found for kind, content in records(log.read_bytes()) if kind == 2)
    byte_count = sum(log.stat().st_size for log in found)
    print(f"logs so far: {byte_count} bytes for {done} blocks")
    collected = {}
    bricks = math.ceil(blocks[0] / 4096)
    for tasks in starts:
        # one hundredth of what there will be
        each, some = bricks // tasks, tasks // 100
        order = order_of(job)
        size = made_up_logs(order, [range(i * each, (i + 1) * each) for i in range(some)], tasks)
        end = call("collect", job)
        collected[tasks] = (end.seconds, size / some / each / 4096, some * each * 4096)
        print(f"collect: {end.seconds:.1f} s, peak {end.peak / 1e6:.0f} MB, for {some} logs of {size / some / 1e6:.2f} MB with {some * each * 4096:,} blocks", flush=True)
    print("\n| | " + " | ".join(f"{tasks:,} tasks" for tasks in starts) + " |\n|---|" + "---|" * len(starts))
    cores = 8

    def row(title, value):
        print(f"| {title} | " + " | ".join(value(tasks) for tasks in starts) + " |")

    def hours(tasks, kind="chunks"):
        return voxels * rates[kind][0] / (tasks * cores) / 3600 + len(levels) * starts[tasks][0] / 3600

    def rate(tasks, kind, names):
        return sum(rates[kind][1].get(n, 0) for n in names) * voxels / (hours(tasks, kind) * 3600)

    row(f"hours, {cores} cores a task", lambda n: f"{hours(n):.2f}")
    row("of that starting tasks, minutes", lambda n: f"{len(levels) * starts[n][0] / 60:.1f}")
    for kind in rates:
        row(f"files written, {kind}", lambda n: f"{rates[kind][1].get('file-renamed', 0) * voxels:.2g}")
        row(f"files opened to read, {kind}", lambda n: f"{rates[kind][1].get('file-read', 0) * voxels:.2g}")
        row(f"metadata operations a second (create, rename, mkdir), {kind}", lambda n: f"{rate(n, kind, ['file-opening', 'file-renamed', 'folder-made']):,.0f}")
        row(f"syncs a second (files, folders, logs), {kind}", lambda n: f"{rate(n, kind, ['file-synced', 'folder-synced', 'log-synced']):,.0f}")
        row(f"opens to read a second, {kind}", lambda n: f"{rate(n, kind, ['file-read']):,.0f}")
    row("log files", lambda n: f"{n + sum(min(n, max(1, b // 16)) for b in blocks[1:]):,}")
    row("logs in all, GB", lambda n: f"{collected[n][1] * sum(blocks) / 1e9:.1f}")
    row("logs of a task, MB", lambda n: f"{collected[n][1] * sum(blocks) / n / 1e6:.2f}")
    row("collecting all of it once, minutes", lambda n: f"{collected[n][0] * sum(blocks) / collected[n][2] / 60:.1f}")


parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("what", choices=["costs", "balance", "views", "petabyte"])
parser.add_argument("--count", type=int, default=100_000)
arguments = parser.parse_args()
try:
    views(arguments.count) if arguments.what == "views" else globals()[arguments.what]()
finally:
    shutil.rmtree(folder, ignore_errors=True)
