"""The name server of the hostile torture. <kind>.example and all names below it have one kind of answer; each <name>.<host>.each.example
has a mail host of its own at the address of <host>. Each <name>.parasite.example names the host of few.example
beside its own, which is down. Each <name>.second.example names the host of strict.example before a tarpit."""
import itertools
import socket
import struct
import threading

NOBODY = '127.0.3.1'  # without a listener
LONG_LABELS = ('l' * 63 + '.') * 2 + 'l' * 40
MX, A, NS, TLSA, SERVFAIL, NXDOMAIN = 15, 1, 2, 52, 2, 3
SIGNED = ('keys', 'records')  # kinds whose answers say that they are authenticated
# Hosts with many addresses, by the number in their names: connections to one address are bounded.
MANY = {'hang': [f'127.0.4.{n}' for n in range(1, 201)], 'flip': [f'127.0.5.{n}' for n in range(1, 201)],
        'pit': [f'127.0.7.{n}' for n in range(1, 201)], 'gate': [f'127.0.6.{n}' for n in range(1, 201)],
        'p224': [f'127.0.9.{n}' for n in range(1, 201)],
        'tiny': [f'127.0.10.{n}' for n in range(1, 201)], 'names': [f'127.0.11.{n}' for n in range(1, 201)],
        'parts': [f'127.0.12.{n}' for n in range(1, 201)]}


def labels(name):
    """In the form of the wire."""
    return b''.join(bytes([len(label)]) + label.encode() for label in name.split('.')) + b'\0'


def read_name(packet, place):
    parts = []
    while packet[place]:
        parts.append(packet[place + 1:place + 1 + packet[place]].decode('latin-1'))
        place += 1 + packet[place]
    return '.'.join(parts), place + 1


def record(kind, data, ttl=3600):
    return b'\xc0\x0c' + struct.pack('>HHIH', kind, 1, ttl, len(data)) + data


FLIPS, TURNS = itertools.count(), itertools.count()


def bulk_mx():
    """As many mail hosts as an answer holds: of each only the first label is there, behind it stands the domain itself."""
    hosts = (f'm{n}'.encode() for n in range(2800))
    return [record(MX, struct.pack('>HB', 10, len(host)) + host + b'\xc0\x0c') for host in hosts]


def wide_mx(domain):
    """32 mail hosts of some 200 octets."""
    return [record(MX, struct.pack('>H', n) + labels(f'm{n}.{LONG_LABELS}'[:-1] + f'l.{domain}')) for n in range(32)]


def der(tag, content):
    return bytes([tag, len(content)]) + content


def odd_key(number):
    """Said to be of Ed25519, and too short: the shortest that OpenSSL tries to decode."""
    return der(0x30, der(0x30, b'\x06\x03\x2b\x65\x70') + der(3, b'\0' + struct.pack('>H', number)))


def signed(name, kind, what):
    """Each domain has five mail hosts of its own, each with TLSA records of 1.6 to 2 KiB: of odd keys, or in one piece."""
    parts = name.lower().split('.')
    if kind == MX:
        long = LONG_LABELS.rstrip('l') if what == 'records' else ''
        return [record(MX, struct.pack('>H', n) + labels(f'mx.{long}m{n}.{name}')) for n in range(5)]
    if kind == A and parts[0] == 'mx':
        return [record(A, socket.inet_aton(NOBODY))]
    if kind == TLSA and what == 'keys':
        return [record(TLSA, b'\2\1\0' + odd_key(number)) for number in range(120)]
    if kind == TLSA:
        return [record(TLSA, b'\3\1\1' + name.encode().ljust(1600, b'r'))]
    return []


def records_of(name, kind, addresses):
    """Return code and records."""
    parts = name.lower().split('.')
    what = parts[-3] if parts[-2:-1] == ['each'] and len(parts) > 2 else parts[-2] if len(parts) > 1 else ''
    if name == '':
        return 0, [record(NS, labels('ns.example'))]  # the root exists, so denials are believed
    if what == 'servfail':
        return SERVFAIL, []
    if what in SIGNED:
        return 0, signed(name, kind, what)
    if what == 'nx' or parts[-1] != 'example':
        return NXDOMAIN, []
    is_host = parts[0] == 'mx' or (what == 'wide' and len(parts) > 4)
    if kind == A and is_host:
        address = MANY[what][int(parts[1][1:]) % len(MANY[what])] if what in MANY else addresses.get(what, NOBODY)
        return 0, [record(A, socket.inet_aton(address))]
    if kind == MX and what == 'many':
        return 0, [record(MX, struct.pack('>H', n) + labels(f'mx.h{n}.dead.example')) for n in range(1500)]
    if kind == MX and what == 'bulk':
        return 0, bulk_mx()
    if kind == MX and what == 'flip':  # another host each time
        return 0, [record(MX, struct.pack('>H', 10) + labels(f'mx.h{next(FLIPS)}.{LONG_LABELS}.flip.example'), ttl=0)]
    if kind == MX and not is_host:
        if what == 'wide':
            return 0, wide_mx(name)
        if what == 'parasite':
            return 0, [record(MX, struct.pack('>H', 10) + labels('mx.few.example')), record(MX, struct.pack('>H', 20) + labels(f'mx.{name}'))]
        if what == 'second':
            return 0, [record(MX, struct.pack('>H', 10) + labels('mx.strict.example')), record(MX, struct.pack('>H', 20) + labels(f'mx.{parts[0]}.pit.example'))]
        if what == 'turned':  # a dead host at first
            host = 'mx.dead.example' if next(TURNS) < 1 else 'mx.strict.example'
            return 0, [record(MX, struct.pack('>H', 10) + labels(host), ttl=0)]
        return 0, [record(MX, struct.pack('>H', 10) + labels(f'mx.{name}'))]
    return 0, []


def answer(query, addresses):
    """None: this name's servers are silent."""
    name, end = read_name(query, 12)
    if name.lower().endswith('mute.example'):
        return None
    kind = struct.unpack('>H', query[end:end + 2])[0]
    if kind != MX and name.lower().endswith(('.bulk.example', '.deaf.example')):
        return None
    code, records = records_of(name, kind, addresses)
    authenticated = 0x20 if name.lower().endswith(tuple(f'.{what}.example' for what in SIGNED)) else 0
    head = query[:2] + struct.pack('>HHHHH', 0x8580 | authenticated | code, 1, len(records), 0, 0)
    return head + query[12:end + 4] + b''.join(records)


def serve(port, addresses):
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
    udp.bind(('127.0.0.1', port))
    tcp = socket.create_server(('127.0.0.1', port), backlog=512)
    threading.Thread(target=serve_over_tcp, args=(tcp, addresses), daemon=True).start()
    while True:
        query, client = udp.recvfrom(4096)
        reply = answer(query, addresses)
        if reply is None:
            continue
        if len(reply) > 1200:
            end = read_name(query, 12)[1] + 4
            reply = query[:2] + struct.pack('>HHHHH', 0x8780, 1, 0, 0, 0) + query[12:end]  # truncated: ask over TCP
        udp.sendto(reply, client)


def serve_over_tcp(listener, addresses):
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=answer_over_tcp, args=(connection, addresses), daemon=True).start()


def answer_over_tcp(connection, addresses):
    with connection, connection.makefile('rb') as source:
        connection.settimeout(30)
        try:
            while len(head := source.read(2)) == 2:
                reply = answer(source.read(struct.unpack('>H', head)[0]), addresses)
                connection.sendall(struct.pack('>H', len(reply)) + reply)
        except OSError:
            pass
