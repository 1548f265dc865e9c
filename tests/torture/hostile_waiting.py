"""Attacks by mail that waits: it expires at one moment, or waits for a connection."""
import time

from hostile_attack import attack
from hostile_intake import SENDER
from hostile_notices import large
from hostile_turns import send_other, slowest
from hostile_users import Smtp, send_all

ONE_LETTER = b'MAIL FROM:<a@here.example>\r\nRCPT TO:<u@d1.hang.each.example>\r\nDATA\r\nSubject: x\r\n\r\nhi\r\n.\r\n'


def send_many(where, count):
    """Without a wait for replies, except those of twenty letters before. Returns how many were accepted."""
    client, taken = Smtp(where, 120), 0
    for number in range(count + 20):
        if number < count:
            client.socket.sendall(ONE_LETTER)
        if number >= 20:
            taken += [client.reply()[0] for _ in range(4)][-1] == 250
    return taken


@attack(39, 'one-moment', '48,000 letters of one uid to a host that hangs, which expire at one moment; another user writes', cpu=60, memory=64,
        options={'retry': '1m*', 'lifetime': '60s', 'extra': 'delay_notice = "0"\n[timeouts]\ngreeting = "90s"\n'})
def one_moment(bench):
    begin = time.monotonic()
    users = [bench.user(1, send_many, bench.socket, 2000) for _ in range(24)]
    bench.figure('letters taken', sum(user.result(60) for user in users), 48_000, at_least=True)
    expired = lambda: bench.daemon.log().count(' expired ')
    bench.wait(100 - (time.monotonic() - begin), lambda: expired() > 0, every=1)
    begins = send_other(bench, 5, 'you@honest.example', pause=1)
    bench.figure("slowest of another user's letters", slowest(bench, bench.honest_events, 'honest', begins, 20), 5.0, 's')
    bench.wait(30, lambda: False)
    bench.figure('letters that expired', expired(), 3_000, at_least=True)


@attack(40, 'busy-large', '30 letters of 24 MB to 9 domains each, all at one host that takes them slowly; another user writes', cpu=20)
def busy_large(bench):
    """They wait for a connection: until they have one they are not to be read."""
    groups = [[f'u@l{k}d{d}.reads.each.example' for d in range(9)] for k in range(30)]
    bench.user(1, send_all, bench.socket, SENDER, groups, large(24_000_000)).result(120)
    bench.settle(10)
    begins = {}
    for number in range(5):
        begins |= send_other(bench, 1, 'you@honest.example', name=f'waiting{number}')
        time.sleep(1)
    bench.figure("slowest of another user's letters", slowest(bench, bench.honest_events, 'honest', begins, 30), 5.0, 's')
