"""The two ends of a run: the source and the sink of mail; both ours (bench-load) or Postfix's (smtp-source, smtp-sink)."""
import json
import signal
import subprocess
import threading
import time

from harness import Failure, accepts, check, is_root, wait_until


class Lines:
    """A program's output, line by line of JSON, while it runs."""

    def __init__(self, world, name, command, party, environment=None):
        self.lines, self.on_line, self.name = [], None, name
        self.errors = open(world.path(f'{name}.log'), 'ab')
        self.popen = subprocess.Popen([str(part) for part in [*party.prefix(), *command]], stdin=subprocess.DEVNULL,
                                      stdout=subprocess.PIPE, stderr=self.errors, env=environment)
        party.own(self.popen)
        self.thread = threading.Thread(target=self.read, daemon=True)
        self.thread.start()

    def read(self):
        for text in self.popen.stdout:
            line = json.loads(text)
            if self.on_line:
                self.on_line(line)
            self.lines.append(line)

    def find(self, condition):
        return next((line for line in list(self.lines) if condition(line)), None)

    def end(self, seconds):
        """Its last line."""
        try:
            code = self.popen.wait(seconds)
        except subprocess.TimeoutExpired:
            self.popen.kill()
            check(False, f'{self.name} did not end within {seconds} s')
        self.thread.join()
        check(code == 0, f'{self.name} ended with {code}')
        return self.lines[-1]


class Sink:
    def __init__(self, world, party, listen, tell, **options):
        self.program = Lines(world, 'sink', [world.bench_load, 'sink', '--listen', listen, '--tell', tell, *source_options(options)], party)
        wait_until(lambda: self.program.find(lambda line: 'ready' in line), 30, 'the sink to listen')

    def wait_for(self, count, seconds):
        """The time when that many had arrived; None if they did not in time."""
        def reached():
            return self.program.find(lambda line: line.get('arrived', 0) >= count) or self.program.popen.poll() is not None
        try:
            found = wait_until(reached, seconds, 'arrivals', every=0.01)
        except Exception:
            return None
        return found['at'] if isinstance(found, dict) else None

    def finish(self):
        self.program.popen.send_signal(signal.SIGTERM)
        return self.program.end(30)


def source_options(options):
    return [word for key, value in options.items() for word in (f'--{key.replace("_", "-")}', value)]


def start_source(world, party, address, **options):
    return Lines(world, 'source', [world.bench_load, 'source', '--to', address, *source_options(options)], party)


def start_commands(world, party, command, environment, **options):
    return Lines(world, 'commands', [world.bench_load, 'commands', *source_options(options), '--', *command], party, environment)


class PostfixSource:
    """smtp-source: one for each domain, the sessions shared among them; as Postfix has it, it does not pipeline."""

    def __init__(self, world, party, address, messages, domains, sessions, size, per_connection):
        self.start, self.messages = time.monotonic_ns(), messages
        share = [messages // len(domains) + (n < messages % len(domains)) for n in range(len(domains))]
        self.programs = [self.launch(world, party, number, [
            '-4', '-s', max(sessions // len(domains), 1), '-m', count, '-l', size, '-f', 'bench@sender.example', '-t', f'you@{domain}',
            *(['-d'] if per_connection > 1 else []), f'inet:{address}']) for number, (domain, count) in enumerate(zip(domains, share)) if count]

    def launch(self, world, party, number, options):
        command = [*party.prefix(), world.peer('smtp-source', 'postfix'), *options]
        return party.own(world.start(f'smtp-source-{number}', command, env=world.peer_environment()))

    def end(self, seconds):
        codes = [program.wait(seconds) for program in self.programs]
        accepted = self.messages if not any(codes) else 0
        return {'start': self.start, 'end': time.monotonic_ns(), 'accepted': accepted, 'accept_ms': {'p50': None, 'p99': None}}


class PostfixSink:
    """smtp-sink on all addresses. It ends with the last expected message, so repeated ones are not seen."""

    def __init__(self, world, party, count):
        user = ['-u', 'root'] if is_root() else []
        command = [*party.prefix(), world.peer('smtp-sink', 'postfix'), *user, '-M', count, '0.0.0.0:25', 4096]
        self.process, self.count = party.own(world.start('smtp-sink', command, env=world.peer_environment())), count
        wait_until(lambda: accepts('127.0.0.1', 25), 20, 'smtp-sink to listen')

    def wait_for(self, count, seconds):
        try:
            self.process.wait(seconds)
        except Failure:
            return None
        return time.monotonic_ns()

    def finish(self):
        arrived = 0 if self.process.running() else self.count
        return {'arrived': arrived, 'distinct': arrived, 'damaged': 0, 'wait_ms': {'count': 0}, 'warm_wait_ms': {'count': 0}, 'signatures': 0, 'good': {'connections': None}}
