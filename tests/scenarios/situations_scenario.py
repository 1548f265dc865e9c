"""Mail does not arrive: in each situation one command names the cause, the evidence, who has to act, and what to do."""
from check_scenario import Checker
from dane_scenario import Scene
from delivery_scenario import HELLO
from doctor_scenario import Clinic, NAME, PTR4, PTR6, situations as of_doctor
from harness import check, check_equal, wait_until
from mail_host import MailHost
from network_scenario import DaemonInNamespace, Network
from peers import Unbound

DOMAINS = {'grey': '192.0.2.11', 'rate': '192.0.2.12', 'full': '192.0.2.13', 'listed': '192.0.2.14', 'helo': '192.0.2.15', 'ptr': '192.0.2.16'}
REPLIES = {
    'grey': {'RCPT': '450 4.2.0 <you@grey.example>: Recipient address rejected: Greylisted, see https://example.org/greylisting'},
    'rate': {'MAIL': '451 4.7.0 Too many messages from your host, try again in 10 minutes'},
    'full': {'RCPT': '552 5.2.2 <you@full.example>: mailbox full'},
    'listed': {'RCPT': '554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org'},
    'helo': {'RCPT': '550 5.7.1 <mta.here.example>: Helo command rejected: Host not found'},
    'ptr': {'RCPT': '450 4.7.25 Client host rejected: cannot find your hostname, [192.0.2.1]'},
}

# A row: the situation, the command (its arguments, or how doctor is run), and what it must say: cause, evidence, actor, remedy.
OF_THIS_HOST = [
    ('port 25 is dropped', 'What goes to port 25 is dropped on its way', 'no answer (ETIMEDOUT)', 'the hosting provider', 'opens port 25 outwards'),
    ('port 25 is refused', 'Something on the way refuses connections to port 25', 'connection refused (ECONNREFUSED)', 'the hosting provider', 'the hosting provider opens it'),
    ('no PTR', 'no PTR', 'ptr 192.0.2.1', 'reverse zone', f'{PTR4}. IN PTR {NAME}.'),
    ('IPv6 without PTR', 'no PTR', 'ptr 2001:db8::1', 'reverse zone', f'{PTR6}. IN PTR {NAME}.'),
    ('listed', 'block-list bl.example', 'see https://bl.example/', 'administrator', 'list'),
    ('SPF is missing', 'spf here.example', 'no TXT', 'holds the zone', 'v=spf1 ip4:192.0.2.1 ip6:2001:db8::1 ~all'),
    ('the DKIM record is absent', 'dkim a._domainkey.here.example', 'no TXT', 'holds the zone', 'a._domainkey.here.example. IN TXT "v=DKIM1;'),
    ('the DKIM record is wrong', 'dkim a._domainkey.here.example', 'has TXT', 'holds the zone', 'a._domainkey.here.example. IN TXT "v=DKIM1;'),
    ('no name server answers', 'name-server 127.0.0.1:5399', 'refused', 'administrator', 'name server'),
    ('the host name is another host', 'address 192.0.2.1', '192.0.2.11', 'holds the zone', 'mx.one.example. IN A 192.0.2.1'),
]
OF_RECEIVERS = [
    ('greylisting', 'grey', 'deferred', 'greylisting', 'Greylisted', 'nobody', 'Wait'),
    ('a rate limit with a stated wait', 'rate', 'deferred', 'rate', 'try again in 10 minutes', 'nobody', 'Wait'),
    ('the mailbox is full', 'full', 'failed', 'mailbox', '552 5.2.2', 'the recipient', 'the recipient'),
    ('the receiver finds this host listed', 'listed', 'deferred', 'listed by Spamhaus', 'blocked using zen.spamhaus.org', 'the administrator of this host', 'spamhaus.org'),
    ('the receiver refuses the name of this host', 'helo', 'deferred', 'the name by which this host greets it', 'Helo command rejected', 'the administrator of this host', 'hostname'),
    ('the receiver wants a PTR record', 'ptr', 'deferred', 'no PTR record', 'cannot find your hostname', "the provider of this host's address", 'PTR record'),
]


def says(title, output, words):
    for name, word in zip(('cause', 'evidence', 'actor', 'remedy'), words, strict=True):
        check(word.lower() in output.lower(), f'{title}: no {name} "{word}" in {output}')


def scenario_a_fault_of_this_host_is_named_by_doctor(world):
    clinic = Clinic(world)
    rows = {title: (how, name) for title, how, name, *_ in of_doctor(clinic)}
    for title, *words in OF_THIS_HOST:
        how, name = rows[title]
        says(title, clinic.text(name, **how), words)


def scenario_a_refusal_of_a_receiver_is_named_by_why(world):
    network = Network(world)
    network.inside(network.theirs, '; '.join(f'ip addr add {address}/24 dev cable' for address in list(DOMAINS.values())[3:]))
    Unbound(world, [record for name, address in DOMAINS.items() for record in (f'{name}.example. 60 IN MX 10 mx.{name}.example.', f'mx.{name}.example. 60 IN A {address}')],
            port=53, prefix=network.prefix(network.ours))
    wait_until(lambda: network.listens(network.ours, '127.0.0.1', 53), 20, 'unbound to listen')
    for name, address in DOMAINS.items():
        MailHost(network, f'mx.{name}.example', address, REPLIES[name])
    daemon = DaemonInNamespace(network, retry='1h*').start()
    for title, name, outcome, *words in OF_RECEIVERS:
        daemon.send(['-f', 'me@here.example', f'you@{name}.example'], HELLO)
        wait_until(lambda: daemon.id_for(f'you@{name}.example'), 20, f'the attempt: {title}')
        attempt = next(one for one in daemon.attempts() if one['to'] == f'<you@{name}.example>')
        check_equal(attempt['outcome'], outcome, f'{title}: {attempt}')
        if name == 'rate':
            check(590 <= float(attempt['next_try_in']) <= 660, f'the wait that the host states: {attempt}')
        says(title, daemon.mxpress('why', attempt['id'])[1], words)
    daemon.stop()


def scenario_a_certificate_that_dane_forbids_is_named_by_check(world):
    scene = Scene(world)
    shown = Checker(world, scene.daemon).run('you@wrong.signed.example', '--from', 'me@here.example')[1]
    says('the TLS policy fails', shown, ("the mail host's certificate is not the one of its TLSA records", 'TLSA', 'The operator of the mail host', 'Must act'))
    scene.daemon.stop()
