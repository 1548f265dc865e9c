"""One attack: a fresh daemon in a memory cgroup, an honest user beside it, and the effect on both."""
import json
import os
import pathlib
import smtplib
import subprocess
import tempfile
import sys
import threading
import time

import hostile_users
from daemon import Daemon
from harness import World, wait_until
from hostile_group import MemoryGroup

HERE = pathlib.Path(__file__).resolve().parent
LIMIT = 512 << 20
TICKS = os.sysconf('SC_CLK_TCK')
HONEST_BOUND = 5.0  # seconds until an honest letter has left


class Internet:
    """Name server and mail hosts for all attacks of a run."""

    def __init__(self, world):
        self.world, self.port, self.dns = world, world.free_port(), world.free_port()
        self.honest_events, self.hostile_events = world.path('honest'), world.path('hostile')
        program = HERE / 'hostile_hosts.py'
        world.start('dns', [sys.executable, program, 'dns', self.dns])
        world.start('honest-host', [sys.executable, program, 'honest', self.honest_events, self.port])
        world.start('hostile-hosts', [sys.executable, program, 'hostile', self.hostile_events, self.port, world.folder])
        for events in (self.honest_events, self.hostile_events):
            wait_until(lambda: events.exists() and events.stat().st_size > 0, 30, 'the mail hosts to listen')


class Events:
    """The hosts' events since this was made."""

    def __init__(self, path):
        self.file = open(path)
        self.file.seek(0, os.SEEK_END)
        self.known, self.rest = [], ''

    def all(self, event=None, **keys):
        text = self.rest + self.file.read()
        *lines, self.rest = text.split('\n')
        self.known += [json.loads(line) for line in lines]
        return [e for e in self.known if event in (None, e['event']) and all(e.get(key) == value for key, value in keys.items())]


class Honest(threading.Thread):
    """A letter each second, by sendmail and by SMTP in turn. A user of the host, uid 2000."""

    def __init__(self, bench):
        super().__init__(daemon=True)
        self.bench, self.sent, self.refused, self.ending = bench, {}, [], threading.Event()

    def run(self):
        number = 0
        while not self.ending.wait(1 if number else 0):
            number += 1
            token = f'honest-{self.bench.name}-{number}'
            self.sent[token] = time.monotonic()
            why = self.by_smtp(token) if number % 2 == 0 and self.bench.attack.honest_smtp else self.by_sendmail(token)
            if why:
                self.refused.append(f'{token}: {why}')
                del self.sent[token]

    def by_sendmail(self, token):
        command = [str(self.bench.world.program('sendmail')), '-i', '-f', 'honest@here.example', 'you@honest.example']
        with tempfile.TemporaryFile() as letter, tempfile.TemporaryFile() as said:
            letter.write(self.letter(token).replace(b'\r\n', b'\n'))
            letter.seek(0)
            with hostile_users.forking:
                sendmail = subprocess.Popen(command, stdin=letter, stdout=said, stderr=said, env=self.bench.daemon.environment(), user=hostile_users.HONEST,
                                            group=hostile_users.HONEST, extra_groups=[])
            code = sendmail.wait(60)
            said.seek(0)
            return None if code == 0 else f'exit {code} {said.read().decode(errors="replace")[:100]}'

    def by_smtp(self, token):
        try:
            with smtplib.SMTP('127.0.0.1', self.bench.daemon.smtp_port, local_hostname='client.here.example', timeout=30) as client:
                client.sendmail('honest@here.example', ['you@honest.example'], self.letter(token))
            return None
        except (OSError, smtplib.SMTPException) as error:
            return repr(error)[:100]

    @staticmethod
    def letter(token):
        return f'Subject: {token}\r\n\r\nhello\r\n'.encode()

    def arrived(self):
        return {e['token']: e['t'] for e in self.bench.honest_events.all('took', host='honest')}

    def end(self):
        self.ending.set()
        self.join(90)

    def worst(self, patience=15):
        """Seconds from handing in to arrival, of the slowest; letters that are still on their way count up to now."""
        end = time.monotonic() + patience
        while set(self.sent) - set(self.arrived()) and time.monotonic() < end:
            time.sleep(0.05)
        arrived = self.arrived()
        return max((arrived.get(token, time.monotonic()) - begin for token, begin in self.sent.items()), default=float('inf'))


class Sampler(threading.Thread):
    """Checks the daemon five times a second: if the kernel kills it nothing else knows its memory."""

    def __init__(self, bench):
        super().__init__(daemon=True)
        self.bench, self.ending = bench, threading.Event()

    def run(self):
        while not self.ending.wait(0.2):
            self.bench.note_memory()
            self.bench.cpu()


class Figure:
    def __init__(self, what, found, bound, unit='', at_least=False):
        self.what, self.found, self.bound, self.unit, self.at_least = what, found, bound, unit, at_least

    def ok(self):
        return self.bound is None or (self.found >= self.bound if self.at_least else self.found <= self.bound)

    @staticmethod
    def text_of(value):
        return f'{value:,.2f}' if isinstance(value, float) and value < 100 else f'{value:,.0f}'

    def row(self):
        bound = '' if self.bound is None else f'{">=" if self.at_least else "<="} {self.text_of(self.bound)}'
        return self.what, f'{self.text_of(self.found)} {self.unit}'.strip(), bound, 'ok' if self.ok() else 'FAILED'


class Bench:
    """`options` are the daemon's; `spool`: called with the folder of the spool before the start."""

    def __init__(self, internet, attack):
        self.internet, self.attack, self.name = internet, attack, attack.name
        self.world = World(internet.world.build, internet.world.peers)
        self.group = MemoryGroup(LIMIT)
        options = {'retry': '1m 5m 10m 30m 1h*4 3h*', 'lifetime': '5d', **attack.options}
        journal = [sys.executable, HERE / 'hostile_journal.py', attack.log_speed] if attack.log_speed else []
        self.daemon = Daemon(self.world, internet.dns, internet.port, prefix=[*self.group.enter(), *journal], **options)
        self.honest_events, self.hostile_events = Events(internet.honest_events), Events(internet.hostile_events)
        self.honest, self.sampler, self.figures, self.users, self.notes = Honest(self), Sampler(self), [], [], []
        self.cpu_of_earlier = self.last_cpu = self.peak = self.deaths = 0

    # Functions for the attack.
    def user(self, number, call, *arguments):
        """Acts as the hostile user of this number, 1 upwards."""
        user = hostile_users.User(hostile_users.FIRST + number - 1, call, *arguments)
        self.users.append(user)
        return user

    def figure(self, what, found, bound, unit='', at_least=False):
        self.figures.append(Figure(what, found, bound, unit, at_least))

    @property
    def socket(self):
        return str(self.daemon.submission)

    @property
    def drop(self):
        return str(self.daemon.spool / 'drop')

    def wait(self, seconds, condition, every=0.1):
        """Waits until the condition holds, or the time is over: a figure records it."""
        end = time.monotonic() + seconds
        while time.monotonic() < end and self.daemon.process.running() and not condition():
            time.sleep(every)

    def settle(self, seconds):
        """Waits until the daemon has no more work: it is busy for less than a twentieth of two seconds."""
        end = time.monotonic() + seconds
        while time.monotonic() < end and self.daemon.process.running():
            before = self.cpu()
            time.sleep(2)
            if self.cpu() - before < 0.1:
                return

    def cpu(self):
        try:
            fields = pathlib.Path(f'/proc/{self.daemon.process.pid}/stat').read_text().rpartition(')')[2].split()
            self.last_cpu = (int(fields[11]) + int(fields[12])) / TICKS
        except OSError:
            pass  # it has ended
        return self.cpu_of_earlier + self.last_cpu

    def memory(self, key='VmHWM'):
        """MiB."""
        try:
            text = pathlib.Path(f'/proc/{self.daemon.process.pid}/status').read_text()
        except OSError:
            return 0
        return next((int(line.split()[1]) / 1024 for line in text.splitlines() if line.startswith(key)), 0)

    def note_memory(self):
        self.peak = max(self.peak, self.memory())

    def written(self):
        """Octets that the daemon has had written."""
        text = pathlib.Path(f'/proc/{self.daemon.process.pid}/io').read_text()
        return int(next(line.split()[1] for line in text.splitlines() if line.startswith('wchar')))

    def end_daemon(self, kill=False):
        """By SIGTERM, or SIGKILL."""
        self.note_memory()
        if kill or not self.daemon.process.running():
            self.daemon.kill()
        else:
            self.daemon.stop()
        self.cpu_of_earlier, self.last_cpu = self.cpu_of_earlier + self.last_cpu, 0

    def restart(self, kill=False):
        self.deaths += not self.daemon.process.running()
        self.end_daemon(kill)
        self.daemon.start()

    # The frame.
    def run(self):
        try:
            if self.attack.prepare:
                self.attack.prepare(self)
            self.daemon.start()
            self.honest.start()
            self.sampler.start()
            time.sleep(1.5)
            cpu, memory = self.cpu(), self.memory('VmRSS')
            self.attack.call(self)
            self.conclude(cpu, memory)
        finally:
            self.close()
        return self.figures

    def conclude(self, cpu, memory):
        if self.honest.is_alive():
            self.honest.end()
        worst = self.honest.worst()
        self.note_memory()
        killed = self.deaths + (not self.daemon.process.running())
        self.figure('CPU of the daemon', self.cpu() - cpu, self.attack.cpu, 's')
        self.figure('its peak memory, more than before', max(0.0, self.peak - memory), self.attack.memory, 'MiB')
        self.figure('killed or ended', killed, 0)
        self.figure('slowest honest letter', worst, HONEST_BOUND, 's')
        self.figure('honest letters refused', len(self.honest.refused), 0)
        self.notes += self.honest.refused[:3]

    def close(self):
        self.honest.ending.set()
        self.sampler.ending.set()
        for user in self.users:
            user.stop()
        if self.honest.ident:
            self.honest.join(90)
        self.world.close(False)
        self.group.remove()


class StaticBench:
    """For attacks without a daemon."""

    def __init__(self, _internet, attack):
        self.attack, self.figures, self.notes = attack, [], []

    def figure(self, what, found, bound, unit='', at_least=False):
        self.figures.append(Figure(what, found, bound, unit, at_least))

    def run(self):
        self.attack.call(self)
        return self.figures
