"""mxpress dialogue, debug and tail: what was said in attempts that failed, what is said in the next one, and what happens to mail."""
import base64
import json
import re
import select
import shutil
import socket
import socketserver
import subprocess
import threading
import time

from daemon import Daemon
from delivery_scenario import HELLO, ZONE
from harness import Skip, check, check_equal, daemon_user, is_root, wait_until
from peers import Unbound
from why_scenario import ALICE, BOB, run_as

DELIVERED, NOTHING, USAGE, LOST, NOT_ALLOWED, REFUSED, DEFERRED = 0, 1, 2, 3, 4, 69, 75
SECRET = 'correct-horse-battery'
REFUSING = {
    'nobody@there.example': '550 5.1.1 <nobody@there.example>: User unknown',
    'later@there.example': '451 4.7.1 Please try again later',
    'rude@there.example': '550 5.7.1 \x1b[2J\x00go \xff away',
}


class Host:
    """A mail host that refuses by recipient; spam@ at the dot; with what its options say."""

    def __init__(self, port, address='127.0.0.11', extensions=(), starttls='220 go on', flood=0, auth=None):
        self.connections, self.received = 0, []
        host = self

        class Session(socketserver.StreamRequestHandler):
            def handle(self):
                host.connections += 1
                self.say('220 mx.there.example ESMTP')
                recipients = []
                for line in self.rfile:
                    word = line.decode(errors='replace').strip()
                    verb = word.upper()
                    if verb.startswith('QUIT'):
                        return self.say('221 bye')
                    if verb.startswith('EHLO'):
                        for extension in ('mx.there.example', *extensions):
                            self.say('250-' + extension)
                        self.say('250 8BITMIME')
                    elif verb == 'STARTTLS':
                        self.say(starttls)
                        if starttls.startswith('220'):
                            self.rfile.peek(1)  # the client's first message: what comes before it is another failure
                            self.wfile.write(b'this is no TLS\r\n' * 100)
                            return None
                    elif verb.startswith('AUTH') and auth:
                        self.say(auth)
                    elif verb.startswith('RCPT'):
                        recipients.append(word.split('<')[1].split('>')[0])
                        for _ in range(flood):
                            self.say('550-' + 'x' * 400)
                        self.say(REFUSING.get(recipients[-1], '550 5.1.1 no' if flood else '250 2.1.5 Ok'))
                    elif verb == 'DATA':
                        self.say('354 go on')
                        while self.rfile.readline().rstrip() != b'.':
                            pass
                        self.say('554 5.7.1 looks like spam' if 'spam@there.example' in recipients else '250 2.0.0 Ok: queued')
                        host.received += recipients
                        recipients = []
                    elif verb == 'RSET':
                        recipients = []
                        self.say('250 ok')
                    else:
                        self.say('250 ok')
                return None

            def say(self, line):
                self.wfile.write(line.encode('latin-1') + b'\r\n')

        class Server(socketserver.ThreadingTCPServer):
            allow_reuse_address = True
            daemon_threads = True

            def handle_error(self, request, client_address):
                pass  # the client has closed

        self.server = Server((address, port), Session)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


def send(daemon, recipient, uid=ALICE, message=HELLO):
    known = set(daemon.accepted_ids())
    code, _, errors = run_as(uid, daemon, 'sendmail', '-i', '-f', f'u{uid}@here.example', recipient, message=message)
    check_equal(code, 0, f'exit status of sendmail ({errors})')
    return wait_until(lambda: next((e['id'] for e in daemon.attempts() if e.get('to') == f'<{recipient}>' and e['id'] not in known), None), 30,
                      lambda: f'the attempt for {recipient}: {daemon.log()[-600:]}')


def lines_of(daemon, id):
    """The lines of the latest attempt, as "client: EHLO ..."."""
    return [f'{line["from"]}: {line["text"]}' for host in daemon.json('dialogue', id)[-1]['host'] for line in host['line']]


def start(world, port, **options):
    if not is_root():
        raise Skip('sends as two users: needs root')
    return Daemon(world, Unbound(world, ZONE).port, port, retry='1h*', **options).start()


def scenario_keeps_what_was_said_in_attempts_that_failed(world):
    port = world.free_port()
    host = Host(port, extensions=('PIPELINING', 'SIZE 1000000'))
    daemon = start(world, port)
    delivered = send(daemon, 'you@there.example')
    check_equal(daemon.mxpress('dialogue', delivered)[0], NOTHING, 'exit status for mail that was delivered')

    at_rcpt = send(daemon, 'nobody@there.example')
    lines = lines_of(daemon, at_rcpt)
    check_equal(lines[0], 'host: 220 mx.there.example ESMTP', f'the greeting: {lines}')
    for line in ('client: RCPT TO:<nobody@there.example>', 'host: 550 5.1.1 <nobody@there.example>: User unknown', 'client: EHLO mta.here.example'):
        check(line in lines, f'"{line}" in {lines}')
    at_dot = send(daemon, 'spam@there.example')
    lines = lines_of(daemon, at_dot)
    content = next((i for i, line in enumerate(lines) if line.endswith(' octets of content]')), None)
    check(content and lines[content + 1] == 'host: 554 5.7.1 looks like spam', f'the end of the content: {lines}')
    check('hello' not in json.dumps(daemon.json('dialogue', at_dot)), 'no content')
    rude = send(daemon, 'rude@there.example')
    check('host: 550 5.7.1 \\x1B[2J\\x00go \\xFF away' in lines_of(daemon, rude), f'control characters, visible: {lines_of(daemon, rude)}')
    refused = send(daemon, 'you@refusing.example')
    lines = lines_of(daemon, refused)
    check_equal(lines, ['note: connection refused'], 'of a connection that was refused')
    _, shown, _ = daemon.mxpress('dialogue', refused)
    check(f'mail.refusing.example [127.0.0.14:{port}], ' in shown, shown)
    for id in (at_rcpt, at_dot, refused):
        for command in ('why', 'show'):
            _, shown, _ = daemon.mxpress(command, id)
            check(f'mxpress dialogue {id}' in shown, f'{command}: {shown}')
    check('mxpress dialogue' not in daemon.mxpress('show', delivered)[1], 'show of mail that was delivered')

    code, shown, _ = run_as(ALICE, daemon, 'mxpress', 'dialogue', at_rcpt)
    check_equal((code, 'User unknown' in shown), (0, True), f"Alice's own: {shown}")
    code, shown, errors = run_as(BOB, daemon, 'mxpress', 'dialogue', at_rcpt)
    check_equal((code, shown, 'or the message is not yours' in errors), (NOTHING, '', True), f'Bob: {errors}')
    check('mxpress dialogue' not in run_as(BOB, daemon, 'mxpress', 'why', at_rcpt)[1], 'why of Bob')
    check_equal(daemon.mxpress('dialogue', 'nonsense!')[0], USAGE, 'exit status for what is no id')

    daemon.kill()
    daemon.start()
    daemon.wait_for_recovery()
    check('host: 554 5.7.1 looks like spam' in lines_of(daemon, at_dot), 'after a kill')
    daemon.stop()
    check('host: 554 5.7.1 looks like spam' in lines_of(daemon, at_dot), 'while no daemon runs')
    check(run_as(ALICE, daemon, 'mxpress', 'dialogue', at_dot)[0] != 0, 'while no daemon runs a user cannot read the spool')
    host.stop()


def scenario_a_message_on_a_connection_that_is_used_again_has_its_own_part_alone(world):
    port = world.free_port()
    host = Host(port)
    daemon = start(world, port, delivery='max_sessions_per_site = 1')
    for i in range(8):
        for uid, recipient in ((ALICE, 'you@there.example'), (BOB, 'later@there.example')):
            run_as(uid, daemon, 'sendmail', '-i', '-f', f'u{uid}@here.example', recipient, message=HELLO)
    wait_until(lambda: len(daemon.attempts()) >= 16, 30, lambda: f'16 attempts: {daemon.log()[-500:]}')
    ids = [event['id'] for event in daemon.attempts('deferred')]
    dialogues = [lines_of(daemon, id) for id in ids]
    again = [lines for lines in dialogues if any('the connection was open' in line for line in lines)]
    check(again, f'one of {len(dialogues)} used a connection again; {host.connections} connections')
    for lines in dialogues:
        text = '\n'.join(lines)
        check('you@there.example' not in text and f'u{ALICE}@' not in text, f'nothing of the other mail: {text}')
        check_equal(sum(line.startswith('host: 220 ') for line in lines), 1, f'one greeting: {text}')
        check(f'client: MAIL FROM:<u{BOB}@here.example>' in text and 'host: 451 4.7.1 Please try again later' in text, text)
    daemon.stop()
    host.stop()


def scenario_a_handshake_that_fails_and_a_refused_starttls_are_told(world):
    port = world.free_port()
    hosts = [Host(port, extensions=('STARTTLS',)), Host(port, '127.0.0.12', extensions=('STARTTLS',), starttls='454 4.7.0 no TLS now')]
    daemon = start(world, port, extra=''.join(f'[route.{name}]\nhost = "{address}"\nport = {port}\ntls = "encrypt"\n[destination."{domain}"]\nroute = "{name}"\n'
                                              for name, address, domain in (('a', '127.0.0.11', 'a.example'), ('b', '127.0.0.12', 'b.example'))))
    lines = lines_of(daemon, send(daemon, 'you@a.example'))
    start_tls = lines.index('client: STARTTLS')
    check(lines[start_tls + 2].startswith('tls: the handshake failed: '), f'the handshake: {lines}')
    lines = lines_of(daemon, send(daemon, 'you@b.example'))
    check_equal(lines[lines.index('client: STARTTLS') + 1], 'host: 454 4.7.0 no TLS now', f'the refusal: {lines}')
    daemon.stop()
    for host in hosts:
        host.stop()


def scenario_no_secret_of_a_login_gets_to_the_disk(world):
    port = world.free_port('127.0.0.11')
    host = Host(port, extensions=('AUTH PLAIN',), auth=f'535-5.7.8 no such login:\r\n535 5.7.8 u / {SECRET}')
    password = world.path('password')
    password.write_text(SECRET + '\n')
    password.chmod(0o600)
    shutil.chown(password, daemon_user())
    daemon = start(world, 25, extra=f'[route]\nhost = "127.0.0.11"\nport = {port}\nauth = "p"\ntls = "may"\n'
                                    f'[credentials.p]\nuser = "u"\npassword_file = "{password}"\nallow_cleartext = true\n')
    id = send(daemon, 'you@there.example')
    lines = lines_of(daemon, id)
    check('client: AUTH PLAIN (not shown)' in lines, f'the mechanism: {lines}')
    check(any(line.startswith('host: 535 ') for line in lines), f'the reply: {lines}')
    daemon.stop()
    wire = base64.b64encode(b'\0u\0' + SECRET.encode())
    for file in [path for path in daemon.folder.rglob('*') if path.is_file()]:
        octets = file.read_bytes()
        for secret in (SECRET.encode(), wire, base64.b64encode(SECRET.encode())[:20]):
            check(secret not in octets, f'{file} has a secret')
    check(list((daemon.spool / 'dialogues').glob('*.log')), 'the dialogue on the disk')
    host.stop()


def scenario_a_flood_of_failures_and_replies_is_bounded(world):
    """What one owner's failures write in a day is an eighth of the limit; replies are cut."""
    port = world.free_port()
    host = Host(port, flood=100)
    daemon = start(world, port, extra='[history]\ndialogues = "1MB"\n')
    count = 400
    for first in range(0, count, 50):
        code, _, errors = run_as(ALICE, daemon, 'sendmail', '-i', '-f', 'u@here.example', *[f'a{first + i}@there.example' for i in range(50)],
                                 message=HELLO)
        check_equal(code, 0, f'exit status of sendmail ({errors})')
    wait_until(lambda: len(daemon.attempts('failed')) >= count, 120, lambda: f'{count} failures: {daemon.log()[-400:]}')
    id = send(daemon, 'one@there.example', BOB)
    lines = lines_of(daemon, id)
    check(len('\n'.join(lines)) < 20_000, f'{len(lines)} lines of a flood')
    check(any('left out]' in line for line in lines), f'the middle is left out: {lines[:5]}')
    daemon.stop()
    size = sum(path.stat().st_size for path in (daemon.spool / 'dialogues').iterdir())
    check(size < 1 << 20, f'{size} octets on the disk')
    host.stop()


class Reader:
    """A command whose output is read while it runs."""

    def __init__(self, daemon, *arguments, uid=None):
        user = {} if uid is None else {'user': uid, 'group': uid, 'extra_groups': []}
        self.process = subprocess.Popen([daemon.world.program('mxpress'), '-c', daemon.config, *arguments], stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, text=True, errors='replace', **user)
        self.lines = []
        self.thread = threading.Thread(target=lambda: self.lines.extend(iter(self.process.stdout.readline, '')), daemon=True)
        self.thread.start()

    def text(self):
        return ''.join(self.lines)

    def wait_for(self, *words):
        wait_until(lambda: all(word in self.text() for word in words), 30, lambda: f'{words} in: {self.text()[-1500:]}')

    def end(self):
        code = self.process.wait(30)
        self.thread.join(30)
        return code

    def stop(self):
        self.process.terminate()
        self.end()


def scenario_debug_tells_the_next_attempt_live_and_how_it_ended(world):
    port = world.free_port()
    host = Host(port)
    daemon = start(world, port)
    later = send(daemon, 'later@there.example')
    debugger = Reader(daemon, 'debug', 'later@there.example', '--retry')
    check_equal(debugger.end(), DEFERRED, f'exit status of debug: {debugger.text()}')
    for words in ('>>  MAIL FROM:', '<<  451 4.7.1 Please try again later', f'{later} asks mx1.there.example[127.0.0.11:{port}]', 'outcome=deferred'):
        check(words in debugger.text(), f'"{words}" in {debugger.text()}')
    check_equal(daemon.mxpress('debug', 'you@there.example', '--retry')[0], NOTHING, 'exit status without mail')
    check_equal(daemon.mxpress('debug', 'you@there.example', '--wait', '1s')[0], NOTHING, 'exit status after the time is up')
    for recipient, status in (('you@there.example', DELIVERED), ('nobody@there.example', REFUSED)):
        debugger = Reader(daemon, 'debug', '@there.example' if status else 'you@there.example', '--wait', '60s', '--json')
        while debugger.process.poll() is None:  # the debugger may begin after the attempt
            send(daemon, recipient)
        check_equal(debugger.end(), status, f'exit status of debug for {recipient}: {debugger.text()}')
        check('"kind":"END"' in debugger.text() and recipient in debugger.text(), debugger.text())

    check_equal(run_as(ALICE, daemon, 'mxpress', 'debug', 'later@there.example', '--retry')[0], NOT_ALLOWED, 'a user may not retry')
    others = Reader(daemon, 'debug', 'later@there.example', '--wait', '6s', uid=BOB)
    operator = Reader(daemon, 'debug', 'later@there.example', '--retry')
    operator.end()
    check_equal(others.end(), NOTHING, f'a user hears nothing of the mail of others: {others.text()}')
    check('RCPT' not in others.text(), others.text())
    daemon.stop()
    check_equal(daemon.mxpress('debug', 'you@there.example')[0], 5, 'exit status without a daemon')
    host.stop()


def scenario_tail_tells_what_happens(world):
    port = world.free_port()
    host = Host(port)
    daemon = start(world, port)
    tails = {'all': Reader(daemon, 'tail'), 'address': Reader(daemon, 'tail', 'later@there.example'),
             'domain': Reader(daemon, 'tail', '@there.example'), 'alice': Reader(daemon, 'tail', uid=ALICE),
             'of alice': Reader(daemon, 'tail', '--uid', str(ALICE), '--json'), 'bob': Reader(daemon, 'tail', uid=BOB)}

    def follow():
        send(daemon, 'later@there.example')
        send(daemon, 'later@there.example', BOB)
        return all('attempt' in tail.text() for tail in tails.values())
    wait_until(follow, 60, lambda: f'all to follow: { {name: tail.text()[-200:] for name, tail in tails.items()} }', every=0.5)
    ids = [send(daemon, 'you@there.example'), send(daemon, 'later@there.example'), send(daemon, 'later@there.example', BOB)]
    tails['all'].wait_for(*ids)
    tails['address'].wait_for(ids[1], ids[2])
    tails['domain'].wait_for(*ids)
    tails['alice'].wait_for(ids[0], ids[1])
    tails['of alice'].wait_for(ids[0], ids[1])
    tails['bob'].wait_for(ids[2])
    check(re.search(rf'{ids[1]} attempt outcome=deferred .*reply="451 4.7.1 Please try again later"', tails['alice'].text()), tails['alice'].text())
    check(ids[0] not in tails['address'].text(), 'mail to another address')
    for name in ('alice', 'of alice'):
        check(ids[2] not in tails[name].text(), f'{name}: mail of Bob')
    check(f'u{ALICE}@' not in tails['bob'].text(), f'mail of Alice: {tails["bob"].text()}')
    check(all(json.loads(line)['kind'] == 'EVENT' for line in tails['of alice'].text().splitlines()), tails['of alice'].text())
    code, _, errors = run_as(BOB, daemon, 'mxpress', 'tail', '--uid', str(ALICE))
    check_equal(code, NOT_ALLOWED, f'Bob follows Alice: {errors}')

    daemon.stop()
    for name, tail in tails.items():
        check_equal((name, tail.end()), (name, LOST), f'exit status when the daemon stops: {tail.text()[-300:]}')
    host.stop()


def scenario_a_follower_that_does_not_read_is_left_and_delays_nothing(world):
    port = world.free_port()
    host = Host(port)
    daemon = start(world, port)
    silent = socket.socket(socket.AF_UNIX)
    silent.connect(str(daemon.control))
    silent.sendall(b'\0\0\0\2' + b'\x5a\0')  # Request { tail {} }
    reader = Reader(daemon, 'tail')
    wait_until(lambda: send(daemon, 'you@there.example') in reader.text(), 30, 'the other follower to follow')
    begin = time.monotonic()
    with daemon.smtp() as client:
        for i in range(2000):
            client.sendmail('me@here.example', [f'x{i}@there.example'], HELLO.replace(b'\n', b'\r\n'))
    wait_until(lambda: len(host.received) >= 2001, 120, lambda: f'{len(host.received)} letters')
    world.note(f'2,000 letters in {time.monotonic() - begin:.1f} s with two followers')
    poller = select.poll()
    poller.register(silent, 0)
    check(poller.poll(60_000), 'the daemon hangs up on the one that does not read')
    silent.close()
    reader.stop()
    daemon.stop()
    host.stop()
