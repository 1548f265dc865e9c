#!/usr/bin/env python3
"""Prints what mxpress, Postfix and Exim say of a mail that does not arrive, in the same situations: the table of docs/situations.md.
As root, in a mount and a network namespace of its own (scripts/interop situations); nothing is installed."""
import argparse
import ctypes
import os
import pathlib
import re
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / 'comparison'), str(HERE.parent / 'scenarios')]
import mailers  # noqa: E402
from dane_scenario import Scene  # noqa: E402
from harness import World, wait_until  # noqa: E402
from mail_host import MailHost  # noqa: E402
from machine import Machine  # noqa: E402
from network_scenario import DaemonInNamespace, Network  # noqa: E402
from peers import Unbound, ValidatingUnbound  # noqa: E402
from situations_scenario import REPLIES  # noqa: E402

LETTER = b'From: me@here.example\nTo: you@there.example\nSubject: hello\n\nhello\n'
NO_PTR_6 = '550 5.7.25 The IP address sending this message does not have a PTR record setup: [2001:db8::1]'
ROWS = [
    ('port 25 is dropped on its way', 'far', None),
    ('port 25 is refused', 'closed', None),
    ('no PTR record', 'ptr', REPLIES['ptr']),
    ('IPv6 without PTR record, and a host with both families', 'six', None),
    ('this host is on a block list', 'listed', REPLIES['listed']),
    ('no SPF record', 'spf', {'.': '550 5.7.26 This mail has been blocked because the sender is unauthenticated. Gmail requires all senders to authenticate with either SPF or DKIM.'}),
    ('the DKIM record is absent or wrong', 'dkim', {'.': '550 5.7.30 Your email has been blocked because the sender did not authenticate with DKIM.'}),
    ('greylisting', 'grey', REPLIES['grey']),
    ('a rate limit that states a wait', 'rate', REPLIES['rate']),
    ('the mailbox is full', 'full', REPLIES['full']),
    ('the host name is not accepted', 'helo', REPLIES['helo']),
    ('no name server answers', 'gone', None),
]
LAST = {name: number + 20 for number, (_, name, _) in enumerate(ROWS)}
WRONG = 'wrong.signed.example'  # whose certificate is not that of its TLSA records
EXIM = '''
primary_hostname = mta.here.example
{head}tls_advertise_hosts =
log_selector = +smtp_confirmation
begin acl
begin routers
dns:
  driver = dnslookup
  transport = out
begin transports
out:
  driver = smtp
{options}begin retry
* * F,4d,15m
'''


def address(name):
    return '198.51.100.9' if name == 'far' else f'192.0.2.{LAST[name]}'


def records():
    lines = ['. 60 IN NS a.root.example.', 'mta.here.example. 60 IN A 192.0.2.1', 'here.example. 60 IN MX 10 mta.here.example.']
    for _, name, _ in ROWS:
        lines += [f'{name}.example. 60 IN MX 20 mx.{name}.example.', f'mx.{name}.example. 60 IN A {address(name)}']
    return [*lines, 'six.example. 60 IN MX 10 mx6.six.example.', 'mx6.six.example. 60 IN AAAA 2001:db8::11']


class Postfix(mailers.Postfix):
    """As it comes, but for its way out: both families, and the name of the other mailers."""
    more = ()  # lines of main.cf

    def write(self, lifetime):
        super().write(lifetime)
        main = (self.etc / 'main.cf').read_text()
        for line in ('inet_protocols = all', 'myhostname = mta.here.example', 'minimal_backoff_time = 300s', 'maximal_backoff_time = 4000s', 'queue_run_delay = 300s', 'smtp_address_preference = ipv6', *self.more):
            main = re.sub(rf'^{line.split(" ")[0]} = .*\n', '', main, flags=re.M) + line + '\n'
        (self.etc / 'main.cf').write_text(main)

    def say(self, domain):
        self.sendmail(['-f', 'me@here.example', f'you@{domain}'], LETTER)
        lines = lambda: [line for line in (self.folder / 'log').read_text(errors='replace').splitlines() if f'to=<you@{domain}>' in line]
        wait_until(lines, 120, lambda: f'a line of Postfix about {domain}')
        return re.sub(r', delays=[^,]*', '', lines()[-1].partition(f'to=<you@{domain}>, ')[2])


def postfix_with_dane(folder, peers, port):
    class WithDane(Postfix):
        more = ('smtp_dns_support_level = dnssec', 'smtp_tls_security_level = dane', f'transport_maps = inline:{{ {{ {WRONG} = smtp:{WRONG}:{port} }} }}')

    return WithDane(folder, peers)


class Exim:
    def __init__(self, world, peers, options='  hosts_avoid_tls = *\n'):
        files = world.make_folder('exim-files')
        (files / 'exim.conf').write_text(EXIM.format(options=options, head='dns_dnssec_ok = 1\n' if 'dane' in options else ''))
        self.machine = Machine(world, 'exim', 'mta.here.example', peers / 'exim4-daemon-light', files,
                               'install -d -o Debian-exim -g adm -m 2750 /var/log/exim4\n'
                               'install -d -o Debian-exim -g Debian-exim -m 750 /run/exim4 /var/spool/exim4 /var/spool/exim4/db /var/spool/exim4/input /var/spool/exim4/msglog\n'
                               'chmod 644 /etc/exim.conf\n' + f'cp {world.path("resolv.conf")} /etc/resolv.conf\n')

    def say(self, domain):
        done = self.machine.run(['/usr/sbin/exim4', '-C', '/etc/exim.conf', '-odf', '-f', 'me@here.example', f'you@{domain}'], LETTER, seconds=400)
        log = self.machine.run(['sh', '-c', 'cat /var/log/exim4/mainlog']).stdout.decode(errors='replace')
        lines = [line for line in log.splitlines() if f'you@{domain}' in line and re.search(r' (==|\*\*|=>) ', line)]
        return re.sub(r'^\S+ \S+ \S+ ', '', lines[-1]) if lines else f'nothing (exit status {done.returncode}: {done.stderr.decode(errors="replace")[-200:]})'


class Mxpress:
    def __init__(self, daemon):
        self.daemon = daemon

    def say(self, domain):
        daemon = self.daemon
        daemon.send(['-f', 'me@here.example', f'you@{domain}'], LETTER)
        wait_until(lambda: daemon.id_for(f'you@{domain}'), 120, lambda: f'a line of mxpress about {domain}: {daemon.log()[-500:]}')
        story = daemon.mxpress('show', daemon.id_for(f'you@{domain}'))[1]
        wanted = re.compile(r'^ +((?:why|that means|to act|what to do): .*|refused over .*)$|^(To you@.*)$')
        return ' / '.join(next(filter(None, found.groups())) for line in story.splitlines() if (found := wanted.match(line)))


def enter(namespace):
    descriptor = os.open(f'/proc/{namespace.pid}/ns/net', os.O_RDONLY)
    if ctypes.CDLL(None, use_errno=True).setns(descriptor, 0x40000000) != 0:
        raise SystemExit('setns: ' + os.strerror(ctypes.get_errno()))
    os.close(descriptor)


def build_network(world):
    network = Network(world)
    hosts = [name for _, name, replies in ROWS if replies] + ['six']
    network.inside(network.ours, 'ip route add default via 192.0.2.11')
    network.inside(network.theirs, '; '.join(f'ip addr add {address(name)}/24 dev cable' for name in LAST if name != 'far'))
    replies = {name: table for _, name, table in ROWS}
    for name in hosts:
        MailHost(network, f'mx.{name}.example', address(name), replies[name])
    MailHost(network, 'mx6.six.example', '2001:db8::11', {'RCPT': NO_PTR_6})
    enter(network.ours)
    return network


def name_servers_are(world, options):
    file = world.path('resolv.conf')
    file.write_text(f'nameserver 127.0.0.1\noptions {options}\n')
    subprocess.run(['mount', '--bind', file, '/etc/resolv.conf'], check=True)


def tell(number, title, said, domain):
    print(f'{number}. {title}', flush=True)
    for program, mailer in said:
        print(f'   {program}: {mailer.say(domain)}', flush=True)


def tell_dane(number, options):
    world = World(options.build, options.peers)
    scene = Scene(world)
    ValidatingUnbound(world, scene.dns, [scene.dns.anchor('.')], name='resolver', port=53)
    name_servers_are(world, 'trust-ad edns0')
    with_dane = f'  port = {scene.port}\n  hosts_try_dane = *\n  dnssec_request_domains = *\n'
    postfix = postfix_with_dane(world.folder, options.peers, scene.port)
    said = [('mxpress', Mxpress(scene.daemon)), ('Postfix', postfix), ('Exim', Exim(world, pathlib.Path(options.peers).resolve(), with_dane))]
    tell(number, 'the certificate is not that of the TLSA records (DANE)', said, WRONG)
    postfix.stop()
    world.close(keep=False)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--build', default='build/release')
    parser.add_argument('--peers', default='build/peers')
    options = parser.parse_args()
    world = World(options.build, options.peers)
    network = build_network(world)
    name_servers_are(world, 'timeout:1 attempts:1')
    dns = Unbound(world, records(), port=53, zone='.')
    said = [('mxpress', Mxpress(DaemonInNamespace(network, retry='1h*').start())), ('Postfix', Postfix(world.folder, options.peers)), ('Exim', Exim(world, pathlib.Path(options.peers).resolve()))]
    for number, (title, name, _) in enumerate(ROWS, 1):
        if name == 'gone':
            dns.process.stop()
        tell(number, title, said, f'{name}.example')
    said[1][1].stop()
    tell_dane(len(ROWS) + 1, options)  # its folder has files that are mounted over those of /etc
    world.close(keep=False)


if __name__ == '__main__':
    main()
