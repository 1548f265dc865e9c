"""Load on a daemon that is made to crash again and again on one spool; at the end everything is accounted for."""
import random
import re
import signal
import sys
import pathlib
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / 'scenarios'))
sys.path.insert(0, str(HERE))
import hosts  # noqa: E402
from boxes import DOMAIN, Boxes  # noqa: E402
from daemon import Daemon  # noqa: E402
from harness import check, wait_until, unix_accepts  # noqa: E402
from injectors import SendmailInjector, SmtpInjector  # noqa: E402
from ledger import Account, Ledger, read_events  # noqa: E402
from peers import Unbound  # noqa: E402

SETTINGS = '''
held_lifetime = "30d"
delay_notice = "0"
[timeouts]
dot = "2s"
'''
KEPT_LOGS = 10


class Campaign:
    """`local`: most mail is for users of this host."""

    def __init__(self, world, seed, smtp_clients=4, sendmail_clients=2, local=False, **options):
        self.world, self.chance, self.ledger = world, random.Random(seed), Ledger()
        self.events = world.path('events')
        port = world.free_port()
        world.start('hosts', [sys.executable, HERE / 'hosts.py', self.events, port])
        wait_until(lambda: self.events.exists() and self.events.stat().st_size > 0, 20, 'the mail hosts to listen')
        self.boxes = Boxes(world, self.chance, port) if local else None
        if local:
            options = {'extra_top': f'local_domains = ["{DOMAIN}"]', **options}
        settings = SETTINGS + (self.boxes.settings() if local else '')
        self.daemon = Daemon(world, Unbound(world, hosts.ZONE).port, port, retry='1s*', extra=settings, **options)
        self.injectors = [SmtpInjector(f's{n}', self.daemon, self.ledger, seed, reuse=n % 2 == 0) for n in range(smtp_clients)]
        self.injectors += [SendmailInjector(f'c{n}', self.daemon, self.ledger, seed, world.program('sendmail')) for n in range(sendmail_clients)]
        for injector in self.injectors:
            injector.users = 0.7 if local else 0.0
            injector.start()
        self.troubles = []

    def launch(self):
        """Each run identifies itself to the mail hosts."""
        name = f'run{self.daemon.starts + 1}.here.example'
        config, fresh = self.daemon.config, self.daemon.config.with_suffix('.new')
        text = re.sub(r'(?m)^hostname = .*$', f'hostname = "{name}"', config.read_text(encoding='utf-8'))
        fresh.write_text(self.boxes.another_way(text) if self.boxes else text, encoding='utf-8')
        fresh.chmod(0o644)
        fresh.rename(config)  # the sendmail commands read it, too
        self.daemon.launch()

    def start_daemon(self, seconds=60):
        """Starts it and waits until it takes mail."""
        self.launch()
        process = self.daemon.process
        wait_until(lambda: not process.running() or unix_accepts(self.daemon.submission), seconds, 'mxpressd to listen', every=0.003)
        check(process.running(), f'mxpressd ended: {process.log_text()[-800:]}')

    def load(self, on):
        for injector in self.injectors:
            injector.up.set() if on else injector.up.clear()

    def wait_for_clients(self):
        for injector in self.injectors:
            check(injector.idle.wait(90), f'{injector.prefix} hangs')

    def kill(self):
        """Ends the daemon by SIGKILL; the moments before and after."""
        check(self.daemon.process.running(), f'mxpressd ended by itself: {self.daemon.process.log_text()[-800:]}')
        begin = time.monotonic()
        self.daemon.process.signal(signal.SIGKILL)
        self.daemon.process.wait(20)
        end = time.monotonic()
        self.ledger.ended[f'run{self.daemon.starts}.here.example'] = end
        return begin, end

    def look_at_log(self):
        """The errors that mxpressd logged, and room for later logs."""
        process = self.daemon.process
        found = [line for line in process.log_text().splitlines() if line.startswith(('<0>', '<1>', '<2>', '<3>')) or ' error ' in line[:40]]
        self.troubles += [f'start {self.daemon.starts}: {line[:300]}' for line in found if ' not-accepted' not in line]
        old = self.world.path(f'mxpressd-{self.daemon.starts - KEPT_LOGS}.log')
        old.unlink(missing_ok=True)

    def queue(self):
        """Recipients that wait, as the mxpress command tells."""
        return {recipient['address'] for message in self.daemon.json('queue', '--messages')
                for recipient in message['recipient'] if recipient['stage'] in ('pending', 'notice owed')}

    def is_drained(self):
        destinations = {row['destination'] for row in self.daemon.json('queue')}
        drop = self.daemon.spool / 'drop'
        return destinations <= {'dead.example'} and not any(not path.name.endswith('.part') for path in drop.iterdir())

    def drain(self, seconds=300):
        """Waits until only undeliverable mail is left."""
        self.daemon.wait_for_recovery()
        wait_until(self.is_drained, seconds, lambda: f'the queue to drain; it shows: {self.daemon.mxpress("queue")[1][:1500]}', every=0.2)

    def live_out(self):
        """A daemon without disturbance delivers the rest."""
        self.start_daemon()
        self.load(False)
        self.wait_for_clients()
        self.drain()
        self.look_at_log()

    def account(self, **options):
        """After drain(). The daemon is stopped, and the queue must be the same without it."""
        online = self.queue()
        self.daemon.stop()
        offline = self.queue()
        events = read_events(self.events) + (list(self.boxes.events()) if self.boxes else [])
        account = Account(self.ledger, events, offline, **options)
        if online != offline:
            account.troubles.append(f'the queue is {len(online)} recipients with the daemon and {len(offline)} without')
        corrupt = list((self.daemon.spool / 'corrupt').glob('*'))
        if corrupt:
            account.troubles.append(f'set aside as damaged: {[path.name for path in corrupt]}')
        account.troubles += self.troubles
        return account

    def close(self):
        for injector in self.injectors:
            injector.close()
