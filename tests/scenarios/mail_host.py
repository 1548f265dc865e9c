"""A mail host that answers by a table, in a process of its own, so that it can live in another network namespace."""
import json
import pathlib
import socket
import socketserver
import sys
import time

from harness import wait_until


class MailHost:
    """`replies`: the reply to a command by its verb, to "CONNECT", or to the content ("."). A list is used up to its last one; "" is the usual reply.
    `after`: how many seconds the host takes for a reply, by the same words."""

    def __init__(self, network, name, address, replies=None, after=None):
        self.log = network.world.path(f'{name}-{address.replace(":", "-")}.log')
        self.log.write_text('')
        command = [*network.prefix(network.theirs), sys.executable, pathlib.Path(__file__).resolve(), name, address, self.log, json.dumps(replies or {}), json.dumps(after or {})]
        self.process = network.world.start(f'host-{name}', command)
        wait_until(lambda: network.listens(network.theirs, address, 25), 20, lambda: f'{name} to listen at {address}: {self.process.log_text()}')

    def lines(self, word):
        """The events of this kind: what followed the word."""
        return [line.partition(' ')[2] for line in self.log.read_text().splitlines() if line.startswith(word + ' ')]

    def accepted(self):
        return self.lines('accepted')

    def asked(self):
        return self.lines('RCPT')

    def connections(self):
        """Times, of the clock that all hosts share, with 1 for a connection that begins and -1 for one that has ended."""
        return [(int(time), 1) for time in self.lines('open')] + [(int(time), -1) for time in self.lines('closed')]

    def stop(self):
        self.process.stop()


def most_at_a_time(hosts):
    """The largest number of connections to all of these hosts together."""
    open_now = most = 0
    for _, change in sorted(change for host in hosts for change in host.connections()):
        open_now += change
        most = max(most, open_now)
    return most


USUAL = {'CONNECT': '220 {name} ESMTP', 'EHLO': '250-{name}\r\n250 8BITMIME', 'MAIL': '250 2.1.0 ok', 'RCPT': '250 2.1.5 ok', 'DATA': '354 go ahead',
         '.': '250 2.0.0 accepted', 'RSET': '250 ok', 'QUIT': '221 bye'}


def serve(name, address, log, replies, after):
    def reply(word):
        own = replies.get(word, '')
        if isinstance(own, list):
            own = own.pop(0) if len(own) > 1 else own[0]
        return own or USUAL.get(word, '502 5.5.1 no such command').format(name=name)

    class Session(socketserver.StreamRequestHandler):
        has_ended = False

        def say(self, word):
            time.sleep(after.get(word, 0))
            text = reply(word)
            if text.startswith('4') and word == 'CONNECT':
                self.end()
            self.wfile.write(text.encode() + b'\r\n')
            return text

        def note(self, text):
            with open(log, 'a') as file:
                file.write(text + '\n')

        def handle(self):
            self.note(f'open {time.monotonic_ns()}')
            try:
                self.converse()
            except ConnectionError:  # the client has closed
                pass
            self.end()

        def end(self):
            """Noted before the reply that ends it: behind that the client may be faster."""
            if not self.has_ended:
                self.note(f'closed {time.monotonic_ns()}')
            self.has_ended = True

        def converse(self):
            if not self.say('CONNECT').startswith('220'):
                return
            recipients = []
            for line in self.rfile:
                line = line.decode(errors='replace').strip()
                word = line.partition(' ')[0].upper()
                if word == 'QUIT':
                    self.end()
                said = self.say(word)
                if word == 'QUIT':
                    return
                if word == 'RCPT':
                    recipient = line.partition('<')[2].partition('>')[0]
                    self.note(f'RCPT {recipient}')
                    recipients += [recipient] if said.startswith('250') else []
                if word == 'DATA' and said.startswith('354'):
                    while self.rfile.readline() not in (b'.\r\n', b''):
                        pass
                    said = self.say('.')
                    for recipient in recipients if said.startswith('250') else ():
                        self.note(f'accepted {recipient}')
                    recipients = []

    class Server(socketserver.ThreadingTCPServer):
        allow_reuse_address = True
        daemon_threads = True
        address_family = socket.AF_INET6 if ':' in address else socket.AF_INET

    Server((address, 25), Session).serve_forever()


if __name__ == '__main__':
    serve(sys.argv[1], sys.argv[2], sys.argv[3], json.loads(sys.argv[4]), json.loads(sys.argv[5]))
