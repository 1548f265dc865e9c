"""Attacks on the memory and the turns that signing uses."""
import os
import shutil
import subprocess

from harness import daemon_user
from hostile_attack import attack
from hostile_hosts_attacks import letter
from hostile_intake import SENDER
from hostile_probes import make_known, measure_other
from hostile_users import send_all


def sign_all(bench):
    """A key for the domain of all senders."""
    key = bench.daemon.folder / 'dkim.pem'
    subprocess.run(['openssl', 'genrsa', '-out', key, '2048'], check=True, capture_output=True)
    os.chmod(key, 0o600)
    shutil.chown(key, daemon_user())
    with open(bench.daemon.config, 'a') as config:
        config.write(f'[dkim."here.example"]\nkeys = {{ s1 = "{key}" }}\n')


def long_header(octets, first=''):
    field = 'X: ' + 'y' * 895 + '\r\n'
    return f'From: {SENDER}\r\nSubject: long\r\n{first}'.encode() + field.encode() * (octets // len(field)) + b'\r\nx\r\n'


# The room of a destination was 8 MiB, of which a signed letter took four times its header: each size as often as it fits.
SIZES = [1 << 20 >> n for n in range(11) for _ in range(2)]


@attack(47, 'sign-hold', "letters with long headers to bad recipients of a host, whose second host is a tarpit; another user writes to the first",
        cpu=20, prepare=sign_all)
def sign_hold(bench):
    make_known(bench)
    for n, size in enumerate(SIZES):
        bad = [f'bad{i}@d{n}.second.example' for i in range(40)]
        bench.user(1, send_all, bench.socket, SENDER, [bad], long_header(min(size, 1_000_000), 'X : y\r\n')).result(30)
    bench.wait(60, lambda: len(bench.hostile_events.all('stuck', host='pit')) >= len(SIZES))
    bench.figure('letters in the tarpit', len(bench.hostile_events.all('stuck', host='pit')), len(SIZES), at_least=True)
    measure_other(bench, 8)


@attack(48, 'sign-memory', 'letters with headers of 1 MB of four uids, signed for 60 hosts that answer EHLO, and then DATA, at one moment', cpu=30,
        prepare=sign_all)
def sign_memory(bench):
    content = long_header(1_000_000)
    users = [bench.user(1 + n, send_all, bench.socket, SENDER, [[f'u@d{n * 20 + i}.gate.example' for i in range(20)]], content) for n in range(4)]
    for user in users:
        user.result(60)
    bench.wait(90, lambda: len(bench.hostile_events.all('took', host='gate', signed=True)) >= 80)
    bench.figure('sessions that went on together', len(bench.hostile_events.all('together', verb='DATA')), 60, at_least=True)
    bench.figure('signed letters taken', len(bench.hostile_events.all('took', host='gate', signed=True)), 80, at_least=True)
    bench.user(1, send_all, bench.socket, SENDER, [['good@strict.example']], letter('last')).result(30)
    bench.wait(10, lambda: bench.hostile_events.all('took', host='strict', token='last'))
    bench.figure('letters of the same user that follow', len(bench.hostile_events.all('took', host='strict', token='last')), 1, at_least=True)
