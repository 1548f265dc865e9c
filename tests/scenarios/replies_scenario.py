"""What the replies of mail hosts mean: mail that is refused for a fault of this host is kept, and rules of the administrator change that."""
import email
import email.policy
import socketserver
import threading

from daemon import Daemon
from delivery_scenario import HELLO, ZONE
from harness import check, check_equal, wait_until
from peers import Unbound

LISTED = '554 5.7.1 Service unavailable; Client host [127.0.0.1] blocked using bl.example.net'
UNKNOWN = '550 5.1.1 <nobody@there.example>: Recipient address rejected: User unknown'
OWN_RULE = '[[rule]]\nname = "listed"\ntext = "blocked using"\nclass = "policy"\nwho = "receiver"\ncause = "By our own rule."\n'


class Host:
    """A mail host that refuses recipients with the reply it has for them."""

    def __init__(self, port, replies):
        self.replies, self.asked = replies, []
        host = self

        class Session(socketserver.StreamRequestHandler):
            def handle(self):
                self.say('220 mx.there.example ESMTP')
                for line in self.rfile:
                    line = line.decode(errors='replace').strip()
                    if line.upper().startswith('QUIT'):
                        return self.say('221 bye')
                    if line.upper().startswith('RCPT'):
                        recipient = line.split('<')[1].split('>')[0]
                        host.asked.append(recipient)
                        self.say(host.replies[recipient])
                    else:
                        self.say('503 no' if line.upper().startswith('DATA') else '250 mx.there.example')

            def say(self, line):
                self.wfile.write(line.encode() + b'\r\n')

        socketserver.ThreadingTCPServer.allow_reuse_address = True
        self.server = socketserver.ThreadingTCPServer(('127.0.0.11', port), Session)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


def scenario_what_a_listed_host_sends_is_kept_and_told_and_rules_can_be_replaced(world):
    port = world.free_port()
    host = Host(port, {'you@there.example': LISTED, 'other@there.example': LISTED, 'nobody@there.example': UNKNOWN})
    daemon = Daemon(world, Unbound(world, ZONE).port, port)
    daemon.start()
    daemon.send(['-f', 'root@mta.here.example', 'you@there.example'], HELLO)
    wait_until(lambda: daemon.attempts('deferred'), 20, 'the first attempt')  # the alert about it may arrive before this line
    attempt = daemon.attempts('deferred')[0]
    check_equal([attempt[key] for key in ('outcome', 'class', 'who')], ['deferred', 'reputation', 'administrator'], f'the attempt: {attempt}')
    check_equal(len(daemon.events('refused')), 1, 'alerts')
    code, story, _ = daemon.mxpress('show', attempt['id'])
    check('to act: the administrator of this host (reputation)' in story and 'what to do: ' in story, f'mxpress show says: {story}')
    last = daemon.json('show', attempt['id'])[0]['recipient'][0]['last']
    check_equal((last['reply_class'], last['who']), ('reputation', 'administrator'), f'as JSON: {last}')

    daemon.send(['-f', 'root@mta.here.example', 'nobody@there.example'], HELLO)
    wait_until(lambda: daemon.events('bounced'), 20, lambda: f'the notice about an unknown recipient: {daemon.log()[-500:]}')

    rules = world.folder / 'rules.toml'
    rules.write_text(OWN_RULE + 'colour = "red"\n')
    code, _, errors = daemon.mxpress('replies', 'use', str(rules))
    check_equal((code, 'rules.toml:7: a rule has no key colour' in errors), (1, True), f'replies use with a mistake says: {errors}')
    rules.write_text(OWN_RULE)
    code, output, errors = daemon.mxpress('replies', 'use', str(rules))
    check_equal(code, 0, f'exit status of replies use ({output} {errors})')
    daemon.send(['-f', 'root@mta.here.example', 'other@there.example'], HELLO)
    wait_until(lambda: [a for a in daemon.attempts('failed') if a.get('class') == 'policy'], 20, lambda: f'the bounce: {daemon.log()[-500:]}')

    (daemon.folder / 'replies.toml').write_text('[[rule]]\n')
    code, output, errors = daemon.mxpress('reload')
    wait_until(lambda: daemon.events('replies'), 20, lambda: f'the line of the log about the broken file: {code} {output} {errors}')
    code, output, _ = daemon.mxpress('status')
    check('the rules of mxpress are used instead' in output, f'mxpress status says: {output}')
    check_equal(host.asked, ['you@there.example', 'nobody@there.example', 'other@there.example'], 'recipients that the host was asked for')
    daemon.stop()
    host.stop()


def scenario_notices_speak_the_language_of_the_message_or_of_the_host(world):
    port = world.free_port()
    host = Host(port, {'nobody@there.example': UNKNOWN})
    daemon = Daemon(world, Unbound(world, ZONE).port, port, extra='[notices]\nlanguage = "zh-CN"\n')
    daemon.start()

    def notice_for(fields, count):
        daemon.send(['-f', 'root@mta.here.example', 'nobody@there.example'], fields + HELLO)
        wait_until(lambda: len(daemon.json('mailbox', 'list')) > count, 20, lambda: f'a notice; the log ends: {daemon.log()[-800:]}')
        _, text, _ = daemon.mxpress('mailbox', 'cat', daemon.json('mailbox', 'list')[-1]['id'])
        message = email.message_from_string(text, policy=email.policy.default)
        return message['subject'], message.get_body(('plain',)).get_content(), [part.get_content_type() for part in message.iter_parts()]

    subject, text, parts = notice_for(b'', 0)
    check_equal(subject, '您的邮件未能送达', 'the subject by the language of the host')
    check('您的邮件未能送达 nobody@there.example' in text and UNKNOWN in text, f'the text: {text}')
    check_equal(parts[:2], ['text/plain', 'message/delivery-status'], 'parts')
    subject, text, _ = notice_for(b'Content-Language: en-GB\n', 1)
    check_equal(subject, 'Your message could not be delivered', 'the subject by the language of the message')
    texts = world.folder / 'mine.toml'
    texts.write_text('[en]\n"No further attempt will be made." = "We have given up."\n')
    code, output, errors = daemon.mxpress('notices', 'use', str(texts))
    check_equal(code, 0, f'exit status of notices use ({output} {errors})')
    _, text, _ = notice_for(b'Content-Language: en\n', 2)
    check('We have given up.' in text, f'the text with that of the administrator: {text}')
    code, output, _ = daemon.mxpress('notices', 'show', 'zh-Hans')
    check('您的邮件未能送达 nobody@example.com' in output, f'notices show says: {output}')
    daemon.stop()
    host.stop()
