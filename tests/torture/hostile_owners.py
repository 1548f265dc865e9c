"""Attacks by owners together, and on what is remembered of each sender."""
import time

from hostile_attack import attack
from hostile_hosts_attacks import letter
from hostile_intake import LETTER, SENDER
from hostile_notices import measure_notice, send_envelopes
from hostile_users import send_all


@attack(28, 'three-crawls', 'three uids, 12 letters to 10,000 recipients at hosts that crawl; another user writes to 150', memory=128)
def three_crawls(bench):
    for uid in (1, 2, 3):
        groups = [[f'u{n}@d{uid}x{k}.crawl.example' for n in range(10_000)] for k in range(4)]
        bench.user(uid, send_all, bench.socket, SENDER, groups, LETTER).result(60)
        bench.wait(4, lambda: len(bench.hostile_events.all('connection', host='crawl')) >= 4 * uid)
    bench.figure('hosts that crawl', len(bench.hostile_events.all('connection', host='crawl')), 3, at_least=True)
    begin = time.monotonic()
    groups = [[f'w{n}@honest.example' for n in range(150)]]
    bench.user(9, send_all, bench.socket, 'other@here.example', groups, letter('other')).result(60)
    bench.wait(30, lambda: bench.honest_events.all('took', token='other'))
    bench.figure("another user's letter to 150", time.monotonic() - begin, 5.0, 's')


@attack(29, 'new-senders', '40,000 bad letters, each of a new sender of 880 octets whose host takes the notice; another user writes a bad letter', cpu=60,
        memory=40)
def new_senders(bench):
    def envelopes(k):
        return [(f'k{k}x{n}{"q" * 860}@s{n % 40}.seven.example', ['u@nx.example']) for n in range(10_000)]
    users = [bench.user(1, send_envelopes, bench.socket, envelopes(k)) for k in range(4)]
    bench.figure('letters taken', sum(user.result(150) for user in users), 40_000, at_least=True)
    bench.settle(10)
    measure_notice(bench)
