"""Attacks by domains with MTA-STS policies."""
import http.server
import ssl
import threading
import time

import program
from daemon import Daemon
from harness import World, check_equal, wait_until
from hostile_attack import attack
from mta_sts_scenario import PLAIN, POLICIES, Authority
from nsd import ADDRESS, Nsd
from oauth_provider import Server
from peers import Sink
from private_network import enter_private_network

BANK, CERTIFIED = 'bank', 100  # names in a certificate


def full(name):
    return f'{name}.sts.example'


def policy(patterns):
    return '\r\n'.join(['version: STSv1', 'mode: enforce', *(f'mx: {one}' for one in patterns), 'max_age: 604800', ''])


class PolicyHosts:
    """HTTPS for many names, with few certificates."""

    def __init__(self, world, authority, names):
        self.policies, self.contexts, self.fetched, hosts = {}, {}, set(), self
        for at in range(0, len(names), CERTIFIED):
            some = [f'mta-sts.{full(name)}' for name in names[at:at + CERTIFIED]]
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*authority.sign(f'policies-{at}', some))
            context.sni_callback = lambda connection, name, _: setattr(connection, 'context', self.contexts.get(name, self.first))
            self.contexts.update((name, context) for name in some)
        self.first = self.contexts[f'mta-sts.{full(names[0])}']

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                text = hosts.policies.get(self.headers['Host'])
                if text is None:
                    return self.send_error(404)
                self.send_response(200)
                self.send_header('Content-Type', 'text/plain')
                self.end_headers()
                self.wfile.write(text.encode())
                hosts.fetched.add(self.headers['Host'])

            def log_message(self, *_):
                pass

        server = Server((POLICIES, 443), Handler)
        server.socket = self.first.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        world.at_end.append(server.shutdown)


def zone(names, has_policy):
    lines = []
    for name in names:
        lines += [f'{name} 1 IN MX 10 mx.{full(name)}.', f'mx.{name} 1 IN A {PLAIN if name == BANK else "127.0.0.99"}']
        if has_policy(name):
            lines += [f'_mta-sts.{name} 1 IN TXT "v=STSv1; id=1;"', f'mta-sts.{name} 1 IN A {POLICIES}']
    return lines


def send(daemon, uid, sender, recipients):
    user = {'user': uid, 'group': uid, 'extra_groups': []}
    code, errors = daemon.sendmail(['-f', sender, *recipients], b'Subject: x\n\nhi\n', **user)
    check_equal(code, 0, f'exit status of sendmail ({errors.strip()})')


def evict(bench, uids):
    """Letters of these users to 560 domains with long policies, and to the bank's if they are several."""
    world = World(program.ROOT / 'build/release', program.ROOT / 'build/peers')
    try:
        enter_private_network(world, [])
        names, port = [BANK, *(f'a{n:03}' for n in range(560))], world.free_port(PLAIN)
        authority = Authority(world, 'authority')
        hosts = PolicyHosts(world, authority, names)
        hosts.policies = {f'mta-sts.{full(name)}': policy([f'mx.{full(BANK)}'] if name == BANK else [f'{name}-{n:03}.xxxx.ex' for n in range(128)])
                          for name in names}
        dns = Nsd(world, {'sts.example': zone(names, lambda _: True)})
        sink = Sink(world, 'clear', PLAIN, port).start()
        daemon = Daemon(world, dns.port, port, dns_address=ADDRESS, retry='1s*', prefix=['env', f'SSL_CERT_FILE={authority.certificate}']).start()
        send(daemon, 2000, 'me@here.example', [f'you@{full(BANK)}'])
        wait_until(lambda: daemon.attempts('deferred'), 20, 'the first attempt')
        hosts.policies.pop(f'mta-sts.{full(BANK)}')
        dns.zones['sts.example'] = zone(names, lambda name: name != BANK)
        dns.restart()
        time.sleep(5)
        bench.figure('letters in clear text before the attack', letters_to_bank(sink), 0)
        for uid in uids:
            tried = len(daemon.attempts('deferred'))
            send(daemon, uid, 'evil@here.example', [f'u@{full(name)}' for name in names if name != BANK or len(uids) > 1])
            end = time.monotonic() + 60
            while time.monotonic() < end and letters_to_bank(sink) == 0 and len(daemon.attempts('deferred')) < tried + len(names) - 1:
                time.sleep(0.5)
        time.sleep(5)
        bench.figure("policies of his that were fetched", len(hosts.fetched) - 1, 500, at_least=True)
        bench.figure("another user's letters in clear text after it", letters_to_bank(sink), 0)
    finally:
        world.close(False)


def letters_to_bank(sink):
    return sum(f'you@{full(BANK)}' in recipient for message in sink.messages() for recipient in message.recipients)


@attack(93, 'sts-evict', 'a letter to 560 domains with long MTA-STS policies, while mail of another user waits for a host that has lost TLS', whole_daemon=False)
def sts_evict(bench):
    evict(bench, [2001])


@attack(104, 'sts-shared', 'the same by two users, who write to that host, too', whole_daemon=False)
def sts_shared(bench):
    evict(bench, [2001, 2002])
