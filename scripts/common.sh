# Functions for all scripts: the project's folder, plain messages, the time each script took. Sourced, not run.
set -euo pipefail
MXPRESS_ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
cd "$MXPRESS_ROOT"
export MXPRESS_ROOT
export LC_ALL=C.UTF-8

if [ -t 1 ]; then BOLD=$'\e[1m' RED=$'\e[31m' GREEN=$'\e[32m' PLAIN=$'\e[0m'; else BOLD='' RED='' GREEN='' PLAIN=''; fi
say() { printf '%s== %s%s\n' "$BOLD" "$*" "$PLAIN"; }
fail() { printf '%s%s: %s%s\n' "$RED" "$(basename "$0")" "$*" "$PLAIN" >&2; exit 1; }

# print_time_at_end NAME: says how long the script took, and whether it succeeded.
print_time_at_end() {
  SCRIPT_NAME=$1
  trap 'exit 143' TERM
  trap 'code=$?; if [ $code = 0 ]; then word="${GREEN}ok${PLAIN}"; else word="${RED}FAILED (exit $code)${PLAIN}"; fi
        printf "%s: %s, %d s\n" "$SCRIPT_NAME" "$word" "$SECONDS"; exit $code' EXIT
}

# as_root COMMAND...: directly, or through sudo.
as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; return; fi
  command -v sudo >/dev/null || fail "needs root to run: $* (there is no sudo)"
  sudo "$@"
}

# run_unit_tests PRESET: ctest's summary and the failures; the whole output stays in build/PRESET/ctest.log.
run_unit_tests() {
  local log="build/$1/ctest.log" code=0
  ctest --test-dir "build/$1" --output-on-failure --timeout 900 -j "$(nproc)" >"$log" 2>&1 || code=$?
  grep -Ev '^ +Start |Passed +[0-9.]+ sec$' "$log" || true
  return $code
}

# changelog_entry VERSION: the lines between its heading in CHANGELOG.md and the next; nothing if it has none.
changelog_entry() { awk -v heading="## $1" '$0 == heading {on = 1; next} /^## / {on = 0} on' CHANGELOG.md | sed -e '/./,$!d'; }
