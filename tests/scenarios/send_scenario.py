"""mxpress send: what it composes, read by programs of others; what it tells of a message; express delivery without a daemon."""
import email
import email.policy
import os
import pathlib
import random
import subprocess
import time

from daemon import Daemon
from harness import Skip, check, check_equal, is_root, wait_until
from odd_files import odd_files, write_files
from peers import Sink, Unbound
from readers import read_by_mutt, read_by_python, read_to_end

ZONE = [
    'there.example. 60 IN MX 10 mx1.there.example.',
    'mx1.there.example. 60 IN A 127.0.0.11',
    'slow.example. 60 IN MX 10 mx.slow.example.',
    'mx.slow.example. 60 IN A 127.0.0.12',
    'refusing.example. 60 IN MX 10 mx.refusing.example.',
    'mx.refusing.example. 60 IN A 127.0.0.14',
    'also.example. 60 IN MX 10 mx1.there.example.',
    'null.example. 60 IN MX 0 .',
]


def start_hosts(world):
    port = world.free_port()
    there = Sink(world, 'mx1', '127.0.0.11', port).start()
    Sink(world, 'slow', '127.0.0.12', port, ['-r', 'rcpt']).start()
    Sink(world, 'refusing', '127.0.0.14', port, ['-f', 'rcpt']).start()
    return there, port


def send(world, daemon, *arguments, text=b'', seconds=120):
    """Exit code, standard output, standard error."""
    result = world.run([world.program('mxpress'), '-c', daemon.config, 'send', '--from', 'Me <me@here.example>', *arguments], text, seconds)
    return result.returncode, result.stdout.decode(), result.stderr.decode()


def scenario_attachments_of_any_name_and_content_arrive_octet_for_octet(world):
    there, port = start_hosts(world)
    daemon = Daemon(world, Unbound(world, ZONE).port, port).start()
    files = odd_files()
    html = world.path('letter.html')
    html.write_text('<p>Grüße <img src="cid:logo.png">\n')
    logo = world.path('logo.png')
    logo.write_bytes(b'\x89PNG\r\n\x1a\n')
    code, output, errors = send(world, daemon, '--to', 'Jörg <you@there.example>', '--bcc', 'hidden@there.example', '--subject', 'Тема 😀', '--text', '-',
                                '--html', html, '--inline', logo, '--attach', *write_files(world.make_folder('files'), files), text='Grüße\n.\nFrom me\n'.encode())
    check_equal((code, errors), (0, ''), 'exit code and standard error')
    check(output.startswith('queued as '), f'the output is {output!r}')
    wait_until(lambda: there.count() == 1, 30, 'the message to arrive')
    daemon.wait_for_empty_queue()
    message = there.messages()[0]
    check_equal(sorted(message.recipients), ['<hidden@there.example>', '<you@there.example>'], 'recipients of the envelope')
    check(b'hidden' not in message.content, 'the message names a recipient of --bcc')
    letter = email.message_from_bytes(message.content, policy=email.policy.default)
    check_equal(str(letter['subject']), 'Тема 😀', 'the subject')
    for kind, text in (('plain', 'Grüße\n.\nFrom me\n'), ('html', html.read_text())):
        check_equal(letter.get_body((kind,)).get_content().replace('\r\n', '\n'), text, f'the text as {kind}')
    check_equal(letter.defects, [], 'defects that python finds')
    before = 5  # the alternatives, the text, the related parts, the HTML, the image
    for reader, found in (('python', read_by_python(message.content)), ('mutt', read_by_mutt(world, message.content, before + 1, len(files)))):
        check_equal(sorted(found), sorted(files), f'names as {reader} reads them')
        check_equal([name for name in files if found[name] != files[name]], [], f'files that {reader} reads in another way')
    daemon.stop()


def scenario_follow_tells_what_becomes_of_a_message(world):
    _, port = start_hosts(world)
    daemon = Daemon(world, Unbound(world, ZONE).port, port, retry='1h*').start()
    for recipients, expected, word in ((['you@there.example'], 0, 'you@there.example: delivered; mx1.there.example [127.0.0.11'),
                                       (['you@slow.example', 'you@there.example'], 75, 'you@slow.example: waits for another attempt at '),
                                       (['you@refusing.example', 'you@slow.example'], 69, 'you@refusing.example: failed; mx.refusing.example'),
                                       (['you@null.example'], 69, 'you@null.example: failed; ')):
        code, output, errors = send(world, daemon, '--to', ', '.join(recipients), '--text', '-', '--follow', text=b'x\n')
        check_equal(code, expected, f'exit code for {recipients} ({output}{errors})')
        check(word in output, f'the output for {recipients} is {output!r}')
        check(output.startswith('queued as '), f'the queue id is missing in {output!r}')
    daemon.stop()
    code, output, errors = send(world, daemon, '--to', 'you@there.example', '--text', '-', '--follow', text=b'x\n')
    check_equal(code, 75, f'exit code without the daemon ({output}{errors})')
    check('do not send it again' in errors, f'without the daemon it says {errors!r}')


def scenario_now_delivers_without_a_daemon(world):
    there, port = start_hosts(world)
    key = world.path('dkim.pem')
    check_equal(world.run([world.program('mxpress'), 'dkim', 'key', key]).returncode, 0, 'exit code of mxpress dkim key')
    daemon = Daemon(world, Unbound(world, ZONE).port, port, extra=f'''
[dkim."here.example"]
keys = {{ s1 = "{key}" }}
sign = "always"
[destination."signed-in.example"]
route = "provider"
[route.provider]
host = "smtp.provider.example"
auth = "account"
[credentials.account]
user = "me"
password_file = "/nonexistent"
''')
    path = write_files(world.make_folder('files'), {'Отчёт.bin': b'\0\xff' * 1000})[0]
    code, output, errors = send(world, daemon, '--to', 'you@there.example, you@also.example', '--cc', 'you@null.example', '--text', '-', '--attach', path, '--now', text=b'x\n')
    check_equal(code, 69, f'exit code ({output}{errors})')
    for step in ('you@there.example: delivered; ', 'you@also.example: delivered; ', 'you@null.example: failed; '):
        check(step in output, f'the output is {output!r}')
    check_equal(sorted(message.recipients for message in there.messages()), [['<you@also.example>'], ['<you@there.example>']], 'messages at the mail host')
    content = there.messages()[0].content
    check_equal(read_by_python(content), {'Отчёт.bin': b'\0\xff' * 1000}, 'the file')
    letter = email.message_from_bytes(content, policy=email.policy.default)
    check(all(letter[name] for name in ('date', 'from', 'message-id', 'dkim-signature')), f'a field is missing: {letter.keys()}')
    code, output, errors = send(world, daemon, '--to', 'you@slow.example', '--text', '-', '--now', text=b'x\n')
    check_equal(code, 75, f'exit code for a host that defers ({output}{errors})')
    check('mxpress keeps no copy' in errors, f'it says {errors!r}')
    for recipient, why in (('you@signed-in.example', 'which signs in'), ('root', 'is an address of this host')):
        code, output, errors = send(world, daemon, '--to', f'you@there.example, {recipient}', '--text', '-', '--now', text=b'x\n')
        check_equal((code, output), (69, ''), f'exit code and output for {recipient} ({errors})')
        check(why in errors and 'leave out --now' in errors, f'it says {errors!r}')
    check_equal(there.count(), 2, 'messages at the mail host after the refusals')


def peak_kib(process):
    """The largest resident memory that a program has had, watched until its end."""
    peak = 0
    while process.poll() is None:
        try:
            status = pathlib.Path(f'/proc/{process.pid}/status').read_text()
        except OSError:
            break
        peak = max([peak] + [int(line.split()[1]) for line in status.splitlines() if line.startswith('VmHWM:')])
        time.sleep(0.01)
    return peak


def scenario_a_large_attachment_takes_constant_memory(world):
    _, port = start_hosts(world)
    daemon = Daemon(world, Unbound(world, ZONE).port, port, extra_top='max_message_size = 1_000_000_000').start()
    large = world.path('large.bin')
    with open(large, 'wb') as file:
        for seed in range(200):
            file.write(random.Random(seed).randbytes(1_000_000))
    command = [world.program('mxpress-send'), '-c', daemon.config, '--from', 'me@here.example', '--to', 'you@slow.example', '--attach', large]
    with open(world.path('send.log'), 'wb') as log:
        process = subprocess.Popen([str(part) for part in command], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        peak = peak_kib(process)
    check_equal(process.wait(), 0, f'exit code ({world.path("send.log").read_text()})')
    world.note(f'200 MB: {peak} KiB resident at most')
    if 'ASAN_OPTIONS' not in os.environ:
        check(1000 < peak < 20 * 1024, f'{peak} KiB resident')
    daemon.stop()


def scenario_a_file_that_changes_while_it_is_read_sends_nothing(world):
    there, port = start_hosts(world)
    daemon = Daemon(world, Unbound(world, ZONE).port, port, extra_top='max_message_size = 1_000_000_000').start()
    large = world.path('large.bin')
    with open(large, 'wb') as file:
        file.truncate(400_000_000)
    command = [world.program('mxpress-send'), '-c', daemon.config, '--from', 'me@here.example', '--to', 'you@there.example', '--attach', large]
    process = subprocess.Popen([str(part) for part in command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    wait_until(lambda: is_read_in_part(process.pid, large), 20, 'the file to be read')
    os.truncate(large, 1_000_000)
    output, errors = process.communicate(timeout=60)
    check_equal((process.returncode, output), (74, b''), f'exit code and output ({errors})')
    check(b'large.bin changed while it was read: nothing was sent' in errors, f'it says {errors!r}')
    daemon.wait_for_empty_queue()
    check_equal(there.count(), 0, 'messages at the mail host')
    daemon.stop()


def is_read_in_part(pid, path):
    """True if the program has the file open, and has read more than 4 MB of it."""
    folder = pathlib.Path(f'/proc/{pid}/fd')
    for link in list(folder.iterdir()):
        try:
            if os.readlink(link) == str(path):
                position = int((folder.parent / 'fdinfo' / link.name).read_text().split()[1])
                if position > 4_000_000:
                    return True
        except FileNotFoundError:
            continue
    return False


def scenario_a_bar_is_drawn_on_a_terminal_only(world):
    _, port = start_hosts(world)
    daemon = Daemon(world, Unbound(world, ZONE).port, port).start()
    path = write_files(world.make_folder('files'), {'large.bin': b'x' * 5_000_000})[0]
    ours, theirs = os.openpty()
    command = [world.program('mxpress-send'), '-c', daemon.config, '--from', 'me@here.example', '--to', 'you@slow.example', '--attach', path]
    process = subprocess.Popen([str(part) for part in command], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=theirs)
    os.close(theirs)
    drawn = read_to_end(ours, 60)
    os.close(ours)
    check_equal(process.wait(60), 0, 'exit code')
    check(b'] 100 % of 6.8 MB' in drawn and drawn.endswith(b'\r\x1b[K'), f'drawn: {drawn[-200:]!r}')
    code, _, errors = send(world, daemon, '--to', 'you@slow.example', '--attach', path)
    check_equal((code, errors), (0, ''), 'exit code and standard error without a terminal')
    daemon.stop()


def scenario_a_file_that_may_not_be_read_is_refused(world):
    if not is_root():
        raise Skip('only root can become another user')
    _, port = start_hosts(world)
    daemon = Daemon(world, Unbound(world, ZONE).port, port).start()
    path = write_files(world.make_folder('files'), {'secret': b'x'})[0]
    path.chmod(0)
    command = [world.program('mxpress-send'), '-c', daemon.config, '--from', 'me@here.example', '--to', 'you@there.example', '--attach', path]
    result = world.run(['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', *command])
    check_equal(result.returncode, 66, 'exit code')
    check(b'Permission denied' in result.stderr, f'it says {result.stderr!r}')
    daemon.stop()
