"""~/.forward with whole programs: read by mxpress-deliver as its owner, followed once."""
import random
import re
import time

from daemon import Daemon
from delivery_scenario import ZONE
from harness import check, check_equal, wait_until
from local_scenario import HERE, message, subjects
from mailboxes import USERS, Mailboxes
from peers import Sink, Unbound


class Host:
    """Users, a mail host outside, and the daemon; the text of each ~/.forward is given by user."""

    def __init__(self, world, forwards, sink=True, sink_options=(), **options):
        self.world = world
        self.mailboxes = Mailboxes(world).start()
        self.port = world.free_port()
        self.sink = Sink(world, 'mx1', '127.0.0.11', self.port, sink_options)
        if sink:
            self.sink.start()
        for user, text in forwards.items():
            self.forward(user, text)
        self.daemon = Daemon(world, Unbound(world, ZONE).port, self.port, extra=self.mailboxes.config('mbox'), **options).start()

    def forward(self, user, text, mode='644'):
        file = self.mailboxes.folder / 'text'
        file.write_text(text)
        home = f'/home/{user}'
        self.mailboxes.shell(f'cp {file} {home}/new && chown {user} {home}/new && chmod {mode} {home}/new && mv {home}/new {home}/.forward')

    def send(self, *arguments, subject='one', body='Hello.\n'):
        self.daemon.send(['-f', 'me@there.example', *arguments], message(subject, body))

    def outside(self):
        return sorted(recipient for mail in self.sink.messages() for recipient in mail.recipients)

    def inside(self):
        found = self.mailboxes.shell('ls /var/mail').split()
        return {user: subjects(self.mailboxes, user) for user in found}

    def texts(self, outcome='delivered'):
        """The words of the log for each local recipient."""
        return [event.get('reply', '') + event.get('reason', '') for event in self.daemon.attempts(outcome) if f'@{HERE}' in event['to']]


def scenario_a_forward_leads_outside_to_others_and_to_the_own_mailbox(world):
    host = Host(world, {'bob': '# away\nyou@there.example, "\\\\bob"\ncarol\n', 'carol': 'Alice <alice>\n', 'alice': ''})
    host.send('bob+tag')
    host.daemon.wait_for_empty_queue()
    check_equal(host.outside(), [f'<you@there.example> ORCPT=rfc822;bob+2Btag@{HERE}'], 'recipients at the mail host')
    check_equal(host.inside(), {'bob': ['one'], 'alice': ['one']}, 'mailboxes')
    [outside] = host.sink.messages()
    check(f'Delivered-To: bob+tag@{HERE}\n' in outside.content.decode(), f'what the mail host got: {outside.content!r}')
    check_equal(outside.sender, '<me@there.example>', 'sender at the mail host')
    check(any('forwarded by ~/.forward of bob to 3 recipients as ' in text for text in host.texts()), f'the log: {host.texts()}')
    for user in USERS:
        check_equal(host.mailboxes.shell(f'ls -A /home/{user}').split(), ['.forward'], f'files of {user}')
    host.daemon.stop()


def scenario_a_notice_of_success_comes_from_the_target_of_a_forward(world):
    host = Host(world, {'bob': 'carol\n'})
    host.daemon.send(['-N', 'success', '-f', 'alice', 'bob'], message('one', 'Hello.\n'))
    host.daemon.wait_for_empty_queue()
    [notice] = host.mailboxes.messages('alice')
    report = ''.join(str(part) for part in notice.get_payload()[1].get_payload())
    check_equal(re.findall('(?m)^(?:Original-Recipient|Final-Recipient|Action): .*', report),
                [f'Original-Recipient: rfc822; bob@{HERE}', f'Final-Recipient: rfc822; carol@{HERE}', 'Action: delivered'], 'the report')
    host.daemon.stop()


def scenario_a_forward_that_others_could_have_made_is_not_followed(world):
    host = Host(world, {'alice': 'you@there.example\n', 'bob': 'you@there.example\n'})
    shell = host.mailboxes.shell
    cases = (('chmod 666 /home/bob/.forward', 'may be written by others (chmod go-w)'),
             ('chmod 644 /home/bob/.forward; chmod 770 /home/bob', '/home/bob may be written by others'),
             ('chmod 700 /home/bob; mv /home/bob/.forward /home/bob/f; ln -s f /home/bob/.forward', 'is a symbolic link'),
             ('ln -sfn /home/alice/.forward /home/bob/.forward', 'is a symbolic link'),
             ('rm /home/bob/.forward; mkfifo /home/bob/.forward; chown bob /home/bob/.forward', 'is no ordinary file'),
             ('rm /home/bob/.forward; mkdir /home/bob/.forward; chown bob /home/bob/.forward', 'is no ordinary file'),
             ('rmdir /home/bob/.forward; cp /home/alice/.forward /home/bob/.forward; chown alice /home/bob/.forward', 'belongs to another user'),
             ('chown bob /home/bob/.forward; head -c 70000 /dev/zero | tr "\\0" "#" >>/home/bob/.forward', 'is larger than 64 KiB'),
             ('i=0; while [ $i -lt 10000 ]; do echo "u"; i=$((i+1)); done >/home/bob/.forward', 'leads to more than 1000 recipients'),
             ('echo "|/bin/cat" >/home/bob/.forward', 'no command is run for mail'),
             ('echo "/home/bob/file" >/home/bob/.forward', 'mail is not written to a file'),
             ('echo "nobody-of-that-name" >/home/bob/.forward', 'no user nobody-of-that-name on this host'))
    for number, (change, words) in enumerate(cases):
        shell(change)
        host.send('bob', subject=str(number))
        wait_until(lambda: len(host.texts()) == number + 1 or host.daemon.attempts('deferred'), 30, lambda: f'case {number}: {host.daemon.log()[-800:]}')
        check(words in host.texts()[-1], f'case {number}, wanted "{words}": {host.texts()[-1:]}')
    check_equal(subjects(host.mailboxes, 'bob'), [str(number) for number in range(len(cases))], 'subjects that bob reads')
    check_equal(host.outside(), [], 'recipients at the mail host')
    # Mail waits while the file cannot be read.
    host.forward('bob', 'you@there.example\n', mode='000')
    host.send('bob', subject='later')
    wait_until(lambda: host.daemon.attempts('deferred'), 30, lambda: host.daemon.log()[-800:])
    check('cannot open /home/bob/.forward: Permission denied' in host.texts('deferred')[0], f'the reason: {host.texts("deferred")}')
    shell('chmod 600 /home/bob/.forward')
    host.daemon.wait_for_empty_queue()
    check_equal(len(host.outside()), 1, 'messages at the mail host')
    host.daemon.stop()


def scenario_loops_of_forwards_end_in_a_mailbox(world):
    host = Host(world, {'alice': 'bob\n', 'bob': 'carol\n', 'carol': 'alice, bob, carol, you@there.example\n'})
    host.send('alice', subject='loop')
    host.daemon.wait_for_empty_queue()
    check_equal(host.inside(), {'alice': ['loop'], 'bob': ['loop'], 'carol': ['loop']}, 'mailboxes')
    check_equal(len(host.outside()), 1, 'messages at the mail host')
    # Through another host, which hands it in again.
    [outside] = host.sink.messages()
    host.daemon.send(['-f', 'me@there.example', 'alice'], outside.content)
    host.daemon.wait_for_empty_queue()
    check_equal(host.inside()['alice'], ['loop', 'loop'], 'mailbox of alice')
    check(any('a loop' in text for text in host.texts()), f'the log: {host.texts()}')
    check_equal(len(host.outside()), 1, 'messages at the mail host')
    host.daemon.stop()


def scenario_a_target_that_fails_is_told_to_the_sender_and_others_get_the_mail(world):
    host = Host(world, {'bob': '\\bob, you@there.example\n'}, sink_options=['-f', 'RCPT'])
    host.daemon.send(['-f', 'alice', 'bob'], message('one'))
    host.daemon.wait_for_empty_queue()
    check_equal(subjects(host.mailboxes, 'bob'), ['one'], 'subjects that bob reads')
    [notice] = host.mailboxes.messages('alice')
    words = notice.as_string()
    check('you@there.example' in words and f'Original-Recipient: rfc822; bob@{HERE}' in words, f'the notice: {words}')
    host.daemon.stop()


def scenario_a_forwarded_message_is_that_of_who_forwards(world):
    host = Host(world, {'bob': 'you@there.example\n'}, sink=False)

    def as_user(name):
        return {'user': USERS[name], 'group': USERS[name], 'extra_groups': []}

    def shown_to(name, message_id):
        result = world.run([world.program('mxpress'), '-c', host.daemon.config, 'show', message_id], **as_user(name))
        return result.stdout.decode()
    check_equal(host.daemon.sendmail(['-f', 'me@there.example', 'bob'], message('one'), **as_user('alice'))[0], 0, 'exit status of sendmail')
    wait_until(lambda: host.daemon.attempts('deferred') and host.texts(), 30, lambda: host.daemon.log()[-800:])
    given, made = host.daemon.accepted_ids()[0], re.search(r' as (\w{13})', host.texts()[0]).group(1)
    for _ in range(2):
        check('forwarded by ~/.forward of bob' in shown_to('alice', given), 'her letter is hers')
        check_equal((shown_to('bob', given), shown_to('alice', made)), ('', ''), 'messages of others')
        check('you@there.example' in shown_to('bob', made), 'what his file made is his')
        host.daemon.kill()
        host.daemon.start()
        host.daemon.wait_for_recovery()
    host.daemon.stop()


def scenario_a_forward_is_followed_once_whatever_becomes_of_the_file(world):
    host = Host(world, {'bob': 'you@there.example, carol, \\bob\n', 'carol': '\\carol\n'}, sink=False)
    host.send('bob')
    wait_until(lambda: host.daemon.attempts('deferred') and 'bob' in host.inside(), 30, lambda: host.daemon.log()[-800:])
    host.forward('bob', 'other@there.example\n')
    host.forward('carol', 'other@there.example\n')
    host.daemon.kill()
    host.daemon.start()
    host.sink.start()
    host.daemon.wait_for_empty_queue()
    check_equal(host.outside(), [f'<you@there.example> ORCPT=rfc822;bob@{HERE}'], 'recipients at the mail host')
    check_equal(host.inside(), {'bob': ['one'], 'carol': ['one']}, 'mailboxes')
    # It is listed while it waits, and `mxpress show` tells its targets.
    shown = host.daemon.mxpress('show', host.daemon.accepted_ids()[0])[1]
    check('forwarded by ~/.forward of bob' in shown, f'mxpress show: {shown}')
    host.daemon.stop()


def scenario_kills_between_forward_and_delivery_lose_nothing(world):
    host = Host(world, {'bob': 'you@there.example, carol, \\bob\n', 'carol': 'alice, \\carol\n'})
    rounds, each, chance = 16, 5, random.Random(17)
    for number in range(rounds):
        for letter in range(each):
            # Every second one is too large for the journal.
            host.send('bob', subject=f'{number}.{letter}', body=('x' * 70 + '\n') * (5000 if letter % 2 else 1))
            if letter == number % each:
                time.sleep(chance.uniform(0, 0.015))  # about as long as it takes until the .forward has been followed
                host.daemon.kill()
                host.daemon.start()
        host.daemon.kill()
        host.daemon.start()
    host.daemon.wait_for_empty_queue(120)
    wanted = {f'{number}.{letter}' for number in range(rounds) for letter in range(each)}
    found = {user: subjects(host.mailboxes, user) for user in USERS}
    found['you'] = [line.split()[1] for mail in host.sink.messages() for line in mail.content.decode().splitlines() if line.startswith('Subject: ')]
    copies = {event['id'] for event in host.daemon.attempts() if any(f'<{name}@' in event['to'] for name in ('you', 'alice', 'carol'))}
    check(len(copies) <= len(wanted), f'{len(copies)} messages were made of {len(wanted)}: a .forward was followed twice')
    for name, of_one in found.items():
        check_equal(sorted(wanted - set(of_one)), [], f'lost for {name}')
        world.note(f'{name}: {len(of_one)} of {len(wanted)} letters, {len(of_one) - len(wanted)} twice, {2 * rounds} kills')
        check(len(of_one) - len(wanted) <= 2 * rounds, f'{name} has more repetitions than there were kills')
    host.daemon.stop()
