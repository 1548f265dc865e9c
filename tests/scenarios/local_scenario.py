"""Mail for this host's users: mxpressd and mxpress-deliver, read by programs of others as the user."""
import os
import pwd
import re
import select
import signal
import socket

from daemon import Daemon
from dovecot import DovecotLmtp
from harness import Skip, check, check_equal, daemon_user, said_as, wait_until
from mailboxes import USERS, Mailboxes

HERE = 'mta.here.example'


def message(subject, body='Hello.\n', more=''):
    return f'Subject: {subject}\n{more}\n{body}'.encode()


def start(world, mailboxes, deliver='mbox', helper=True, **options):
    if helper:
        mailboxes.start()
    return Daemon(world, 9, 25, extra=mailboxes.config(deliver), **options).start()


def subjects(mailboxes, user):
    return [one['Subject'] for one in mailboxes.messages(user)]


def why_waiting(daemon, seconds=60):
    """The text of the first deferred attempt."""
    wait_until(lambda: daemon.attempts('deferred'), seconds, lambda: f'a deferred attempt: {daemon.log()[-800:]}')
    return daemon.mxpress('show', daemon.attempts('deferred')[0]['id'])[1]


def scenario_mail_to_bob_is_read_by_mail_and_by_python_as_bob(world):
    mailboxes = Mailboxes(world)
    daemon = start(world, mailboxes)
    body = 'From the start\n>From the next\n.\nend\n'
    daemon.send(['-i', '-f', 'alice', 'bob'], message('one', body, 'Status: RO\nX-UID: 7\nContent-Length: 3\n'))
    daemon.send(['-i', '-f', '', 'bob+lists'], message('two'))
    daemon.send(['root'], message('cron'))
    daemon.wait_for_empty_queue()
    check_equal(sorted(subjects(mailboxes, 'bob')), ['one', 'two'], 'subjects that bob reads')
    one = next(m for m in mailboxes.messages('bob') if m['Subject'] == 'one')
    check_equal(one.get_payload(), '>' + body.replace('>From', '>>From'), 'body of the message')
    check_equal([one[name] for name in ('Status', 'X-UID', 'Content-Length')], [None] * 3, 'fields of the sender that readers take for their own')
    check_equal((one['Return-Path'], one['Delivered-To']), (f'<alice@{HERE}>', f'bob@{HERE}'), 'envelope')
    check_equal(mailboxes.shell('stat -c "%U %G %a" /var/mail/bob').split(), ['bob', 'mail', '660'], 'owner, group and mode of the mailbox')
    check_equal(mailboxes.shell('stat -c "%U %G %a" /var/mail/root').split(), ['mail', 'mail', '660'], 'owner, group and mode of the mailbox of root')
    check_equal(mailboxes.shell('ls /var/mail').split(), ['bob', 'root'], 'files below /var/mail')
    # Without its own dot-locks: the set-group-ID program that makes them is not installed.
    nail = mailboxes.run(world.peer('s-nail', 's-nail'), '-n', '-S', 'nosave', '-S', 'dotlock-disable', '-H', user='bob',
                         env={**world.peer_environment(), 'MAIL': '/var/mail/bob', 'HOME': '/home/bob', 'USER': 'bob', 'LOGNAME': 'bob'})
    for subject in ('one', 'two'):
        check(subject in nail.stdout.decode(), f'mail does not list "{subject}": {nail}')
    for event in daemon.attempts('delivered'):
        check(event.get('status', '2.1.5') == '2.1.5', f'status of {event}')
    daemon.stop()
    check_equal(mailboxes.process.stop(), 0, 'exit status of mxpress-deliver')


def scenario_who_asks_for_it_is_told_that_a_user_has_the_mail(world):
    mailboxes = Mailboxes(world)
    daemon = start(world, mailboxes)
    daemon.send(['-N', 'success', '-V', 'E1', '-f', 'alice', 'bob'], message('one'))
    daemon.send(['-N', 'failure', '-f', 'alice', 'bob'], message('two'))
    daemon.wait_for_empty_queue()
    [notice] = mailboxes.messages('alice')
    check_equal(notice['Subject'], 'Your message was delivered', 'subject of the notice')
    report = ''.join(str(part) for part in notice.get_payload()[1].get_payload())
    for line in ('Original-Envelope-Id: E1', f'Final-Recipient: rfc822; bob@{HERE}', 'Action: delivered', 'Status: 2.1.5'):
        check(line in report, f'no "{line}" in {report}')
    check_equal(sorted(subjects(mailboxes, 'bob')), ['one', 'two'], 'subjects that bob reads')
    daemon.stop()


def scenario_a_user_with_a_maildir_gets_files_there(world):
    mailboxes = Mailboxes(world)
    mailboxes.shell('mkdir -p ~carol/Maildir', user=None)
    mailboxes.shell('chown carol ~carol/Maildir')
    daemon = start(world, mailboxes, deliver=None)
    wait_until(lambda: 'deliver=automatic' in daemon.log(), 10, lambda: f'a line about what was chosen: {daemon.log()[-400:]}')
    for user in ('bob', 'carol'):
        daemon.send([user], message(f'to {user}'))
    daemon.wait_for_empty_queue()
    check_equal(subjects(mailboxes, 'bob'), ['to bob'], 'subjects that bob reads')
    check('Subject: to carol' in mailboxes.shell('cat ~carol/Maildir/new/*', user='carol'), 'carol has no file')
    check_equal(mailboxes.shell('stat -c "%U %a" ~carol/Maildir/new/*').split(), ['carol', '600'], 'owner and mode of the file')
    daemon.stop()


def scenario_unknown_users_are_returned_and_a_helper_that_is_missing_is_waited_for(world):
    mailboxes = Mailboxes(world)
    daemon = start(world, mailboxes, helper=False)
    daemon.send(['-f', 'alice', 'bob'], message('early'))
    check(f'mxpress-deliver does not answer at {mailboxes.socket}' in why_waiting(daemon), 'the reason is not told')
    mailboxes.start()
    daemon.send(['-f', 'alice', 'nobody-of-that-name'], message('lost'))
    daemon.wait_for_empty_queue()
    check_equal(subjects(mailboxes, 'bob'), ['early'], 'subjects that bob reads')
    [notice] = mailboxes.messages('alice')
    check('5.1.1' in notice.as_string() and 'nobody-of-that-name' in notice.as_string(), f'the notice: {notice}')
    daemon.stop()


def scenario_an_odd_mailbox_waits_and_holds_nobody_up(world):
    mailboxes = Mailboxes(world)
    mailboxes.shell('echo precious >/home/alice/file; chown alice /home/alice/file; ln -s /home/alice/file /var/mail/alice; mkfifo /var/mail/carol; chown carol /var/mail/carol')
    daemon = start(world, mailboxes)
    for user in ('alice', 'carol', 'bob'):
        daemon.send([user], message(f'to {user}'))
    wait_until(lambda: len(daemon.attempts('delivered')) == 1 and len({e['to'] for e in daemon.attempts('deferred')}) == 2, 30, lambda: daemon.log()[-800:])
    check_equal(subjects(mailboxes, 'bob'), ['to bob'], 'subjects that bob reads')
    shown = daemon.mxpress('queue')[1]
    for words in ('symbolic link', 'no ordinary file'):
        check(words in shown, f'mxpress queue does not say "{words}": {shown}')
    check_equal(mailboxes.octets('/home/alice/file'), b'precious\n', 'the file that the link leads to')
    mailboxes.shell('rm /var/mail/alice /var/mail/carol')
    daemon.wait_for_empty_queue()
    check_equal(subjects(mailboxes, 'alice'), ['to alice'], 'subjects that alice reads')
    daemon.stop()


def scenario_a_full_disk_defers_and_leaves_the_mailbox_whole(world):
    mailboxes = Mailboxes(world, mail_size='256k')
    daemon = start(world, mailboxes)
    daemon.send(['bob'], message('small'))
    wait_until(lambda: daemon.attempts('delivered'), 30, 'the first delivery')
    before = mailboxes.octets('/var/mail/bob')
    daemon.send(['bob'], message('large', 'x' * 70 + '\n' + ('y' * 70 + '\n') * 5000))
    check('No space left on device' in why_waiting(daemon), 'the reason is not told')
    check_equal(mailboxes.octets('/var/mail/bob'), before, 'the mailbox')
    mailboxes.shell('mount -o remount,size=8m /var/mail')
    daemon.wait_for_empty_queue()
    check_equal(subjects(mailboxes, 'bob'), ['small', 'large'], 'subjects that bob reads')
    daemon.stop()


def scenario_a_delivery_that_its_user_stops_ends_and_others_go_on(world):
    mailboxes = Mailboxes(world, limit=2)
    mailboxes.shell('mkfifo /home/bob/hang; chown bob /home/bob/hang')
    daemon = start(world, mailboxes)
    # Bob's other program has locked his mailbox: a delivery waits for it, and bob stops that.
    locker = world.start('locker', [*mailboxes.enter(), 'setpriv', f'--reuid={USERS["bob"]}', '--regid=8', '--clear-groups', 'python3', '-c',
                                    'import fcntl, time\nbox = open("/var/mail/bob", "a")\nfcntl.lockf(box, fcntl.LOCK_EX)\nprint("locked", flush=True)\ntime.sleep(1000)'])
    wait_until(lambda: 'locked' in locker.log_text(), 20, 'the lock')
    daemon.send(['bob'], message('to bob'))
    [child] = wait_until(mailboxes.children, 20, 'the delivery')
    wait_until(lambda: f'\nUid:\t{USERS["bob"]}' in open(f'/proc/{child}/status').read(), 20, 'the delivery to be of bob')
    check(mailboxes.run('kill', '-STOP', child, user='bob').returncode == 0, 'bob may not stop his own process')
    daemon.send(['alice'], message('to alice'))
    wait_until(lambda: daemon.attempts('delivered'), 20, 'the delivery to alice')
    check('ended by signal 9' in why_waiting(daemon), 'the reason is not told')
    locker.kill()
    daemon.wait_for_empty_queue()
    check_equal(subjects(mailboxes, 'bob'), ['to bob'], 'subjects that bob reads')
    daemon.stop()


def scenario_deliveries_that_are_killed_leave_no_mailbox_torn_and_lose_nothing(world):
    mailboxes = Mailboxes(world)
    daemon = start(world, mailboxes)
    wanted = {}
    for number in range(24):
        user = ('alice', 'bob')[number % 2]
        wanted.setdefault(user, []).append(f'{number}')
        daemon.send([user], message(f'{number}', f'{number} ' * 40_000 + '\nend\n'))
        if number % 3 == 0:
            for child in mailboxes.children():
                os.kill(child, signal.SIGKILL)
        if number == 12:  # all of it
            children = mailboxes.children()
            mailboxes.process.kill()
            for child in children:
                try:
                    os.kill(child, signal.SIGKILL)
                except ProcessLookupError:
                    pass
            mailboxes.start()
    daemon.wait_for_empty_queue(120)
    for user, expected in wanted.items():
        found = mailboxes.messages(user)
        torn = [m['Subject'] for m in found if not m.get_payload().endswith('\nend\n')]
        check_equal(torn, [], f'torn messages of {user}')
        check_equal(sorted({m['Subject'] for m in found}, key=int), expected, f'messages of {user}')
        world.note(f'{user}: {len(found)} messages, {len(found) - len(expected)} of them twice')
    daemon.stop()


def ask_as(uid, path, packet, opened=lambda: open('/etc/hostname', 'rb')):
    """The answer of the helper to that user, who passes the file that `opened` returns."""
    def talk():
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as client, opened() as content:
            try:
                client.connect(str(path))
            except PermissionError:
                return b'may not connect'
            try:
                socket.send_fds(client, [packet], [content.fileno()])
            except OSError:
                pass  # it may have answered and hung up
            try:
                return client.recv(4096)
            except ConnectionResetError:  # it has hung up before it read the request; its answer is there all the same
                return client.recv(4096)
    return said_as(uid, uid, talk)


def scenario_only_the_daemon_and_root_may_ask_and_only_for_mail(world):
    mailboxes = Mailboxes(world).start()
    fields = ['mxpress-deliver 4', 'mbox', 'first', 'bob', '', 'bob@here.example', '0A', '0', '0', '1']
    packet = lambda **changes: ''.join(changes.get(f'f{i}', field) + '\0' for i, field in enumerate(fields)).encode()
    check_equal(ask_as(USERS['alice'], mailboxes.socket, packet()), 'may not connect', 'what alice is told')
    owner = mailboxes.socket.stat()
    check_equal((owner.st_uid, owner.st_mode & 0o777), (pwd.getpwnam(daemon_user()).pw_uid, 0o600), 'owner and mode of the socket')
    mailboxes.socket.chmod(0o666)
    check('alone' in ask_as(USERS['alice'], mailboxes.socket, packet()), 'alice may ask')
    check_equal(mailboxes.shell('ls /var/mail'), '', 'files below /var/mail')
    for bad in (packet(f3='../../etc/cron.d/x'), packet(f1='run'), packet(f2='read'), packet(f0='mxpress-deliver 9'), b'x' * 5000, packet()[:-1]):
        check('does not understand' in ask_as(0, mailboxes.socket, bad), f'{bad[:60]} was understood')
    check('no content' in ask_as(0, mailboxes.socket, packet(f9='9000')), 'octets that the file does not have were taken')
    check('delivered' in ask_as(pwd.getpwnam(daemon_user()).pw_uid, mailboxes.socket, packet()), 'the daemon may not ask')
    check_equal(mailboxes.shell('ls /var/mail').split(), ['bob'], 'files below /var/mail')
    status = open(f'/proc/{mailboxes.process.pid}/status').read()
    check_equal(re.findall(r'^Cap(?:Prm|Eff|Bnd):\t(\w+)', status, re.M), ['00000000000000c0'] * 3, 'capabilities: setgid and setuid')
    check_equal(mailboxes.process.stop(), 0, 'exit status of mxpress-deliver')


def ask_without_waiting(path, user, forwarding='nothing'):
    client = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    client.settimeout(20)
    client.connect(str(path))
    packet = ''.join(field + '\0' for field in ('mxpress-deliver 4', 'maildir', forwarding, user, '', f'{user}@here.example', '0A', '0', '0', '1')).encode()
    with open('/etc/hostname', 'rb') as content:
        socket.send_fds(client, [packet], [content.fileno()])
    return client


# As a user: stops each process of mxpress-deliver that becomes his.
STOPPER = '''
import os, signal
known = set(os.listdir('/proc'))
print('ready', flush=True)
while True:
    for name in [name for name in os.listdir('/proc') if name.isdigit() and name not in known]:
        known.add(name)
        try:
            while 'deliver' in open(f'/proc/{name}/comm').read():
                try:
                    os.kill(int(name), signal.SIGSTOP)
                    break
                except PermissionError:
                    pass
        except OSError:
            pass
'''


def scenario_a_user_who_stops_the_reading_of_his_forward_holds_a_place_for_seconds(world):
    mailboxes = Mailboxes(world).start()
    become = ['setpriv', f'--reuid={USERS["bob"]}', f'--regid={USERS["bob"]}', '--clear-groups']
    stopper = world.start('stopper', [*mailboxes.enter(), *become, 'python3', '-c', STOPPER])
    wait_until(lambda: 'ready' in stopper.log_text(), 20, 'the stopper')
    replies = (ask_without_waiting(mailboxes.socket, 'bob', 'alone').recv(4096) for _ in range(20_000))
    check(any(b'ended by signal 9' in reply for reply in replies), 'bob has stopped none of the processes that read his file')
    stopper.kill()
    check_equal(mailboxes.process.stop(), 0, 'exit status of mxpress-deliver')


def scenario_a_home_that_outlasts_sigkill_keeps_its_own_user_waiting_alone(world):
    if not os.path.exists('/dev/fuse'):
        raise Skip('this machine has no /dev/fuse')
    mailboxes = Mailboxes(world, limit=3).start()  # enough to come as far as the file system, also on a busy machine
    mailboxes.shell('mkdir -m 700 /home/bob/Maildir; chown bob /home/bob/Maildir')
    silent = world.start('silent', [*mailboxes.enter(), 'python3', os.path.join(os.path.dirname(__file__), 'silent_fuse.py'), '/home/bob/Maildir', USERS['bob']])
    wait_until(lambda: 'mounted' in silent.log_text() or not silent.running(), 20, 'the file system')
    if not silent.running():
        raise Skip(f'no FUSE here: {silent.log_text()}')
    stuck = lambda: [child for child in mailboxes.children() if ') D ' in open(f'/proc/{child}/stat').read()]
    asked = [ask_without_waiting(mailboxes.socket, 'bob')]

    def hangs():  # On a busy machine a delivery may be ended before it comes as far as the file system: then the next one.
        if not stuck() and select.select([asked[-1]], [], [], 0)[0]:
            asked.append(ask_without_waiting(mailboxes.socket, 'bob'))
        return stuck()
    [child] = wait_until(hangs, 60, 'the delivery to hang')
    others = [ask_without_waiting(mailboxes.socket, 'bob') for _ in range(9)]
    for other in others:
        check(b'has not ended' in other.recv(4096), 'bob has a second delivery')
    daemon = start(world, mailboxes, helper=False)
    daemon.send(['alice'], message('to alice'))
    daemon.wait_for_empty_queue()
    check_equal(subjects(mailboxes, 'alice'), ['to alice'], 'subjects that alice reads')
    wait_until(lambda: 'SigPnd:\t0000000000000100' in open(f'/proc/{child}/status').read() or 'ShdPnd:\t0000000000000100' in open(f'/proc/{child}/status').read(), 20, 'SIGKILL')
    check_equal(stuck(), [child], 'deliveries that outlast SIGKILL')
    check_equal(mailboxes.process.stop(), 0, 'exit status of mxpress-deliver')
    daemon.stop()
    silent.kill()
    for one in asked:
        one.close()


def scenario_dovecot_takes_mail_by_lmtp_and_answers_for_each_recipient(world):
    dovecot = DovecotLmtp(world, {'alice': 1_000_000, 'bob': 1_000_000, 'carol': 100})
    daemon = Daemon(world, 9, 25, extra=f'[local]\ndeliver = "lmtp:{dovecot.socket}"\nunknown_users = "keep"\n').start()
    daemon.send(['-f', 'alice', 'bob', 'alice', 'bob+x', 'carol', 'nobody-of-that-name'], message('one', 'From here\n.\nend\n'))
    wait_until(lambda: daemon.attempts('deferred') and len(daemon.attempts('delivered')) >= 3, 30, lambda: daemon.log()[-1500:])
    deferred = daemon.attempts('deferred')[0]
    check('carol' in deferred['to'] and '4.2.2' in deferred['reply'], f'carol has a quota: {deferred}')
    wait_until(lambda: len(dovecot.messages('alice')) == 2, 30, 'the notice for alice')
    check_equal(len(dovecot.messages('bob')), 2, 'messages of bob')
    for recipient in ('bob', 'bob+x'):
        check(any(f'Delivered-To: {recipient}@{HERE}' in text for text in dovecot.messages('bob')), f'nothing was delivered to {recipient}: {dovecot.messages("bob")}')
    check(any('5.1.1' in text for text in dovecot.messages('alice')), 'the notice does not say 5.1.1')
    check(all('From here\n.\nend\n' in text for text in dovecot.messages('bob')), 'the content has changed')
    daemon.stop()


def scenario_the_mailbox_of_the_daemon_is_delivered_to_its_users(world):
    mailboxes = Mailboxes(world)
    daemon = Daemon(world, 9, 25, extra=mailboxes.config('keep')).start()
    for number, user in enumerate(('bob', 'alice', 'bob')):
        daemon.send(['-f', 'me@there.example', user], message(f'{number}', 'From here\n'))
    daemon.wait_for_empty_queue()
    listed = daemon.json('mailbox', 'list')
    check_equal([(one['subject'], one['recipient'], one['sender']) for one in listed],
                [(f'{n}', f'{user}@{HERE}', 'me@there.example') for n, user in enumerate(('bob', 'alice', 'bob'))], 'the list')
    check('Subject: 1\n' in daemon.mxpress('mailbox', 'cat', listed[1]['id'])[1], 'cat does not print the message')
    check_equal(daemon.mxpress('mailbox', 'deliver')[0], 5, 'exit status of mailbox deliver while mail is kept')
    daemon.config.write_text(daemon.config.read_text().replace('deliver = "keep"', 'deliver = "mbox"'))
    mailboxes.start()
    check_equal(daemon.mxpress('reload')[0], 0, 'exit status of reload')
    code, output, errors = daemon.mxpress('mailbox', 'deliver', listed[0]['id'])
    check_equal((code, output.split()[0]), (0, listed[0]['id']), f'mailbox deliver ID ({errors})')
    daemon.stop()
    code, output, errors = daemon.mxpress('mailbox', 'deliver')  # into the drop folder
    check_equal((code, len(output.splitlines())), (0, 2), f'mailbox deliver without the daemon ({errors})')
    check_equal(daemon.mxpress('mailbox', 'list')[1], 'The mailbox is empty.\n', 'the list')
    daemon.start()
    wait_until(lambda: len(daemon.attempts('delivered')) == 6, 30, lambda: daemon.log()[-1500:])
    check_equal((sorted(subjects(mailboxes, 'bob')), subjects(mailboxes, 'alice')), (['0', '2'], ['1']), 'subjects that the users read')
    daemon.stop()
