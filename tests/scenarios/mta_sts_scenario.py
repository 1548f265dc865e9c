"""MTA-STS: policies from an HTTPS server with certificates of a test authority, NSD, and Postfix as the mail host."""
import http.server
import os
import ssl
import threading

from daemon import Daemon
from delivery_scenario import HELLO
from harness import check, check_equal, wait_until
from nsd import ADDRESS, Nsd
from oauth_provider import Server
from peers import Sink
from postfix import Postfix
from private_network import enter_private_network

HOST, PLAIN, POLICIES, STRANGER = '127.0.0.21', '127.0.0.22', '127.0.0.31', '127.0.0.32'
# Name: MX hosts by preference, mode of the policy (empty: no record), its mx.
DOMAINS = {
    'good': (['mx.good'], 'enforce', ['*.good']), 'wrong': (['mx.wrong'], 'enforce', ['mx.wrong']), 'unlisted': (['mx.good'], 'enforce', ['mx.unlisted']),
    'second': (['mx.wrong', 'mx.good'], 'enforce', ['mx.good']), 'clear': (['mx.clear'], 'enforce', ['mx.clear']), 'tested': (['mx.wrong'], 'testing', ['mx.wrong']),
    'unlistedtest': (['mx.good'], 'testing', ['mx.other']), 'cleartest': (['mx.clear'], 'testing', ['mx.clear']), 'off': (['mx.clear'], 'none', []),
    'neighbour': (['mx.wrong'], '', []), 'neighbour2': (['mx.good'], '', []),
    'stranger': (['mx.wrong'], 'enforce', ['mx.wrong']), 'html': (['mx.wrong'], 'enforce', ['mx.wrong']), 'moved': (['mx.wrong'], 'enforce', ['mx.wrong']),
    'bom': (['mx.wrong'], 'enforce', ['mx.wrong']), 'endless': (['mx.wrong'], 'enforce', ['mx.wrong']), 'gone': (['mx.wrong'], 'enforce', ['mx.wrong']),
    'short': (['mx.wrong'], 'enforce', ['mx.wrong'])}
KEPT_BACK = {'wrong': 'the mail host\'s certificate is for', 'unlisted': 'the policy does not list this mail host', 'clear': 'the mail host does not offer STARTTLS',
             'short': 'the mail host\'s certificate is for'}
NO_POLICY = {'stranger': 'sts-webpki-invalid', 'html': 'sts-policy-fetch-error', 'moved': 'sts-policy-fetch-error', 'bom': 'sts-policy-invalid',
             'endless': 'sts-policy-fetch-error', 'gone': 'sts-policy-fetch-error'}


def full(name):
    return f'{name}.sts.example'


class Authority:
    """Signs certificates for any names."""

    def __init__(self, world, name):
        self.world, self.certificate, self.key = world, world.path(f'{name}.pem'), world.path(f'{name}-key.pem')
        self.curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
        self.openssl('req', '-x509', *self.curve, '-days', '2', '-subj', f'/CN={name}', '-keyout', self.key, '-out', self.certificate)

    def openssl(self, *arguments):
        made = self.world.run(['openssl', *arguments])
        check_equal(made.returncode, 0, f'openssl {arguments[0]} ({made.stderr.decode()[-200:]})')

    def sign(self, file, names):
        """Paths of a chain and its key."""
        chain, key, request, extension = (self.world.path(f'{file}{end}') for end in ('.pem', '-key.pem', '.request', '.extension'))
        extension.write_text('subjectAltName = ' + ','.join(f'DNS:{name}' for name in names) + '\n')
        self.openssl('req', '-new', *self.curve, '-subj', '/CN=host', '-keyout', key, '-out', request)
        self.openssl('x509', '-req', '-in', request, '-CA', self.certificate, '-CAkey', self.key, '-CAcreateserial', '-days', '2', '-extfile', extension, '-out', chain)
        return chain, key


class PolicyHost:
    """HTTPS on port 443: for each Host a policy, or a function that answers."""

    def __init__(self, world, address, chain, key, policies):
        self.policies, self.asked = policies, []
        host = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                name = self.headers['Host']
                host.asked.append(name)
                check_path = self.path == '/.well-known/mta-sts.txt'
                policy = host.policies.get(name) if check_path else None
                if policy is None:
                    return self.send_error(404)
                if callable(policy):
                    return policy(self)
                say(self, 200, 'text/plain', policy.encode())

            def log_message(self, *_):
                pass

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(chain, key)
        self.server = Server((address, 443), Handler)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        world.at_end.append(self.stop)

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


def say(handler, status, kind, body, headers=()):
    handler.send_response(status)
    for name, value in [('Content-Type', kind), *headers]:
        handler.send_header(name, value)
    handler.end_headers()
    handler.wfile.write(body)


def never_end(handler):
    say(handler, 200, 'text/plain', b'')
    while True:
        handler.wfile.write(b'x: y\n' * 1000)


def policy(name, max_age=604800):
    _, mode, patterns = DOMAINS[name]
    return '\r\n'.join(['version: STSv1', f'mode: {mode}', *(f'mx: {pattern}.sts.example' for pattern in patterns), f'max_age: {max_age}', ''])


def policies():
    found = {f'mta-sts.{full(name)}': policy(name) for name, (_, mode, _) in DOMAINS.items() if mode and name not in ('gone', 'stranger')}
    found[f'mta-sts.{full("html")}'] = lambda handler: say(handler, 200, 'text/html', policy('html').encode())
    found[f'mta-sts.{full("moved")}'] = lambda handler: say(handler, 302, 'text/plain', b'', [('Location', f'https://mta-sts.{full("good")}/.well-known/mta-sts.txt')])
    found[f'mta-sts.{full("bom")}'] = '\ufeff' + policy('bom')
    found[f'mta-sts.{full("endless")}'] = never_end
    found[f'mta-sts.{full("short")}'] = policy('short', 20)
    return found


def zone():
    lines = ['mx.clear IN A ' + PLAIN, 'mx.good IN A ' + HOST, 'mx.wrong IN A ' + HOST]
    for name, (hosts, mode, _) in DOMAINS.items():
        lines += [f'{name} IN MX {10 * (i + 1)} {full(host)}.' for i, host in enumerate(hosts)]
        if mode:
            lines.append(f'_mta-sts.{name} IN TXT "v=STSv1; id=1;"')
            lines.append(f'mta-sts.{name} IN A {STRANGER if name == "stranger" else "127.0.0.33" if name == "gone" else POLICIES}')
    return lines


class Scene:
    def __init__(self, world):
        enter_private_network(world, [])
        self.world, self.port = world, world.free_port(HOST)
        authority, other = Authority(world, 'authority'), Authority(world, 'stranger')
        names = [f'mta-sts.{full(name)}' for name in DOMAINS]
        self.policy_host = PolicyHost(world, POLICIES, *authority.sign('policies', names), policies())
        self.stranger = PolicyHost(world, STRANGER, *other.sign('strangers', names), {f'mta-sts.{full("stranger")}': policy('stranger')})
        chain, key = authority.sign('mail', [full('mx.good')])
        self.dns = Nsd(world, {'sts.example': zone()})
        self.postfix = Postfix(world, HOST, self.port, 'box.example',
                               f'virtual_mailbox_domains = {", ".join(full(name) for name in DOMAINS)}\nsmtpd_tls_security_level = may\n'
                               f'smtpd_tls_key_file = {key}\nsmtpd_tls_cert_file = {chain}\nsmtpd_tls_received_header = yes\n')
        self.sink = Sink(world, 'clear', PLAIN, self.port).start()
        self.trust = {**os.environ, 'SSL_CERT_FILE': str(authority.certificate)}
        self.daemon = Daemon(world, self.dns.port, self.port, dns_address=ADDRESS, retry='1s*', prefix=['env', f'SSL_CERT_FILE={authority.certificate}']).start()

    def send(self, *names):
        for name in names:
            self.daemon.send(['-f', 'me@here.example', f'you@{full(name)}'], HELLO)

    def attempts(self, name):
        return [attempt for attempt in self.daemon.attempts() if attempt.get('to') == f'<you@{full(name)}>']

    def attempt(self, name):
        wait_until(lambda: self.attempts(name), 60, f'an attempt for {name}')
        return self.attempts(name)[0]

    def arrived(self, name):
        return [message for message in self.postfix.messages() if f'Delivered-To: you@{full(name)}\n'.encode() in message]

    def in_clear(self):
        return [recipient for message in self.sink.messages() for recipient in message.recipients]

    def is_delivered(self, name, tls):
        attempt = self.attempt(name)
        check_equal(attempt['outcome'], 'delivered', f'{name}: {attempt}')
        check(attempt['tls'].endswith(f'({tls})'), f'{name}: {attempt}')

    def is_kept_back(self, name):
        attempt = self.attempts(name)[-1] if self.attempts(name) else self.attempt(name)
        check_equal(attempt['outcome'], 'deferred', f'{name}: {attempt}')
        for words in ('is required by the MTA-STS policy of the recipient\'s domain', KEPT_BACK[name]):
            check(words in attempt['reply'], f'{name}: no "{words}" in {attempt}')
        check_equal(self.arrived(name), [], f'{name}: mail that came nevertheless')

    def tls(self, name, *options):
        """What `mxpress tls` says."""
        ran = self.world.run([self.world.program('mxpress'), '-c', self.daemon.config, 'tls', full(name), *options], env=self.trust)
        return ran.returncode, ran.stdout.decode()


def scenario_a_policy_that_enforces_keeps_mail_back_one_that_tests_or_cannot_be_had_does_not(world):
    scene = Scene(world)
    daemon = scene.daemon
    scene.send(*(name for name in DOMAINS if name != 'short'))
    scene.is_delivered('good', 'verified by MTA-STS')
    scene.is_delivered('second', 'verified by MTA-STS')
    for name in ('wrong', 'unlisted', 'clear'):
        scene.attempt(name)
        scene.is_kept_back(name)
    scene.is_delivered('tested', 'unverified, MTA-STS is only tested')
    scene.is_delivered('unlistedtest', 'verified by MTA-STS')
    scene.is_delivered('neighbour2', 'verified')
    for name in ('neighbour', *NO_POLICY):
        scene.is_delivered(name, 'unverified')
    wait_until(lambda: len(scene.in_clear()) == 2, 20, 'mail in clear text, where that is allowed')
    check_equal(sorted(scene.in_clear()), [f'<you@{full(name)}>' for name in ('cleartest', 'off')], 'mail in clear text')
    what_the_log_says(scene)
    what_people_are_told(scene)
    daemon.stop()


def what_the_log_says(scene):
    events = scene.daemon.events('mta_sts')
    for name, failure in NO_POLICY.items():
        event = next((event for event in events if event.get('domain') == full(name)), None)
        check(event and event['failure'] == failure, f'the line about the policy of {name}: {event}')
    check_equal(len([event for event in events if event.get('domain') == full('endless')]), 1, 'fetches of an endless policy')
    good = next(event for event in events if event.get('domain') == full('good'))
    check_equal((good['mode'], good['id'], good['max_age']), ('enforce', '1', '604800'), f'the line about the policy of good: {good}')
    check_equal(len([name for name in scene.policy_host.asked if name == f'mta-sts.{full("wrong")}']), 1, 'fetches of one policy')
    failures = {}
    for event in scene.daemon.events('tls'):
        failures.setdefault((event['host'].split('[')[0], event['failure']), event)
    for host, failure in (('mx.wrong', 'certificate-host-mismatch'), ('mx.good', 'validation-failure'), ('mx.clear', 'starttls-not-supported')):
        event = failures.get((full(host), failure))
        check(event and event['policy'] == 'sts', f'no line about {host}, {failure}: {sorted(failures)}')


def what_people_are_told(scene):
    daemon = scene.daemon
    code, shown, _ = daemon.mxpress('show', daemon.id_for(f'you@{full("wrong")}'))
    check(code == 0 and 'is required by the MTA-STS policy of the recipient\'s domain' in shown, shown)
    code, shown = scene.tls('good')
    check(code == 0 and 'MTA-STS: mode enforce, id 1, mx *.good.sts.example, obeyed until ' in shown, shown)
    check('TLS with a trusted certificate for its own name, which must be one of *.good.sts.example, by the MTA-STS policy' in shown, shown)
    code, shown = scene.tls('unlisted')
    check(code == 1 and 'no mail: the policy does not list it' in shown, shown)
    code, shown = scene.tls('neighbour')
    check(code == 0 and 'no MTA-STS: there is no record at _mta-sts.neighbour.sts.example' in shown, shown)
    code, shown = scene.tls('html')
    check(code == 0 and 'no MTA-STS: the answer is not text/plain but text/html' in shown, shown)
    code, shown = scene.tls('tested', '--json')
    check(code == 0 and '"mode":"testing"' in shown.replace(' ', '') and '"policy":"sts"' in shown.replace(' ', ''), shown)
    state = daemon.json('status')[0]['mta_sts']
    check(state.startswith('on; ') and ' policies are kept; the last failure, ' in state and 'sts-' in state, f'what the status says: {state}')


def scenario_a_kept_policy_is_enforced_without_its_host_and_over_a_restart_until_it_ends(world):
    scene = Scene(world)
    daemon = scene.daemon
    scene.send('wrong', 'short', 'good')
    for name in ('wrong', 'short'):
        scene.attempt(name)
        scene.is_kept_back(name)
    scene.is_delivered('good', 'verified by MTA-STS')
    daemon.stop()
    scene.policy_host.stop()
    scene.dns.zones['sts.example'] = [line for line in scene.dns.zones['sts.example'] if not line.startswith('_mta-sts.')]
    scene.dns.restart()
    before = {name: len(scene.attempts(name)) for name in ('wrong', 'short')}
    daemon.start()
    wait_until(lambda: len(scene.attempts('wrong')) > before['wrong'] + 1, 60, 'attempts after the restart')
    scene.is_kept_back('wrong')
    wait_until(lambda: scene.attempts('short')[-1]['outcome'] == 'delivered', 90, lambda: f'the mail whose policy has ended; {scene.attempts("short")[-1]}')
    check(scene.attempts('short')[-1]['tls'].endswith('(unverified)'), scene.attempts('short')[-1])
    scene.is_kept_back('wrong')
    scene.send('neighbour')
    wait_until(lambda: scene.arrived('neighbour'), 60, 'the mail of a neighbour at the same host')
    a_damaged_file_is_put_aside(scene)


def a_damaged_file_is_put_aside(scene):
    daemon = scene.daemon
    daemon.stop()
    file = daemon.spool / 'mta-sts'
    text = file.read_text()
    check(full('wrong') in text and full('good') in text, f'the file of policies: {text}')
    file.write_text(text.replace('enforce', 'testing'))
    daemon.start()
    check((daemon.spool / 'mta-sts.damaged').exists() and not file.exists(), 'the damaged file was not put aside')
    wait_until(lambda: any('it is damaged' in event.get('reason', '') for event in daemon.events('mta_sts')), 10, 'a line of the log about the damage')
    daemon.stop()
