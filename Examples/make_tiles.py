#!/usr/bin/env python3
"""A small mosaic to try blockfuse with: six overlapping tiles of a made-up tissue, and a dataset.json that says where they are.

    python3 make_tiles.py tiles
    blockfuse fuse tiles/dataset.json --output sample.ome.zarr
    blockfuse preview --output sample.png

The tiles are OME-Zarr 0.4 of 16 x 200 x 200 voxels of 16 bits, 1 x 0.5 x 0.5 micrometres large. Standard library only.
"""
import array, json, math, os, random, sys

DEPTH, SIDE, STEP = 16, 200, 170  # voxels; neighbours share 30
ROWS, COLUMNS = 2, 3
SPACING = [1.0, 0.5, 0.5]


def tissue(rng):
    """One plane, row by row, of cells: bright discs with soft edges on a dark ground."""
    height, width = SIDE + STEP * (ROWS - 1), SIDE + STEP * (COLUMNS - 1)
    plane = [[200] * width for _ in range(height)]
    for _ in range(14):
        y, x, radius, light = rng.uniform(0, height), rng.uniform(0, width), rng.uniform(4, 14), rng.uniform(500, 3000)
        for i in range(max(0, int(y - radius)), min(height, int(y + radius) + 1)):
            for j in range(max(0, int(x - radius)), min(width, int(x + radius) + 1)):
                share = 1 - math.hypot(i - y, j - x) / radius
                if share > 0:
                    plane[i][j] = max(plane[i][j], int(200 + light * min(1, 2 * share)))
    return plane


def write_json(value, *path):
    with open(os.path.join(*path), "w") as file:
        json.dump(value, file, indent=1)


def write_tile(folder, name, planes, row, column):
    """One OME-Zarr whose only chunk is the whole tile, without compression."""
    image = os.path.join(folder, name)
    os.makedirs(os.path.join(image, "0"))
    axes = [{"name": axis, "type": "space", "unit": "micrometer"} for axis in "zyx"]
    levels = [{"path": "0", "coordinateTransformations": [{"type": "scale", "scale": SPACING}]}]
    write_json({"zarr_format": 2}, image, ".zgroup")
    write_json({"multiscales": [{"version": "0.4", "axes": axes, "datasets": levels}]}, image, ".zattrs")
    shape = [DEPTH, SIDE, SIDE]
    write_json({"zarr_format": 2, "shape": shape, "chunks": shape, "dtype": "<u2", "order": "C", "fill_value": 0,
                "compressor": None, "filters": None}, image, "0", ".zarray")
    voxels = array.array("H")
    for plane in planes:
        for line in plane[row * STEP:row * STEP + SIDE]:
            voxels.extend(line[column * STEP:column * STEP + SIDE])
    if sys.byteorder == "big":
        voxels.byteswap()
    with open(os.path.join(image, "0", "0.0.0"), "wb") as file:
        voxels.tofile(file)


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    folder, rng = sys.argv[1], random.Random(1)
    planes, views = [tissue(rng) for _ in range(DEPTH)], []
    for row in range(ROWS):
        for column in range(COLUMNS):
            name = f"tile_{row}_{column}.ome.zarr"
            write_tile(folder, name, planes, row, column)
            shift = [[1, 0, 0, 0], [0, 1, 0, row * STEP * SPACING[1]], [0, 0, 1, column * STEP * SPACING[2]], [0, 0, 0, 1]]
            views.append({"name": name.split(".")[0], "path": name, "transforms": {"registered": shift}})
    write_json({"views": views}, folder, "dataset.json")
    print(f"{len(views)} tiles and {folder}/dataset.json")


main()
