"""Attacks by senders: sizes, headers, envelopes, sessions, the drop folder."""
import contextlib
import os
import pathlib
import re
import subprocess
import time

from hostile_attack import attack
from hostile_users import Smtp, send_all

SENDER = 'evil@here.example'
LETTER = b'Subject: evil\r\n\r\nhello\r\n'


def drop(folder, number, content):
    """As sendmail does: written under another name first."""
    path = f'{folder}/{number:032x}'
    with open(path + '.part', 'wb') as file:
        file.write(content)
    os.chmod(path + '.part', 0o644)
    os.rename(path + '.part', path)


@attack(1, 'recipients', 'one letter to 10,000 domains whose lookup fails', cpu=5, memory=64)
def recipients(bench):
    names = [f'u@d{n}.servfail.example' for n in range(10_000)]
    replies = bench.user(1, send_all, bench.socket, SENDER, [names], LETTER).result()
    bench.figure('accepted', sum(code == 250 for code, _ in replies), 1, at_least=True)
    bench.settle(40)


def folded(size):
    """Tokens in the first half of a line, blanks in the second."""
    return b'Subject: evil\r\nX-Folded: ' + b'a ' * (size // 4) + b' ' * (size // 2) + b'\r\n\r\nhello\r\n'


@attack(2, 'folding', '4 letters with a header line of 16 MiB, 16 with one of 900 KiB', cpu=3, memory=256)
def folding(bench):
    users = [bench.user(n, send_all, bench.socket, SENDER, [['u@seven.example']], folded(16 << 20)) for n in (1, 2, 3, 4)]
    users.append(bench.user(5, send_all, bench.socket, SENDER, [['u@seven.example']] * 16, folded(900 << 10)))
    for user in users:
        user.result(40)
    bench.settle(40)


@attack(5, 'drop-recipients', 'a file in drop/ with 470,000 recipients', cpu=10, memory=128)
def drop_recipients(bench):
    envelope = ''.join(f'RCPT TO:<u{n}@d{n % 500}.servfail.example>\r\n' for n in range(470_000))
    content = f'MAIL FROM:<{SENDER}>\r\n{envelope}DATA\r\nSubject: evil\r\n\r\nhello\r\n.\r\n'.encode()
    bench.user(1, drop, bench.drop, 1, content).result()
    bench.settle(60)
    bench.restart()
    bench.settle(30)
    bench.figure('records set aside as damaged', len(list((bench.daemon.spool / 'corrupt').glob('*'))), 0)


@attack(13, 'waiting', '100 letters of 10,000 domains each, with long names, whose lookup fails, of four uids; removed, and 25 more', cpu=120, memory=450)
def waiting(bench):
    """Without a bound the daemon is killed, and again after each start."""
    def letters(turn):
        long_name = f'{"a" * 50}.{"b" * 50}.servfail.example'
        return [[f'u@t{turn}d{letter}x{n}.{long_name}' for n in range(10_000)] for letter in range(25)]
    taken = 0
    for turn in range(4):
        replies = bench.user(turn + 1, send_all, bench.socket, SENDER, letters(turn), LETTER).result(90)
        taken += sum(code == 250 for code, _ in replies)
    bench.figure('letters taken', taken, 99)
    bench.honest.end()
    bench.restart()
    bench.settle(30)
    bench.daemon.mxpress('remove', '--all')
    replies = bench.user(1, send_all, bench.socket, SENDER, letters(4), LETTER).result(90)
    bench.figure('taken once these are removed', sum(code == 250 for code, _ in replies), 1, at_least=True)
    bench.settle(15)


def letter_with_bcc(token, malformed):
    """The Bcc field comes behind 300 KiB of others."""
    first = 'this line is no field\r\n' if malformed else ''
    fields = ''.join(f'X-Long-{n}: {"x" * 900}\r\n' for n in range(340))
    return f'{first}Subject: {token}\r\n{fields}Bcc: secret@victim.example\r\nX-End: y\r\n\r\nhello\r\n'.encode()


def by_sendmail(program, environment, arguments, content):
    return subprocess.run([program, *arguments], input=content.replace(b'\r\n', b'\n'), env=environment, capture_output=True, timeout=60).returncode


@attack(6, 'bcc', 'Bcc behind 300 KiB of header, and behind a malformed first line, by all four entrances')
def bcc(bench):
    sendmail, to = str(bench.world.program('sendmail')), ['u@late.example', 'v@seven.example']
    for malformed in (False, True):
        def letter(way):
            return letter_with_bcc(f'{way}-{"odd" if malformed else "long"}', malformed)
        users = [bench.user(1, send_all, bench.daemon.smtp_port, SENDER, [to], letter('smtp')),
                 bench.user(1, send_all, bench.socket, SENDER, [to], letter('socket')),
                 bench.user(1, by_sendmail, sendmail, bench.daemon.environment(), ['-i', '-f', SENDER, *to], letter('sendmail'))]
        envelope = f'MAIL FROM:<{SENDER}>\r\n' + ''.join(f'RCPT TO:<{name}>\r\n' for name in to) + 'DATA\r\n'
        users.append(bench.user(1, drop, bench.drop, 10 + malformed, envelope.encode() + letter('drop') + b'.\r\n'))
        for user in users:
            user.result()
    bench.settle(10)
    took = [e for e in bench.hostile_events.all('took') if e['sender'] == SENDER]
    bench.figure('copies that arrived', len(took), None)
    bench.figure('of them with Bcc', sum(e['bcc'] for e in took), 0)


def hold_envelopes(path, count):
    """Sessions full of long recipients, held open; how many were taken."""
    local, taken, clients = 'x' * 60, 0, []
    for _ in range(count):
        client = Smtp(path)
        clients.append(client)
        taken += sum(code == 250 for code in client.envelope(SENDER, [f'{local}{n}@{"d" * 60}.{"e" * 60}.{"f" * 50}.example' for n in range(10_000)]))
    return clients, taken


def hold(path, count, seconds):
    clients, taken = hold_envelopes(path, count)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for client in clients:
            client.say('NOOP')
        time.sleep(1)
    return taken


def send_many(path, count, token):
    client = Smtp(path)
    codes = client.envelope('other@here.example', [f'{"u" * 60}{n}@honest.example' for n in range(count)])
    return sum(code != 250 for code in codes), client.content(f'Subject: {token}\r\n\r\nhello\r\n'.encode())


@attack(13, 'envelopes', 'one uid holds 40 sessions with 10,000 long recipients each', cpu=15, memory=160)
def envelopes(bench):
    hog = bench.user(1, hold, bench.socket, 40, 15)
    time.sleep(8)
    found = bench.user(2, send_many, bench.socket, 3000, 'other').result()
    refused, reply = found if isinstance(found, tuple) else (3000, found)
    bench.notes.append(f'another user, 3,000 recipients: {reply}')
    bench.figure("another user's recipients refused", refused, 0)
    hog.result(60)


def open_sessions(where, count, seconds):
    """One after the other, each greeted before the next one comes; how many live after a while."""
    clients = []
    for _ in range(count):
        with contextlib.suppress(OSError):
            clients.append(Smtp(where, timeout=5))
    time.sleep(seconds)
    return sum(is_alive(client) for client in clients)


def is_alive(client):
    with contextlib.suppress(OSError):
        return client.say('NOOP')[0] == 250
    return False


@attack(14, 'sessions', '390 sessions one after the other, by the socket and by SMTP', memory=128)
def sessions(bench):
    for what, where in (('by the socket', bench.socket), ('by SMTP', bench.daemon.smtp_port)):
        user = bench.user(1, open_sessions, where, 390, 2)
        bench.figure(f'sessions that live, {what}', user.result(60), 385, at_least=True)
        user.stop()


def fill_drop(folder, begin, end):
    for number in range(begin, end):
        with open(f'{folder}/{"junk" if number % 2 else "x"}{number}{"" if number % 2 else ".part"}', 'w'):
            pass


def rename_in(folder, seconds):
    end, path, count = time.monotonic() + seconds, f'{folder}/renamed.part', 0
    open(path, 'w').close()
    other = f'{folder}/renamed-too.part'
    while time.monotonic() < end:
        os.rename(path, other)
        path, other = other, path
        count += 1
        time.sleep(0.0005)
    return count


@attack(16, 'drop-folder', '200,000 files in drop/, and renames there for 10 s', cpu=4, memory=64)
def drop_folder(bench):
    users = [bench.user(n, fill_drop, bench.drop, n * 50_000, (n + 1) * 50_000) for n in (1, 2, 3, 4)]
    for user in users:
        user.result(60)
    bench.figure('renames', bench.user(1, rename_in, bench.drop, 10).result(30) or 0, None)


@attack(16, 'unit', 'the unit file bounds memory, core files and restarts, and tells of a crash loop', whole_daemon=False)
def unit(bench):
    text = (pathlib.Path(__file__).resolve().parent.parent.parent / 'etc/mxpress.service').read_text()
    wanted = {'MemoryMax': r'\d+[MG]', 'LimitCORE': '0', 'StartLimitBurst': r'\d+', 'StartLimitIntervalSec': r'\w+', 'OnFailure': r'\S+'}
    missing = [key for key, value in wanted.items() if not re.search(rf'(?m)^{key}={value}$', text)]
    bench.notes += [f'without {key}=' for key in missing]
    bench.figure('missing in etc/mxpress.service', len(missing), 0)
