"""Commands of /etc/aliases with whole programs: run by mxpress-runner as another user, and only for mxpressd."""
import os
import pwd

from aliases_scenario import local_mail, replace
from daemon import Daemon
from delivery_scenario import ZONE
from harness import Skip, check, check_equal, daemon_user, is_root, wait_until
from local_scenario import ask_as
from peers import Sink, Unbound

HELLO = b'Subject: hi\n\nFrom me\nhello\n'


class Commands:
    """A daemon whose aliases have commands, and the mxpress-runner for them."""

    def __init__(self, world, allow='true', timeout='30s'):
        if not is_root():
            raise Skip('only root may become another user')
        self.world, self.folder = world, world.make_folder('commands')
        self.home = world.make_folder('commands/home', 0o700, 'nobody')
        self.file, self.socket = self.folder / 'aliases', self.folder / 'commands.sock'
        self.aliases('')
        port = world.free_port()
        self.sink = Sink(world, 'mx1', '127.0.0.11', port).start()
        local = (f'[local]\nalias_file = "{self.file}"\nallow_commands = {allow}\ncommand_socket = "{self.socket}"\ndeliver = "keep"\n'
                 f'[runner]\ntimeout = "{timeout}"\n')
        self.daemon = Daemon(world, Unbound(world, ZONE).port, port, extra=local)

    def script(self, name, text):
        path = self.folder / name
        path.write_text('#!/bin/sh\n' + text)
        path.chmod(0o755)
        return path

    def aliases(self, text):
        replace(self.file, text)

    def start(self):
        self.process = self.world.start('commands', [self.world.program('mxpress-runner'), '--aliases', '-c', self.daemon.config])
        wait_until(lambda: f' {self.socket}\n' in open('/proc/net/unix').read() or not self.process.running(), 20, lambda: self.process.log_text())
        check(self.process.running(), f'mxpress-runner ended: {self.process.log_text()}')
        return self

    def reply(self, recipient):
        return [event['reply'] for event in self.daemon.attempts() if recipient in event['to']]


def scenario_a_command_of_an_alias_gets_the_mail_as_nobody(world):
    commands = Commands(world)
    home = commands.home
    script = commands.script('take', f'{{ id -un; echo "$SENDER,$RECIPIENT,$LOCAL,$1,$2,$#"; cat; }} >{home}/got\n')
    commands.aliases(f'list: "|{script} one \'two words\'", you@there.example\nother: list, root\n')
    daemon = commands.daemon.start()
    commands.start()
    daemon.send(['-f', 'me@there.example', 'other+tag'], HELLO)
    daemon.wait_for_empty_queue()
    lines = (home / 'got').read_text().split('\n')
    check_equal(lines[:2], ['nobody', "me@there.example,other+tag@mta.here.example,list,one,two words,2"], 'user, environment and words')
    check(lines[2].startswith('From me@there.example ') and lines[3:5] == ['Return-Path: <me@there.example>', 'Delivered-To: other+tag@mta.here.example'], f'front: {lines[2:6]}')
    check('\r' not in ''.join(lines) and lines[-4:] == ['', 'From me', 'hello', ''], f'content: {lines[-6:]}')
    check_equal(commands.sink.count(), 1, 'messages at the mail host')
    check_equal(len(local_mail(daemon)), 1, 'messages for root')
    check_equal(os.listdir(f'/proc/{daemon.process.pid}/task/{daemon.process.pid}') != [] and
                open(f'/proc/{daemon.process.pid}/task/{daemon.process.pid}/children').read(), '', 'processes that mxpressd has started')
    status = open(f'/proc/{commands.process.pid}/status').read()
    check(f'Uid:\t{pwd.getpwnam("nobody").pw_uid}\t' in status and 'CapEff:\t0000000000000000' in status, f'rights of the runner: {status[:900]}')
    code, output, errors = daemon.mxpress('aliases', 'list')
    check('command 1 of the alias list' in output, f'mxpress aliases: {output}{errors}')
    daemon.stop()
    check_equal(commands.process.stop(), 0, 'exit status of mxpress-runner')


def scenario_exit_codes_of_commands_decide(world):
    commands = Commands(world, timeout='2s')
    later = commands.script('later', f'[ -e {commands.home}/now ] || exit 75\n')
    commands.script('no', 'echo; echo "nobody of that name, I fear"; echo more; exit 67\n')
    hang = commands.script('hang', 'sleep 1000\n')
    commands.aliases(f'later: |{later}\nno: |{commands.folder}/no\nhang: |{hang}\ngone: |{commands.folder}/gone\nshell: "|/bin/cat >/tmp/x"\nroot: \\root\nme: \\me\n')
    daemon = commands.daemon.start()
    code, errors = daemon.sendmail(['shell'], HELLO)
    check_equal(code, 67, f'exit status ({errors})')
    check("no shell reads the command, so that '>' means nothing" in errors, f'words of sendmail: {errors}')
    daemon.send(['-f', 'root', 'no'], HELLO)
    wait_until(lambda: commands.reply('no/1'), 20, lambda: daemon.log()[-800:])
    check('systemctl status mxpress-commands.socket' in commands.reply('no/1')[0], f'without the runner: {commands.reply("no/1")}')
    commands.start()
    for name in ('later', 'hang', 'gone'):
        daemon.send(['-f', 'root', name], HELLO)
    wait_until(lambda: all(commands.reply(f'{name}/1') for name in ('later', 'hang', 'gone')) and local_mail(daemon), 30, lambda: daemon.log()[-1500:])
    check('ended with status 75' in commands.reply('later/1')[0], f'later: {commands.reply("later/1")}')
    check('did not end within 2 s' in commands.reply('hang/1')[0], f'hang: {commands.reply("hang/1")}')
    check('is not there' in commands.reply('gone/1')[0], f'gone: {commands.reply("gone/1")}')
    [notice] = local_mail(daemon)
    check(b'5.1.1' in notice and b'nobody of that name, I fear' in notice and b'no@mta.here.example' in notice, f'the notice: {notice}')
    (commands.home / 'now').touch()
    commands.script('gone', 'exit 0\n')
    # A command that is another one now: the runner reads it from the file.
    commands.aliases(f'later: |{later}\nhang: |/bin/true\ngone: |{commands.folder}/gone\n')
    daemon.wait_for_empty_queue()
    daemon.stop()


def scenario_procmail_as_a_command_sorts_into_a_folder(world):
    commands = Commands(world)
    procmail = world.peer('procmail', 'procmail')
    rc = commands.folder / 'rc'
    rc.write_text(f'MAILDIR={commands.home}\nDEFAULT={commands.home}/rest\nLOGFILE=/dev/null\n:0:\n* ^Subject:.*list\nlist\n')
    rc.chmod(0o644)
    commands.aliases(f'sort: "|{procmail} -m {rc}"\n')
    daemon = commands.daemon.start()
    commands.start()
    for subject in ('to the list', 'else'):
        daemon.send(['-f', 'me@there.example', 'sort'], f'Subject: {subject}\n\nFrom here\n'.encode())
    daemon.wait_for_empty_queue()
    for name, subject in (('list', 'to the list'), ('rest', 'else')):
        text = (commands.home / name).read_text()
        check(text.startswith('From me@there.example ') and f'Subject: {subject}\n' in text and '\n>From here\n' in text, f'{name}: {text}')
    daemon.stop()


def changeable_memory():
    """Open for reading, and not sealed: whoever has made it may write to it."""
    memory = os.memfd_create('message', os.MFD_ALLOW_SEALING)
    os.write(memory, b'Subject: x\n\n')
    return open(f'/proc/self/fd/{memory}', 'rb')


def scenario_no_command_runs_without_leave_or_for_others(world):
    commands = Commands(world, allow='false')
    commands.aliases(f'list: "|/usr/bin/touch {commands.home}/touched"\n')
    daemon = commands.daemon.start()
    code, errors = daemon.sendmail(['list'], HELLO)
    check_equal(code, 67, f'exit status ({errors})')
    check(f'{commands.file}:1: no command is run for mail' in errors, f'words of sendmail: {errors}')
    refused = world.run([world.program('mxpress-runner'), '--aliases', '-c', daemon.config])
    check(refused.returncode == 1 and b'allow_commands is false' in refused.stderr, f'mxpress-runner --aliases: {refused}')
    daemon.stop()
    daemon.config.write_text(daemon.config.read_text().replace('allow_commands = false', 'allow_commands = true'))
    daemon.start()
    commands.start()
    code, errors = daemon.sendmail(['list/1@alias-command.invalid'], HELLO)
    check(code != 0 and 'write to the alias' in errors, f'a command by its name: {code} {errors}')

    packet = b'mxpress-command 1\0list\0001\0\0list@here.example\0'
    owner = pwd.getpwnam(daemon_user()).pw_uid
    check_equal(ask_as(12345, commands.socket, packet), 'may not connect', 'what another user is told')
    commands.socket.chmod(0o666)
    check('may ask mxpress-runner' in ask_as(12345, commands.socket, packet), 'another user may ask')
    check('no message that it may read' in ask_as(owner, commands.socket, packet, changeable_memory), 'memory that may change is a message')
    check('no message that it may read' in ask_as(owner, commands.socket, packet, lambda: open('/dev/null', 'rb')), 'a device is a message')
    check(not (commands.home / 'touched').exists(), 'the command ran')
    daemon.send(['list'], HELLO)
    daemon.wait_for_empty_queue()
    check((commands.home / 'touched').exists(), 'the command did not run')
    commands.file.chmod(0o666)
    daemon.send(['list'], HELLO)
    wait_until(lambda: daemon.attempts('deferred'), 20, lambda: daemon.log()[-800:])
    check('may be written by others' in daemon.attempts('deferred')[0]['reply'], f'the reason: {daemon.attempts("deferred")}')
    commands.file.chmod(0o644)
    daemon.wait_for_empty_queue()
    daemon.stop()
