#!/usr/bin/env bash
# Runs every test. What a test needs beyond Go, Node and make is installed here when that is possible; where it is
# not, the tests that need it are skipped by name. With CI=true nothing is skipped: what is missing is a failure.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

skipped=()
failed=()

# skip NAME REASON: leaves a part out, which CI does not allow.
skip() {
  echo "SKIP $1: $2"
  skipped+=("$1")
  [ "${CI:-}" != true ] || failed+=("$1 (skipped)")
}

# part NAME COMMAND...: runs one part and goes on when it fails, so that one run tells everything. At the end the tests
# that failed are listed; what they wrote stands above.
part() {
  local name=$1 start=$SECONDS log tests
  shift
  log=$(mktemp)
  echo "== $name"
  if ! "$@" 2>&1 | tee "$log"; then
    # As Go, the browser tests and Vitest name them.
    mapfile -t tests < <(sed -nE '/failing tests:/d; s/^ *(--- FAIL:|✖|FAIL ) *(.*)$/\2/p' "$log" | sort -u)
    failed+=("$name" "${tests[@]/#/  }")
  fi
  rm -f "$log"
  echo "== $name: done in $((SECONDS - start)) s"
}

# install PACKAGES...: installs Debian packages where we may, quietly unless it fails.
install() {
  local sudo=()
  command -v apt-get >/dev/null || return 1
  if [ "$(id -u)" != 0 ]; then
    sudo -n true 2>/dev/null || return 1
    sudo=(sudo -n)
  fi
  echo "Installing $*"
  local log
  log=$(mktemp)
  if ! { "${sudo[@]}" apt-get update && "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y --no-install-recommends "$@"; } >"$log" 2>&1; then
    tail -n 5 "$log"
    rm -f "$log"
    return 1
  fi
  rm -f "$log"
}

# find_chromium prints the path of the browser.
find_chromium() { type -P chromium || type -P chromium-browser || type -P google-chrome; }

# The race detector makes scrypt, which is slow on purpose and has no goroutines, several times slower. Only a package that
# makes no generic functions may be left out: the linker may take its copy of one for the whole program.
race=()
if command -v gcc >/dev/null || command -v cc >/dev/null || install gcc libc6-dev; then
  race=(-race -gcflags=golang.org/x/crypto/scrypt=-race=false)
else
  skip "race detector" "it needs a C compiler, and gcc could not be installed"
fi

command -v apprise >/dev/null || install apprise || skip "apprise" "the command apprise could not be installed"

# A real InfluxDB, from the module proxy as everything else.
if [ -z "${INFLUXD:-}" ] && ! command -v influxd >/dev/null; then
  if CGO_ENABLED=0 go build -modfile=tools/influxd.mod -o bin/test/influxd github.com/influxdata/influxdb/cmd/influxd; then
    INFLUXD=$PWD/bin/test/influxd
    export INFLUXD
  else
    skip "influxdb" "influxd could not be built"
  fi
fi

# Tests with real processes wait for them most of the time, so more of them run at once than there are processors.
part "go test" env CGO_ENABLED="$([ ${#race[@]} = 0 ] && echo 0 || echo 1)" go test "${race[@]}" -parallel 5 -timeout 20m ./...

# The examples are modules of their own, as a stranger's plugin is.
for module in examples/plugins/*/go.mod; do
  part "go test: $(dirname "$module")" env -C "$(dirname "$module")" CGO_ENABLED="$([ ${#race[@]} = 0 ] && echo 0 || echo 1)" \
    go test "${race[@]}" -timeout 5m ./...
done

if [ -f web/package.json ]; then
  part "web: unit tests" npm --prefix web run --silent test
  if find_chromium >/dev/null || install chromium; then
    CHROMIUM=$(find_chromium)
    export CHROMIUM
    part "build for the browser tests" make binaries
    part "web: browser tests" npm --prefix web run --silent test:e2e
  else
    skip "web: browser tests" "chromium is missing and could not be installed"
  fi
fi

[ ${#skipped[@]} = 0 ] || printf 'skipped: %s\n' "${skipped[@]}"
if [ ${#failed[@]} != 0 ]; then
  printf 'FAILED: %s\n' "${failed[@]}"
  exit 1
fi
echo "All tests passed."
