"""Dovecot's LMTP for scripts/interop receivers: in clear text over a unix socket, as mxpressd uses it for users of this host."""
import smtplib

from daemon import Daemon
from dovecot import DovecotLmtp
from harness import check, check_equal, wait_until
from receiver import Receiver
from receiver_letters import LETTERS, SENDER, comparable, letter

HERE = 'mta.here.example'


class Dovecot(Receiver):
    name, title, package = 'dovecot', 'Dovecot LMTP', 'dovecot-lmtpd'

    def __init__(self, peers):
        super().__init__(peers)
        self.root = self.peers / 'root'

    def fill(self, world, row, problems):
        """Sends the letters, and fills the line of the table."""
        dovecot = DovecotLmtp(world, {'you': 100_000_000})
        with smtplib.LMTP(str(dovecot.socket), local_hostname='client.here.plain.example') as client:
            client.ehlo('client.here.plain.example')
            row.offer(client.esmtp_features, client.esmtp_features)
            for kind in LETTERS:
                client.sendmail(SENDER, [f'you@{HERE}'], letter(kind, 'control', HERE), mail_options=['BODY=8BITMIME'])
        daemon = Daemon(world, 9, 25, extra=f'[local]\ndeliver = "lmtp:{dovecot.socket}"\nunknown_users = "keep"\n').start()
        for kind in LETTERS:
            daemon.send(['-i', '-f', SENDER, 'you'], letter(kind, 'mxpress', HERE).replace(b'\r\n', b'\n'))
        wait_until(lambda: len(daemon.attempts()) == len(LETTERS), 40, lambda: f'the deliveries; {daemon.log()[-1000:]}')
        check(not daemon.attempts('deferred') and not daemon.attempts('failed'), f'not delivered: {daemon.attempts()}')
        stored = [path.read_bytes() for path in (dovecot.mail / 'you/Maildir/new').glob('*')]
        check_equal(len(stored), 2 * len(LETTERS), 'stored messages')
        row.compare(lambda kind, sender: next(text for text in stored if f'<{kind}.{sender}@'.encode() in text), HERE, problems)
        row.used, row.plain, row.turns, row.resumed = 'none: a unix socket', '', '-', '-'
        row.received_from(next(text for text in stored if b'.mxpress@' in text))
        daemon.stop()
