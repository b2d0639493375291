#!/usr/bin/env bash
# Makes a small mosaic, fuses it, is interrupted midway, resumes, and ends with a picture and what to do next.
set -euo pipefail

bin=$(cd "${1:?usage: demo.sh BINARIES [FOLDER]}" && pwd)
folder=${2:-demo}
rm -rf "$folder"
mkdir -p "$folder"
cd "$folder"
export BLOCKFUSE_DB=jobs.sqlite
say() { printf '\n\033[1m%s\033[0m\n' "$*"; }

say "A mosaic of 3 x 3 tiles with noise, overlaps and sub-voxel shifts"
"$bin/mosaic" mosaic --tiles 3x3 --shape 64,320,320

say "A dry run: what the job needs"
"$bin/blockfuse" plan mosaic/dataset.json --output-chunksize 64

say "Submit, and run; this run is interrupted (Ctrl-C, SIGINT) as soon as some blocks are done"
job=$("$bin/blockfuse" submit mosaic/dataset.json --output fused.ome.zarr --name demo --output-chunksize 64)
"$bin/blockfuse" run "$job" &
pid=$!
for _ in $(seq 1000); do
  done_blocks=$(find fused.ome.zarr/0 -type f -name '[0-9]*' | wc -l)
  [ "$done_blocks" -ge 20 ] && break
  kill -0 "$pid" 2>/dev/null || break
  sleep 0.01
done
kill -INT "$pid" 2>/dev/null || true
status=0
wait "$pid" || status=$?
echo "exit status $status (130: stopped by SIGINT, resumable)"
"$bin/blockfuse" status "$job"

say "The same line continues where it stopped"
"$bin/blockfuse" run "$job"

say "Status, and every block read back"
"$bin/blockfuse" status "$job"
"$bin/blockfuse" verify "$job"
"$bin/blockfuse" preview "$job" --output fused.png

say "Done"
cat <<TEXT
The fused image:  $PWD/fused.ome.zarr
  in napari:      napari --plugin napari-ome-zarr $PWD/fused.ome.zarr
  in Fiji:        File > Import > HDF5/N5/Zarr/OME-NGFF..., then this folder
A picture of it:  $PWD/fused.png
The job database: $PWD/jobs.sqlite

What next?
  $bin/blockfuse report --db $PWD/jobs.sqlite --output $PWD/report.html    # all about the job, for a browser
  $bin/blockfuse serve --db $PWD/jobs.sqlite                               # the same, live
  $bin/blockfuse fuse --help                                               # then your own data
TEXT
