#!/usr/bin/env bash
# Builds an InfluxDB 2 at the path given, for the tests of core/influx (INFLUXD2). It takes minutes, and Go, a C compiler and
# Rust: its Flux is written in Rust and takes the lints of a newer compiler for errors, so that these are turned off.
set -euo pipefail
target=$(realpath -m "$1")
tools=$(realpath "$(dirname "${BASH_SOURCE[0]}")/../tools")
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
cp "$tools/influxd2.mod" go.mod
cp "$tools/influxd2.sum" go.sum
printf '//go:build tools\n\npackage tools\n\nimport _ "github.com/influxdata/influxdb/v2/cmd/influxd"\n' >tools.go
# shellcheck disable=SC2016 # the wrapper expands it
printf '#!/bin/sh\nexec "$@" --cap-lints allow\n' >rustc
chmod +x rustc
GOBIN=$dir go install github.com/influxdata/pkg-config@v0.2.14
# Cargo would fetch the toolchain that the source names; the one that is installed will do.
PKG_CONFIG=$dir/pkg-config RUSTC_WRAPPER=$dir/rustc RUSTUP_TOOLCHAIN=$(rustup show active-toolchain 2>/dev/null | cut -d" " -f1) \
  go build -tags 'sqlite_foreign_keys sqlite_json noassets' -o "$target" github.com/influxdata/influxdb/v2/cmd/influxd
