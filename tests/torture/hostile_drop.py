"""Attacks by way of drop/: a user who fills the file system of the spool, and frees it again."""
import os
import re
import shutil
import time

from disks import command
from harness import daemon_user
from hostile_attack import attack
from hostile_hosts_attacks import letter
from hostile_intake import LETTER, SENDER
from hostile_turns import slowest
from hostile_users import send_all
from program import ROOT

FILE = 'f' * 32 + '.part'


def on_small_disk(bench):
    spool = bench.daemon.spool
    command('mount', '-t', 'tmpfs', '-o', 'size=160m,mode=0700', 'none', spool, skip=True)
    shutil.chown(spool, daemon_user())
    bench.world.at_end.append(lambda: command('umount', '-l', spool))


def fill(folder):
    """Until not a single octet is free."""
    with open(os.path.join(folder, FILE), 'wb', buffering=0) as file:
        for piece in (1 << 20, 4096, 1):
            try:
                while file.write(bytes(piece)) == piece:
                    pass
            except OSError:
                pass


def free(folder):
    os.unlink(os.path.join(folder, FILE))


class Supervisor:
    """Restarts the daemon as the unit says."""

    def __init__(self, bench):
        unit = (ROOT / 'etc/mxpress.service').read_text()
        setting = lambda name: int(re.search(rf'^{name}=(\d+)', unit, re.M).group(1))
        self.bench, self.pause = bench, setting('RestartSec')
        self.interval, self.most = setting('StartLimitIntervalSec'), setting('StartLimitBurst')
        self.starts, self.ended, self.has_given_up = [time.monotonic()], None, False

    def look(self):
        """True: the daemon is up, or will be."""
        now, process = time.monotonic(), self.bench.daemon.process
        if process.running() or self.has_given_up:
            return not self.has_given_up
        self.ended = self.ended or now
        if now < self.ended + self.pause:
            return True
        self.starts = [start for start in self.starts if start > now - self.interval]
        self.has_given_up = len(self.starts) >= self.most or process.popen.poll() in (0, 78)
        if not self.has_given_up:
            self.ended = None
            self.starts.append(now)
            self.bench.daemon.launch()
        return not self.has_given_up

    def watch(self, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end and self.look():
            time.sleep(0.2)


@attack(98, 'full-for-good', 'four letters to 10,000 recipients whose host defers each with 950 octets; before they are tried again their sender fills the disk '
        'by drop/, and frees it after 280 s', prepare=on_small_disk, cpu=60, memory=256, honest_smtp=False)
def full_for_good(bench):
    supervisor = Supervisor(bench)
    groups = [[f'u{n}@d{k}.verbose.example' for n in range(10_000)] for k in range(4)]
    bench.user(1, send_all, bench.socket, SENDER, groups, LETTER).result(60)
    bench.wait(30, lambda: len(bench.daemon.attempts('deferred')) >= 40_000, every=1)
    bench.honest.end()  # a full disk refuses his mail: that is no promise
    bench.user(1, fill, bench.drop).result(60)
    supervisor.watch(280)
    bench.notes.append(f'starts: {len(supervisor.starts)}')
    bench.user(1, free, bench.drop).result(10)
    supervisor.watch(15)
    bench.figure('the unit has given up', int(supervisor.has_given_up), 0)
    bench.figure('starts', len(supervisor.starts), 9)
    if bench.daemon.process.running():
        begins = {'other': time.monotonic()}
        bench.user(9, send_all, bench.socket, 'other@here.example', [['x@new.fresh.example']], letter('other')).result(30)
        bench.figure("another user's letter when there is room again", slowest(bench, bench.hostile_events, 'fresh', begins, 20), 5.0, 's')
    bench.notes.append(bench.daemon.process.log_text()[-300:])
