"""A real provider: Postfix with Dovecot's passwords, TLS, and no mail for those who do not sign in."""
import os
import re
import shutil

from daemon import Daemon
from delivery_scenario import HELLO
from dovecot import Dovecot
from harness import check, check_equal, daemon_user, is_root, wait_until
from peers import Unbound
from postfix import Postfix

ZONE = ['mail.provider.example. 60 IN A 127.0.0.21']
ALL = 'scram-sha-256 scram-sha-1 cram-md5 plain login'
USER = 'me@provider.example'
SIGNED_IN_ONLY = '''
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = {socket}
smtpd_recipient_restrictions = permit_sasl_authenticated, reject
smtpd_relay_restrictions = permit_sasl_authenticated, reject
virtual_mailbox_domains = there.example, other.example
'''


def make_certificate(world, *hosts):
    """An authority's certificate, and one by it for these hosts."""
    def openssl(*arguments):
        made = world.run(['openssl', *arguments])
        check_equal(made.returncode, 0, f'openssl {arguments[0]} ({made.stderr.decode()[-200:]})')
    ca_key, ca, key, request, certificate, names = (world.path(file) for file in ('ca-key.pem', 'ca.pem', 'key.pem', 'request.pem', 'certificate.pem', 'names'))
    curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
    openssl('req', '-x509', *curve, '-days', '2', '-subj', '/CN=Test Authority', '-keyout', ca_key, '-out', ca)
    openssl('req', *curve, '-subj', f'/CN={hosts[0]}', '-keyout', key, '-out', request)
    names.write_text('subjectAltName = ' + ', '.join(f'DNS:{host}' for host in hosts) + '\n')
    openssl('x509', '-req', '-in', request, '-CA', ca, '-CAkey', ca_key, '-CAcreateserial', '-days', '2', '-extfile', names, '-out', certificate)
    ca.chmod(0o644)
    return ca, key, certificate


class Provider:
    def __init__(self, world, password='right', main=''):
        self.port = world.free_port('127.0.0.21')
        self.ca, key, certificate = make_certificate(world, 'mail.provider.example')
        self.dovecot = Dovecot(world, {USER: 'right'}, ALL)
        self.postfix = Postfix(world, '127.0.0.21', self.port, 'provider.example',
                               SIGNED_IN_ONLY.format(socket=self.dovecot.socket) +
                               f'smtpd_tls_security_level = may\nsmtpd_tls_key_file = {key}\nsmtpd_tls_cert_file = {certificate}\n' + main)
        self.password_file = world.path('password')
        self.set_password(password)

    def set_password(self, password):
        self.password_file.write_text(password + '\n')
        self.password_file.chmod(0o600)
        if is_root():
            shutil.chown(self.password_file, daemon_user())

    def route(self, extra_route='', extra_login='', password=None):
        """`password`: the key for its place, instead of the file."""
        return (f'[route]\nhost = "mail.provider.example"\nport = {self.port}\nauth = "provider"\nca_file = "{self.ca}"\n{extra_route}\n'
                f'[credentials.provider]\nuser = "{USER}"\n' + (password or f'password_file = "{self.password_file}"') + f'\n{extra_login}\n')

    def methods(self):
        return re.findall(r'sasl_method=(\S+), sasl_username=(\S+)', self.postfix.log())


def start(world, provider, extra_route='', extra_login=''):
    return Daemon(world, Unbound(world, ZONE).port, 25, extra=provider.route(extra_route, extra_login)).start()


def scenario_each_mechanism_signs_in(world):
    provider = Provider(world)
    daemon = start(world, provider)
    general = daemon.config.read_text().split('[route]')[0]
    for number, name in enumerate(ALL.upper().split(), 1):
        daemon.config.write_text(general + provider.route(extra_login=f'mechanisms = ["{name}"]\n'))
        check_equal(daemon.mxpress('reload')[0], 0, 'mxpress reload')
        daemon.send(['-f', 'me@here.example', f'you{number}@there.example'], HELLO)
        daemon.wait_for_empty_queue()
        check_equal(len(provider.postfix.messages()), number, f'messages after {name}')
        check_equal(provider.methods()[-1], (name, USER), 'how it signed in')
    check(all('(verified)' in attempt['tls'] for attempt in daemon.attempts('delivered')), 'a session was not verified')
    check('right' not in re.sub(r'The configuration is right', '', daemon.log()), 'the log has the password')
    daemon.stop()


def scenario_tls_from_the_first_octet(world):
    provider = Provider(world, main='smtpd_tls_wrappermode = yes\n')
    daemon = start(world, provider, 'implicit = true')
    daemon.send(['-f', 'me@here.example', 'you@there.example'], HELLO)
    daemon.wait_for_empty_queue()
    check_equal([name for name, _ in provider.methods()], ['SCRAM-SHA-256'], 'how it signed in')
    daemon.stop()


def scenario_a_wrong_password_returns_nothing_and_a_right_one_sends_all(world):
    provider = Provider(world, password='wrong')
    daemon = start(world, provider)
    for number in range(5):
        daemon.send(['-f', 'me@here.example', f'you{number}@{"there" if number % 2 else "other"}.example'], HELLO)
    wait_until(lambda: len(daemon.events('site')) >= 2, 30, lambda: f'two failures of the provider: {daemon.log()[-800:]}')
    code, status = daemon.mxpress('status')[:2]
    check(code != 0, 'mxpress status finds nothing wrong')
    check('cannot sign in at mail.provider.example' in status, f'status does not say it: {status}')
    check_equal(sum(' alert ' in line for line in daemon.log().splitlines()), 1, 'alerts')
    check(not daemon.attempts('failed') and not daemon.events('bounced'), 'mail was returned')
    check_equal(len(provider.postfix.messages()), 0, 'messages at the provider')
    show = daemon.mxpress('show', daemon.accepted_ids()[0])[1]
    check('application password' in show, f'show does not say what to do: {show}')
    provider.set_password('right')
    check_equal(daemon.mxpress('reload')[0], 0, 'mxpress reload')
    daemon.wait_for_empty_queue()
    check_equal(len(provider.postfix.messages()), 5, 'messages at the provider')
    wait_until(lambda: daemon.mxpress('status')[0] == 0, 10, lambda: f'status to be fine: {daemon.mxpress("status")[1]}')
    daemon.stop()


def scenario_a_password_file_that_cannot_be_read_keeps_the_mail(world):
    provider = Provider(world)
    provider.password_file.chmod(0o644)
    daemon = start(world, provider)
    daemon.send(['-f', 'me@here.example', 'you@there.example'], HELLO)
    wait_until(lambda: daemon.attempts('deferred'), 20, 'the first attempt')
    check('mode 0644' in daemon.mxpress('status')[1], 'status does not say it')
    provider.set_password('right')
    check_equal(daemon.mxpress('reload')[0], 0, 'mxpress reload')
    daemon.wait_for_empty_queue()
    check_equal(len(provider.postfix.messages()), 1, 'messages at the provider')
    daemon.stop()


def scenario_the_sender_is_the_one_that_the_provider_knows(world):
    """Like many providers: a user who signs in may send only from his own address."""
    provider = Provider(world, main=f'smtpd_sender_login_maps = inline:{{ {{ {USER} = {USER} }} }}\nsmtpd_sender_restrictions = reject_sender_login_mismatch\n')
    daemon = Daemon(world, Unbound(world, ZONE).port, 25, extra_top='', extra=f'[local]\nsenders = {{ "*" = "{USER}" }}\n' + provider.route()).start()
    daemon.send(['you@there.example'], b'From: root (Cron Daemon)\nTo: you@there.example\nSubject: hello\n\nhello\n')
    daemon.wait_for_empty_queue()
    check_equal(len(provider.postfix.messages()), 1, 'messages at the provider')
    content = provider.postfix.messages()[0]
    check(f'Return-Path: <{USER}>'.encode() in content, f'the reverse-path is another one: {content!r}')
    check(f'From: {USER} (Cron Daemon)'.encode() in content, f'From is another one: {content!r}')
    daemon.stop()


def scenario_a_demanded_sender_replaces_the_author(world):
    provider = Provider(world, main=f'smtpd_sender_login_maps = inline:{{ {{ {USER} = {USER} }} }}\nsmtpd_sender_restrictions = reject_sender_login_mismatch\n')
    daemon = start(world, provider, f'from = "{USER}"')
    daemon.send(['-f', 'shop@here.example', 'you@there.example'], b'From: The Shop <shop@here.example>\nTo: you@there.example\nSubject: hello\n\nhello\n')
    daemon.wait_for_empty_queue()
    check_equal(len(provider.postfix.messages()), 1, 'messages at the provider')
    content = provider.postfix.messages()[0]
    for line in (f'Return-Path: <{USER}>', f'From: The Shop <{USER}>', 'Reply-To: The Shop <shop@here.example>'):
        check(line.encode() + b'\n' in content, f'{line} is missing: {content!r}')
    daemon.stop()


def scenario_only_a_listed_user_sends_through_an_account(world):
    provider = Provider(world)
    account = provider.route().replace('[route]', '[route.account]')
    table = f'[sender."{USER}"]\nroute = "account"\nusers = ["root", {os.geteuid()}]\n'
    daemon = Daemon(world, Unbound(world, ZONE).port, 25, extra=account + table).start()
    message = f'From: {USER}\nTo: you@there.example\nSubject: hello\n\nhello\n'.encode()
    if is_root():
        for arguments in (['-f', USER, 'you@there.example'], ['-f', 'daemon@here.example', 'you@there.example']):
            code, errors = daemon.sendmail(arguments, message, user='daemon')
            check_equal(code, 77, f'exit status of sendmail for a user who is not listed ({errors})')
            check(f'may not send as {USER}' in errors, f'sendmail does not say why: {errors}')
    daemon.send(['-f', USER, 'you@there.example'], message)
    daemon.wait_for_empty_queue()
    check_equal(provider.methods()[-1][1], USER, 'who signed in')
    check_equal(len(provider.postfix.messages()), 1, 'messages at the provider')
    daemon.stop()


def scenario_a_certificate_is_enough_where_the_provider_knows_it(world):
    certificate, other = client_certificate(world, 'client'), client_certificate(world, 'other')
    world.path('known').write_text(f'{fingerprint(world, certificate)} client.here.example\n')
    provider = Provider(world, main='smtpd_tls_ask_ccert = yes\nsmtpd_tls_fingerprint_digest = sha256\n'
                        f'relay_clientcerts = texthash:{world.path("known")}\n'
                        'smtpd_recipient_restrictions = permit_tls_clientcerts, reject\nsmtpd_relay_restrictions = permit_tls_clientcerts, reject\n')
    file = world.path('shown.pem')

    def show(own):
        file.write_bytes(own.read_bytes())
        file.chmod(0o600)
        if is_root():
            shutil.chown(file, daemon_user())
    show(certificate)
    route = provider.route(password=f'certificate_file = "{file}"').replace(f'user = "{USER}"\n', '')
    daemon = Daemon(world, Unbound(world, ZONE).port, 25, extra=route).start()
    daemon.send(['-f', 'me@here.example', 'you@there.example'], HELLO)
    daemon.wait_for_empty_queue()
    check_equal(len(provider.postfix.messages()), 1, 'messages at the provider')
    show(other)
    check_equal(daemon.mxpress('reload')[0], 0, 'mxpress reload')
    daemon.send(['-f', 'me@here.example', 'you@there.example'], HELLO)
    wait_until(lambda: daemon.attempts('failed'), 30, lambda: f'the refusal of an unknown certificate: {daemon.log()[-800:]}')
    check_equal(len(provider.postfix.messages()), 1, 'messages at the provider')
    daemon.stop()


def client_certificate(world, name):
    """A certificate signed by itself, with its key, in one file."""
    key, certificate, both = (world.path(f'{name}{end}') for end in ('-key.pem', '-certificate.pem', '.pem'))
    made = world.run(['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj', f'/CN={name}',
                      '-keyout', key, '-out', certificate])
    check_equal(made.returncode, 0, 'openssl req')
    both.write_bytes(certificate.read_bytes() + key.read_bytes())
    return both


def fingerprint(world, certificate):
    made = world.run(['openssl', 'x509', '-in', certificate, '-noout', '-fingerprint', '-sha256'])
    return made.stdout.decode().strip().split('=')[1]
