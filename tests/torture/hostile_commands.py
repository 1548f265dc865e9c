"""Attacks by way of commands of aliases: mxpressd beside mxpress-runner --aliases."""
import pathlib
import subprocess
import time

from harness import check, daemon_user, wait_until
from hostile_attack import attack
from hostile_intake import SENDER
from hostile_mailboxes import HERE, large_letter
from hostile_users import send_all

SMALL = b'Subject: small\r\n\r\nhello\r\n'


def add_commands(bench, aliases):
    """Text of the file; the runner is started with the daemon's configuration."""
    folder = bench.world.make_folder('commands')
    file, socket = folder / 'aliases', folder / 'commands.sock'
    file.write_text(aliases)
    file.chmod(0o644)
    config = pathlib.Path(bench.daemon.config)
    config.write_text(config.read_text() + f'[local]\nalias_file = "{file}"\nallow_commands = true\ncommand_socket = "{socket}"\ndeliver = "keep"\n')
    runner = bench.world.start('commands', [bench.world.program('mxpress-runner'), '--aliases', '-c', config])
    wait_until(lambda: f' {socket}\n' in open('/proc/net/unix').read() or not runner.running(), 20, runner.log_text)
    check(runner.running(), f'mxpress-runner ended: {runner.log_text()}')


def slow_and_quick(bench):
    add_commands(bench, ''.join(f'slow{n}: "|/bin/sleep 4"\n' for n in range(40)) + 'quick: "|/bin/true"\n')


@attack(13, 'command-places', "200 letters of a user to 40 commands that take 4 s, with eight workers; another user writes to another command",
        prepare=slow_and_quick, options={'delivery': 'workers = 8'}, cpu=None)
def command_places(bench):
    bench.user(1, send_all, bench.socket, SENDER, [[f'slow{n % 40}@{HERE}'] for n in range(200)], SMALL).result()
    time.sleep(2)
    waits = []
    for n in range(4):
        begin = time.monotonic()
        bench.user(2, send_all, bench.socket, SENDER, [[f'quick+{n}@{HERE}']], SMALL).result()
        done = lambda: sum(e['outcome'] == 'delivered' and 'quick/1@' in e.get('to', '') for e in bench.daemon.events('attempt')) > n
        bench.wait(30, done)
        waits.append(time.monotonic() - begin)
    bench.figure("slowest of another user's letters to a command", max(waits), 5.0, 's')
    bench.figure('commands that found no place', sum('commands already' in e.get('reply', '') for e in bench.daemon.events('attempt')), 0)


def on_a_small_disk(bench):
    """Of 200 MiB. The commands take nothing until a file is there, and then 20 s."""
    spool = bench.daemon.spool
    subprocess.run(['mount', '-t', 'tmpfs', '-o', 'size=200m,mode=700', 'none', spool], check=True)
    subprocess.run(['chown', f'{daemon_user()}:', spool], check=True)
    script = bench.world.make_folder('commands') / 'slow'
    script.write_text(f'#!/bin/sh\n[ -e {script}.now ] || exit 75\nsleep 20\n')
    script.chmod(0o755)
    add_commands(bench, ''.join(f'slow{n}: "|{script}"\n' for n in range(5)))


@attack(15, 'command-copies', 'five letters of 25 MB to commands that take 20 s, on a disk of 200 MiB', prepare=on_a_small_disk, options={'retry': '8s*'}, cpu=None)
def command_copies(bench):
    free = [1 << 40]

    def look():
        line = subprocess.run(['df', '-B1', '--output=avail', bench.daemon.spool], capture_output=True, text=True).stdout.split()
        free.append(int(line[-1]))
        return False
    for n in range(5):
        bench.user(1, send_all, bench.socket, SENDER, [[f'slow{n}@{HERE}']], large_letter(25_000_000)).result(30)
        bench.wait(10, lambda: sum('status 75' in e.get('reply', '') for e in bench.daemon.events('attempt')) > n)
    bench.notes.append(f'letters taken: {len(bench.daemon.events("accepted")) - len(bench.honest.sent)}')
    (bench.world.folder / 'commands' / 'slow.now').touch()
    bench.wait(25, look, every=0.2)
    bench.figure('room on the disk, at least', min(free) / (1 << 20), 32, 'MiB', at_least=True)
    bench.honest.end()
    bench.honest.worst(30)
    bench.world.run(['umount', '-l', bench.daemon.spool])


def picky(bench):
    """A command that takes no letter with "bad" in it now."""
    script = bench.world.make_folder('commands') / 'picky'
    script.write_text('#!/bin/sh\ngrep -q bad && exit 75\nexit 0\n')
    script.chmod(0o755)
    add_commands(bench, f'picky: "|{script}"\n')


@attack(3, 'command-content', 'a letter of a user that makes a command exit with 75; another user writes to it, too', prepare=picky, cpu=None)
def command_content(bench):
    bench.user(1, send_all, bench.socket, SENDER, [[f'picky@{HERE}']], b'Subject: bad\r\n\r\nhello\r\n').result()
    time.sleep(2)
    arrived = lambda: sum(e['outcome'] == 'delivered' and 'picky/1@' in e.get('to', '') for e in bench.daemon.events('attempt'))
    waits = []
    for n in range(3):
        begin = time.monotonic()
        bench.user(2, send_all, bench.socket, SENDER, [[f'picky@{HERE}']], SMALL).result()
        bench.wait(25, lambda: arrived() > n)
        waits.append(time.monotonic() - begin)
    bench.figure("slowest of another user's letters", max(waits), 5.0, 's')
