#!/usr/bin/env bash
# The demo: a sample shop, an Iterable simulator, two syncs with a day of changes between them.
# ./dev demo [--once]. Everything it makes is under build/demo.
#   ROLLCALL_DEMO_SCALE  1 (100,000 customers) unless set
#   ROLLCALL_DEMO_PORT   the simulator's port, 8181 unless set; a free one when that is taken
#   ROLLCALL_DEMO_LISTEN where the service listens, 127.0.0.1:8090 unless set; a free port when that is taken
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
bin=$root/build/bin
here=$root/build/demo
scale=${ROLLCALL_DEMO_SCALE:-1}
port=${ROLLCALL_DEMO_PORT:-8181}
once=no
case ${1:-} in
  --once) once=yes ;;
  '') ;;
  *) echo "usage: ./dev demo [--once]" >&2; exit 2 ;;
esac

listen=${ROLLCALL_DEMO_LISTEN:-127.0.0.1:8090}
simulator=
service=
stop() {
  local process
  for process in $service $simulator; do # the service first: it seals what it has
    kill "$process" 2>/dev/null || true
    wait "$process" 2>/dev/null || true
  done
  service= simulator=
}
trap stop EXIT
trap 'stop; exit 0' INT TERM

# Until a process has written a line like this; false when it ended before.
await() { # PROCESS LOG PATTERN
  local _
  for _ in $(seq 1 200); do
    grep -q "$3" "$2" 2>/dev/null && return 0
    kill -0 "$1" 2>/dev/null || return 1
    sleep 0.1
  done
  return 1
}

step() { printf '\n== %s\n' "$*"; }

mkdir -p "$here"
cd "$here"
rm -rf home simulator.log
export ROLLCALL_HOME=$here/home
export ITERABLE_API_KEY=0123456789abcdef0123456789abcdef # the simulator takes any

if [[ ! -f pristine-$scale.duckdb ]]; then
  step "making the sample shop (TPC-DS at scale $scale; once)"
  rm -f making.duckdb*
  "$bin/shopgen" making.duckdb --extension "$root/build/deps/duckdb/extensions/tpcds.duckdb_extension" --set "scale=$scale" "$root/examples/make_shop.sql"
  mv making.duckdb "pristine-$scale.duckdb"
fi
cp "pristine-$scale.duckdb" shop.duckdb
"$bin/shopgen" shop.duckdb "$root/examples/contacts.sql"

step "starting the Iterable simulator: nine customers in ten are contacts"
start_simulator() {
  "$bin/iterable-sim" --listen "127.0.0.1:$1" --project-type hybrid --contacts contacts.ndjson >simulator.log 2>&1 &
  simulator=$!
  await "$simulator" simulator.log 'listening on' || { simulator=; return 1; }
}
start_simulator "$port" || start_simulator 0 || { cat simulator.log >&2; exit 1; }
address=$(grep -o 'http://[0-9.:]*' simulator.log | head -n 1)
echo "   $address"

step "applying the catalog (examples/shop.yaml)"
sed "s|http://127.0.0.1:8181|$address|" "$root/examples/shop.yaml" >shop.yaml
"$bin/rollcall" apply shop.yaml

mapfile -t activations < <(grep -A100 '^activations:' shop.yaml | sed -n 's/^  - segment: //p')
sync_all() {
  local activation
  for activation in "${activations[@]}"; do "$bin/rollcall" run "$activation"; done
}
step "first sync"
sync_all
step "a day of changes in the shop"
"$bin/shopgen" shop.duckdb "$root/examples/day_of_changes.sql"
step "second sync"
sync_all
step "what stands now"
"$bin/rollcall" status

step "starting the service: from now on the lists keep themselves true"
start_service() {
  "$bin/rollcall" serve --listen "$1" >service.log 2>service.err &
  service=$!
  await "$service" service.log '^rollcall serves' || { service=; return 1; }
}
start_service "$listen" || start_service "${listen%:*}:0" || { cat service.err >&2; exit 1; }
sed 's/^/   /' service.log
url=$(sed -n 's/^rollcall serves //p' service.log)
curl -fsS "$url/api/v1/health" >/dev/null

if [[ $once == no ]]; then
  step "all of it keeps serving until Ctrl-C"
  cat <<T
   the simulator's status page: $address/_sim/
   try, in another terminal:
     export ROLLCALL_HOME=$ROLLCALL_HOME PATH=$bin:\$PATH
     rollcall status
     rollcall plan "Lapsed VIPs"
     rollcall token add demo --role admin    # then: curl -H "Authorization: Bearer TOKEN" $url/api/v1/status
T
  wait "$service"
fi
