"""The kinds and their inputs. A case returns the result for its input, in a few words, the same way for both mailers."""
import collections
import re
import time

from hosts import Host
from mailers import wait_until

SEVEN_BIT = ('PIPELINING', 'SIZE 50000000')
FROM = b'From: me@here.example\nTo: you@there.example\n'


class Bench:
    def __init__(self, mailer, network):
        self.mailer, self.network, self.count = mailer, network, 0
        self.here = network.host(Host(extensions=('PIPELINING', '8BITMIME', 'DSN', 'SMTPUTF8')))
        network.domain('here.example', (10, self.here))
        network.domain('there.example', (10, network.host(Host())))

    def site(self, *hosts, preferences=None):
        """A new domain with these hosts."""
        self.count += 1
        for host in hosts:
            self.network.host(host)
        preferences = preferences or range(10, 10 + len(hosts))
        return self.network.domain(f'c{self.count}.{self.mailer.name.lower()}.example', *zip(preferences, hosts))

    def send(self, recipients, text, *arguments):
        return self.mailer.sendmail(['-i', '-f', 'me@here.example', *arguments, *recipients], text)

    def notice(self):
        for got in self.here.got:
            status = re.search(rb'^Status: (\S+)', got.content, re.M)
            if status:
                return status.group(1).decode()
        return None

    def outcome(self, host, show, seconds=12):
        """The text of `show` for the message that the host has got, or for the notice."""
        wait_until(lambda: host.got or self.notice(), seconds)
        if host.got:
            return show(host.got[0].content)
        return f'returned, {self.notice()}' if self.notice() else 'waits'

    def reset(self):
        self.mailer.clear()
        self.here.got.clear()


def field(name):
    def show(content):
        found = re.search(rb'^' + name.encode() + rb':[^\r\n]*(?:\r\n[ \t][^\r\n]*)*', content, re.M | re.I)
        return quoted(found.group(0)) if found else 'no ' + name
    return show


def body(content):
    encoding = re.search(rb'^Content-Transfer-Encoding: *(.*?)\r', content, re.M | re.I)
    return quoted(content.split(b'\r\n\r\n', 1)[1]) + (f' as {encoding.group(1).decode()}' if encoding else '')


def encoded_words(content):
    words = re.findall(rb'=\?[^? ]+\?[BQ]\?[^? ]*\?=', content)
    return f'{len(words)} encoded-words' if words else 'an encoded-word with a blank in it, which is none'


def longest_line(content):
    return f'lines of at most {max(map(len, content.split(bytes([13, 10]))))} octets'


def quoted(octets):
    text = octets.rstrip(b'\r\n').decode('latin1')
    text = ''.join(c if ' ' <= c < '\x7f' else {'\r': '', '\n': '\\n'}.get(c, f'\\x{ord(c):02x}') for c in text)
    return f'`{text if len(text) < 90 else text[:60] + "..." + text[-20:]}`'.replace('|', '\\|')


def local_part(text):
    def case(bench):
        host = Host()
        domain = bench.site(host)
        result = bench.send([f'{text}@{domain}'], FROM + b'\nx\n')
        wait_until(lambda: host.got or bench.notice() or result.returncode, 8)
        if not host.got:
            return f'exit {result.returncode}' + (f', returned, {bench.notice()}' if bench.notice() else '')
        seen = host.got[0].recipients[0].split('@')[0][1:]
        return f'RCPT with {len(seen)} octets' if len(seen) > 40 else f'RCPT `{seen}@`'
    return case


def to_seven_bit(text, show):
    def case(bench):
        host = Host(extensions=SEVEN_BIT)
        domain = bench.site(host)
        bench.send([f'you@{domain}'], text)
        return bench.outcome(host, show)
    return case


def long_line(text, show=longest_line):
    def case(bench):
        host = Host()
        domain = bench.site(host)
        bench.send([f'you@{domain}'], text)
        return bench.outcome(host, show)
    return case


def mime(encoding, text, kind=b'text/plain; charset=utf-8'):
    return FROM + b'MIME-Version: 1.0\nContent-Type: ' + kind + b'\nContent-Transfer-Encoding: ' + encoding + b'\n\n' + text


def equal_hosts(**behaviour):
    def case(bench):
        hosts = [Host(**behaviour) for _ in range(4)]
        domain = bench.site(*hosts, preferences=[10] * 4)
        for _ in range(40):
            bench.send([f'you@{domain}'], FROM + b'\nx\n')
            wait_until(bench.mailer.queue_is_empty, 5)
        counts = sorted((len(host.got) for host in hosts), reverse=True)
        return f'mails: {", ".join(map(str, counts))}; sessions: {sum(host.connections for host in hosts)}'
    return case


def breaks_off(preference):
    def case(bench):
        bad, good = Host(dot=lambda got: ''), Host()
        domain = bench.site(bad, good, preferences=[10, preference])
        bench.send([f'you@{domain}'], FROM + b'\nx\n')
        return 'the other host gets it' if wait_until(lambda: good.got, 25) else 'waits, after %d connections to the first host' % bad.connections
    return case


def out_of_step(replies):
    def case(bench):
        host = Host(rcpt=lambda recipient, taken: next((reply for name, reply in replies.items() if recipient.startswith('<' + name)), '250 ok'))
        domain = bench.site(host)
        bench.send([f'{name}@{domain}' for name in ('a', 'b', 'c')], FROM + b'\nx\n')
        wait_until(bench.mailer.queue_is_empty, 15)
        wait_until(lambda: bench.notice(), 3)
        got = sorted({name.split('@')[0][1:] for message in host.got for name in message.recipients})
        failed = sorted({name.decode() for message in bench.here.got for name in re.findall(rb'Final-Recipient: rfc822; *(\w)@', message.content)})
        return f'mail to {" ".join(got) or "nobody"}; returned: {" ".join(failed) or "nobody"}'
    return case


def late_answer(delay):
    def case(bench):
        host = Host()
        domain = bench.site(host)
        bench.network.delay = delay
        bench.send([f'you@{domain}'], FROM + b'\nx\n')
        arrived = wait_until(lambda: host.got, 40)
        bench.network.delay = 0
        return 'delivered' if arrived else 'waits'
    return case


def stops_reading(octets):
    def case(bench):
        host = Host(reads=octets)
        domain = bench.site(host)
        bench.send([f'you@{domain}'], FROM + b'\n' + (b'x' * 78 + b'\n') * 250_000)
        wait_until(lambda: host.connections, 5)
        start = time.monotonic()
        again = wait_until(lambda: host.connections > 1, 40)
        return f'the next attempt begins after {round(time.monotonic() - start)} s' if again else 'still at it after 40 s'
    return case


def limited(reply, most, name='you'):
    """A host that accepts this many recipients in a transaction."""
    def case(bench):
        host = Host(rcpt=lambda recipient, taken: '250 ok' if len(taken) < most else reply)
        domain = bench.site(host)
        bench.send([f'{name}{i}@{domain}' for i in range(3 * most)], FROM + b'\nx\n')
        wait_until(lambda: sum(len(got.recipients) for got in host.got) == 3 * most or bench.notice(), 12)
        sizes = [len(got.recipients) for got in host.got]
        return f'transactions of {" ".join(map(str, sizes))}' + (f'; the rest returned, {bench.notice()}' if bench.notice() else '')
    return case


def refused_reset(bench):
    host = Host(rcpt=lambda recipient, taken: '550 5.1.1 no' if recipient.startswith('<no') else '250 ok', rset=lambda: '554 too many')
    domain = bench.site(host)
    for name in ('nobody', 'nobody', 'you'):
        bench.send([f'{name}@{domain}'], FROM + b'\nx\n')
        time.sleep(0.3)
    wait_until(lambda: host.got, 8)
    return 'delivered' if host.got else 'waits'


def one_attempt(bench):
    host = Host(rcpt=lambda recipient, taken: '451 4.7.1 later')
    domain = bench.site(host)
    bench.mailer.set_lifetime('0')
    bench.send([f'you@{domain}'], FROM + b'\nx\n')
    wait_until(bench.notice, 15)
    bench.mailer.set_lifetime('1d')
    return f'returned, {bench.notice()}, after {host.connections} connection(s)'


def empty_queue_run(bench):
    wait_until(bench.mailer.queue_is_empty, 5)
    return f'exit {bench.mailer.sendmail(["-q"], b"").returncode}'


def bare_root(bench):
    return ' / '.join(re.sub(r' .*', '', reply) for reply in bench.mailer.smtp(['MAIL FROM:<me@here.example>', 'RCPT TO:<root>']))


def lone_dot(text):
    def case(bench):
        host = Host()
        domain = bench.site(host)
        bench.mailer.sendmail(['-f', 'me@here.example', f'you@{domain}'], text)
        return bench.outcome(host, body)
    return case


def submitted(text, show, *arguments):
    def case(bench):
        host = Host()
        domain = bench.site(host)
        bench.send([f'you@{domain}'], text, *arguments)
        return bench.outcome(host, show)
    return case


X = b'x' * 1500
WORDS = b' '.join([b'x' * 90] * 15)
MULTIPART = b'multipart/mixed; boundary=b'
SIGNED = b'multipart/signed; boundary=b'


def taken_port(bench):
    """For a mailer that was started while another program had its port."""
    host = Host()
    domain = bench.site(host)
    result = bench.send([f'you@{domain}'], FROM + b'\nx\n')
    arrived = wait_until(lambda: host.got, 8)
    return f'exit {result.returncode} of `sendmail`, ' + ('delivered' if arrived else 'waits')


CASES = collections.OrderedDict({
    '4. Long local parts': {f'{size} octets': local_part('x' * size) for size in (65, 200, 900)},
    '5. Local parts that need quotes': {f'`{text}@`': local_part(text) for text in ('user..name', 'user.', '.user', '"a b"', '"user"')},
    '7. To a host without 8BITMIME': {
        'UTF-8 in Subject': to_seven_bit(FROM + 'Subject: Grüße\n\nx\n'.encode(), field('Subject')),
        'UTF-8 in From': to_seven_bit('From: Jörg <me@here.example>\nSubject: s\n\nx\n'.encode(), field('From')),
        'UTF-8 in To, in quotes': to_seven_bit(b'From: me@here.example\n' + 'To: "Müller, J" <you@there.example>\n\nx\n'.encode(), field('To')),
        'Latin-1 in Subject': to_seven_bit(FROM + b'Subject: M\xfcller\n\nx\n', field('Subject')),
        'UTF-8 in a file name': to_seven_bit(FROM + 'Content-Disposition: inline; filename="ü.pdf"\n\nx\n'.encode(), field('Content-Disposition')),
        '`Content-Transfer-Encoding: utf-8`, 8-bit': to_seven_bit(mime(b'utf-8', 'Grüße\n'.encode()), body),
        '`x-uuencode`, 8-bit': to_seven_bit(mime(b'x-uuencode', 'Grüße\n'.encode()), body),
        '`quoted-printable`, 8-bit, `a=b`': to_seven_bit(mime(b'quoted-printable', 'Grüße a=b\n'.encode()), body),
        '`quoted-printable`, 8-bit, `=C3=BC`': to_seven_bit(mime(b'quoted-printable', '=C3=BC ü\n'.encode()), body),
        '`base64`, 8-bit': to_seven_bit(mime(b'base64', 'Grüße\n'.encode()), body),
        '8-bit in front of the parts of a multipart': to_seven_bit(mime(b'8bit', 'préambule\n--b\n\nx\n--b--\n'.encode(), MULTIPART), body),
        '8-bit inside `multipart/signed`': to_seven_bit(mime(b'8bit', '--b\n\nü\n--b--\n'.encode(), SIGNED), body),
    },
    '7. Lines over 998 octets': {
        'text': long_line(FROM + b'\n' + X + b'\n'),
        '`Content-Transfer-Encoding: none`': long_line(mime(b'none', X + b'\n')),
        '`quoted-printable`, one long line': long_line(mime(b'quoted-printable', b'=C3=BC' + X + b'\n')),
        'a field without blanks': long_line(FROM + b'X-Token: ' + X + b'\n\nx\n'),
        'one encoded-word of 1,500 octets': long_line(FROM + b'Subject: =?utf-8?B?' + b'QUFB' * 370 + b'?=\n\nx\n', encoded_words),
        'a field with blanks': long_line(FROM + b'References: ' + WORDS + b'\n\nx\n'),
        'a field of blanks': long_line(FROM + b'X-Blank: y' + b' ' * 1500 + b'z\n\nx\n'),
    },
    '10. Four hosts of one preference, forty mails one after the other': {
        'all take mail': equal_hosts(), 'each ends the session after a mail': equal_hosts(session_ends=True),
    },
    '11. A host that closes after the dot': {'another of preference 20': breaks_off(20), 'another of the same preference': breaks_off(10)},
    '12. Replies out of step (PIPELINING)': {
        'a: 250 and a stray 250; b: 550; c: 250': out_of_step({'a': '250 ok\r\n250 ok', 'b': '550 5.1.1 no'}),
        'a: 250 and a stray 550; b, c: 250': out_of_step({'a': '250 ok\r\n550 5.1.1 no'}),
        'a, b: 250; c: 550 and a stray 550': out_of_step({'c': '550 5.1.1 no\r\n550 5.1.1 no'}),
    },
    '13. A resolver that takes longer than `timeout:2`': {'3 s': late_answer(3), '1 s': late_answer(1)},
    '14. A host that stops reading, time-out of content 10 s, 20 MB': {'at once': stops_reading(100), 'after 2 MB': stops_reading(2_000_000)},
    '15. "Too many recipients"': {
        '452 after 5': limited('452 4.5.3 too many', 5), '552 after 5': limited('552 5.5.3 too many', 5),
        '431 after 20': limited('431 4.5.3 too many', 20), '450 without code after 20': limited('450 slow down', 20),
    },
    '16. Operating': {
        'lifetime 0, a host says 451': one_attempt, '`sendmail -q`, nothing waits': empty_queue_run,
        'SMTP from loopback: `RCPT TO:<root>`': bare_root,
    },
    'Programs and receivers': {
        'without -i: `a`, `.`, `b`': lone_dot(FROM + b'\na\n.\nb\n'), 'without -i: `a`, `.`, end': lone_dot(FROM + b'\na\n.\n'),
        '`To: a@x,`, `To: b@x,`': submitted(b'From: me@here.example\nTo: a@x.example,\nTo: b@x.example,\n\nx\n', field('To')),
        '`Errors-To: carl`': submitted(FROM + b'Errors-To: carl\n\nx\n', field('Errors-To')),
        '`Cc: carl`': submitted(FROM + b'Cc: carl\n\nx\n', field('Cc')),
        '554 and a close to RSET after a refusal': refused_reset,
    },
})
