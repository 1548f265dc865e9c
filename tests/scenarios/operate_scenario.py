"""Actions of an operator: with and without the daemon, as root and as another user, with a good and a bad configuration."""
import os
import pathlib
import pwd
import re
import signal
import socket
import sys
import threading
import time

from daemon import Daemon
from delivery_scenario import HELLO, ZONE, check_notice, one_message, sent_unchanged
from harness import SLOWNESS, check, check_equal, daemon_user, is_root, wait_until
from peers import Sink, Unbound


def start(world, **options):
    port = world.free_port()
    daemon = Daemon(world, Unbound(world, ZONE).port, port, **options)
    return Sink(world, 'mx1', '127.0.0.11', port), daemon


def scenario_sendmail_without_the_daemon_leaves_mail_that_it_takes_at_its_start(world):
    sink, daemon = start(world)
    daemon.start()
    daemon.stop()
    daemon.send(['-f', 'me@here.example', 'you@there.example'], HELLO)
    check_equal(len([n for n in os.listdir(daemon.spool / 'drop') if not n.endswith('.part')]), 1, 'files in the drop folder')
    sink.start()
    daemon.start()
    wait_until(lambda: sink.count() == 1, 20, 'the message to arrive')
    daemon.wait_for_empty_queue()
    sent_unchanged(sink.messages()[0].content, HELLO, 'the message')
    check_equal(os.listdir(daemon.spool / 'drop'), [], 'the drop folder afterwards')
    daemon.stop()


def scenario_a_caller_without_unix_sockets_hands_in_by_the_drop_folder(world):
    sink, daemon = start(world)
    sink.start()
    daemon.start()
    restrict = pathlib.Path(__file__).with_name('no_unix_sockets.py')
    command = [sys.executable, restrict, world.program('sendmail'), '-f', 'me@here.example', 'you@there.example']
    result = world.run(command, HELLO, env=daemon.environment())
    check_equal(result.returncode, 0, f'exit status of sendmail ({result.stderr.decode()})')
    wait_until(lambda: sink.count() == 1, 20, 'the message to arrive')
    daemon.stop()


def scenario_a_taken_port_is_told_and_mail_of_sendmail_leaves_all_the_same(world):
    sink, daemon = start(world)
    sink.start()
    with socket.create_server(('127.0.0.1', daemon.smtp_port)):
        daemon.start()
        daemon.send(['-f', 'me@here.example', 'you@there.example'], HELLO)
        wait_until(lambda: sink.count() == 1, 20, 'the message to arrive')
        code, output, _ = daemon.mxpress('status')
    check(code != 0, 'mxpress status calls the daemon well')
    check(f'cannot listen on 127.0.0.1:{daemon.smtp_port}' in output, f'mxpress status does not name the port: {output}')
    check('cannot listen on' in daemon.process.log_text(), 'the log does not tell of the port')
    daemon.stop()


def scenario_a_retry_without_the_daemon_is_obeyed_at_its_start_though_the_host_was_dead(world):
    sink, daemon = start(world, retry='1h*')
    waiting_message(daemon)
    daemon.stop()
    code, output, _ = daemon.mxpress('retry', '--all')
    check_equal((code, 'will be tried when mxpressd starts' in output), (0, True), f'mxpress retry without the daemon: {output}')
    sink.start()
    daemon.start()
    wait_until(lambda: sink.count() == 1, 20, 'the message to arrive')
    daemon.wait_for_empty_queue()
    check_equal(daemon.sendmail(['-q'], b'')[0], 0, 'exit status of sendmail -q on an empty queue')
    daemon.stop()


def scenario_what_is_too_big_comes_back_though_no_daemon_ran_when_it_was_handed_in(world):
    port = world.free_port()
    sender = Sink(world, 'here', '127.0.0.13', port).start()
    daemon = Daemon(world, Unbound(world, ZONE).port, port, extra_top='max_message_size = 1000000')
    daemon.start()
    daemon.stop()
    daemon.send(['-f', 'me@here.example', 'you@there.example'], HELLO + b'line\n' * 400_000)
    daemon.start()
    wait_until(lambda: sender.count() == 1, 20, 'the notice')
    daemon.wait_for_empty_queue()
    check_notice(one_message(sender), 'you@there.example', '5.3.4', None)
    check_equal(os.listdir(daemon.spool / 'drop'), [], 'the drop folder afterwards')
    daemon.stop()


def scenario_a_stop_right_after_mail_that_goes_back_was_taken_ends_well_and_tells_what_became_of_it(world):
    port = world.free_port()
    sender = Sink(world, 'here', '127.0.0.13', port).start()
    daemon = Daemon(world, Unbound(world, ZONE).port, port, extra_top='max_recipients = 100')
    daemon.start()
    daemon.stop()
    daemon.send(['-f', 'me@here.example', *(f'you{n}@there.example' for n in range(101))], HELLO)
    daemon.start()
    wait_until(lambda: ' accepted ' in daemon.process.log_text(), 20, 'the drop file to be taken', every=0.005)
    daemon.stop()
    check_equal(daemon.process.log_text().count(' attempt outcome=failed '), 100, 'lines of failed recipients')
    daemon.start()
    wait_until(lambda: sender.count() == 1, 20, 'the notice')
    daemon.wait_for_empty_queue()
    daemon.stop()


class SlowHost:
    """A mail host that keeps silent at one moment, 'connect', 'data' or 'dot', until it is let go on."""

    def __init__(self, world, port, silent_at):
        self.silent_at, self.go_on = silent_at, threading.Event()
        self.reached, self.taken = threading.Event(), 0
        self.socket = socket.create_server(('127.0.0.11', port))
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()
        world.at_end.append(self.end)

    def pause_at(self, moment):
        if moment == self.silent_at:
            self.reached.set()
            self.go_on.wait()

    def serve(self):
        try:
            while True:
                with self.socket.accept()[0] as client, client.makefile('rwb') as lines:
                    self.converse(lines)
        except OSError:  # the end of the scenario
            pass

    def converse(self, lines):
        def say(text):
            lines.write(text + b'\r\n')
            lines.flush()

        try:
            self.pause_at('connect')
            say(b'220 mx1.example ESMTP')
            for line in lines:
                word = line.split(b' ')[0].strip().upper()
                if word == b'DATA':
                    self.pause_at('data')
                    say(b'354 go ahead')
                    if not self.has_content(lines):
                        return
                    self.pause_at('dot')
                    self.taken += 1
                say(b'221 bye' if word == b'QUIT' else b'250 ok')
        except ConnectionError:  # the daemon has gone
            pass

    @staticmethod
    def has_content(lines):
        while line := lines.readline():
            if line == b'.\r\n':
                return True
        return False

    def end(self):
        self.go_on.set()
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        self.thread.join(10)


def stop_while_a_host_is_silent(world, moment):
    port = world.free_port()
    host = SlowHost(world, port, moment)
    daemon = Daemon(world, Unbound(world, ZONE).port, port)
    daemon.start()
    daemon.send(['-f', 'me@here.example', 'you@there.example'], HELLO)
    check(host.reached.wait(20), f'the host was not asked up to its {moment}')
    return host, daemon


def check_stop_does_not_wait(world, moment):
    host, daemon = stop_while_a_host_is_silent(world, moment)
    began = time.monotonic()
    daemon.stop()
    check(time.monotonic() - began < 10 * SLOWNESS, f'the stop waited for a host that is silent at its {moment}')
    host.go_on.set()
    daemon.start()
    wait_until(lambda: host.taken == 1, 20, 'the message to arrive after the next start')
    daemon.wait_for_empty_queue()
    daemon.stop()
    check_equal(host.taken, 1, 'messages that the host took')


def scenario_a_stop_does_not_wait_for_a_host_that_does_not_greet(world):
    check_stop_does_not_wait(world, 'connect')


def scenario_a_stop_does_not_wait_for_a_host_that_has_no_message_yet(world):
    check_stop_does_not_wait(world, 'data')


def scenario_a_stop_waits_for_the_reply_to_a_message_that_was_sent(world):
    host, daemon = stop_while_a_host_is_silent(world, 'dot')
    daemon.process.signal(signal.SIGTERM)
    wait_until(lambda: ' stopping' in daemon.process.log_text(), 20, 'the stop to begin')
    host.go_on.set()
    check_equal(daemon.process.wait(20), 0, 'exit status of mxpressd')
    check_equal((host.taken, len(daemon.events('attempt'))), (1, 1), 'messages that the host took, and outcomes in the log')
    daemon.start()
    daemon.wait_for_recovery()
    daemon.wait_for_empty_queue()
    daemon.stop()
    check_equal(host.taken, 1, 'messages that the host took, after another start')


def waiting_message(daemon):
    daemon.start()
    daemon.send(['-f', 'me@here.example', 'you@there.example'], HELLO)
    wait_until(lambda: daemon.events('site') or daemon.events('attempt'), 20, 'a first attempt')
    return daemon.accepted_ids()[0]


def scenario_the_queue_command_works_with_and_without_the_daemon(world):
    sink, daemon = start(world, retry='1h*')
    name = waiting_message(daemon)
    for state in ('running', 'stopped'):
        code, listing, errors = daemon.mxpress('queue')
        check_equal(code, 0, f'mxpress queue while {state} ({errors})')
        check('there.example' in listing and 'connection refused' in listing, f'mxpress queue while {state}: {listing}')
        check(name in daemon.mxpress('queue', '--messages')[1], f'mxpress queue --messages while {state}')
        shown = daemon.mxpress('show', name)[1]
        check('me@here.example' in shown and 'connection refused' in shown, f'mxpress show while {state}: {shown}')
        check(daemon.mxpress('cat', name)[1].replace('\r', '').endswith(HELLO.decode()), f'mxpress cat while {state}')
        check(name in daemon.mxpress('mailq')[1] and 'me@here.example' in daemon.mxpress('mailq')[1], f'mailq while {state}')
        check(daemon.json('queue', '--messages'), f'mxpress queue --messages --json while {state}')
        check_equal(daemon.mxpress('hold', '--domain', 'there.example')[0], 0, f'hold while {state}')
        check('held' in daemon.mxpress('queue', '--messages')[1], f'the message is not shown as held while {state}')
        check_equal(daemon.mxpress('release', name)[0], 0, f'release while {state}')
        if state == 'running':
            daemon.stop()
    sink.start()
    daemon.start()
    daemon.wait_for_recovery()
    check_equal(daemon.mxpress('retry', '--all')[0], 0, 'retry')
    wait_until(lambda: sink.count() == 1, 20, 'the message to arrive at once after retry')
    daemon.wait_for_empty_queue()
    check_equal(daemon.mxpress('hold', name)[0], 1, 'exit code when nothing matches')
    daemon.stop()


def scenario_sendmail_tells_the_queue_id_by_which_everything_else_knows_the_message(world):
    sink, daemon = start(world, retry='1h*')
    daemon.start()

    def verbose_send():
        result = world.run([world.program('sendmail'), '-v', '-f', 'me@here.example', 'you@there.example'], HELLO, env=daemon.environment())
        check_equal(result.returncode, 0, f'exit status of sendmail -v ({result.stderr})')
        return result.stdout.decode()

    name = re.fullmatch(r'queued as ([0-9A-Z]{13})\n', verbose_send()).group(1)
    wait_until(lambda: daemon.accepted_ids() == [name], 20, 'the log to name the queue id, and no other')
    check('me@here.example' in daemon.mxpress('show', name)[1], 'mxpress show does not know the id')
    daemon.stop()
    check_equal(verbose_send(), f'left in {daemon.spool}/drop until mxpressd takes it, and gives it a queue id\n', 'sendmail -v without the daemon')


def scenario_remove_forgets_and_bounce_tells(world):
    sink, daemon = start(world, retry='1h*')
    sender = Sink(world, 'here', '127.0.0.13', sink.port).start()
    name = waiting_message(daemon)
    check_equal(daemon.mxpress('remove', name)[0], 0, 'remove')
    daemon.wait_for_empty_queue()
    check_equal(sender.count(), 0, 'notices after remove')
    daemon.send(['-f', 'me@here.example', 'you@there.example'], HELLO)
    wait_until(lambda: len(daemon.accepted_ids()) == 2, 20, 'the second message')
    check_equal(daemon.mxpress('bounce', '--recipient', 'you@there.example')[0], 0, 'bounce')
    wait_until(lambda: sender.count() == 1, 20, 'the notice')
    daemon.wait_for_empty_queue()
    daemon.stop()


def scenario_what_has_ended_is_found_by_recipient_and_sender_also_after_a_restart(world):
    sink, daemon = start(world, retry='1h*')
    sink.start()
    daemon.start()
    for sender, recipient in (('me@here.example', 'you@there.example'), ('she@here.example', 'you@there.example'), ('me@here.example', 'other@there.example')):
        daemon.send(['-f', sender, recipient], HELLO)
    wait_until(lambda: sink.count() == 3, 20, 'all mail to arrive')
    daemon.wait_for_empty_queue()
    first, second, third = daemon.accepted_ids()
    for state in ('running', 'restarted', 'stopped'):
        code, output, errors = daemon.mxpress('queue', '--recipient', 'you@there.example')
        check_equal(code, 0, f'mxpress queue --recipient while {state} ({errors})')
        check(first in output and second in output and third not in output, f'mxpress queue --recipient while {state}: {output}')
        check('you@there.example, delivered ' in output and '250' in output, f'the outcome while {state}: {output}')
        found = daemon.json('queue', '--sender', 'me@here.example')
        check_equal(sorted(message['id'] for message in found), sorted([first, third]), f'ids by sender while {state}')
        check_equal({message['state'] for message in found}, {'ended'}, f'states by sender while {state}')
        story = daemon.mxpress('show', '--recipient', 'other@there.example')[1]
        check(f'Message {third} (ended)' in story and 'at: content' in story, f'mxpress show --recipient while {state}: {story}')
        check_equal(daemon.mxpress('remove', '--recipient', 'you@there.example')[0], 1, f'remove of what has ended while {state}')
        if state == 'stopped':
            return
        daemon.stop()
        if state == 'running':
            daemon.start()
            daemon.wait_for_recovery()


def scenario_others_see_and_act_on_their_own_mail_only(world):
    if not is_root():
        return world.note('not run by root: there is no other user to try it as')
    sink, daemon = start(world, retry='1h*')
    name = waiting_message(daemon)
    other = pwd.getpwnam('daemon')
    as_other = ['setpriv', f'--reuid={other.pw_uid}', f'--regid={other.pw_gid}', '--clear-groups']
    mxpress = [*as_other, world.program('mxpress'), '-c', daemon.config]
    for arguments in (['show', name], ['cat', name], ['remove', name], ['hold', '--all']):
        result = world.run([*mxpress, *arguments])
        check(result.returncode in (1, 4), f'mxpress {arguments} by another user ended with {result.returncode}: {result.stdout}')
        check(b'hello' not in result.stdout, 'another user reads mail')
    result = world.run([*as_other, world.program('sendmail'), '-f', 'me@here.example', 'you@there.example'], HELLO, env=daemon.environment())
    check_equal(result.returncode, 0, f'sendmail by another user ({result.stderr})')
    wait_until(lambda: len(daemon.accepted_ids()) == 2, 20, 'the second message')
    own = daemon.accepted_ids()[1]
    listing = world.run([*mxpress, 'queue', '--messages']).stdout.decode()
    check(own in listing and name not in listing, f'what another user sees: {listing}')
    check_equal(world.run([*mxpress, 'remove', own]).returncode, 0, 'removal of own mail')
    found = world.run([*mxpress, 'queue', '--recipient', 'you@there.example', '--json']).stdout.decode()
    check(own in found and name not in found, f'what another user finds of what has ended: {found}')
    check(name in daemon.mxpress('queue', '--messages')[1], "root's mail was removed by another user")
    daemon.stop()


def scenario_mail_over_loopback_is_nobodys_though_it_uses_the_shares_of_a_user(world):
    if not is_root():
        return world.note('not run by root: there is no other user to try it as')
    sink, daemon = start(world, retry='1h*')
    other = pwd.getpwnam('daemon')
    as_other = ['setpriv', f'--reuid={other.pw_uid}', f'--regid={other.pw_gid}', '--clear-groups']
    program = ('import smtplib\n'
               f'with smtplib.SMTP("127.0.0.1", {daemon.smtp_port}, local_hostname="client.here.example") as client:\n'
               '    client.sendmail("me@here.example", ["you@there.example"], b"Subject: x\\r\\n\\r\\nhello\\r\\n")\n')
    daemon.start()
    for _ in range(2):  # before and after a restart
        result = world.run([*as_other, '/usr/bin/python3', '-c', program])
        check_equal(result.returncode, 0, f'SMTP by another user ({result.stderr})')
        for name in daemon.accepted_ids():
            for arguments in (['show', name], ['cat', name], ['remove', name], ['hold', name]):
                result = world.run([*as_other, world.program('mxpress'), '-c', daemon.config, *arguments])
                check(result.returncode in (1, 4), f'mxpress {arguments} by the user of the socket ended with {result.returncode}: {result.stdout}')
            shown = daemon.mxpress('show', name)[1]
            check('an unknown user' in shown, f'who handed it in: {shown}')
        listing = world.run([*as_other, world.program('mxpress'), '-c', daemon.config, 'queue', '--messages']).stdout.decode()
        check('example' not in listing, f'what the user of the socket sees: {listing}')
        daemon.stop()
        daemon.start()
        daemon.wait_for_recovery()
    check(all('uid' not in event for event in daemon.events('accepted')), 'the log names a uid for mail over loopback')
    daemon.stop()


def waiting_by_check_mailq(output):
    """The result of check_mailq of the monitoring plugins: only the last line counts."""
    last = output.splitlines()[-1]
    found = re.search(r'Kbytes in (\d+)', last)
    return int(found.group(1)) if found else 0 if 'Mail queue is empty' in last else None


def scenario_mailq_never_calls_a_queue_empty_that_is_not_whoever_asks(world):
    sink, daemon = start(world, retry='1h*')
    waiting_message(daemon)
    daemon.send(['-f', 'me@here.example', 'you@there.example'], HELLO)
    wait_until(lambda: len(daemon.accepted_ids()) == 2, 20, 'the second message')

    def mailq(*prefix):
        result = world.run([*prefix, world.program('sendmail'), '-bp'], env=daemon.environment())
        check_equal(result.returncode, 0, f'exit status of sendmail -bp ({result.stderr})')
        return result.stdout.decode()

    check_equal(waiting_by_check_mailq(mailq()), 2, 'messages that mailq counts')
    if is_root():
        other = pwd.getpwnam('daemon')
        listing = mailq('setpriv', f'--reuid={other.pw_uid}', f'--regid={other.pw_gid}', '--clear-groups')
        check_equal(waiting_by_check_mailq(listing), 2, 'messages that mailq counts for a user without mail')
        check('example' not in listing, f'mailq shows an address of others: {listing}')
    daemon.stop()
    daemon.send(['-f', 'me@here.example', 'you@there.example'], HELLO)
    check_equal(waiting_by_check_mailq(mailq()), 3, 'messages that mailq counts while no daemon runs')
    sink.start()
    daemon.start()
    daemon.wait_for_recovery()
    check_equal(daemon.mxpress('retry', '--all')[0], 0, 'retry')
    wait_until(lambda: sink.count() == 3, 20, 'all mail to arrive')
    daemon.wait_for_empty_queue()
    check_equal(mailq(), 'Mail queue is empty\n', 'mailq at the end')
    daemon.stop()


def scenario_started_by_root_it_becomes_an_ordinary_user(world):
    sink, daemon = start(world)
    daemon.start()
    status = pathlib.Path(f'/proc/{daemon.process.pid}/status').read_text()
    uid = pwd.getpwnam(daemon_user()).pw_uid
    check_equal(re.search(r'(?m)^Uid:\s+(.*)$', status).group(1).split(), [str(uid)] * 4, 'uids of mxpressd')
    check_equal(re.search(r'(?m)^CapEff:\s+(.*)$', status).group(1), '0' * 16, 'capabilities of mxpressd')
    # Others pass through to the drop folder, and see nothing.
    check_equal(os.stat(daemon.spool).st_mode & 0o066, 0, 'what others may do with the spool')
    for name in ('journal', 'messages'):
        check_equal(os.stat(daemon.spool / name).st_mode & 0o077, 0, f'what others may do with {name}')
    daemon.stop()


def scenario_a_bad_configuration_leaves_the_old_one_in_force(world):
    sink, daemon = start(world)
    daemon.start()
    good = daemon.config.read_text()
    daemon.config.write_text(good.replace('schedule =', 'shedule ='))
    code, output, errors = daemon.mxpress('config', 'check')
    line = good.split('schedule =')[0].count('\n') + 1
    check(code != 0 and f':{line}:' in output + errors and 'schedule' in output + errors, f'config check: {code} {output} {errors}')
    code, output, errors = daemon.mxpress('status')
    check(code == 0 and 'warning' in errors and 'shedule' in errors, f'status with a mistake in the file: {code} {output} {errors}')
    daemon.process.signal(signal.SIGHUP)
    wait_until(lambda: 'shedule' in daemon.log(), 10, 'a word about the mistake in the log')
    daemon.config.write_text(good)
    sink.start()
    daemon.send(['-f', 'me@here.example', 'you@there.example'], HELLO)
    wait_until(lambda: sink.count() == 1, 20, 'mail to be delivered by the old configuration')
    check_equal(daemon.mxpress('reload')[0], 0, 'reload of the good configuration')
    daemon.stop()
