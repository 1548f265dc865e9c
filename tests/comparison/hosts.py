"""Mail hosts and a name server for both mailers, on loopback: each mail host follows its row of settings, and keeps its mail."""
import dataclasses
import socket
import struct
import threading
import time

TYPES = {'A': 1, 'MX': 15, 'AAAA': 28, 'SOA': 6, 'NS': 2}


@dataclasses.dataclass
class Got:
    host: str
    sender: str
    recipients: list
    content: bytes


@dataclasses.dataclass
class Host:
    """One mail host. `rcpt`, `dot` and `rset` give replies; an empty one closes the connection, None stops reading."""
    extensions: tuple = ('PIPELINING', '8BITMIME', 'SIZE 50000000', 'DSN')
    rcpt: object = lambda recipient, transaction: '250 ok'
    dot: object = lambda got: '250 ok'
    rset: object = lambda: '250 ok'
    reads: int = 1 << 40  # octets of content; then it stops reading
    session_ends: bool = False  # behind the reply to a message
    address: str = ''
    got: list = dataclasses.field(default_factory=list)  # taken with 250
    connections: int = 0

    def serve(self, client):
        self.connections += 1
        try:
            self.talk(client)
        except (OSError, ValueError):
            pass
        client.close()

    def talk(self, client):
        stream = client.makefile('rwb')
        lines = iter(stream.readline, b'')

        def say(text):
            stream.write(text.encode() + b'\r\n')
            stream.flush()

        say('220 mail.host.example ESMTP')
        current = None
        for line in lines:
            verb, text = line[:4].upper(), line.strip().decode('latin1')
            if verb == b'EHLO':
                say('\r\n'.join(['250-mail.host.example', *[f'250-{name}' for name in self.extensions], '250 HELP']))
            elif verb == b'MAIL':
                current = Got(self.address, text[10:], [], b'')
                say('250 ok')
            elif verb == b'RCPT':
                reply = self.rcpt(text[8:], current.recipients)
                if reply.startswith('2'):
                    current.recipients.append(text[8:].split('>')[0] + '>')
                say(reply)
            elif verb == b'DATA' and not (current and current.recipients):
                say('554 no recipients')
            elif verb == b'DATA':
                say('354 go on')
                if not self.take(lines, current):
                    return
                reply = self.dot(current)
                if not reply:
                    return
                if reply.startswith('2'):
                    self.got.append(current)
                say(reply)
                if self.session_ends:
                    return
            elif verb == b'RSET':
                reply = self.rset()
                say(reply)
                if not reply.startswith('2'):
                    return
            elif verb == b'QUIT':
                return say('221 bye')
            else:
                say('250 ok')

    def take(self, lines, current):
        content = []
        size = 0
        for line in lines:
            if line == b'.\r\n':
                current.content = b''.join(content)
                return True
            content.append(line[1:] if line.startswith(b'.') else line)
            size += len(line)
            if size > self.reads:
                time.sleep(300)
        return False


class Network:
    """Hosts by address, names by zone."""

    def __init__(self):
        self.records = {}  # (name, type): list of rdata
        self.delay = 0
        self.next_address = 20
        datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        datagrams.bind(('127.0.0.1', 53))
        threading.Thread(target=self.answer_all, args=(datagrams,), daemon=True).start()

    def host(self, host):
        """Gives it an address."""
        self.next_address += 1
        host.address = f'127.0.0.{self.next_address}'
        listener = socket.create_server((host.address, 25), backlog=100)
        threading.Thread(target=self.accept_all, args=(listener, host), daemon=True).start()
        return host

    @staticmethod
    def accept_all(listener, host):
        while True:
            client, _ = listener.accept()
            threading.Thread(target=host.serve, args=(client,), daemon=True).start()

    def domain(self, name, *hosts):
        """Pairs of preference and host."""
        for number, (preference, host) in enumerate(hosts):
            mail = f'm{number}.{name}'
            self.records.setdefault((name, 'MX'), []).append(struct.pack('>H', preference) + encoded(mail))
            self.records[(mail, 'A')] = [socket.inet_aton(host.address)]
        return name

    def answer_all(self, datagrams):
        while True:
            query, client = datagrams.recvfrom(4096)
            if self.delay:
                threading.Timer(self.delay, lambda q=query, c=client: datagrams.sendto(self.answer(q), c)).start()
            else:
                datagrams.sendto(self.answer(query), client)

    def answer(self, query):
        name, end = decoded(query, 12)
        kind = struct.unpack('>H', query[end:end + 2])[0]
        question = query[12:end + 4]
        known = {key: rdata for key, rdata in self.records.items() if TYPES[key[1]] == kind and key[0] == name.lower()}
        answers = b''.join(b'\xc0\x0c' + struct.pack('>HHIH', kind, 1, 60, len(rdata)) + rdata for rows in known.values() for rdata in rows)
        if kind == TYPES['NS'] and name == '':
            known, answers = {'': ['']}, b'\xc0\x0c' + struct.pack('>HHIH', kind, 1, 60, len(encoded('ns.example'))) + encoded('ns.example')
        exists = known or any(key[0] == name.lower() or key[0].endswith('.' + name.lower()) for key in self.records)
        soa = b''
        if not known:
            data = encoded('ns.example') + encoded('me.example') + struct.pack('>IIIII', 1, 60, 60, 60, 60)
            soa = encoded('example') + struct.pack('>HHIH', TYPES['SOA'], 1, 60, len(data)) + data
        flags = 0x8180 | (0 if exists else 3)
        count = sum(len(rows) for rows in known.values())
        return query[:2] + struct.pack('>HHHHH', flags, 1, count, 1 if soa else 0, 0) + question + answers + soa


def encoded(name):
    return b''.join(bytes([len(label)]) + label.encode() for label in name.split('.')) + b'\0'


def decoded(packet, at):
    labels = []
    while packet[at]:
        labels.append(packet[at + 1:at + 1 + packet[at]].decode('latin1'))
        at += packet[at] + 1
    return '.'.join(labels), at + 1
