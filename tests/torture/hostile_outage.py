"""Attacks on what is decided for the whole host: whether it can send at all, and how root is told of failures."""
import pathlib
import time

from hostile_attack import attack
from hostile_hosts_attacks import letter
from hostile_intake import LETTER, SENDER
from hostile_turns import slowest
from hostile_users import send_all

ROOT = 'root@mta.here.example'


def dead(numbers):
    """Recipients at addresses where nobody listens, each in a network of its own up to 200 of them."""
    return [[f'u@[127.{20 + n % 200}.{n // 200}.1]'] for n in numbers]


def fail_in_three_networks(bench):
    """Until this host seems to be cut off, if it ever does."""
    bench.user(1, send_all, bench.socket, SENDER, dead([0, 1]), LETTER).result()
    time.sleep(11)
    bench.user(1, send_all, bench.socket, SENDER, dead([2]), LETTER).result()
    bench.wait(10, lambda: bench.daemon.events('outage'))


@attack(3, 'false-outage', 'letters of two users to 1,003 dead hosts, on a host that has sent nothing since its start; another user writes to hosts that are well',
        honest_smtp=False, cpu=None)
def false_outage(bench):
    bench.honest.end()
    bench.wait(10, lambda: len(bench.honest.arrived()) == len(bench.honest.sent))
    bench.restart()
    fail_in_three_networks(bench)
    bench.figure('outages that are told', len(bench.daemon.events('outage')), 1)
    floods = [bench.user(number, send_all, bench.socket, SENDER, dead(range(first, first + 500)), LETTER) for number, first in ((1, 3), (3, 503))]
    for flood in floods:
        flood.result(60)
    begins = {f'first-{n}': time.monotonic() for n in range(8)}
    for n, token in enumerate(begins):
        bench.user(2, send_all, bench.socket, SENDER, [[f'you@w{n}.fresh.each.example']], letter(token)).result(30)
    bench.figure("slowest of another user's letters to new hosts", slowest(bench, bench.hostile_events, 'fresh', begins, 100), 5.0, 's')
    begins = {'second': time.monotonic()}
    bench.user(2, send_all, bench.socket, SENDER, [['you@honest.example']], letter('second')).result(30)
    bench.figure('and to another one', slowest(bench, bench.honest_events, 'honest', begins, 100), 5.0, 's')


@attack(7, 'digest', '40 letters of a user that fail, with root as their sender; then one of root fails', honest_smtp=False)
def digest(bench):
    bench.user(1, send_all, bench.socket, ROOT, [['nobody@x.nx.example']] * 40, LETTER).result()
    bench.wait(20, lambda: len(bench.daemon.attempts('failed')) >= 40)
    time.sleep(3)
    begin, mailbox = time.monotonic(), bench.daemon.spool / 'mailbox' / 'new'
    bench.daemon.send(['-f', ROOT, 'mine@y.nx.example'], b'Subject: of root\n\nhello\n')
    is_told = lambda: any(b'mine@y.nx.example' in pathlib.Path(path).read_bytes() for path in mailbox.glob('*'))
    bench.wait(40, is_told)
    bench.figure('until root is told of the failure', time.monotonic() - begin if is_told() else float('inf'), 10.0, 's')
