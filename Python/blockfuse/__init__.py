"""blockfuse: fuses overlapping microscope tiles into one OME-Zarr, block by block, resumable."""

from ._program import program_path

__all__ = ["program_path"]
