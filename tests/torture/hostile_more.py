"""Attacks found by reading the code: shares that one user could get twice, and memory that was counted too low."""
import time

from hostile_attack import attack
from hostile_hosts_attacks import letter
from hostile_intake import LETTER, SENDER
from hostile_users import Smtp, send_all


@attack(17, 'two-entrances', 'one user meets a 421 at a host by the socket and by SMTP; another writes to it')
def two_entrances(bench):
    for n, where in enumerate((bench.socket, bench.daemon.smtp_port)):
        bench.user(1, send_all, where, SENDER, [[f'trap-{n}@trap.example']], LETTER).result()
        bench.wait(10, lambda: len(bench.hostile_events.all('connection', host='trap')) > n)
        time.sleep(0.5)
    sent = {}
    for n in range(3):
        sent[f'other-{n}'] = time.monotonic()
        bench.user(2, send_all, bench.socket, 'other@here.example', [[f'good{n}@trap.example']], letter(f'other-{n}')).result()
    bench.wait(6, lambda: len(bench.hostile_events.all('took', host='trap')) == 3)
    arrived = {e['token']: e['t'] for e in bench.hostile_events.all('took', host='trap')}
    bench.figure("slowest of another user's letters", max(arrived.get(token, time.monotonic()) - begin for token, begin in sent.items()), 5.0, 's')


@attack(17, 'same-host', '4,000 letters to a host that takes some 200 a second; another user writes to it')
def same_host(bench):
    bench.user(1, send_all, bench.socket, SENDER, [[f'good{n}@trap.example'] for n in range(4000)], LETTER).result(60)
    waiting = 4000 - len(bench.hostile_events.all('took', host='trap'))
    begin = time.monotonic()
    bench.user(2, send_all, bench.socket, 'other@here.example', [['good@trap.example']], letter('other')).result()
    bench.wait(30, lambda: bench.hostile_events.all('took', host='trap', token='other'))
    bench.figure('letters that waited for the host', waiting, 500, at_least=True)
    bench.figure("another user's letter", time.monotonic() - begin, 2.0, 's')


def bad_letters(where, senders):
    """One after the other; none can be delivered."""
    client = Smtp(where)
    for n, sender in enumerate(senders):
        client.socket.sendall(f'MAIL FROM:<{sender}>\r\nRCPT TO:<u{n}@nx.example>\r\nDATA\r\n'.encode())
        for _ in range(3):
            client.reply()
        client.socket.sendall(LETTER + b'.\r\n')
        client.reply()


def spellings(name, count):
    return [''.join(c.upper() if n >> i & 1 else c for i, c in enumerate(name)) + '@honest.example' for n in range(count)]


def told(bench, victim):
    return [e for e in bench.honest_events.all('took', host='honest', notice=True) if e['to'][0].lower() == victim]


@attack(7, 'spellings', '300 bad letters of a forged sender, spelled in 300 ways; then one of its owner', cpu=20)
def spellings_of_sender(bench):
    victim = 'victimvictim@honest.example'
    bench.user(1, bad_letters, bench.socket, spellings('victimvictim', 300)).result()
    bench.wait(15, lambda: len(told(bench, victim)) > 100)
    forged = len(told(bench, victim))
    bench.figure('notices', forged, 60)
    bench.user(2, bad_letters, bench.socket, [victim]).result()
    bench.wait(10, lambda: len(told(bench, victim)) > forged)
    bench.figure("of the owner's letter", len(told(bench, victim)) - forged, 1, at_least=True)


@attack(7, 'owed', '20,000 bad letters of one forged sender: notices that wait for their turns', cpu=30, memory=40, honest_smtp=False)
def owed(bench):
    users = [bench.user(n, bad_letters, bench.socket, ['victim@honest.example'] * 2500) for n in range(1, 9)]
    for user in users:
        user.result(200)
    bench.settle(20)
    bench.restart()
    bench.daemon.wait_for_recovery()
    bench.settle(20)


@attack(18, 'verbose', '60 letters to 10,000 recipients at hosts that answer each with 1,000 octets', cpu=15, memory=250, options={'retry': '5s*'})
def verbose(bench):
    long = ('l' * 60 + '.') * 2 + 'l' * 40
    groups = [[f'u{n}@d{k}.{long}.verbose.example' for n in range(10_000)] for k in range(60)]
    bench.user(1, send_all, bench.socket, SENDER, groups, LETTER).result(60)
    bench.wait(40, lambda: False)


@attack(18, 'crawl', '16 letters to 10,000 recipients at hosts that crawl; another user writes to 150', memory=128)
def crawl(bench):
    groups = [[f'u{n}@d{k}.crawl.example' for n in range(10_000)] for k in range(16)]
    bench.user(1, send_all, bench.socket, SENDER, groups, LETTER).result(60)
    bench.wait(10, lambda: bench.hostile_events.all('connection', host='crawl'))
    begin = time.monotonic()
    bench.user(2, send_all, bench.socket, 'other@here.example', [[f'w{n}@honest.example' for n in range(150)]], letter('other')).result(60)
    bench.wait(10, lambda: bench.honest_events.all('took', token='other'))
    bench.figure("another user's letter to 150", time.monotonic() - begin, 5.0, 's')


@attack(17, 'slow-domains', 'letters to 10,000 domains whose name servers are silent, by SMTP; another user writes to new domains, by SMTP', memory=128)
def slow_domains(bench):
    groups = [[f'u@d{n}.l{k}.mute.example' for n in range(500)] for k in range(20)]
    bench.user(1, send_all, bench.daemon.smtp_port, SENDER, groups, LETTER).result(60)
    begins = {}
    for n in range(5):
        begins[f'other-{n}'] = time.monotonic()
        bench.user(2, send_all, bench.daemon.smtp_port, 'other@here.example', [[f'you@w{n}.honest.example']], letter(f'other-{n}')).result()
    took = lambda: {e['token']: e['t'] for e in bench.honest_events.all('took', host='honest')}
    bench.wait(60, lambda: not begins.keys() - took().keys())
    arrived = took()
    bench.figure("slowest of another user's letters", max(arrived.get(token, time.monotonic()) - begin for token, begin in begins.items()), 5.0, 's')
