"""One run: a server with its own name server, source and sink, its cost, and the check that each message arrived once."""
import ipaddress
import os
import time

import load
import meter
import namespace
from harness import accepts, check, wait_until
from peers import Unbound
from servers import SERVERS

# Names of domains, and the first address of their mail hosts: domain number n of "d" is dn.example, its host is 127.16.0.1 + n.
FIRST_HOST = {'d': '127.16.0.1', 'hang': '127.32.0.1', 'drip': '127.33.0.1', 'busy': '127.34.0.1', 'refuse': '127.35.0.1', 'ok': '127.36.0.1',
              'sender': '127.37.0.1'}
MODES = {'hang': 'hang', 'drip': 'drip', 'busy': 'busy'}  # how a sink's hosts behave; nobody listens for "refuse"


def address(name, number):
    return str(ipaddress.IPv4Address(FIRST_HOST[name]) + number)


def zone(domains):
    names = [(f'{name}{n}', address(name, n)) for name, count in domains.items() for n in range(count)]
    for name, host in [*names, ('sender', FIRST_HOST['sender'])]:
        yield f'{name}.example. 3600 IN MX 10 mx.{name}.example.'
        yield f'mx.{name}.example. 3600 IN A {host}'


def listen(domains):
    """For the sink; it also takes what would come back to the sender."""
    hosts = {name: count for name, count in domains.items() if name != 'refuse'}
    return ','.join(f'{MODES.get(name, "good")}:{FIRST_HOST[name]}+{count}' for name, count in {**hosts, 'sender': 1}.items())


def spelled(domains):
    return ','.join(f'{name}:{count}' for name, count in domains.items())


class Run:
    def __init__(self, world, peer, domains, **settings):
        self.world, self.domains, self.faults, self.sink, self.next_number = world, domains, [], None, 0
        self.parties = {name: meter.Party(world.folder.name, name) for name in ('server', 'source', 'sink', 'dns')}
        namespace.own_etc(world)
        self.parties['dns'].own(Unbound(world, list(zone({**domains, 'ok': 1})), port=53, prefix=self.parties['dns'].prefix()).process)
        wait_until(lambda: accepts('127.0.0.1', 53), 60, 'unbound to listen')
        self.peer, self.server = peer, None
        self.start_server(**settings)

    def start_server(self, **settings):
        """A fresh one, in place of one that there may be."""
        if self.server:
            self.server.stop_at_end()
        self.server = SERVERS[self.peer](self.world, self.parties['server'], **settings)
        os.sync()  # this run must not pay for others' writes
        self.server.start()
        self.start_cpu = self.cpu()

    def cpu(self):
        return {name: party.cpu() for name, party in self.parties.items()}

    def memory(self):
        return self.parties['server'].memory()

    def start_sink(self, domains=None, tell=1, **options):
        self.sink = load.Sink(self.world, self.parties['sink'], listen(domains or self.domains), tell, **options)

    def source(self, messages, domains=None, to=None, **options):
        self.next_number += messages
        return load.start_source(self.world, self.parties['source'], to or self.server.smtp_address, messages=messages,
                                 first=self.next_number - messages, domains=spelled(domains or self.domains), **options)

    def commands(self, messages, domains=None, **options):
        """The commands are the server's own, and so is their CPU."""
        self.next_number += messages
        return load.start_commands(self.world, self.parties['server'], self.server.command(), self.server.environment(), messages=messages,
                                   first=self.next_number - messages, domains=spelled(domains or self.domains), **options)

    def inject(self, messages, seconds, domains=None, **options):
        """Hands in all of them; the report of the source."""
        return self.check_source(self.source(messages, domains, **options).end(seconds), messages)

    def check_source(self, report, messages):
        check(report['accepted'] == messages, f'{messages - report["accepted"]} of {messages} messages were not accepted')
        return report

    def settle(self, seconds=60):
        """Waits until the server has nothing left to do; this work is part of its cost."""
        last = [self.parties['server'].cpu()]

        def is_quiet():
            last.append(self.parties['server'].cpu())
            return last[-1] - last[-2] < 0.003
        wait_until(is_quiet, seconds, 'the server to have nothing to do', every=0.5)

    def finish(self, expected):
        """The report of the sink; faults that make the run void are noted."""
        report = self.sink.finish()
        if report['distinct'] < expected:
            self.faults.append(f'{expected - report["distinct"]} of {expected} did not arrive')
        if report['arrived'] != report['distinct']:
            self.faults.append(f'{report["arrived"] - report["distinct"]} arrived twice')
        if report['distinct'] > expected:
            self.faults.append(f'{report["distinct"] - expected} arrived that nobody sent')
        if report['damaged']:
            self.faults.append(f'{report["damaged"]} were damaged')
        return report

    def shares(self, seconds):
        """Each party's part of all processors in that time."""
        used, now = self.start_cpu, self.cpu()
        return {f'{name}_share': (now[name] - used[name]) / seconds / os.cpu_count() for name in now}

    def server_cpu_us(self, messages):
        return (self.parties['server'].cpu() - self.start_cpu['server']) / messages * 1e6


def names(domains):
    return [f'{name}{n}.example' for name, count in domains.items() for n in range(count)]


def seconds_between(start, end):
    return (end - start) / 1e9


def clock():
    """The same clock as bench-load's."""
    return time.clock_gettime_ns(time.CLOCK_MONOTONIC)
