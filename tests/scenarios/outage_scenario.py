"""This host cannot send: no mail host answers, no network, no name server. One incident, one alert, and all mail leaves at its end."""

from daemon import Daemon
from delivery_scenario import HELLO
from harness import check, check_equal, wait_until
from network_scenario import DaemonInNamespace, Network
from peers import Sink, Unbound
from provider_scenario import ZONE as PROVIDER_ZONE, Provider
from runner import Runner

HOSTS = {'there.example': '127.10.0.1', 'other.example': '127.20.0.1', 'third.example': '127.30.0.1', 'fourth.example': '127.40.0.1'}
FAR = {'there.example': '198.51.100.9', 'other.example': '203.0.113.9', 'third.example': '192.88.99.9'}


def zone(hosts):
    return [record for domain, address in hosts.items()
            for record in (f'{domain}. 60 IN MX 10 mx.{domain}.', f'mx.{domain}. 60 IN A {address}')]


def send_to_all(daemon, hosts, count=1):
    for domain in hosts:
        for number in range(count):
            daemon.send(['-f', 'root@mta.here.example', f'you{number}@{domain}'], HELLO)


def status(daemon):
    code, output, _ = daemon.mxpress('status')
    return code, output


def wait_for_outage(daemon, seconds=90):
    wait_until(lambda: daemon.events('outage'), seconds, lambda: f'the outage: {daemon.log()[-800:]}', every=0.2)
    return daemon.events('outage')[0]


def alerts_in_mailbox(daemon, count, seconds=30):
    """The messages for root in the daemon's mailbox."""
    letters = lambda: [path.read_text() for path in sorted((daemon.spool / 'mailbox' / 'new').glob('*')) if 'Subject: mxpress at' in path.read_text()]
    wait_until(lambda: len(letters()) >= count, seconds, lambda: f'{count} alerts for root: {daemon.log()[-800:]}')
    check_equal(len(letters()), count, 'alerts in the mailbox of root')
    return letters()


def sinks_at(world, hosts, port):
    return [Sink(world, domain.split('.')[0], address, port).start() for domain, address in hosts.items()]


def scenario_no_mail_host_answers_and_then_all_mail_leaves(world):
    """With a restart in its midst."""
    port = world.free_port()
    daemon = Daemon(world, Unbound(world, zone(HOSTS)).port, port).start()
    check_equal(status(daemon)[0], 0, f'exit code of status of a daemon that is well: {status(daemon)[1]}')
    send_to_all(daemon, HOSTS, 5)
    outage = wait_for_outage(daemon)
    check_equal(outage['way'], 'direct', 'way of the outage')
    code, output = status(daemon)
    check_equal(code, 2, f'exit code of status: {output}')
    check(output.startswith('status     CANNOT SEND: this host cannot send directly: mail hosts of several networks cannot be reached'), output)
    check('port 25 is probably blocked' in output.splitlines()[0], f'the first line does not say what to do: {output}')
    report = daemon.mxpress('status', '--json')[1]
    check('"verdict":"cannot send"' in report and '"way":"direct"' in report, f'status --json: {report}')
    letter = alerts_in_mailbox(daemon, 1)[0]
    world.note('the alert of an outage:\n' + letter)
    check('this host cannot send mail' in letter and 'connection refused' in letter, f'the alert: {letter}')
    check('this host cannot send directly' in daemon.mxpress('queue')[1], f'queue does not say why: {daemon.mxpress("queue")[1]}')
    daemon.stop()
    daemon.start()
    daemon.wait_for_recovery()
    check_equal(status(daemon)[0], 2, f'exit code of status after a restart: {status(daemon)[1]}')
    sinks = sinks_at(world, HOSTS, port)
    check_equal(daemon.mxpress('retry', '--all')[0], 0, 'mxpress retry --all')
    daemon.wait_for_empty_queue(90)
    check_equal([sink.count() for sink in sinks], [5] * 4, 'messages at the mail hosts')
    check_equal((len(daemon.events('outage')), len(daemon.events('outage_over'))), (1, 1), 'lines about the outage')
    check_equal(status(daemon)[0], 0, f'exit code of status at the end: {status(daemon)[1]}')
    daemon.stop()


def scenario_dead_domains_of_one_user_are_no_outage(world):
    port = world.free_port()
    dead = {f'd{n}.example': f'127.{100 + n % 100}.0.{1 + n // 100}' for n in range(300)}
    alive = {'there.example': HOSTS['there.example']}
    daemon = Daemon(world, Unbound(world, zone({**dead, **alive})).port, port, retry='2s*').start()
    (sink,) = sinks_at(world, alive, port)
    daemon.send(['-f', 'me@here.example', 'you@there.example'], HELLO)
    wait_until(lambda: sink.count() == 1, 30, 'the first message')
    send_to_all(daemon, dead)
    wait_until(lambda: len(daemon.events('site')) >= 1500, 120, lambda: f'failures of dead sites: {len(daemon.events("site"))}', every=0.5)
    daemon.send(['-f', 'me@here.example', 'you@there.example'], HELLO)
    wait_until(lambda: sink.count() == 2, 10, 'a message beside the dead sites')
    check_equal(daemon.events('outage'), [], 'outages')
    check(status(daemon)[0] != 2, f'status says that nothing can be sent: {status(daemon)[1]}')
    daemon.stop()


def scenario_no_name_server_answers(world):
    port, dns_port = world.free_port(), world.free_port()
    sinks = sinks_at(world, HOSTS, port)
    daemon = Daemon(world, dns_port, port, extra_top='').start()
    send_to_all(daemon, HOSTS)
    outage = wait_for_outage(daemon)
    check('the name servers do not answer' in outage['reason'], f'the reason: {outage}')
    code, output = status(daemon)
    check_equal(code, 2, f'exit code of status: {output}')
    check('/etc/resolv.conf' in output.splitlines()[0], f'status does not say what to do: {output}')
    alerts_in_mailbox(daemon, 1)
    Unbound(world, [*zone(HOSTS), '. 60 IN NS a.root.example.'], port=dns_port)
    check_equal(daemon.mxpress('reload')[0], 0, 'mxpress reload')
    daemon.wait_for_empty_queue(90)
    check_equal([sink.count() for sink in sinks], [1] * 4, 'messages at the mail hosts')
    check_equal(len(daemon.events('outage_over')), 1, 'ends of outages')
    alerts_in_mailbox(daemon, 2)
    daemon.stop()


def network(world):
    made = Network(world)
    Unbound(world, zone(FAR), port=53, prefix=made.prefix(made.ours))
    wait_until(lambda: made.listens(made.ours, '127.0.0.1', 53), 20, 'unbound to listen')
    return made


def far_sinks(world, made):
    made.inside(made.theirs, '; '.join(f'ip addr add {address}/32 dev lo' for address in FAR.values()))
    sinks = [Sink(world, domain.split('.')[0], address, 25, prefix=made.prefix(made.theirs)).start() for domain, address in FAR.items()]
    for address in FAR.values():
        wait_until(lambda: made.listens(made.theirs, address, 25), 20, f'smtp-sink to listen on {address}')
    return sinks


def scenario_no_route_to_any_network_and_then_one(world):
    made = network(world)
    sinks = far_sinks(world, made)
    daemon = DaemonInNamespace(made).start()
    daemon.send(['-f', 'root@mta.here.example', 'you@there.example'], HELLO)
    outage = wait_for_outage(daemon)
    check('no route to any network' in outage['reason'], f'the reason: {outage}')
    check_equal(status(daemon)[0], 2, 'exit code of status')
    made.inside(made.ours, 'ip route add default via 192.0.2.11')
    wait_until(lambda: sinks[0].count() == 1, 60, lambda: f'the message, when there is a route: {daemon.log()[-800:]}')
    wait_until(lambda: daemon.events('outage_over'), 10, 'the end of the outage')
    daemon.stop()


def scenario_what_goes_to_port_25_is_dropped(world):
    """The packets vanish on the way, as behind a provider that blocks the port."""
    made = network(world)
    made.inside(made.ours, 'ip route add default via 192.0.2.11')
    daemon = DaemonInNamespace(made, extra='[timeouts]\nconnect = "2s"\n').start()
    send_to_all(daemon, FAR)
    outage = wait_for_outage(daemon)
    check('connection timed out' in outage['reason'], f'the reason: {outage}')
    sinks = far_sinks(world, made)
    check_equal(daemon.mxpress('retry', '--all')[0], 0, 'mxpress retry --all')
    wait_until(lambda: [sink.count() for sink in sinks] == [1, 1, 1], 90, lambda: f'the messages: {daemon.log()[-800:]}')
    daemon.stop()


def scenario_a_fallback_takes_the_mail_while_direct_delivery_fails(world):
    """A provider that wants a password: Postfix with Dovecot's."""
    provider = Provider(world, main=f'virtual_mailbox_domains = {", ".join(HOSTS)}\n')
    port = world.free_port()
    daemon = Daemon(world, Unbound(world, [*PROVIDER_ZONE, *zone(HOSTS)]).port, port, extra=provider.route('fallback = true')).start()
    send_to_all(daemon, HOSTS, 2)
    wait_until(lambda: len(provider.postfix.messages()) == 8, 90, lambda: f'the messages at the provider: {daemon.log()[-800:]}')
    check_equal({user for _, user in provider.methods()}, {'me@provider.example'}, 'who signed in')
    code, output = status(daemon)
    check_equal(code, 1, f'exit code of status: {output}')
    check('mail goes by [route] meanwhile' in output, f'status does not say it: {output}')
    sinks = sinks_at(world, HOSTS, port)
    check_equal(daemon.mxpress('reload')[0], 0, 'mxpress reload')
    wait_until(lambda: daemon.events('outage_over'), 60, lambda: f'the end of the outage: {daemon.log()[-800:]}')
    wait_until(lambda: status(daemon)[0] == 0, 20, lambda: status(daemon)[1])
    send_to_all(daemon, HOSTS)
    daemon.wait_for_empty_queue()
    check_equal([sink.count() for sink in sinks], [1] * 4, 'messages at the mail hosts')
    check_equal(len(provider.postfix.messages()), 8, 'messages at the provider')
    daemon.stop()


def scenario_an_alert_does_not_take_the_way_that_it_tells_of(world):
    """Root reads mail elsewhere, and a command gets the alert, too."""
    runner, port = Runner(world), world.free_port()
    told = world.path('told')
    told.touch()
    told.chmod(0o666)
    runner.becomes(f'cat >> {told}\n')
    extra = (f'[local]\naliases = {{ root = "admin@there.example" }}\n[alerts]\ncommand = ["{runner.command}"]\n' + runner.config())
    daemon = Daemon(world, Unbound(world, zone(HOSTS)).port, port, extra=extra)
    runner.start(daemon.config)
    daemon.start()
    send_to_all(daemon, HOSTS)
    wait_for_outage(daemon)
    alerts_in_mailbox(daemon, 1)
    wait_until(lambda: 'this host cannot send mail' in told.read_text(), 30, lambda: f'the command to be told: {runner.log()}')
    waiting = [r['address'] for m in daemon.json('queue', '--messages', '--all') for r in m['recipient']]
    check('admin@there.example' not in waiting, f'the alert waits for the way that it tells of: {waiting}')
    sinks = sinks_at(world, HOSTS, port)
    check_equal(daemon.mxpress('retry', '--all')[0], 0, 'mxpress retry --all')
    wait_until(lambda: any(b'can send mail again' in m.content for m in sinks[0].messages()), 60, 'the message of the end at the administrator')
    alerts_in_mailbox(daemon, 2)
    daemon.stop()


def scenario_failures_of_cron_become_a_digest(world):
    """Ten notices to root, and the others wait for their hour, over a restart."""
    hosts = {'there.example': HOSTS['there.example']}
    port = world.free_port()
    Sink(world, 'there', HOSTS['there.example'], port, options=['-f', 'RCPT']).start()
    daemon = Daemon(world, Unbound(world, zone(hosts)).port, port).start()
    for number in range(15):
        daemon.send(['-f', 'root@mta.here.example', f'nobody{number}@there.example'], HELLO)
    wait_until(lambda: len(daemon.attempts('failed')) == 15, 60, lambda: f'15 failures: {daemon.log()[-800:]}')
    notices = lambda: sum('Content-Type: multipart/report' in path.read_text() for path in (daemon.spool / 'mailbox' / 'new').glob('*'))
    wait_until(lambda: notices() == 10, 30, lambda: f'ten notices: {notices()}')
    check('notices:' in daemon.mxpress('queue')[1], f'queue does not count the others: {daemon.mxpress("queue")[1]}')
    daemon.kill()
    daemon.start()
    wait_until(lambda: notices() == 15, 30, lambda: f'the others after a restart, which begins to count again: {notices()}')
    daemon.wait_for_empty_queue()
    daemon.stop()
