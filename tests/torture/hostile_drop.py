"""Attacks by way of drop/: a user who fills the file system of the spool, and frees it again."""
import os
import re
import shutil
import time

from clock import preloaded
from disks import command
from harness import daemon_user
from hostile_attack import attack
from hostile_hosts_attacks import letter
from hostile_intake import LETTER, SENDER, drop
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


def slow_users(bench):
    bench.daemon.prefix += ['env', f'LD_PRELOAD={preloaded(bench.world, "slow_users")}']


def names(uid, file, count=4000):
    recipients = ''.join(f'RCPT TO:<nobody-{uid}-{file}-{n}>\r\n' for n in range(count))
    return f'MAIL FROM:<{SENDER}>\r\n{recipients}DATA\r\nSubject: names-{uid}-{file}\r\n\r\nhello\r\n.\r\n'.encode()


def drop_names_of(folder, uid):
    for file in range(3):
        drop(folder, 0x9000 + 16 * uid + file, names(uid, file))


@attack(100, 'drop-names', 'three files of each of three uids in drop/ that name 4,000 users who do not exist, where the lookup of a user takes 4 ms; another '
        'user leaves letters there', prepare=slow_users, cpu=60, memory=128)
def drop_names(bench):
    for uid in (1, 2, 3):
        bench.user(uid, drop_names_of, bench.drop, uid).result(60)
    begins = {}
    for n in range(10):
        begins[f'file-{n}'] = time.monotonic()
        content = f'MAIL FROM:<other@here.example>\r\nRCPT TO:<you@honest.example>\r\nDATA\r\nSubject: file-{n}\r\n\r\nhello\r\n.\r\n'.encode()
        bench.user(9, drop, bench.drop, 0xa000 + n, content).result(30)
        time.sleep(1)
    bench.figure("slowest of another user's files", slowest(bench, bench.honest_events, 'honest', begins, 150), 5.0, 's')
    left = lambda: [name for name in os.listdir(bench.drop) if len(name) == 32]
    bench.notes.append(f'files of the three uids that wait when the other user has been served: {len(left())}')
    bench.wait(200, lambda: not left(), every=1)
    bench.figure('files without a verdict', len(left()), 0)
    told = [line for line in bench.daemon.log().splitlines() if ' accepted ' in line and f'from=<{SENDER}>' in line]
    bench.figure('letters of the three uids that were taken in, to be returned', len(told), 9, at_least=True)


@attack(98, 'drop-name', "a name in drop/ that has two owners: it waits for its first one, who removes it; the second one's file of this name is being taken in when "
        "the first one's turn comes", prepare=slow_users)
def drop_name(bench):
    bench.user(1, drop, bench.drop, 1, names(1, 1, 800).partition(b'DATA')[0]).result(30)
    time.sleep(1)
    bench.user(1, drop, bench.drop, 2, names(1, 2, 1)).result(30)
    time.sleep(1)
    bench.user(1, os.unlink, f'{bench.drop}/{2:032x}').result(30)
    bench.user(2, drop, bench.drop, 2, names(2, 2, 3000)).result(30)
    bench.wait(60, lambda: not os.listdir(bench.drop), every=0.5)
    bench.figure('files that stay', len(os.listdir(bench.drop)), 0)
    content = b'MAIL FROM:<other@here.example>\r\nRCPT TO:<you@honest.example>\r\nDATA\r\nSubject: after\r\n\r\nhello\r\n.\r\n'
    begins = {'after': time.monotonic()}
    bench.user(9, drop, bench.drop, 3, content).result(30)
    bench.figure("another user's file after it", slowest(bench, bench.honest_events, 'honest', begins, 20), 5.0, 's')
