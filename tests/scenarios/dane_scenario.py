"""DANE with programs that others wrote: a zone signed by ldns-signzone, NSD, unbound that validates, and Postfix as the mail host."""
import hashlib

from daemon import Daemon
from delivery_scenario import HELLO
from harness import check, check_equal, wait_until
from nsd import SignedRoot
from peers import Sink, ValidatingUnbound
from postfix import Postfix

HOST, PLAIN = '127.0.0.21', '127.0.0.22'  # Postfix with TLS, and a mail host without
DOMAINS = ['good', 'wrong', 'bogus', 'first', 'alias', 'short', 'authority']


class Certificates:
    """Of an authority that no system knows, for the domain authority.signed.example, and that authority's."""

    def __init__(self, world):
        self.world, self.key, self.chain = world, world.path('key.pem'), world.path('chain.pem')
        authority, authority_key, request, extension = (world.path(name) for name in ('ca.pem', 'ca-key.pem', 'request.pem', 'extension'))
        extension.write_text('subjectAltName = DNS:authority.signed.example\n')
        curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
        self.openssl('req', '-x509', *curve, '-days', '2', '-subj', '/CN=authority', '-keyout', authority_key, '-out', authority)
        self.openssl('req', '-new', *curve, '-subj', '/CN=host', '-keyout', self.key, '-out', request)
        leaf = self.openssl('x509', '-req', '-in', request, '-CA', authority, '-CAkey', authority_key, '-CAcreateserial', '-days', '2', '-extfile', extension)
        self.chain.write_bytes(leaf + authority.read_bytes())
        self.of_host, self.of_authority = self.digest(self.key), self.digest(authority_key)

    def openssl(self, *arguments):
        made = self.world.run(['openssl', *arguments])
        check_equal(made.returncode, 0, f'openssl {arguments[0]} ({made.stderr.decode()[-200:]})')
        return made.stdout

    def digest(self, key):
        """Of the public key: selector 1, matching type 1."""
        return hashlib.sha256(self.openssl('pkey', '-in', key, '-pubout', '-outform', 'DER')).hexdigest()


def zone(port, certificates):
    """Each name below signed.example is a domain with a mail host of its own; they are one Postfix."""
    lines, wrong = [], '00' * 32
    record = {'good': f'3 1 1 {certificates.of_host}', 'wrong': f'3 1 1 {wrong}', 'bogus': f'3 1 1 {certificates.of_host}', 'first': f'3 1 1 {wrong}',
              'short': f'3 1 1 {"00" * 20}', 'authority': f'2 1 1 {certificates.of_authority}'}
    for name in DOMAINS:
        lines.append(f'{name} IN MX 10 mail.{name}.signed.example.')
        lines.append(f'mail.{name} IN CNAME mail.good.signed.example.' if name == 'alias' else f'mail.{name} IN A {HOST}')
        if name in record:
            lines.append(f'_{port}._tcp.mail.{name} IN TLSA {record[name]}')
    lines.append('first IN MX 20 mail.good.signed.example.')
    lines += ['clear IN MX 10 mail.clear.signed.example.', f'mail.clear IN A {PLAIN}', f'_{port}._tcp.mail.clear IN TLSA 3 1 1 {certificates.of_host}']
    lines += ['none IN MX 10 mail.none.signed.example.', f'mail.none IN A {PLAIN}']
    return lines


def plain_zone(port):
    """Not signed: its own TLSA record counts for nothing, nor does that of a signed mail host."""
    return ['own IN MX 10 mail.own.plain.example.', f'mail.own IN A {HOST}', f'_{port}._tcp.mail.own IN TLSA 3 1 1 {"00" * 32}',
            'hosted IN MX 10 mail.wrong.signed.example.']


def forge(zone, text):
    """The record of one host is not what was signed."""
    return '\n'.join(line[:-1] + ('0' if line[-1] != '0' else '1') if '._tcp.mail.bogus.' in line and '\tTLSA\t' in line else line for line in text.split('\n'))


class Scene:
    def __init__(self, world, resolver_address='127.0.0.1'):
        self.world, self.port = world, world.free_port(HOST)
        self.certificates = certificates = Certificates(world)
        self.dns = self.make_zones({'signed.example': zone(self.port, certificates), 'plain.example': plain_zone(self.port)})
        domains = [f'{name}.signed.example' for name in DOMAINS] + ['own.plain.example', 'hosted.plain.example']
        self.postfix = Postfix(world, HOST, self.port, 'box.example',
                               f'virtual_mailbox_domains = {", ".join(domains)}\nsmtpd_tls_security_level = may\n'
                               f'smtpd_tls_key_file = {certificates.key}\nsmtpd_tls_cert_file = {certificates.chain}\nsmtpd_tls_received_header = yes\n')
        self.sink = Sink(world, 'clear', PLAIN, self.port).start()
        self.daemon = self.make_daemon(resolver_address)

    def make_zones(self, zones):
        return SignedRoot(self.world, zones, ['signed.example'], forge=forge)

    def make_daemon(self, resolver_address):
        self.unbound = ValidatingUnbound(self.world, self.dns, [self.dns.anchor('.')], resolver_address)
        return Daemon(self.world, self.unbound.port, self.port, dns_address=resolver_address, retry='1h*').start()

    def send(self, *domains):
        for domain in domains:
            self.daemon.send(['-f', 'me@here.example', f'you@{domain}'], HELLO)

    def arrived(self, domain):
        return [message for message in self.postfix.messages() if f'Delivered-To: you@{domain}\n'.encode() in message]

    def attempt(self, domain):
        """The line of the log about the mail for the domain, once there is one."""
        return wait_until(lambda: next((a for a in self.daemon.attempts() if a.get('to') == f'<you@{domain}>'), None), 60, f'an attempt for {domain}')

    def is_delivered(self, domain, tls):
        attempt = self.attempt(domain)
        check_equal(attempt['outcome'], 'delivered', f'{domain}: {attempt}')
        check(attempt['tls'].endswith(f'({tls})'), f'{domain}: {attempt}')
        wait_until(lambda: self.arrived(domain), 20, f'the mail for {domain}')
        check(b'(using TLSv1.3 with cipher' in self.arrived(domain)[0], f'{domain}: not under TLS')

    def is_deferred(self, domain, *words):
        attempt = self.attempt(domain)
        check_equal(attempt['outcome'], 'deferred', f'{domain}: {attempt}')
        for word in ('DANE', *words):
            check(word in attempt['reply'], f'{domain}: no "{word}" in {attempt}')
        check_equal(self.arrived(domain), [], f'{domain}: mail that came nevertheless')


def scenario_mail_goes_where_dane_is_fulfilled_and_waits_where_it_is_not(world):
    scene = Scene(world)
    daemon = scene.daemon
    names = [f'{name}.signed.example' for name in [*DOMAINS, 'clear', 'none']]
    scene.send(*names, 'own.plain.example', 'hosted.plain.example')
    for name in ('good', 'first', 'alias', 'authority'):
        scene.is_delivered(f'{name}.signed.example', 'verified by DANE')
    scene.is_delivered('short.signed.example', 'unverified, no TLSA record can be used')
    for name in ('own', 'hosted'):
        scene.is_delivered(f'{name}.plain.example', 'unverified')
    scene.is_deferred('wrong.signed.example', 'the mail host\'s certificate is not the one of its TLSA records')
    scene.is_deferred('bogus.signed.example', 'its TLSA records could not be looked up (SERVFAIL from')
    scene.is_deferred('clear.signed.example', 'the mail host does not offer STARTTLS')
    wait_until(lambda: scene.sink.count() == 1, 20, 'the mail for a host without TLS and records')
    check_equal([recipient for message in scene.sink.messages() for recipient in message.recipients], ['<you@none.signed.example>'], 'mail in clear text')
    told_to_people(scene)
    repaired_records_let_it_go(scene)
    daemon.stop()


def scenario_the_sender_asks_for_tls_on_the_whole_way_or_for_none(world):
    """RFC 8689. Postfix does not offer REQUIRETLS."""
    scene = Scene(world)
    daemon = scene.daemon
    for domain in ('good.signed.example', 'none.signed.example'):
        daemon.send(['-O', 'requiretls', '-f', 'me@here.example', f'you@{domain}'], HELLO)
    for domain, why in (('good.signed.example', 'the mail host does not offer REQUIRETLS'), ('none.signed.example', 'the domain vouches for no mail host')):
        attempt = scene.attempt(domain)
        check_equal((attempt['outcome'], attempt['status']), ('failed', '5.7.30'), f'{domain}: {attempt}')
        check(why in attempt['reply'], f'{domain}: {attempt}')
    check_equal(scene.postfix.messages() + scene.sink.messages(), [], 'mail that nobody may have')
    check(all(event['requiretls'] == 'yes' for event in daemon.events('accepted') if event['from'] == '<me@here.example>'), 'the lines about them')
    daemon.send(['-f', 'me@here.example', 'you@wrong.signed.example'], b'TLS-Required: no\n' + HELLO)
    scene.is_delivered('wrong.signed.example', 'unverified')
    daemon.stop()


def told_to_people(scene):
    daemon = scene.daemon
    failures = {event['host'].split('[')[0]: event for event in daemon.events('tls')}
    for name, failure in (('wrong', 'validation-failure'), ('bogus', 'dnssec-invalid'), ('clear', 'starttls-not-supported'), ('first', 'validation-failure')):
        event = failures[f'mail.{name}.signed.example']
        check_equal((event['policy'], event['level'], event['failure']), ('dane', 'clear', failure), f'the line about {name}: {event}')
    code, shown, _ = daemon.mxpress('show', daemon.id_for('you@wrong.signed.example'))
    check(code == 0 and 'required by DANE (TLSA records of' in shown, shown)
    code, shown, _ = daemon.mxpress('tls', 'first.signed.example')
    check(code == 0 and shown.index('mail.first') < shown.index('mail.good') and shown.count('TLS with a certificate that its TLSA records name, by DANE') == 2, shown)
    code, shown, _ = daemon.mxpress('tls', 'own.plain.example')
    check(code == 0 and 'no DANE: the answer about the mail hosts is not authenticated' in shown, shown)
    code, shown, _ = daemon.mxpress('tls', 'bogus.signed.example')
    check(code == 1 and 'no mail for now: its TLSA records could not be looked up' in shown, shown)
    host, = daemon.json('tls', 'short.signed.example')[0]['host']
    check_equal((host['policy'], [record['used'] for record in host['tlsa']]), ('dane', [False]), host)
    check_equal(daemon.json('status')[0]['dane'], f'on: 127.0.0.1:{scene.unbound.port} is trusted for DNSSEC', 'status')


def repaired_records_let_it_go(scene):
    scene.dns.zones['signed.example'].append(f'_{scene.port}._tcp.mail.wrong IN TLSA 3 1 1 {scene.certificates.of_host}')
    scene.dns.restart()
    scene.unbound.process.stop()
    scene.unbound.process = scene.world.start('unbound-2', scene.unbound.process.popen.args, env=scene.world.peer_environment())
    code, _, errors = scene.daemon.mxpress('reload')
    check_equal(code, 0, f'mxpress reload ({errors})')
    scene.daemon.mxpress('retry', '--domain', 'wrong.signed.example')
    wait_until(lambda: scene.arrived('wrong.signed.example'), 60, lambda: f'the mail that was kept back; {scene.daemon.attempts()[-1]}')


def scenario_without_a_name_server_to_believe_dane_is_off_and_mail_goes(world):
    scene = Scene(world, resolver_address='127.0.0.11')
    scene.send('wrong.signed.example', 'bogus.signed.example', 'good.signed.example')
    for name in ('wrong', 'bogus', 'good'):
        scene.is_delivered(f'{name}.signed.example', 'unverified')
    check(scene.daemon.json('status')[0]['dane'].startswith('off: no name server is trusted for DNSSEC'), 'status does not say that DANE is off')
    code, shown, _ = scene.daemon.mxpress('tls', 'wrong.signed.example')
    check(code == 0 and 'no DANE: the answer about the mail hosts is not authenticated' in shown, shown)
    scene.daemon.stop()
