#!/usr/bin/env bash
# Builds the plugin into a folder: an environment with what it needs, the stubs of the protocol, a program to start and
# its manifest. Usage: build.sh FOLDER
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
mkdir -p "$1"
out=$(cd "$1" && pwd)

python3 -m venv "$out/python"
"$out/python/bin/pip" install --quiet --disable-pip-version-check -r "$here/requirements.txt"
mkdir -p "$out/python/plugin"
"$out/python/bin/python" -m grpc_tools.protoc -I "$here/../../../proto" --python_out="$out/python/plugin" \
  --grpc_python_out="$out/python/plugin" "$here"/../../../proto/pulse/plugin/v1/*.proto
cp "$here"/*.py "$out/python/plugin"

cat >"$out/pulse-plugin-pyload" <<PROGRAM
#!$out/python/bin/python -B
import sys
sys.path.insert(0, "$out/python/plugin")
import pyload, serve
serve.main(pyload.describe(), pyload.validate, pyload.Load)
PROGRAM
chmod 755 "$out/pulse-plugin-pyload"
"$out/pulse-plugin-pyload" manifest >"$out/pulse-plugin-pyload.json"
