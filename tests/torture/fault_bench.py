"""A short session of mxpressd, or a call of sendmail, in which one system call fails; then a healthy start that shows the remaining mail."""
import re
import shutil
import subprocess
import time

from bench import Bench
from harness import Failure, Skip, wait_until
from ledger import Ledger

SETTLE_SECONDS = 2.5  # for the session to deliver as much as possible
SYNCS = ('fsync', 'fdatasync', 'syncfs')
STARTS_OF_TEMPLATE = 5  # so many journal segments that the next one makes a checkpoint


def find_strace():
    if not shutil.which('strace'):
        raise Skip('strace is not here: run scripts/setup')
    tried = subprocess.run(['strace', '-qq', '-e', 'trace=none', 'true'], capture_output=True)
    if tried.returncode:
        raise Skip(f'strace cannot trace here: {tried.stderr.decode().strip()}')


def strace(output, call, error, number, only_at=()):
    what = f'signal={error}' if error == 'KILL' else f'error={error}'
    calls = f'{call},close' if call in SYNCS else call
    place = [part for path in only_at for part in ('-P', path)]
    return ['strace', '-D', '-f', '-q', '-o', output, *place, '-e', f'trace={calls}', '-e', f'inject={call}:{what}:when={number}']


def is_hit(output, pid=None):
    """Once strace, which ends after the program, has written all."""
    end = re.compile(rf'(?m)^{pid or ""}.*\+\+\+ (exited|killed)')
    wait_until(lambda: output.exists() and end.search(output.read_text(errors='replace')), 10, 'strace to end')
    text = output.read_text(errors='replace')
    return '(INJECTED)' in text or 'killed by SIGKILL' in text


def synced_again(output):
    """Descriptors that a sync failed on and that were synced again before they were closed: that success would mean nothing."""
    failed, again = set(), []
    for line in output.read_text(errors='replace').splitlines():
        match = re.match(r'\d+ +(close|fsync|fdatasync|syncfs)\((\d+)', line)
        if match and match.group(1) == 'close':
            failed.discard(match.group(2))
        elif match and match.group(2) in failed:
            again.append(line)
        elif match and '(INJECTED)' in line:
            failed.add(match.group(2))
    return again


class Result:
    def __init__(self):
        self.hit, self.accepted, self.refused, self.late, self.repeated, self.troubles = False, 0, 0, 0, 0, []
        self.delivered = self.bounced = self.queued = self.lost = 0

    def take(self, account, name, may_be_late):
        ledger = account.ledger
        self.accepted, self.lost, self.repeated = ledger.count('accepted'), len(account.lost), account.repeated
        self.refused = ledger.count('refused') + ledger.count('unsure')
        self.delivered, self.bounced, self.queued = (account.ends[word] for word in ('delivered', 'bounced', 'queued'))
        self.troubles += [f'{name}: LOST {recipient}' for recipient in account.lost]
        for trouble in account.troubles:
            late = trouble.startswith('refused and yet')
            self.late += late
            if not late or not may_be_late:
                self.troubles.append(f'{name}: {trouble}')


class DaemonBench(Bench):
    """Each run begins with a copy of one spool: mail of several earlier starts, journal segments to be dropped, a drop file."""

    def __init__(self, hosts, number):
        super().__init__(hosts, f'd{number}')
        self.template = self.world.path('template')
        self.make_template()

    def make_template(self):
        right = self.daemon.config.read_text()
        nobody_listens = self.world.free_port()
        self.daemon.config.write_text(right.replace(f'port = {self.hosts.port}', f'port = {nobody_listens}'))
        for start in range(STARTS_OF_TEMPLATE):
            self.daemon.start()
            self.smtp((['dead'], 500))
            if start == 0:
                self.smtp((['there'], 2000), (['there', 'refusing'], 300_000), (['refusing'], 700))
            self.daemon.stop()
        self.sendmail(['there'])
        self.daemon.config.write_text(right)
        self.known = dict(self.ledger.letters)
        self.daemon.spool.rename(self.template)

    def run(self, call, error, number):
        result, name = Result(), f'mxpressd {call} {error} {number}'
        self.forget_logs()
        self.events_before = self.hosts.events.stat().st_size
        self.ledger = Ledger()
        self.ledger.letters.update(self.known)
        shutil.rmtree(self.daemon.spool, ignore_errors=True)
        subprocess.run(['cp', '-a', '--sparse=always', self.template, self.daemon.spool], check=True)
        trace = self.world.path('trace')
        trace.unlink(missing_ok=True)
        self.daemon.prefix = strace(trace, call, error, number, self.files_of(call))
        code, log = self.session(call)
        result.hit = is_hit(trace, self.daemon.process.pid)
        if call in SYNCS:
            result.troubles += [f'{name}: synced again after a failure: {line}' for line in synced_again(trace)]
        if code not in (0, -9) and not re.search(r' error |mxpressd: |terminate|error while loading', log):
            result.troubles.append(f'{name}: mxpressd ended with {code} without a word: {log[-300:]}')
        if code < 0 and code != -9:
            result.troubles.append(f'{name}: mxpressd ended by signal {-code}: {log[-500:]}')
        if result.hit:
            if code != 0:  # its last actions need not be recorded
                self.ledger.crashed(*[self.daemon.ended] * 2)
            result.take(self.account(), name, may_be_late=call in SYNCS)
        return result

    def finish(self):
        return None

    def session(self, call):
        """Exit status and log."""
        process = self.daemon.launch().process
        try:
            wait_until(lambda: not process.running() or self.daemon.listens(), 20, 'mxpressd to listen')
        except Failure:
            pass  # an entrance that failed to open
        if process.running():
            self.sendmail(['there'])
            self.smtp((['there'], 300_000), (['grey', 'refusing'], 3000))
            self.daemon.mxpress('hold', '--domain', 'dead.example')
        deadline = time.monotonic() + SETTLE_SECONDS
        while process.running() and time.monotonic() < deadline and not self.looks_done():
            time.sleep(0.1)
        code = process.stop(40) if process.running() else process.wait(5)
        self.daemon.ended = time.monotonic()
        return code, process.log_text()

    def files_of(self, call):
        """Descriptors on which these calls can really fail: the others of the daemon are eventfds, timers and the pipe of its signals."""
        if call == 'write':
            return [self.world.path(f'mxpressd-{self.daemon.starts + 1}.log')]
        return [self.daemon.config, *(self.daemon.spool / 'drop').iterdir()] if call == 'read' else []

    def looks_done(self):
        code, output, _ = self.daemon.mxpress('queue')
        return code == 0 and len(output.splitlines()) <= 2 and 'dead.example' in output

    def failed(self, fault, failure):
        result = Result()
        result.hit = True
        result.troubles = [f'mxpressd {" ".join(str(part) for part in fault)}: {failure}']
        self.daemon.process.kill()
        return result


class SendmailBench(Bench):
    """One daemon for all calls, or none; the account comes at the end."""

    def __init__(self, hosts, state):
        super().__init__(hosts, f'm{state}')
        self.state = state
        self.daemon.start()
        if state == 'down':
            self.daemon.stop()

    def run(self, call, error, number):
        result, name = Result(), f'sendmail (daemon {self.state}) {call} {error} {number}'
        trace = self.world.path('trace')
        trace.unlink(missing_ok=True)
        code, words = self.sendmail(['there'], self.chance.choice([1000, 100_000]), strace(trace, call, error, number))
        result.hit = is_hit(trace)
        if code > 0 and not (64 <= code <= 78 and words) and 'error while loading' not in words:
            result.troubles.append(f'{name}: exit {code}, {words!r}')
        if code < 0 and code != -9:
            result.troubles.append(f'{name}: ended by signal {-code}')
        return result

    def finish(self):
        if self.state == 'up':
            self.daemon.stop()
        result = Result()
        result.take(self.account(), f'sendmail (daemon {self.state})', may_be_late=False)
        return result

    def failed(self, fault, failure):
        result = Result()
        result.hit = True
        result.troubles = [f'sendmail (daemon {self.state}) {" ".join(str(part) for part in fault)}: {failure}']
        return result
