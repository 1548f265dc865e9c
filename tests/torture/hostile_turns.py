"""Attacks on shared resources: a mail host, the log, the memory for waiting mail, the drop folder; and the clock."""
import re
import time

from clock import WrongClock
from hostile_attack import attack
from hostile_hosts_attacks import letter
from hostile_intake import LETTER, SENDER, drop
from hostile_notices import large, send_envelopes
from hostile_users import send_all

DAY = 86_400


def slowest(bench, events, host, begins, seconds):
    """Seconds until the slowest of these letters, by their tokens, came to the host; those that have not count up to now."""
    took = lambda: {e['token']: e['t'] for e in events.all('took', host=host)}
    bench.wait(seconds, lambda: not begins.keys() - took().keys())
    arrived = took()
    return max(arrived.get(token, time.monotonic()) - begin for token, begin in begins.items())


def send_other(bench, count, mailbox, pause=0.0, name='other'):
    """Letters of another user; when each was handed in."""
    begins = {}
    for n in range(count):
        begins[f'{name}-{n}'] = time.monotonic()
        bench.user(2, send_all, bench.socket, 'other@here.example', [[mailbox]], letter(f'{name}-{n}')).result(30)
        time.sleep(pause)
    return begins


@attack(22, 'mail-size', 'two letters of 2 MB that a host refuses at MAIL for now, by their size; another user writes small ones')
def mail_size(bench):
    bench.user(1, send_all, bench.socket, SENDER, [['u@size.example']] * 2, large(2_000_000)).result()
    bench.wait(10, lambda: bench.hostile_events.all('connection', host='size'))
    time.sleep(1)
    begins = send_other(bench, 3, 'good@size.example')
    bench.figure("slowest of another user's letters", slowest(bench, bench.hostile_events, 'size', begins, 20), 5.0, 's')


@attack(23, 'log-flood', '12 letters to 10,000 recipients with local parts of 800 octets that fail at once; the log daemon takes 8 MiB a second', cpu=30,
        memory=256, log_speed=8)
def log_flood(bench):
    groups = [[f'{"x" * 800}{n}@d{k}.nx.example' for n in range(10_000)] for k in range(12)]
    users = [bench.user(1, send_all, bench.socket, f'{"e" * 800}@here.example', [group], LETTER) for group in groups]
    for user in users:
        user.result(60)
    begins = send_other(bench, 3, 'you@honest.example', pause=0.5)
    bench.figure("slowest of another user's letters", slowest(bench, bench.honest_events, 'honest', begins, 20), 5.0, 's')
    bench.honest.end()
    expected = sum(int(found) for found in re.findall(r' accepted from=<e.* nrcpt=(\d+)', bench.daemon.log()))
    bench.figure('recipients of his letters', expected, 40_000, at_least=True)
    bench.wait(40, lambda: bench.daemon.log().count(' outcome=failed ') >= expected, every=1)
    text = bench.daemon.log()
    bench.figure('of them without a line', expected - text.count(' outcome=failed '), 0)
    bench.figure('lines about messages lost', text.count('fate-lines-lost'), 0)
    mine = [line for line in text.splitlines() if 'honest@here.example' in line]
    for event, what in ((' accepted ', 'accepted'), (' outcome=delivered ', 'delivered')):
        bench.figure(f'"{what}" lines of the honest user lost', len(bench.honest.sent) - sum(event in line for line in mine), 0)


@attack(24, 'smtp-share', 'by SMTP, 10 letters to 10,000 domains whose lookup fails and smaller ones until no more is taken; another user by SMTP',
        cpu=90, memory=400)
def smtp_share(bench):
    """The honest user's letters by SMTP are refused where all who use it are one."""
    long_name = f'{"a" * 50}.{"b" * 50}.servfail.example'
    for size, count in ((10_000, 12), (3000, 4), (1000, 4), (300, 5), (100, 5), (30, 5), (10, 5), (3, 5), (1, 15)):
        groups = [[f'u@s{size}l{k}x{n}.{long_name}' for n in range(size)] for k in range(count)]
        replies = bench.user(1, send_all, bench.daemon.smtp_port, SENDER, groups, LETTER).result(60)
    bench.figure('of his smallest letters refused', sum(code != 250 for code, _ in replies), 1, at_least=True)
    bench.wait(5, lambda: False)


def limit_memory(bench):
    text = bench.daemon.config.read_text()
    bench.daemon.config.write_text(text.replace('[spool]\n', '[spool]\nmemory = "32MB"\n'))


@attack(25, 'distinct', 'letters until no more is taken, each to a domain and a mail host of its own with long names, with 32 MB of [spool] memory', cpu=60,
        memory=36, prepare=limit_memory)
def distinct(bench):
    """One user has half of the memory; the uncounted memory of his letters comes on top."""
    long_name = f'{"x" * 60}.{"y" * 60}.wide.example'

    def envelopes(k):
        return [('a@here.example', [f'v@d{n}k{k}.{long_name}']) for n in range(10_000)]
    users = [bench.user(1, send_envelopes, bench.socket, envelopes(k)) for k in range(4)]
    taken = sum(user.result(110) for user in users)
    bench.figure('letters taken', taken, 39_999)
    bench.settle(10)


def turn_clock_back_and_forth(bench):
    bench.clock = WrongClock(bench.world)
    bench.daemon.prefix += bench.clock.prefix


@attack(26, 'clock-lease', "mxpressd's wall clock steps two days back while a delivery is under way", prepare=turn_clock_back_and_forth)
def clock_lease(bench):
    """A small library adds an offset to the time that mxpressd reads; the machine's clock stays."""
    bench.user(1, send_all, bench.socket, SENDER, [['u@slowgrey.example']], LETTER).result()
    bench.wait(5, lambda: bench.hostile_events.all('connection', host='slowgrey'))
    time.sleep(1)
    bench.clock.set(-2 * DAY)
    deferred = lambda: [line for line in bench.daemon.log().splitlines() if 'slowgrey' in line and 'next_try_in=' in line]
    bench.wait(15, deferred)
    waits = [float(line.split('next_try_in=')[1].split()[0]) for line in deferred()] or [float('inf')]
    bench.figure('the message waits for', max(waits), 70.0, 's')


def drop_many(folder, begin, count, content):
    for n in range(count):
        drop(folder, begin + n, content)


@attack(27, 'drop-commands', '8 files of 63 MB of commands in drop/; another user leaves a letter there', cpu=30)
def drop_commands(bench):
    content = b'MAIL FROM:<a@b.example>\r\n' + b'RCPT TO:<a@b>\r\n' * (63_000_000 // 15)
    bench.user(1, drop_many, bench.drop, 0x5000, 8, content).result(60)
    begin = time.monotonic()
    mine = b'MAIL FROM:<other@here.example>\r\nRCPT TO:<v@honest.example>\r\nDATA\r\n' + letter('dropped') + b'.\r\n'
    bench.user(2, drop, bench.drop, 77_777, mine).result()
    bench.wait(25, lambda: bench.honest_events.all('took', token='dropped'))
    bench.figure("another user's letter in drop/", time.monotonic() - begin, 5.0, 's')


@attack(30, 'hang-sites', '1,000 sites of one uid whose hosts say nothing; another user writes to new hosts; and after a restart to usual ones', honest_smtp=False)
def hang_sites(bench):
    """After a restart nothing is known about any host: the honest user's letters compete for the same places."""
    groups = [[f'u@s{n}.hang.each.example' for n in range(first, first + 500)] for first in (0, 500)]
    bench.user(1, send_all, bench.socket, SENDER, groups, LETTER).result(30)
    hung = lambda: len(bench.hostile_events.all('connection', host='hang'))
    bench.wait(10, lambda: hung() >= 60)
    time.sleep(2)
    begins = {f'fresh-{n}': time.monotonic() for n in range(3)}
    for n, token in enumerate(begins):
        bench.user(2, send_all, bench.socket, 'other@here.example', [[f'you@w{n}.fresh.each.example']], letter(token)).result(30)
    bench.figure("slowest of another user's letters to new hosts", slowest(bench, bench.hostile_events, 'fresh', begins, 20), 5.0, 's')
    before = hung()
    bench.restart(kill=True)
    bench.daemon.wait_for_recovery()
    bench.wait(10, lambda: hung() >= before + 60)
    time.sleep(12)
    bench.figure('hosts that say nothing with a connection', hung() - before, 60, at_least=True)
