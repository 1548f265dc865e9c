"""Port 25 and public addresses, in network namespaces: the daemon with its default delivery rules."""
import os

from daemon import Daemon
from delivery_scenario import HELLO, check_notice, sent_unchanged
from harness import Failure, Skip, check, check_equal, is_root, wait_until
from mail_host import MailHost, most_at_a_time
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


LISTED = '554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org'


def other_family(world, replies_over_4, replies_over_6):
    network = Network(world)
    Unbound(world, ZONE, port=53, prefix=network.prefix(network.ours))
    wait_until(lambda: network.listens(network.ours, '127.0.0.1', 53), 20, 'unbound to listen')
    four = MailHost(network, 'mx1.there.example', '192.0.2.11', replies_over_4)
    six = MailHost(network, 'mx1.there.example', '2001:db8::11', replies_over_6)
    return DaemonInNamespace(network).start(), four, six


def scenario_mail_refused_over_ipv4_is_delivered_over_ipv6_in_the_same_attempt(world):
    daemon, four, six = other_family(world, {'RCPT': ['', LISTED]}, {})
    daemon.send(['-f', 'me@here.example', 'one@there.example', 'two@there.example'], HELLO)
    daemon.wait_for_empty_queue()
    check_equal((four.accepted(), six.accepted()), (['one@there.example'], ['two@there.example']), 'recipients by family')
    check_equal(len({attempt['next_try_in'] for attempt in daemon.attempts() if 'next_try_in' in attempt}), 0, f'postponed: {daemon.attempts()}')
    event, = daemon.events('other_family')
    check_equal(event['why'], 'refused over IPv4; tried over IPv6: accepted', 'the line of the log')
    check('blocked using zen.spamhaus.org' in event['reply'], f'the line of the log: {event}')
    code, story, _ = daemon.mxpress('show', daemon.accepted_ids()[0])
    check('refused over IPv4: tried over IPv6 next' in story, f'mxpress show says: {story}')

    daemon.send(['-f', 'me@here.example', 'three@there.example'], HELLO)
    daemon.wait_for_empty_queue()
    check_equal((four.asked(), six.accepted()[1:]), (['one@there.example', 'two@there.example'], ['three@there.example']), 'the family that works is remembered')
    daemon.stop()


def scenario_mail_refused_over_both_families_waits_as_without_a_second_one(world):
    daemon, four, six = other_family(world, {'RCPT': LISTED}, {'CONNECT': '421 4.3.2 no service now'})
    daemon.send(['-f', 'me@here.example', 'one@there.example'], HELLO)
    wait_until(lambda: daemon.attempts('deferred'), 20, 'the attempt')  # the alert about it may arrive before this line
    attempt = daemon.attempts('deferred')[0]
    check_equal((attempt['outcome'], attempt['class']), ('deferred', 'reputation'), f'the attempt: {attempt}')
    check('blocked using' in attempt['reply'], f'the reply that counts: {attempt}')
    check_equal(daemon.events('other_family')[0]['why'], 'refused over IPv4; tried over IPv6: not accepted', 'the line of the log')
    check_equal((four.asked(), six.accepted()), (['one@there.example'], []), 'recipients by family')
    daemon.stop()


LIMIT = """[[rule]]
name = "any"
code = "5xx"
class = "policy"
who = "receiver"
cause = "Some rule."
[[limit]]
name = "provider"
host = ["mx1.there.example", "mail.here.example"]
connections = 1
messages = 3
"""


def scenario_limits_of_a_provider_hold_for_all_its_hosts(world):
    network = Network(world)
    Unbound(world, ZONE, port=53, prefix=network.prefix(network.ours))
    wait_until(lambda: network.listens(network.ours, '127.0.0.1', 53), 20, 'unbound to listen')
    hosts = [MailHost(network, 'mx1.there.example', '192.0.2.11'), MailHost(network, 'mail.here.example', '192.0.2.13')]
    daemon = DaemonInNamespace(network)
    rules = daemon.folder / 'replies.toml'
    rules.write_text(LIMIT)
    rules.chmod(0o644)
    daemon.start()
    before = [len(host.lines('open')) for host in hosts]  # by our own probes
    for number in range(6):
        daemon.send(['-f', 'me@here.example', f'you{number}@there.example', f'you{number}@here.example'], HELLO)
    daemon.wait_for_empty_queue()
    check_equal([len(host.accepted()) for host in hosts], [6, 6], 'messages')
    check_equal(most_at_a_time(hosts), 1, 'connections at a time')
    for host, probes in zip(hosts, before, strict=True):
        check(len(host.lines('open')) - probes >= 2, f'connections for 6 messages, of which 3 may go over each: {host.log.read_text()}')
    check_equal(daemon.mxpress('replies', 'limits', 'mx1.there.example')[1], 'provider: mx1.there.example mail.here.example; connections at a time: 1; messages over each: 3\n', 'mxpress replies limits')
    daemon.stop()
