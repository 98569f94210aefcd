#!/usr/bin/env bash
# Builds what a release holds: the agent for every platform, the server with its plugins for Linux, and checksums.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

version=${VERSION:?VERSION is not set}
module=github.com/pulse-platform/pulse
ldflags="-s -w -X main.version=$version -X $module/sdk/serve.version=$version"

agents=(
  linux/amd64 linux/arm64 linux/armv7 linux/armv6 linux/386
  darwin/amd64 darwin/arm64
  windows/amd64 windows/arm64 windows/386
  freebsd/amd64 freebsd/arm64
)
servers=(linux/amd64 linux/arm64 linux/armv7)

# build PLATFORM OUTPUT PACKAGE: cross-compiles one static binary.
build() {
  local os=${1%/*} arch=${1#*/} arm=''
  case $arch in armv*) arm=${arch#armv} arch=arm ;; esac
  CGO_ENABLED=0 GOOS=$os GOARCH=$arch GOARM=$arm go build -trimpath -ldflags "$ldflags" -o "$2" "$3"
}

rm -rf dist
mkdir -p dist

for platform in "${agents[@]}"; do
  suffix=''
  [ "${platform%/*}" != windows ] || suffix=.exe
  build "$platform" "dist/pulse-agent-${platform/\//-}$suffix" ./agent/cmd/pulse-agent
done

# A plugin's manifest is written by the plugin itself, which the build machine can run for its own platform only: for
# the others the native manifest is taken, with the facts of the program it will lie beside.
CGO_ENABLED=0 go build -trimpath -ldflags "$ldflags" -o dist/.native/pulse-plugins ./plugins/cmd/pulse-plugins
scripts/link-plugins.sh dist/.native/pulse-plugins dist/.native/plugins
manifest() {
  "dist/.native/plugins/$1" manifest | node -e '
    const [binary, os, arch] = process.argv.slice(1)
    const digest = require("crypto").createHash("sha256").update(require("fs").readFileSync(binary)).digest("hex")
    const manifest = JSON.parse(require("fs").readFileSync(0, "utf8"))
    console.log(JSON.stringify({...manifest, sha256: digest, os, arch}, null, 2))
  ' "$2" "$3" "$4" >"$2.json"
}

for platform in "${servers[@]}"; do
  name=pulse-$version-${platform/\//-}
  mkdir -p "dist/$name/plugins"
  build "$platform" "dist/$name/pulse" ./core/cmd/pulse
  cp "dist/pulse-agent-${platform/\//-}" "dist/$name/pulse-agent"
  build "$platform" dist/.native/program ./plugins/cmd/pulse-plugins
  for plugin in $(dist/.native/pulse-plugins); do
    ln dist/.native/program "dist/$name/plugins/$plugin"
    arch=${platform#*/}
    manifest "$plugin" "dist/$name/plugins/$plugin" "${platform%/*}" "${arch/armv7/arm}"
  done
  rm dist/.native/program
  cp -r LICENSE README.md CHANGELOG.md config.example.hcl installers "dist/$name/"
  tar -C dist --sort=name --owner=0 --group=0 --numeric-owner --mtime=@0 -czf "dist/$name.tar.gz" "$name"
  rm -rf "dist/$name"
done
rm -rf dist/.native

(cd dist && sha256sum -- * >SHA256SUMS)
cat dist/SHA256SUMS
