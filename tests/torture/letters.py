"""Letters that can be distinguished and checked: each has a token of its own, and the length and checksum of its body."""
import hashlib
import random
import re

POOL = random.Random(5321)
LINES = [bytes(POOL.choice(b'abcdefghijklmnopqrstuvwxyz ABCDEFG0123456789') for _ in range(POOL.randrange(0, 78))) for _ in range(2000)]
LINES += [b'.', b'..', b'.dot', b'', b'From here', b'blank at the end ', b'\tt\xc3\xa4glich', b'\xff\x80 is no UTF-8', b'x' * 990]
TEXT = b'\r\n'.join(POOL.choices(LINES, k=20_000)) + b'\r\n'
FIELD = re.compile(rb'(?m)^X-Torture: (\S+) (\d+) ([0-9a-f]+)\r?$')


def make(token, size, chance):
    """A message with the line ends of SMTP; `size` is about that of its body."""
    start = TEXT.index(b'\n', chance.randrange(0, len(TEXT) // 2)) + 1
    repeated = TEXT[start:] + TEXT * (size // len(TEXT))
    body = repeated[:size].rsplit(b'\r\n', 1)[0].rstrip(b'\r') + b'\r\n'
    return (f'From: {sender(token)}\r\nTo: you@there.example\r\nSubject: torture\r\nDate: Sun, 22 Nov 2026 10:00:00 +0000\r\n'
            f'Message-ID: <{token}@torture.example>\r\nX-Torture: {token} {len(body)} {checksum(body)}\r\n\r\n').encode() + body


def checksum(body):
    return hashlib.sha256(body).hexdigest()[:32]


def sender(token):
    return f't{token}@here.example'


def recipient(token, number, domain):
    return f't{token}.{number}@{domain}'


def token_of(address):
    """The token in a sender's or recipient's address."""
    found = re.match(r'<?(?:[a-z]+\+)?t([0-9a-z-]+)(?:\.\d+)?@', address)
    return found.group(1) if found else None


def examine(content):
    """(token, whether all of it is there and unchanged) of a message that arrived; (None, False) if it is none of ours."""
    header, _, body = content.partition(b'\r\n\r\n')
    field = FIELD.search(header)
    if not field:
        return None, False
    return field.group(1).decode(), len(body) == int(field.group(2)) and checksum(body) == field.group(3).decode()
