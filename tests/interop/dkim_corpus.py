"""Messages of every kind that mxpress may have to sign, for scripts/interop dkim: the same ones each time."""
import random

AUTHOR = b'From: Alice Example <alice@example.org>\r\n'
USUAL = (AUTHOR + b'To: bob@example.net\r\nSubject: A message\r\nDate: Sun, 29 Nov 2026 12:00:00 +0000\r\n'
         b'Message-ID: <1@example.org>\r\n')
MIME = b'MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n'
TEXT = b'Hello Bob,\r\n\r\nthis is  a\ttext with blanks.  \r\n\r\nAlice\r\n'
WORDS = ['the', 'Größe', 'mail', 'à la carte', 'Привет', '日本語', 'a', 'end.', '.', '..', '-- ', 'From ', '=', '=20', '', ' ', '\t', '😀', 'x' * 70]
OTHERS = (b'DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=other.example; s=x;\r\n\th=from:to; bh=AAAA;\r\n\tb=AAAA\r\n'
          b'DKIM-Signature: v=1; a=rsa-sha256; c=simple/simple; d=third.example; s=y; h=from; bh=AAAA; b=AAAA\r\n')


SINGLE = 'repeated To, Cc, Subject, Message-ID'


def joined(*parts):
    return b''.join(parts)


def fixed():
    """(kind, message) of the messages made by hand."""
    eight = 'Grüße à la Привет\r\nnaïve façade\r\n'.encode()
    yield 'plain', joined(USUAL, b'\r\n', TEXT)
    yield '8-bit body', joined(USUAL, MIME, b'\r\n', eight)
    yield '8-bit body', joined(USUAL, MIME, b'\r\n', 'à Р \xa0\r\n'.encode() * 50)
    yield '8-bit body', joined(USUAL, b'\r\n', bytes(range(128, 256)), b'\r\n')
    for size in (999, 1500, 5000, 100_000):
        yield 'long lines', joined(USUAL, b'\r\n', b'x' * size, b'\r\n', b'words and ' * (size // 10), b'\r\n')
    for text in (b'word ' * 100, b'a\r\n b\r\n\t c\r\n  d', b'\r\n folded at once', b'x' * 300, b'blanks   and\t\ttabs \t ', b'', b' ', b'\r\n ', b'a\r\n \r\n b'):
        yield 'folded and odd fields', joined(AUTHOR, b'To: bob@example.net\r\nSubject: ', text, b'\r\n\r\n', TEXT)
    for name in (b'SUBJECT', b'subject', b'sUbJeCt', b'Subject ', b'Subject\t', b'Subject  '):
        yield 'names of fields', joined(AUTHOR, name, b': hi\r\n\r\n', TEXT)
    yield 'names of fields', joined(AUTHOR, b"X-!#$%&'*+.^_`|~: odd\r\nSubject:no blank\r\n\r\n", TEXT)
    yield 'names of fields', joined(AUTHOR, b'Subject: a;b=c; d=e: f\r\nTo: "x; y" <b@example.net>\r\n\r\n', TEXT)
    yield 'empty body', joined(USUAL, b'\r\n')
    for lines in (1, 2, 3, 1000):
        yield 'empty lines alone', joined(USUAL, b'\r\n', b'\r\n' * lines)
    yield 'no body', USUAL
    yield 'no body', AUTHOR
    for text in (b' ', b' \r\n', b'\t\r\n', b' \r\n\t \r\n', b'\r\n \r\n', b' \r\n\r\n\r\n', b' ' * 1000 + b'\r\n'):
        yield 'blanks alone', joined(USUAL, b'\r\n', text)
    for text in (b'\f\r\n', b'a\fb\r\n', b'page\r\n\f\r\npage\r\n', b'a \f b\r\n', b'a\f\r\n', b'\v\r\n', b'a\vb \r\n', b'a\v\r\n', b'\f \v\r\n'):
        yield 'form feed, vertical tab', joined(USUAL, b'\r\n', text)
    for text in (b'a\x01\x02\x7f\x1b[31m red\r\n', b'a\x08b\r\n', b'a\x1c\x1d\x1e\x1f\r\n', b'\xc2\x85\xc2\xa0\xe2\x80\xa8\r\n'):
        yield 'control characters', joined(USUAL, MIME, b'\r\n', text)
    for text in (b'10%\r20%\r100%\r\n', b'a\nb\n\nc\n', b'a\r\r\nb\r', b'\ra\r\n', b'a\r \r\n', b' \ra\r\n'):
        yield 'bare CR and LF', joined(USUAL, b'\r\n', text)
    for lines in (1, 2, 1000):
        yield 'empty lines at the end', joined(USUAL, b'\r\n', TEXT, b'\r\n' * lines)
        yield 'empty lines at the end', joined(USUAL, b'\r\n', TEXT, b' \t\r\n' * lines)
        yield 'empty lines at the beginning', joined(USUAL, b'\r\n', b'\r\n' * lines, TEXT)
    for text in (b'a', b'a ', b'a\r\n\r\nb', b' a', b'.', b'..\r\n.\r\n.a'):
        yield 'no final line end', joined(USUAL, b'\r\n', text)
    part = b'--b\r\nContent-Type: text/%s\r\n\r\n%s\r\n'
    for kind in (b'mixed', b'alternative', b'related', b'report; report-type=delivery-status'):
        yield 'multipart', joined(USUAL, b'MIME-Version: 1.0\r\nContent-Type: multipart/', kind, b';\r\n boundary="b"\r\n\r\npreamble\r\n',
                                  part % (b'plain', b'text  '), part % (b'html', b'<p>text</p>'), b'--b--\r\nepilogue\r\n')
    yield 'multipart', joined(USUAL, b'MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n', part % (b'plain; charset=utf-8', eight),
                              b'--b\r\nContent-Type: message/rfc822\r\n\r\n', USUAL, b'\r\n', TEXT, b'--b--')
    lists = (b'List-Id: A list <list.example.org>\r\nList-Unsubscribe: <mailto:u@example.org>,\r\n <https://example.org/u>\r\n'
             b'List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\nList-Post: <mailto:l@example.org>\r\nFeedback-ID: 1:2:3:example\r\n')
    yield 'list fields', joined(USUAL, lists, b'\r\n', TEXT)
    yield 'list fields', joined(lists, USUAL, lists, b'list-x: y\r\nList-Archive:\r\n\r\n', TEXT)
    yield 'list fields', joined(USUAL, b'List-a;b: c\r\nList-%s: d\r\nList-: e\r\n\r\n' % (b'n' * 41), TEXT)
    for name in (b'To', b'Cc', b'Subject', b'Date', b'Message-ID', b'Reply-To', b'References', b'MIME-Version', b'Content-Type', b'List-Id', b'From'):
        for count in (2, 3, 20, 21, 45):
            fields = b''.join(b'%s: value %d\r\n' % (name, i) for i in range(count))
            kind = {b'From': 'repeated From', b'To': SINGLE, b'Cc': SINGLE, b'Subject': SINGLE, b'Message-ID': SINGLE}.get(name, 'repeated fields')
            yield kind, joined(fields, USUAL, b'\r\n', TEXT)
    yield 'conversation', joined(USUAL, b'In-Reply-To: <0@example.net>\r\nReferences: <%s@example.net>\r\n' % b'@example.net>\r\n <'.join(b'%d' % i for i in range(50)), b'\r\n', TEXT)
    for address in ('alice@bücher.example', 'alice@xn--bcher-kva.example', 'alice@shop.BÜCHER.example'):
        yield 'IDN', joined(b'From: ', address.encode(), b'\r\nTo: bob@example.net\r\nSubject: hi\r\n\r\n', TEXT)
    for subject in ('Größe', 'à la carte', 'Р Н П', 'à', 'naïve  café  ' * 20, '日本語の件名' * 30, '=?utf-8?q?=C3=A4?='):
        yield '8-bit header', joined(AUTHOR, 'To: "Jörg" <bob@example.net>\r\nSubject: {}\r\nX-Other: {}\r\n'.format(subject, subject).encode(), b'\r\n', TEXT)
    yield '8-bit header', joined(AUTHOR, b'Subject: \xe4\xa0\xff\r\n\r\n', TEXT)
    yield '8-bit header', joined(AUTHOR, 'To: jörg@example.net\r\nSubject: ä\r\n\r\n'.encode(), TEXT)
    yield 'signatures of others', joined(OTHERS, USUAL, b'\r\n', TEXT)
    yield 'signatures of others', joined(USUAL, OTHERS, b'\r\n', TEXT)
    yield 'broken signature of others', joined(b'DKIM-Signature: v=1; a=rsa-sha256; d=broken; b=\r\n', USUAL, b'\r\n', TEXT)
    yield 'signatures of others', joined(b'ARC-Seal: i=1; a=rsa-sha256; d=x; s=y; b=\r\nDomainKey-Signature: a=rsa-sha1; b=\r\n', USUAL, b'\r\n', TEXT)
    for text in (b'', b'From: Nobody:;\r\n', b'From: root\r\n', b'From: <>\r\n', b'From:\r\n', b'From: a@[192.0.2.1]\r\n', 'From: älice@bücher.example\r\n'.encode()):
        yield 'no author', joined(text, b'To: bob@example.net\r\nSubject: hi\r\n\r\n', TEXT)
    for text in (b'a@example.org, b@example.org', b'Team: a@example.org, b@example.org;', b'a@example.org (or b@example.net)', b'"b@example.net" <a@example.org>',
                 b'a@sub.example.org', b'a@elsewhere.example', b'\r\n a@example.org', b'a@EXAMPLE.ORG', b'"odd@name"@example.org', b'@x,@y:a@example.org'):
        yield 'authors', joined(b'From: ', text, b'\r\nTo: bob@example.net\r\nSubject: hi\r\n\r\n', TEXT)
    yield '1 MiB', joined(USUAL, b'\r\n', b'A line of a large message, as long as most  \r\n' * 23_000)
    yield '1 MiB', joined(USUAL, MIME, b'\r\n', 'Größe: eine Zeile\r\n'.encode() * 50_000)
    yield '1 MiB', joined(USUAL, b'\r\n', b'x\r\n' * 350_000)
    yield '1 MiB', joined(USUAL, b'\r\n', b'end', b' \r\n' * 350_000)
    yield '1 MiB', joined(USUAL, b'\r\n', b' ' * (1 << 20), b'\r\n')
    for size in (10_000, 30_000, 50_000):
        yield 'long header', joined(USUAL, b'X-Long: ', b'word \r\n ' * (size // 8), b'x\r\n\r\n', TEXT)
        yield 'long header', joined(AUTHOR, b'To: ', b'x@example.net,\r\n ' * (size // 17), b'y@example.net\r\n\r\n', TEXT)
        yield 'long header', joined(AUTHOR, b'Subject: ', b'word \r\n ' * (size // 8), b'x\r\n\r\n', TEXT)
        yield 'long header', joined(USUAL, b'X-Field: value\r\n' * (size // 16), b'\r\n', TEXT)
    for text in (b'Subject: a\fb\r\n', b'Subject: \va\r\n', b'Subject: a\x01b\r\n', b'Subject: a \f \r\n', b'Subject: a\x7f\r\n'):
        yield 'control characters in a header', joined(AUTHOR, text, b'\r\n', TEXT)
    notice = (b'From: Mail Delivery System <MAILER-DAEMON@host.example.net>\r\nTo: alice@example.org\r\nSubject: Undelivered mail\r\nAuto-Submitted: auto-replied\r\n'
              b'MIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=delivery-status;\r\n boundary="b"\r\n\r\n')
    yield 'notice', joined(notice, part % (b'plain', b'It came back.'), b'--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; host\r\n\r\n--b--\r\n')


def by_chance(source):
    """One message of randomly chosen parts."""
    fields = [b'From: alice@example.org\r\n']
    for name in source.sample(['To', 'Cc', 'Subject', 'Date', 'Message-ID', 'Reply-To', 'References', 'List-Id', 'X-Any', 'Comments'], 6):
        value = source.choice([' ', '  ', '\r\n ', '\t']).join(source.choice(WORDS) for _ in range(source.randrange(1, 12)))
        fields.append('{}{} {}\r\n'.format(name, source.choice(['', '', '', ' ']) + ':', value.strip('\r\n')).encode())
    source.shuffle(fields)
    if source.random() < 0.5:
        fields.append(MIME)
    lines = [source.choice(['', ' ', '\t']).join(source.choice(WORDS) for _ in range(source.randrange(12))) for _ in range(source.randrange(40))]
    return joined(*fields, b'\r\n', source.choice(['\r\n', '\r\n', ' \r\n', '\r\n\r\n']).join(lines).encode(), source.choice([b'', b'\r\n', b'\r\n\r\n']))


def messages():
    """(name, kind, message): the name contains the host and the key for dkim-tool."""
    source = random.Random(6376)
    every = list(fixed()) + [('by chance', by_chance(source)) for _ in range(150)]
    for number, (kind, message) in enumerate(every):
        yield f'{number:04}.8bit.eml', kind, message
        yield f'{number:04}.7bit.{"4096." if number % 10 == 0 else ""}eml', kind, message
