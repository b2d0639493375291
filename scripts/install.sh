#!/usr/bin/env bash
# Puts the program, its manual page and completions for bash, zsh and fish below a folder.
set -euo pipefail

bin=${1:?usage: install.sh BINARIES PREFIX}
prefix=${2:?usage: install.sh BINARIES PREFIX}

install -d "$prefix"/{bin,share/man/man1,share/doc/blockfuse}
install -d "$prefix"/share/{bash-completion/completions,zsh/site-functions,fish/vendor_completions.d}
install -m 755 "$bin/blockfuse" "$prefix/bin/blockfuse"
made() {
  "$bin/blockfuse" "${@:2}" >"$prefix/share/$1.new"
  chmod 644 "$prefix/share/$1.new"
  mv "$prefix/share/$1.new" "$prefix/share/$1"
}
made man/man1/blockfuse.1 manual
made bash-completion/completions/blockfuse --generate-completion-script bash
made zsh/site-functions/_blockfuse --generate-completion-script zsh
made fish/vendor_completions.d/blockfuse.fish --generate-completion-script fish
here=$(cd "$(dirname "$0")/.." && pwd)
install -m 644 "$here/LICENSE" "$here/README.md" "$here/CHANGELOG.md" "$prefix/share/doc/blockfuse/"
