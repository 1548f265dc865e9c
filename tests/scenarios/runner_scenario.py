"""Passwords printed by a command: mxpressd, mxpress-runner and a real provider."""
import contextlib
import pathlib
import pwd
import socket

from daemon import Daemon
from delivery_scenario import HELLO
from harness import Skip, check, check_equal, daemon_user, is_root, said_as, wait_until
from peers import Unbound
from provider_scenario import ZONE, Provider
from runner import Runner

def ask_as(user, path):
    """The runner's answer to that user: a request of proto/runner.proto by hand."""
    def talk():
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(path))
            name = b'provider'
            body = bytes([8, 1, 0x12, len(name) + 2, 0x0a, len(name)]) + name
            with contextlib.suppress(OSError):  # it may have hung up behind its answer
                client.sendall(len(body).to_bytes(4, 'big') + body)
            return client.recv(4096)[4:]  # one piece; behind it the connection may be reset
    account = pwd.getpwnam(user)
    return said_as(account.pw_uid, account.pw_gid, talk)


def prepare(world):
    """A daemon that is not started yet, and its runner."""
    provider, runner = Provider(world), Runner(world)
    daemon = Daemon(world, Unbound(world, ZONE).port, 25, extra=runner.config() + provider.route(password=runner.password()))
    return provider, runner, daemon


def status_is_red(daemon, words):
    code, status = daemon.mxpress('status')[:2]
    check(code != 0, f'mxpress status finds nothing wrong: {status}')
    check(words in status, f'status does not say "{words}": {status}')


def children_of(process):
    return pathlib.Path(f'/proc/{process.pid}/task/{process.pid}/children').read_text().split()


def scenario_a_command_prints_the_password(world):
    provider, runner, daemon = prepare(world)
    runner.becomes('[ "$1,$2,$MXPRESS_CREDENTIALS,$(id -u)" = "show,a word,provider,' + (f'$(id -u {runner.user})' if runner.user else '$(id -u)') +
                   '" ] && echo right\n')
    runner.start(daemon.config)
    daemon.start()
    daemon.send(['-f', 'me@here.example', 'you@there.example'], HELLO)
    daemon.wait_for_empty_queue()
    check_equal(len(provider.postfix.messages()), 1, 'messages at the provider')
    check_equal(daemon.mxpress('status')[0], 0, 'exit status of mxpress status')
    check_equal(children_of(daemon.process), [], 'processes that mxpressd has started')
    for text in (daemon.log(), runner.log(), daemon.mxpress('show', daemon.accepted_ids()[0])[1], daemon.mxpress('config', 'show')[1]):
        check('right' not in text.replace('The configuration is right', ''), f'the password can be read: {text}')
    daemon.stop()
    check_equal(runner.process.stop(), 0, 'exit status of mxpress-runner')


def scenario_a_command_that_fails_keeps_the_mail_and_one_that_works_again_sends_it(world):
    provider, runner, daemon = prepare(world)
    daemon.start()
    daemon.send(['-f', 'me@here.example', 'you@there.example'], HELLO)
    wait_until(lambda: daemon.attempts('deferred'), 30, 'the first attempt')
    status_is_red(daemon, 'systemctl enable --now mxpress-runner.socket')
    runner.becomes('echo the store is locked >&2; exit 2\n')
    runner.start(daemon.config)
    wait_until(lambda: 'ended with status 2: the store is locked' in daemon.mxpress('status')[1], 60, 'the failure of the command')
    status_is_red(daemon, '[credentials.provider]')
    check_equal(sum(' alert ' in line for line in daemon.log().splitlines()), 1, 'alerts')
    check(not daemon.attempts('failed') and not daemon.events('bounced'), 'mail was returned')
    runner.becomes('echo right\n')
    daemon.wait_for_empty_queue(120)
    check_equal(len(provider.postfix.messages()), 1, 'messages at the provider')
    wait_until(lambda: daemon.mxpress('status')[0] == 0, 10, lambda: f'status to be fine: {daemon.mxpress("status")[1]}')
    check_equal(len(daemon.events('reload')), 0, 'reloads')
    daemon.stop()


def scenario_a_password_that_is_refused_is_fetched_again(world):
    """As a token that ends in the middle of a backlog."""
    provider, runner, daemon = prepare(world)
    runner.becomes('[ -e "$0.used" ] && exec echo right\n: >"$0.used"; echo wrong\n')
    runner.start(daemon.config)
    daemon.start()
    for number in range(5):
        daemon.send(['-f', 'me@here.example', f'you{number}@there.example'], HELLO)
    daemon.wait_for_empty_queue()
    check_equal(len(provider.postfix.messages()), 5, 'messages at the provider')
    check(any('reply="535' in line for line in daemon.log().splitlines()), 'the first password was not refused')
    check(not daemon.attempts('failed') and not daemon.events('bounced'), 'mail was returned')
    check_equal(daemon.mxpress('status')[0], 0, 'exit status of mxpress status')
    check_equal(sum(' command ' in line for line in runner.log().splitlines()), 2, 'times that the command has run')
    daemon.stop()


def scenario_a_command_that_hangs_keeps_nothing_waiting(world):
    provider, runner, daemon = prepare(world)
    daemon.config.write_text(daemon.config.read_text().replace('timeout = "30s"', 'timeout = "1s"'))
    runner.becomes('sleep 1000 & echo half\nsleep 1000\n')
    runner.start(daemon.config)
    daemon.start(seconds=20)
    daemon.send(['-f', 'me@here.example', 'you@there.example'], HELLO)
    wait_until(lambda: 'did not end within 1 s' in daemon.mxpress('status')[1], 60, 'the end of the command')
    check('half' not in daemon.log() + runner.log(), 'the log has what the command printed')
    runner.becomes('sleep 1000\n')
    daemon.stop()
    check_equal(runner.process.stop(), 0, 'exit status of mxpress-runner')


def scenario_systemd_starts_the_runner_by_its_socket(world):
    activate = world.peer('systemd-socket-activate', 'systemd')
    provider, runner, daemon = prepare(world)
    runner.becomes('echo right\n')
    runner.start(daemon.config, [activate, '-l', runner.socket])
    runner.socket.chmod(0o666)
    daemon.start()
    daemon.send(['-f', 'me@here.example', 'you@there.example'], HELLO)
    daemon.wait_for_empty_queue()
    check_equal(len(provider.postfix.messages()), 1, 'messages at the provider')
    daemon.stop()
    check_equal(runner.process.stop(), 0, 'exit status of mxpress-runner')


def scenario_only_the_daemon_may_ask_the_runner(world):
    if not is_root():
        raise Skip('only root can be others')
    runner = Runner(world)
    daemon = Daemon(world, world.free_port(), 25, extra=runner.config() + f'[credentials.provider]\nuser = "me"\n{runner.password()}\n')
    runner.becomes('echo right\n')
    runner.start(daemon.config)
    for user in ('root', daemon_user()):
        check('right' in (answer := ask_as(user, runner.socket)), f'{user} is refused: {answer}')
    for user in ('games', runner.user):
        check('only root and the user of mxpressd' in (answer := ask_as(user, runner.socket)), f'{user} is answered: {answer}')
