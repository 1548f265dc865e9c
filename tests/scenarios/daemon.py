"""mxpressd with a configuration of its own in the scenario's folder, and the commands that talk to it."""
import json
import os
import re
import signal
import smtplib

from harness import accepts, check, check_equal, daemon_user, unix_accepts, wait_until


class Daemon:
    def __init__(self, world, dns_port, delivery_port, dns_address='127.0.0.1', retry='1s*', lifetime='1d', allow='["127.0.0.0/8", "::1/128"]',
                 extra_top='', extra='', dns=None, delivery='', prefix=(), spool='mxpress/spool', guard='burst = 0'):
        self.world, self.prefix = world, list(prefix)
        self.smtp_port = world.free_port()
        self.folder = world.make_folder('mxpress', owner=daemon_user())
        self.spool = world.make_folder(spool, 0o700, daemon_user())
        self.run_folder = world.make_folder('mxpress/run', 0o755, daemon_user())
        self.submission, self.control = self.run_folder / 'submission', self.run_folder / 'control'
        self.config = self.folder / 'mxpress.toml'
        self.config.write_text(f'''
hostname = "mta.here.example"
user = "{daemon_user()}"
{extra_top if 'state_directory' in extra_top else f'state_directory = "{self.folder}/state"{chr(10)}{extra_top}'}
[spool]
directory = "{self.spool}"
[listen]
smtp = ["127.0.0.1:{self.smtp_port}"]
submission_socket = "{self.submission}"
control_socket = "{self.control}"
[dns]
{dns or f'servers = ["{dns_address}:{dns_port}"]{chr(10)}validate = "no"'}
[delivery]
port = {delivery_port}
allow_addresses = {allow}
{delivery}
{'' if guard is None else f"[guard]{chr(10)}{guard}"}
[retry]
schedule = "{retry}"
lifetime = "{lifetime}"
{extra}
''')
        self.config.chmod(0o644)
        self.process = None
        self.starts = 0

    def launch(self):
        """Starts it without waiting."""
        self.starts += 1
        program = self.world.program('mxpressd')
        self.process = self.world.start(f'mxpressd-{self.starts}', [*self.prefix, program, '-c', self.config])
        return self

    def start(self, seconds=60):
        self.launch()
        wait_until(lambda: not self.process.running() or self.listens(), seconds,
                   lambda: f'mxpressd to listen; its log ends: {self.process.log_text()[-800:]}')
        check(self.process.running(), f'mxpressd ended: {self.process.log_text()[-800:]}')
        return self

    def wait_for_recovery(self, seconds=60):
        """Waits until the mail of an earlier run is known: only then does an empty queue mean anything."""
        wait_until(lambda: ' recovered ' in self.process.log_text(), seconds, 'the end of recovery')

    def listens(self):
        return unix_accepts(self.submission) and unix_accepts(self.control) and accepts('127.0.0.1', self.smtp_port)

    def stop(self):
        check_equal(self.process.stop(), 0, 'exit status of mxpressd after SIGTERM')

    def kill(self):
        self.process.signal(signal.SIGKILL)
        self.process.wait(20)

    def log(self):
        return ''.join(path.read_text(errors='replace') for path in sorted(self.world.folder.glob('mxpressd-*.log'), key=lambda p: p.stat().st_mtime))

    # The commands.
    def environment(self):
        return {**os.environ, 'MXPRESS_CONFIG': str(self.config)}

    def mxpress(self, *arguments, seconds=60):
        result = self.world.run([self.world.program('mxpress'), '-c', self.config, *arguments], seconds=seconds)
        return result.returncode, result.stdout.decode(errors='replace'), result.stderr.decode(errors='replace')

    def json(self, *arguments):
        code, output, errors = self.mxpress(*arguments, '--json')
        check_equal(code, 0, f'mxpress {" ".join(arguments)} --json ({errors.strip()})')
        return [json.loads(line) for line in output.splitlines()] if not output.lstrip().startswith('[') else json.loads(output)

    def sendmail(self, arguments, message, seconds=60, **options):
        """Exit status, queue id (or None), standard error."""
        result = self.world.run([self.world.program('sendmail'), *arguments], message, seconds, env=self.environment(), **options)
        return result.returncode, result.stderr.decode(errors='replace')

    def send(self, arguments, message):
        code, errors = self.sendmail(arguments, message)
        check_equal(code, 0, f'exit status of sendmail {arguments} ({errors.strip()})')

    def smtp(self):
        return smtplib.SMTP('127.0.0.1', self.smtp_port, local_hostname='client.here.example', timeout=60)

    def is_empty(self):
        code, output, errors = self.mxpress('queue')
        check_equal(code, 0, f'mxpress queue ({errors.strip()})')
        return output.strip() == 'The queue is empty.'

    def wait_for_empty_queue(self, seconds=60):
        self.wait_for_recovery(seconds)
        wait_until(self.is_empty, seconds, lambda: f'the queue to become empty; it shows: {self.mxpress("queue")[1][:800]}', every=0.1)

    def events(self, name=None):
        """The log as dictionaries: "id" (if any), "event" and the keys of each line."""
        events = []
        for line in self.log().splitlines():
            match = re.match(r'(?:<\d>|\S+Z [a-z]+ )(?:([0-9A-Za-z]{13}) )?([a-z_-]+)((?: [a-z_]+=(?:"(?:[^"\\]|\\.)*"|\S*))*)$', line)
            if match and name in (None, match.group(2)):
                keys = dict(re.findall(r' ([a-z_]+)=("(?:[^"\\]|\\.)*"|\S*)', match.group(3)))
                events.append({'id': match.group(1), 'event': match.group(2), **{key: value.strip('"') for key, value in keys.items()}})
        return events

    def attempts(self, outcome=None):
        return [e for e in self.events() if e['event'] in ('attempt', 'expired') and outcome in (None, e.get('outcome'))]

    def accepted_ids(self):
        return [e['id'] for e in self.events('accepted')]

    def id_for(self, recipient):
        """The queue id of the message to a recipient, once it was tried."""
        return next((e['id'] for e in self.attempts() if e.get('to') == f'<{recipient}>'), None)
