"""Handshakes of hostile mail hosts, written octet by octet: certificates that are costly to decode, or to keep. TLS 1.2 (RFC 5246), which
needs no key of the host's to get that far; RFC 5280."""
import os
import subprocess
import time

RSA_KEY_EXCHANGE, ECDHE_RSA = b'\0\x9d', b'\xc0\x30'  # cipher suites
NAMES, AUTHORITIES = 31_500, 16_200  # as many as 64 KiB hold


def length(n):
    if n < 128:
        return bytes([n])
    octets = n.to_bytes((n.bit_length() + 7) // 8, 'big')
    return bytes([0x80 | len(octets)]) + octets


def element(tag, content):
    return bytes([tag]) + length(len(content)) + content


def sequence(*parts):
    return element(0x30, b''.join(parts))


def number(n):
    return element(2, n.to_bytes(n.bit_length() // 8 + 1, 'big'))


def name_of_type(octets):
    return element(6, bytes.fromhex(octets))


def entry(content):
    return len(content).to_bytes(3, 'big') + content


SHA256_RSA = sequence(name_of_type('2a864886f70d01010b'), element(5, b''))
VALID = sequence(element(0x17, b'260101000000Z'), element(0x17, b'360101000000Z'))


def certificate(key, extensions=b''):
    """Its signature is nonsense: nobody looks at it before the chain leads to an authority."""
    more = [element(0xa3, sequence(extensions))] if extensions else []
    signed = sequence(element(0xa0, number(2)), number(1), SHA256_RSA, sequence(), VALID, sequence(), key, *more)
    return sequence(signed, SHA256_RSA, element(3, b'\0' + bytes(8)))


def openssl(*arguments, octets=b''):
    return subprocess.run(['openssl', *arguments], input=octets, capture_output=True, check=True).stdout


def key_on_p224():
    key = openssl('ecparam', '-name', 'secp224r1', '-genkey', '-noout')
    return openssl('ec', '-pubout', '-conv_form', 'compressed', '-outform', 'DER', octets=key)


def tiny_key():
    """Of an unknown algorithm."""
    return sequence(sequence(name_of_type('2a0304')), element(3, b'\0'))


def as_many_as_fit(one):
    return [one] * (63_000 // (len(one) + 3))


class Handshakes:
    """Each host's octets after the ClientHello, made once."""

    def __init__(self, key_file):
        leaf = certificate(rsa := openssl('rsa', '-in', key_file, '-pubout', '-outform', 'DER'))
        names = sequence(name_of_type('551d11'), element(4, sequence(b'\x82\0' * NAMES)))
        self.said = {'p224': self.hello(ECDHE_RSA) + self.certificates([leaf, *as_many_as_fit(certificate(key_on_p224()))]),
                     'tiny': self.hello(ECDHE_RSA) + self.certificates([leaf, *as_many_as_fit(certificate(tiny_key()))]),
                     'names': self.hello(RSA_KEY_EXCHANGE) + self.certificates([certificate(rsa, names)]) + self.request(),
                     'parts': self.hello(RSA_KEY_EXCHANGE) + self.certificates([certificate(rsa, parts_within_bounds()), leaf]) + self.request(8_000)}

    @staticmethod
    def message(kind, body):
        return bytes([kind]) + entry(body)

    def hello(self, suite):
        return self.message(2, b'\3\3' + os.urandom(32) + b'\0' + suite + b'\0' + b'\0\5' + b'\xff\1\0\1\0')

    def certificates(self, certificates):
        return self.message(11, entry(b''.join(entry(one) for one in certificates)))

    def request(self, authorities=AUTHORITIES):
        names = b'\0\2\x30\0' * authorities
        return self.message(13, b'\1\1' + b'\0\4\4\1\4\3' + len(names).to_bytes(2, 'big') + names)


def parts_within_bounds():
    """Extensions that cost most memory and are decoded nevertheless."""
    names = sequence(name_of_type('551d11'), element(4, sequence(b'\x82\0' * 900)))
    return names + sequence(name_of_type('2a0304'), element(4, b'\xff' * 12_000))


def talk(session, said):
    """Sends it to a client that has sent a ClientHello, and waits for the end."""
    connection, begin, answer = session.connection, time.monotonic(), b''
    connection.recv(16_384)
    session.hosts.tell('shaking', host=session.name)
    try:
        for at in range(0, len(said), 16_000):
            piece = said[at:at + 16_000]
            connection.sendall(b'\x16\3\3' + len(piece).to_bytes(2, 'big') + piece)
        connection.settimeout(600)
        answer = connection.recv(4096)
    except OSError:
        pass  # the client has gone
    session.hosts.tell('shaken', host=session.name, after=time.monotonic() - begin, said=answer[:7].hex())
    return False
