"""Rate limits of routes with the real daemon: over kill -9, restarts and reloads, counted by the host that takes the mail."""
import re
import time

from daemon import Daemon
from delivery_scenario import HELLO
from harness import check, check_equal, wait_until
from peers import Sink, Unbound
from provider_scenario import ZONE, Provider


def route(port, rates):
    return f'[route.office]\nhost = "127.0.0.21:{port}"\n{rates}\n[destination."there.example"]\nroute = "office"\n'


def start(world, rates, extra_zone=(), extra=''):
    port = world.free_port('127.0.0.21')
    sink = Sink(world, 'provider', '127.0.0.21', port).start()
    daemon = Daemon(world, Unbound(world, ['there.example. 60 IN A 127.0.0.21', *extra_zone]).port, 25, extra=route(port, rates) + extra).start()
    return sink, daemon, port


def send(daemon, count, first=0):
    for number in range(first, first + count):
        daemon.send(['-f', 'me@here.example', f'you{number}@there.example'], HELLO)


def most_in(times, seconds):
    """Of any window so long."""
    return max((sum(begin <= other <= begin + seconds for other in times) for begin in times), default=0)


def delivered_at(daemon):
    """The times at which the host accepted each message, from the spool."""
    stories = [daemon.json('show', id)[0] for id in daemon.accepted_ids()]
    return sorted(recipient['last_time_ms'] / 1000 for story in stories for recipient in story['recipient'] if recipient['stage'] == 'delivered')


def scenario_the_limit_holds_over_kill_9_and_restarts(world):
    sink, daemon, _ = start(world, 'rate = "32/h"')
    send(daemon, 20)
    wait_until(lambda: sink.count() >= 20, 30, lambda: f'20 messages at the provider: {sink.count()}')
    daemon.kill()
    daemon.start()
    send(daemon, 5, 20)
    daemon.wait_for_empty_queue()
    check(25 <= sink.count() <= 28, f'{sink.count()} messages at the provider: 25, and perhaps some once more')
    daemon.stop()
    daemon.start()
    daemon.wait_for_recovery()
    send(daemon, 30, 25)
    wait_until(lambda: 'used up until' in daemon.mxpress('status')[1], 30, lambda: f'the end of the limit: {daemon.mxpress("status")[1]}')
    daemon.kill()
    daemon.start()
    daemon.wait_for_recovery()
    # A reserve counts as used at each kill: two messages of 32.
    check(28 <= sink.count() <= 32, f'{sink.count()} messages at the provider, of a limit of 32')
    time.sleep(1)  # nothing more must come: no event says so
    check(sink.count() <= 32, f'{sink.count()} messages at the provider, of a limit of 32')
    code, status, _ = daemon.mxpress('status')
    check_equal(code, 0, f'mxpress status, where mail waits for a limit: {status}')
    check(re.search(r'limits +route office: 32 of 32/h; used up until', status), f'status does not tell the limit: {status}')
    waiting = [story['id'] for story in daemon.json('queue', '--all')]
    why = r'waits for the rate limit of route office \(32/h\), next at [0-9:]+'
    for shown in (daemon.mxpress('show', waiting[-1])[1], daemon.mxpress('queue')[1], mailq(daemon)):
        check(re.search(why, shown), f'the reason is not told: {shown}')
    check('waits for its turn; next try in' in daemon.mxpress('show', waiting[-1])[1], 'show does not say when')
    check_equal(daemon.attempts('deferred'), [], 'attempts that were deferred')
    daemon.stop()


def mailq(daemon):
    return daemon.world.run([daemon.world.program('sendmail'), '-bp'], env=daemon.environment()).stdout.decode()


def scenario_a_killed_daemon_never_exceeds_a_limit_per_minute(world):
    """Kills in the middle of deliveries, all within one window."""
    sink, daemon, _ = start(world, 'rate = "40/m"')
    begin = time.monotonic()
    for round in range(6):
        send(daemon, 10, 10 * round)
        daemon.kill()
        daemon.start()
    daemon.wait_for_recovery()
    wait_until(lambda: 'used up until' in daemon.mxpress('status')[1], 30, lambda: f'the end of the limit: {daemon.mxpress("status")[1]}')
    count = sink.count()
    if time.monotonic() - begin < 55:
        check(count <= 40, f'{count} messages within a minute, of a limit of 40')
    world.note(f'{count} messages of 40 before the limit held, with 6 kills')
    daemon.stop()


def scenario_a_limit_per_second_spreads_the_mail(world):
    sink, daemon, _ = start(world, 'rate = "5/s"')
    send(daemon, 20)
    daemon.wait_for_empty_queue()
    check_equal(sink.count(), 20, 'messages at the provider')
    times = delivered_at(daemon)
    check(most_in(times, 0.9) <= 5, f'{most_in(times, 0.9)} messages within a second, of a limit of 5')
    check(times[-1] - times[0] < 20, f'20 messages took {times[-1] - times[0]:.1f} s')
    daemon.stop()


def scenario_a_reload_changes_the_limit_at_once(world):
    sink, daemon, port = start(world, 'rate = "3/d"')
    send(daemon, 10)
    wait_until(lambda: 'used up until' in daemon.mxpress('status')[1], 30, 'the end of the limit')
    check_equal(sink.count(), 3, 'messages at the provider')
    general = daemon.config.read_text().split('[route.office]')[0]
    for rates, wanted in (('rate = "5/d"', 5), ('rate = ["100/h", "8/d"]', 8), ('', 10)):
        daemon.config.write_text(general + route(port, rates))
        check_equal(daemon.mxpress('reload')[0], 0, 'mxpress reload')
        wait_until(lambda: sink.count() == wanted, 20, lambda: f'{wanted} messages after the reload: {sink.count()}')
    daemon.config.write_text(general + route(port, 'rate = "0/h"'))
    code, _, errors = daemon.mxpress('reload')
    check(code != 0 and '"0/h" lets nothing through' in errors, f'the mistake is not told: {errors}')
    daemon.stop()


def scenario_a_message_to_many_goes_in_slices(world):
    sink, daemon, port = start(world, 'recipient_rate = "40/m"')
    daemon.send(['-f', 'me@here.example', *[f'you{number}@there.example' for number in range(60)]], HELLO)
    wait_until(lambda: sink.count() == 1, 30, 'the first slice')
    story = daemon.json('show', daemon.accepted_ids()[0])[0]
    wait_until(lambda: 'used up until' in daemon.mxpress('status')[1], 30, 'the end of the limit')
    stages = [recipient['stage'] for recipient in story['recipient']]
    check(stages.count('pending') >= 20, f'of 60 recipients {stages.count("pending")} wait')
    daemon.kill()
    daemon.start()
    daemon.wait_for_empty_queue(150)
    story = daemon.json('show', daemon.accepted_ids()[0])[0]
    check_equal({recipient['attempts'] for recipient in story['recipient']}, {1}, 'attempts for each recipient')
    check(most_in([recipient['last_time_ms'] / 1000 for recipient in story['recipient']], 59) <= 40, 'more than 40 recipients within a minute')
    daemon.stop()


def scenario_routes_with_one_account_share_its_limit(world):
    provider = Provider(world)
    account = provider.route('rate = "6/h"').replace('[route]', '[route.one]')
    again = provider.route().split('[credentials')[0].replace('[route]', '[route.two]')
    tables = '[destination."there.example"]\nroute = "one"\n[destination."other.example"]\nroute = "two"\n'
    daemon = Daemon(world, Unbound(world, ZONE).port, 25, extra=again + account + tables).start()
    for number in range(10):
        daemon.send(['-f', 'me@here.example', f'you{number}@{"there" if number % 2 else "other"}.example'], HELLO)
    wait_until(lambda: 'used up until' in daemon.mxpress('status')[1], 30, 'the end of the limit')
    check('routes one, two: 6 of 6/h' in daemon.mxpress('status')[1], f'status: {daemon.mxpress("status")[1]}')
    wait_until(lambda: len(provider.postfix.messages()) == 6, 20, lambda: f'6 messages at the provider: {len(provider.postfix.messages())}')
    daemon.stop()


def scenario_an_idle_daemon_writes_nothing_for_its_limits(world):
    sink, daemon, _ = start(world, 'rate = "100/h"')
    send(daemon, 3)
    daemon.wait_for_empty_queue()
    file = daemon.spool / 'rates'
    before = file.stat()
    time.sleep(3)  # a period without mail
    check_equal(file.stat().st_mtime_ns, before.st_mtime_ns, 'when the file was written')
    daemon.stop()
    daemon.start()
    send(daemon, 1, 3)
    daemon.wait_for_empty_queue()
    check(re.search(r'route office: 4 of 100/h', daemon.mxpress('status')[1]), f'a stop in peace lost something: {daemon.mxpress("status")[1]}')
    daemon.stop()
