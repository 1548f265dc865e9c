"""The compared mail servers: set-up, start, retry command, and query of the queue."""
import os
import pathlib
import platform
import shutil

import namespace
from daemon import Daemon
from harness import Skip, accepts, check, wait_until

HERE = pathlib.Path(__file__).resolve().parent
RETRY = '1m 5m 10m 30m 1h*4 3h*'  # mxpress's default


class Mxpress(Daemon):
    """With the settings it has by default, but for folders, ports, the name server, and that mail hosts may be on loopback."""

    def __init__(self, world, party, prefix=(), **settings):
        super().__init__(world, 53, 25, retry=RETRY, lifetime='5d', guard=None, prefix=[*party.prefix(), *prefix], **settings)
        self.party, self.smtp_address, self.queue_folder = party, f'127.0.0.1:{self.smtp_port}', self.spool

    def launch(self):
        super().launch()
        self.party.own(self.process)
        return self

    def command(self):
        return [self.world.program('sendmail'), '-i', '-f', 'bench@sender.example']

    def flush(self):
        code, _, errors = self.mxpress('retry', '--all')
        check(code == 0, f'mxpress retry --all: {errors}')

    def stop_at_end(self):
        self.stop()


# With its caches of sessions and of connections.
BY_TLS = '''
smtp_tls_security_level = may
smtp_tls_session_cache_database = btree:@FOLDER@/data/smtp_scache
smtp_tls_connection_reuse = yes
'''


class Postfix:
    """Unpacked, never installed; the settings are postfix.cf's. Its users exist in this run's /etc only."""
    users = {'passwd': 'postfix:x:64990:64990::/:/bin/false\n', 'group': 'postfix:x:64990:\npostdrop:x:64991:\n'}

    def __init__(self, world, party, prefix=(), sends_by_tls=False):
        self.world, self.party, self.prefix = world, party, list(prefix)
        self.root, self.folder = world.peers / 'root', world.make_folder('postfix')
        if not (self.root / 'usr/lib/postfix/sbin/master').exists():
            raise Skip('Postfix is not unpacked here: run scripts/setup')
        self.etc, self.queue_folder = world.make_folder('postfix/etc'), world.make_folder('postfix/queue')
        self.port = world.free_port()
        self.smtp_address = f'127.0.0.1:{self.port}'
        for name, lines in self.users.items():
            with open(f'/etc/{name}', 'a') as file:
                file.write(lines)
        self.configure()
        with open(self.etc / 'main.cf', 'a') as file:
            file.write(BY_TLS.replace('@FOLDER@', str(self.folder)) if sends_by_tls else 'smtp_tls_security_level = none\n')
        self.make_folders()

    def configure(self):
        settings, services = (HERE / 'postfix.cf').read_text().split('### master.cf\n')
        values = {'@ROOT@': str(self.root), '@FOLDER@': str(self.folder), '@PORT@': str(self.port)}
        for name, text in (('main.cf', settings), ('master.cf', services)):
            for key, value in values.items():
                text = text.replace(key, value)
            (self.etc / name).write_text(text)

    def make_folders(self):
        os.chown(self.world.make_folder('postfix/data', 0o700), 64990, 64990)
        for name in ('active', 'bounce', 'corrupt', 'defer', 'deferred', 'flush', 'hold', 'incoming', 'private', 'saved', 'trace', 'public', 'maildrop'):
            shared = name in ('public', 'maildrop')
            folder = self.world.make_folder(f'postfix/queue/{name}', 0o730 if shared else 0o700)
            os.chown(folder, 64990, 64991 if shared else 0)
        self.world.make_folder('postfix/queue/pid')

    def environment(self):
        return {**self.world.peer_environment(), 'MAIL_CONFIG': str(self.etc)}

    def start(self):
        command = [*self.party.prefix(), *self.prefix, self.root / 'usr/lib/postfix/sbin/master', '-s', '-c', self.etc]
        self.process = self.party.own(self.world.start('postfix', command, env=self.environment()))
        wait_until(lambda: accepts('127.0.0.1', self.port) or not self.process.running(), 20, lambda: f'Postfix to listen: {self.log()}')
        check(self.process.running(), f'Postfix ended: {self.log()}')
        return self

    def command(self):
        return [self.root / 'usr/sbin/sendmail', '-i', '-f', 'bench@sender.example']

    def flush(self):
        done = self.world.run([self.root / 'usr/sbin/postqueue', '-c', self.etc, '-f'], env=self.environment())
        check(done.returncode == 0, f'postqueue -f: {done.stderr.decode()}')

    def stop_at_end(self):
        self.process.stop()

    def log(self):
        path = self.folder / 'log'
        return (path.read_text(errors='replace')[-2000:] if path.exists() else '') + self.process.log_text()[-2000:]


class Dma:
    """No daemon: each command delivers its message in the background."""
    smtp_address = None

    def __init__(self, world, party, prefix=()):
        self.program, self.queue_folder = world.peers / 'dma/usr/sbin/dma', world.make_folder('dma', 0o2775)
        if not self.program.exists():
            raise Skip('dma is not unpacked here: run scripts/setup')
        shutil.chown(self.queue_folder, 'root', 'mail')
        pathlib.Path('/etc/dma').mkdir()
        pathlib.Path('/etc/dma/dma.conf').write_text('MAILNAME mta.here.example\n')
        namespace.overlay(world, '/var/spool')
        namespace.bind(self.queue_folder, '/var/spool/dma')

    def environment(self):
        return dict(os.environ)

    def start(self):
        return self

    def command(self):
        return [self.program, '-i', '-f', 'bench@sender.example']

    def stop_at_end(self):
        pass


class PostfixOpenDkim(Postfix):
    """With OpenDKIM as milter; it signs with RSA alone, as it cannot do more."""

    def __init__(self, world, party, prefix=(), key=None):
        super().__init__(world, party, prefix)
        self.opendkim = world.peers / 'opendkim'
        if not (self.opendkim / 'usr/sbin/opendkim').exists():
            raise Skip('OpenDKIM is not unpacked here: run scripts/setup')
        self.milter_port = world.free_port()
        with open(self.etc / 'main.cf', 'a') as file:
            file.write(f'smtpd_milters = inet:127.0.0.1:{self.milter_port}\nmilter_default_action = tempfail\n')
        # Simple canonical form and no check of incoming mail: no work that the other side does not do.
        (self.folder / 'opendkim.conf').write_text(f'''Mode s
Canonicalization relaxed/relaxed
Domain sender.example
Selector r1
KeyFile {key}
Socket inet:{self.milter_port}@127.0.0.1
InternalHosts 127.0.0.1
RequireSafeKeys no
Background no
Syslog no
''')

    def start(self):
        libraries = ':'.join(str(self.opendkim / 'usr/lib' / name) for name in (f'{platform.machine()}-linux-gnu', ''))
        command = [*self.party.prefix(), self.opendkim / 'usr/sbin/opendkim', '-f', '-x', self.folder / 'opendkim.conf']
        signer = self.party.own(self.world.start('opendkim', command, env={**os.environ, 'LD_LIBRARY_PATH': libraries}))
        wait_until(lambda: accepts('127.0.0.1', self.milter_port) or not signer.running(), 20, lambda: f'OpenDKIM to listen: {signer.log_text()}')
        check(signer.running(), f'OpenDKIM ended: {signer.log_text()[-800:]}')
        return super().start()


SERVERS = {'mxpress': Mxpress, 'postfix': Postfix, 'postfix-opendkim': PostfixOpenDkim, 'dma': Dma}
