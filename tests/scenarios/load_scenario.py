"""Many messages: each arrives once."""
import collections
import re
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
