"""The main job with real parts: the zone served by unbound, hosts played by Postfix's smtp-sink, mail sent by the sendmail command."""
import email
import email.policy
import re

from daemon import Daemon
from harness import check, check_equal, wait_until
from peers import Sink, Unbound, without_prefix

ZONE = [
    'there.example. 60 IN MX 10 mx1.there.example.',
    'there.example. 60 IN MX 20 mx2.there.example.',
    'mx1.there.example. 60 IN A 127.0.0.11',
    'mx2.there.example. 60 IN A 127.0.0.12',
    'here.example. 60 IN MX 10 mail.here.example.',
    'mail.here.example. 60 IN A 127.0.0.13',
    'refusing.example. 60 IN MX 10 mail.refusing.example.',
    'mail.refusing.example. 60 IN A 127.0.0.14',
    'null.example. 60 IN MX 0 .',
]
HELLO = b'Subject: hi\n\nhello\n'
# A lone dot, stuffed dots, 8 bits, tabs, trailing blanks, a long line, empty lines at the end.
ODD = (b'From: me@here.example\nTo: you@there.example\nSubject: odd\nDate: Sun, 22 Nov 2026 10:00:00 +0000\nMessage-ID: <odd@here.example>\n'
       b'X-Folded: one\n\ttwo\n   three\n\n.\n..\n.dot\n\tblank at the end \n' + b'\xc3\xa4\xff\x80\n' + b'x' * 990 + b'\n\n\n')


def sent_unchanged(found, sent, what):
    """Our additions are a prefix; the rest is the original message."""
    check(found.endswith(sent), f'{what}: the content was changed: {found[-len(sent) - 300:]!r}')
    check(found.startswith(b'Received: '), f'{what}: no Received line at the top: {found[:100]!r}')
    added = found[:-len(sent)]
    names = re.findall(rb'(?m)^([A-Za-z-]+):', added)
    check(set(names) <= {b'Received', b'Date', b'From', b'Message-ID'} and len(set(names)) == len(names), f'{what}: added {names}')


def one_message(sink):
    messages = sink.messages()
    check_equal(len(messages), 1, f'messages at {sink.name}')
    return messages[0]


def scenario_arrives_once_at_the_mx_of_lowest_preference(world):
    port = world.free_port()
    first, second = Sink(world, 'mx1', '127.0.0.11', port).start(), Sink(world, 'mx2', '127.0.0.12', port).start()
    daemon = Daemon(world, Unbound(world, ZONE).port, port).start()
    daemon.send(['-i', '-f', 'me@here.example', 'you@there.example'], HELLO)
    wait_until(lambda: first.count() == 1, 20, 'the message to arrive')
    daemon.wait_for_empty_queue()
    daemon.send(['-i', '-f', 'me@here.example', 'you@there.example'], ODD)
    wait_until(lambda: first.count() == 2, 20, 'the second message to arrive')
    daemon.wait_for_empty_queue()
    plain = next(m for m in first.messages() if b'Subject: hi' in m.content)
    odd = next(m for m in first.messages() if b'Subject: odd' in m.content)
    check_equal((plain.sender, plain.recipients), ('<me@here.example>', ['<you@there.example>']), 'envelope')
    sent_unchanged(plain.content, HELLO, 'the small message')
    check_equal(without_prefix(odd.content), ODD, 'the odd message, which lacked nothing, behind Received')
    check_equal(second.count(), 0, 'messages at the second mail host')
    daemon.stop()


def scenario_goes_to_the_next_mx_in_the_same_attempt(world):
    port = world.free_port()
    second = Sink(world, 'mx2', '127.0.0.12', port).start()
    daemon = Daemon(world, Unbound(world, ZONE).port, port, retry='1h*').start()
    daemon.send(['-f', 'me@here.example', 'you@there.example'], HELLO)
    wait_until(lambda: second.count() == 1, 20, 'the message to arrive at the second host; the next attempt would be in an hour')
    daemon.wait_for_empty_queue()
    sent_unchanged(one_message(second).content, HELLO, 'the message')
    ids = daemon.accepted_ids()
    check_equal(len(ids), 1, 'accepted lines in the log')
    code, shown, errors = daemon.mxpress('show', ids[0])
    check_equal(code, 0, f'mxpress show {ids[0]} ({errors.strip()})')
    check('mx2.there.example' in shown and '127.0.0.12' in shown, f'show does not name the host that took it: {shown}')
    check('mx1.there.example' in shown or '127.0.0.11' in shown, f'show does not tell of the host that was down: {shown}')
    daemon.stop()


def scenario_waits_while_every_host_is_down_and_survives_a_restart(world):
    port = world.free_port()
    daemon = Daemon(world, Unbound(world, ZONE).port, port).start()
    daemon.send(['-f', 'me@here.example', 'you@there.example'], HELLO)
    wait_until(lambda: daemon.events('attempt') or daemon.events('site'), 20, 'a first attempt')
    daemon.stop()
    first = Sink(world, 'mx1', '127.0.0.11', port).start()
    daemon.start()
    wait_until(lambda: first.count() == 1, 30, 'the message to arrive after the restart')
    daemon.wait_for_empty_queue()
    sent_unchanged(one_message(first).content, HELLO, 'the message')
    daemon.stop()


def parse_bounce(dumped):
    """The parts of an RFC 3464 notice, as python's email package sees them: (message, text, fields of the message, fields of recipients)."""
    message = email.message_from_bytes(dumped.content, policy=email.policy.default)
    check_equal(message.get_content_type(), 'multipart/report', 'content type of the notice')
    check_equal(message.get_param('report-type'), 'delivery-status', 'report type')
    check_equal(message.defects, [], 'defects that the parser found')
    text, status, *returned = message.get_payload()
    check_equal(status.get_content_type(), 'message/delivery-status', 'type of the second part')
    blocks = status.get_payload()
    return message, text.get_content(), blocks[0], blocks[1:], returned


def check_notice(dumped, recipient, status, diagnostic):
    message, text, about_message, about_recipients, returned = parse_bounce(dumped)
    check_equal(dumped.sender, '<>', 'reverse-path of the notice')
    check_equal(dumped.recipients, ['<me@here.example>'], 'recipient of the notice')
    check(str(message['Auto-Submitted']).startswith('auto-replied'), f'Auto-Submitted: {message["Auto-Submitted"]}')
    check_equal(str(message['To']).strip('<>'), 'me@here.example', 'To')
    check_equal(about_message['Reporting-MTA'], 'dns; mta.here.example', 'Reporting-MTA')
    check_equal(len(about_recipients), 1, 'recipients in the notice')
    fields = about_recipients[0]
    check_equal(fields['Final-Recipient'].replace(' ', ''), f'rfc822;{recipient}', 'Final-Recipient')
    check_equal((fields['Action'], fields['Status']), ('failed', status), 'action and status')
    if diagnostic:
        check(diagnostic in str(fields['Diagnostic-Code']), f'Diagnostic-Code: {fields["Diagnostic-Code"]}')
    check(recipient in text, f'the text does not name the recipient: {text}')
    check(len(returned) == 1 and b'Subject: hi' in returned[0].as_bytes(), 'the header of the message is returned')


def scenario_550_sends_one_notice_to_the_sender(world):
    port = world.free_port()
    sender = Sink(world, 'here', '127.0.0.13', port).start()
    Sink(world, 'refusing', '127.0.0.14', port, ['-f', 'RCPT', '-B', '550 5.1.1 <nobody>: no such user here']).start()
    daemon = Daemon(world, Unbound(world, ZONE).port, port).start()
    daemon.send(['-f', 'me@here.example', 'nobody@refusing.example'], HELLO)
    wait_until(lambda: sender.count() == 1, 20, 'the notice')
    daemon.wait_for_empty_queue()
    check_notice(one_message(sender), 'nobody@refusing.example', '5.1.1', '550 5.1.1 <nobody>: no such user here')
    daemon.stop()


def scenario_null_mx_and_unknown_domain_are_told_at_once(world):
    port = world.free_port()
    sender = Sink(world, 'here', '127.0.0.13', port).start()
    # A name server that has answered nothing positive yet is not believed about NXDOMAIN: the null MX comes first, to the same worker.
    daemon = Daemon(world, Unbound(world, ZONE).port, port, delivery='workers = 1').start()
    daemon.send(['-f', 'me@here.example', 'you@null.example'], HELLO)
    wait_until(lambda: sender.count() == 1, 20, 'the notice about the null MX')
    daemon.wait_for_empty_queue()
    check_notice(sender.messages()[0], 'you@null.example', '5.1.10', None)
    daemon.send(['-f', 'me@here.example', 'you@nowhere.example'], HELLO)
    wait_until(lambda: sender.count() == 2, 20, 'the notice about the unknown domain')
    daemon.wait_for_empty_queue()
    notice = next(m for m in sender.messages() if b'you@nowhere.example' in m.content)
    check_notice(notice, 'you@nowhere.example', '5.1.2', None)
    daemon.stop()
