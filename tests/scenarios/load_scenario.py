"""Many messages, and kill -9 in the middle of them: each accepted message arrives."""
import collections
import os
import random
import re
import smtplib
import threading
import time

from daemon import Daemon
from harness import check, check_equal, wait_until
from peers import Sink, Unbound, smtp_source

ZONE = ['there.example. 60 IN MX 10 mx1.there.example.', 'mx1.there.example. 60 IN A 127.0.0.11',
        'elsewhere.example. 60 IN MX 10 mx2.there.example.', 'mx2.there.example. 60 IN A 127.0.0.12',
        'here.example. 60 IN MX 10 mail.here.example.', 'mail.here.example. 60 IN A 127.0.0.13',
        'refusing.example. 60 IN MX 10 mail.refusing.example.', 'mail.refusing.example. 60 IN A 127.0.0.14']


def header(content, name):
    match = re.search(rb'(?mi)^' + name + rb': *(.+)$', content.split(b'\n\n', 1)[0])
    return match.group(1).strip() if match else None


def arrivals(*sinks):
    """How often each Message-ID arrived."""
    return collections.Counter(header(m.content, b'Message-ID') for sink in sinks for m in sink.messages())


def scenario_ten_thousand_messages_arrive_exactly_once(world):
    port, each = world.free_port(), 5000
    sinks = [Sink(world, 'mx1', '127.0.0.11', port).start(), Sink(world, 'mx2', '127.0.0.12', port).start()]
    daemon = Daemon(world, Unbound(world, ZONE).port, port).start()
    start = time.monotonic()
    for domain in ('there.example', 'elsewhere.example'):
        result = smtp_source(world, daemon.smtp_port, each, recipient=f'you@{domain}')
        check_equal(result.returncode, 0, f'exit status of smtp-source ({result.stderr.decode()[-300:]})')
    taken = time.monotonic()
    wait_until(lambda: sum(sink.count() for sink in sinks) >= 2 * each, 120, lambda: f'all to arrive; so far {[s.count() for s in sinks]}', every=0.05)
    arrived = time.monotonic()
    daemon.wait_for_empty_queue()
    recipients = collections.Counter((r, s.name) for s in sinks for m in s.messages() for r in m.recipients)
    check_equal(len(recipients), 2 * each, 'different recipients that got mail')
    check(set(recipients.values()) == {1}, f'some got more than one: {recipients.most_common(3)}')
    ids = arrivals(*sinks)
    check_equal((len(ids), sum(ids.values())), (2 * each, 2 * each), 'different messages, and all that arrived')
    memory = daemon.process.peak_memory_kib() / 1024
    world.note(f'{2 * each} messages of 4 KiB: accepted in {taken - start:.1f} s, the last arrived after {arrived - start:.1f} s; '
               f'peak memory of mxpressd {memory:.0f} MiB')
    check(memory < 512, f'peak memory {memory} MiB')
    daemon.stop()


class Sender(threading.Thread):
    """One client that sends message after message and remembers what was accepted."""

    def __init__(self, daemon, number, stop, domain):
        super().__init__(daemon=True)
        self.target, self.number, self.stop, self.domain = daemon, number, stop, domain
        self.accepted, self.unsure = [], []

    def run(self):
        count = 0
        try:
            with self.target.smtp() as client:
                while not self.stop.is_set():
                    count += 1
                    name = f'<{self.number}.{count}.{self.target.starts}@load.here.example>'
                    message = f'Message-ID: {name}\r\nSubject: load\r\n\r\n' + 'some text\r\n' * 100
                    self.unsure = [name]
                    client.sendmail('me@here.example', [f'{self.number}.{count}@{self.domain}'], message)
                    self.accepted.append(name)
        except (OSError, smtplib.SMTPException):
            pass  # killed under us


def send_until_killed(daemon, seed, domain, seconds):
    chance, stop = random.Random(seed), threading.Event()
    senders = [Sender(daemon, number, stop, domain) for number in range(8)]
    for sender in senders:
        sender.start()
    moment = time.monotonic() + chance.uniform(*seconds)
    wait_until(lambda: time.monotonic() >= moment, seconds[1] + 5, 'the moment to kill', every=0.001)
    daemon.kill()
    stop.set()
    for sender in senders:
        sender.join(30)
    return [name for sender in senders for name in sender.accepted]


def scenario_kill_9_under_load_loses_nothing(world):
    seed = int(os.environ.get('SEED', 0)) or random.randrange(1, 1 << 30)
    port = world.free_port()
    sink = Sink(world, 'mx1', '127.0.0.11', port).start()
    daemon = Daemon(world, Unbound(world, ZONE).port, port).start()
    accepted = []
    world.note(f'SEED={seed}')
    for round_number in range(3):
        accepted += send_until_killed(daemon, seed + round_number, 'there.example', (0.3, 2.0))
        daemon.start()
    daemon.wait_for_empty_queue(120)
    counts = arrivals(sink)
    lost = [name for name in accepted if not counts[name.encode()]]
    check(not lost, f'{len(lost)} of {len(accepted)} accepted messages are lost: {lost[:3]}')
    twice = sum(count - 1 for count in counts.values())
    world.note(f'killed 3 times: {len(accepted)} accepted, all arrived, {twice} duplicate(s)')
    check(len(accepted) > 100, f'only {len(accepted)} were accepted: no load')
    check(twice <= 3 * 2000, f'{twice} duplicates: more than can have been in flight')
    daemon.stop()


def scenario_kill_9_between_failure_and_notice_sends_one_notice(world):
    seed = int(os.environ.get('SEED', 0)) or random.randrange(1, 1 << 30)
    world.note(f'SEED={seed}')
    port = world.free_port()
    sender = Sink(world, 'here', '127.0.0.13', port).start()
    Sink(world, 'refusing', '127.0.0.14', port, ['-f', 'RCPT']).start()
    daemon = Daemon(world, Unbound(world, ZONE).port, port).start()
    accepted = []
    for round_number in range(5):
        accepted += send_until_killed(daemon, seed + round_number, 'refusing.example', (0.05, 0.5))
        daemon.start()
    daemon.wait_for_empty_queue(120)
    notices = collections.defaultdict(collections.Counter)
    for message in sender.messages():
        about = re.search(rb'<\d+\.\d+\.\d+@load\.here\.example>', message.content)
        check(about and message.sender == '<>', f'not a notice about our mail: {message.content[:300]!r}')
        notices[about.group(0).decode()][header(message.content, b'Message-ID')] += 1
    missing = [name for name in accepted if name not in notices]
    check(not missing, f'no notice about {len(missing)} of {len(accepted)} messages: {missing[:3]}')
    several = [name for name, ids in notices.items() if len(ids) > 1]
    check(not several, f'more than one notice was composed about {several[:3]}')
    repeats = sum(sum(ids.values()) - 1 for ids in notices.values())
    world.note(f'killed 5 times: {len(accepted)} refused messages, one notice each; {repeats} notice(s) in flight arrived again')
    daemon.stop()
