"""Ordinary users of the host, uid 2000 (honest) and 2001 upwards (hostile): each acts in a process of its own."""
import multiprocessing
import os
import socket
import struct
import threading

HONEST, FIRST = 2000, 2001
fork = multiprocessing.get_context('fork')
forking = threading.Lock()  # a pipe that two processes inherit has no end before both end


def become(uid):
    os.setgroups([])
    os.setgid(uid)
    os.setuid(uid)


class User:
    """Runs call(*arguments) as this uid; result() is what it returned, or an exception."""

    def __init__(self, uid, call, *arguments):
        self.value = None
        with forking:
            self.reader, self.writer = fork.Pipe(duplex=False)
            self.process = fork.Process(target=self.live, args=(uid, call, arguments), daemon=True)
            self.process.start()
            self.writer.close()

    def live(self, uid, call, arguments):
        self.reader.close()
        become(uid)
        os.nice(5)
        try:
            self.writer.send(call(*arguments))
        except Exception as error:  # noqa: BLE001 the user's exception is his result
            self.writer.send(error)

    def result(self, seconds=60):
        if self.value is None and self.reader.poll(seconds):
            try:
                self.value = self.reader.recv()
            except EOFError:
                self.value = EOFError('the user ended without a word')
        return self.value

    def stop(self):
        if self.process.is_alive():
            self.process.kill()
        self.process.join(10)


class Smtp:
    """A client of the submission socket (a path) or of the SMTP port (a number), which sends given lines."""

    def __init__(self, where, timeout=30):
        self.socket = socket.socket(socket.AF_UNIX if isinstance(where, str) else socket.AF_INET)
        self.socket.settimeout(timeout)
        self.socket.connect(where if isinstance(where, str) else ('127.0.0.1', where))
        self.input = self.socket.makefile('rb')
        self.greeting = self.reply()
        self.say('EHLO client.here.example')

    def reply(self):
        """Code and last line."""
        while True:
            line = self.input.readline()
            if not line:
                raise ConnectionError('the server has closed')
            if line[3:4] != b'-':
                return int(line[:3]), line.decode('latin-1').strip()

    def say(self, line):
        self.socket.sendall(line.encode() + b'\r\n')
        return self.reply()

    def envelope(self, sender, recipients):
        """Codes of the recipients, sent in one go."""
        self.say(f'MAIL FROM:<{sender}>')
        codes = []
        for begin in range(0, len(recipients), 500):
            piece = recipients[begin:begin + 500]
            self.socket.sendall(''.join(f'RCPT TO:<{recipient}>\r\n' for recipient in piece).encode())
            codes += [self.reply()[0] for _ in piece]
        return codes

    def content(self, octets):
        """Lines end with CRLF, no line begins with a dot."""
        code, line = self.say('DATA')
        if code != 354:
            return code, line
        self.socket.sendall(octets + b'.\r\n')
        return self.reply()

    def send(self, sender, recipients, octets):
        self.envelope(sender, recipients)
        return self.content(octets)

    def close(self):
        self.socket.close()


def send_all(where, sender, groups, content):
    """One message to each group of recipients, over one connection, once more over another where it is closed; the last replies."""
    replies, client = [], None
    for recipients in groups:
        for _ in range(2):
            try:
                client = client or Smtp(where)
                replies.append(client.send(sender, recipients, content))
                break
            except OSError:
                client = None
    return replies


def frame(body):
    return struct.pack('>I', len(body)) + body


def field(number, value):
    """A field of a control message: octets, or a number."""
    if isinstance(value, bytes):
        return bytes([number << 3 | 2]) + varint(len(value)) + value
    return bytes([number << 3]) + varint(value)


def varint(number):
    octets = b''
    while number > 127:
        octets += bytes([number & 127 | 128])
        number >>= 7
    return octets + bytes([number])


LIST_ALL = frame(field(1, field(1, field(7, 1)) + field(2, 1)))  # all messages with their attempts
DESTINATIONS, STATUS = frame(field(5, b'')), frame(field(6, b''))


def show(name):
    return frame(field(2, field(1, name.encode())))


class Control:
    def __init__(self, path, timeout=20):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(timeout)
        self.socket.connect(str(path))
        self.input = self.socket.makefile('rb')

    def ask(self, request):
        """Whole responses, to their end."""
        self.socket.sendall(request)
        responses = []
        while True:
            head = self.input.read(4)
            if len(head) < 4:
                raise ConnectionError('the daemon has closed')
            responses.append(self.input.read(struct.unpack('>I', head)[0]))
            if responses[-1][:1] == b'\x32':  # End
                return responses
