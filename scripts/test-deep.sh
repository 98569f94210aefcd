#!/usr/bin/env bash
# What takes too long for every change: each fuzz target for FUZZTIME, the tests three times in a random order, a server that
# is killed KILLS times while reports come and half as often while alerts are told, and the agent built for every platform.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
fuzztime=${FUZZTIME:-60s}

go test -race -count=3 -shuffle=on -timeout 60m ./...
PULSE_KILLS=${KILLS:-1000} go test -count=1 -run '^TestServerKilledWhileReportsCome$' -timeout 60m ./e2e
PULSE_KILLS=${KILLS:-1000} go test -count=1 -run '^TestKilled$' -timeout 60m ./core/sqlite
PULSE_KILLS=$((${KILLS:-1000} / 2)) go test -count=1 -run '^TestServerKilledWhileAlertsAreTold$' -timeout 60m ./e2e

# What needs more than Go: plugins in other languages, real counterparts.
if command -v cargo >/dev/null && scripts/influxd2.sh bin/test/influxd2; then
  export INFLUXD2=$PWD/bin/test/influxd2
else
  echo "skipped: the tests against an InfluxDB 2, which is built with Rust" >&2
fi
command -v victoria-metrics >/dev/null || echo "skipped: the test against VictoriaMetrics, a package of Debian" >&2
if [ -z "${INFLUXD:-}" ] && [ -x bin/test/influxd ]; then
  export INFLUXD=$PWD/bin/test/influxd
fi
go test -count=1 -timeout 60m ./core/influx
go test -tags deep -count=1 -timeout 30m -run 'Python' ./e2e

grep -rlE --include='*_test.go' '^func Fuzz' core sdk plugins agent | while read -r file; do
  grep -oE '^func Fuzz[A-Za-z0-9_]+' "$file" | while read -r _ target; do
    echo "== $target in $(dirname "$file") for $fuzztime"
    go test -run '^$' -fuzz "^$target\$" -fuzztime "$fuzztime" "./$(dirname "$file")" </dev/null
  done
done

make dist
