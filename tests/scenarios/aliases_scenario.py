"""Aliases with whole programs: the reader of root's mail, unknown names; and a file that Postfix's postalias also reads."""
import grp
import os
import pwd
import re
import shutil
import smtplib

from daemon import Daemon
from delivery_scenario import ZONE
from harness import Skip, check, check_equal, daemon_user, is_root, wait_until
from peers import Sink, Unbound
from postfix import UNPACKED

HELLO = b'Subject: hi\n\nhello\n'
# Targets are addresses of other domains, so that mxpress prints them as postalias does.
BOTH = '''# comment
root: alice@x.example, Bob@Example.ORG
"quoted name": c@x.example
MiXed: x@x.example,
  y@x.example ,
 # a comment inside

\tz@x.example

dup: one@x.example
dup: two@x.example
a@b: c@x.example
"q@b": q@x.example
no colon
empty:
spaces : s@x.example
phrase: Alice Smith <alice@x.example> (comment), b@x.example
"with\\"quote": w@x.example
tab:\tx@x.example
many: a@x.example,,b@x.example,
'''


def local_mail(daemon):
    folder = daemon.spool / 'mailbox' / 'new'
    return [path.read_bytes() for path in sorted(folder.glob('*'))] if folder.exists() else []


def with_aliases(world, text, port, extra=''):
    file = world.make_folder('etc') / 'aliases'
    replace(file, text)
    local = f'[local]\nalias_file = "{file}"\n{extra}'
    return Daemon(world, Unbound(world, ZONE).port, port, extra=local), file


def replace(file, text):
    new = file.with_suffix('.new')
    new.write_text(text)
    new.chmod(0o644)
    new.rename(file)


def scenario_root_has_two_readers_and_a_misspelt_name_none(world):
    port = world.free_port()
    sink = Sink(world, 'mx1', '127.0.0.11', port).start()
    daemon, file = with_aliases(world, 'root: \\root, you@there.example\n', port)
    daemon.start()
    daemon.send(['root'], HELLO)
    with daemon.smtp() as client:
        client.sendmail('cron', ['postmaster'], HELLO.decode())
    result = world.run([world.program('sendmail'), '-bs'], b'HELO x\r\nMAIL FROM:<a>\r\nRCPT TO:<root+x>\r\nDATA\r\n\r\nx\r\n.\r\nQUIT\r\n',
                       env=daemon.environment())
    check(b'queued as' in result.stdout, f'sendmail -bs: {result.stdout!r}')
    wait_until(lambda: sink.count() == 3, 20, 'the messages to arrive')
    wait_until(lambda: len(local_mail(daemon)) == 3, 20, 'the messages in the mailbox')
    check_equal(sorted(r for m in sink.messages() for r in m.recipients),
                [f'<you@there.example> ORCPT=rfc822;{given}@mta.here.example' for given in ('postmaster', 'root+2Bx', 'root')],
                'recipients at the mail host')
    daemon.wait_for_empty_queue()

    code, errors = daemon.sendmail(['rooot'], HELLO)
    check_equal(code, 67, f'exit status for an unknown user ({errors})')
    check('no user rooot on this host; did you mean root?' in errors, f'words of sendmail: {errors}')
    with daemon.smtp() as client:
        try:
            client.sendmail('a@here.example', ['rooot'], HELLO.decode())
            check(False, 'an unknown user was accepted over SMTP')
        except smtplib.SMTPRecipientsRefused as refused:
            check_equal(refused.recipients['rooot'][0], 550, 'reply to RCPT')
    check_equal(daemon.sendmail(['you@there.example', 'rooot'], HELLO)[0], 67, 'exit status for one unknown user among others')
    check_equal(sink.count(), 3, 'messages at the mail host after the refusals')

    replace(file, 'root: they@there.example\nrooot: root\nvoid: |/bin/true\n')
    wait_until(lambda: daemon.sendmail(['rooot'], HELLO)[0] == 0, 20, 'the file to be read again')
    wait_until(lambda: sink.count() == 4, 20, 'the message for the new alias')
    check_equal(sorted(r for m in sink.messages() for r in m.recipients)[0],
                '<they@there.example> ORCPT=rfc822;rooot@mta.here.example', 'the new recipient')
    code, errors = daemon.sendmail(['void'], HELLO)
    check_equal(code, 67, f'exit status for a command ({errors})')
    check(f'{file}:3: no command is run for mail' in errors, f'words of sendmail: {errors}')
    daemon.stop()


def scenario_words_of_exim_refuse_defer_and_discard(world):
    port = world.free_port()
    sink = Sink(world, 'mx1', '127.0.0.11', port).start()
    daemon, file = with_aliases(world, 'gone: :fail: left in May, write to sales\nlater: :defer: moving\nnoreply: :blackhole:\nnull: /dev/null\n', port,
                                extra='aliases = { own = ":fail: not here" }\n')
    daemon.start()
    for name, code, words in (('gone', 67, 'left in May, write to sales'), ('own', 67, 'not here'), ('later', 75, 'moving')):
        got, errors = daemon.sendmail([name], HELLO)
        check_equal(got, code, f'exit status for {name} ({errors})')
        check(words in errors, f'words of sendmail for {name}: {errors}')
    daemon.send(['-N', 'success', '-f', 'me@there.example', 'noreply'], HELLO)
    daemon.send(['-f', 'me@there.example', 'null'], HELLO)
    daemon.wait_for_empty_queue()
    check_equal(sorted(event['reply'] for event in daemon.attempts('delivered')),
                [f'thrown away, as the alias {name} wants it' for name in ('noreply', 'null')], 'the log')
    check_equal((sink.count(), local_mail(daemon)), (0, []), 'mail that is left')
    code, output, errors = daemon.mxpress('aliases', 'noreply')
    check('the mail is thrown away' in output, f'mxpress aliases: {output}{errors}')
    result = world.run([world.program('sendmail'), '-bi'], env=daemon.environment())
    check_equal(result.returncode, 0, f'exit status of newaliases ({result.stderr!r})')
    daemon.stop()


def scenario_a_dropped_message_for_nobody_comes_back(world):
    port = world.free_port()
    sink = Sink(world, 'mx1', '127.0.0.13', port).start()
    daemon, _ = with_aliases(world, '', port)
    daemon.start()
    daemon.stop()
    daemon.send(['-f', 'me@here.example', 'rooot'], HELLO)
    daemon.start()
    wait_until(lambda: sink.count() == 1, 30, 'the notice to arrive')
    notice = sink.messages()[0]
    check_equal((notice.sender, notice.recipients), ('<>', ['<me@here.example>']), 'envelope of the notice')
    check(b'no user rooot on this host; did you mean root?' in notice.content, f'notice: {notice.content!r}')
    check(b'Status: 5.1.1' in notice.content, f'status of the notice: {notice.content!r}')
    daemon.stop()


def scenario_newaliases_names_mistakes_and_bv_says_where_mail_goes(world):
    daemon, file = with_aliases(world, 'root: you@there.example\nwrong\nstaff: root, |/bin/x\n', world.free_port())
    newaliases = world.folder / 'newaliases'
    os.symlink(world.program('sendmail'), newaliases)
    result = world.run([newaliases], env=daemon.environment())
    check_equal(result.returncode, 65, 'exit status of newaliases')
    check(f'{file}:2: has no colon' in result.stderr.decode(), f'words of newaliases: {result.stderr!r}')
    replace(file, 'root: you@there.example\n')
    result = world.run([world.program('sendmail'), '-bi'], env=daemon.environment())
    check_equal(result.returncode, 0, f'exit status of sendmail -bi ({result.stderr!r})')
    check(b'nothing has to be built' in result.stdout, f'words of sendmail -bi: {result.stdout!r}')
    result = world.run([world.program('sendmail'), '-bv', 'postmaster', 'x@there.example'], env=daemon.environment())
    check_equal((result.returncode, result.stdout.decode()),
                (0, 'x@there.example... is a mail address\npostmaster@mta.here.example\n  you@there.example\n'), 'sendmail -bv')
    check_equal(world.run([world.program('sendmail'), '-bv', 'rooot'], env=daemon.environment()).returncode, 67, 'sendmail -bv rooot')
    check_equal(daemon.mxpress('aliases', 'root')[:2], (0, 'root@mta.here.example\n  you@there.example\n'), 'mxpress aliases root')


def postalias(world, text):
    """The result of the real postalias: targets by name, and the lines of its warnings."""
    namespace = world.mount_namespace()
    program = world.peer('postalias', 'postfix')
    root = world.peers / 'root'
    if not (root / 'usr/lib/postfix/sbin/master').exists():
        raise Skip('Postfix is not unpacked here: run scripts/setup')
    folder = world.make_folder('postalias')
    for name, lines in (('passwd', 'postfix:x:64990:64990::/:/bin/false\n'), ('group', 'postfix:x:64990:\npostdrop:x:64991:\n')):
        (folder / name).write_text(open(f'/etc/{name}').read() + lines)
    (folder / 'main.cf').write_text(UNPACKED.format(root=root, folder=folder) + 'inet_interfaces = 127.0.0.1\nmyhostname = mx.here.example\n')
    (folder / 'master.cf').write_text('')
    (folder / 'aliases').write_text(text)
    script = (f'mount --make-rprivate / && mount --bind {folder}/passwd /etc/passwd && mount --bind {folder}/group /etc/group && '
              f'cd {folder} && {program} -c {folder} hash:aliases && {program} -c {folder} -s hash:aliases')
    result = world.run([*namespace, 'sh', '-c', script], env=world.peer_environment())
    check_equal(result.returncode, 0, f'exit status of postalias ({result.stderr!r})')
    names = dict(line.split(':\t', 1) for line in result.stdout.decode().splitlines())
    mistakes = {int(number) for number in re.findall(r'line (\d+)', result.stderr.decode())}
    return {name: value for name, value in names.items() if name != '@' and not name.startswith('YP_')}, mistakes


def scenario_postalias_reads_the_same(world):
    names, mistakes = postalias(world, BOTH)
    daemon, file = with_aliases(world, BOTH, world.free_port())
    code, _, errors = daemon.mxpress('aliases')
    check_equal(code, 1, 'exit status of mxpress aliases')
    ours = {int(number) for number in re.findall(re.escape(str(file)) + r':(\d+): ', errors)}
    dup = next(n for n, line in enumerate(BOTH.splitlines(), 1) if line.startswith('dup: two'))
    check_equal(ours, mistakes | {dup}, 'lines with mistakes; postalias warns of a name that is there twice without its line')
    check(len(names) >= 9, f'postalias knows {names}')
    for name, value in names.items():
        quoted = '"' + name.replace('"', '\\"') + '"' if re.search(r'[ @"]', name) else name
        code, output, errors = daemon.mxpress('aliases', '--', f'{quoted}@mta.here.example')
        check_equal(code, 0, f'mxpress aliases {name} ({output} {errors})')
        # Postfix keeps the text; at delivery it drops comments and names (tok822_parse).
        plain = re.sub(r'\([^)]*\)|[A-Z]\w+ [A-Z]\w+ |[<>]', '', value)
        wanted = [target.strip() for target in plain.split(',') if target.strip()]
        lower = [line.strip().lower() for line in output.splitlines()[1:]]
        check_equal(lower, [target.lower() for target in wanted], f'targets of {name}')


def scenario_an_include_in_a_users_folder_discloses_no_file_of_the_daemon(world):
    if not is_root():
        raise Skip('only root can play two users')
    secret = world.make_folder('secrets') / 'password'
    secret.write_text('correct-horse-battery\n')
    shutil.chown(secret, 'root', grp.getgrgid(pwd.getpwnam(daemon_user()).pw_gid).gr_name)
    secret.chmod(0o640)
    home, bob = world.make_folder('bob'), 64102
    os.chown(home, bob, bob)
    (home / 'list').symlink_to(secret)
    os.chown(home / 'list', bob, bob, follow_symlinks=False)
    daemon, file = with_aliases(world, f'list: :include:{home}/list\n', 9)
    daemon.start()
    with smtplib.SMTP('127.0.0.1', daemon.smtp_port) as client:
        client.ehlo()
        client.mail('bob@here.example')
        code, reply = client.rcpt('list@mta.here.example')
    check('horse' not in reply.decode(), f'the reply tells the password: {reply}')
    check('horse' not in daemon.log(), 'the log tells the password')
    check(code == 550 and b'folder' in reply, f'{code} {reply}')
    daemon.stop()
