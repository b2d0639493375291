"""Jobs drawn at random, and what must come out of them.

`draw` makes a job of a seed, `write` puts its images into files, `twin` computes its voxels in double precision by the
rules of docs/fusion.md and nothing else, `reference` by multiview-stitcher, and `check` runs the program and compares.
`python -m random_jobs --seeds 0:3000` runs many.
"""
