"""A real Postfix as the recipient's mail host: clear and under STARTTLS, its refusals, its greylisting-like deferrals."""
from daemon import Daemon
from delivery_scenario import HELLO, ODD, check_notice
from harness import check, check_equal, wait_until
from peers import Sink, Unbound
from postfix import Postfix

ZONE = [
    'post.example. 60 IN MX 10 mail.post.example.',
    'mail.post.example. 60 IN A 127.0.0.21',
    'here.example. 60 IN MX 10 mail.here.example.',
    'mail.here.example. 60 IN A 127.0.0.13',
]


def behind_the_trace(content):
    """The content after the Received lines and Postfix's own lines in front."""
    lines = content.split(b'\n')
    while lines and (lines[0].split(b':')[0] in (b'Return-Path', b'X-Original-To', b'Delivered-To', b'Received') or lines[0][:1] in (b' ', b'\t')):
        lines.pop(0)
    return b'\n'.join(lines)


def arrives_unchanged(daemon, postfix):
    daemon.send(['-f', 'me@here.example', '-i', 'you@post.example'], ODD)
    wait_until(lambda: postfix.messages(), 20, 'the message to reach the mailbox')
    daemon.wait_for_empty_queue()
    check_equal(len(postfix.messages()), 1, 'copies')
    check_equal(behind_the_trace(postfix.messages()[0]), ODD, 'the message behind the trace lines')


def scenario_takes_mail_in_clear_and_reports_refusals(world):
    port = world.free_port()
    sender = Sink(world, 'here', '127.0.0.13', port).start()
    postfix = Postfix(world, '127.0.0.21', port, 'post.example',
                      'smtpd_recipient_restrictions = check_recipient_access inline:{nobody@post.example=REJECT}, reject_unauth_destination\n')
    daemon = Daemon(world, Unbound(world, ZONE).port, port).start()
    arrives_unchanged(daemon, postfix)
    daemon.send(['-f', 'me@here.example', 'nobody@post.example'], HELLO)
    wait_until(lambda: sender.count() == 1, 20, 'the notice')
    daemon.wait_for_empty_queue()
    check_notice(sender.messages()[0], 'nobody@post.example', '5.7.1', '554 5.7.1')
    daemon.stop()


def scenario_takes_mail_under_tls(world):
    port = world.free_port()
    key, certificate = world.path('key.pem'), world.path('certificate.pem')
    made = world.run(['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj', '/CN=mail.post.example',
                      '-keyout', key, '-out', certificate])
    check_equal(made.returncode, 0, f'openssl req ({made.stderr.decode()[-200:]})')
    postfix = Postfix(world, '127.0.0.21', port, 'post.example',
                      f'smtpd_tls_security_level = encrypt\nsmtpd_tls_key_file = {key}\nsmtpd_tls_cert_file = {certificate}\nsmtpd_tls_received_header = yes\n'
                      'smtpd_tls_loglevel = 2\n')
    daemon = Daemon(world, Unbound(world, ZONE).port, port).start()
    arrives_unchanged(daemon, postfix)
    check(b'(using TLSv1.3 with cipher' in postfix.messages()[0], f'not under TLS: {postfix.messages()[0][:800]!r}')
    wait_until(lambda: 'tls=' in daemon.log() and 'TLSv1.3' in daemon.log(), 10, 'a line of the log that names the TLS version')
    wait_until(lambda: ' mail=1 ' in postfix.log(), 20, 'the end of the session')
    check('Reusing old session' not in postfix.log(), 'the first session is a new one')
    daemon.send(['-f', 'me@here.example', '-i', 'you@post.example'], HELLO)
    wait_until(lambda: len(postfix.messages()) == 2, 20, 'the second message')
    check('Reusing old session' in postfix.log(), f'the TLS session is not resumed on a new connection: {postfix.log()[-3000:]}')
    daemon.stop()
