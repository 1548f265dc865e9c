"""Programs that mxpress replaces, each with a real configuration, beside mxpress with the one that docs/migrate.md makes of it, at one provider.

migrate/CASE/ has both configurations, and in seen.txt the letters that the provider got from each of the two: a difference that is not in that file is a
failure. With MXPRESS_RECORD=1 the scenarios write these files.
"""
import concurrent.futures
import difflib
import os
import pathlib
import re
import signal
import socket

from dovecot import Dovecot
from harness import Failure, Skip, check, check_equal, wait_until
from machine import Machine
from peers import Unbound
from postfix import Postfix
from private_network import enter_private_network
from provider_scenario import make_certificate

HERE = pathlib.Path(__file__).resolve().parent / 'migrate'
PROVIDER, DNS, HOST = '192.0.2.21', '192.0.2.53', 'web1.here.example'
USERS = {'me@provider.example': 'right', 'alice@provider.example': 'hers'}
ZONE = [f'mail.provider.example. 60 IN A {PROVIDER}', f'{HOST}. 60 IN A 192.0.2.1']
SUBMISSION = '''
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = {socket}
smtpd_tls_security_level = may
smtpd_tls_auth_only = yes
smtpd_tls_received_header = yes
smtpd_tls_key_file = {key}
smtpd_tls_cert_file = {certificate}
smtpd_recipient_restrictions = check_recipient_access inline:{{refused@there.example=REJECT}}, permit_sasl_authenticated, reject
smtpd_relay_restrictions = permit_sasl_authenticated, reject
local_header_rewrite_clients =
myorigin = no-domain.example
virtual_mailbox_domains = static:all
'''

# Submitted like programs of Debian do it: the subject, the user, the arguments of sendmail, and the text without its subject.
LETTERS = [
    ('a job of cron', 'root', ['-i', '-FCronDaemon', '-B8BITMIME', '-oem', 'root'],
     'From: root (Cron Daemon)\nTo: root\nMIME-Version: 1.0\nContent-Type: text/plain; charset=UTF-8\n\nbackup: done\n'),
    ('a form of PHP', 'www-data', ['-t', '-i'], 'To: you@there.example\nBcc: archive@there.example\n\nthank you\n'),
    ('a shop with its own From', 'www-data', ['-i', '-f', 'shop@shop.example', '--', 'you@there.example', 'other@there.example'],
     'From: The Shop <shop@shop.example>\nTo: you@there.example\nCc: Other <other@there.example>\n'
     'Date: Mon, 30 Nov 2026 08:00:00 +0000\nMessage-ID: <order-1@shop.example>\n\nthank you\n'),
    ('a person', 'alice', ['-i', 'you@there.example'], 'To: you@there.example\n\nhello\n'),
    ('to a system user', 'root', ['-i', 'daemon'], 'From: root\nTo: daemon\n\nhello\n'),
    ('to a refused recipient', 'alice', ['-i', 'refused@there.example'], 'From: alice\nTo: refused@there.example\n\nhello\n'),
]


class Provider:
    """Postfix with Dovecot's passwords: accepts mail of signed-in users, for every recipient but one."""

    def __init__(self, world, ca, key, certificate, port=587, more=''):
        dovecot = Dovecot(world, USERS, 'scram-sha-256 cram-md5 plain login')
        self.postfix = Postfix(world, PROVIDER, port, 'provider.example',
                               SUBMISSION.format(socket=dovecot.socket, key=key, certificate=certificate) + more)
        self.ca = ca
        self.wait_for_greeting(port, implicit='wrappermode' in more)

    def wait_for_greeting(self, port, implicit):
        """Postfix's master listens before it starts others, and tries again only after a minute where that has failed, or at a reload."""
        def greets():
            with socket.create_connection((PROVIDER, port), 3) as probe:
                try:
                    return implicit or probe.recv(3) == b'220'
                except TimeoutError:
                    self.postfix.process.signal(signal.SIGHUP)
        wait_until(greets, 20, lambda: f'a greeting of Postfix: {self.postfix.log()[-800:]}')
        wait_until(lambda: 'disconnect from' in self.postfix.log(), 20, 'the log of Postfix')

    def messages(self):
        log = self.postfix.log()
        return [Message(content, log) for content in self.postfix.messages()]

    def sessions(self):
        """The commands of each client that gave any, as Postfix counts them."""
        return re.findall(r'disconnect from \S+ (?!commands=0)(.*)', self.postfix.log())


class Message:
    """A copy that the provider delivered to one recipient."""

    def __init__(self, content, log):
        fields = [tuple(field.split(':', 1)) for field in re.sub(rb'\n[ \t]+', b' ', content.partition(b'\n\n')[0]).decode().split('\n')]
        self.content, self.fields = content.decode(), [(name.lower(), value.strip()) for name, value in fields]
        trace = self.all('Received')[0]
        self.id, self.tls = re.search(r'with \S+ id (\w+)', trace).group(1), 'using TLSv1.' in trace
        login = re.search(rf'{self.id}: client=.*sasl_username=([^\s,]+)', log)
        self.sender, self.recipient = self.all('Return-Path')[0].strip('<>'), self.all('Delivered-To')[0]
        self.login = login.group(1) if login else 'nobody'

    def all(self, name):
        return [value for key, value in self.fields if key == name.lower()]

    def described(self):
        lines = [f'envelope: from <{self.sender}>', f'signed in as {self.login}, ' + ('TLS' if self.tls else 'in clear')]
        for name in ('From', 'Sender', 'Reply-To', 'To', 'Cc', 'Bcc'):
            lines += [f'{name}: {value}' for value in self.all(name)]
        lines.append('Date: ' + (' '.join('as given' if date == 'Mon, 30 Nov 2026 08:00:00 +0000' else 'made' for date in self.all('Date')) or 'none'))
        ids = self.all('Message-ID')
        lines.append('Message-ID: ' + (' '.join('as given' if id == '<order-1@shop.example>' else re.sub('^<.*@', '<...@', id) for id in ids) or 'none'))
        return lines


def arrived(messages):
    """The messages that are alike but for their recipients, as one."""
    alike = {}
    for message in messages:
        alike.setdefault(tuple(message.described()), []).append(message)
    lines = []
    for (envelope, *rest), same in sorted(alike.items()):
        transactions = len({message.id for message in same})
        lines += [envelope, 'envelope: to ' + ', '.join(sorted(message.recipient for message in same)) +
                  (f' in {transactions} transactions' if transactions > 1 else ''), *rest]
    return lines


class Sender:
    """A machine with one of the programs, or with mxpress. `queue`: folders with mail that waits. `kept`: folders with mail that stays."""

    def __init__(self, machine, sendmail, daemon, queue, kept):
        self.machine, self.sendmail, self.daemon, self.queue, self.kept = machine, sendmail, daemon, queue, kept

    def send(self, letter):
        subject, user, arguments, text = letter
        return self.machine.run([self.sendmail, *arguments], f'Subject: {subject}\n{text}'.encode(), user).returncode

    def waits(self):
        return bool(self.queue) and self.machine.run(['find', *self.queue, '-type', 'f', '!', '-name', 'flush']).stdout != b''

    def kept_with(self, subject):
        """The places of letters with this subject, and notices about them, on the machine: mboxes by file, others by folder."""
        found = self.machine.run(['grep', '-rlsF', subject, *self.kept]).stdout.decode().split()
        folders = {file: next(folder for folder in self.kept if file.startswith(folder)) for file in found}
        return sorted({file if folder == '/var/mail' else folder for file, folder in folders.items()})

    def stop(self):
        if self.daemon:
            self.daemon.stop()
        self.machine.process.stop()


class Mxpress(Sender):
    def __init__(self, world, machine, daemon):
        super().__init__(machine, str(world.program('sendmail')), daemon, [], ['/var/spool/mxpress/mailbox'])
        self.mxpress = world.program('mxpress')

    def waits(self):
        return 'The queue is empty.' not in self.machine.run([self.mxpress, 'queue']).stdout.decode()


class Program:
    """`package`: its folder. `prepare`: the actions of the package's scripts. `daemon`: the command and its user. `ready`: a file that it makes."""

    def __init__(self, package, prepare='', daemon=None, ready=None, queue=(), kept=()):
        self.package, self.prepare, self.daemon, self.ready = package, prepare, daemon, ready
        self.queue, self.kept = queue, ['/var/mail', '/var/lib/alice', *kept]

    def start(self, world, case, ca, change=''):
        root = world.peers / self.package
        if not (root / 'usr/sbin/sendmail').exists():
            raise Skip(f'{case} is not unpacked here: run scripts/setup')
        machine = Machine(world, case, HOST, root, HERE / case / 'files', with_ca(ca) + change + self.prepare)
        daemon = machine.start('daemon', *self.daemon) if self.daemon else None
        if self.ready:
            wait_until(lambda: machine.run(['test', '-e', self.ready]).returncode == 0, 20, f'{self.ready}')
        return Sender(machine, '/usr/sbin/sendmail', daemon, self.queue, self.kept)


def with_ca(ca):
    return f'mkdir -p /etc/ssl/certs && install -m 644 {ca} /etc/ssl/certs/provider.pem\n'


PROGRAMS = {
    'msmtp': Program('msmtp-mta', '''
[ ! -f /etc/skel/.msmtprc ] || install -o alice -g alice -m 600 /etc/skel/.msmtprc /var/lib/alice/
'''),
    'ssmtp': Program('ssmtp', 'chgrp -R mail /etc/ssmtp && chmod 640 /etc/ssmtp/ssmtp.conf'),
    'nullmailer': Program('nullmailer', '''
mkfifo -m 622 /var/spool/nullmailer/trigger
chown mail /var/spool/nullmailer/trigger /etc/nullmailer/remotes
''', (['/usr/sbin/nullmailer-send'], 'mail'), None, ['/var/spool/nullmailer/queue', '/var/spool/nullmailer/tmp'], ['/var/spool/nullmailer/failed']),
    'dma': Program('dma', 'chgrp -R mail /etc/dma && chmod 640 /etc/dma/*', queue=['/var/spool/dma']),
    'postfix': Program('root', '''
cp /usr/share/postfix/master.cf.dist /etc/postfix/master.cf
cp /usr/share/postfix/dynamicmaps.cf /etc/postfix/dynamicmaps.cf
postmap /etc/postfix/sasl_passwd /etc/postfix/generic
[ ! -f /etc/aliases ] || newaliases
chown postfix /var/lib/postfix
chgrp postdrop /usr/sbin/postqueue /usr/sbin/postdrop
chmod 2755 /usr/sbin/postqueue /usr/sbin/postdrop
/usr/lib/postfix/configure-instance.sh
''', (['/usr/sbin/postfix', 'start-fg'],), '/var/spool/postfix/public/pickup',
                       [f'/var/spool/postfix/{name}' for name in ('maildrop', 'incoming', 'active', 'deferred')]),
    'exim': Program('exim4-daemon-light', '''
install -d -o Debian-exim -g adm -m 2750 /var/log/exim4
install -d -o Debian-exim -g Debian-exim -m 750 /run/exim4 /var/spool/exim4 /var/spool/exim4/db /var/spool/exim4/input /var/spool/exim4/msglog
install -d /var/lib/exim4
chgrp Debian-exim /etc/exim4/passwd.client && chmod 640 /etc/exim4/passwd.client
update-exim4.conf
''', (['/usr/sbin/exim4', '-bdf', '-q30m'],), None, ['/var/spool/exim4/input']),
}


def start_mxpress(world, case, ca, change=''):
    passwords = ''.join(f'echo {password} >/etc/mxpress/{user.partition("@")[0]}.password\n' for user, password in USERS.items())
    prepare = with_ca(ca) + f'mkdir -p /etc/mxpress && cp {HERE / case}/mxpress.toml /etc/mxpress/\n(umask 077\n{passwords})\n'
    machine = Machine(world, 'mxpress-' + case, HOST, prepare=prepare + 'chown root:mxpress /etc/mxpress/*.password && chmod 640 /etc/mxpress/*.password\n' + change)
    checked = machine.run([world.program('mxpress'), 'config', 'check'])
    check_equal(checked.returncode, 0, f'mxpress config check ({(checked.stdout + checked.stderr).decode()})')
    daemon = machine.start('daemon', [world.program('mxpressd')])
    wait_until(lambda: machine.run(['test', '-S', '/run/mxpress/control']).returncode == 0 or not daemon.running(), 20,
               lambda: f'mxpressd to listen: {daemon.log_text()[-800:]}')
    check(daemon.running(), f'mxpressd ended: {daemon.log_text()[-800:]}')
    return Mxpress(world, machine, daemon)


def network(world):
    enter_private_network(world, [PROVIDER, DNS, '192.0.2.1'])
    Unbound(world, ZONE, DNS, 53)


def seen_of(sender, provider, codes):
    """The result for each letter, by its subject."""
    messages = provider.messages()
    seen = {}
    for (subject, *_), code in zip(LETTERS, codes):
        lines = [f'sendmail exits with {code}']
        lines += arrived([message for message in messages if f'Subject: {subject}\n' in message.content])
        seen[subject] = lines + [f'kept in {place}' for place in sender.kept_with(subject)]
    return seen


def compare(name, old, new):
    """In the form of seen.txt: lines of both, of the program alone, and of mxpress alone."""
    text = []
    for subject, *_ in LETTERS:
        text.append(subject)
        before, after = old[subject], new[subject]
        for kind, start, end, new_start, new_end in difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
            text += [f'    {"both" if kind == "equal" else name:12}{line}' for line in before[start:end]]
            text += [f'    {"mxpress":12}{line}' for line in after[new_start:new_end] if kind != 'equal']
    return '\n'.join(text) + '\n'


def expected_of(path, name):
    """The lines of the program, and those of mxpress."""
    old, new = {}, {}
    for line in path.read_text().splitlines() if path.exists() else []:
        if line[0] != ' ':
            subject = line
            old[subject], new[subject] = [], []
            continue
        for word, lines in ((name, old), ('mxpress', new)):
            if line.split()[0] in ('both', word):
                lines[subject].append(line[16:])
    return old, new


def hand_in(sender, provider, expected):
    """The provider's mail when the queue is empty: as expected, or its final state."""
    with concurrent.futures.ThreadPoolExecutor() as pool:  # ssmtp waits a second for each letter
        codes = list(pool.map(sender.send, LETTERS))
    seen = {}

    def settled():
        seen.update(seen_of(sender, provider, codes))
        return not sender.waits() and seen == expected
    try:
        wait_until(settled, 15, 'the letters to arrive', every=0.1)
    except Failure:
        pass  # the comparison says more
    return seen


def both_ways(world, case):
    program = case.partition('-')[0]
    network(world)
    certificates = make_certificate(world, 'mail.provider.example')
    path = HERE / case / 'seen.txt'
    expected_old, expected_new = expected_of(path, program)
    provider = Provider(world, *certificates)
    old = PROGRAMS[program].start(world, case, provider.ca)
    old_seen = hand_in(old, provider, expected_old)
    old.stop()
    for message in provider.postfix.maildir.glob('*/new/*'):
        message.unlink()
    new = start_mxpress(world, case, provider.ca)
    new_seen = hand_in(new, provider, expected_new)
    check('(verified)' in new.daemon.log_text(), 'mxpress did not verify the certificate')
    new.stop()
    check_recorded(path, compare(program, old_seen, new_seen))


def check_recorded(path, text):
    if 'MXPRESS_RECORD' in os.environ:
        path.write_text(text)
    recorded = path.read_text() if path.exists() else ''
    changes = '\n'.join(difflib.unified_diff(recorded.splitlines(), text.splitlines(), lineterm='', n=8))
    check(text == recorded, f'{path.parent.name}/{path.name} has changed:\n{changes}')


def scenario_msmtp(world):
    both_ways(world, 'msmtp')


def scenario_msmtp_of_users(world):
    both_ways(world, 'msmtp-users')


def scenario_ssmtp(world):
    both_ways(world, 'ssmtp')


def scenario_ssmtp_without_the_authors_address(world):
    both_ways(world, 'ssmtp-no-override')


def scenario_nullmailer(world):
    both_ways(world, 'nullmailer')


def scenario_dma(world):
    both_ways(world, 'dma')


def scenario_dma_with_a_domain(world):
    both_ways(world, 'dma-domain')


def scenario_postfix(world):
    both_ways(world, 'postfix')


def scenario_postfix_without_local_mail(world):
    both_ways(world, 'postfix-origin')


def scenario_exim(world):
    both_ways(world, 'exim')


def each_sender(world, ca, changes=None):
    """Each of the programs, and mxpress, one after the other. `changes`: shell lines by name."""
    changes = changes or {}
    for name, program in PROGRAMS.items():
        yield name, program.start(world, name, ca, changes.get(name, ''))
    yield 'mxpress', start_mxpress(world, 'msmtp', ca, changes.get('mxpress', ''))


def check_failures(title, lines):
    check_recorded(HERE / 'failures' / f'{title.replace(" ", "-")}.txt', '\n'.join(lines) + '\n')


def scenario_the_provider_cannot_be_reached(world):
    network(world)
    lines = []
    for name, sender in each_sender(world, make_certificate(world, 'mail.provider.example')[0]):
        code = sender.send(LETTERS[3])
        lines.append(f'{name:12}sendmail exits with {code}, ' + ('the letter waits' if sender.waits() else 'nothing waits'))
        sender.stop()
    check_failures('the provider cannot be reached', lines)


def with_certificate(world, title, ca, key, certificate):
    network(world)
    provider = Provider(world, ca, key, certificate)
    lines = []
    for name, sender in each_sender(world, ca):
        before = len(provider.sessions())
        code = sender.send(LETTERS[3])
        wait_until(lambda: len(provider.sessions()) > before, 30, f'a session of {name}')
        session = provider.sessions()[before]
        end = 'hands the letter over' if ' data=1' in session else 'shows the password' if ' auth=' in session else 'says nothing within TLS'
        lines.append(f'{name:12}{end}, sendmail exits with {code}')
        sender.stop()
    check_failures(title, lines)


def scenario_the_certificate_is_of_another_authority(world):
    other = make_certificate(world, 'mail.provider.example')[0].rename(world.path('other-ca.pem'))
    _, key, certificate = make_certificate(world, 'mail.provider.example')
    with_certificate(world, 'the certificate is of another authority', other, key, certificate)


def scenario_the_certificate_is_for_another_host(world):
    with_certificate(world, 'the certificate is for another host', *make_certificate(world, 'mail.other.example'))


IMPLICIT = {
    'msmtp': "sed -i 's/^port .*/port 465/; s/^tls_starttls.*/tls_starttls off/' /etc/msmtprc\n",
    'ssmtp': "sed -i 's/:587/:465/; /^UseSTARTTLS/d' /etc/ssmtp/ssmtp.conf\n",
    'nullmailer': "sed -i 's/--port=587 --starttls/--ssl/' /etc/nullmailer/remotes\n",
    'dma': "sed -i 's/^PORT .*/PORT 465/; /^STARTTLS/d' /etc/dma/dma.conf\n",
    'postfix': "sed -i 's/:587/:465/' /etc/postfix/main.cf /etc/postfix/sasl_passwd\necho 'smtp_tls_wrappermode = yes' >>/etc/postfix/main.cf\n",
    'exim': "sed -i 's/::587/::465/' /etc/exim4/update-exim4.conf.conf\n"
            "echo 'REMOTE_SMTP_SMARTHOST_PROTOCOL = smtps' >>/etc/exim4/exim4.conf.localmacros\n",
    'mxpress': "sed -i 's/^port .*/implicit = true/' /etc/mxpress/mxpress.toml\n",
}


def scenario_tls_from_the_first_octet(world):
    network(world)
    certificates = make_certificate(world, 'mail.provider.example')
    provider = Provider(world, *certificates, 465, 'smtpd_tls_wrappermode = yes\n')
    for count, (name, sender) in enumerate(each_sender(world, certificates[0], IMPLICIT), 1):
        check_equal(sender.send(LETTERS[3]), 0, f'exit status of the sendmail of {name}')
        wait_until(lambda: len(provider.messages()) == count, 20, f'the letter of {name}')
        sender.stop()
    check(all(message.tls and message.login == 'me@provider.example' for message in provider.messages()), 'a letter came without a login')


def scenario_exim_as_it_comes_sends_in_clear_to_a_host_that_it_cannot_verify(world):
    """The reason for the macros in exim/: without them the letter leaves without TLS and without a login, and comes back."""
    network(world)
    certificates = make_certificate(world, 'mail.provider.example')
    provider = Provider(world, *certificates)
    exim = PROGRAMS['exim'].start(world, 'exim', certificates[0], 'rm /etc/exim4/exim4.conf.localmacros\n')
    check_equal(exim.send(LETTERS[3]), 0, 'exit status of sendmail')
    in_clear = wait_until(lambda: [session for session in provider.sessions() if ' mail=' in session], 20, 'a transaction')[0]
    check('starttls' not in in_clear and 'auth' not in in_clear, f'the session had TLS: {in_clear}')
    wait_until(lambda: exim.kept_with(LETTERS[3][0]) == ['/var/mail/alice'], 20, 'the notice for alice')
    check_equal(provider.messages(), [], 'letters at the provider')
    exim.stop()
