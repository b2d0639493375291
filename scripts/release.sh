#!/usr/bin/env bash
# Makes blockfuse-VERSION-SYSTEM.tar.gz: the program with the Swift runtime inside, the shared libraries that it needs
# beyond libc, completions, the manual page, licences. It runs where neither Swift nor those libraries are installed.
set -euo pipefail
cd "$(dirname "$0")/.."

build=.build-static
# libraries are looked for beside the program first, those that they need as well
scripts/build-installed.sh -Xlinker -rpath -Xlinker '$ORIGIN/../lib' -Xlinker --disable-new-dtags
bin="$build/release"
version=$("$bin/blockfuse" --version | sed 's/^blockfuse \([^,]*\),.*/\1/')
name="blockfuse-$version-$(uname -s | tr '[:upper:]' '[:lower:]')-$(uname -m)"
folder="$build/$name"
rm -rf "$folder"
scripts/install.sh "$bin" "$folder"
strip "$folder/bin/blockfuse"

licences="$folder/share/doc/blockfuse/licences"
install -d "$folder/lib" "$licences"
for package in "$build"/checkouts/*/; do
  for file in "$package"LICENSE* "$package"NOTICE*; do
    [ -f "$file" ] && install -m 644 "$file" "$licences/$(basename "$package")-$(basename "$file")"
  done
done
toolchain=$(dirname "$(dirname "$(readlink -f "$(command -v swift)")")")
install -m 644 "$toolchain/share/swift/LICENSE.txt" "$licences/Swift-LICENSE.txt"

if [ "$(uname)" = Linux ]; then
  # all but those of glibc, which belong to the system
  ldd "$folder/bin/blockfuse" | awk '$2 == "=>" { print $3 }' |
    grep -Ev '/(libc|libm|libdl|libpthread|librt|libresolv|libutil|libmvec)\.so' | while read -r library; do
      install -m 644 "$library" "$folder/lib/"
      owner=$(dpkg-query -S "$(readlink -f "$library")" "$library" 2>/dev/null | head -1 | cut -d: -f1) || true
      [ -n "$owner" ] && install -m 644 "/usr/share/doc/$owner/copyright" "$licences/$owner-copyright"
    done
fi

tar -C "$build" --owner=0 --group=0 --numeric-owner -czf "$name.tar.gz" "$name"
echo "$name.tar.gz: $(du -h "$name.tar.gz" | cut -f1)"
