"""Reports about TLS (RFC 8460) with programs of others: NSD, unbound, Postfix as the mail host, dkimpy, and an HTTPS server."""
import base64
import datetime
import email
import gzip
import hashlib
import http.server
import json
import re
import shutil
import ssl
import threading
import time

from daemon import Daemon
from dane_scenario import Certificates
from delivery_scenario import HELLO
from harness import check, check_equal, daemon_user, is_root, wait_until
from mta_sts_scenario import Authority
from nsd import SignedNsd
from oauth_provider import Server
from peers import Sink, ValidatingUnbound
from postfix import Postfix
from private_network import enter_private_network
from setup_scenario import selectors_of, verified_by_dkimpy

HOST, PLAIN, OTHER, COLLECTOR = '127.0.0.21', '127.0.0.22', '127.0.0.23', '127.0.0.31'  # Postfix with TLS, mail hosts without, the host for HTTPS
DAY = 86400


class Collector:
    """HTTPS on port 443: refuses the first report, takes the others."""

    def __init__(self, world, chain, key):
        self.asked, self.taken = [], []
        collector = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers['Content-Length']))
                collector.asked.append((self.path, self.headers['Content-Type'], body))
                if len(collector.asked) > 1:
                    collector.taken.append(body)
                self.send_response(201 if collector.taken else 503)
                self.send_header('Content-Length', '0')
                self.end_headers()

            def log_message(self, *_):
                pass

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(chain, key)
        server = Server((COLLECTOR, 443), Handler)
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        world.at_end.append(server.shutdown)


def zone(port, certificates):
    """Domains with DANE that is fulfilled, that is not, without DANE; and one that wants no reports. Reports go to reports.signed.example."""
    lines = [f'mail IN A {HOST}', f'_{port}._tcp.mail IN TLSA 3 1 1 {certificates.of_host}', f'wrong-mail IN A {HOST}',
             f'_{port}._tcp.wrong-mail IN TLSA 3 1 1 {"00" * 32}', f'plain-mail IN A {PLAIN}', f'other-mail IN A {OTHER}',
             f'silent-mail IN A {HOST}', f'collector IN A {COLLECTOR}']
    for name, host in (('dane', 'mail'), ('wrong', 'wrong-mail'), ('none', 'plain-mail'), ('silent', 'silent-mail'), ('reports', 'mail'), ('posted', 'other-mail')):
        lines.append(f'{name} IN MX 10 {host}.signed.example.')
    lines += [f'_smtp._tls.{name} IN TXT "v=TLSRPTv1; rua=mailto:{name}@reports.signed.example"' for name in ('dane', 'wrong', 'none', 'reports')]
    lines.append('_smtp._tls.posted IN TXT "v=TLSRPTv1; rua=https://collector.signed.example/tls"')
    return lines


def move_to(file, begin):
    """As if the days in the file of counts had been the one that began then, and their reports were due."""
    title, days, _ = file.read_text().split('\n', 2)
    changed = json.loads(days)
    for day in changed:
        day.update(day=begin // DAY, delay=0, next_try=0)
    text = f'{title}\n{json.dumps(changed)}\n'
    file.write_text(f'{text}sha256 {hashlib.sha256(text.encode()).hexdigest()}\n')


def report_in(message):
    """The report in a mail, and the mail."""
    mail = email.message_from_bytes(message)
    check_equal((mail.get_content_type(), mail.get_param('report-type')), ('multipart/report', 'tlsrpt'), 'the kind of the mail')
    words, attachment = mail.get_payload()
    check_equal((words.get_content_type(), attachment.get_content_type()), ('text/plain', 'application/tlsrpt+gzip'), 'the parts')
    return json.loads(gzip.decompress(attachment.get_payload(decode=True))), mail, attachment.get_filename()


class Scene:
    def __init__(self, world):
        enter_private_network(world, [])
        self.world, self.port = world, world.free_port(HOST)
        certificates, authority = Certificates(world), Authority(world, 'authority')
        self.collector = Collector(world, *authority.sign('collector', ['collector.signed.example']))
        self.dns = SignedNsd(world, {'signed.example': zone(self.port, certificates), 'here.example': []}, ['signed.example'])
        self.postfix = Postfix(world, HOST, self.port, 'box.example',
                               'virtual_mailbox_domains = dane.signed.example, wrong.signed.example, silent.signed.example, reports.signed.example\nsmtpd_tls_security_level = may\n'
                               f'smtpd_tls_key_file = {certificates.key}\nsmtpd_tls_cert_file = {certificates.chain}\n')
        self.sinks = [Sink(world, 'plain', PLAIN, self.port).start(), Sink(world, 'other', OTHER, self.port).start()]
        self.unbound = ValidatingUnbound(world, self.dns, [self.dns.anchor('signed.example')], '127.0.0.1')
        self.daemon = Daemon(world, self.unbound.port, self.port, retry='1h*', extra_top='sender_domain = "here.example"', extra=self.dkim(),
                             prefix=['env', f'SSL_CERT_FILE={authority.certificate}'])

    def dkim(self):
        """Keys whose records are published; [dkim] of the configuration."""
        made = []
        for selector, command in (('r1', ['genpkey', '-algorithm', 'rsa', '-pkeyopt', 'rsa_keygen_bits:2048']), ('e1', ['genpkey', '-algorithm', 'ed25519'])):
            key = self.world.path(f'{selector}.pem')
            check_equal(self.world.run(['openssl', *command, '-out', key]).returncode, 0, f'the key {selector}')
            key.chmod(0o600)
            if is_root():
                shutil.chown(key, daemon_user())
            public = self.world.run(['openssl', 'pkey', '-in', key, '-pubout', '-outform', 'DER']).stdout
            octets, kind = (public[-32:], 'ed25519') if selector == 'e1' else (public, 'rsa')
            text = f'v=DKIM1; k={kind}; p={base64.b64encode(octets).decode()}'
            pieces = ' '.join(f'"{text[i:i + 200]}"' for i in range(0, len(text), 200))
            self.dns.publish(f'{selector}._domainkey.here.example', 'TXT', pieces)
            made.append(f'{selector} = "{key}"')
        return f'[dkim."here.example"]\nkeys = {{ {", ".join(made)} }}\nsign = "always"'

    def mails_for(self, name):
        return [message for message in self.postfix.messages() if f'Delivered-To: {name}@reports.signed.example\n'.encode() in message]


def scenario_domains_that_ask_get_a_report_by_mail_or_https_that_is_valid_and_signed(world):
    scene = Scene(world)
    daemon = scene.daemon.start()
    names = ('dane', 'wrong', 'none', 'silent', 'posted')
    for name in names:
        daemon.send(['-f', 'me@here.example', f'you@{name}.signed.example'], HELLO)
    wait_until(lambda: len(daemon.attempts()) == len(names), 60, lambda: f'an attempt for each; {daemon.attempts()}')
    file = daemon.spool / 'tlsrpt'
    wait_until(lambda: file.exists() and 'silent' not in file.read_text() and all(name in file.read_text() for name in ('dane', 'wrong', 'none', 'posted')), 30,
               lambda: f'the counts in the file: {file.exists() and file.read_text()}')
    daemon.stop()
    begin = (int(time.time()) // DAY - 1) * DAY
    move_to(file, begin)
    daemon.start()
    wait_until(lambda: all(scene.mails_for(name) for name in ('dane', 'wrong', 'none')), 60, lambda: f'three reports; {daemon.events("tlsrpt")} {daemon.attempts()}')
    reports = {name: checked_mail(scene, name, begin) for name in ('dane', 'wrong', 'none')}
    says(reports['dane'], 'tlsa', 'mail.signed.example', 1, [])
    says(reports['wrong'], 'tlsa', 'wrong-mail.signed.example', 0, [('validation-failure', HOST, 'wrong-mail.signed.example', 'mail.box.example')])
    says(reports['none'], 'no-policy-found', 'none.signed.example', 0, [('starttls-not-supported', PLAIN, 'plain-mail.signed.example', 'plain.example')])
    check_equal(reports['dane']['policies'][0]['policy']['policy-string'][0].split()[:3], ['3', '1', '1'], 'the records that were applied')
    posted_report(scene)
    wait_until(lambda: file.exists() and 'reports.signed.example' not in re.sub(r'mailto:[^"]*', '', file.read_text()) and '"dane.' not in file.read_text(), 30,
               lambda: f'no counts of reports, and none that were reported: {file.read_text()}')
    daemon.stop()


def checked_mail(scene, name, begin):
    message, = scene.mails_for(name)
    report, mail, file_name = report_in(message)
    domain = f'{name}.signed.example'
    check_equal((mail['TLS-Report-Domain'], mail['TLS-Report-Submitter']), (domain, 'here.example'), 'the fields of the report')
    check_equal(' '.join(mail['Subject'].split()), f'Report Domain: {domain} Submitter: here.example Report-ID: <{report["report-id"]}>', 'the subject')
    check_equal(mail['From'], '<postmaster@here.example>', 'the sender')
    check_equal(file_name, f'here.example!{domain}!{begin}!{begin + DAY - 1}.json.gz', 'the name of the file')
    moment = datetime.datetime.fromtimestamp(begin, datetime.timezone.utc).strftime('%Y-%m-%d')
    check_equal(report['date-range'], {'start-datetime': f'{moment}T00:00:00Z', 'end-datetime': f'{moment}T23:59:59Z'}, 'the day')
    check_equal((report['organization-name'], report['contact-info']), ('here.example', 'postmaster@here.example'), 'who reports')
    signed = message[message.index(b'DKIM-Signature:'):]
    check_equal(verified_by_dkimpy(scene.world, scene.dns, signed), ['e1', 'r1'], f'signatures that dkimpy accepts of {selectors_of(message)}')
    return report


def says(report, kind, domain, succeeded, failures):
    policy, = report['policies']
    check_equal((policy['policy']['policy-type'], policy['policy']['policy-domain']), (kind, domain), 'the policy')
    check_equal(policy['summary'], {'total-successful-session-count': succeeded, 'total-failure-session-count': len(failures)}, f'the sums in {report}')
    details = policy.get('failure-details', [])
    found = [(one['result-type'], one['receiving-ip'], one['receiving-mx-hostname'], one['receiving-mx-helo']) for one in details]
    check_equal(found, failures, 'failures')
    for one in details:
        check(one['sending-mta-ip'].startswith('127.') and one['failed-session-count'] == 1, one)


def posted_report(scene):
    wait_until(lambda: scene.collector.asked, 30, 'the report by HTTPS')
    wait_until(lambda: any(event.get('reason') == 'the host answers with 503' for event in scene.daemon.events('tlsrpt')), 30, 'a line about the refusal')
    scene.daemon.stop()
    title, days, _ = (scene.daemon.spool / 'tlsrpt').read_text().split('\n', 2)
    posted, = [day for day in json.loads(days) if day['domain'] == 'posted.signed.example']
    check_equal((posted['tries'], posted['pending']), (1, ['https://collector.signed.example/tls']), 'what is left to send')
    posted['next_try'] = 0
    text = f'{title}\n{json.dumps([posted])}\n'
    (scene.daemon.spool / 'tlsrpt').write_text(f'{text}sha256 {hashlib.sha256(text.encode()).hexdigest()}\n')
    scene.daemon.start()
    wait_until(lambda: scene.collector.taken, 30, 'the report by HTTPS, again')
    path, kind, body = scene.collector.asked[1]
    check_equal((path, kind), ('/tls', 'application/tlsrpt+gzip'), 'the request')
    says(json.loads(gzip.decompress(body)), 'no-policy-found', 'posted.signed.example', 0,
         [('starttls-not-supported', OTHER, 'other-mail.signed.example', 'other.example')])
    check_equal(len(scene.mails_for('none')), 1, 'reports by mail after a restart')
