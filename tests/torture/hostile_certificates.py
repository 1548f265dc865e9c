"""Attacks by mail hosts' certificates: keys that are costly to decode, certificates by the hundred, names by the ten thousand."""
import time

from hostile_attack import attack
from hostile_intake import LETTER, SENDER
from hostile_users import send_all


def domains(host, begin, end):
    return [f'u@h{n}.{host}.example' for n in range(begin, end)]


def count(bench, event, host):
    return len(bench.hostile_events.all(event, host=host))


def shake(bench, host, uids, each, seconds):
    """Letters of so many uids to domains of their own; until each host has said its handshake and has been answered, or the time is over."""
    for uid in range(uids):
        bench.user(1 + uid, send_all, bench.socket, SENDER, [domains(host, uid * each, (uid + 1) * each)], LETTER).result(60)
    bench.wait(seconds, lambda: count(bench, 'shaken', host) >= uids * each)
    bench.figure('handshakes that have ended', count(bench, 'shaken', host), uids * each, at_least=True)


@attack(50, 'certificate-keys', "a letter to 12 domains whose hosts have 500 certificates with keys on P-224")
def certificate_keys(bench):
    shake(bench, 'p224', 1, 12, 60)


@attack(51, 'certificate-count', 'letters to 200 domains whose hosts have 700 tiny certificates each', memory=40)
def certificate_count(bench):
    shake(bench, 'tiny', 1, 200, 60)


def hold(bench, host, uids, each, seconds):
    for uid in range(uids):
        bench.user(1 + uid, send_all, bench.socket, SENDER, [domains(host, uid * each, (uid + 1) * each)], LETTER).result(60)
    end, held = time.monotonic() + seconds, 0
    while time.monotonic() < end and bench.daemon.process.running():
        time.sleep(1)
        held = max(held, count(bench, 'shaking', host) - count(bench, 'shaken', host))
    bench.figure('handshakes at a time', held, None)


@attack(52, 'tls-names', 'letters of six uids to 900 domains whose handshakes have 31,500 names and 16,200 authorities, and then stop', cpu=20, memory=64)
def tls_names(bench):
    hold(bench, 'names', 6, 150, 20)


@attack(53, 'tls-parts', 'the same with as much of both as is decoded', cpu=20, memory=100)
def tls_parts(bench):
    hold(bench, 'parts', 6, 150, 20)
