# Functions for the tests inside a root. Sourced; everything runs as root in a clean Debian with only sh, perl and the package.
failures=0
CHECK_OUTPUT=${CHECK_OUTPUT:-/tmp/check.out}

step() { printf '== %s\n' "$*"; }
fine() { printf 'ok      %s\n' "$*"; }
wrong() { printf 'FAILED  %s\n' "$*"; failures=$((failures + 1)); }

# check WHAT COMMAND...
check() {
  local what=$1
  shift
  if "$@" >"$CHECK_OUTPUT" 2>&1; then fine "$what"; else wrong "$what: $(tail -n 3 "$CHECK_OUTPUT" | tr '\n' ' ')"; fi
}
check_not() { check "$1" not "${@:2}"; }
not() { ! "$@"; }

# check_text WHAT PATTERN FILE
check_text() { check "$1" grep -Eq -- "$2" "$3"; }

# within SECONDS COMMAND...
within() {
  local deadline=$(($(date +%s%N) + $1 * 1000000000))
  shift
  until "$@" >/dev/null 2>&1; do
    [ "$(date +%s%N)" -lt $deadline ] || return 1
    sleep 0.05
  done
}

seconds_since() { awk -v from="$1" -v to="$(date +%s%N)" 'BEGIN { printf "%.2f", (to - from) / 1e9 }'; }
count_files() { find "$1" -type f ! -name '.*' 2>/dev/null | wc -l; }
has_files() { [ "$(count_files "$1")" -ge "$2" ]; }
has_letters() { [ "$(grep -c '^From ' "$2")" -ge "$1" ]; }
apt_get() { apt-get -q -y -o Dpkg::Use-Pty=0 "$@"; }

# All mail that leaves goes to the sink.
route_to_sink() {
  mkdir -p /tmp/taken
  cat >/etc/mxpress/conf.d/90-test.toml <<'END'
[route]
host = "127.0.0.2:2525"
[delivery]
allow_addresses = ["127.0.0.0/8"]
[retry]
schedule = "1s*"
END
}
start_sink() { perl /packaging/sink 2525 /tmp/taken & sink=$!; }
stop_sink() { kill "$sink"; wait "$sink" 2>/dev/null || true; }
send() { printf 'Subject: %s\n\nhello\n' "$1" | sendmail "${2:-you@there.example}"; }
