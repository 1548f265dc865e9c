"""Shared by all scenarios: a folder, programs that end with it, waits with a deadline. Python's standard library only."""
import os
import pathlib
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time


# How much slower than usual the programs are, as under a sanitizer: every wait is multiplied by it, and their memory means nothing.
SLOWNESS = float(os.environ.get('MXPRESS_SLOWNESS', '1'))


class Failure(Exception):
    """The scenario did not happen as it should."""


class Skip(Exception):
    """Something that the scenario needs is not on this machine; the reason is printed."""


def check(condition, what):
    if not condition:
        raise Failure(what)


def check_equal(found, expected, what):
    if found != expected:
        raise Failure(f'{what}: expected {shorten(expected)}, found {shorten(found)}')


def shorten(value):
    text = repr(value)
    return text if len(text) < 600 else f'{text[:400]} ... {text[-150:]} ({len(text)} characters)'


def wait_until(condition, seconds, what, every=0.02):
    """Returns the first true value of condition(); a Failure names the event."""
    seconds *= SLOWNESS
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise Failure(f'waited {seconds} s without success: {what() if callable(what) else what}')
        time.sleep(every)


def accepts(address, port):
    family = socket.AF_INET6 if ':' in address else socket.AF_INET
    with socket.socket(family) as probe:
        probe.settimeout(2)
        return probe.connect_ex((address, port)) == 0


def unix_accepts(path):
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(2)
        return probe.connect_ex(str(path)) == 0


def is_root():
    return os.geteuid() == 0


def daemon_user():
    """Started by root, the daemon becomes this user; every Debian has it."""
    return 'nobody' if is_root() else pwd.getpwuid(os.geteuid()).pw_name


def not_under_asan(why):
    if 'ASAN_OPTIONS' in os.environ:
        raise Skip(f'AddressSanitizer cannot be used: {why}')


class Process:
    """A program that the scenario started; ended by its process id."""

    def __init__(self, name, command, log, **options):
        self.name, self.log = name, log
        with open(log, 'ab') as output:
            self.popen = subprocess.Popen([str(part) for part in command], stdin=subprocess.DEVNULL, stdout=output, stderr=output, **options)
        self.pid = self.popen.pid

    def running(self):
        return self.popen.poll() is None

    def signal(self, number):
        if self.running():
            self.popen.send_signal(number)

    def wait(self, seconds):
        seconds *= SLOWNESS
        try:
            return self.popen.wait(seconds)
        except subprocess.TimeoutExpired:
            raise Failure(f'{self.name} (pid {self.pid}) did not end within {seconds} s')

    def stop(self, seconds=20):
        """Asks it to end; the exit status, or the negative signal number."""
        seconds *= SLOWNESS
        self.signal(signal.SIGTERM)
        try:
            return self.popen.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            raise Failure(f'{self.name} did not end within {seconds} s of SIGTERM')

    def kill(self):
        self.signal(signal.SIGKILL)
        self.popen.wait(20)

    def cpu_seconds(self):
        fields = pathlib.Path(f'/proc/{self.pid}/stat').read_text().rpartition(')')[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf('SC_CLK_TCK')

    def peak_memory_kib(self):
        if SLOWNESS != 1:
            return 0
        for line in pathlib.Path(f'/proc/{self.pid}/status').read_text().splitlines():
            if line.startswith('VmHWM:'):
                return int(line.split()[1])
        return 0

    def log_text(self):
        return pathlib.Path(self.log).read_text(errors='replace')


class World:
    """One scenario's folder, ports and programs."""

    def __init__(self, build, peers):
        self.build, self.peers = pathlib.Path(build).resolve(), pathlib.Path(peers).resolve()
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix='mxpress-'))
        self.folder.chmod(0o755)  # the daemon's user passes through
        self.processes, self.notes, self.at_end = [], [], []

    def note(self, text):
        self.notes.append(text)

    def path(self, name):
        return self.folder / name

    def make_folder(self, name, mode=0o755, owner=None):
        folder = self.folder / name
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(mode)
        if owner and is_root():
            shutil.chown(folder, owner)
        return folder

    def start(self, name, command, **options):
        process = Process(name, command, self.path(name + '.log'), **options)
        self.processes.append(process)
        return process

    def run(self, command, input=b'', seconds=60, **options):
        """Runs a program to its end; never raises for its exit status."""
        seconds *= SLOWNESS
        try:
            return subprocess.run([str(part) for part in command], input=input, capture_output=True, timeout=seconds, **options)
        except subprocess.TimeoutExpired:
            raise Failure(f'{command[0]} did not end within {seconds} s')

    def program(self, name):
        """One of ours."""
        path = self.build / 'bin' / name
        check(path.exists(), f'{path} was not built')
        return path

    def peer(self, name, package):
        """A program of others: installed, or unpacked by scripts/setup."""
        found = shutil.which(name, path='/usr/sbin:/usr/bin:/sbin:/bin')
        if found:
            return found
        for folder in ('usr/sbin', 'usr/bin', 'sbin', 'bin'):
            path = self.peers / 'root' / folder / name
            if path.exists():
                return str(path)
        missing = self.peers / f'{package}.missing'
        raise Skip(missing.read_text().strip() if missing.exists() else f'{name} (package {package}) is not here: run scripts/setup')

    def peer_environment(self):
        root = self.peers / 'root'
        libraries = [root / 'usr/lib/postfix', *root.glob('usr/lib/*-linux-gnu'), *root.glob('lib/*-linux-gnu')]
        return {**os.environ, 'LD_LIBRARY_PATH': ':'.join(str(folder) for folder in libraries)}

    def mount_namespace(self):
        """The beginning of a command with private mounts."""
        if not is_root():
            raise Skip('only root may mount')
        tried = self.run(['unshare', '-m', 'true'])
        if tried.returncode:
            raise Skip(f'no mounts of our own here: {tried.stderr.decode().strip()}')
        return ['unshare', '-m']

    def free_port(self, address='127.0.0.1'):
        """A free port on this address, for TCP and UDP."""
        for _ in range(50):
            with socket.socket() as tcp, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
                tcp.bind((address, 0))
                try:
                    udp.bind(tcp.getsockname())
                except OSError:
                    continue
                return tcp.getsockname()[1]
        raise Failure('found no free port')

    def close(self, keep):
        for action in reversed(self.at_end):
            action()
        for process in reversed(self.processes):
            if process.running():
                process.signal(signal.SIGTERM)
        for process in reversed(self.processes):
            try:
                process.popen.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
        if not keep:
            shutil.rmtree(self.folder, ignore_errors=True)


def said_as(uid, gid, talk):
    """The octets that talk() returns in a process of this user, as text."""
    ours, theirs = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.setgroups([])
            os.setresgid(gid, gid, gid)
            os.setresuid(uid, uid, uid)
            os.write(theirs, talk())
        finally:
            os._exit(0)
    os.close(theirs)
    with os.fdopen(ours, 'rb') as answer:
        text = answer.read().decode(errors='replace')
    os.waitpid(child, 0)
    return text
