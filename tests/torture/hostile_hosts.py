#!/usr/bin/env python3
"""Mail hosts of the hostile torture, each kind in a process of its own. Usage: hostile_hosts.py dns PORT | honest EVENTS PORT |
hostile EVENTS PORT FOLDER. Events are lines of JSON."""
import json
import os
import re
import select
import socket
import socketserver
import ssl
import subprocess
import sys
import threading
import time

import hostile_dns
import hostile_tls

HOSTILE = {'trap': '127.0.2.1', 'sni': '127.0.2.2', 'dhe': '127.0.2.3', 'tarpit': '127.0.2.4', 'seven': '127.0.2.5', 'silent': '127.0.2.6',
           'keyupdate': '127.0.2.7', 'late': '127.0.2.8', 'verbose': '127.0.2.9', 'crawl': '127.0.2.10', 'size': '127.0.2.11', 'nobody': '127.0.2.12',
           'slowgrey': '127.0.2.13', 'hang': '127.0.2.14', 'fresh': '127.0.2.15',
           'reads': '127.0.2.16', 'few': '127.0.2.17', 'flip': '127.0.2.18', 'strict': '127.0.2.19', 'gate': '127.0.2.20', 'pit': '127.0.2.21',
           'p224': '127.0.2.23', 'tiny': '127.0.2.24', 'names': '127.0.2.25', 'parts': '127.0.2.26'}
HANDSHAKES = ('p224', 'tiny', 'names', 'parts')  # of hostile_tls.py
GATE = 60  # sessions at "gate" that go on together
FEW = 5  # connections that "few" takes at a time
ADDRESSES = {'honest': '127.0.1.1', 'evil': HOSTILE['sni'], **HOSTILE}


# The mail hosts.
class Hosts:
    def __init__(self, events, folder=None):
        self.events, self.folder, self.lock = open(events, 'a', buffering=1), folder, threading.Lock()
        self.contexts, self.few = {}, threading.Semaphore(FEW)
        self.gates = {verb: threading.Barrier(GATE, timeout=30) for verb in ('EHLO', 'DATA')}
        if folder:
            self.make_contexts()

    def tell(self, event, **keys):
        with self.lock:
            self.events.write(json.dumps({'t': time.monotonic(), 'event': event, **keys}) + '\n')

    def make_contexts(self):
        key = os.path.join(self.folder, 'key.pem')
        subprocess.run(['openssl', 'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-out', key + '.crt', '-subj', '/CN=mx.example',
                        '-days', '2'], check=True, capture_output=True)
        self.handshakes = hostile_tls.Handshakes(key).said
        for name in ('sni', 'dhe', 'late'):
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(key + '.crt', key)
            self.contexts[name] = context
        self.contexts['sni'].sni_callback = refuse_evil
        dhe = self.contexts['dhe']
        dhe.maximum_version = ssl.TLSVersion.TLSv1_2
        dhe.set_ciphers('DHE-RSA-AES256-GCM-SHA384')
        dhe.load_dh_params(write_dh(os.path.join(self.folder, 'dh.pem'), 10_000))
        self.port = 25
        self.backend = ['openssl', 's_server', '-tls1_3', '-key', key, '-cert', key + '.crt', '-num_tickets', '0', '-naccept', '1']


def wait_for_any(sockets, seconds):
    """Sockets with something to read, or whose peer has closed. Not select(): this process has more than 1,024 descriptors."""
    waiting = select.poll()
    for one in sockets:
        waiting.register(one, select.POLLIN)
    ready = {descriptor for descriptor, _ in waiting.poll(seconds * 1000)}
    return [one for one in sockets if one.fileno() in ready]


def refuse_evil(_socket, name, _context):
    return ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME if name == 'mx.evil.example' else None


def write_dh(path, bits):
    """A group whose modulus is not proved to be prime, as a hostile host would use."""
    number = lambda n: (lambda octets: b'\2' + length(len(octets)) + octets)(n.to_bytes(n.bit_length() // 8 + 1, 'big'))
    length = lambda n: bytes([n]) if n < 128 else bytes([0x80 | (n.bit_length() + 7) // 8]) + n.to_bytes((n.bit_length() + 7) // 8, 'big')
    body = number(int.from_bytes(os.urandom(bits // 8), 'big') | 1 << (bits - 1) | 1) + number(2)
    pem = ssl.DER_cert_to_PEM_cert(b'\x30' + length(len(body)) + body).replace('CERTIFICATE', 'DH PARAMETERS')
    with open(path, 'w') as file:
        file.write(pem)
    return path


class Session:
    """One connection; `name` says how the host behaves."""

    def __init__(self, hosts, name, connection):
        self.hosts, self.name, self.connection = hosts, name, connection
        self.input, self.tls, self.recipients, self.sender, self.errors = connection.makefile('rb'), False, [], '', 0

    def say(self, *lines):
        self.connection.sendall(b''.join(line.encode() + b'\r\n' for line in lines))

    def run(self):
        if self.name == 'few':
            return self.run_if_few()
        self.hosts.tell('connection', host=self.name)
        if self.name == 'hang':
            wait_for_any([self.connection], 600)
            return
        if self.name == 'flip':
            time.sleep(1.2)
            self.say('421 4.3.2 Come back later')
            return
        self.talk()

    def run_if_few(self):
        if not self.hosts.few.acquire(blocking=False):
            self.hosts.tell('refused', host=self.name)
            self.say('421 4.7.0 Too many connections')
            return
        try:
            self.hosts.tell('connection', host=self.name)
            self.talk()
        finally:
            self.hosts.few.release()

    def talk(self):
        self.say('220 mx.example ESMTP')
        while line := self.input.readline(5000):
            if not self.command(line.decode('latin-1').strip()):
                return

    def wait_at_gate(self, verb):
        """Until so many wait; those that come later do not."""
        try:
            self.hosts.gates[verb].wait()
            self.hosts.tell('together', host=self.name, verb=verb)
        except threading.BrokenBarrierError:
            pass

    def command(self, line):
        verb = line[:4].upper()
        if self.name == 'gate' and verb in self.hosts.gates:
            self.wait_at_gate(verb)
        if verb == 'EHLO':
            self.ehlo()
        elif verb == 'STAR':
            return self.starttls()
        elif verb == 'MAIL':
            self.sender, self.recipients = re.search('<(.*?)>', line).group(1), []
            if self.name == 'strict':
                self.hosts.tell('mail', host=self.name)
            is_large = int(re.search('SIZE=([0-9]+)|$', line).group(1) or 0) > 1_000_000
            self.say('452 4.3.1 Insufficient system storage' if self.name == 'size' and is_large else '250 2.1.0 Ok')
        elif verb == 'RCPT':
            return self.recipient(re.search('<(.*?)>', line).group(1))
        elif verb == 'DATA' and self.recipients:
            self.say('354 Go ahead')
            return self.content()
        elif verb == 'DATA':
            self.say('503 5.5.1 No recipients')
        elif verb == 'QUIT':
            self.say('221 2.0.0 Bye')
            return False
        else:
            self.say('250 2.0.0 Ok')
        return True

    def ehlo(self):
        extensions = ['PIPELINING', 'ENHANCEDSTATUSCODES']
        if self.name not in ('tarpit', 'seven'):
            extensions.append('8BITMIME')
        if self.name == 'size':
            extensions.append('SIZE 50000000')
        if self.name in ('sni', 'dhe', 'keyupdate', 'late', *HANDSHAKES) and not self.tls:
            extensions.append('STARTTLS')
        self.say('250-mx.example', *[f'250-{word}' for word in extensions], '250 HELP')

    def starttls(self):
        self.say('220 2.0.0 Go ahead')
        if self.name == 'keyupdate':
            return self.flood_key_updates()
        if self.name in HANDSHAKES:
            return hostile_tls.talk(self, self.hosts.handshakes[self.name])
        if self.name == 'late':
            time.sleep(0.05)  # the handshake has begun, or has not
            self.say('250 2.0.0 injected')
        try:
            self.connection = self.hosts.contexts[self.name].wrap_socket(self.connection, server_side=True)
        except OSError as error:
            self.hosts.tell('handshake-failed', host=self.name, why=str(error))
            return False
        self.input, self.tls = self.connection.makefile('rb'), True
        return True

    def flood_key_updates(self):
        """openssl s_server in the place of this host; it renews its key as fast as it can."""
        with socket.socket() as probe:
            probe.bind(('127.0.0.1', 0))
            port = probe.getsockname()[1]
        server = subprocess.Popen([*self.hosts.backend, '-accept', f'127.0.0.1:{port}'], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                                  stderr=subprocess.DEVNULL)
        for _ in range(200):
            try:
                inner = socket.create_connection(('127.0.0.1', port))
                break
            except OSError:
                time.sleep(0.02)
        threading.Thread(target=write_for_ever, args=(server.stdin, b'K\n'), daemon=True).start()
        octets = relay(self.connection, inner, 20)
        self.hosts.tell('flooded', host=self.name, octets=octets)
        server.kill()
        server.wait()
        return False

    def recipient(self, address):
        if self.name == 'verbose':
            self.say(f'450 4.2.1 {address} ' + 'v' * 950)
            return True
        if self.name == 'nobody':
            self.say('550 5.1.1 No such user')
            return True
        if self.name == 'slowgrey':
            time.sleep(4)
            self.say('450 4.2.1 Come back later')
            return True
        if self.name == 'crawl':
            time.sleep(50)
        if self.name == 'trap' and address.startswith('trap'):
            self.say(f'421 4.3.2 <{address}>: come back later')
            return False
        if self.name == 'strict':
            return self.strict_recipient(address)
        self.recipients.append(address)
        self.say('250 2.1.5 Ok')
        return True

    def strict_recipient(self, address):
        """As a Postfix: too many errors end the session. It takes a hundred recipients a second."""
        time.sleep(0.01)
        if not address.startswith('bad'):
            self.recipients.append(address)
            self.say('250 2.1.5 Ok')
            return True
        self.errors += 1
        self.say('550 5.1.1 User unknown')
        if self.errors < 20:
            return True
        self.say('421 4.7.0 Error: too many errors')
        self.hosts.tell('too-many', host=self.name)
        return False

    def content(self):
        if self.name in ('tarpit', 'pit'):
            self.hosts.tell('stuck', host=self.name)
            while self.connection.recv(1):
                time.sleep(1)
            return False
        lines = []
        while (line := self.input.readline()) != b'.\r\n':
            if not line:
                return False
            lines.append(line)
        if self.name == 'few':
            time.sleep(1)
        if self.name == 'silent':
            self.hosts.tell('silent', to=self.recipients)
            wait_for_any([self.connection], 600)
            return False
        if self.name == 'reads' and len(lines) > 1000:
            self.hosts.tell('reads', host=self.name)
            wait_for_any([self.connection], 600)
            return False
        self.take(b''.join(lines))
        self.say('250 2.0.0 Taken')
        return True

    def take(self, content):
        header = content.partition(b'\r\n\r\n')[0]
        found = re.search(rb'(?mi)^Subject: (\S+)', header)
        bcc = bool(re.search(rb'(?mi)^Bcc:', content))
        notice, signed = b'multipart/report' in header, header.startswith(b'DKIM-Signature:')
        self.hosts.tell('took', host=self.name, sender=self.sender, to=self.recipients[:5], tls=self.tls, octets=len(content), bcc=bcc, notice=notice, signed=signed,
                        delayed=b'Action: delayed' in content, token=found.group(1).decode('latin-1') if found else '')


def write_for_ever(pipe, octets):
    try:
        while True:
            pipe.write(octets * 500)
            pipe.flush()
    except OSError:
        pass


def relay(one, two, seconds):
    """Relays both ways, until one has closed; returns the octets that went to `one`."""
    octets, end = 0, time.monotonic() + seconds
    while time.monotonic() < end:
        for source in wait_for_any([one, two], 1):
            try:
                data = source.recv(65536)
                (two if source is one else one).sendall(data)
            except OSError:
                data = b''
            if not data:
                return octets
            octets += len(data) if source is two else 0
    return octets


class Listener(socketserver.ThreadingTCPServer):
    allow_reuse_address, daemon_threads, request_queue_size = True, True, 512

    def __init__(self, hosts, name, address, port):
        self.hosts, self.name = hosts, name
        super().__init__((address, port), None)

    def finish_request(self, request, client_address):
        try:
            Session(self.hosts, self.name, request).run()
        except (OSError, AttributeError, ValueError):
            pass  # the client has gone, or said what this host does not know


def serve_hosts(names, events, port, folder=None):
    hosts = Hosts(events, folder)
    listeners = [Listener(hosts, name, ADDRESSES[name], port) for name in names]
    listeners += [Listener(hosts, name, address, port) for name in names for address in hostile_dns.MANY.get(name, [])]
    for listener in listeners:
        threading.Thread(target=listener.serve_forever, args=(10,), daemon=True).start()  # seconds between looks whether it is to end
    hosts.tell('ready')
    threading.Event().wait()


if __name__ == '__main__':
    if sys.argv[1] == 'dns':
        hostile_dns.serve(int(sys.argv[2]), ADDRESSES)
    elif sys.argv[1] == 'honest':
        serve_hosts(['honest'], sys.argv[2], int(sys.argv[3]))
    else:
        os.nice(10)
        serve_hosts(list(HOSTILE), sys.argv[2], int(sys.argv[3]), sys.argv[4])
