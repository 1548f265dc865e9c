"""Port 25 and public addresses, in network namespaces: the daemon with its default delivery rules."""
import os

from daemon import Daemon
from delivery_scenario import HELLO, check_notice, sent_unchanged
from harness import Failure, Skip, check, check_equal, is_root, wait_until
from peers import Sink, Unbound

ZONE = [
    'there.example. 60 IN MX 10 mx1.there.example.',
    'there.example. 60 IN MX 20 mx2.there.example.',
    'mx1.there.example. 60 IN A 192.0.2.11',
    'mx1.there.example. 60 IN AAAA 2001:db8::11',
    'mx2.there.example. 60 IN A 192.0.2.12',
    'here.example. 60 IN MX 10 mail.here.example.',
    'mail.here.example. 60 IN A 192.0.2.13',
    'loop.example. 60 IN MX 10 loop1.loop.example.',
    'loop.example. 60 IN MX 20 loop2.loop.example.',
    'loop1.loop.example. 60 IN A 127.0.0.1',
    'loop2.loop.example. 60 IN A 192.0.2.1',
    'loop2.loop.example. 60 IN AAAA ::1',
    'literal.example. 60 IN MX 10 192.0.2.11.',
    'six.example. 60 IN MX 10 mx6.six.example.',
    'mx6.six.example. 60 IN AAAA 2001:db8::11',
]


class Network:
    """Two namespaces joined by a cable: ours (192.0.2.1) and everybody else's."""

    def __init__(self, world):
        if not is_root():
            raise Skip('network namespaces need root')
        self.world = world
        self.ours, self.theirs = self.namespace('ours'), self.namespace('theirs')
        self.inside(self.ours, f'ip link add cable type veth peer name cable netns {self.theirs.pid}')
        self.inside(self.ours, 'ip addr add 192.0.2.1/24 dev cable; ip addr add 2001:db8::1/64 dev cable nodad; ip link set cable up; ip link set lo up')
        others = '; '.join(f'ip addr add 192.0.2.{last}/24 dev cable' for last in (11, 12, 13))
        self.inside(self.theirs, f'{others}; ip addr add 2001:db8::11/64 dev cable nodad; ip link set cable up; ip link set lo up')

    def namespace(self, name):
        process = self.world.start(f'namespace-{name}', ['unshare', '-n', 'sleep', 'infinity'])
        here = os.readlink('/proc/self/ns/net')
        try:
            wait_until(lambda: not process.running() or os.readlink(f'/proc/{process.pid}/ns/net') != here, 10, 'the namespace')
            check(process.running(), process.log_text())
        except Failure as failure:
            raise Skip(f'network namespaces are not allowed here: {failure}')
        return process

    def prefix(self, process):
        return ['nsenter', '-t', str(process.pid), '-n']

    def inside(self, process, script):
        result = self.world.run([*self.prefix(process), 'sh', '-ec', script])
        if result.returncode:
            raise Skip(f'this machine does not let us build a network: {result.stderr.decode().strip()}')

    def listens(self, process, address, port):
        probe = f'import socket, sys; s = socket.socket(socket.AF_INET6 if ":" in "{address}" else socket.AF_INET); sys.exit(s.connect_ex(("{address}", {port})))'
        return self.world.run([*self.prefix(process), 'python3', '-c', probe]).returncode == 0


class DaemonInNamespace(Daemon):
    def __init__(self, network, **options):
        self.network = network
        super().__init__(network.world, 53, 25, allow='[]', prefix=network.prefix(network.ours), **options)

    def start(self, seconds=60):
        self.launch()
        wait_until(lambda: not self.process.running() or self.network.listens(self.network.ours, '127.0.0.1', self.smtp_port), seconds,
                   lambda: f'mxpressd to listen; its log ends: {self.process.log_text()[-800:]}')
        check(self.process.running(), f'mxpressd ended: {self.process.log_text()[-800:]}')
        return self


def start(world, hosts, **options):
    network = Network(world)
    Unbound(world, ZONE, port=53, prefix=network.prefix(network.ours))
    wait_until(lambda: network.listens(network.ours, '127.0.0.1', 53), 20, 'unbound to listen')
    sinks = []
    for name, address in hosts:
        sinks.append(Sink(world, name, f'[{address}]' if ':' in address else address, 25, prefix=network.prefix(network.theirs)).start())
        wait_until(lambda: network.listens(network.theirs, address, 25), 20, f'smtp-sink to listen on {address}')
    return DaemonInNamespace(network, **options).start(), sinks


def scenario_port_25_of_the_mail_host(world):
    daemon, (first, second) = start(world, [('mx1', '192.0.2.11'), ('mx2', '192.0.2.12')])
    daemon.send(['-f', 'me@here.example', 'you@there.example'], HELLO)
    wait_until(lambda: first.count() == 1, 20, 'the message to arrive')
    daemon.wait_for_empty_queue()
    sent_unchanged(first.messages()[0].content, HELLO, 'the message')
    check_equal(second.count(), 0, 'messages at the second mail host')
    daemon.stop()


def scenario_a_host_with_ipv6_only(world):
    daemon, (sink,) = start(world, [('mx6', '2001:db8::11')])
    daemon.send(['-f', 'me@here.example', 'you@six.example'], HELLO)
    wait_until(lambda: sink.count() == 1, 20, 'the message to arrive')
    daemon.stop()


def scenario_mx_at_loopback_and_at_ourselves_is_not_tried(world):
    daemon, (sender,) = start(world, [('here', '192.0.2.13')])
    daemon.send(['-f', 'me@here.example', 'you@loop.example'], HELLO)
    wait_until(lambda: sender.count() == 1, 20, 'the notice')
    daemon.wait_for_empty_queue()
    check_notice(sender.messages()[0], 'you@loop.example', '5.4.6', None)
    check(len(daemon.accepted_ids()) <= 2, f'the message came back to us: {daemon.log()}')
    daemon.stop()
