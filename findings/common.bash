# Functions for all findings. Sourced, not run. Needs bash, coreutils, util-linux, iproute2, apt-get, dpkg-deb and python3.
set -euo pipefail
export LC_ALL=C.UTF-8
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"

# Exit status 77: the finding cannot be tried here.
cannot_try() { echo "not tried: $*"; exit 77; }

# with_packages SCRIPT NAME=VERSION...: downloads these packages to $work/archives and unpacks them to $work/root; nothing is installed.
# SCRIPT then runs a second time, in its own mount, process and network namespaces: the packages lie over /usr, /etc and /var as if they
# were installed, and the network is loopback alone. Only that second run returns from this function.
with_packages() {
  local script=$1 code=0
  shift
  if [ -n "${FINDING_INSIDE:-}" ]; then
    lay_over_the_system
    return
  fi
  trap 'rm -rf "$work"' EXIT
  [ "$(id -u)" = 0 ] || cannot_try "only root can make the namespaces"
  unpack "$@"
  FINDING_INSIDE=1 FINDING_WORK=$work unshare --mount --net --pid --fork --kill-child --mount-proc --propagation private bash "$script" || code=$?
  exit $code
}

unpack() {
  local archive
  command -v apt-get >/dev/null || cannot_try "there is no apt-get"
  mkdir -p "$work/archives" "$work/root/usr/lib" "$work/root/etc" "$work/root/var"
  chmod 755 "$work"
  (cd "$work/archives" && apt-get -qq -o APT::Sandbox::User=root download "$@" >"$work/download.log" 2>&1) ||
    cannot_try "$(tail -n 1 "$work/download.log")"
  for archive in "$work"/archives/*.deb; do dpkg-deb -x "$archive" "$work/root"; done
  [ ! -d "$work/root/lib" ] || cp -a "$work/root/lib/." "$work/root/usr/lib"
  echo "packages: $*"
}

lay_over_the_system() {
  local folder
  ip link set lo up
  mkdir -p "$work/layers"
  mount -t tmpfs none "$work/layers"
  for folder in usr etc var; do
    mkdir -p "$work/layers/$folder/upper" "$work/layers/$folder/work"
    mount -t overlay none -o "lowerdir=$work/root/$folder:/$folder,upperdir=$work/layers/$folder/upper,workdir=$work/layers/$folder/work" "/$folder" ||
      cannot_try "no overlay can be mounted"
  done
}

changes=0

# saw WHAT EXPECTED ACTUAL: prints the observation. ACTUAL that differs from EXPECTED is a change.
saw() {
  printf '%s:\n' "$1"
  printf '%s\n' "$3" | sed 's/^/    /'
  [ "$2" != "$3" ] || return 0
  printf '  CHANGED. It was:\n'
  printf '%s\n' "$2" | sed 's/^/    /'
  changes=$((changes + 1))
}

# The last line of each finding.
conclude() {
  [ $changes = 0 ] || { echo "CHANGED: $changes observation(s) differ from those of $1"; exit 1; }
  echo "as on $1"
}

# wait_for SECONDS COMMAND...: until the command succeeds.
wait_for() {
  local tries=$(($1 * 10))
  shift
  until "$@" >/dev/null 2>&1; do
    tries=$((tries - 1))
    [ $tries -gt 0 ] || { echo "gave up waiting for: $*"; exit 1; }
    sleep 0.1
  done
}
