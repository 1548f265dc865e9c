"""Attacks by several owners together, and on the data kept about each sender."""
import time

from hostile_attack import attack
from hostile_hosts_attacks import letter
from hostile_intake import LETTER, SENDER
from hostile_notices import large, measure_notice, send_envelopes
from hostile_turns import send_other, slowest
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


def measure_other(bench, mailbox):
    begins = send_other(bench, 3, mailbox, name=mailbox)
    site = mailbox.partition('@')[2].partition('.')[0]
    bench.figure(f"slowest of another user's letters, {site} host", slowest(bench, bench.hostile_events, 'reads', begins, 20), 5.0, 's')


@attack(33, 'slow-letters', '30 letters of 1 MB to a host that never finishes reading them, first when it is new, then when it has been quick; another user writes')
def slow_letters(bench):
    reading = lambda: len(bench.hostile_events.all('reads', host='reads'))
    bench.user(1, send_all, bench.socket, SENDER, [['u@new.reads.each.example']] * 30, large(1_000_000)).result(60)
    bench.wait(20, reading)
    measure_other(bench, 'good@new.reads.each.example')
    known = 'u@known.reads.each.example'
    bench.user(1, send_all, bench.socket, SENDER, [[known]] * 40, LETTER).result(60)
    bench.wait(20, lambda: len([e for e in bench.hostile_events.all('took', host='reads') if e['to'] == [known]]) == 40)
    before = reading()
    bench.user(1, send_all, bench.socket, SENDER, [[known]] * 30, large(1_000_000)).result(60)
    bench.wait(20, lambda: reading() >= before + 4)
    bench.figure('letters that the host reads', reading(), 5, at_least=True)
    measure_other(bench, 'good@known.reads.each.example')


@attack(35, 'parasite', '150 domains of one uid that name, beside a host of their own, one that takes five connections, 4 letters each; another user writes to it')
def parasite(bench):
    """Its answer to more is 421: that must not make the mail of others wait."""
    groups = [[f'u@p{n}.parasite.example'] for n in range(150)] * 4
    bench.user(1, send_all, bench.socket, SENDER, groups, LETTER).result(60)
    bench.wait(20, lambda: len(bench.hostile_events.all('took', host='few')) >= 5)
    begins = {}
    for n in range(4):
        begins |= send_other(bench, 1, 'good@few.example', name=f'few{n}')
        time.sleep(2)
    bench.figure("slowest of another user's letters", slowest(bench, bench.hostile_events, 'few', begins, 30), 5.0, 's')
    bench.figure('connections that the host refused', len(bench.hostile_events.all('refused', host='few')), 20)
    backoffs = [line for line in bench.daemon.log().splitlines() if ' site hosts=' in line and 'few.example' in line]
    bench.figure('backoffs of its sites', len(backoffs), 0)
    bench.figure('letters that it took', len(bench.hostile_events.all('took', host='few')), 20, at_least=True)


@attack(34, 'long-slots', '4 letters to 10,000 recipients at hosts that crawl, then 30 to another host; another user writes to it', memory=128)
def long_slots(bench):
    lists = lambda domain: [f'u{n}@{domain}' for n in range(10_000)]
    bench.user(1, send_all, bench.socket, SENDER, [lists(f'k{k}.crawl.each.example') for k in range(4)], LETTER).result(60)
    bench.wait(10, lambda: len(bench.hostile_events.all('connection', host='crawl')) >= 4)
    bench.user(1, send_all, bench.socket, SENDER, [lists('long.reads.each.example')] * 30, LETTER).result(60)
    bench.settle(2)
    measure_other(bench, 'good@long.reads.each.example')
