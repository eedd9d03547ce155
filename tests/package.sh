#!/usr/bin/env bash
# The packages, on a machine that has nothing but Debian's base: ./dev test-package. Installs the .deb there, brings a
# first list about by schedule, restarts the service, removes the package; and the same with the tarball in /opt, and
# once more under the unit's filters of system calls. All on loopback. The last line: N passed, M failed.
#   tests/package.sh CACHE     where the bare machine is kept, a folder that debootstrap makes once
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
cache=$1
base=$cache/bookworm
here=$PWD/build/package-test
machine=$here/machine
user=1000:1000 # the service is nobody's root
export ITERABLE_API_KEY=0123456789abcdef0123456789abcdef
export LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive

deb=$(compgen -G "$PWD/build/packages/rollcall_*_amd64.deb" | tail -n 1)
tarball=$(compgen -G "$PWD/build/packages/rollcall-*-linux-x86_64.tar.gz" | tail -n 1)
version=$(basename "$deb" | cut -d_ -f2)

passed=0 failed=0
pass() { passed=$((passed + 1)); printf 'ok      %s\n' "$*"; }
fail() { failed=$((failed + 1)); printf 'FAILED  %s\n' "$*"; }
check() { # WHAT COMMAND…
  local what=$1
  shift
  if "$@" >"$here/last.log" 2>&1; then pass "$what"; else fail "$what"; tail -n 15 "$here/last.log"; fi
}
inside() { chroot "$machine" /usr/bin/env "$@"; }
as_user() { chroot --userspec=$user "$machine" /usr/bin/env -C /srv/shop HOME=/srv/shop "$@"; }

processes=()
end() { # PID: asked to, and waited for
  kill "$1" 2>/dev/null
  wait "$1"
}
clean_up() {
  local process
  for process in "${processes[@]}"; do kill "$process" 2>/dev/null && wait "$process" 2>/dev/null; done
  mountpoint -q "$machine/proc" && umount "$machine/proc"
  rm -rf "$machine"
}
finish() {
  clean_up
  printf '%s passed, %s failed\n' "$passed" "$failed"
  [[ $failed -eq 0 && $passed -gt 0 ]] || exit 1
}
trap finish EXIT

# wait_for SECONDS COMMAND…
wait_for() {
  local left=$(($1 * 5))
  shift
  until "$@" >/dev/null 2>&1; do
    [[ $((left -= 1)) -gt 0 ]] || return 1
    sleep 0.2
  done
}

# --- The bare machine. Where its packages come from is what this one is told.

make_base() {
  [[ ! -f $base/complete ]] || return 0
  local mirror
  mirror=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/*.sources /etc/apt/sources.list.d/*.list 2>/dev/null |
    grep -oE '^(URIs:|deb( \[[^]]*\])?) +[^ ]+/debian/?( |$)' | grep -oE '[a-z]+://[^ ]+' | head -n 1)
  echo "making a bare machine, once"
  rm -rf "$base"
  mkdir -p "$base"
  debootstrap --variant=minbase bookworm "$base" ${mirror:+"$mirror"} >"$here/debootstrap.log" 2>&1 ||
    { tail -n 20 "$here/debootstrap.log"; return 1; }
  touch "$base/complete"
}

mkdir -p "$here"
clean_up
make_base || { fail "debootstrap"; exit 1; }
cp -a "$base" "$machine"
mount -t proc proc "$machine/proc"
cp /etc/resolv.conf "$machine/etc/resolv.conf"
mkdir -p "$machine/srv/shop"
cp examples/first/* "$machine/srv/shop/"
chown -R $user "$machine/srv/shop"
rm -f "$machine/usr/sbin/policy-rc.d"

# --- What each of the two must do. The programs are in $bin, as the machine sees it.

runs_ended() { # at least N of the schedule, all well
  as_user ROLLCALL_HOME=/srv/shop/home "$bin/rollcall" runs --json | /usr/bin/python3 -c '
import json, sys
runs = [run for run in json.load(sys.stdin) if run.get("trigger") == "schedule"]
sys.exit(not (len(runs) >= int(sys.argv[1]) and all(run["status"] == "completed" for run in runs)))' "$1"
}

start_service() { # writes its id into $service, its address into $url
  : >"$here/serve.log"
  chroot --userspec=$user "$machine" /usr/bin/env HOME=/srv/shop ROLLCALL_HOME=/srv/shop/home ITERABLE_API_KEY=$ITERABLE_API_KEY \
    NOTIFY_SOCKET=/srv/shop/notify WATCHDOG_USEC=2000000 \
    "$bin/rollcall" serve --listen 127.0.0.1:0 >"$here/serve.log" 2>"$here/serve.err" &
  service=$!
  processes+=("$service")
  wait_for 60 grep -q '^rollcall serves' "$here/serve.log" || { tail -n 5 "$here/serve.err"; return 1; }
  url=$(sed -n 's/^rollcall serves //p' "$here/serve.log")
}

# What an administrator does on the page first, asked for as the page asks.
explore() { # NAME, and rollcall in the service's home
  local name=$1 token
  shift
  token=$("$@" token add "$name" --role admin --json 2>"$here/last.log" |
    /usr/bin/python3 -c 'import json, sys; print(json.load(sys.stdin)["text"])')
  local ask=(curl -fsS -H "Authorization: Bearer $token")
  check "$name: the page is there" bash -c 'curl -fsSi "$1/" | grep -qi "^content-security-policy: .*nonce-"' - "$url"
  check "$name: the demo shop is made" "${ask[@]}" -X POST "$url/api/v1/demo"
  check "$name: its Iterable answers" bash -c '"$@" | grep -Eq "\"answers\": ?true"' - "${ask[@]}" "$url/api/v1/demo"
  check "$name: the demo shop is removed" "${ask[@]}" -X DELETE "$url/api/v1/demo"
}

try_programs() { # NAME
  local name=$1 simulator listener address code
  check "$name: rollcall --version says $version" bash -c '[[ $("$@") == "rollcall '"$version"'" ]]' - chroot "$machine" "$bin/rollcall" --version
  rm -rf "$machine/srv/shop/home" "$machine/srv/shop/notify"

  /usr/bin/python3 - "$machine/srv/shop/notify" >"$here/notified.log" <<'P' &
import os, socket, sys
listening = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
listening.bind(sys.argv[1])
os.chmod(sys.argv[1], 0o666)
while True:
    print(listening.recv(4096).decode(), flush=True)
P
  listener=$!
  processes+=("$listener")

  chroot --userspec=$user "$machine" "$bin/iterable-sim" --listen 127.0.0.1:0 --contacts /srv/shop/contacts.ndjson >"$here/sim.log" 2>&1 &
  simulator=$!
  processes+=("$simulator")
  check "$name: iterable-sim listens" wait_for 30 grep -q 'listening on' "$here/sim.log"
  address=$(grep -o 'http://[0-9.:]*' "$here/sim.log" | head -n 1)
  sed -i "s|base_url: .*|base_url: $address|" "$machine/srv/shop/first.yaml"

  local ours=(ROLLCALL_HOME=/srv/shop/home ITERABLE_API_KEY=$ITERABLE_API_KEY "$bin/rollcall")
  check "$name: a catalog of a CSV file is applied" as_user "${ours[@]}" apply first.yaml
  check "$name: serve listens" start_service
  check "$name: the first run by schedule ends well" wait_for 120 runs_ended 1
  check "$name: two of three members are on the list, one is no contact" bash -c '"$@" | grep -Eq "\"added\": ?2"' - \
    chroot --userspec=$user "$machine" /usr/bin/env "${ours[@]}" runs --json
  check "$name: the list was read and is right" as_user "${ours[@]}" audit Regulars
  check "$name: health is told" curl -fsS "$url/api/v1/health"
  explore "$name" chroot --userspec=$user "$machine" /usr/bin/env "${ours[@]}"
  check "$name: READY and WATCHDOG are told" wait_for 15 bash -c "grep -qx READY=1 $here/notified.log && grep -qx WATCHDOG=1 $here/notified.log"
  end "$service"
  code=$?
  check "$name: serve ends with 0, and tells STOPPING" bash -c "[[ $code == 0 ]] && grep -qx STOPPING=1 $here/notified.log"
  check "$name: serve starts again" start_service
  check "$name: the run is still known" runs_ended 1
  end "$service"

  # By files beside the program: an extension of DuckDB, and the driver of PostgreSQL.
  /usr/bin/python3 - "$machine/srv/shop/shop.sqlite" <<'P'
import os, sqlite3, sys
with sqlite3.connect(sys.argv[1]) as shop:
    shop.execute("DROP TABLE IF EXISTS people")
    shop.execute("CREATE TABLE people (id TEXT, email TEXT)")
    shop.execute("INSERT INTO people VALUES ('c1', 'ann@example.com')")
os.chmod(sys.argv[1], 0o644)
P
  cat >"$machine/srv/shop/more.yaml" <<'Y'
version: 1
sources:
  - {name: lite, kind: sqlite, path: /srv/shop/shop.sqlite}
  - {name: elephant, kind: postgres, host: 127.0.0.1, port: 1, database: x, user: x, password: x}
models:
  - {name: people, type: users, source: lite, table: people, primary_key: id}
segments:
  - {name: Everybody, model: people, where: {field: email, op: is_not_null}}
Y
  check "$name: an extension is found" bash -c '"$@" apply /srv/shop/more.yaml && "$@" count Everybody' - \
    chroot --userspec=$user "$machine" /usr/bin/env "${ours[@]}"
  check "$name: the driver is found, and finds no server" bash -c '"$@" check elephant | tee /dev/stderr | grep -q "onnection refused"' - \
    chroot --userspec=$user "$machine" /usr/bin/env "${ours[@]}"
  end "$simulator"
  end "$listener"
}

# --- The .deb.

cp "$deb" "$machine/tmp/rollcall.deb"
cp /etc/apt/sources.list "$machine/etc/apt/" 2>/dev/null
inside apt-get update -qq >"$here/apt-update.log" 2>&1 || fail "apt-get update"
begun=$(date +%s%N)
check "apt-get install ./rollcall.deb" inside apt-get install -y -qq --no-install-recommends /tmp/rollcall.deb
install_seconds=$((($(date +%s%N) - begun) / 100000000))
check "no compiler is there" bash -c '! chroot "$1" /bin/sh -c "command -v cc || command -v g++"' - "$machine"
for file in usr/bin/rollcall usr/bin/iterable-sim usr/share/man/man1/rollcall.1.gz usr/share/bash-completion/completions/rollcall \
  usr/share/zsh/vendor-completions/_rollcall usr/lib/systemd/system/rollcall.service etc/rollcall/rollcall.toml \
  usr/share/doc/rollcall/LICENSE usr/share/doc/rollcall/operating/install.md usr/share/doc/rollcall/examples/first/first.yaml; do
  check "there is /$file" test -s "$machine/$file"
done
check "the program names no folder of who built it as a place of libraries" bash -c '! readelf -d "$1" | grep -E "R(UN)?PATH" | grep -v "ORIGIN/../lib/rollcall"' - "$machine/usr/bin/rollcall"
check "the service takes the settings as they are installed" bash -c '"$@"; [[ $? == 124 ]]' - \
  timeout 5 chroot --userspec=$user "$machine" /usr/bin/env ROLLCALL_HOME=/tmp/settings-home /usr/bin/rollcall serve --listen 127.0.0.1:0 --config /etc/rollcall/rollcall.toml
bin=/usr/bin
try_programs deb
check "apt-get remove" inside apt-get remove -y -qq rollcall
check "the programs are gone, the settings are not" bash -c '[[ ! -e $1/usr/bin/rollcall && ! -e $1/usr/lib/rollcall && -f $1/etc/rollcall/rollcall.toml ]]' - "$machine"
check "the home is not touched" test -f "$machine/srv/shop/home/rollcall.db"
check "purged, /etc/rollcall is gone" bash -c 'chroot "$1" apt-get purge -y -qq rollcall && [[ ! -e $1/etc/rollcall ]]' - "$machine"

# --- The tarball. The libraries of the distribution are there already.

check "the tarball unpacks in /opt" tar -xzf "$tarball" -C "$machine/opt" --no-same-owner
folder=$(basename "$tarball" .tar.gz)
bin=/opt/$folder/bin
try_programs tarball

# --- As the unit confines it, as far as that goes without systemd: an empty set of capabilities, no new privileges, and
# the unit's filters of system calls and families of sockets.

# Each is one process with the id that is told, for it becomes what it starts.
confined=(/usr/bin/python3 tests/confined.py packaging/rollcall.service --root "$machine" --user 1000 -- /usr/bin/env HOME=/srv/shop
  ROLLCALL_HOME=/srv/shop/confined ITERABLE_API_KEY=$ITERABLE_API_KEY)
"${confined[@]}" "$bin/iterable-sim" --listen 127.0.0.1:0 --contacts /srv/shop/contacts.ndjson >"$here/sim.log" 2>&1 &
simulator=$!
processes+=("$simulator")
check "confined: iterable-sim listens" wait_for 30 grep -q 'listening on' "$here/sim.log"
sed -i "s|base_url: .*|base_url: $(grep -o 'http://[0-9.:]*' "$here/sim.log" | head -n 1)|; s|path: \.}|path: /srv/shop}|" "$machine/srv/shop/first.yaml"
check "confined: apply" "${confined[@]}" "$bin/rollcall" apply /srv/shop/first.yaml
"${confined[@]}" "$bin/rollcall" serve --listen 127.0.0.1:0 >"$here/serve.log" 2>"$here/serve.err" &
service=$!
processes+=("$service")
confined_ended() { "${confined[@]}" "$bin/rollcall" runs --json | grep -Eq '"added": ?2'; }
check "confined: a run by schedule ends well" wait_for 120 confined_ended
check "confined: it has no capability, and two filters of system calls" bash -c \
  'grep -Eqx "CapBnd:.0+" /proc/$1/status && grep -Eqx "Seccomp_filters:.[2-9]" /proc/$1/status' - "$service"
check "confined: an extension of DuckDB works" "${confined[@]}" "$bin/rollcall" apply /srv/shop/more.yaml
check "confined: the driver works as far as there is a server" bash -c '"$@" | grep -q "onnection refused"' - \
  "${confined[@]}" "$bin/rollcall" check elephant
url=$(sed -n 's/^rollcall serves //p' "$here/serve.log")
explore confined "${confined[@]}" "$bin/rollcall"
end "$service"
code=$?
check "confined: serve ends with 0" test "$code" = 0
end "$simulator"

printf 'apt-get install took %s.%s s\n' $((install_seconds / 10)) $((install_seconds % 10))
