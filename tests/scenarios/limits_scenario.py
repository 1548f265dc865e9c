"""Limits of providers: counted at their mail hosts, over both address families and many domains, and what foreign hosts cannot change."""
import re

from delivery_scenario import HELLO
from harness import check, check_equal, wait_until
from mail_host import MailHost, most_at_a_time
from network_scenario import LISTED, ZONE, DaemonInNamespace, Network
from peers import Unbound

DOMAINS = [f'd{number}.many.example' for number in range(24)]
HOSTS = ('mx1.there.example', 'mail.here.example')
MANY = [f'{domain}. 60 IN MX 10 {HOSTS[number % 2]}.' for number, domain in enumerate(DOMAINS)]
# A machine of a customer: its name ends like those of the mail hosts, where the rules are not exact.
EVIL = [f'evil{number}.many.example. 60 IN MX 10 dial.there.example.' for number in range(8)] + ['dial.there.example. 60 IN A 192.0.2.12']
TOO_FAST = '421 4.7.0 [192.0.2.1] Our system has detected an unusual rate of mail from your address'


def limit(numbers, hosts=HOSTS):
    names = ', '.join(f'"{host}"' for host in hosts)
    rules = ''.join(f'[[rule]]\nname = "{name}"\n{match}\nclass = "{kind}"\nwho = "administrator"\ncause = "{name}."\n' for name, match, kind in (
        ('listed', 'text = "blocked using"', 'reputation'), ('fast', 'text = "unusual rate"', 'rate'), ('any', 'code = "5xx"', 'policy')))
    rules = rules.replace('class = "reputation"', 'class = "reputation"\neffect = "other_family"')
    return f'{rules}[[limit]]\nname = "provider"\nhost = [{names}]\n{numbers}\n'


class Provider:
    def __init__(self, world, rules, hosts, **options):
        self.network = Network(world)
        Unbound(world, ZONE + MANY + EVIL, port=53, prefix=self.network.prefix(self.network.ours))
        wait_until(lambda: self.network.listens(self.network.ours, '127.0.0.1', 53), 20, 'unbound to listen')
        self.hosts = [MailHost(self.network, name, address, *behaviour) for name, address, *behaviour in hosts]
        self.daemon = DaemonInNamespace(self.network, **options)
        file = self.daemon.folder / 'replies.toml'
        file.write_text(rules)
        file.chmod(0o644)
        self.daemon.start()

    def send(self, domains, user=None):
        for domain in domains:
            code, errors = self.daemon.sendmail(['-f', 'me@here.example', f'you@{domain}'], HELLO, user=user)
            check_equal(code, 0, f'exit status of sendmail ({errors})')

    def use(self):
        return next(iter(self.daemon.json('status')[0].get('provider_use', [])), {})


def scenario_no_more_connections_than_the_limit_counted_at_the_hosts(world):
    """Many domains whose mail hosts belong to one provider, over IPv4 and IPv6, which greet slowly; some mail changes the family."""
    slow = {'CONNECT': 1.3, '.': 0.2}
    provider = Provider(world, limit('connections = 3\nmessages = 2'), [
        ('mx1.there.example', '192.0.2.11', {'RCPT': [LISTED] * 3 + ['']}, slow), ('mx1.there.example', '2001:db8::11', {}, slow),
        ('mail.here.example', '192.0.2.13', {}, slow)])
    wait_until(lambda: all(len(host.lines('open')) == len(host.lines('closed')) for host in provider.hosts), 20, 'the end of our own probes')
    for host in provider.hosts:
        host.log.write_text('')
    provider.send(DOMAINS[:12])
    provider.send(DOMAINS[12:], user='daemon')
    provider.daemon.wait_for_empty_queue()
    check_equal(sum(len(host.accepted()) for host in provider.hosts), len(DOMAINS), 'messages')
    check(provider.daemon.events('other_family'), 'no mail has changed the family')
    check(all(host.asked() for host in provider.hosts), 'a host was not asked')
    most = most_at_a_time(provider.hosts)
    check(most == 3, f'{most} connections at a time, of at most 3')
    provider.daemon.stop()


def scenario_a_foreign_host_that_always_refuses_slows_nobody(world):
    """The rules name an end that customers' machines have, too; one of them says 421 to everybody, over and over."""
    provider = Provider(world, limit('connections = 4', ['there.example']), [
        ('mx1.there.example', '192.0.2.11', {}, {'.': 1}), ('dial.there.example', '192.0.2.12', {'CONNECT': '421 4.7.0 too many connections'})])
    good, evil = provider.hosts
    provider.send(DOMAINS[::2])
    wait_until(lambda: provider.use().get('open', 0) >= 2 and good.accepted(), 30, lambda: f'connections to the provider: {provider.use()}')
    provider.send([f'evil{number}.many.example' for number in range(8)])
    wait_until(lambda: provider.daemon.events('site'), 30, lambda: f'the foreign host to count as failing: {provider.daemon.log()[-800:]}')
    check_equal(int(provider.use()['most']), 4, 'connections that the provider takes, as learned')
    wait_until(lambda: len(good.accepted()) == len(DOMAINS[::2]), 60, lambda: f'the mail of the provider: {good.accepted()}')
    asked = len(evil.lines('open'))
    check(asked <= 10, f'the foreign host was asked {asked} times')
    provider.daemon.stop()


def scenario_who_waits_for_a_provider_is_told(world):
    provider = Provider(world, limit('connections = 1\nmessages = 50'), [('mx1.there.example', '192.0.2.11', {}, {'.': 6}), ('mail.here.example', '192.0.2.13')])
    daemon = provider.daemon
    provider.send(DOMAINS[:1])
    wait_until(lambda: int(provider.use().get('open', 0)) == 1, 20, lambda: f'a connection: {provider.use()}')
    provider.send(DOMAINS[1:2])
    waiting = daemon.accepted_ids()[1]
    words = 'waits for its turn at provider: 1 of at most 1 connections to that provider are in use'
    wait_until(lambda: words in daemon.mxpress('show', waiting)[1], 20, lambda: f'the reason in mxpress show: {daemon.mxpress("show", waiting)[1]}')
    status = daemon.mxpress('status')[1]
    check(re.search(r'providers +provider: 1 of at most 1 connections open; mail for 1 site waits for its turn', status), f'mxpress status says: {status}')
    daemon.wait_for_empty_queue()
    check(not daemon.attempts('deferred'), 'mail that waited has burnt an attempt')
    told = world.run([*provider.network.prefix(provider.network.ours), world.program('mxpress'), 'check', f'you@{DOMAINS[1]}'], env=daemon.environment()).stdout.decode()
    check(f'provider limit: provider, 1 connections to all its hosts, 50 messages a connection, from {daemon.folder}/replies.toml' in told,
          f'mxpress check says: {told}')
    daemon.stop()


def scenario_the_rate_of_a_provider_holds_for_all_its_hosts_and_refusals_lower_it(world):
    provider = Provider(world, limit('connections = 3\nmessages = 1\nrate = "8/h"'), [
        ('mx1.there.example', '192.0.2.11', {'MAIL': ['', TOO_FAST, '']}), ('mx1.there.example', '2001:db8::11'), ('mail.here.example', '192.0.2.13')])
    daemon = provider.daemon
    provider.send(DOMAINS[:1])
    wait_until(lambda: provider.hosts[0].accepted(), 20, 'the first message')
    daemon.wait_for_empty_queue()
    check('provider provider: 1 of 8/h\n' in daemon.mxpress('status')[1], f'mxpress status says: {daemon.mxpress("status")[1]}')
    provider.send([DOMAINS[2]])
    wait_until(lambda: provider.hosts[0].lines('closed'), 20, 'the end of the session')
    wait_until(lambda: 'of 8/h, now 4/h after refusals' in daemon.mxpress('status')[1], 20, lambda: f'the lower rate: {daemon.mxpress("status")[1]}')
    provider.send(DOMAINS[1:24:2])
    wait_until(lambda: 'used up until' in daemon.mxpress('status')[1], 30, lambda: f'the end of the limit: {daemon.mxpress("status")[1]}')
    taken = sum(len(host.accepted()) for host in provider.hosts)
    check(taken <= 4, f'{taken} messages, of a rate of 4')
    waiting = daemon.accepted_ids()[-1]
    words = r'waits for the rate limit of provider provider \(8/h, now 4/h after refusals\), next at'
    check(re.search(words, daemon.mxpress('show', waiting)[1]), f'mxpress show says: {daemon.mxpress("show", waiting)[1]}')
    daemon.stop()
