"""Attacks by another user of the host and a hostile mail host, and mistakes of an operator: only what SECURITY.md allows is possible."""
import contextlib
import os
import pathlib
import pwd
import re
import shutil
import signal
import socket
import stat
import sys
import threading

from daemon import Daemon
from delivery_scenario import HELLO, ZONE
from harness import Failure, Skip, check, check_equal, daemon_user, is_root, not_under_asan, wait_until
from peers import Sink, Unbound

NO_CAPABILITY, BIND_ONLY = '0' * 16, f'{1 << 10:016x}'


def make(world, **options):
    port = world.free_port()
    sink = Sink(world, 'mx1', '127.0.0.11', port).start()
    return sink, Daemon(world, Unbound(world, ZONE).port, port, **options)


def as_other():
    """The beginning of a command that runs as a user unrelated to the daemon."""
    if not is_root():
        raise Skip('only root can try what another user can do')
    other = pwd.getpwnam('daemon')
    return ['setpriv', f'--reuid={other.pw_uid}', f'--regid={other.pw_gid}', '--clear-groups']


def statuses(process):
    """Of each thread: /proc/PID/task/TID/status as a dictionary."""
    for path in pathlib.Path(f'/proc/{process.pid}/task').iterdir():
        try:
            text = (path / 'status').read_text()
        except (FileNotFoundError, ProcessLookupError):
            continue  # it has just ended
        yield dict(line.split(':\t', 1) for line in text.splitlines() if ':\t' in line)


def still_works(sink, daemon):
    before = sink.count()
    daemon.send(['-f', 'me@here.example', 'you@there.example'], HELLO)
    wait_until(lambda: sink.count() > before, 30, 'an ordinary message to arrive afterwards')


def controls_in(text):
    return sorted({hex(ord(c)) for c in text if (ord(c) < 32 and c != '\n') or ord(c) >= 127})


def scenario_started_by_root_no_thread_keeps_a_right_of_root(world):
    if not is_root():
        raise Skip('not run by root')
    sink, daemon = make(world)
    daemon.start()
    uid = str(pwd.getpwnam(daemon_user()).pw_uid)
    threads = list(statuses(daemon.process))
    for thread in threads:
        check_equal(thread['Uid'].split(), [uid] * 4, f'uids of thread {thread["Name"]}')
        check('0' not in thread['Gid'].split() + thread['Groups'].split(), f'thread {thread["Name"]} has a group of root')
        for key in ('CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb'):
            check_equal(thread[key], NO_CAPABILITY, f'{key} of thread {thread["Name"]}')
        check_equal(thread['NoNewPrivs'], '1', f'NoNewPrivs of thread {thread["Name"]}')
    world.note(f'{len(threads)} threads')
    still_works(sink, daemon)
    daemon.stop()


def scenario_started_as_systemd_does_it_opens_a_low_port_and_keeps_no_right(world):
    if not is_root():
        raise Skip('only root can lend the right to open low ports')
    user = pwd.getpwnam(daemon_user())
    rights = ['--inh-caps=-all,+net_bind_service', '--ambient-caps=-all,+net_bind_service', '--bounding-set=-all,+net_bind_service', '--no-new-privs']
    sink, daemon = make(world, prefix=['setpriv', f'--reuid={user.pw_uid}', f'--regid={user.pw_gid}', '--clear-groups', *rights])
    low = next(port for port in range(700, 1000) if is_free(port))
    daemon.config.write_text(daemon.config.read_text().replace(f'127.0.0.1:{daemon.smtp_port}', f'127.0.0.1:{low}'))
    daemon.smtp_port = low
    daemon.start()
    for thread in statuses(daemon.process):
        check(int(thread['CapPrm'], 16) & ~int(BIND_ONLY, 16) == 0, f'thread {thread["Name"]} has {thread["CapPrm"]}')
    main = next(s for s in statuses(daemon.process) if s['Pid'] == str(daemon.process.pid))
    for key in ('CapInh', 'CapPrm', 'CapEff', 'CapAmb'):
        check_equal(main[key], NO_CAPABILITY, f'{key} when the listeners are open')
    still_works(sink, daemon)
    daemon.stop()


def is_free(port):
    with contextlib.suppress(OSError), socket.socket() as probe:
        probe.bind(('127.0.0.1', port))
        return True
    return False


# Run by the other user: argv[1] is the drop folder, argv[2] a file that only root may read, argv[3] a file that root has just left there.
ABUSE = r'''
import os, socket, stat, sys
drop, secret, foreign = sys.argv[1:]
name = lambda i: os.path.join(drop, f'{i:032x}')
mail = b'MAIL FROM:<evil@here.example>\r\nRCPT TO:<victim@there.example>\r\nDATA\r\nSubject: %s\r\n\r\n.\r\n'
def put(path, text, mode=0o644):
    with open(path, 'wb') as file:
        file.write(text)
    os.chmod(path, mode)
os.symlink(secret, name(1))
os.symlink('/dev/zero', name(2))
os.symlink(drop, name(3))
os.mkfifo(name(4), 0o666)
os.mkdir(name(5), 0o755)
put(os.path.join(name(5), 'inside'), b'x')
os.mkdir(name(6), 0o700)
put(name(7), mail % b'linked')
os.link(name(7), os.path.join(name(6), 'link'))
with open(name(9), 'wb') as file:
    file.truncate(1 << 40)
put(name(10), mail % b'setuid', 0o6777)
put(name(11), b'\x1b[2J\x00' * 1000)
put(name(12), b'', 0)
put(name(13), mail % b'unreadable', 0)
put(os.path.join(drop, '\x1b]0;name\x07\n.evil'), b'x')
put(os.path.join(drop, '-rf'), b'x')
server = socket.socket(socket.AF_UNIX)
server.bind(name(14))
for i in range(1000, 4000):
    put(name(i), b'NOOP\r\n')
for attempt in (lambda: open(foreign).read(), lambda: os.unlink(foreign), lambda: os.rename(foreign, name(99)), lambda: open(foreign, 'a'),
                lambda: os.listdir(os.path.dirname(drop)), lambda: os.chmod(drop, 0o777), lambda: os.listdir(os.path.join(os.path.dirname(drop), 'journal'))):
    try:
        attempt()
    except OSError:
        continue
    print('could do what is for others')
'''


def scenario_a_drop_folder_full_of_traps_harms_nobody(world):
    other = as_other()
    sink, daemon = make(world, retry='1h*')
    daemon.start()
    daemon.stop()  # now the folder is there
    secret = world.path('secret')
    secret.write_text('MAIL FROM:<>\r\nRCPT TO:<you@there.example>\r\nDATA\r\ntop secret\r\n.\r\n')
    secret.chmod(0o600)
    daemon.send(['-f', 'me@here.example', 'you@there.example'], HELLO)
    foreign = next(path for path in (daemon.spool / 'drop').iterdir())
    done = world.run([*other, sys.executable, '-c', ABUSE, daemon.spool / 'drop', secret, foreign])
    check_equal((done.returncode, done.stdout, done.stderr), (0, b'', b''), 'what the other user did')
    daemon.start()
    wait_until(lambda: sink.count() >= 2, 60, 'the one good message of the other user, and that of root')
    wait_until(lambda: len(list((daemon.spool / 'drop').iterdir())) <= 3, 60, lambda: f'the traps to go; left: {sorted(os.listdir(daemon.spool / "drop"))[:20]}')
    still_works(sink, daemon)
    check_equal(sorted(set(re.findall(r'(?m)^Subject: (.*)$', '\n'.join(m.content.decode() for m in sink.messages())))), ['hi', 'setuid'], 'mail that was sent')
    check(all(b'secret' not in m.content for m in sink.messages()), 'a file of root was sent')
    check_equal(next(e['uid'] for e in daemon.events('accepted') if e.get('from') == '<evil@here.example>'), str(pwd.getpwnam('daemon').pw_uid), 'uid of the submitter')
    check(len(os.listdir(daemon.spool / 'drop-refused')) <= 100, 'refused files are kept without bound')
    check_equal(controls_in(daemon.log()), [], 'control characters in the log')
    check(daemon.process.peak_memory_kib() < 100 * 1024, 'memory grew with what was in the folder')
    daemon.stop()


HOG = r'''
import socket, sys, time
held = []
for path in sys.argv[1:]:
    for i in range(300):
        client = socket.socket(socket.AF_UNIX)
        client.settimeout(2)
        try:
            client.connect(path)
            client.sendall(b'MAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\nDATA\r\nnever ends' if 'submission' in path else b'\0\0\1\0half')
        except OSError:
            break
        held.append(client)
print(len(held), flush=True)
time.sleep(600)
'''


def scenario_a_user_who_hogs_the_sockets_keeps_nobody_out(world):
    other = as_other()
    sink, daemon = make(world)
    daemon.start()
    log = world.path('hog.log')
    hog = world.start('hog', [*other, sys.executable, '-c', HOG, daemon.submission, daemon.control])
    wait_until(lambda: log.read_text().strip(), 60, 'the hog to have its connections')
    world.note(f'{log.read_text().strip()} connections that hang')
    for _ in range(3):
        code, output, errors = daemon.mxpress('status', seconds=20)
        check_equal(code, 0, f'mxpress status beside the hog ({output} {errors})')
        still_works(sink, daemon)
    check(hog.running(), 'the hog ended')
    code, output, errors = daemon.mxpress('queue', seconds=20)
    check_equal(code, 0, f'mxpress queue beside the hog ({errors})')
    hog.kill()
    still_works(sink, daemon)
    daemon.stop()


class HostileHost(threading.Thread):
    """A mail host whose replies all contain text that could steer a terminal, forge a header, or mislead a reader."""
    NASTY = b'\x1b[2J\x1b]0;owned\x07 \x9b31m \xe2\x80\xae\xef\xbb\xbf \x7f\x00 <b>\rX: y \\ "quoted" ' + b'long ' * 150

    def __init__(self, address, port):
        super().__init__(daemon=True)
        self.listener = socket.create_server((address, port))
        self.start()

    def run(self):
        while True:
            connection, _ = self.listener.accept()
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        with contextlib.suppress(OSError), connection:
            connection.sendall(b'220-' + self.NASTY + b'\r\n220 x\r\n')
            for line in connection.makefile('rb'):
                word = line[:4].upper()
                code = b'550' if word == b'RCPT' and b'<no@' in line else b'450' if word == b'RCPT' else b'250'
                last = b'8BITMIME' if word == b'EHLO' else b'5.1.1 ' + self.NASTY
                connection.sendall(code + b'-' + self.NASTY + b'\r\n' + code + b' ' + last + b'\r\n')


def scenario_mail_of_a_client_that_closed_before_it_was_accepted_is_not_taken(world):
    sink, daemon = make(world)
    daemon.start()
    text = 'HELO x\r\nMAIL FROM:<evil@here.example>\r\nRCPT TO:<you@there.example>\r\nDATA\r\nSubject: x\r\n\r\nx\r\n.\r\nQUIT\r\n'
    code = f'import socket; s = socket.create_connection(("127.0.0.1", {daemon.smtp_port})); s.sendall({text.encode()!r}); s.close()'
    daemon.process.signal(signal.SIGSTOP)  # so that it cannot accept before
    try:
        check_equal(world.run([*as_other(), sys.executable, '-c', code]).returncode, 0, 'exit status of the client')
    finally:
        daemon.process.signal(signal.SIGCONT)
    wait_until(lambda: 'has closed before it was greeted' in daemon.process.log_text(), 20, 'the refusal in the log')
    daemon.send(['-f', 'me@here.example', 'you@there.example'], HELLO)
    wait_until(lambda: sink.count() == 1, 20, 'the message of another to arrive')
    daemon.wait_for_empty_queue()
    check_equal((sink.count(), len(daemon.accepted_ids())), (1, 1), 'messages that arrived, and that were accepted')
    daemon.stop()


def scenario_what_a_hostile_host_says_steers_no_terminal_log_or_header(world):
    port = world.free_port()
    HostileHost('127.0.0.11', port)
    notices = Sink(world, 'mail', '127.0.0.13', port).start()
    daemon = Daemon(world, Unbound(world, ZONE).port, port, retry='1h*').start()
    odd = '"a\\\\b <x> \\"c"@here.example'
    for recipient in ('no@there.example', 'later@there.example', '"q, (x) \\"y"@there.example'):
        daemon.send(['-f', odd if recipient.startswith('"') else 'me@here.example', recipient], b'Subject: \x1b[31m=?x?= \xe2\x80\xae\nX-Odd: \x07\n\nhello\n')
    wait_until(lambda: notices.count() == 1 and len(daemon.attempts('deferred')) >= 2, 30, lambda: f'a notice and two deferrals; the log: {daemon.log()[-800:]}')
    shown = [daemon.mxpress('queue')[1], daemon.mxpress('queue', '--messages')[1], *(daemon.mxpress('show', name)[1] for name in daemon.accepted_ids())]
    mailq = world.run([world.program('sendmail'), '-bp'], env=daemon.environment()).stdout.decode(errors='replace')
    check(all('450' in text or 'said' in text for text in shown[:1]), f'the queue does not tell what the host said: {shown[0]}')
    check_equal(controls_in(''.join(shown) + mailq), [], 'control characters on the terminal')
    check_equal(controls_in(daemon.log()), [], 'control characters in the log')
    notice = notices.messages()[0].content
    report = notice[notice.index(b'Content-Type: message/delivery-status'):notice.index(b'Content-Type: text/rfc822-headers')]
    check_equal(controls_in(report.decode('latin-1')), [], 'control characters in the report')
    check(b'\nX: y' not in notice, 'a reply made a field of its own')
    check(max(map(len, notice.split(b'\n'))) <= 998, 'a line too long to travel')
    daemon.stop()


def scenario_an_open_relay_does_not_start(world):
    sink, daemon = make(world)
    text = daemon.config.read_text()
    for address in ('0.0.0.0', '[::]', '[::ffff:0.0.0.0]', '192.0.2.1', '[2001:db8::1]'):
        daemon.config.write_text(text.replace(f'smtp = ["127.0.0.1:{daemon.smtp_port}"]', f'smtp = ["127.0.0.1:{daemon.smtp_port}", "{address}:{daemon.smtp_port}"]'))
        daemon.launch()
        check_equal(daemon.process.wait(20), 78, f'exit status with a listener at {address} and no list of who may send')
        check('allow' in daemon.process.log_text(), f'the error does not say what to do: {daemon.process.log_text()}')
    daemon.config.write_text(text)
    daemon.start()
    check_equal([stat.S_IMODE(os.stat(path).st_mode) for path in (daemon.submission, daemon.control)], [0o666, 0o666], 'modes of the sockets')
    still_works(sink, daemon)
    daemon.stop()


def make_poison(world):
    """A library that, preloaded, makes the daemon die of the content "these words are poison"."""
    compiler = shutil.which('clang-19') or shutil.which('cc')
    library = world.path('poison.so')
    built = world.run([compiler, '-O2', '-shared', '-fPIC', '-o', library, pathlib.Path(__file__).parent / 'poison.c'])
    check_equal(built.returncode, 0, f'{compiler} ({built.stderr.decode()})')
    return library


def die_and_start_again(daemon, deaths):
    """Restarts it like systemd until it stays up. Returns the number of crashes."""
    for number in range(deaths + 1):
        daemon.launch()
        try:
            wait_until(lambda: not daemon.process.running(), 8, 'death')
        except Failure:
            return number
        check_equal(daemon.process.popen.returncode, -signal.SIGSEGV, 'how mxpressd died')
    raise Failure(f'mxpressd died {deaths + 1} times')


def scenario_a_message_that_brings_the_daemon_down_is_set_aside_and_other_mail_goes_on(world):
    not_under_asan('the message dies of it')
    sink, daemon = make(world, prefix=['env', f'LD_PRELOAD={make_poison(world)}'], retry='1h*')
    daemon.start()
    slow = Sink(world, 'mail', '127.0.0.13', sink.port, options=['-w', '2']).start()  # mail for it is on its way when the daemon dies
    for number in range(3):
        daemon.send(['-f', 'me@here.example', f'slow{number}@here.example'], HELLO)
    wait_until(lambda: daemon.json('queue'), 20, 'mail to be on its way')
    result = daemon.sendmail(['-f', 'me@here.example', 'victim@there.example'], b'Subject: x\n\nthese words are poison\n')
    wait_until(lambda: not daemon.process.running(), 20, 'the first death')
    deaths = 1 + die_and_start_again(daemon, 3)
    check(2 <= deaths <= 3, f'{deaths} deaths ({result})')
    world.note(f'{deaths} deaths')
    wait_until(lambda: 'set_aside' in daemon.log(), 20, 'the message to be set aside')
    still_works(sink, daemon)
    held = [message for message in daemon.json('queue', '--messages') if message['state'] == 'held']
    check_equal(len(held), 1, 'held messages')
    check_equal(held[0]['recipient'][0]['address'], 'victim@there.example', 'which is held')
    code, story, errors = daemon.mxpress('show', held[0]['id'])
    check('died more than once while it handled this message' in story and 'Segmentation fault' in story, f'what show says: {story}')
    check('brought mxpressd down' in daemon.mxpress('status')[1], f'what status says: {daemon.mxpress("status")[1]}')
    check(re.search(r'<1>.*set_aside|alert .*set_aside', daemon.log()), 'no alert in the log')
    daemon.stop()
    daemon.prefix = []  # the fault is gone
    daemon.start()
    daemon.wait_for_recovery()
    check_equal(daemon.mxpress('release', held[0]['id'])[0], 0, 'exit status of release')
    wait_until(lambda: any(b'poison' in path.read_bytes() for path in sink.folder.iterdir()), 30, 'the message to arrive after all')
    daemon.stop()


def scenario_no_mail_in_core_files_and_nothing_left_open_by_who_started_it(world):
    sink, daemon = make(world)
    secret = world.path('secret')
    secret.write_text('not the daemon\'s')
    with open(secret) as left_open:
        os.set_inheritable(left_open.fileno(), True)
        daemon.prefix = ['sh', '-c', f'exec 9<{secret}; ulimit -c unlimited; exec "$0" "$@"']
        daemon.start()
    open_files = [os.readlink(path) for path in pathlib.Path(f'/proc/{daemon.process.pid}/fd').iterdir()] if is_root() else []
    check(str(secret) not in open_files, f'open in mxpressd: {open_files}')
    limits = pathlib.Path(f'/proc/{daemon.process.pid}/limits').read_text()
    check(re.search(r'Max core file size +0 +0 ', limits), f'limits of mxpressd: {limits}')
    if is_root():
        # For a process that may not be dumped, /proc belongs to root, independent of its user.
        check_equal(os.stat(f'/proc/{daemon.process.pid}/environ').st_uid, 0, 'owner of /proc/PID/environ')
    daemon.process.signal(signal.SIGSEGV)
    daemon.process.wait(20)
    check(not list(pathlib.Path('/').glob('core*')) and not list(daemon.spool.glob('core*')), 'a core file')
    daemon.start()
    still_works(sink, daemon)
    daemon.stop()
