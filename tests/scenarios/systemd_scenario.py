"""Sockets opened by another process, like systemd, that stay open while the daemon restarts."""
import os
import re
import socket
import smtplib
import subprocess
import threading

from daemon import Daemon
from harness import check, check_equal, wait_until
from practice import PracticeInternet

FIRST = 3  # SD_LISTEN_FDS_START


class Systemd:
    """Opens the sockets of mxpress.socket and mxpress-smtp.socket, and starts the daemon with them."""

    def __init__(self, daemon):
        self.daemon = daemon
        self.sockets = [('local', self.unix(daemon.submission)), ('local', self.unix(daemon.control)), ('smtp', self.tcp(daemon.smtp_port))]

    @staticmethod
    def unix(path):
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(path))
        os.chmod(path, 0o666)
        listener.listen(512)
        return listener

    @staticmethod
    def tcp(port):
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(('127.0.0.1', port))
        listener.listen(512)
        return listener

    def prefix(self):
        """A program that places the descriptors and sets the environment, in the process that becomes the daemon."""
        numbers = [listener.fileno() for _, listener in self.sockets]
        names = ':'.join(name for name, _ in self.sockets)
        code = ('import os, sys\n'
                f'numbers = [os.dup(number) for number in {numbers}]\n'
                f'high = [os.dup2(number, {FIRST} + 100 + i, False) for i, number in enumerate(numbers)]\n'
                f'for i, number in enumerate(high): os.dup2(number, {FIRST} + i, True)\n'
                f'os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS=str({len(numbers)}), LISTEN_FDNAMES="{names}")\n'
                'os.execv(sys.argv[1], sys.argv[1:])')
        return ['python3', '-c', code], numbers

    def launch(self):
        daemon = self.daemon
        prefix, numbers = self.prefix()
        daemon.starts += 1
        command = [*prefix, daemon.world.program('mxpressd'), '-c', daemon.config]
        daemon.process = daemon.world.start(f'mxpressd-{daemon.starts}', command, pass_fds=numbers)
        return self

    def close(self):
        for _, listener in self.sockets:
            listener.close()


class Client(threading.Thread):
    """Submits messages one after the other, each until it is accepted; notes every refused connection."""

    def __init__(self, hand_in, number):
        super().__init__()
        self.hand_in, self.number = hand_in, number
        self.taken, self.refused, self.again, self.wrong, self.ends = [], [], 0, [], threading.Event()

    def run(self):
        try:
            while not self.ends.is_set():
                self.send_one(f'{self.number}-{len(self.taken)}')
        except Exception as error:  # told by the scenario
            self.wrong.append(repr(error))

    def send_one(self, name):
        while True:
            try:
                self.hand_in(name)
            except (ConnectionRefusedError, FileNotFoundError) as error:
                self.refused.append(repr(error))
                return
            except (smtplib.SMTPException, ConnectionResetError, BrokenPipeError) as error:
                if not self.says_later(error):
                    raise
                self.again += 1  # told to come again before the message was taken
            else:
                self.taken.append(name)
                return


    @staticmethod
    def says_later(error):
        if isinstance(error, smtplib.SMTPRecipientsRefused):
            return all(code == 421 for code, _ in error.recipients.values())
        return not isinstance(error, smtplib.SMTPResponseException) or error.smtp_code == 421


def text(name):
    return f'Subject: {name}\r\n\r\nx\r\n'.encode()


def scenario_a_restart_under_load_refuses_no_connection_and_loses_and_repeats_nothing(world):
    internet = PracticeInternet(world)
    daemon = Daemon(world, internet.dns_port, internet.smtp_port)
    systemd = Systemd(daemon).launch()
    first_pid = daemon.process.pid

    def by_smtp(name):
        with socket.create_connection(('127.0.0.1', daemon.smtp_port), 60):  # refused or not: smtplib would hide it behind its own errors
            pass
        client = daemon.smtp()
        try:
            client.sendmail('me@here.example', ['you@healthy.example'], text(name))  # after this it is accepted, even if QUIT fails
        finally:
            client.close()

    def by_sendmail(name):
        with socket.socket(socket.AF_UNIX) as probe:
            probe.connect(str(daemon.submission))
        code, errors = daemon.sendmail(['you@healthy.example'], text(name))
        if code == 75 and '421' in errors:  # the daemon stopped in the middle of the content, and says so
            raise smtplib.SMTPResponseException(421, errors)
        check_equal(code, 0, f'exit status of sendmail ({errors.strip()})')

    clients = [Client(by_smtp, 1), Client(by_smtp, 2), Client(by_sendmail, 3)]
    for client in clients:
        client.start()
    for restart in range(6):
        before = [len(client.taken) for client in clients]
        wait_until(lambda: any(c.wrong for c in clients) or all(len(c.taken) >= n + 5 for c, n in zip(clients, before)), 60,
                   'five messages more of each client')
        if restart < 5 and not any(client.wrong for client in clients):
            daemon.stop()
            systemd.launch()
    for client in clients:
        client.ends.set()
    for client in clients:
        client.join(60)
    check_equal([client.wrong for client in clients], [[], [], []], 'errors of clients')
    check_equal([client.refused for client in clients], [[], [], []], 'refused connections')
    check(daemon.process.pid != first_pid, 'a restart')
    daemon.wait_for_empty_queue()
    taken = sorted(name for client in clients for name in client.taken)
    arrived = [re.search(rb'^Subject: (.*?)\r?$', event['content'], re.MULTILINE).group(1).decode() for event in internet.delivered('healthy.example')]
    check_equal([name for name in taken if name not in arrived], [], 'lost messages')
    check_equal(sorted(set(name for name in arrived if arrived.count(name) > 1)), [], 'repeated messages')
    check_equal(len(arrived), len(taken), 'messages that have arrived')
    daemon.stop()
    check(daemon.submission.exists() and daemon.control.exists(), 'the files of passed sockets stay')
    systemd.close()
    world.note(f'5 restarts, {len(taken)} messages by 3 clients: none lost, none twice, no connection refused; '
               f'{sum(client.again for client in clients)} times a client was told to come again')


def scenario_a_passed_socket_of_another_path_is_named_and_stops_the_start(world):
    internet = PracticeInternet(world)
    daemon = Daemon(world, internet.dns_port, internet.smtp_port)
    systemd = Systemd(daemon)
    systemd.sockets[0] = ('local', Systemd.unix(daemon.run_folder / 'elsewhere'))
    systemd.launch()
    check_equal(daemon.process.wait(20), 1, 'exit status of mxpressd')
    check('elsewhere\\", which is neither submission_socket nor control_socket' in daemon.log(), f'a reason that names the path: {daemon.log()[-300:]}')
    systemd.close()


def scenario_bash_completes_commands_options_and_words(world):
    def complete(*words):
        line = ' '.join(f"'{word}'" for word in ('mxpress', *words))
        script = (f'source <({world.program("mxpress")} completion bash); COMP_WORDS=({line}); COMP_CWORD={len(words)}; _mxpress; '
                  'echo "${COMPREPLY[*]}"')
        result = subprocess.run(['bash', '-c', script], capture_output=True, text=True, timeout=60)
        check_equal(result.stderr, '', 'errors of bash')
        return result.stdout.split()

    check_equal(complete('re'), ['replies', 'release', 'retry', 'remove', 'reload'], 'commands that begin with re')
    check_equal(complete('config', ''), ['check', 'show'], 'words behind config')
    check_equal(complete('queue', '--state', 'd'), ['deferred'], 'states')
    check_equal(complete('queue', '--re'), ['--recipient', '--repair', '--retry'], 'options')
    check_equal(complete('queue', 'qu'), [], 'no second command')
