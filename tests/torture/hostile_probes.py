"""Attacks on the backoff of a host that others write to: by its replies to bad recipients, by a long probe, by a domain that turns."""
import time

from hostile_attack import attack
from hostile_hosts_attacks import letter
from hostile_intake import LETTER, SENDER
from hostile_turns import send_other, slowest
from hostile_users import send_all

BAD = [f'bad{n}@strict.example' for n in range(20)]  # behind them the host ends the session by 421


def make_known(bench):
    bench.user(2, send_all, bench.socket, 'other@here.example', [['good@strict.example']], letter('first')).result(30)
    bench.wait(10, lambda: bench.hostile_events.all('took', host='strict', token='first'))


def meet_421(bench, uids):
    before = len(bench.hostile_events.all('too-many', host='strict'))
    for uid in uids:
        bench.user(uid, send_all, bench.socket, SENDER, [BAD, BAD], LETTER).result(30)
    bench.wait(20, lambda: len(bench.hostile_events.all('too-many', host='strict')) >= before + 2)
    time.sleep(1)


def measure_other(bench, count=3):
    begins = send_other(bench, count, 'good@strict.example', pause=1)
    bench.figure("slowest of another user's letters", slowest(bench, bench.hostile_events, 'strict', begins, 30), 5.0, 's')


@attack(41, 'two-uids-421', 'letters of two uids to 20 bad recipients of a host that answers 421 then, five times; another user writes to it')
def two_uids(bench):
    make_known(bench)
    for _ in range(5):
        meet_421(bench, (1, 3))
        measure_other(bench, 1)


@attack(42, 'long-probe', 'one uid makes a site back off by 421, and its next probe is a letter to 9,900 recipients; another user writes to it')
def long_probe(bench):
    make_known(bench)
    meet_421(bench, (1,))
    took = len(bench.hostile_events.all('mail', host='strict'))
    bench.user(1, send_all, bench.socket, SENDER, [[f'u{n}@strict.example' for n in range(9900)]] * 3, LETTER).result(30)
    bench.wait(100, lambda: len(bench.hostile_events.all('mail', host='strict')) > took)
    measure_other(bench)


@attack(43, 'turned-host', "a domain whose dead host turns into another's host, with a letter to 10,000 recipients; another user writes to it")
def turned_host(bench):
    bench.user(1, send_all, bench.socket, SENDER, [[f'u{n}@turned.example' for n in range(10_000)]], LETTER).result(60)
    bench.wait(100, lambda: bench.hostile_events.all('mail', host='strict'))
    measure_other(bench)
