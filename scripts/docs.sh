#!/usr/bin/env bash
# Makes the reference of the library BlockfuseKit as web pages, from the modules that were built. Needs no other package.
set -euo pipefail
cd "$(dirname "$0")/.."

bin=$(cd "${1:?usage: docs.sh BINARIES [FOLDER]}" && pwd)
folder=${2:-.build/docs}
graphs=$(mktemp -d)
trap 'rm -rf "$graphs"' EXIT
rm -rf "$folder"
maps=()
for map in "$bin"/*.build/module.modulemap Sources/C*/module.modulemap .build/checkouts/*/Sources/*/module.modulemap \
  .build/checkouts/*/*/include/module.modulemap; do
  [ -f "$map" ] && maps+=(-Xcc "-fmodule-map-file=$map")
done
# what BlockfuseKit hands on from its modules is what its users see
swift symbolgraph-extract -module-name BlockfuseKit -I "$bin/Modules" "${maps[@]}" \
  -target "$(swift -print-target-info | sed -n 's/.*"unversionedTriple": "\(.*\)",/\1/p')" \
  -experimental-allowed-reexported-modules=Fusion,Geometry,BlockfuseCLI \
  -minimum-access-level public -skip-synthesized-members -output-dir "$graphs"
docc convert Sources/BlockfuseKit/BlockfuseKit.docc --additional-symbol-graph-dir "$graphs" --output-path "$folder" \
  --transform-for-static-hosting --warnings-as-errors
echo "$folder: look at it with \`python3 -m http.server --directory $folder\` and http://127.0.0.1:8000/documentation/blockfusekit"
