#!/usr/bin/env bash
# Builds the program as it is installed and released, into .build-static: on Linux with every library inside, glibc as well,
# so that the one file runs on any Linux with this processor, whatever is installed or updated there. Further words are for
# `swift build`. What is defined for it in Sources/CStatic takes the place of what libraries bring and blockfuse does not use.
set -euo pipefail
cd "$(dirname "$0")/.."
swift=${SWIFT:-swift}
common=(-c release --product blockfuse --scratch-path .build-static)
[ "$(uname)" = Darwin ] && exec "$swift" build "${common[@]}" "$@"

# the tables of ICU have its version in their names
table() { nm "$1" 2>/dev/null | sed -n 's/.* [A-Z] \(icudt[0-9]*_dat\)$/\1/p' | sort -u; }
toolchain=$(dirname "$(dirname "$(readlink -f "$(command -v "$swift")")")")
of_foundation=$(table "$toolchain/lib/swift_static/linux/lib_FoundationICU.a")
of_libxml2=$(table "$("$toolchain/bin/clang" -print-file-name=libicudata.a)")
[ -n "$of_foundation" ] && [ -n "$of_libxml2" ] || { echo "no table of ICU found in the static libraries of Swift and of ICU" >&2; exit 1; }
options=(-Xcc -DBLOCKFUSE_STATIC -Xcc "-DBLOCKFUSE_ICU_OF_FOUNDATION=$of_foundation")
[ "$of_libxml2" = "$of_foundation" ] || options+=(-Xcc "-DBLOCKFUSE_ICU_OF_LIBXML2=$of_libxml2")

# they need each other in circles
options+=(-Xswiftc -static-executable -Xlinker --start-group)
for name in hdf5 sz aec tiff webp Lerc jpeg deflate blosc snappy zstd lz4 lzma z bz2 xml2 icui18n icuuc icudata sqlite3 stdc++ m; do
  options+=(-Xlinker "-l$name")
done
options+=(-Xlinker --end-group -Xlinker --strip-all -Xlinker "-Map=.build-static/link.map")
exec "$swift" build "${common[@]}" "${options[@]}" "$@"
