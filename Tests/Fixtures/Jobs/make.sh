#!/usr/bin/env bash
# Makes jobs-REVISION.tar.gz: a job database with a job in each state, its outputs, its order and its images, as the program
# of some version leaves them. Each voxel revision and each schema that was ever released keeps one here, made once by the
# program of its day and never again: Tests/Python/test_old_jobs.py opens them all.
#
#   Tests/Fixtures/Jobs/make.sh FOLDER-OF-BINARIES OUT.tar.gz
#
# Needs root: the record has absolute paths and the name of the host, so it is made at a neutral place under a neutral name.
# Times of files are whole seconds, so that unpacking restores them.
set -euo pipefail
bin=$(realpath "$1")
out=$(realpath -m "$2")
place=/jobs-fixture
[ "${INSIDE:-}" ] || INSIDE=1 exec unshare --uts bash -c 'hostname microscope && exec "$@"' bash "$0" "$@"
[ ! -e "$place" ] || { echo "$place exists" >&2; exit 1; }
mkdir "$place"
trap 'rm -rf "$place"' EXIT
cd "$place"
export BLOCKFUSE_DB=$place/jobs.sqlite LC_ALL=C
# by name: the record keeps the command line
PATH=$bin:$PATH
blockfuse() { command blockfuse "$@" --quiet; }

mosaic images --tiles 2x2 --shape 2,112,112 --chunk 2,56,56 --noise 0 >/dev/null
cp -r images/tiles/tile_1_1.ome.zarr images/damaged.ome.zarr
: > images/damaged.ome.zarr/0/0/0/0/1/1
sed 's|tiles/tile_1_1|damaged|' images/dataset.json > images/damaged.json
find . -exec touch -d @1700000000 {} +

options=(--output-chunksize 32 --workers 1)
submit=(--output-chunksize 32)
# 1 pending, 2 interrupted, 3 failed, 4 complete (shards), 5 killed, 6 with an order that one of two tasks worked on,
# 7 interrupted, with the chunk that the program took where none was asked for (not in revision-1)
blockfuse submit images/dataset.json --output pending.ome.zarr --name pending "${submit[@]}"
blockfuse fuse images/dataset.json --output interrupted.ome.zarr --name interrupted --limit 7 "${options[@]}"
blockfuse fuse images/damaged.json --output failed.ome.zarr --name failed "${options[@]}" && exit 1 || [ $? -eq 3 ]
blockfuse fuse images/dataset.json --output complete.ome.zarr --name complete --ngff-version 0.5 --shards 64 "${options[@]}"
blockfuse submit images/dataset.json --output killed.ome.zarr --name killed "${submit[@]}"
blockfuse run killed --limit 5 --workers 1
BLOCKFUSE_FAULT=file-opening=kill@40 command blockfuse run killed --workers 1 --quiet && exit 1 || [ $? -ge 128 ]
blockfuse submit images/dataset.json --output ordered.ome.zarr --name ordered "${submit[@]}"
order=$(blockfuse order ordered)
blockfuse work "$order" --task 0 --tasks 2 --workers 1
blockfuse fuse images/dataset.json --output chosen.ome.zarr --name chosen --limit 1 --workers 1
command blockfuse list
tar --sort=name --owner=0 --group=0 --format=pax -czf "$out" -C / jobs-fixture
