#!/usr/bin/env bash
# Starts the server and the agent of this machine, says where to log in, and stops both on Ctrl-C.
# Data lies in .run, so that the next start finds it again.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

listen=${LISTEN:-localhost:7655}
port=${listen##*:}
host=${listen%:*}
case $host in '' | 0.0.0.0 | '[::]') host=localhost ;; esac
url=http://$host:$port

mkdir -p .run/data .run/agent
chmod 700 .run .run/data .run/agent

server='' agent=''
stop() {
  trap '' INT TERM
  [ -z "$agent" ] || kill -TERM "$agent" 2>/dev/null || true
  [ -z "$server" ] || kill -TERM "$server" 2>/dev/null || true
  wait || true
}
trap 'echo; echo "Stopping Pulse."; stop; exit 0' INT TERM

# fail MESSAGE LOG: says what went wrong with the end of the log, and stops what runs.
fail() {
  echo "$1 The end of $2:" >&2
  tail -n 15 "$2" >&2
  stop
  exit 1
}

# healthy: asks the server how it is, with what bash itself has.
healthy() {
  local line=''
  exec 3<>"/dev/tcp/${host//[\[\]]/}/$port" || return 1
  printf 'GET /api/health HTTP/1.0\r\nHost: %s\r\n\r\n' "$host" >&3
  read -r -t 2 line <&3 || true
  exec 3>&- 3<&-
  [[ $line == *' 200 '* ]]
}

bin/pulse serve --data .run/data --listen "$listen" >.run/pulse.log 2>&1 &
server=$!
until healthy 2>/dev/null; do
  kill -0 "$server" 2>/dev/null || fail "The server did not start." .run/pulse.log
  [ "$SECONDS" -lt 60 ] || fail "The server is not healthy after 60 s." .run/pulse.log
  sleep 0.1
done

bin/pulse-agent --url "$url" --token-file .run/data/local-agent.token --state-dir .run/agent --interval 10s \
  >.run/agent.log 2>&1 &
agent=$!

echo
echo "Pulse runs at $url"
if token=$(bin/pulse bootstrap-token --data .run/data 2>/dev/null | tail -n 1) && [ -n "$token" ]; then
  echo "  First start: open the page, paste this bootstrap token and set a password:"
  echo "  $token"
fi
echo "  Logs: .run/pulse.log and .run/agent.log. Ctrl-C stops it."

status=0
wait -n "$server" "$agent" || status=$?
if kill -0 "$server" 2>/dev/null; then
  fail "The agent ended (status $status)." .run/agent.log
fi
fail "The server ended (status $status)." .run/pulse.log
