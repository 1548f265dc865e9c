"""Watches the loopback interface, and says of each TCP connection what its TLS handshake agreed on and how many turns the client had.

What the mail host and mxpress say about a session is one thing; this is what went over the wire. Needs root and a network of its own.
"""
import socket
import struct
import threading

IPV4 = 0x0800
HANDSHAKE, CONTENT = 22, 23
SERVER_HELLO, CERTIFICATE = 2, 11
TLS_1_2, TLS_1_3 = 0x0303, 0x0304
SESSION_TICKET, PRE_SHARED_KEY, SUPPORTED_VERSIONS = 35, 41, 43
LONGER_1_3 = 1 + 16  # a record of TLS 1.3 is so much longer than its content: its type, and 16 octets of GCM or Poly1305


class Direction:
    """One direction of a connection: its octets in order, and when each part came."""

    def __init__(self, first):
        self.next, self.data, self.early = first, bytearray(), {}

    def add(self, sequence, payload):
        self.early[sequence] = payload
        while (payload := self.early.pop(self.next, None)) is not None:
            self.data += payload
            self.next = (self.next + len(payload)) % 2**32


class Connection:
    """From `client` to `server`, both (address, port)."""

    def __init__(self, client, server, first):
        self.client, self.server, self.ended = client, server, False
        self.sent, self.received = Direction(first), None
        self.marks = []  # (True: from the client, octets of this direction so far)

    def add(self, from_client, sequence, payload):
        direction = self.sent if from_client else self.received
        if direction is None:
            return
        direction.add(sequence, payload)
        self.marks.append((from_client, len(direction.data)))

    def records(self):
        """(from the client, type, content) of each TLS record, in the order in which they were complete."""
        ends = {True: self.start_of_tls(self.sent), False: self.start_of_tls(self.received)}
        for from_client, end in self.marks:
            data = (self.sent if from_client else self.received).data
            while ends[from_client] is not None and ends[from_client] + 5 <= end:
                kind, _, length = struct.unpack_from('>BHH', data, ends[from_client])
                if ends[from_client] + 5 + length > end:
                    break
                yield from_client, kind, bytes(data[ends[from_client] + 5:ends[from_client] + 5 + length])
                ends[from_client] += 5 + length

    @staticmethod
    def start_of_tls(direction):
        at = direction.data.find(bytes([HANDSHAKE, 3])) if direction else -1
        return at if at >= 0 else None

    def tls(self, ehlo):
        """The facts about the session: None without TLS. `ehlo`: octets of the client's EHLO command."""
        records = list(self.records())
        hellos = [content for from_client, kind, content in records if not from_client and kind == HANDSHAKE and content[0] == SERVER_HELLO]
        return Session(records, hellos, ehlo) if hellos else None


class Session:
    """`version`; `resumed`; `asked`: the client has asked to resume a session by a ticket; `retried`: the server wanted another group
    (HelloRetryRequest); `turns`: how often the client said something after the handshake and then waited for the server."""

    def __init__(self, records, hellos, ehlo):
        extensions = dict(extensions_of(hellos[-1]))
        self.version = TLS_1_3 if extensions.get(SUPPORTED_VERSIONS) == b'\x03\x04' else TLS_1_2
        self.retried = self.version == TLS_1_3 and len(hellos) > 1
        wishes = dict(extensions_of(next(content for from_client, _, content in records if from_client)))
        self.asked = PRE_SHARED_KEY in wishes or bool(wishes.get(SESSION_TICKET))
        if self.version == TLS_1_3:
            self.resumed = PRE_SHARED_KEY in extensions
        else:  # the server's certificate is a message behind its hello: in the same record or in the next
            self.resumed = not any(CERTIFICATE in messages_of(content) for from_client, kind, content in records if not from_client and kind == HANDSHAKE)
        self.turns = self.count_turns(records, ehlo)

    def count_turns(self, records, ehlo):
        turns, last, begun = 0, None, self.version == TLS_1_2
        for from_client, kind, content in records:
            is_alert = kind != CONTENT or self.version == TLS_1_3 and len(content) == 2 + LONGER_1_3
            # Of TLS 1.3 the end of the client's handshake looks like content.
            begun = begun or from_client and len(content) == ehlo + LONGER_1_3
            if begun and not is_alert:
                turns += from_client and last is not True
                last = from_client
        return turns


def messages_of(content):
    """Types of the handshake messages in a record; what is encrypted ends the list."""
    at, kinds = 0, []
    while at + 4 <= len(content):
        kinds.append(content[at])
        at += 4 + int.from_bytes(content[at + 1:at + 4], 'big')
    return kinds


def extensions_of(hello):
    """(number, value) of the extensions of a client's or server's hello."""
    at = 4 + 2 + 32
    at += 1 + hello[at]
    if hello[0] == SERVER_HELLO:
        at += 2 + 1  # the cipher, the compression
    else:
        at += 2 + int.from_bytes(hello[at:at + 2], 'big')
        at += 1 + hello[at]
    if at + 2 > len(hello):
        return
    end = at + 2 + int.from_bytes(hello[at:at + 2], 'big')
    at += 2
    while at + 4 <= end:
        number, length = struct.unpack_from('>HH', hello, at)
        yield number, hello[at + 4:at + 4 + length]
        at += 4 + length


class Wire:
    """Watches until the process ends. Connections from `passed_over` are not kept."""

    def __init__(self, passed_over):
        self.passed_over, self.lock, self.all, self.open = passed_over, threading.Lock(), [], {}
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(IPV4))
        self.socket.setsockopt(socket.SOL_SOCKET, 33, 64 << 20)  # SO_RCVBUFFORCE
        self.socket.bind(('lo', IPV4))
        threading.Thread(target=self.watch, daemon=True).start()

    def watch(self):
        while True:
            packet = self.socket.recv(1 << 17)
            if packet[9] == socket.IPPROTO_TCP:
                with self.lock:
                    self.take(packet)

    def take(self, packet):
        start = (packet[0] & 15) * 4
        length = struct.unpack_from('>H', packet, 2)[0]
        source, target = socket.inet_ntoa(packet[12:16]), socket.inet_ntoa(packet[16:20])
        source_port, target_port, sequence, _, offset, flags = struct.unpack_from('>HHIIBB', packet, start)
        payload = bytes(packet[start + (offset >> 4) * 4:length if length else None])
        here, there = (source, source_port), (target, target_port)
        if flags & 2:  # SYN
            self.begin(here, there, (sequence + 1) % 2**32, flags)
            return
        for key, from_client in (((here, there), True), ((there, here), False)):
            if connection := self.open.get(key):
                if payload:
                    connection.add(from_client, sequence, payload)
                connection.ended = connection.ended or bool(flags & 5) and from_client  # FIN, RST

    def begin(self, here, there, first, flags):
        if flags & 16:  # the server's answer
            if connection := self.open.get((there, here)):
                connection.received = connection.received or Direction(first)
        elif here[0] != self.passed_over:
            self.open[here, there] = Connection(here, there, first)
            self.all.append(self.open[here, there])

    def connections(self, address, port):
        """To this server, in the order in which they began; only those in which the client has said something."""
        with self.lock:
            return [connection for connection in self.all if connection.server == (address, port) and connection.sent.data]
