#!/usr/bin/env bash
# Fails when generating anew would change a file. Compares contents and not the index, so that it is of use before a
# commit too.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# What `make gen-code` writes.
generated=(proto web/src/api)

before=$(mktemp -d)
trap 'rm -rf "$before"' EXIT
cp -a --parents "${generated[@]}" "$before"

make gen-code

if ! diff -ru --label committed --label generated "$before/proto" proto ||
  ! diff -ru "$before/web/src/api" web/src/api; then
  echo "Generated files are out of date; they were written anew: commit them (make gen)." >&2
  exit 1
fi
