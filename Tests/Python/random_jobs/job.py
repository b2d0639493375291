"""A job: views, options, and how the program is run."""
from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
AXES = "zyx"


@dataclass
class View:
    """An image and its place. Lists are in the order z y x, or y x."""

    name: str
    #: of its transform, in a word, for people
    kind: str
    #: in a word, for people
    content: str
    #: t c z y x, or t c y x
    data: Array
    spacing: list[float]
    origin: list[float]
    #: homogeneous; one for all time points, or one for each
    affines: list[Array]
    layout: str = "ome-zarr-0.4"
    scale: float = 1.0
    offset: float = 0.0
    #: the one time point and channel that it has; None: all
    only: tuple[int, int] | None = None

    @property
    def shape(self) -> tuple[int, ...]:
        return self.data.shape[2:]

    def affine(self, t: int) -> Array:
        return self.affines[t if len(self.affines) > 1 else 0]

    def image(self, t: int, c: int) -> Array | None:
        """Its voxels at a time point and channel of the output, if it has any."""
        if self.only is None:
            image: Array = self.data[t, c]
            return image
        return self.data[0, 0] if self.only == (t, c) else None


@dataclass
class Way:
    """What must not matter to voxels: how a job is cut, stored and interrupted."""

    chunk: dict[str, int]
    workers: int
    #: "0.4", "0.5", "plain-0.4", "plain-0.5"
    layout: str = "0.4"
    shards: dict[str, int] | None = None
    compressor: str | None = "zstd"
    #: blocks after which the run ends, one run after the other; then one goes on to the end
    limits: list[int] = field(default_factory=list)

    def options(self) -> dict[str, Any]:
        array: dict[str, Any] = {"compressor": {"id": self.compressor} if self.compressor else None}
        if self.shards:
            array["shards"] = self.shards
        return {
            "output_chunksize": self.chunk,
            "zarr_options": {"ome_zarr": not self.layout.startswith("plain"), "ngff_version": self.layout[-3:],
                             "zarr_array_creation_kwargs": array},
        }


@dataclass
class Job:
    seed: int
    views: list[View]
    times: int
    channels: int
    #: those of options.json that decide voxels
    options: dict[str, Any]
    ways: list[Way]

    @property
    def dims(self) -> int:
        return len(self.views[0].shape)

    @property
    def axes(self) -> str:
        return AXES[-self.dims:]

    @property
    def output_type(self) -> np.dtype[Any]:
        own = np.dtype("uint8") if self.options.get("output_mask") else self.views[0].data.dtype
        result: np.dtype[Any] = np.dtype(self.options.get("output_dtype", own))
        return result

    @property
    def is_double(self) -> bool:
        """Whether the program computes it in double precision."""
        types = {v.data.dtype for v in self.views} | {self.output_type}
        return any(t == np.float64 or (t.kind in "iu" and t.itemsize >= 4) for t in types)

    def per_axis(self, value: Any, default: float) -> Array:
        """An option that is one number, or a map by axis with gaps."""
        if isinstance(value, dict):
            return np.array([float(value.get(a, default)) for a in self.axes])
        return np.full(self.dims, float(default if value is None else value))

    @property
    def output_spacing(self) -> Array:
        given = (self.options.get("output_stack_properties") or {}).get("spacing") or self.options.get("output_spacing")
        first = dict(zip(self.axes, self.views[0].spacing))
        if given is not None and not isinstance(given, dict):
            return self.per_axis(given, 1)
        return np.array([float((given or {}).get(a, first[a])) for a in self.axes])

    def __str__(self) -> str:
        views = ", ".join(f"{'x'.join(map(str, v.shape))} {v.data.dtype} {v.content} {v.kind} {v.layout}" for v in self.views)
        return (f"{self.dims}D, t {self.times}, c {self.channels}, to {self.output_type}, views: {views}; options {self.options}; "
                f"ways: {'; '.join(map(str, self.ways))}")
