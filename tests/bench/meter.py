"""The cost of processes: a control group for each party, memory of processes, sectors written by the disk."""
import os
import pathlib
import statistics
import subprocess
import time

GROUP = 'mxpress-bench-'
TICKS = os.sysconf('SC_CLK_TCK')


def cgroup_mount():
    """The folder of control groups of version 2, alone or beside version 1."""
    for line in pathlib.Path('/proc/self/mounts').read_text().splitlines():
        if line.split()[2] == 'cgroup2':
            return pathlib.Path(line.split()[1])
    return None


def remove_groups():
    """Those of runs that have ended."""
    mount = cgroup_mount()
    for group in mount.glob(GROUP + '*') if mount else []:
        try:
            group.rmdir()
        except OSError:
            pass  # of a run that goes on


class Party:
    """The processes of one party (server, source ...) with all that they start. Where no control group can be made, their CPU comes
    from /proc: less exact, because a child that was orphaned and has ended is not seen."""

    def __init__(self, run, name):
        self.name, self.roots, mount = name, [], cgroup_mount()
        self.group = mount / f'{GROUP}{run}-{name}' if mount else None
        try:
            if self.group:
                self.group.mkdir()
        except OSError:
            self.group = None

    def prefix(self):
        """The beginning of a command that runs in this party."""
        return ['sh', '-c', 'echo 0 >"$0/cgroup.procs"; exec "$@"', str(self.group)] if self.group else []

    def own(self, process):
        self.roots.append(process.pid)
        return process

    def cpu(self):
        """Seconds since the party was made."""
        if self.group:
            return int((self.group / 'cpu.stat').read_text().split()[1]) / 1e6
        return sum(cpu_of(pid) for pid in self.pids())

    def pids(self):
        if self.group:
            return [int(line) for line in (self.group / 'cgroup.procs').read_text().split()]
        children = {}
        for path in pathlib.Path('/proc').glob('[0-9]*'):
            stat = stat_of(path.name)
            if stat:
                children.setdefault(int(stat[1]), []).append(int(path.name))
        found = list(self.roots)
        for pid in found:
            found += children.get(pid, [])
        return found

    def memory(self):
        """MiB: memory of these processes alone, and their share of memory that they share with others."""
        return sum(kib(pid, 'smaps_rollup', 'Pss:') for pid in self.pids()) / 1024

    def peak(self):
        """MiB: the sum of the most that each process that still runs has ever had resident."""
        return sum(kib(pid, 'status', 'VmHWM:') for pid in self.pids()) / 1024


def stat_of(pid):
    """The text after the name in /proc/PID/stat; None if the process has ended."""
    try:
        return pathlib.Path(f'/proc/{pid}/stat').read_text().rpartition(')')[2].split()
    except OSError:
        return None


def cpu_of(pid):
    stat = stat_of(pid)
    return sum(int(ticks) for ticks in stat[11:15]) / TICKS if stat else 0


def kib(pid, file, key):
    try:
        for line in pathlib.Path(f'/proc/{pid}/{file}').read_text().splitlines():
            if line.startswith(key):
                return int(line.split()[1])
    except OSError:
        pass  # it has ended
    return 0


def sectors_written(folder):
    """By everybody, on the device below the folder; None where it has none."""
    device = os.stat(folder).st_dev
    path = pathlib.Path(f'/sys/dev/block/{os.major(device)}:{os.minor(device)}/stat')
    return int(path.read_text().split()[6]) if path.exists() else None


def sync_ms(folder, times=20):
    """The median time to append 4 KiB to a file and sync it, at this moment."""
    path, waits = pathlib.Path(folder) / 'sync-probe', []
    with open(path, 'wb', buffering=0) as file:
        for _ in range(times):
            start = time.monotonic()
            file.write(b'x' * 4096)
            os.fdatasync(file.fileno())
            waits.append(time.monotonic() - start)
    path.unlink()
    return statistics.median(waits) * 1e3


def disk_use(folder):
    """MiB."""
    return int(subprocess.run(['du', '-sk', folder], capture_output=True, text=True).stdout.split()[0]) / 1024
