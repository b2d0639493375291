#!/usr/bin/env bash
# Puts the licences of all that is inside of the static program into a folder: licences.sh FOLDER
set -euo pipefail
cd "$(dirname "$0")/.."
folder=${1:?usage: licences.sh FOLDER}
build=.build-static
rm -rf "$folder"
mkdir -p "$folder"
install -m 644 LICENSE "$folder/blockfuse-LICENSE"
for package in "$build"/checkouts/*/; do
  for file in "$package"LICENSE* "$package"NOTICE*; do
    [ -f "$file" ] && install -m 644 "$file" "$folder/$(basename "$package")-$(basename "$file")"
  done
done
toolchain=$(dirname "$(dirname "$(readlink -f "$(command -v swift)")")")
install -m 644 "$toolchain/share/swift/LICENSE.txt" "$folder/Swift-LICENSE.txt"
[ "$(uname)" = Linux ] || exit 0

# the linker's map names each library that it took something from
grep -oE '^ *(/[^ ()]+\.a)\(' "$build/link.map" | tr -d ' (' | sort -u | while read -r library; do
  [[ "$library" == "$toolchain"/* ]] && continue
  owner=$(dpkg-query -S "$(readlink -f "$library")" "$library" 2>/dev/null | head -1 | cut -d: -f1) || true
  [ -n "$owner" ] || { echo "whose is $library? its licence is not known" >&2; exit 1; }
  install -m 644 "/usr/share/doc/$owner/copyright" "$folder/$owner-copyright"
done
cat >"$folder/RELINK.txt" <<'TEXT'
The program has the GNU C library inside, under the GNU Lesser General Public License (libc6-dev-copyright). You may put
another version of it, or of any other library named here, into the program: with the source of blockfuse of this version,
install the static libraries that you want (libc.a), and make the program anew with `make release`.
TEXT
