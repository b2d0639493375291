#!/usr/bin/env python3
"""What a job of a petabyte costs to hold; writes a table. Standard library only.

    Benchmarks/petabyte.py [--work DIR] [--blocks 2500] [--out results]

10,000 tiles of 6000 x 3200 x 3200 voxels without a stored chunk, shifted and turned, and 100,000 tiles of 600 x 320 x 320:
every block can really be fused, from the tiles' fill value. In the last mosaic that value is the output's own, so that the
whole of it is settled without being written. Each command's peak memory is beside its time. The tiles' 900,000 small files
stay in DIR for the next time; the program is taken from .build-static/release
(scripts/build-static.sh), or BLOCKFUSE_BIN. Linux.
"""
import argparse, datetime, json, multiprocessing, os, shutil, subprocess, sys, tempfile, time
from pathlib import Path

import virtual_mosaic

HERE = Path(__file__).resolve().parent
BIN = Path(os.environ.get("BLOCKFUSE_BIN", HERE.parent / ".build-static/release")) / "blockfuse"
SMALL = {"shape": (600, 320, 320)}
MOSAICS = {
    "shifted": (100, 100, {}),
    "turned": (100, 100, {"turn": 0.005}),
    "100,000 views": (250, 400, SMALL),
    "nothing but fill": (100, 100, {"fill": 0}),
}


def measured(folder, *words):
    """What a command printed, its seconds by the clock, and the peak of its memory in MB."""
    start = time.time()
    with tempfile.TemporaryFile("w+") as errors:
        process = subprocess.Popen([BIN, *words], cwd=folder, stdout=subprocess.PIPE, stderr=errors)
        output = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        if os.waitstatus_to_exitcode(status):
            errors.seek(0)
            sys.exit(f"{words} ended with {os.waitstatus_to_exitcode(status)}: {errors.read()[-2000:]}")
    return output, time.time() - start, usage.ru_maxrss / 1024


def job(folder, blocks):
    """The cells of one mosaic, by the names of what was done."""
    for path in ("fused.zarr", "jobs.sqlite", "jobs.sqlite.lock"):
        shutil.rmtree(folder / path, ignore_errors=True) if (folder / path).is_dir() else (folder / path).unlink(missing_ok=True)
    db = ["--db", "jobs.sqlite"]
    limits = ["--workers", "2", "--memory", "1GB"]
    cells = {}

    def take(name, *words):
        output, seconds, peak = measured(folder, *words)
        cells[name] = f"{seconds:.2f} s, {peak:.0f} MB"
        return output

    # once before, so that the tiles' metadata lie in the system's memory whatever ran before
    measured(folder, "plan", "virtual.json", "--output-chunksize", "128")
    take("`plan`", "plan", "virtual.json", "--output-chunksize", "128", *limits)
    take("`submit`", "submit", "virtual.json", "--output", "fused.zarr", "--output-chunksize", "128", *db)
    cells["database after it"] = f"{(folder / 'jobs.sqlite').stat().st_size / 1e6:.1f} MB"
    take("`status`", "status", "--json", *db)
    if blocks:
        measured(folder, "run", "--limit", "1", "--quiet", *limits, *db)
        take("`run --limit 1`, resuming", "run", "--limit", "1", "--quiet", *limits, *db)
        take(f"`run --limit {blocks}`", "run", "--limit", str(blocks), "--quiet", *limits, *db)
    else:
        take("`run` to the end", "run", "--quiet", *limits, *db)
        take("`status` at the end", "status", "--json", *db)
        cells["database at the end"] = f"{(folder / 'jobs.sqlite').stat().st_size / 1e6:.1f} MB"
    cells["blocks in all"] = f"{json.loads(measured(folder, 'status', '--json', *db)[0])['blocks']['total']:.3g}"
    return cells


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, default=HERE / ".build/petabyte", help="folder for the mosaics")
    parser.add_argument("--blocks", type=int, default=2500, help="to make and write of each mosaic")
    parser.add_argument("--out", type=Path, help="folder for the table")
    a = parser.parse_args()
    if not BIN.exists():
        sys.exit(f"there is no {BIN}; scripts/build-static.sh builds it")
    table = {}
    for name, (rows, columns, options) in MOSAICS.items():
        folder = a.work.absolute() / name.replace(" ", "-").replace(",", "")
        if not (folder / "virtual.json").exists():
            print(f"making {rows * columns} tiles: {name}", flush=True)
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            # in a process of its own: a child starts with its parent's peak
            maker = multiprocessing.Process(target=virtual_mosaic.make, args=(folder, rows, columns), kwargs=options)
            maker.start()
            maker.join()
        table[name] = job(folder, 0 if name == "nothing but fill" else a.blocks)
        print(name, *(f"  {what}: {cell}" for what, cell in table[name].items()), sep="\n", flush=True)
        shutil.rmtree(folder / "fused.zarr")
    rows = list(dict.fromkeys(what for cells in table.values() for what in cells))
    text = f"# A petabyte, {datetime.date.today()}\n\n{os.cpu_count()} cores; `{' '.join(['Benchmarks/petabyte.py', *sys.argv[1:]])}`; seconds by the clock, peak memory of each command.\n\n"
    text += f"| | {' | '.join(table)} |\n|---|{'---:|' * len(table)}\n"
    text += "".join(f"| {what} | {' | '.join(cells.get(what, '') for cells in table.values())} |\n" for what in rows)
    if a.out:
        a.out.mkdir(parents=True, exist_ok=True)
        names = (f"{datetime.date.today()}-petabyte{number}.md" for number in ("", *(f"-{n}" for n in range(2, 100))))
        next(path for path in map(a.out.joinpath, names) if not path.exists()).write_text(text)
    print(text)


if __name__ == "__main__":
    main()
