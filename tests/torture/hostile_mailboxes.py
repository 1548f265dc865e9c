"""Attacks by way of the mailboxes of users: mxpressd beside mxpress-deliver, which takes eight deliveries at a time."""
import pathlib
import socket
import time

from hostile_attack import attack
from hostile_hosts_attacks import letter
from hostile_intake import LETTER, SENDER
from hostile_turns import slowest
from hostile_users import Smtp, send_all
from mailboxes import Mailboxes

USERS = {f'user{number}': 64201 + number for number in range(32)}
HERE = 'mta.here.example'


def add_mailboxes(bench, mail_size='4g'):
    bench.mailboxes = Mailboxes(bench.world, mail_size=mail_size, users=USERS)
    bench.mailboxes.start()
    config = pathlib.Path(bench.daemon.config)
    config.write_text(config.read_text() + bench.mailboxes.config('mbox'))


def delivered_here(bench):
    return sum(e['outcome'] == 'delivered' and e.get('to', '').endswith(f'@{HERE}>') for e in bench.daemon.events('attempt'))


def large_letter(octets):
    line = b'x' * 70 + b'\r\n'
    return b'Subject: large\r\n\r\n' + line * (octets // len(line))


def group_memory(bench):
    """MiB that the daemon's group holds and cannot give back: memory that no file has."""
    folder, wanted = bench.group.folder, ('total_shmem' if bench.group.version == 1 else 'shmem')
    text = (folder / 'memory.stat').read_text()
    return next((int(line.split()[1]) / (1 << 20) for line in text.splitlines() if line.split()[0] == wanted), 0)


@attack(1, 'mailbox-memory', 'letters of 48 MB of two users to 32 users of this host, by eight workers', prepare=add_mailboxes, cpu=None,
        options={'delivery': 'workers = 8'})
def mailbox_memory(bench):
    everybody = [f'{name}@{HERE}' for name in USERS]
    for user in [bench.user(number, send_all, bench.socket, SENDER, [everybody], large_letter(48_000_000)) for number in (1, 2)]:
        user.result(60)
    peaks = [0.0]

    def is_done():
        peaks.append(group_memory(bench))
        return delivered_here(bench) >= 2 * len(USERS)
    bench.wait(120, is_done)
    bench.figure('memory that no file has, at most', max(peaks), 64.0, 'MiB')
    bench.figure('kills for want of memory', bench.group.kills(), 0)
    bench.figure('deliveries', delivered_here(bench), 2 * len(USERS), at_least=True)


def add_list(bench):
    aliases = bench.world.path('aliases')
    aliases.write_text('everybody: ' + ',\n  '.join(f'member.with.a.long.name.{number}@list-members.some.department.example' for number in range(9_990)) + '\n')
    aliases.chmod(0o644)
    config = pathlib.Path(bench.daemon.config)
    config.write_text(config.read_text() + f'[local]\nalias_file = "{aliases}"\nunknown_users = "keep"\n')


def name_the_list(where, count):
    """Codes of RCPT, of sessions that stay open."""
    clients, codes = [], {}
    for _ in range(count):
        clients.append(Smtp(where))
        for code in clients[-1].envelope(SENDER, [f'everybody@{HERE}']):
            codes[code] = codes.get(code, 0) + 1
    for _ in range(10):
        for client in clients[:30]:
            client.envelope(SENDER, [f'everybody@{HERE}'])
    return codes


@attack(13, 'alias-sessions', '380 sessions of one user that name an alias of 9,990 members, and again', prepare=add_list, cpu=60)
def alias_sessions(bench):
    bench.notes.append(f'codes of RCPT: {bench.user(1, name_the_list, bench.socket, 380).result(120)}')


def connect_in_a_loop(path, seconds):
    """How often it could connect."""
    end, count, held = time.monotonic() + seconds, 0, []
    while time.monotonic() < end:
        client = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            client.settimeout(1)
            client.connect(path)
            count += 1
        except OSError:
            time.sleep(0.001)
        held.append(client)
        del held[:-100]
    return count


@attack(11, 'deliver-socket', 'a user connects to the socket of mxpress-deliver without a pause, as it is without systemd', prepare=add_mailboxes, cpu=None)
def deliver_socket(bench):
    path = str(bench.mailboxes.socket)
    floods = [bench.user(1, connect_in_a_loop, path, 25) for _ in range(12)]
    time.sleep(1)
    bench.user(2, send_all, bench.socket, SENDER, [[f'{name}@{HERE}'] for name in USERS], b'Subject: small\r\n\r\nhello\r\n').result()
    begin = time.monotonic()
    bench.wait(20, lambda: delivered_here(bench) >= len(USERS))
    bench.figure('letters to users of this host', delivered_here(bench), len(USERS), at_least=True)
    bench.figure('until the last was delivered', time.monotonic() - begin, 5.0, 's')
    bench.figure('connections of the attacker', sum(flood.result(40) for flood in floods), None)


def forward(bench, user, text):
    file = bench.mailboxes.folder / 'forward'
    file.write_text(text)
    bench.mailboxes.shell(f'cp {file} /home/{user}/.forward && chown {user} /home/{user}/.forward && chmod 600 /home/{user}/.forward')


@attack(13, 'forward-share', 'a letter to a user whose ~/.forward leads to 1,000 hosts that say nothing; its sender writes to new hosts', prepare=add_mailboxes,
        honest_smtp=False)
def forward_share(bench):
    forward(bench, 'user0', '\n'.join(f'u@s{n}.hang.each.example' for n in range(1000)))
    bench.user(1, send_all, bench.socket, SENDER, [[f'user0@{HERE}']], LETTER).result()
    bench.wait(20, lambda: len(bench.hostile_events.all('connection', host='hang')) >= 60)
    time.sleep(2)
    begins = {f'fresh-{n}': time.monotonic() for n in range(3)}
    for n, token in enumerate(begins):
        bench.user(1, send_all, bench.socket, SENDER, [[f'you@w{n}.fresh.each.example']], letter(token)).result(30)
    bench.figure("slowest of the sender's letters to new hosts", slowest(bench, bench.hostile_events, 'fresh', begins, 60), 5.0, 's')


def deferred_here(bench):
    return sum(e['outcome'] == 'deferred' and e.get('to', '') == f'<user2@{HERE}>' for e in bench.daemon.events('attempt'))


@attack(3, 'forward-lock', '2,000 letters to a user whose ~/.forward leads to another user; others write to that one', prepare=add_mailboxes, cpu=None)
def forward_lock(bench):
    forward(bench, 'user1', 'user2\n')
    flood = bench.user(1, send_all, bench.socket, SENDER, [[f'user1@{HERE}']] * 2000, LETTER)
    for _ in range(40):
        bench.user(2, send_all, bench.socket, SENDER, [[f'user2@{HERE}']], LETTER).result(30)
        time.sleep(0.1)
    flood.result(60)
    bench.wait(30, lambda: delivered_here(bench) >= 4040)
    bench.figure('letters to the other user that had to wait', deferred_here(bench), 0)
    bench.figure('deliveries', delivered_here(bench), 4040, at_least=True)


def fill_mail_folder(bench):
    """20 MB are free in /var/mail."""
    add_mailboxes(bench, mail_size='40m')
    bench.mailboxes.shell('head -c 20000000 /dev/zero >/var/mail/filler')


def slowest_here(bench, user, count):
    """Seconds that another user's letter to this one took, at most."""
    arrived = lambda: sum(e['outcome'] == 'delivered' and e.get('to', '') == f'<{user}@{HERE}>' for e in bench.daemon.events('attempt'))
    waits = []
    for _ in range(count):
        before, begin = arrived(), time.monotonic()
        bench.user(2, send_all, bench.socket, SENDER, [[f'{user}@{HERE}']], LETTER).result(30)
        bench.wait(25, lambda: arrived() > before)
        waits.append(time.monotonic() - begin)
    return max(waits)


@attack(3, 'mailbox-refuses', "letters that a user's mailbox cannot take: too large, or by a sender of 1,155 octets; another user writes to him, too",
        prepare=fill_mail_folder, cpu=None)
def mailbox_refuses(bench):
    label = 'd' * 63
    endless = f'{"u" * 900}@{label}.{label}.{label}.{"d" * 61}'
    bench.user(1, send_all, bench.socket, endless, [[f'user3@{HERE}']], LETTER).result()
    bench.user(1, send_all, bench.socket, SENDER, [[f'user4@{HERE}']], large_letter(30_000_000)).result()
    time.sleep(3)
    bench.figure("another user's letters to the one with the sender", slowest_here(bench, 'user3', 3), 5.0, 's')
    bench.figure('and to the one with the large letter', slowest_here(bench, 'user4', 3), 5.0, 's')
