#!/usr/bin/env python3
"""Content-based weights beside the reference's, by turns in one run; writes a dated table.

    Benchmarks/.venv/bin/python Benchmarks/weights.py [--bin FOLDER] [--before FOLDER] [--out Benchmarks/results]

Four views of 48 x 192 x 192 uint16, half of them rotated by 3 degrees, that share a fifth; blocks of 96. The reference fuses
arrays that are in memory already, block by block, on dask's threads; blockfuse is a process from its start to its end that reads
files, and syncs what it writes. `--before` is the folder of an earlier blockfuse, for what it has, too.
"""
import argparse, json, os, platform, shutil, statistics, subprocess, sys, time, warnings

warnings.filterwarnings("ignore")
import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
SHAPE, CHUNK, STEP = (48, 192, 192), 96, 154
KINDS = {
    "border alone": {},
    "content_based, 5, 11": {"weights_func": "content_based"},
    "content_based_dct, 32": {"weights_func": "content_based_dct"},
    "content_based_dct, 32, all coefficients": {"weights_func": "content_based_dct", "weights_func_kwargs": {"otf_support_fraction": None}},
}


def make(root):
    sys.path.insert(0, HERE)
    from peers import write_tile
    from scipy.ndimage import gaussian_filter
    shutil.rmtree(root, ignore_errors=True)
    os.makedirs(root)
    rng = np.random.default_rng(7)
    views = []
    for i in range(4):
        tissue = gaussian_filter(rng.random(SHAPE, dtype=np.float32), 1 + i % 2)
        tissue = (tissue - tissue.min()) / np.ptp(tissue)
        name = f"tile_{i}.ome.zarr"
        write_tile(f"{root}/{name}", rng.poisson(100 + 3000 * tissue).astype(np.uint16), (48, 96, 96), "zstd1")
        a = np.radians(3) if i % 2 else 0
        matrix = np.eye(4)
        matrix[1:3, 1:3] = [[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]]
        matrix[:3, 3] = 0.4 * i, i // 2 * STEP + 0.3 * i, i % 2 * STEP - 0.2 * i
        views.append({"name": name, "path": name, "transforms": {"registered": matrix.tolist()}})
    with open(f"{root}/dataset.json", "w") as f:
        json.dump({"views": views}, f)


def blockfuse(binary, root, options):
    """Seconds, and how many voxels the output has."""
    out = f"{root}/out.zarr"
    shutil.rmtree(out, ignore_errors=True)
    if os.path.exists(f"{root}/jobs.sqlite"):
        os.remove(f"{root}/jobs.sqlite")
    with open(f"{root}/options.json", "w") as f:
        json.dump({"output_chunksize": CHUNK, "zarr_options": {"ome_zarr": False, "ngff_version": "0.5"}, **options}, f)
    start = time.time()
    subprocess.run([f"{binary}/blockfuse", "fuse", f"{root}/dataset.json", "--options", f"{root}/options.json", "--output", out, "--db", f"{root}/jobs.sqlite", "--quiet"], check=True, stdout=subprocess.DEVNULL)
    seconds = time.time() - start
    with open(f"{out}/zarr.json") as f:
        return seconds, int(np.prod(json.load(f)["shape"]))


def reference(root):
    """Gives a function of options that fuses views which are in memory."""
    from multiview_stitcher import fusion, ngff_utils, param_utils, spatial_image_utils, weights as weighting
    sims = []
    with open(f"{root}/dataset.json") as f:
        views = json.load(f)["views"]
    for view in views:
        sim = ngff_utils.read_sim_from_ome_zarr(f"{root}/{view['path']}", transform_key="r").compute()
        spatial_image_utils.set_sim_affine(sim, param_utils.affine_to_xaffine(np.array(view["transforms"]["registered"])), "r")
        sims.append(sim)

    def fuse(options):
        start = time.time()
        functions = {"weights_func": getattr(weighting, options["weights_func"])} if options else {}
        fusion.fuse(sims, transform_key="r", output_chunksize=CHUNK, weights_func_kwargs=options.get("weights_func_kwargs"), **functions).compute()
        return time.time() - start

    return fuse


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--bin", default=os.path.join(HERE, "../.build-static/release"), help="folder of blockfuse")
    parser.add_argument("--before", help="folder of an earlier blockfuse")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--reference-runs", type=int, default=3)
    parser.add_argument("--work", default="/dev/shm/blockfuse-weights", help="folder for views and results")
    parser.add_argument("--out", help="folder for the table")
    a = parser.parse_args()
    make(a.work)
    theirs = reference(a.work)
    cpu = next((l.split(":")[1].strip() for l in open("/proc/cpuinfo") if l.startswith("model name")), platform.processor())
    lines = [f"# Content-based weights, {time.strftime('%Y-%m-%d')}", "", f"- processor: {cpu}, {os.cpu_count()} cores", f"- system: {platform.platform()}",
             f"- {a.runs} runs of blockfuse and {a.reference_runs} of the reference, by turns; medians", "",
             "| weights | reference s | blockfuse s | before s | blockfuse Mvoxel/s | x reference |", "|---|---:|---:|---:|---:|---:|"]
    for name, options in KINDS.items():
        mine, before, other, count = [], [], [], 0
        for i in range(max(a.runs, a.reference_runs)):
            if i < a.runs:
                seconds, count = blockfuse(a.bin, a.work, options)
                mine.append(seconds)
                if a.before and "dct" not in name:
                    before.append(blockfuse(a.before, a.work, options)[0])
            if i < a.reference_runs:
                other.append(theirs(options))
        seconds, slow = statistics.median(mine), statistics.median(other)
        earlier = f"{statistics.median(before):.2f}" if before else "-"
        lines.append(f"| {name} | {slow:.2f} | {seconds:.2f} | {earlier} | {count / 1e6 / seconds:.1f} | {slow / seconds:.0f} |")
        print(lines[-1], flush=True)
    shutil.rmtree(a.work)
    print("\n".join(lines))
    if a.out:
        from peers import free_path
        path = free_path(a.out, "weights")
        with open(path, "w") as f:
            f.write("\n".join(lines) + "\n")
        print(f"written to {path}")


if __name__ == "__main__":
    main()
