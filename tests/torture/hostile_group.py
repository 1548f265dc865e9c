"""A memory cgroup for one daemon: 512 MiB, as in the unit file, and no swap. Version 1 or 2, whichever this machine lets us write."""
import os
import pathlib
import time

V1, V2 = pathlib.Path('/sys/fs/cgroup/memory'), pathlib.Path('/sys/fs/cgroup')


class NoGroup(Exception):
    """Neither version can be used; the reason is printed."""


def write(path, text):
    path.write_text(str(text))


class MemoryGroup:
    def __init__(self, limit):
        self.folder, reasons = None, []
        for make in (self.make_v1, self.make_v2):
            try:
                make(limit)
                return
            except OSError as error:
                reasons.append(f'{error.filename}: {error.strerror}')
                self.remove()
        raise NoGroup('; '.join(reasons))

    def make_v1(self, limit):
        self.version, self.folder = 1, V1 / f'mxpress-hostile-{os.getpid()}'
        self.folder.mkdir()
        write(self.folder / 'memory.limit_in_bytes', limit)
        try:
            write(self.folder / 'memory.memsw.limit_in_bytes', limit)
        except OSError:
            pass  # swap is not counted here

    def make_v2(self, limit):
        self.version, self.folder = 2, V2 / f'mxpress-hostile-{os.getpid()}'
        if 'memory' not in (V2 / 'cgroup.subtree_control').read_text().split():
            write(V2 / 'cgroup.subtree_control', '+memory')
        self.folder.mkdir()
        write(self.folder / 'memory.max', limit)
        write(self.folder / 'memory.swap.max', 0)

    def enter(self):
        """The beginning of a command that runs in the group."""
        return ['sh', '-c', f'echo $$ >{self.folder}/cgroup.procs && exec "$@"', 'sh']

    def kills(self):
        """How often the kernel has killed for want of memory."""
        name = 'memory.oom_control' if self.version == 1 else 'memory.events'
        for line in (self.folder / name).read_text().splitlines():
            if line.startswith('oom_kill '):
                return int(line.split()[1])
        return 0

    def remove(self):
        """Its processes must have ended."""
        for _ in range(100):
            try:
                if self.folder:
                    self.folder.rmdir()
                return
            except FileNotFoundError:
                return
            except OSError:
                time.sleep(0.05)
