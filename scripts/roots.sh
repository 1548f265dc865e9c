# Roots of Debian, each a folder below build/package/roots: made by debootstrap, entered by chroot in namespaces of its own, so that nothing
# is mounted, started or listened on outside. Sourced after common.sh, not run. Needs root.
ROOTS="$MXPRESS_ROOT/build/package/roots"
# The address that this machine has its packages from, unless MXPRESS_MIRROR says otherwise.
MIRROR=${MXPRESS_MIRROR:-$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | grep -v -- -security | head -n 1)}

# Debian's debootstrap: that of this machine, else unpacked below build/package and not installed.
debootstrap_command() {
  local tools="$MXPRESS_ROOT/build/package/tools"
  if command -v debootstrap >/dev/null; then
    debootstrap "$@"
    return
  fi
  if [ ! -d "$tools/usr" ]; then
    mkdir -p "$tools"
    (cd "$tools" && apt-get -q -o "APT::Sandbox::User=$(id -un)" download debootstrap >&2 && dpkg -x debootstrap_*.deb .)
  fi
  DEBOOTSTRAP_DIR="$tools/usr/share/debootstrap" "$tools/usr/sbin/debootstrap" "$@"
}

# enter ROOT COMMAND...: with the network of this machine, for apt. Processes left by COMMAND end with it.
enter() { enter_namespaces '' "$@"; }

# enter_alone ROOT COMMAND...: with a loopback interface and no other network.
enter_alone() { enter_namespaces --net "$@"; }

enter_namespaces() {
  local kind=$1 root=$2
  shift 2
  # shellcheck disable=SC2016
  ALONE=$kind ARCHIVES=$ROOTS/archives unshare --mount --pid --fork $kind bash -c '
    set -e
    root=$1
    shift
    mount --make-rprivate /
    mount -t proc proc "$root/proc"
    mount -t tmpfs tmpfs "$root/run"
    mount --rbind /dev "$root/dev"
    [ ! -d "$root/ccache" ] || mount --bind "${CCACHE_DIR:-$HOME/.cache/ccache}" "$root/ccache"
    [ -z "$ALONE" ] || ip link set lo up
    mkdir -p "$ARCHIVES/partial"
    mount --bind "$ARCHIVES" "$root/var/cache/apt/archives"
    exec env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 TERM=dumb \
      DEBIAN_FRONTEND=noninteractive chroot "$root" "$@"' enter "$root" "$@"
}

# base_root SUITE: a root by debootstrap, unchanged except for the settings of apt. Prints its folder.
base_root() {
  local root="$ROOTS/$1"
  if [ ! -e "$root.made" ]; then
    say "debootstrap $1" >&2
    rm -rf "$root" && mkdir -p "$ROOTS"
    unshare --mount bash -c "$(declare -f debootstrap_command); MXPRESS_ROOT=$MXPRESS_ROOT debootstrap_command $1 $root $MIRROR" \
      >"$root.log" 2>&1 || fail "debootstrap $1: $(tail -n 3 "$root.log")"
    printf '%s\n' 'Acquire::Languages "none";' 'Acquire::Check-Valid-Until "false";' >"$root/etc/apt/apt.conf.d/01mxpress"
    printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"  # no package starts anything
    chmod 755 "$root/usr/sbin/policy-rc.d"
    mkdir -p "$ROOTS/archives" && mv "$root"/var/cache/apt/archives/*.deb "$ROOTS/archives/"
    touch "$root.made"
  fi
  echo "$root"
}

# copy_root FROM NAME: a fresh copy to work in. Prints its folder.
copy_root() {
  local copy="$ROOTS/$2"
  rm -rf "$copy"
  cp -a --reflink=auto "$1" "$copy"
  cp /etc/resolv.conf "$copy/etc/resolv.conf"
  echo "$copy"
}

# boot ROOT: starts systemd in it as the first process of a container of its own, and sets BOOTED to its process id; run_booted COMMAND...
# runs a command there, stop_booted ends all of it. Fails if this machine allows no control group of its own.
BOOT_GROUP=$(awk '$3 == "cgroup2" {print $2; exit}' /proc/mounts)/mxpress-package

boot() {
  mkdir -p "$BOOT_GROUP" || return 1
  # shellcheck disable=SC2016
  (
    echo "$BASHPID" >"$BOOT_GROUP/cgroup.procs"
    exec setsid unshare --mount --pid --net --uts --ipc --cgroup --fork --kill-child bash -c '
      set -e
      cd "$1"
      ip link set lo up
      hostname host.here.example
      mount --make-rprivate /
      mount --bind . .
      cd "$1"
      mount -t proc proc proc
      mount -t sysfs -o ro sysfs sys
      mount -t cgroup2 cgroup2 sys/fs/cgroup
      mount -t tmpfs -o mode=755 tmpfs dev
      for device in null zero full random urandom tty; do
        touch "dev/$device"
        mount --bind "/dev/$device" "dev/$device"
      done
      mkdir dev/pts dev/shm
      mount -t devpts -o newinstance,ptmxmode=0666 devpts dev/pts
      ln -s pts/ptmx dev/ptmx
      mount -t tmpfs tmpfs dev/shm
      mount -t tmpfs -o mode=755 tmpfs run
      mount -t tmpfs tmpfs tmp
      mkdir -p .outside
      pivot_root . .outside
      exec chroot . /bin/sh -c "umount -l /.outside && exec env -i container=mxpress PATH=/usr/sbin:/usr/bin:/sbin:/bin \
        /lib/systemd/systemd --log-target=console --show-status=no"' boot "$1"
  ) >"$1.boot.log" 2>&1 </dev/null &
  BOOT_UNSHARE=$!
  local tries=0
  until BOOTED=$(pgrep -P "$BOOT_UNSHARE" -x systemd) && run_booted systemctl is-system-running 2>/dev/null | grep -Eq 'running|degraded'; do
    tries=$((tries + 1))
    [ $tries -lt 600 ] && kill -0 "$BOOT_UNSHARE" 2>/dev/null || return 1
    sleep 0.1
  done
}

run_booted() { nsenter -t "$BOOTED" -a env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive "$@"; }

stop_booted() {
  kill -KILL "$BOOTED"
  wait "$BOOT_UNSHARE" 2>/dev/null || true  # killed, as it should be
  rmdir "$BOOT_GROUP" 2>/dev/null || true
}
