"""Clients of others against the real daemon: swaks, python's smtplib, and callers of /usr/sbin/sendmail."""
import os
import subprocess

from daemon import Daemon
from delivery_scenario import ZONE, sent_unchanged
from harness import Skip, check, check_equal, wait_until
from peers import Sink, Unbound


def start(world, **options):
    port = world.free_port()
    sink = Sink(world, 'mx1', '127.0.0.11', port, **options).start()
    return sink, Daemon(world, Unbound(world, ZONE).port, port).start()


def arrives(world, sink, count, daemon, what):
    wait_until(lambda: sink.count() >= count, 20, lambda: f'{what} to arrive; {sink.count()} of {count} are there')
    daemon.wait_for_empty_queue()
    check_equal(sink.count(), count, f'copies after {what}')


def newest(sink):
    return max(sink.messages(), key=lambda m: m.path.stat().st_mtime_ns)


def scenario_swaks(world):
    sink, daemon = start(world)
    swaks = [world.peer('swaks', 'swaks'), '--server', '127.0.0.1', '--port', daemon.smtp_port, '--from', 'me@here.example', '--to', 'you@there.example',
             '--ehlo', 'client.here.example']
    for count, options in enumerate([[], ['--pipeline'], ['--protocol', 'SMTP'], ['--tls-optional']], 1):
        result = world.run([*swaks, *options], env=swaks_environment(world))
        check_equal(result.returncode, 0, f'exit status of swaks {options} ({result.stdout.decode()[-500:]}{result.stderr.decode()[-200:]})')
        arrives(world, sink, count, daemon, f'swaks {" ".join(options)}')
    result = world.run([*swaks, '--quit-after', 'EHLO'], env=swaks_environment(world))
    for keyword in ('PIPELINING', 'SIZE ', '8BITMIME', 'ENHANCEDSTATUSCODES', 'DSN'):
        check(f'{keyword}' in result.stdout.decode(), f'EHLO does not offer {keyword}: {result.stdout.decode()}')
    daemon.stop()


def swaks_environment(world):
    root = world.peers / 'root'
    return {**world.peer_environment(), 'PERL5LIB': f'{root}/usr/share/perl5:{root}/usr/lib/x86_64-linux-gnu/perl5/5.36'}


def scenario_smtplib(world):
    sink, daemon = start(world)
    text = 'From: me@here.example\r\nTo: you@there.example\r\nSubject: smtplib\r\n\r\näöü\r\n.\r\n..two\r\n'.encode()
    with daemon.smtp() as client:
        client.ehlo()
        for keyword in ('pipelining', 'size', '8bitmime', 'enhancedstatuscodes', 'dsn'):
            check(client.has_extn(keyword), f'EHLO does not offer {keyword}')
        refused = client.sendmail('me@here.example', ['you@there.example', 'other@there.example'], text,
                                  mail_options=['BODY=8BITMIME', 'RET=HDRS', 'ENVID=abc+2Bdef'],
                                  rcpt_options=['NOTIFY=FAILURE,DELAY', 'ORCPT=rfc822;you@there.example'])
        check_equal(refused, {}, 'refused recipients')
        arrives(world, sink, 1, daemon, 'one transaction for two recipients')
        options = ' NOTIFY=FAILURE,DELAY ORCPT=rfc822;you@there.example'
        check_equal(sorted(newest(sink).recipients), [f'<other@there.example>{options}', f'<you@there.example>{options}'], 'recipients with their DSN options')
        for option in ('<me@here.example>', ' BODY=8BITMIME', ' RET=HDRS', ' ENVID=abc+2Bdef'):
            check(option in newest(sink).sender, f'MAIL FROM:{newest(sink).sender} lacks {option}')
        check(newest(sink).content.endswith(text.replace(b'\r\n', b'\n')), f'content was changed: {newest(sink).content!r}')
        # The session goes on after a refusal.
        check_equal(client.docmd('MAIL', 'FROM:<me@here.example> NOSUCH=1')[0], 555, 'reply to an unknown parameter')
        check_equal(client.docmd('RCPT', 'TO:<you@there.example>')[0], 503, 'reply to RCPT before MAIL')
        check_equal(client.docmd('BOGUS')[0], 500, 'reply to an unknown command')
        client.sendmail('', ['postmaster@there.example'], b'Subject: null sender\r\n\r\nx\r\n')
        arrives(world, sink, 2, daemon, 'mail from the null sender')
        check_equal(newest(sink).sender, '<>', 'reverse-path')
    daemon.stop()


def check_caller(world, sink, daemon, count, command, message, what, must_contain, **options):
    result = world.run(command, message, env={**world.peer_environment(), **daemon.environment(), **swaks_perl(world), **options})
    check_equal(result.returncode, 0, f'exit status of {what} ({result.stdout.decode()[-300:]} {result.stderr.decode()[-300:]})')
    arrives(world, sink, count, daemon, what)
    content = newest(sink).content
    for part in must_contain:
        check(part in content, f'{what}: {part!r} is not in {content!r}')


def swaks_perl(world):
    root = world.peers / 'root'
    return {'PERL5LIB': f'{root}/usr/share/perl5'}


def scenario_cron_writes_to_sendmail(world):
    sink, daemon = start(world)
    message = b'From: root (Cron Daemon)\nTo: you@there.example\nSubject: Cron <root@here> true\nMIME-Version: 1.0\n\noutput\n'
    command = [world.program('sendmail'), '-i', '-FCronDaemon', '-B8BITMIME', '-oem', '-fme@here.example', 'you@there.example']
    check_caller(world, sink, daemon, 1, command, message, 'a cron mail', [b'output', b'Cron <root@here>'])
    command = [world.program('sendmail'), '-t']
    message = b'From: me@here.example\nTo: "You, yes" <you@there.example>\nCc: (a group) friends: a@there.example, b@there.example;\nBcc: secret@there.example\nSubject: t\n\nx\n.\nbehind a dot\n'
    check_caller(world, sink, daemon, 2, command, message, 'sendmail -t', [b'Subject: t'])
    check_equal(sorted(newest(sink).recipients), [f'<{name}@there.example>' for name in ('a', 'b', 'secret', 'you')], 'recipients of -t')
    check(b'ecret' not in newest(sink).content, 'Bcc was sent')
    check(b'x\r\n..\r\nbehind a dot' in newest(sink).content or b'x\n.\nbehind a dot' in newest(sink).content.replace(b'\r\n', b'\n'), 'a lone dot in the text of a program ended the message')
    daemon.stop()


def scenario_s_nail(world):
    sink, daemon = start(world)
    command = [world.peer('s-nail', 's-nail'), '-:/', '-S', f'mta={world.program("sendmail")}', '-S', 'from=me@here.example', '-s', 'from s-nail', 'you@there.example']
    check_caller(world, sink, daemon, 1, command, b'hello from mail(1)\n', 's-nail', [b'Subject: from s-nail', b'hello from mail(1)'], HOME=str(world.folder))
    daemon.stop()


def scenario_php_mail(world):
    sink, daemon = start(world)
    php = world.peer('php8.2', 'php8.2-cli')
    code = 'exit(mail("you@there.example", "from php", "line one\\nline two\\n", "X-From-Php: yes", "-fme@here.example") ? 0 : 1);'
    command = [php, '-n', '-d', f'sendmail_path={world.program("sendmail")} -t -i', '-r', code]
    check_caller(world, sink, daemon, 1, command, b'', 'php mail()', [b'Subject: from php', b'X-From-Php: yes', b'line one\nline two'])
    check_equal(newest(sink).sender, '<me@here.example>', 'reverse-path')
    daemon.stop()


def scenario_git_send_email(world):
    sink, daemon = start(world)
    program = world.peers / 'root/usr/lib/git-core/git-send-email'
    if not program.exists():
        raise Skip('git-email is not here: run scripts/setup')
    repository = world.make_folder('repository')
    environment = {**os.environ, 'HOME': str(world.folder), 'GIT_CONFIG_NOSYSTEM': '1'}
    for command in (['init', '-q'], ['config', 'user.name', 'Me'], ['config', 'user.email', 'me@here.example'], ['commit', '-q', '--allow-empty', '-m', 'Start'],
                    ['commit', '-q', '--allow-empty', '-m', 'Change nothing'], ['format-patch', '-1', '--always', '-o', '..']):
        subprocess.run(['git', '-C', repository, *command], check=True, capture_output=True, env=environment)
    command = ['perl', program, f'--smtp-server={world.program("sendmail")}', '--from=me@here.example', '--to=you@there.example', '--suppress-cc=all', '--confirm=never', '--quiet',
               str(world.path('0001-Change-nothing.patch'))]
    check_caller(world, sink, daemon, 1, command, b'', 'git send-email', [b'Change nothing'], HOME=str(world.folder), GIT_DIR=str(repository / '.git'))
    daemon.stop()
