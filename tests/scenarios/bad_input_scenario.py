"""Bad input at the entrances: a clear refusal or a temporary failure, bounded memory, no crash, no wrong mail sent."""
import binascii
import os
import random
import socket
import time

from daemon import Daemon
from delivery_scenario import HELLO, ZONE
from harness import check, check_equal, wait_until
from peers import Sink, Unbound, without_prefix


def start(world, **options):
    port = world.free_port()
    sink = Sink(world, 'mx1', '127.0.0.11', port).start()
    return sink, Daemon(world, Unbound(world, ZONE).port, port, **options).start()


def raw_session(daemon, pieces, seconds=30):
    """Sends bytes unchanged, each piece after a reply to the one before; returns all replies until the daemon closed or fell silent."""
    replies = b''
    with socket.create_connection(('127.0.0.1', daemon.smtp_port), timeout=seconds) as connection:
        replies += connection.recv(4096)
        try:
            for piece in pieces[:-1]:
                connection.sendall(piece)
                replies += connection.recv(65536)
            connection.sendall(pieces[-1])
            connection.shutdown(socket.SHUT_WR)
            while True:
                more = connection.recv(65536)
                if not more:
                    break
                replies += more
        except socket.timeout:
            check(False, f'the daemon hangs after {replies[-200:]!r}')
        except OSError:
            pass  # it closed while we still wrote
    return replies


def still_works(world, sink, daemon):
    """An ordinary message gets through afterwards, and only that one."""
    before = sink.count()
    daemon.send(['-f', 'me@here.example', 'you@there.example'], HELLO)
    wait_until(lambda: sink.count() > before, 20, 'an ordinary message to arrive afterwards')
    daemon.wait_for_empty_queue()
    check_equal(sink.count(), before + 1, 'messages that arrived')
    check(daemon.process.running(), 'mxpressd ended')


def scenario_sendmail_arguments_by_which_web_forms_are_attacked(world):
    sink, daemon = start(world)
    trap = world.path('trap')
    attacks = [
        [f'-X{trap}', '-f', 'me@here.example'],
        ['-X', str(trap), '-f', 'me@here.example'],
        [f'-OQueueDirectory={world.folder}', f'-C{trap}'],
        ['-C', '/etc/passwd'],
        ['-be', '${run{/bin/touch ' + str(trap) + '}}'],
        [f'-D{trap}'],
        ['-oQ' + str(world.folder)],
    ]
    for arguments in attacks:
        code, errors = daemon.sendmail([*arguments, '-i', '--', 'you@there.example'], b'Subject: attack\n\n<?php system($_GET[1]); ?>\n')
        check(code in (0, 64), f'sendmail {arguments} ended with {code}: {errors}')
        check('/bin/' not in errors and 'root:' not in errors, f'sendmail {arguments} shows a file: {errors}')
        check(not trap.exists(), f'sendmail {arguments} wrote the file of an attacker')
    # Behind "--" this is a local part like others, not an option.
    code, errors = daemon.sendmail(['-f', 'me@here.example', '--', '-oQ/tmp'], HELLO)
    check_equal(code, 67, f'exit status for the local part -oQ/tmp: {errors}')
    check('no user -oQ/tmp on this host' in errors, f'words of sendmail: {errors}')
    for address in ('|/bin/sh', '/etc/passwd', 'you@there.example\r\nDATA', 'you@there.example>\nRCPT TO:<other@there.example', ':include:/etc/passwd', 'a' * 5000 + '@there.example', '@', ''):
        code, errors = daemon.sendmail(['-f', 'me@here.example', '--', address], HELLO)
        check(code in (64, 65, 67), f'recipient {address[:60]!r}: exit status {code}: {errors[:200]}')
    for sender in ('me@here.example\r\nRCPT TO:<x@there.example>', 'a b@here.example', '<<>>'):
        code, errors = daemon.sendmail(['-f', sender, 'you@there.example'], HELLO)
        check(code in (64, 65, 67), f'sender {sender!r}: exit status {code}: {errors[:200]}')
    check_equal(daemon.sendmail([], HELLO)[0] in (64, 65), True, 'no recipient is a usage error')
    daemon.wait_for_empty_queue()
    check(all(m.recipients == ['<you@there.example>'] for m in sink.messages()), f'mail to somebody else: {[m.recipients for m in sink.messages()]}')
    still_works(world, sink, daemon)
    daemon.stop()


SMUGGLED = b'MAIL FROM:<evil@here.example>\r\nRCPT TO:<victim@there.example>\r\nDATA\r\nSubject: smuggled\r\n\r\nx\r\n.\r\n'


def scenario_bare_line_ends_smuggle_nothing(world):
    sink, daemon = start(world)
    envelope = [b'EHLO client.example\r\n', b'MAIL FROM:<me@here.example>\r\n', b'RCPT TO:<you@there.example>\r\n', b'DATA\r\n']
    for end in (b'\n.\n', b'\n.\r\n', b'\r\n.\n', b'\r.\r', b'\r.\r\n', b'\r\n.\r', b'\r\n\x00.\r\n', b'\r\n.\x00\r\n'):
        replies = raw_session(daemon, [*envelope, b'Subject: a\r\n\r\ntext' + end + SMUGGLED])
        check(b'\r\n354 ' in replies, f'DATA was refused: {replies!r}')
    daemon.wait_for_empty_queue()
    for message in sink.messages():
        check(b'victim@there.example' not in ' '.join(message.recipients).encode(), f'a message was smuggled: {message.content!r}')
    still_works(world, sink, daemon)
    daemon.stop()


def scenario_long_lines_nul_and_noise_at_the_smtp_entrance(world):
    sink, daemon = start(world)
    replies = raw_session(daemon, [b'EHLO ' + b'x' * 1_000_000])
    check(replies.startswith(b'220 ') and replies.count(b'\n') <= 2, f'a line of 1 MB: {replies[:300]!r}')
    replies = raw_session(daemon, [b'EHLO client.example\r\n', b'NOOP ' + b'x' * 3000 + b'\r\n', b'NOOP\r\n'])
    check(b'\r\n500 ' in replies and replies.rstrip().rsplit(b'\r\n')[-1].startswith(b'2'), f'a line of 3 kB: {replies[:300]!r}')
    replies = raw_session(daemon, [b'EHLO client.example\r\n', b'MAIL FROM:<a\x00b@here.example>\r\n'])
    check(replies.count(b'\r\n50') + replies.count(b'\r\n55') >= 1, f'NUL in an address: {replies!r}')
    noise = random.Random(1)
    for _ in range(20):
        raw_session(daemon, [noise.randbytes(noise.randrange(1, 20_000))])
    envelope = [b'EHLO client.example\r\n', b'MAIL FROM:<me@here.example>\r\n', b'RCPT TO:<you@there.example>\r\n', b'DATA\r\n']
    replies = raw_session(daemon, [*envelope, b'Subject: nul\r\n\r\na\x00b\r\n.\r\n'])
    check(b'\r\n55' in replies or b'\r\n50' in replies or b'\r\n250 ' in replies.split(b'354', 1)[1], f'NUL in the text: {replies!r}')
    raw_session(daemon, [*envelope, b'Subject: long\r\n\r\n' + b'y' * 1_000_000 + b'\r\n.\r\n'])
    raw_session(daemon, [*envelope, b'Subject: cut off\r\n\r\nno end'])
    daemon.wait_for_empty_queue()
    for message in sink.messages():
        check(max(map(len, message.content.split(b'\n'))) <= 998, 'a line of more than 998 octets was sent')
        check(b'cut off' not in message.content, 'a message without end was sent')
    still_works(world, sink, daemon)
    check(not daemon_log_has_controls(daemon), 'a control character reached the log')
    daemon.stop()


def daemon_log_has_controls(daemon):
    return any(ord(c) < 32 and c not in '\n\t' for c in daemon.log())


def scenario_a_message_of_100_mb(world):
    sink, daemon = start(world, extra_top='max_message_size = 120000000')
    text = b'Subject: big\nFrom: me@here.example\nTo: you@there.example\nDate: Sun, 22 Nov 2026 10:00:00 +0000\nMessage-ID: <big@here.example>\n\n'
    text += b''.join(b'%070d\n' % number for number in range(100_000_000 // 71))
    begin = time.monotonic()
    code, errors = daemon.sendmail(['-f', 'me@here.example', 'you@there.example'], text, seconds=120)
    check_equal(code, 0, f'exit status of sendmail ({errors})')
    wait_until(lambda: sink.count() == 1, 120, 'the message to arrive')
    daemon.wait_for_empty_queue(120)
    check(without_prefix(sink.messages()[0].content) == text, 'the content was changed')
    memory = daemon.process.peak_memory_kib() / 1024
    world.note(f'100 MB arrived unchanged after {time.monotonic() - begin:.1f} s; peak memory of mxpressd {memory:.0f} MiB')
    check(memory < 100, f'peak memory {memory:.0f} MiB: the message was held in memory')
    daemon.stop()


def nested(depth, innermost):
    """Multiparts in one another around a part."""
    for level in range(depth):
        boundary = b'b%d' % level
        innermost = b'Content-Type: multipart/mixed; boundary=%s\n\n--%s\n%s\n--%s--\n' % (boundary, boundary, innermost, boundary)
    return innermost


def scenario_messages_of_48_mb_are_converted_in_little_memory(world):
    port = world.free_port()
    sink = Sink(world, 'mx1', '127.0.0.11', port, options=['-8']).start()  # without 8BITMIME
    daemon = Daemon(world, Unbound(world, ZONE).port, port).start()
    eight_bit = 'Grüße aus dem Haus am See, wo alle auf den nächsten Tag warten\n'.encode()
    body = eight_bit * (47_000_000 // len(eight_bit))
    long_lines = b'\n' + b'x' * 1200 + b'\n' + b'y' * 70 + b'\n' + (b'y' * 70 + b'\n') * (45_000_000 // 71)
    messages = {
        '8-bit': b'MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n' + body,
        'long lines, nested 19 deep': b'MIME-Version: 1.0\n' + nested(19, long_lines),
    }
    for name, text in messages.items():
        before = daemon.process.cpu_seconds()
        code, errors = daemon.sendmail(['-f', 'me@here.example', 'you@there.example'], b'Subject: big\n' + text, seconds=120)
        check_equal(code, 0, f'exit status of sendmail ({errors})')
        daemon.wait_for_empty_queue(120)
        world.note(f'{name}: {daemon.process.cpu_seconds() - before:.2f} s of CPU, peak memory {daemon.process.peak_memory_kib() / 1024:.0f} MiB')
    first, second = sorted(sink.messages(), key=lambda message: b'multipart' in message.content)
    head, _, converted = first.content.partition(b'\n\n')
    check(b'Content-Transfer-Encoding: quoted-printable' in head, f'the header is {head!r}')
    check(converted.isascii() and binascii.a2b_qp(converted) == body, 'the 8-bit text was changed')
    check(second.content.count(b'Content-Transfer-Encoding: quoted-printable') == 1, 'one part of the nested message is encoded')
    check(max(map(len, second.content.split(b'\n'))) <= 998, 'a line is over 998 octets')
    memory = daemon.process.peak_memory_kib() / 1024
    check(memory < 40, f'peak memory {memory:.0f} MiB: a message was held in memory')
    still_works(world, sink, daemon)
    daemon.stop()


def scenario_a_message_over_the_limit_is_refused(world):
    sink, daemon = start(world, extra_top='max_message_size = 1000000')
    code, errors = daemon.sendmail(['-f', 'me@here.example', 'you@there.example'], b'Subject: big\n\n' + b'x' * 70 * 1000 + b'\n' + b'line\n' * 400_000)
    check(code in (65, 69), f'exit status of sendmail: {code} ({errors})')
    with daemon.smtp() as client:
        client.ehlo()
        check_equal(client.docmd('MAIL', 'FROM:<me@here.example> SIZE=2000000')[0], 552, 'reply to a SIZE over the limit')
    check_equal(sink.count(), 0, 'messages that arrived')
    still_works(world, sink, daemon)
    daemon.stop()


def scenario_ten_thousand_recipients(world):
    sink, daemon = start(world)
    recipients = [f'r{number}@there.example' for number in range(10_000)]
    with daemon.smtp() as client:
        check_equal(client.sendmail('me@here.example', recipients, b'Subject: many\r\n\r\nx\r\n'), {}, 'refused recipients')
        client.rset()
        client.docmd('MAIL', 'FROM:<me@here.example>')
        codes = {client.docmd('RCPT', f'TO:<r{number}@there.example>')[0] for number in range(10_050)}
        check_equal(codes, {250, 452}, 'replies when there are more than 10,000')
    wait_until(lambda: len({r for m in sink.messages() for r in m.recipients}) == 10_000, 60, 'all recipients to get it', every=0.2)
    daemon.wait_for_empty_queue()
    got = [r for m in sink.messages() for r in m.recipients]
    check_equal((len(got), len(set(got))), (10_000, 10_000), 'recipients served, and different ones')
    world.note(f'10,000 recipients in {sink.count()} transactions')
    still_works(world, sink, daemon)
    daemon.stop()
