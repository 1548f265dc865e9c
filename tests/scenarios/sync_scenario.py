"""Each message is on the disk before it is acknowledged, as seen by the kernel: strace records the daemon's writes, syncs and replies."""
import concurrent.futures
import re
import shutil
import smtplib

from daemon import Daemon
from harness import Skip, check, check_equal, not_under_asan, wait_until

CALLS = 'pwritev,fdatasync,fsync,sendto'
ID = r'[0-9A-Z]{13}'


def hand_in(port, count):
    """The ids that the daemon gave."""
    ids = []
    with smtplib.SMTP('127.0.0.1', port) as client:
        client.ehlo('here.example')
        for number in range(count):
            client.mail('me@here.example')
            client.rcpt(f'you{number}@nowhere.example')
            code, reply = client.data(f'Subject: {number}\r\n\r\ntext\r\n')
            check_equal(code, 250, 'reply to the content')
            ids.append(reply.decode().rsplit(' ', 1)[1])
    return ids


def events(lines):
    """(whether it begins, name, arguments, result) of each call, in the order in which the kernel began and ended them."""
    begun = {}
    for line in lines:
        thread, text = line.split(maxsplit=1)
        resumed = re.match(r'<\.\.\. (\w+) resumed>(.*)', text)
        call = re.match(r'(\w+)\((.*)', text)
        if call:
            begun[thread] = call.groups()
            yield True, *call.groups(), None
        if (resumed or call) and not text.endswith('<unfinished ...>'):
            yield False, *begun[thread], text.rsplit('= ', 1)[1]


class Journal:
    """The durable part of it."""

    def __init__(self):
        self.written, self.pending, self.durable, self.syncs = {}, {}, set(), 0  # by descriptor; pending: what a sync that goes on covers

    def take(self, begins, name, arguments, result):
        descriptor = re.match(r'\d+', arguments).group()
        if name == 'pwritev' and not begins:
            self.written.setdefault(descriptor, set()).update(re.findall(rf'id ({ID})\b', arguments))
        elif name in ('fdatasync', 'fsync') and begins:
            self.pending[descriptor] = set(self.written.get(descriptor, ()))
        elif name in ('fdatasync', 'fsync') and result == '0':
            self.durable |= self.pending.pop(descriptor)
            self.syncs += 1


def scenario_no_message_is_acknowledged_before_it_is_synced(world):
    not_under_asan('it fails itself under strace')
    if not shutil.which('strace'):
        raise Skip('strace is not here: run scripts/setup')
    trace = world.path('trace')
    strace = ['strace', '-D', '-f', '-v', '-s', '4096', '-e', f'trace={CALLS}', '-o', trace]
    daemon = Daemon(world, world.free_port(), world.free_port(), retry='1h*', prefix=strace).start()
    with concurrent.futures.ThreadPoolExecutor(10) as pool:
        ids = [one for some in pool.map(lambda _: hand_in(daemon.smtp_port, 10), range(10)) for one in some]
    daemon.stop()
    wait_until(lambda: '+++ exited with 0 +++' in trace.read_text(errors='replace').rsplit('\n', 2)[-2], 20, 'the end of the trace')
    journal, acknowledged = Journal(), []
    for begins, name, arguments, result in events(trace.read_text(errors='replace').splitlines()):
        if name != 'sendto':
            journal.take(begins, name, arguments, result)
        elif begins:
            for one in re.findall(rf'queued as ({ID})', arguments):
                check(one in journal.durable, f'{one} was acknowledged before it was synced')
                acknowledged.append(one)
    check_equal(sorted(acknowledged), sorted(ids), 'ids seen by strace and by the clients')
    world.note(f'{len(ids)} messages of ten clients: each synced before its 250, by {journal.syncs} syncs in all')
