"""Attacks by way of a name server that only forwards: dnsmasq with its defaults passes on 150 questions at a time, and says REFUSED to more."""
import re
import time

from harness import accepts, wait_until
from hostile_attack import attack
from hostile_hosts_attacks import letter
from hostile_intake import LETTER, SENDER
from hostile_turns import slowest
from hostile_users import send_all


def forward(bench):
    world, port = bench.world, bench.world.free_port()
    command = [world.peer('dnsmasq', 'dnsmasq-base'), '--keep-in-foreground', '--conf-file=/dev/null', '--no-resolv', '--no-hosts', '--user=root',
               f'--pid-file={world.path("dnsmasq.pid")}', '--log-facility=-', f'--port={port}', '--listen-address=127.0.0.1', '--bind-interfaces',
               f'--server=127.0.0.1#{bench.internet.dns}']
    process = world.start('dnsmasq', command, env=world.peer_environment())
    wait_until(lambda: accepts('127.0.0.1', port), 20, lambda: f'dnsmasq to listen: {process.log_text()[-500:]}')
    text = bench.daemon.config.read_text()
    bench.daemon.config.write_text(re.sub(r'servers = \["[^"]*"\]', f'servers = ["127.0.0.1:{port}"]', text))
    bench.dnsmasq = process


def note_refusals(bench):
    bench.notes.append(f'dnsmasq was full {bench.dnsmasq.log_text().count("Maximum number of concurrent DNS queries")} times (it says so once in 5 s)')


def send_to_new(bench, count):
    """Letters of another user to domains that nobody has asked for, one a second; when each was handed in."""
    begins = {}
    for n in range(count):
        begins[f'other-{n}'] = time.monotonic()
        bench.user(9, send_all, bench.socket, 'other@here.example', [[f'x@n{n}.fresh.example']], letter(f'other-{n}')).result(30)
        time.sleep(1)
    return begins


def deaf(domains, count):
    """Recipients in domains whose mail hosts have name servers that say nothing."""
    return [[f'u@m{n}.{domains}.deaf.example' for n in range(count)]]


@attack(82, 'forwarder', 'a letter to 2,000 domains whose hosts have silent name servers, by a dnsmasq that passes on 150 questions at a time', prepare=forward)
def forwarder(bench):
    bench.user(1, send_all, bench.socket, SENDER, deaf('one', 2000), LETTER).result(60)
    time.sleep(3)
    begins = send_to_new(bench, 10)
    bench.figure("slowest of another user's letters to new domains", slowest(bench, bench.hostile_events, 'fresh', begins, 90), 5.0, 's')
    took = {event['token'] for event in bench.hostile_events.all('took', host='fresh')}
    bench.figure('of them missing', len(begins.keys() - took), 0)
    bench.figure('outages', len(bench.daemon.events('outage')), 0)
    note_refusals(bench)


@attack(83, 'forwarder-gate', 'a letter of each of three uids to 150 such domains, each second for a minute, on a host that has just started', prepare=forward,
        honest_smtp=False, cpu=None)
def forwarder_gate(bench):
    bench.honest.end()
    bench.wait(10, lambda: len(bench.honest.arrived()) == len(bench.honest.sent))
    bench.restart()
    end, second = time.monotonic() + 60, 0
    while time.monotonic() < end and not bench.daemon.events('outage'):
        second += 1
        for uid in (1, 2, 3):
            bench.user(uid, send_all, bench.socket, SENDER, deaf(f'k{second}u{uid}', 150), LETTER).result(60)
        time.sleep(1)
    bench.figure('outages', len(bench.daemon.events('outage')), 0)
    begins = send_to_new(bench, 8)
    bench.figure("slowest of another user's letters to new domains", slowest(bench, bench.hostile_events, 'fresh', begins, 120), 5.0, 's')
    note_refusals(bench)
