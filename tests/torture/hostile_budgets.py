"""All budgets used up at once, by one user and by many: together they must fit into 512 MiB."""
import time

from hostile_attack import attack
from hostile_hosts_attacks import letter
from hostile_intake import LETTER, SENDER
from hostile_local import ask_without_reading
from hostile_turns import send_other, slowest
from hostile_users import LIST_ALL, Smtp, send_all

LONG = ('l' * 60 + '.') * 2 + 'l' * 40
CONTENT = b'Subject: evil\r\n\r\n' + (b'x' * 70 + b'\r\n') * (250_000 // 72)
HEADER = b'Subject: evil\r\n' + (b'X-Filler: ' + b'x' * 900 + b'\r\n') * 1000
LONG_ID = b'Subject: evil\r\nMessage-ID: <' + b'\r\n '.join([b'x' * 900] * 1000) + b'>\r\n\r\n' + b'x' * 100
UTF8 = b'Subject: evil\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n' + ('ä' * 35 + '\r\n').encode() * 160_000


def unfinished(where, count, content, seconds):
    """Sessions with a message that does not end."""
    clients, end = [], time.monotonic() + seconds
    for _ in range(count):
        try:
            client = Smtp(where)
            client.envelope(SENDER, ['u@nx.example'])
            client.say('DATA')
            client.socket.sendall(content)
            clients.append(client)
        except OSError:
            pass
    while time.monotonic() < end:
        time.sleep(4)
        for client in clients:  # else they give way to others after 10 s
            try:
                client.socket.sendall(b'y')
            except OSError:
                pass
    return len(clients)


def open_transactions(where, count, seconds):
    clients = []
    for _ in range(count):
        try:
            client = Smtp(where)
            client.envelope(SENDER, [f'{"q" * 60}{n}@{LONG}.nx.example' for n in range(9900)])
            clients.append(client)
        except OSError:
            pass
    time.sleep(seconds)


def lists(count, host, name='u'):
    return [[f'{name}{n}@d{k}.{host}' for n in range(10_000)] for k in range(count)]


def fill_waiting(where, uid):
    """Letters to domains whose lookup fails, until no more is taken, then smaller ones; how many letters."""
    taken = 0
    for size in (9000, 2000, 400, 80):
        for k in range(20):
            group = [f'u@d{n}k{k}x{uid}s{size}.{LONG}.servfail.example' for n in range(size)]
            replies = send_all(where, SENDER, [group], LETTER)
            if not replies or replies[0][0] != 250:
                break
            taken += 1
    return taken


@attack(38, 'all-budgets', 'twenty uids use up every budget at once: waiting mail, lists at hosts that crawl or talk, re-encoding, the log, answers to '
        'operators, sessions, long headers, open transactions', cpu=None, memory=440, log_speed=8, options={'retry': '5s*'})
def all_budgets(bench):
    def note(what):
        bench.notes.append(f'{what}: {bench.memory("VmRSS"):.0f} MiB, at most {bench.memory():.0f}')
    crawls = [bench.user(uid, send_all, bench.socket, SENDER, lists(4, f'x{uid}.{LONG}.crawl.example'), LETTER) for uid in (1, 2, 3)]
    tarpits = [bench.user(uid, send_all, bench.socket, SENDER, [[f'u{n}@tarpit.example'] for n in range(6)], UTF8) for uid in (4, 5)]
    for user in crawls + tarpits:
        user.result(60)
    note('hosts that crawl')
    full = [bench.user(uid, fill_waiting, bench.socket, uid) for uid in range(6, 11)]
    bench.figure('letters that wait', sum(user.result(90) or 0 for user in full), 5, at_least=True)
    note('waiting mail')
    talks = [bench.user(uid, send_all, bench.socket, SENDER, lists(20, f'{LONG}.verbose.example'), LETTER) for uid in (11, 12)]
    talks += [bench.user(13, send_all, bench.socket, SENDER, lists(6, 'nx.example', 'x' * 800), LETTER)]
    begins = send_other(bench, 3, 'you@honest.example', pause=0.5)
    for user in talks:
        user.result(60)
    note('hosts that talk')
    asks = [bench.user(uid, ask_without_reading, str(bench.daemon.control), [LIST_ALL] * 8, 20, 60) for uid in (6, 7, 8)]
    sessions = [bench.user(14, unfinished, bench.socket, 240, CONTENT, 60), bench.user(15, unfinished, bench.socket, 60, CONTENT, 60),
                bench.user(16, unfinished, bench.socket, 30, HEADER, 60), bench.user(16, unfinished, bench.socket, 30, LONG_ID, 60)]
    sessions += [bench.user(uid, open_transactions, bench.socket, 4, 60) for uid in (17, 18, 19)]
    begins.update(send_other(bench, 3, 'you@honest.example', pause=0.5, name='late'))
    bench.wait(20, lambda: False)
    note('sessions and answers that are not read')
    bench.figure("slowest of another user's letters", slowest(bench, bench.honest_events, 'honest', begins, 10), 5.0, 's')
    for user in asks + sessions:
        user.stop()
