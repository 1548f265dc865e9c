"""A name server that passes questions on to another one: as they are, or without asking for signatures, as some home routers do."""
import socket
import struct
import threading

TYPES = {1: 'A', 2: 'NS', 6: 'SOA', 15: 'MX', 28: 'AAAA', 43: 'DS', 48: 'DNSKEY', 52: 'TLSA'}


def question_of(packet):
    """Name and type, and the offset behind it."""
    labels, at = [], 12
    while packet[at]:
        labels.append(packet[at + 1:at + 1 + packet[at]].decode('latin-1').lower())
        at += packet[at] + 1
    kind, = struct.unpack_from('!H', packet, at + 1)
    return ('.'.join(labels), TYPES.get(kind, str(kind))), at + 5


class Forwarder:
    """By UDP alone. `strips` and `fails` may change at any time."""

    def __init__(self, world, address, port, upstream, strips=False):
        self.upstream, self.strips, self.asked = upstream, strips, []
        self.fails = ()  # names with SERVFAIL as their answer
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((address, port))
        threading.Thread(target=self.serve, daemon=True).start()
        world.at_end.append(self.socket.close)

    def serve(self):
        while True:
            try:
                packet, client = self.socket.recvfrom(4096)
            except OSError:
                return
            threading.Thread(target=self.relay, args=(packet, client), daemon=True).start()

    def relay(self, packet, client):
        question, end = question_of(packet)
        self.asked.append(question)
        if question[0] in self.fails:
            self.socket.sendto(packet[:2] + b'\x81\x82' + packet[4:10] + b'\0\0' + packet[12:end], client)
            return
        if self.strips:  # no EDNS, thus no DO
            packet = packet[:10] + b'\0\0' + packet[12:end]
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
            out.settimeout(10)
            try:
                out.sendto(packet, self.upstream)
                answer = out.recv(4096)
                self.socket.sendto(answer, client)
            except OSError:
                return

    def asked_about(self, *names):
        return [question for question in self.asked if question[0] in names]
