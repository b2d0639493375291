#!/usr/bin/env python3
"""blockfuse beside multiview-stitcher for each `interpolation_order`, by turns, medians; writes a dated table.

    Benchmarks/.venv/bin/python Benchmarks/splines.py [--turns 3] [--out results]

Four views of 48 x 192 x 192 uint16, each shifted by parts of a voxel; two of them turned by 3 degrees, in the plane ("turned") or
about an axis of its own each ("tilted"). Chunks are 96. The reference has its voxels in memory and leaves the result there, in
blocks on all cores; blockfuse is a process from its start to its end, which reads files and writes and syncs files, on a file system
in memory if there is one. Seconds are by the clock and of CPU: on a machine with other work the latter say more.
"""
import argparse, datetime, json, os, platform, resource, shutil, statistics, subprocess, tempfile, time, warnings

warnings.filterwarnings("ignore")
import numpy as np

SHAPE, CHUNK = (48, 192, 192), 96
HERE = os.path.dirname(os.path.abspath(__file__))


def rotated(rng, kind):
    a = np.deg2rad(3)
    axis = np.array([1.0, 0, 0]) if kind == "turned" else rng.normal(size=3)
    z, y, x = axis / np.linalg.norm(axis)
    cross = np.array([[0, -x, y], [x, 0, -z], [-y, z, 0]])
    return np.eye(3) + np.sin(a) * cross + (1 - np.cos(a)) * cross @ cross


def make(root, kind):
    """The views' voxels and matrices; the same as files, for blockfuse."""
    import zarr
    from scipy.ndimage import gaussian_filter
    rng = np.random.default_rng(7)
    views = []
    for i in range(4):
        tissue = gaussian_filter(rng.random(SHAPE, dtype=np.float32), 1.5)
        data = rng.poisson(100 + 3000 * (tissue - tissue.min()) / np.ptp(tissue)).astype(np.uint16)
        matrix = np.eye(4)
        if i % 2:
            matrix[:3, :3] = rotated(rng, kind)
        centre = (np.array(SHAPE) - 1) / 2
        matrix[:3, 3] = centre - matrix[:3, :3] @ centre + [0, i // 2 * 160, i % 2 * 160] + rng.uniform(0.2, 0.8, 3)
        array = zarr.open_array(f"{root}/{i}.zarr", mode="w", shape=SHAPE, chunks=(48, 96, 96), dtype="u2", zarr_format=2)
        array[:] = data
        views.append((data, matrix))
    place = {"axes": ["z", "y", "x"], "spacing": {"z": 1, "y": 1, "x": 1}, "origin": {"z": 0, "y": 0, "x": 0}}
    with open(f"{root}/dataset.json", "w") as f:
        json.dump({"views": [{"name": str(i), "path": f"{i}.zarr", **place, "transforms": {"r": m.tolist()}} for i, (_, m) in enumerate(views)]}, f)
    return views


def reference(views, order):
    from multiview_stitcher import fusion, param_utils, spatial_image_utils as si
    sims = []
    for data, matrix in views:
        sim = si.get_sim_from_array(data, dims=["z", "y", "x"], scale={d: 1.0 for d in "zyx"}, translation={d: 0.0 for d in "zyx"}, transform_key="r")
        si.set_sim_affine(sim, param_utils.affine_to_xaffine(matrix), "r")
        sims.append(sim)
    start, cpu = time.time(), time.process_time()
    fused = fusion.fuse(sims, transform_key="r", output_chunksize=CHUNK, interpolation_order=order).compute()
    return (time.time() - start, time.process_time() - cpu), fused.data


def children_cpu():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def blockfuse(binary, root, order):
    shutil.rmtree(f"{root}/out.zarr", ignore_errors=True)
    for name in os.listdir(root):
        if name.startswith("jobs.sqlite"):
            os.remove(f"{root}/{name}")
    start, cpu = time.time(), children_cpu()
    subprocess.run([f"{binary}/blockfuse", "fuse", f"{root}/dataset.json", "--output", f"{root}/out.zarr", "--db", f"{root}/jobs.sqlite", "--ome-zarr", "false",
                    "--output-chunksize", str(CHUNK), "--interpolation-order", str(order), "--quiet"], check=True)
    return time.time() - start, children_cpu() - cpu


def main():
    import zarr
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--bin", default=os.path.join(HERE, "..", ".build", "release"))
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--out", default=os.path.join(HERE, "results"))
    parser.add_argument("--orders", default="0,1,2,3,4,5")
    a = parser.parse_args()
    lines = [f"# Orders of interpolation, {datetime.date.today()}", "", f"- processor: {processor()}, {os.cpu_count()} cores", f"- system: {platform.platform()}",
             f"- turns: {a.turns}, medians", "", "| views | order | reference s | CPU s | blockfuse s | CPU s | Mvoxel/s | x reference | by CPU | differ by more than 1 |", "|---|---|---|---|---|---|---|---|---|---|"]
    for kind in ("turned", "tilted"):
        root = tempfile.mkdtemp(dir="/dev/shm" if os.path.isdir("/dev/shm") else None)
        try:
            views = make(root, kind)
            reference(views, 1)
            for order in map(int, a.orders.split(",")):
                theirs, ours, far = [], [], 0.0
                for _ in range(a.turns):
                    seconds, expected = reference(views, order)
                    theirs.append(seconds)
                    ours.append(blockfuse(a.bin, root, order))
                fused = zarr.open_array(f"{root}/out.zarr", mode="r")[0, 0]
                expected = np.asarray(expected).reshape(fused.shape)
                far = float((np.abs(fused.astype(float) - expected) > 1).mean())
                (t, tc), (o, oc) = ([statistics.median(column) for column in zip(*times)] for times in (theirs, ours))
                lines.append(f"| {kind} | {order} | {t:.2f} | {tc:.2f} | {o:.3f} | {oc:.3f} | {fused.size / o / 1e6:.1f} | {t / o:.1f} | {tc / oc:.1f} | {100 * far:.3f} % |")
                print(lines[-1], flush=True)
        finally:
            shutil.rmtree(root)
    os.makedirs(a.out, exist_ok=True)
    with open(os.path.join(a.out, f"{datetime.date.today()}-splines.md"), "w") as f:
        f.write("\n".join(lines) + "\n")


def processor():
    names = [line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")]
    return names[0] if names else platform.machine()


if __name__ == "__main__":
    main()
