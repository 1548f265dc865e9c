"""mxpress why: what became of mail, for root and for the user who sent it, also after the daemon was killed."""
import json
import re
import socketserver
import subprocess
import threading

from daemon import Daemon
from delivery_scenario import HELLO, ZONE
from harness import Skip, check, check_equal, is_root, wait_until
from peers import Unbound

ALICE, BOB = 4001, 4002
REPLIES = {
    'you@there.example': '250 2.1.5 Ok',
    'later@there.example': '451 4.7.1 Please try again later',
    'nobody@there.example': '550 5.1.1 <nobody@there.example>: Recipient address rejected: User unknown',
}


class Host:
    """A mail host with a reply for each recipient, that names an id for what it accepts."""

    def __init__(self, port):
        class Session(socketserver.StreamRequestHandler):
            def handle(self):
                self.say('220 mx.there.example ESMTP')
                for line in self.rfile:
                    word = line.decode(errors='replace').strip()
                    if word.upper().startswith('QUIT'):
                        return self.say('221 bye')
                    if word.upper().startswith('RCPT'):
                        self.say(REPLIES[word.split('<')[1].split('>')[0]])
                    elif word.upper() == 'DATA':
                        self.say('354 go on')
                        while self.rfile.readline().rstrip() != b'.':
                            pass
                        self.say('250 2.0.0 Ok: queued as 4ABC123')
                    else:
                        self.say('250 mx.there.example')

            def say(self, line):
                self.wfile.write(line.encode() + b'\r\n')

        socketserver.ThreadingTCPServer.allow_reuse_address = True
        self.server = socketserver.ThreadingTCPServer(('127.0.0.11', port), Session)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


def run_as(uid, daemon, program, *arguments, message=b''):
    result = subprocess.run([daemon.world.program(program), *arguments], input=message, env=daemon.environment(), user=uid, group=uid,
                            extra_groups=[], capture_output=True, timeout=60)
    return result.returncode, result.stdout.decode(), result.stderr.decode()


def check_all(daemon, ids):
    """What root and Alice are told of her three letters."""
    code, output, errors = daemon.mxpress('why', 'you@there.example')
    check_equal(code, 0, f'why ADDRESS of what was delivered ({errors})')
    for part in ('State:         delivered', 'Accepted by mx1.there.example at ', 'with id 4ABC123: from here on it is the receiver',
                 'said: 250 2.0.0 Ok: queued as 4ABC123', '| To: postmaster@there.example', f'accepted from u{ALICE}@here.example'):
        check(part in output, f'"{part}" in: {output}')
    failed = daemon.json('why', 'nobody@there.example')[0]
    check_equal((failed['outcome'], failed['id']), ('failed', ids['nobody@there.example']), f'of an unknown user: {failed}')
    check('550 5.1.1' in failed['evidence'] and failed['cause'] and failed['who'] and failed['todo'], f'of an unknown user: {failed}')
    check(any('a notice of failure goes to' in line['text'] for line in failed['line']), f'the notice in the history: {failed["line"]}')
    waiting = daemon.json('why', ids['later@there.example'])[0]
    check_equal(waiting['outcome'], 'waits', f'of mail that waits: {waiting}')
    check('451 4.7.1' in waiting['evidence'] and any('deferred: later@' in line['text'] for line in waiting['line']), f'of mail that waits: {waiting}')

    own_id = re.search(r'Message-ID: +(\S+)', daemon.mxpress('why', ids['you@there.example'])[1])  # that mxpressd has added
    check(own_id, 'a Message-ID in the text for the receiver')
    check_equal(daemon.json('why', f'<{own_id.group(1)}>')[0]['id'], ids['you@there.example'], f'by the Message-ID {own_id.group(1)}')

    code, output, errors = run_as(ALICE, daemon, 'mxpress', 'why', '--last', '--json')
    check_equal(code, 0, f'why --last of Alice ({errors})')
    check_equal(json.loads(output)['id'], ids['nobody@there.example'], 'the latest message of Alice')
    check_equal(run_as(ALICE, daemon, 'mxpress', 'why', ids['you@there.example'])[0], 0, "Alice's own message")
    for words in (['you@there.example'], [ids['you@there.example']], ['--last']):
        code, output, errors = run_as(BOB, daemon, 'mxpress', 'why', *words)
        check_equal((code, output, 'nothing is known of' in errors), (1, '', True), f"Bob asks about Alice's mail: {words} ({errors})")


def scenario_says_what_became_of_mail_also_after_the_daemon_was_killed(world):
    if not is_root():
        raise Skip('sends as two users: needs root')
    port = world.free_port()
    host = Host(port)
    daemon = Daemon(world, Unbound(world, ZONE).port, port, retry='1h*').start()
    ids = {}
    for recipient in REPLIES:
        code, _, errors = run_as(ALICE, daemon, 'sendmail', '-i', '-f', f'u{ALICE}@here.example', recipient, message=HELLO)
        check_equal(code, 0, f'exit status of sendmail ({errors})')
        ids[recipient] = wait_until(lambda to=recipient: daemon.id_for(to), 20, f'the attempt for {recipient}')
    wait_until(lambda: daemon.events('bounced'), 20, lambda: f'the notice of failure: {daemon.log()[-500:]}')
    check_all(daemon, ids)
    daemon.kill()
    daemon.start()
    daemon.wait_for_recovery()
    check_all(daemon, ids)
    daemon.stop()
    daemon.start()
    check_all(daemon, ids)
    code, _, errors = daemon.mxpress('why', 'unknown@there.example')
    check_equal((code, 'the history reaches back to' in errors), (1, True), f'of an address without mail: {errors}')
    daemon.stop()
    check_equal(daemon.mxpress('why', 'you@there.example')[0], 75, 'exit status without a daemon')
    host.stop()
