"""The two mailers, with the same interface: mxpress of this build, and Debian's Postfix, unpacked by scripts/setup and never installed."""
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / 'scenarios'))
from postfix import UNPACKED  # noqa: E402


def wait_until(condition, seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.05)
    return bool(condition())


class Mailer:
    def sendmail(self, arguments, text, **options):
        return subprocess.run([self.program, *arguments], input=text, env=self.environment, capture_output=True, check=False, **options)

    def smtp(self, commands):
        """Replies to commands, which may be a message behind DATA, too."""
        client = socket.create_connection(('127.0.0.1', self.port))
        stream = client.makefile('rwb')
        replies = [reply_of(stream)]
        for command in ['EHLO client.example', *commands]:
            stream.write(command.encode() + b'\r\n')
            stream.flush()
            replies.append(reply_of(stream))
        client.close()
        return replies[2:]


def reply_of(stream):
    line = stream.readline()
    while line[3:4] == b'-':
        line = stream.readline()
    return line.decode('latin1').strip()


class Mxpress(Mailer):
    name = 'mxpress'
    port = 2525

    def __init__(self, folder, build):
        self.folder = folder / 'mxpress'
        shutil.rmtree(self.folder, ignore_errors=True)
        for part in ('spool', 'run'):
            (self.folder / part).mkdir(parents=True)
            os.chown(self.folder / part, 65534, 65534)
        os.chown(self.folder, 65534, 65534)
        self.bin = pathlib.Path(build) / 'bin'
        self.program = str(self.bin / 'sendmail')
        self.config = self.folder / 'mxpress.toml'
        self.environment = {**os.environ, 'MXPRESS_CONFIG': str(self.config)}
        self.write('1d')
        self.log = open(self.folder / 'log', 'wb')
        self.process = subprocess.Popen([self.bin / 'mxpressd', '-c', self.config], stderr=self.log)
        wait_until(lambda: (self.folder / 'run/control').exists() or self.process.poll() is not None, 20)

    def write(self, lifetime):
        self.config.write_text(f'''
hostname = "mx.here.example"
user = "nobody"
[spool]
directory = "{self.folder}/spool"
[listen]
smtp = ["127.0.0.1:{self.port}"]
submission_socket = "{self.folder}/run/submission"
control_socket = "{self.folder}/run/control"
[dns]
servers = ["127.0.0.1"]
validate = "no"
timeout = "2s"
attempts = 2
[timeouts]
block = "10s"
[delivery]
allow_addresses = ["127.0.0.0/8"]
[local]
aliases = {{ root = "admin@there.example" }}
[retry]
schedule = "2s*"
lifetime = "{lifetime}"
delay_notice = "0"
''')

    def set_lifetime(self, lifetime):
        self.write(lifetime)
        subprocess.run([self.bin / 'mxpress', 'reload'], env=self.environment, check=True, capture_output=True)

    def queue_is_empty(self):
        listed = subprocess.run([self.bin / 'mxpress', 'queue', '--json', '--all'], env=self.environment, capture_output=True, check=False)
        return not listed.stdout.strip()

    def clear(self):
        subprocess.run([self.bin / 'mxpress', 'remove', '--all'], env=self.environment, capture_output=True, check=False)

    def stop(self):
        self.process.terminate()
        self.process.wait()


class Postfix(Mailer):
    name = 'Postfix'
    port = 25
    made = 0

    def __init__(self, folder, peers):
        root = pathlib.Path(peers).resolve() / 'root'
        Postfix.made += 1
        self.folder = folder / f'postfix{Postfix.made}'
        self.etc = self.folder / 'etc'
        self.etc.mkdir(parents=True)
        for name, lines in (('passwd', 'postfix:x:64990:64990::/:/bin/false\n'), ('group', 'postfix:x:64990:\npostdrop:x:64991:\n')):
            (self.etc / name).write_text(open(f'/etc/{name}').read() + (lines if 'postfix:' not in open(f'/etc/{name}').read() else ''))
            if 'postfix:' not in open(f'/etc/{name}').read():
                subprocess.run(['mount', '--bind', self.etc / name, f'/etc/{name}'], check=True)
        self.root = root
        self.write('1d')
        (self.etc / 'aliases').write_text('root: admin@there.example\npostmaster: root\n')
        (self.etc / 'master.cf').write_text(MASTER)
        self.make_queue()
        libraries = [root / 'usr/lib/postfix', *root.glob('usr/lib/*-linux-gnu'), *root.glob('lib/*-linux-gnu')]
        self.environment = {**os.environ, 'LD_LIBRARY_PATH': ':'.join(map(str, libraries)), 'MAIL_CONFIG': str(self.etc)}
        self.program = str(root / 'usr/sbin/sendmail')
        self.log = open(self.folder / 'log', 'wb')
        self.process = subprocess.Popen([root / 'usr/lib/postfix/sbin/master', '-s', '-c', self.etc], env=self.environment, stdout=self.log,
                                        stderr=self.log)
        wait_until(lambda: b'daemon started' in (self.folder / 'log').read_bytes() or self.process.poll() is not None, 20)

    def write(self, lifetime):
        (self.etc / 'main.cf').write_text(MAIN.format(root=self.root, folder=self.folder, etc=self.etc, lifetime=lifetime))

    def set_lifetime(self, lifetime):
        self.write(lifetime)
        self.process.send_signal(1)
        time.sleep(1)

    def make_queue(self):
        for name in ('data', 'queue/pid', *[f'queue/{part}' for part in QUEUES]):
            folder = self.folder / name
            folder.mkdir(parents=True)
            shared = folder.name in ('public', 'maildrop')
            os.chmod(folder, 0o730 if shared else 0o700)
            if folder.name != 'pid':
                os.chown(folder, 64990, 64991 if shared else 64990)

    def queue_is_empty(self):
        return not any(file.is_file() for part in ('incoming', 'active', 'maildrop', 'deferred') for file in (self.folder / 'queue' / part).rglob('*'))

    def clear(self):
        subprocess.run([self.root / 'usr/sbin/postsuper', '-d', 'ALL'], env=self.environment, capture_output=True, check=False)

    def stop(self):
        self.process.terminate()
        self.process.wait()
        time.sleep(1)  # its children go


QUEUES = ('active', 'bounce', 'corrupt', 'defer', 'deferred', 'flush', 'hold', 'incoming', 'private', 'saved', 'trace', 'public', 'maildrop')

MAIN = UNPACKED + '''
import_environment = MAIL_CONFIG MAIL_DEBUG MAIL_LOGTAG TZ LANG=C LD_LIBRARY_PATH
export_environment = TZ MAIL_CONFIG LANG LD_LIBRARY_PATH
maillog_file = /dev/stdout
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = mx.here.example
mydestination = $myhostname, localhost
append_dot_mydomain = no
alias_maps = texthash:{etc}/aliases
alias_database =
mynetworks = 127.0.0.0/8
local_recipient_maps =
smtpd_peername_lookup = no
smtp_host_lookup = dns
smtp_tls_security_level = none
smtp_data_xfer_timeout = 10s
minimal_backoff_time = 2s
maximal_backoff_time = 2s
queue_run_delay = 2s
message_size_limit = 50000000
mailbox_size_limit = 0
maximal_queue_lifetime = {lifetime}
bounce_queue_lifetime = {lifetime}
'''

MASTER = '''
127.0.0.1:25 inet n - n - - smtpd
pickup unix n - n 1 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
proxymap unix - - n - - proxymap
error unix - - n - - error
retry unix - - n - - error
local unix - n n - - local
smtp unix - - n - - smtp
scache unix - - n - 1 scache
anvil unix - - n - 1 anvil
flush unix n - n 1000? 0 flush
tlsmgr unix - - n 1000? 1 tlsmgr
showq unix n - n - - showq
postlog unix-dgram n - n - 1 postlogd
'''
