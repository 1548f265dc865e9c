#!/usr/bin/env python3
"""Sends mail by mxpressd to mail hosts of others with TLS, compares what they store, and prints a table. Run by scripts/interop receivers as root,
in mount, network and process namespaces of its own.

Each mail host gets the same letters from mxpress and from Python's smtplib. A letter that is not stored as sent is a fault, unless the host
stores that of smtplib the same way."""
import argparse
import hashlib
import pathlib
import re
import smtplib
import ssl
import subprocess
import sys
import traceback

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / 'scenarios'))
import wire  # noqa: E402
from daemon import Daemon  # noqa: E402
from harness import Failure, Skip, World, check, check_equal, wait_until  # noqa: E402
from nsd import SignedRoot  # noqa: E402
from peers import ValidatingUnbound  # noqa: E402
from receiver_letters import LETTERS, SENDER, comparable, letter  # noqa: E402
from receiver_lmtp import Dovecot  # noqa: E402
from receiver_modern import Aiosmtpd, Chasquid, Haraka  # noqa: E402
from receiver_unix import Courier, Exim, OpenSmtpd, Postfix, Sendmail  # noqa: E402

CONTROL = '127.0.0.99'  # smtplib connects from here
KEYWORDS = ['STARTTLS', 'SIZE', 'PIPELINING', '8BITMIME', 'SMTPUTF8', 'CHUNKING', 'BINARYMIME', 'DSN', 'ENHANCEDSTATUSCODES', 'LIMITS', 'REQUIRETLS']
SIGNED, PLAIN = 'signed.example', 'plain.example'
SMTP = 25
# Client's turns in a session with one message: EHLO; MAIL, RCPT and DATA; the content; QUIT.
PIPELINED_TURNS = 4
EHLO = len('EHLO mta.here.example\r\n')


def say(text):
    print(text, file=sys.stderr, flush=True)


class Row:
    """One line of the table."""

    def __init__(self, receiver):
        self.receiver, self.result = receiver, ''
        self.offers = self.used = self.plain = self.turns = self.resumed = self.letters = self.received = ''

    def text(self, before):
        """`before`: the line above."""
        name = f'{self.receiver.title} {self.receiver.version()}' + (', TLS 1.2 only' if self.receiver.only_1_2 else '')
        if self.result != 'ok':
            return f'| {name} | {self.result} ||||||'
        offers = 'the same' if before and before.receiver.name == self.receiver.name and before.offers == self.offers else self.offers
        used = '; '.join(word for word in (self.used, self.plain) if word)
        return f'| {name} | {offers} | {used} | {self.turns} | {self.resumed} | {self.letters} | {self.received} |'

    def offer(self, clear, within):
        """What EHLO offers in clear text and within TLS, by keyword."""
        def named(features):
            return [word if word != 'SIZE' or not features['size'].strip('0 ') else f'SIZE {features["size"]}' for word in KEYWORDS if word.lower() in features]
        first, second = named(clear), [word for word in named(within) if word != 'STARTTLS']
        lost, new = [w for w in first if w not in second and w != 'STARTTLS'], [w for w in second if w not in first]
        self.offers = ', '.join(first) + (f'; not within TLS: {", ".join(lost)}' if lost else '') + (f'; only within TLS: {", ".join(new)}' if new else '')

    def compare(self, stored, domain, problems):
        """How the host has stored the letters: stored(kind, sender)."""
        changed, same = [], 0
        for kind in LETTERS:
            ours, theirs = stored(kind, 'mxpress').replace(b'\r\n', b'\n'), stored(kind, 'control')
            if ours.endswith(letter(kind, 'mxpress', domain).replace(b'\r\n', b'\n')):
                same += 1
            elif comparable(ours, 'mxpress') == comparable(theirs, 'control'):
                changed.append(kind)
                say(f'{self.receiver.title} changes "{kind}": {difference(comparable(letter(kind, "mxpress", domain), "mxpress"), comparable(ours, "mxpress"))}')
            else:
                problems.append(f'{self.receiver.title}: "{kind}" was changed: {difference(comparable(theirs, "control"), comparable(ours, "mxpress"))}')
        self.letters = f'{same} of {len(LETTERS)}' + (f'; the host changes: {", ".join(changed)}' if changed else '')

    def received_from(self, text):
        """What the host's own Received field says about the session: its protocol and the TLS words."""
        found = re.search(r'(?ms)^Received: (.*?)\n(?![ \t])', text.decode(errors='replace').replace('\r\n', '\n'))
        field = re.sub(r'\s+', ' ', found.group(1))
        protocol = re.search(r'\b(?:with|via) (?:UTF8)?(E?SMTP[SA]*|LMTPS?)', field, re.IGNORECASE)
        version = re.search(r'(TLS ?v?1[._][23])', field)
        cipher = re.search(r'(TLS_[A-Z0-9_]{8,}|ECDHE[-_A-Z0-9]+)', field)
        words = ', '.join(match.group(1) for match in (protocol, version, cipher) if match)
        self.received = 'none' if 'by mta.here.example' in field else words or 'nothing about TLS'


def difference(expected, found):
    at = next((i for i, (a, b) in enumerate(zip(expected, found)) if a != b), min(len(expected), len(found)))
    return f'at octet {at} of {len(expected)}: expected {expected[at:at + 40]!r}, found {found[at:at + 40]!r} of {len(found)}'


class Certificate:
    """Self-signed, with a key on P-256. `digest`: of the key, for a TLSA record 3 1 1."""

    def __init__(self, world):
        self.key, self.file = world.path('key.pem'), world.path('certificate.pem')
        self.openssl(world, 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj', '/CN=mail.example',
                     '-keyout', self.key, '-out', self.file)
        self.digest = hashlib.sha256(self.openssl(world, 'pkey', '-in', self.key, '-pubout', '-outform', 'DER')).hexdigest()

    @staticmethod
    def openssl(world, *arguments):
        made = world.run(['openssl', *arguments])
        check_equal(made.returncode, 0, f'openssl {arguments[0]} ({made.stderr.decode()[-200:]})')
        return made.stdout


class Scene:
    """A mail host, its two domains (one of them signed, with a TLSA record), and mxpressd."""

    def __init__(self, world, receiver, address, wire):
        self.world, self.receiver, self.address, self.wire = world, receiver, address, wire
        self.certificate = Certificate(world)
        self.domains = [f'{receiver.name}.{zone}' for zone in (SIGNED, PLAIN)]
        zones = {zone: [f'{receiver.name} IN MX 10 mail.{receiver.name}', f'mail.{receiver.name} IN A {address}'] for zone in (SIGNED, PLAIN)}
        zones[PLAIN] += ['here IN MX 10 mail.here', 'mail.here IN A 192.0.2.1']
        zones[SIGNED].append(f'_{SMTP}._tcp.mail.{receiver.name} IN TLSA 3 1 1 {self.certificate.digest}')
        dns = SignedRoot(world, zones, [SIGNED])
        unbound = ValidatingUnbound(world, dns, [dns.anchor('.')], port=53)
        receiver.start(self)
        self.daemon = Daemon(world, unbound.port, SMTP, retry='1h*').start()

    def connections(self):
        return self.wire.connections(self.address, SMTP)

    def send(self, kind, domain):
        self.daemon.send(['-i', '-f', SENDER, f'you@{domain}'], letter(kind, 'mxpress', domain).replace(b'\r\n', b'\n'))

    def stored(self, kind, sender, domain):
        mark = f'<{kind}.{sender}@{domain}>'.encode()
        return [text for text in self.receiver.stored() if mark in text]

    def wait_for(self, kind, sender, domain):
        def state():
            failed = [attempt for attempt in self.daemon.attempts() if attempt['outcome'] != 'delivered' and domain in attempt['to']] if sender == 'mxpress' else []
            check(not failed, f'not delivered: {failed[:1]}')
            return self.stored(kind, sender, domain)
        found = wait_until(state, 40, lambda: f'the letter "{kind}" of {sender} to be stored; {self.receiver.log()[-1500:]}', every=0.1)
        check_equal(len(found), 1, f'copies of the letter "{kind}"')
        return found[0]

    def wait_for_end_of_connections(self):
        wait_until(lambda: all(connection.ended for connection in self.connections()), 40, 'the end of the sessions', every=0.1)

    def attempt(self, domain):
        return wait_until(lambda: next((a for a in self.daemon.attempts() if a.get('to') == f'<you@{domain}>'), None), 20, 'the line of the log')

    def tls_of(self, domain):
        """Of the first message, as the log and `mxpress show` have it."""
        attempt = self.attempt(domain)
        shown, = self.daemon.json('show', attempt['id'])
        check_equal(shown['recipient'][0]['last']['tls'], attempt['tls'], 'TLS in mxpress show and in the log')
        return attempt['tls']


def control(scene, domain):
    """Sends the letters by smtplib. Returns what the host offers in clear text and within TLS (the same, if its TLS does not work), and for how many
    seconds a TLS session may be resumed, by its latest ticket: 0 without one."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with smtplib.SMTP(scene.address, SMTP, local_hostname='client.here.plain.example', timeout=60, source_address=(CONTROL, 0)) as client:
        client.ehlo()
        clear = dict(client.esmtp_features)
        check('starttls' in clear, f'STARTTLS is not offered: {clear}')
        if not scene.receiver.failure_of_tls:
            client.starttls(context=context)
            client.ehlo()
        within = dict(client.esmtp_features)
        for kind in LETTERS:
            options = ['BODY=8BITMIME'] if '8bitmime' in within else []
            client.sendmail(SENDER, [f'you@{domain}'], letter(kind, 'control', domain), mail_options=options)
        session = getattr(client.sock, 'session', None)
        return clear, within, session.ticket_lifetime_hint if session and session.has_ticket else 0


def fill(scene, row, problems):
    signed, plain = scene.domains
    first_kind, *others = LETTERS
    clear, within, lifetime = control(scene, signed)
    row.offer(clear, within)
    scene.send(first_kind, signed)
    stored = scene.wait_for(first_kind, 'mxpress', signed)
    scene.wait_for_end_of_connections()
    for kind in others:
        scene.send(kind, signed)
    row.compare(lambda kind, sender: scene.wait_for(kind, sender, signed), signed, problems)
    scene.wait_for_end_of_connections()
    scene.send(first_kind, plain)
    scene.wait_for(first_kind, 'mxpress', plain)
    scene.wait_for_end_of_connections()
    scene.daemon.wait_for_empty_queue()
    row.used, row.plain = scene.tls_of(signed), scene.tls_of(plain)
    row.plain = 'the same' + row.plain[row.plain.index(' '):] if row.plain.split()[0] == row.used.split()[0] else row.plain
    row.received_from(stored)
    from_the_wire(scene, row, lifetime, problems)
    scene.daemon.stop()


def fill_where_tls_fails(scene, row, problems):
    """A host that offers STARTTLS, and fails each handshake: mail waits for the domain with a TLSA record, and goes in clear text to the other."""
    signed, plain = scene.domains
    row.offer(*control(scene, plain)[:2])
    scene.send('7-bit', signed)
    waiting = scene.attempt(signed)
    check_equal(waiting['outcome'], 'deferred', f'mail for a host with a TLSA record: {waiting}')
    for kind in LETTERS:
        scene.send(kind, plain)
    check_equal(scene.attempt(plain)['tls'], 'none', 'TLS that works')
    row.compare(lambda kind, sender: scene.wait_for(kind, sender, plain), plain, problems)
    check_equal(scene.stored('7-bit', 'mxpress', signed), [], 'mail that went without TLS')
    check(any(connection.tls(EHLO) for connection in scene.connections()), 'no handshake was tried')
    row.used, row.plain = f'{scene.receiver.failure_of_tls}: deferred', 'clear text'
    row.received_from(scene.stored('7-bit', 'mxpress', plain)[0])
    row.turns = row.resumed = '-'
    scene.daemon.stop()


def from_the_wire(scene, row, lifetime, problems):
    sessions = [connection.tls(EHLO) for connection in scene.connections()]
    check(len(sessions) >= 3 and all(sessions), f'{len(sessions)} connections, {sum(1 for s in sessions if not s)} of them without TLS')
    first, second = sessions[:2]
    name = {wire.TLS_1_2: 'TLSv1.2', wire.TLS_1_3: 'TLSv1.3'}[first.version]
    expected = 'TLSv1.2' if scene.receiver.only_1_2 else 'TLSv1.3'
    if not row.used.startswith(f'{name}/') or name != expected:
        problems.append(f'{row.receiver.title}: expected {expected}; the log says {row.used}, the wire {name}')
    if 'verified by DANE' not in row.used or '(unverified)' not in row.plain:
        problems.append(f'{row.receiver.title}: {row.used}; {row.plain}')
    if first.resumed:
        problems.append(f'{row.receiver.title}: the first session was resumed')
    if first.retried:
        row.used += ', after a HelloRetryRequest'
    row.turns = ('yes' if first.turns == PIPELINED_TURNS else 'no') + f', {first.turns} turns'
    # A ticket of a second may have ended before the second connection or not: by chance.
    why = 'no tickets' if not lifetime else 'the host refuses' if second.asked and lifetime > 60 else f'tickets for {lifetime} s'
    row.resumed = 'yes' if second.resumed else f'no: {why}'


def run_one(receiver, address, watch, options, problems):
    row, world = Row(receiver), World(options.build, options.peers)
    try:
        if isinstance(receiver, Dovecot):
            receiver.fill(world, row, problems)
        else:
            fill_row = fill_where_tls_fails if receiver.failure_of_tls else fill
            fill_row(Scene(world, receiver, address, watch), row, problems)
        row.result = 'ok'
    except Skip as skip:
        row.result = f'not run: {skip}'
    except Failure as failure:
        row.result = 'FAILED'
        problems.append(f'{receiver.title}: {failure}')
    except Exception:  # a fault of the script, or of the mail host in front of smtplib
        row.result = 'FAILED'
        problems.append(f'{receiver.title}: {traceback.format_exc()}\n{receiver.log()[-2000:]}')
    keep = options.keep and row.result == 'FAILED'
    receiver.stop()
    world.close(keep)
    if keep:
        print(f'kept: {world.folder}', file=sys.stderr)
    return row


def receivers(peers):
    """chasquid cannot be limited to TLS 1.2."""
    both = [Postfix, Exim, Sendmail, Courier, Aiosmtpd, Haraka]
    return [*(kind(peers, only_1_2) for kind in both for only_1_2 in (False, True)), Chasquid(peers), OpenSmtpd(peers), Dovecot(peers)]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--build', default='build/release')
    parser.add_argument('--peers', default='build/peers')
    parser.add_argument('--keep', action='store_true', help='keep the folder of a mail host that failed')
    parser.add_argument('names', nargs='*')
    options = parser.parse_args()
    subprocess.run(['ip', 'link', 'set', 'lo', 'up'], check=True)
    watch, problems = wire.Wire(passed_over=CONTROL), []
    print('| mail host | offers | TLS with and without TLSA records | pipelining | second connection resumed | letters stored as sent | its Received field |\n'
          '|---|---|---|---|---|---|---|', flush=True)
    before = None
    for number, receiver in enumerate(receivers(options.peers)):
        if not options.names or receiver.name in options.names:
            row = run_one(receiver, f'127.0.0.{21 + number}', watch, options, problems)
            print(row.text(before), flush=True)
            before = row
    print('\n'.join(problems))
    return 1 if problems else 0


if __name__ == '__main__':
    sys.exit(main())
