"""Attacks by owners of a domain: mail hosts and name servers, with an accomplice who submits mail."""
import subprocess
import time

from hostile_attack import attack
from hostile_intake import LETTER, SENDER, by_sendmail
from hostile_users import send_all
from security_scenario import make_poison


def letter(token):
    return f'Subject: {token}\r\n\r\nhello\r\n'.encode()


@attack(3, 'blocking', 'a 421 to one recipient, and its text, at a host that others use')
def blocking(bench):
    bench.user(1, send_all, bench.socket, SENDER, [['trap-secret@trap.example']], LETTER).result()
    bench.wait(10, lambda: bench.hostile_events.all('connection', host='trap'))
    time.sleep(1)
    sent = {}
    for n in range(5):
        sent[f'other-{n}'] = time.monotonic()
        bench.user(2, send_all, bench.socket, 'other@here.example', [[f'good{n}@trap.example']], letter(f'other-{n}')).result()
        time.sleep(0.5)
    bench.user(2, send_all, bench.socket, 'other@here.example', [['trap-two@trap.example']], LETTER).result()
    bench.wait(6, lambda: len(bench.hostile_events.all('took', host='trap')) == 5)
    arrived = {e['token']: e['t'] for e in bench.hostile_events.all('took', host='trap')}
    bench.figure("slowest of another user's letters", max(arrived.get(token, time.monotonic()) - begin for token, begin in sent.items()), 5.0, 's')
    bench.figure('of his commands that name the first recipient', bench.user(2, count_secrets, bench).result(), 0)


def count_secrets(bench):
    """Commands of uid 2002 that print data of another user's recipient."""
    mxpress = [str(bench.world.program('mxpress')), '-c', str(bench.daemon.config)]
    listing = subprocess.run([*mxpress, 'queue', '--messages', '--json'], capture_output=True, text=True, timeout=30).stdout
    ids = [part.split('"')[0] for part in listing.split('"id":"')[1:]]
    commands = [[*mxpress, 'queue'], [*mxpress, 'queue', '--messages'], [*mxpress, 'queue', '--json'], [str(bench.world.program('sendmail')), '-bp'],
                *([*mxpress, 'show', name] for name in ids)]
    outputs = [subprocess.run(command, capture_output=True, text=True, timeout=30, env=bench.daemon.environment()).stdout for command in commands]
    return sum('trap-secret' in output for output in [listing, *outputs])


@attack(4, 'rewriting', '10,000 sites of 32 mail hosts with long names, all dead; then the queue is emptied', cpu=90, memory=200)
def rewriting(bench):
    groups = [[f'u@d{n}.wide.example' for n in range(begin, begin + 100)] for begin in range(0, 10_000, 100)]
    user = bench.user(1, send_all, bench.socket, SENDER, groups, LETTER)
    user.result(60)
    bench.settle(60)
    bench.honest.end()
    bench.daemon.mxpress('remove', '--all')
    time.sleep(5)
    journal = sum(path.stat().st_size for path in bench.daemon.spool.rglob('*') if path.is_file())
    bench.notes.append(f'the spool has {journal / (1 << 20):.0f} MiB, with an empty queue')
    for what in ('idle', 'idle after a restart'):
        before = bench.written()
        time.sleep(8)
        bench.figure(f'octets written in 8 s, {what}', bench.written() - before, 16_384)
        if what == 'idle':
            bench.restart()
            bench.daemon.wait_for_recovery()
            time.sleep(5)


@attack(7, 'notices', '300 dead domains, 10,000 bad recipients and 300 bad letters of a forged sender', cpu=20, memory=128,
        options={'extra': 'delay_notice = "3s"\n'})
def notices(bench):
    victim = 'victim@honest.example'

    def told(**keys):
        return [e for e in bench.honest_events.all('took', host='honest', notice=True, **keys) if e['to'] == [victim]]
    bench.user(1, send_all, bench.socket, victim, [[f'u@d{n}.dead.example' for n in range(300)]], LETTER).result()
    bench.wait(75, lambda: told(delayed=True))  # it is gathered for up to a minute
    bench.wait(5, lambda: len(told(delayed=True)) > 1)
    bench.figure('delay notices for one letter, at least', len(told(delayed=True)), 1, at_least=True)
    bench.figure('delay notices for one letter, at most', len(told(delayed=True)), 1)
    bench.user(1, send_all, bench.socket, victim, [[f'u{n}@nx.example' for n in range(10_000)]], LETTER).result()
    bench.wait(75, lambda: told(delayed=False))  # it is gathered for up to a minute
    bench.figure('notices for 10,000 failures', len(told(delayed=False)), 1, at_least=True)
    bench.figure('octets of the notice for 10,000 failures', max((e['octets'] for e in told(delayed=False)), default=0), 65_536)
    before = len(told())
    bench.user(1, send_all, bench.socket, victim, [[f'u{n}@nx.example'] for n in range(300)], LETTER).result()
    bench.wait(10, lambda: len(told()) - before >= 300)
    bench.figure('notices for 300 letters', len(told()) - before, 100)


@attack(9, 'tls-memory', "an attacker's mail host name at another's address, where it fails")
def tls_memory(bench):
    for _ in range(3):
        bench.user(1, send_all, bench.socket, SENDER, [['u@evil.example']], LETTER).result()
    bench.wait(10, lambda: bench.hostile_events.all('took', host='sni'))
    bench.user(2, send_all, bench.socket, 'other@here.example', [[f'u{n}@sni.example'] for n in range(5)], letter('other')).result()
    bench.wait(10, lambda: len(bench.hostile_events.all('took', token='other')) == 5)
    bench.figure("another user's letters", len(bench.hostile_events.all('took', token='other')), 5, at_least=True)
    bench.figure('of them in clear', len(bench.hostile_events.all('took', token='other', tls=False)), 0)


@attack(10, 'handshakes', '40 letters to a host that takes DHE of 10,000 bits only', cpu=2)
def handshakes(bench):
    bench.user(1, send_all, bench.socket, SENDER, [[f'u{n}@dhe.example'] for n in range(40)], LETTER).result()
    bench.wait(30, lambda: len(bench.hostile_events.all('took', host='dhe')) == 40)
    bench.figure('connections', len(bench.hostile_events.all('connection', host='dhe')), None)


@attack(12, 're-encoding', 'one uid, a tarpit without 8BITMIME, 6 letters of 12 MiB, and one nested 19 deep', cpu=5, memory=256)
def re_encoding(bench):
    line = 'ä'.encode() * 35 + b'\r\n'
    head = b'Subject: evil\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n'
    large = head + line * ((12 << 20) // len(line))
    hog = bench.user(1, send_all, bench.socket, SENDER, [[f'u{n}@tarpit.example'] for n in range(6)], large)
    hog.result(60)
    bench.user(1, send_all, bench.socket, SENDER, [['u@seven.example']], nested(19, 40 << 20)).result(60)
    time.sleep(2)
    small = head.replace(b'evil', b'other') + line * 3000
    begin = time.monotonic()
    bench.user(2, send_all, bench.socket, 'other@here.example', [['v@seven.example']], small).result()
    bench.wait(15, lambda: bench.hostile_events.all('took', token='other'))
    arrived = [e['t'] for e in bench.hostile_events.all('took', token='other')]
    bench.figure("another user's letter to be re-encoded", (arrived[0] if arrived else time.monotonic()) - begin, 5.0, 's')


def nested(depth, octets):
    line = 'ä'.encode() * 35 + b'\r\n'
    text = b'Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n' + line * (octets // len(line))
    for level in range(depth):
        mark = f'mark-{level}'.encode()
        text = b'Content-Type: multipart/mixed; boundary="' + mark + b'"\r\n\r\n--' + mark + b'\r\n' + text + b'\r\n--' + mark + b'--\r\n'
    return b'Subject: evil\r\nMIME-Version: 1.0\r\n' + text


@attack(16, 'key-updates', 'a host that renews its TLS key as fast as it can', cpu=2)
def key_updates(bench):
    bench.user(1, send_all, bench.socket, SENDER, [[f'u{n}@keyupdate.example'] for n in range(2)], LETTER).result()
    bench.wait(12, lambda: len(bench.hostile_events.all('flooded')) == 2)
    flooded = sum(e['octets'] for e in bench.hostile_events.all('flooded')) if bench.hostile_events.all('flooded') else float('inf')
    bench.figure('octets that it got rid of', flooded, 16 << 20)


@attack(16, 'many-mx', '500 domains with 1,500 mail hosts each')
def many_mx(bench):
    bench.user(1, send_all, bench.socket, SENDER, [[f'u@d{n}.many.example' for n in range(begin, begin + 100)] for begin in range(0, 500, 100)],
               LETTER).result()
    bench.settle(30)


@attack(16, 'late-answer', 'a host that goes on talking after its 220 to STARTTLS')
def late_answer(bench):
    bench.user(1, send_all, bench.socket, SENDER, [['u@late.example']], LETTER).result()
    bench.wait(10, lambda: bench.hostile_events.all('took', host='late'))
    bench.figure('letters that arrived', len(bench.hostile_events.all('took', host='late')), 1, at_least=True)
    bench.figure('of them behind what was injected', len(bench.hostile_events.all('took', host='late', tls=True)), 0)


def preload_poison(bench):
    """A daemon that has a fault: it dies of the content "these words are poison"."""
    bench.daemon.prefix += ['env', f'LD_PRELOAD={make_poison(bench.world)}']


@attack(16, 'poison', 'a letter of which the daemon dies, again and again', honest_smtp=False, prepare=preload_poison)
def poison(bench):
    environment, sendmail = bench.daemon.environment(), str(bench.world.program('sendmail'))
    content = b'Subject: evil\n\nthese words are poison\n'
    bench.user(1, by_sendmail, sendmail, environment, ['-i', '-f', SENDER, 'u@seven.example'], content).result()
    deaths, end = 0, time.monotonic() + 15
    while deaths < 5 and time.monotonic() < end and 'set_aside' not in bench.daemon.log():
        if not bench.daemon.process.running():
            deaths += 1
            bench.daemon.launch()
        time.sleep(0.05)
    bench.figure('deaths', deaths, 3)
    bench.wait(5, lambda: bench.daemon.listens())
    held = [m for m in bench.daemon.json('queue', '--messages') if m.get('state') == 'held'] if bench.daemon.listens() else []
    bench.figure('letters held', len(held), 1, at_least=True)
    bench.figure('told in status', int('brought mxpressd down' in bench.daemon.mxpress('status')[1]), 1, at_least=True)
