"""The letters that scripts/interop receivers sends to mail hosts."""
import random

SENDER = 'me@here.plain.example'
MIME = 'MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: {}\r\n'
LINE = 998  # RFC 5322 2.1.1: without CRLF


def noise():
    """1 MB of base64-like lines, the same each time."""
    generator, letters = random.Random(18), 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
    return ''.join(''.join(generator.choices(letters, k=76)) + '\r\n' for _ in range(2**20 // 78))


# By kind: (field Subject, encoding, body).
LETTERS = {
    '7-bit': ('plain text', '7bit', 'Hello,\r\n\r\na text\twith blanks.  \r\n\r\n-- \r\nme\r\n'),
    '8-bit': ('Grüße, à la Привет', '8bit', 'Grüße\r\nnaïve façade, 日本語\r\n' + 'ä' * 200 + '\r\n'),
    'long-lines': ('a ' * 400 + 'end', '7bit', ('x' * LINE + '\r\n') * 20 + 'word ' * (LINE // 5) + 'abc\r\n'),
    'dots': ('dots', '7bit', '.\r\n..\r\n.a\r\n...\r\n\r\n.\r\nFrom here on\r\n>From there\r\n. .\r\n.\r\n'),
    '1-MB': ('much', '7bit', noise()),
}


def letter(kind, sender, domain):
    """The octets of a letter to `domain`; `sender` is a mark in its Message-ID."""
    subject, encoding, body = LETTERS[kind]
    return (f'From: Me <{SENDER}>\r\nTo: You <you@{domain}>\r\nSubject: {subject}\r\nDate: Tue, 01 Dec 2026 08:00:00 +0000\r\n'
            f'Message-ID: <{kind}.{sender}@{domain}>\r\n{MIME.format(encoding)}\r\n{body}').encode()


def comparable(text, sender):
    """What is stored, from the first field of the letter that the host has left in place; without the mark of the sender."""
    text = text.replace(b'\r\n', b'\n')
    return text[(b'\n' + text).find(b'\nFrom: '):].replace(f'.{sender}@'.encode(), b'.sender@')
