"""Mail hosts and name servers of every temper, played by the practice internet."""
import time

from daemon import Daemon
from delivery_scenario import HELLO
from harness import check, check_equal, wait_until
from practice import PracticeInternet

# Short enough to see each of them pass; lifetime is longer than the scenario.
TIMEOUTS = '''
[timeouts]
connect = "2s"
greeting = "2s"
hello = "2s"
tls = "2s"
mail = "2s"
rcpt = "2s"
data = "2s"
block = "2s"
dot = "2s"
quit = "1s"
session = "6s"
'''


def start(world, **options):
    internet = PracticeInternet(world)
    return internet, Daemon(world, internet.dns_port, internet.smtp_port, **options).start()


def untried(daemon, domains):
    """Those of which the log tells no failure yet."""
    told = ' '.join(e.get('to', '') + e.get('hosts', '') for e in daemon.events() if e['event'] in ('attempt', 'site'))
    return [domain for domain in domains if domain not in told]


def scenario_greylisting_is_outlasted_with_one_copy(world):
    internet, daemon = start(world)
    daemon.send(['-f', 'me@here.example', 'you@grey.example'], HELLO)
    wait_until(lambda: internet.delivered('grey.example'), 30, 'the third attempt')
    daemon.wait_for_empty_queue()
    check_equal((len(internet.events('greylisted')), len(internet.delivered('grey.example'))), (2, 1), 'refusals and copies')
    check_equal([e['outcome'] for e in daemon.attempts()], ['deferred', 'deferred', 'delivered'], 'attempts in the log')
    daemon.stop()


def scenario_starttls_is_used_when_offered(world):
    internet, daemon = start(world)
    daemon.send(['-f', 'me@here.example', 'you@tls.example'], HELLO)
    daemon.send(['-f', 'me@here.example', 'you@healthy.example'], HELLO)
    wait_until(lambda: internet.delivered('tls.example') and internet.delivered('healthy.example'), 20, 'both messages')
    check_equal((internet.delivered('tls.example')[0]['tls'], internet.delivered('healthy.example')[0]['tls']), (True, False), 'use of TLS')
    daemon.stop()


def scenario_hosts_that_hang_drip_flood_and_close_harm_nobody_else(world):
    internet, daemon = start(world, retry='1h*', extra=TIMEOUTS)
    stages = ('greeting', 'ehlo', 'mail', 'rcpt', 'data', 'dot')
    faulty = [f'{fault}-{stage}.example' for fault in ('hang', 'close', 'drip', 'flood', 'nonsense', 'busy') for stage in stages]
    for domain in faulty:
        daemon.send(['-f', 'me@here.example', f'you@{domain}'], HELLO)
    begin = time.monotonic()
    daemon.send(['-f', 'me@here.example', 'you@healthy.example'], HELLO)
    wait_until(lambda: internet.delivered('healthy.example'), 10, 'ordinary mail to get through beside them')
    quick = time.monotonic() - begin
    wait_until(lambda: not untried(daemon, faulty), 60, lambda: f'an end of each attempt; no word of {untried(daemon, faulty)}')
    world.note(f'{len(faulty)} misbehaving hosts; ordinary mail took {quick:.2f} s beside them; peak memory {daemon.process.peak_memory_kib() // 1024} MiB')
    check(daemon.process.peak_memory_kib() < 200 * 1024, 'memory grew with what hosts sent')
    # None of this is permanent, and nothing of it may be lost: all still wait.
    check_equal(len(internet.delivered('here.example')), 0, 'notices')
    queue = daemon.mxpress('queue')[1]
    missing = [domain for domain in faulty if domain not in queue]
    check(not missing, f'not in the queue any more: {missing}')
    check(not [c for c in daemon.log() + queue if ord(c) < 32 and c not in '\n\t'], 'a control character of a host reached the log or the queue listing')
    daemon.stop()


def scenario_refusals_at_each_stage_become_a_notice_or_wait(world):
    internet, daemon = start(world, retry='1h*', extra=TIMEOUTS)
    for stage in ('mail', 'rcpt', 'data', 'dot'):
        daemon.send(['-f', 'me@here.example', f'you@refuse-{stage}.example'], HELLO)
    wait_until(lambda: len(internet.delivered('here.example')) == 4, 30, 'a notice about each refusal')
    notices = b'\n'.join(event['content'] for event in internet.delivered('here.example'))
    for stage in ('mail', 'rcpt', 'data', 'dot'):
        check(b'you@refuse-' + stage.encode() in notices, f'no notice about the refusal at {stage}')
    check_equal(notices.count(b'\r\nStatus: 5.7.1\r\n'), 4, 'statuses')
    daemon.wait_for_empty_queue()
    daemon.stop()


def scenario_bad_name_servers_are_never_taken_for_no_such_host(world):
    internet, daemon = start(world, retry='1h*', extra=TIMEOUTS)
    waiting = ['servfail.example', 'refused.example', 'silent.example', 'garbage.example', 'lame.example', 'reset-tcp.example']
    for domain in waiting:
        daemon.send(['-f', 'me@here.example', f'you@{domain}'], HELLO)
    arriving = ['alias.example', 'no-edns.example', 'truncated.example', 'unrelated.example', 'wrong-id.example']
    for domain in arriving:
        daemon.send(['-f', 'me@here.example', f'you@{domain}'], HELLO)
    wait_until(lambda: len(internet.delivered('healthy.example')) == len(arriving), 60, 'mail whose answers came by TCP, behind a forged one, by a CNAME')
    recipients = sorted(r.split(' ')[0] for event in internet.delivered('healthy.example') for r in event['recipients'])
    check_equal(recipients, [f'<you@{domain}>' for domain in arriving], 'recipients are not rewritten')
    wait_until(lambda: not untried(daemon, waiting), 90, lambda: f'an attempt for each; no word of {untried(daemon, waiting)}')
    queue = daemon.mxpress('queue')[1]
    missing = [domain for domain in waiting if domain not in queue]
    check(not missing, f'not in the queue any more: {missing}')
    check_equal(internet.delivered('here.example'), [], 'notices')
    daemon.stop()
