"""mxpress doctor: each broken situation is named with its evidence, its actor and what to paste; nothing is called wrong on hosts that are fine."""
import json
import re

from harness import check, check_equal, daemon_user, wait_until
from network_scenario import DaemonInNamespace, Network
from outage_scenario import alerts_in_mailbox
from peers import Sink, Unbound

NAME = 'mta.here.example'
PTR4 = '1.2.0.192.in-addr.arpa'
PTR6 = '1.' + '0.' * 23 + '8.b.d.0.1.0.0.2.ip6.arpa'
LISTED4, LISTED6 = '1.2.0.192.bl.example', PTR6.removesuffix('ip6.arpa') + 'bl.example'
# What this machine has, whatever the scenario does.
OF_THE_MACHINE = {'disk', 'inodes', 'clock', '/usr/sbin/sendmail', '/usr/bin/mailq'}

RECORDS = {
    'root': '. 60 IN NS a.root.example.',
    'a': f'{NAME}. 60 IN A 192.0.2.1',
    'aaaa': f'{NAME}. 60 IN AAAA 2001:db8::1',
    'ptr4': f'{PTR4}. 60 IN PTR {NAME}.',
    'ptr6': f'{PTR6}. 60 IN PTR {NAME}.',
    'spf': 'here.example. 60 IN TXT "v=spf1 ip4:192.0.2.1 ip6:2001:db8::1 -all"',
    'dmarc': '_dmarc.here.example. 60 IN TXT "v=DMARC1; p=reject"',
    'bl': '2.0.0.127.bl.example. 60 IN A 127.0.0.2',
    'bl6': '2.0.0.0.0.0.f.7.f.f.f.f.' + '0.' * 20 + 'bl.example. 60 IN A 127.0.0.2',
    **{f'{name} {kind}': f'{name}.example. 60 IN {data}' for name, last in (('one', 11), ('two', 12), ('closed1', 13), ('closed2', 13))
       for kind, data in (('mx', f'MX 10 mx.{name}.example.'),)},
    **{f'{name} a': f'mx.{name}.example. 60 IN A {address}' for name, address in
       (('one', '192.0.2.11'), ('two', '192.0.2.12'), ('closed1', '192.0.2.13'), ('closed2', '192.0.2.13'), ('far1', '198.51.100.9'), ('far2', '203.0.113.9'))},
    'far1 mx': 'far1.example. 60 IN MX 10 mx.far1.example.',
    'far2 mx': 'far2.example. 60 IN MX 10 mx.far2.example.',
    'one aaaa': 'mx.one.example. 60 IN AAAA 2001:db8::11',
}
DOCTOR = '[doctor]\nblock_lists = ["bl.example"]\nprobe_domains = ["one.example", "two.example"]\n'


class Clinic:
    """A host in a network of its own, with a name server whose records change, and mail hosts that answer."""

    def __init__(self, world):
        self.world, self.network, self.runs = world, Network(world), 0
        self.ours = self.network.prefix(self.network.ours)
        self.network.inside(self.network.ours, 'ip route add default via 192.0.2.11')
        for name, address in (('one', '192.0.2.11'), ('six', '[2001:db8::11]')):
            Sink(world, name, address, 25, prefix=self.network.prefix(self.network.theirs), dump=False).start()
            wait_until(lambda: self.network.listens(self.network.theirs, address.strip('[]'), 25), 20, f'smtp-sink at {address}')
        self.dns = None
        self.serve(RECORDS)
        self.daemon = DaemonInNamespace(self.network, extra_top='sender_domain = "here.example"', extra=DOCTOR).start()
        self.base = self.daemon.config.read_text()
        self.records = dict(RECORDS)
        key = world.path('a.pem')
        check_equal(self.daemon.mxpress('dkim', 'key', str(key))[0], 0, 'mxpress dkim key')
        self.keys = f'[dkim."here.example"]\nkeys = {{ a = "{key}" }}\n'
        self.daemon.config.write_text(self.base + self.keys)
        printed = self.daemon.mxpress('dkim', 'records')[1]
        name, data = re.search(r'^(a\._domainkey\.here\.example)\. IN TXT (.*)$', printed, re.M).groups()
        self.records['dkim'] = f'{name}. 60 IN TXT {data}'

    def serve(self, records):
        if self.dns:
            self.dns.process.stop()
        lines = [line for value in records.values() for line in ([value] if isinstance(value, str) else value)]
        self.dns = Unbound(self.world, lines, port=53, prefix=self.ours, zone='.')
        wait_until(lambda: self.network.listens(self.network.ours, '127.0.0.1', 53), 20, lambda: f'unbound: {self.dns.process.log_text()[-500:]}')

    def run(self, change=(), without=(), config='', edit=lambda text: text, keys=True, user=(), arguments=()):
        """Runs doctor with these records."""
        self.runs += 1
        self.serve({key: value for key, value in {**self.records, **dict(change)}.items() if key not in without})
        file = self.daemon.folder / f'doctor-{self.runs}.toml'
        file.write_text(edit(self.base) + config + (self.keys if keys else ''))
        file.chmod(0o644)
        return self.world.run([*self.ours, *user, self.world.program('mxpress'), '-c', file, 'doctor', *arguments], seconds=90)

    def text(self, name, **how):
        """What doctor says of this check to people."""
        done = self.run(**how)
        check_equal(done.returncode, 1, f'exit code of doctor: {done.stderr.decode()}')
        paragraphs = done.stdout.decode().split('\nWRONG  ')
        return next((one for one in paragraphs if one.removeprefix('WRONG  ').startswith(f'{name}\n')), f'nothing about {name} in {paragraphs}')

    def examine(self, arguments=(), **how):
        """Its exit code, and its findings by check."""
        done = self.run(arguments=['--json', *arguments], **how)
        check(done.returncode in (0, 1, 75), f'doctor failed ({done.returncode}): {done.stderr.decode()}')
        findings = {finding['check']: finding for finding in map(json.loads, done.stdout.decode().splitlines())}
        check(findings, f'doctor said nothing: {done.stderr.decode()}')
        return done.returncode, findings


def wrong(findings):
    return {name: finding for name, finding in findings.items() if finding['state'] == 'wrong' and name not in OF_THE_MACHINE}


def with_probes(*domains):
    return lambda text: text.replace('["one.example", "two.example"]', json.dumps(list(domains)))


def hostname(name):
    return lambda text: text.replace(f'hostname = "{NAME}"', f'hostname = "{name}"')


def situations(clinic):
    """Title, what is different, the check that is wrong, its evidence, who acts, what to paste."""
    other_key = re.sub(r'p=[^"]{40}', 'p=' + 'A' * 40, clinic.records['dkim'])
    return [
        ('port 25 is dropped', dict(edit=with_probes('far1.example', 'far2.example')), 'port25 ipv4', 'ETIMEDOUT', 'hosting provider', '[route]'),
        ('port 25 is refused', dict(edit=with_probes('closed1.example', 'closed2.example')), 'port25 ipv4', 'ECONNREFUSED', 'hosting provider', '[route]'),
        ('no PTR', dict(without=['ptr4']), 'ptr 192.0.2.1', 'no PTR', 'reverse zone', f'{PTR4}. IN PTR {NAME}.'),
        ('PTR of the provider', dict(change={'ptr4': f'{PTR4}. 60 IN PTR static-1.provider.example.'}), 'ptr 192.0.2.1', 'static-1.provider.example', 'reverse zone', PTR4),
        ('IPv6 without PTR', dict(without=['ptr6']), 'ptr 2001:db8::1', 'no PTR', 'reverse zone', 'address_family = "ipv4"'),
        ('listed', dict(change={'listed': [f'{LISTED4}. 60 IN A 127.0.0.4', f'{LISTED4}. 60 IN TXT "see https://bl.example/"']}), 'block-list bl.example', 'see https://bl.example/', 'administrator', ''),
        ('listed by IPv6', dict(change={'listed': f'{LISTED6}. 60 IN A 127.0.0.4'}), 'block-list bl.example', '2001:db8::1 (127.0.0.4)', 'administrator', ''),
        ('SPF is missing', dict(without=['spf']), 'spf here.example', 'no TXT', 'holds the zone', 'v=spf1 ip4:192.0.2.1 ip6:2001:db8::1 ~all'),
        ('SPF without this host', dict(change={'spf': 'here.example. 60 IN TXT "v=spf1 ip4:198.51.100.0/24 -all"'}), 'spf here.example', '198.51.100.0/24', 'holds the zone', 'v=spf1 ip4:192.0.2.1 ip6:2001:db8::1 ip4:198.51.100.0/24 -all'),
        ('the DKIM record is absent', dict(without=['dkim']), 'dkim a._domainkey.here.example', 'no TXT', 'holds the zone', 'a._domainkey.here.example. IN TXT "v=DKIM1;'),
        ('the DKIM record is wrong', dict(change={'dkim': other_key}), 'dkim a._domainkey.here.example', 'has TXT', 'holds the zone', 'a._domainkey.here.example. IN TXT "v=DKIM1;'),
        ('no DMARC record', dict(without=['dmarc']), 'dmarc _dmarc.here.example', 'no TXT', 'holds the zone', 'v=DMARC1; p=none'),
        ('no name server answers', dict(edit=lambda text: text.replace('"127.0.0.1:53"', '"127.0.0.1:5399"')), 'name-server 127.0.0.1:5399', 'refused', 'administrator', ''),
        ('the host name is that of no network', dict(edit=hostname('web1.local')), 'name', 'web1.local', 'administrator', 'hostname ='),
        ('the host name is another host', dict(edit=hostname('mx.one.example')), 'address 192.0.2.1', '192.0.2.11', 'holds the zone', 'mx.one.example. IN A 192.0.2.1'),
    ]


def scenario_each_broken_situation_is_named(world):
    """One command names cause, evidence, actor and remedy."""
    clinic = Clinic(world)
    for title, how, name, evidence, who, paste in situations(clinic):
        code, findings = clinic.examine(**how)
        check_equal(code, 1, f'exit code: {title}')
        found = findings.get(name, {})
        check_equal(found.get('state'), 'wrong', f'state of {name}: {title} ({found}, {sorted(findings)})')
        check(evidence in found['evidence'], f'{title}: {found}')
        check(who in found['who'] and found['remedy'], f'{title}: {found}')
        check(paste in '\n'.join(found['paste']), f'{title}: {found}')


def scenario_nothing_is_wrong_with_hosts_that_are_fine(world):
    clinic = Clinic(world)
    # Address of ours that is not that of the cable: without it, or behind a router.
    private = 'ip addr add 10.0.0.5/24 dev cable; ip route replace default via 192.0.2.11 src 10.0.0.5; ip addr del 2001:db8::1/64 dev cable'
    inside_v4 = {'a': f'{NAME}. 60 IN A 192.0.2.1', 'spf': 'here.example. 60 IN TXT "v=spf1 ip4:192.0.2.1 -all"'}
    dkim_name, dkim_data = clinic.records['dkim'].split('. 60 IN ')
    provider = '[route]\nhost = "mx.one.example"\nport = 25\n'
    variants = [
        ('both families', dict(), 0),
        ('several addresses of the name', dict(change={'a': [f'{NAME}. 60 IN A 192.0.2.1', f'{NAME}. 60 IN A 192.0.2.99']}), 0),
        ('several names of the address', dict(change={'ptr4': [f'{PTR4}. 60 IN PTR {NAME}.', f'{PTR4}. 60 IN PTR www.here.example.']}), 0),
        ('IPv6 that is not used', dict(without=['ptr6', 'aaaa'], edit=lambda text: text.replace('[delivery]', '[delivery]\naddress_family = "ipv4"')), 0),
        ('SPF by the name of the host', dict(change={'spf': f'here.example. 60 IN TXT "v=spf1 a:{NAME} -all"'}), 0),
        ('SPF by a record elsewhere', dict(change={'spf': ['here.example. 60 IN TXT "v=spf1 include:spf.one.example ~all"', 'spf.one.example. 60 IN TXT "v=spf1 ip4:192.0.2.0/24 ip6:2001:db8::/32 -all"']}), 0),
        ('without keys', dict(keys=False, without=['dkim']), 0),
        ('a block list that refuses', dict(change={'bl': '2.0.0.127.bl.example. 60 IN A 127.255.255.254', 'listed': f'{LISTED4}. 60 IN A 127.255.255.254'}), 75),
        ('a block list that has ended', dict(without=['bl', 'bl6']), 75),
        ('a block list that lists everything', dict(change={'listed': [f'{LISTED4}. 60 IN A 127.0.0.2', '1.0.0.127.bl.example. 60 IN A 127.0.0.2']}), 75),
        ('a provider takes all mail', dict(without=['ptr4', 'ptr6', 'a', 'aaaa', 'spf', 'dkim'], keys=False, config=provider, edit=with_probes('far1.example')), 0),
        ('another DNS inside', dict(change={'a': f'{NAME}. 60 IN A 10.0.0.5'}, without=['aaaa', 'ptr4', 'ptr6', 'spf']), 75),
        ('port 25 is closed, and a provider takes the mail meanwhile', dict(config=provider + 'fallback = true\n', edit=lambda text: with_probes('closed1.example', 'closed2.example')(text).replace('[delivery]', '[delivery]\naddress_family = "ipv4"')), 0),
        ('records without lifetime', dict(change={key: value.replace(' 60 IN ', ' 0 IN ') for key, value in clinic.records.items() if key != 'root'}), 0),
        ('a PTR record behind a CNAME', dict(change={'ptr4': [f'{PTR4}. 60 IN CNAME 1.some.2.0.192.in-addr.arpa.', f'1.some.2.0.192.in-addr.arpa. 60 IN PTR {NAME}.']}), 0),
        ('the DKIM record is kept by a provider', dict(change={'dkim': [f'{dkim_name}. 60 IN CNAME a.keys.one.example.', f'a.keys.one.example. 60 IN {dkim_data}']}), 0),
        ('a mail host with IPv6 alone', dict(change={'far1 mx': 'far1.example. 60 IN MX 10 mx.far1.example.', 'far1 a': 'mx.far1.example. 60 IN AAAA 2001:db8::11'}, edit=with_probes('far1.example', 'one.example')), 0),
        ('SPF of a subdomain, by redirect', dict(change={'spf': ['here.example. 60 IN TXT "v=spf1 redirect=spf.one.example"', 'spf.one.example. 60 IN TXT "v=spf1 ip4:192.0.2.1 ip6:2001:db8::1 -all"']}), 0),
        ('IPv4 alone', dict(before='ip addr del 2001:db8::1/64 dev cable', change=inside_v4, without=['aaaa', 'ptr6']), 0),
        ('behind a router', dict(before=private, change=inside_v4, without=['aaaa', 'ptr6', 'ptr4']), 75),
        ('behind a router whose address is known', dict(change=inside_v4, without=['aaaa', 'ptr6'], edit=lambda text: text.replace('[doctor]', '[doctor]\naddresses = ["192.0.2.1"]')), 0),
    ]
    for title, how, expected in variants:
        if before := how.pop('before', None):
            clinic.network.inside(clinic.network.ours, before.replace('ip addr del 2001:db8::1/64 dev cable', 'ip addr del 2001:db8::1/64 dev cable 2>/dev/null || true'))
        code, findings = clinic.examine(**how)
        check_equal(wrong(findings), {}, f'what is wrong: {title}')
        unknown = {name: finding for name, finding in findings.items() if finding['state'] == 'unknown' and name not in OF_THE_MACHINE}
        check_equal(bool(unknown), expected == 75, f'what could not be told: {title} ({unknown})')
        if code != 1:  # by what this machine has
            check(code == 75 or not unknown, f'exit code {code}: {title}')


def scenario_another_user_is_told_what_he_may_not_see(world):
    clinic = Clinic(world)
    code, findings = clinic.examine(user=['setpriv', '--reuid=1', '--regid=1', '--clear-groups'])
    check_equal(wrong(findings), {}, 'what is wrong')
    check_equal(findings['dkim']['state'], 'unknown', f'state of the keys: {findings["dkim"]}')
    check('a.pem' in findings['dkim']['evidence'], f'the reason: {findings["dkim"]}')
    check_equal(findings['daemon']['state'], 'fine', 'state of the daemon')


def scenario_mail_that_has_left_shows_that_port_25_is_open(world):
    clinic = Clinic(world)
    clinic.daemon.config.write_text(clinic.base)
    clinic.daemon.send(['-f', 'root@mta.here.example', 'you@one.example'], b'Subject: x\n\nx\n')
    clinic.daemon.wait_for_empty_queue()
    code, findings = clinic.examine(edit=with_probes('far1.example', 'far2.example'))
    check_equal(findings['port25 ipv4']['state'], 'fine', f'port 25: {findings["port25 ipv4"]}')
    check('mx.one.example [192.0.2.11:25]' in findings['port25 ipv4']['evidence'], f'port 25: {findings["port25 ipv4"]}')


def scenario_changes_are_told_once(world):
    world.make_folder('mxpress/state', 0o700, daemon_user())
    clinic = Clinic(world)
    doctor = lambda **how: clinic.examine(arguments=['--alert'], **how)
    told = lambda: clinic.daemon.events('doctor')
    doctor()
    doctor(without=['ptr4'])
    wait_until(lambda: told(), 20, 'the first alert')
    check('ptr 192.0.2.1' in told()[-1]['reason'] and told()[-1]['reason'].startswith('wrong: '), f'the alert: {told()}')
    doctor(without=['ptr4'])
    doctor(edit=lambda text: text.replace('"127.0.0.1:53"', '"127.0.0.1:5399"'), without=['ptr4'])
    check(not any('no longer wrong: ptr' in event['reason'] for event in told()), f'what cannot be told was taken for right: {told()}')
    doctor()
    wait_until(lambda: any('no longer wrong:' in event['reason'] and 'ptr 192.0.2.1' in event['reason'] for event in told()), 20, lambda: f'the end: {told()}')
    check_equal(sum(event['reason'].startswith('wrong: ptr 192.0.2.1') for event in told()), 1, f'alerts of the PTR record: {told()}')
    letter = alerts_in_mailbox(clinic.daemon, len(told()))[0]
    check('mxpress doctor' in letter, f'the alert: {letter}')
    clinic.daemon.stop()
