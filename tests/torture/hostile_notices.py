"""Attacks by way of notices: delays of one user's notices must delay neither another's notices nor another's mail."""
import contextlib
import time

from hostile_attack import attack
from hostile_hosts_attacks import letter
from hostile_intake import LETTER
from hostile_more import bad_letters, told
from hostile_users import Smtp, send_all

VICTIM = 'victim@honest.example'


def send_envelopes(where, envelopes):
    """A letter for each (sender, recipients), over one connection until that is closed; how many were taken."""
    client, taken = Smtp(where), 0
    with contextlib.suppress(OSError):  # after many refusals
        for sender, recipients in envelopes:
            rcpt = ''.join(f'RCPT TO:<{recipient}>\r\n' for recipient in recipients)
            client.socket.sendall(f'MAIL FROM:<{sender}>\r\n{rcpt}DATA\r\n'.encode())
            for _ in range(len(recipients) + 2):
                client.reply()
            client.socket.sendall(LETTER + b'.\r\n')
            taken += client.reply()[0] == 250
    return taken


def measure_notice(bench):
    """Of a bad letter that another user sends now."""
    bench.user(2, bad_letters, bench.socket, [VICTIM]).result()
    begin = time.monotonic()
    bench.wait(15, lambda: told(bench, VICTIM))
    bench.figure("another user's notice", time.monotonic() - begin, 5.0, 's')


@attack(19, 'gather-block', '4,000 letters, each to a bad recipient and one whose lookup hangs; another user writes a bad letter', cpu=30, memory=128)
def gather_block(bench):
    """The notices of such letters wait a minute for the second recipient."""
    def envelopes(k):
        return [(f'a{k}x{n}@honest.example', [f'u{n}@nx.example', f'v@d{n}k{k}.mute.example']) for n in range(1000)]
    users = [bench.user(1, send_envelopes, bench.socket, envelopes(k)) for k in range(4)]
    bench.figure('letters taken', sum(user.result(100) for user in users), 4000, at_least=True)
    measure_notice(bench)


def large(octets):
    return b'Subject: large\r\n\r\n' + (b'x' * 70 + b'\r\n') * (octets // 72)


@attack(20, 'mailbox-notices', 'a full local mailbox, and 1,600 bad letters whose notices nobody takes; another user writes a bad letter', cpu=60,
        memory=128, options={'extra': '[local]\nmailbox_limit = "10MB"\n'})
def mailbox_notices(bench):
    for octets, count in ((9_000_000, 1), (900_000, 3), (100_000, 12), (10_000, 12), (1_000, 30)):
        bench.user(1, send_all, bench.socket, 'evil@here.example', [['root@mta.here.example']] * count, large(octets)).result(60)
        time.sleep(1)
    users = [bench.user(1, bad_letters, bench.socket, [f'u{k}x{n}@nobody.example' for n in range(400)]) for k in range(4)]
    for user in users:
        user.result(60)
    bench.wait(10, lambda: len(bench.hostile_events.all('connection', host='nobody')) >= 400)
    measure_notice(bench)


def small_memory(bench):
    text = bench.daemon.config.read_text()
    bench.daemon.config.write_text(text.replace('[spool]\n', '[spool]\nmemory = "16MB"\n'))


@attack(21, 'notice-memory', '40,000 bad letters of senders whose domains are slow, with 16 MB of [spool] memory; another user writes', cpu=60, memory=128,
        prepare=small_memory)
def notice_memory(bench):
    """Their notices wait for five days."""
    long_name = f'{"x" * 60}.{"y" * 60}.servfail.example'

    def envelopes(k):
        return [(f'a@d{n}k{k}.{long_name}', ['v@nx.example']) for n in range(10_000)]
    users = [bench.user(1, send_envelopes, bench.socket, envelopes(k)) for k in range(4)]
    taken = sum(user.result(60) for user in users)
    bench.notes.append(f'letters taken: {taken}')
    bench.settle(10)
    reply = bench.user(2, send_all, bench.socket, 'other@here.example', [['v@honest.example']], letter('other')).result()
    bench.figure("another user's letters refused", sum(code != 250 for code, _ in reply), 0)
    measure_notice(bench)
