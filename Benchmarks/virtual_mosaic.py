"""A mosaic of any nominal size that takes next to no disk: tiles of OME-Zarr 0.4 with metadata and no chunks, which read
as `fill`, so that every block can really be fused. Standard library only."""
import json, math, random


def make(folder, rows, columns, shape=(6000, 3200, 3200), chunk=(128, 256, 256), overlap=0.1, fill=100, turn=0.0):
    """Writes the tiles and `virtual.json` into a folder (a Path), each tile turned by up to `turn` radians about z.

    The defaults, with 100 x 100 tiles, give 6000 x 288,000 x 288,000 fused voxels, 1.0 PB.
    """
    spacing, draw, views = [1.0, 0.5, 0.5], random.Random(1), []
    axes = [{"name": "t", "type": "time"}, {"name": "c", "type": "channel"}, *({"name": a, "type": "space", "unit": "micrometer"} for a in "zyx")]
    transforms = [{"type": "scale", "scale": [1.0, 1.0, *spacing]}]
    files = [
        (".zgroup", {"zarr_format": 2}),
        (".zattrs", {"multiscales": [{"version": "0.4", "axes": axes, "datasets": [{"path": "0", "coordinateTransformations": transforms}]}]}),
        ("0/.zarray", {"zarr_format": 2, "shape": [1, 1, *shape], "chunks": [1, 1, *chunk], "dtype": "<u2", "fill_value": fill, "order": "C",
                       "filters": None, "dimension_separator": "/", "compressor": {"id": "zstd", "level": 1}})]
    texts = [(name, json.dumps(value)) for name, value in files]
    for row in range(rows):
        for column in range(columns):
            path = f"tiles/{row}/{column}.ome.zarr"
            (folder / path / "0").mkdir(parents=True)
            for name, text in texts:
                (folder / path / name).write_text(text)
            z, y, x = [draw.uniform(-1, 1)] + [i * n * (1 - overlap) * s + draw.uniform(-1, 1) for i, n, s in zip((row, column), shape[1:], spacing[1:])]
            angle = draw.uniform(-turn, turn)
            sine, cosine = math.sin(angle), math.cos(angle)
            views.append({"name": f"tile_{row}_{column}", "path": path, "transforms": {"registered": [
                [1, 0, 0, z], [0, cosine, -sine, y], [0, sine, cosine, x], [0, 0, 0, 1]]}})
    (folder / "virtual.json").write_text(json.dumps({"views": views}))
