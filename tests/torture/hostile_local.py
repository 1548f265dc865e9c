"""Attacks by users with an account: the log, the control socket, the local mailbox."""
import contextlib
import os
import pwd
import socket
import statistics
import subprocess
import threading
import time

from harness import daemon_user
from hostile_attack import attack
from hostile_intake import LETTER, SENDER
from hostile_users import DESTINATIONS, LIST_ALL, STATUS, Control, Smtp, send_all, show


def flood_refusals(where, seconds):
    """Refused commands as fast as they are taken, over connection after connection; how many replies came."""
    end, count, batch = time.monotonic() + seconds, 0, b'MAIL FROM:<no address\r\n' * 2000
    while time.monotonic() < end:
        with contextlib.suppress(OSError, ValueError):
            client = Smtp(where, timeout=5)
            threading.Thread(target=send_until, args=(client.socket, batch, end), daemon=True).start()
            while time.monotonic() < end and (octets := client.socket.recv(1 << 20)):
                count += octets.count(b'\n')
            client.socket.shutdown(socket.SHUT_RDWR)
    return count


def send_until(connection, batch, end):
    with contextlib.suppress(OSError):
        while time.monotonic() < end:
            connection.sendall(batch)


@attack(8, 'log', 'refused commands for 10 s, from four uids, with a log daemon that takes 8 MiB/s', cpu=15, memory=64, log_speed=8)
def log(bench):
    before = os.path.getsize(bench.daemon.process.log)
    users = [bench.user(n, flood_refusals, where, 10) for n, where in enumerate([bench.socket, bench.daemon.smtp_port] * 2, 1)]
    bench.figure('refused commands', sum(user.result(60) for user in users), None)
    bench.honest.end()
    bench.honest.worst()
    log_file, size = bench.daemon.process.log, -1
    while size != (size := os.path.getsize(log_file)):  # the log daemon goes on
        time.sleep(1)
    bench.figure('log written', (os.path.getsize(bench.daemon.process.log) - before) / (1 << 20), 10.0, 'MiB')
    lines = [line for line in bench.daemon.log().splitlines() if 'honest@here.example' in line]
    for event, what in ((' accepted ', 'accepted'), (' attempt outcome=delivered ', 'delivered')):
        bench.figure(f'"{what}" lines of the honest user lost', len(bench.honest.sent) - sum(event in line for line in lines), 0)


def ask_without_reading(path, requests, count, seconds):
    held = []
    for _ in range(count):
        try:
            client = socket.socket(socket.AF_UNIX)
            client.settimeout(2)
            client.connect(path)
            client.sendall(b''.join(requests))
            held.append(client)
        except OSError:
            break
    time.sleep(seconds)
    return len(held)


def ask_in_a_loop(path, request, seconds):
    end, count = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        try:
            client = Control(path)
            while time.monotonic() < end:
                client.ask(request)
                count += 1
        except OSError:
            time.sleep(0.01)
    return count


def time_answers(path, request, count):
    """Median microseconds."""
    client, times = Control(path), []
    for _ in range(count):
        begin = time.perf_counter()
        client.ask(request)
        times.append(time.perf_counter() - begin)
        time.sleep(0.002)
    return statistics.median(times) * 1e6


def command_of(uid, bench, arguments):
    """The success of a command of this uid, and its seconds."""
    begin = time.monotonic()
    try:
        done = subprocess.run([str(bench.world.program('mxpress')), '-c', str(bench.daemon.config), *arguments], capture_output=True, timeout=20, user=uid,
                              group=uid, extra_groups=[])
        return done.returncode == 0, time.monotonic() - begin
    except subprocess.TimeoutExpired:
        return False, time.monotonic() - begin


@attack(11, 'control', 'three uids ask without reading, then in loops; a fourth measures times', cpu=15, memory=128)
def control(bench):
    path = str(bench.daemon.control)
    groups = [[f'u{n}@d{g}.dead.example' for n in range(10_000)] for g in range(5)]
    bench.user(1, send_all, bench.socket, SENDER, groups, LETTER).result()
    bench.settle(15)
    name = next(e['id'] for e in bench.daemon.events('accepted') if e.get('from') == f'<{SENDER}>')
    hogs = [bench.user(n, ask_without_reading, path, [show(name)] * 8 + [LIST_ALL] * 8, 40, 10) for n in (1, 2, 3)]
    time.sleep(5)
    for what, uid in (('root', 0), ('another user', 2010)):
        works, took = command_of(uid, bench, ['status'] if uid == 0 else ['queue'])
        bench.figure(f'a command of {what} meanwhile', took if works else float('inf'), 5.0, 's')
    bench.figure('connections held', sum(user.result(40) or 0 for user in hogs), None)
    for user in hogs:
        user.stop()
    time.sleep(1)
    before = bench.cpu()
    loops = [bench.user(n, ask_in_a_loop, path, request, 6) for n in (1, 2) for request in (LIST_ALL, DESTINATIONS)]
    asked = sum(user.result(40) or 0 for user in loops)
    bench.figure('CPU in 6 s of loops by two uids', bench.cpu() - before, 4.0, 's')
    bench.figure('answers', asked, None)
    yours = bench.user(4, time_answers, path, show(name), 200).result(40)
    none = bench.user(4, time_answers, path, show('000000000ZZZZ'), 200).result(40)
    bench.notes.append(f"show of another's letter {yours:.0f} us, of none {none:.0f} us")
    bench.figure("time of \"not yours\" by that of \"none\"", max(yours, none) / min(yours, none), 3.0)


def fill_mailbox(bench):
    owner, folder = pwd.getpwnam(daemon_user()), bench.daemon.spool / 'mailbox'
    for part in (folder, folder / 'tmp', folder / 'cur', folder / 'new'):
        part.mkdir(mode=0o700)
        os.chown(part, owner.pw_uid, owner.pw_gid)
    for number in range(200_000):
        path = f'{folder}/new/{number}.old.here'
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))
        os.chown(path, owner.pw_uid, owner.pw_gid)


@attack(15, 'mailbox', '20 letters to a local mailbox of 200,000 files, and its status', prepare=fill_mailbox)
def mailbox(bench):
    new = bench.daemon.spool / 'mailbox/new'
    bench.settle(10)
    before = bench.cpu()
    bench.user(1, send_all, bench.socket, SENDER, [['root@mta.here.example']] * 20, LETTER).result()
    bench.wait(30, lambda: len(os.listdir(new)) >= 200_020, every=1)
    bench.figure('CPU of a letter', (bench.cpu() - before) / 20 * 1000, 20.0, 'ms')
    bench.figure('status', bench.user(2, time_answers, str(bench.daemon.control), STATUS, 5).result(60) / 1000, 20.0, 'ms')
