"""One daemon with its mail hosts, the letters submitted to it, and the account of them."""
import random
import smtplib
import sys

import hosts as mail_hosts
import letters
from daemon import Daemon
from harness import World, wait_until
from ledger import Account, Ledger, read_events
from peers import Unbound
from program import HERE

SESSION = 30.0  # seconds before a crash whose outcomes may have been in flight: when strace ended the process is seen late
SETTINGS = 'delay_notice = "0"\n[timeouts]\ndot = "2s"\n'


class Hosts:
    """Mail hosts and name server for all benches."""

    def __init__(self, world):
        self.world, self.events, self.port = world, world.path('events'), world.free_port()
        world.start('hosts', [sys.executable, HERE / 'hosts.py', self.events, self.port])
        wait_until(lambda: self.events.exists() and self.events.stat().st_size > 0, 20, 'the mail hosts to listen')
        self.dns = Unbound(world, mail_hosts.ZONE).port


class Bench:
    """In a world of its own, unless one is given."""

    def __init__(self, hosts, name, world=None, extra=SETTINGS, **options):
        self.hosts, self.name, self.count = hosts, name, 0
        self.world = world or World(hosts.world.build, hosts.world.peers)
        self.daemon = Daemon(self.world, hosts.dns, hosts.port, retry='1s*', extra=extra, **options)
        self.chance, self.ledger, self.events_before = random.Random(5), Ledger(), 0

    def close(self):
        self.world.close(False)

    def letter(self, domains, size=1000):
        self.count += 1
        token = f'{self.name}-{self.count}'
        recipients = [letters.recipient(token, n, f'{domain}.example') for n, domain in enumerate(domains)]
        self.ledger.sent(token, recipients)
        return token, recipients, letters.make(token, size, self.chance)

    def sendmail(self, domains, size=1000, prefix=()):
        token, recipients, content = self.letter(domains, size)
        command = [*prefix, self.world.program('sendmail'), '-i', '-f', letters.sender(token), *recipients]
        done = self.world.run(command, content.replace(b'\r\n', b'\n'), 90, env=self.daemon.environment())
        words = done.stderr.decode(errors='replace').strip()
        if done.returncode == 0:
            self.ledger.accepted(token)
        elif done.returncode > 0 and 'may or may not' not in words:
            self.ledger.refused(token, f'exit {done.returncode}: {words[:100]}')
        return done.returncode, words

    def smtp(self, *kinds):
        """Letters over one connection: (domains, size) each."""
        try:
            client = self.daemon.smtp()
            for domains, size in kinds:
                token, recipients, content = self.letter(domains, size)
                try:
                    client.sendmail(letters.sender(token), recipients, content, ['BODY=8BITMIME'])
                    self.ledger.accepted(token)
                except smtplib.SMTPServerDisconnected:
                    raise
                except smtplib.SMTPResponseException as refusal:
                    self.ledger.refused(token, str(refusal.smtp_code))
            client.quit()
        except (OSError, smtplib.SMTPException):
            pass  # the daemon has ended, or closed: what had no answer is unsure

    def queue(self):
        return {recipient['address'] for message in self.daemon.json('queue', '--messages')
                for recipient in message['recipient'] if recipient['stage'] in ('pending', 'notice owed')}

    def is_drained(self):
        return {row['destination'] for row in self.daemon.json('queue')} <= {'dead.example'} and self.no_drop_files()

    def no_drop_files(self):
        drop = self.daemon.spool / 'drop'
        return not drop.exists() or not [path for path in drop.iterdir() if not path.name.endswith('.part')]

    def drain(self, seconds=100):  # a notice that could not be stored is tried again after a minute
        self.daemon.wait_for_recovery()
        wait_until(self.is_drained, seconds, lambda: f'the queue to drain; it shows: {self.daemon.mxpress("queue")[1][:800]}', every=0.1)

    def account(self):
        """A healthy start, and its result."""
        self.daemon.prefix = []
        self.daemon.start()
        self.drain()
        self.daemon.stop()
        events = [event for event in read_events(self.hosts.events, self.events_before) if self.is_ours(event)]
        account = Account(self.ledger, events, self.queue(), window=SESSION)
        account.troubles += [f'set aside as damaged: {path.name}' for path in (self.daemon.spool / 'corrupt').glob('*')]
        account.troubles += [f'set aside as refused: {path.name}' for path in (self.daemon.spool / 'drop-refused').glob('*')]
        return account

    def is_ours(self, event):
        return event['event'] in ('took', 'notice') and (letters.token_of(event['to'][0]) or '').startswith(self.name + '-')

    def forget_logs(self):
        for path in self.world.folder.glob('mxpressd-*.log'):
            path.unlink()
