#!/usr/bin/env python3
"""The recipients' mail hosts, good and bad, in a process of their own; each event is a line of JSON. Usage: hosts.py EVENTS PORT"""
import asyncio
import json
import re
import sys
import time
import zlib

import letters

LMTP = '127.0.1.8'
HOSTS = {  # address: (behaviour, domain of which it is the mail host)
    '127.0.1.1': 'plain', '127.0.1.2': 'grey', '127.0.1.3': 'refusing', '127.0.1.4': 'losing', '127.0.1.5': 'hanging', '127.0.1.6': 'plain', LMTP: 'lmtp',
}
ZONE = [
    'there.example. 60 IN MX 10 mx.there.example.', 'mx.there.example. 60 IN A 127.0.1.1',
    'grey.example. 60 IN MX 10 mx.grey.example.', 'mx.grey.example. 60 IN A 127.0.1.2',
    'refusing.example. 60 IN MX 10 mx.refusing.example.', 'mx.refusing.example. 60 IN A 127.0.1.3',
    'losing.example. 60 IN MX 10 mx.losing.example.', 'mx.losing.example. 60 IN A 127.0.1.4',
    'hanging.example. 60 IN MX 10 mx.hanging.example.', 'mx.hanging.example. 60 IN A 127.0.1.5',
    'here.example. 60 IN MX 10 mx.here.example.', 'mx.here.example. 60 IN A 127.0.1.6',
    'down.example. 60 IN MX 10 mx.dead.example.', 'down.example. 60 IN MX 20 mx.there.example.',
    'dead.example. 60 IN MX 10 mx.dead.example.', 'mx.dead.example. 60 IN A 127.0.1.7',
]
HANG_SECONDS = 30  # mxpressd gives up before


def lot(text, of):
    """A number below `of` that depends on the text alone, so that each run meets the same fate."""
    return zlib.crc32(text.encode()) % of


class Hosts:
    def __init__(self, events):
        self.events, self.seen = open(events, 'a', buffering=1), set()

    def tell(self, event, **keys):
        self.events.write(json.dumps({'t': time.monotonic(), 'event': event, **keys}) + '\n')

    def first_time(self, *what):
        known = what in self.seen
        self.seen.add(what)
        return not known


class Session:
    def __init__(self, hosts, behaviour, reader, writer):
        self.hosts, self.behaviour, self.reader, self.writer = hosts, behaviour, reader, writer
        self.client, self.sender, self.recipients = '', '', []

    async def run(self):
        try:
            self.say(b'220 mx.example ESMTP')
            while line := await self.reader.readline():
                if not await self.command(line.decode('latin-1').strip()):
                    break
                await self.writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            self.writer.close()

    def say(self, *lines):
        self.writer.write(b''.join(line + b'\r\n' for line in lines))

    async def command(self, line):
        """Returns True if the session continues."""
        verb = line[:4].upper()
        if verb in ('EHLO', 'LHLO'):
            self.client = line[5:]
            self.say(b'250-mx.example', b'250-PIPELINING', b'250-8BITMIME', b'250 ENHANCEDSTATUSCODES')
        elif verb == 'MAIL':
            self.sender, self.recipients = re.search(r'<(.*?)>', line).group(1), []
            self.say(b'250 2.1.0 Ok')
        elif verb == 'RCPT':
            self.recipient(re.search(r'<(.*?)>', line).group(1))
        elif verb == 'DATA' and not self.recipients:
            self.say(b'503 5.5.1 No recipients')
        elif verb == 'DATA':
            self.say(b'354 Go ahead')
            await self.writer.drain()
            return await self.content(await self.letter())
        elif verb == 'QUIT':
            self.say(b'221 2.0.0 Bye')
            return False
        else:
            self.say(b'250 2.0.0 Ok')
        return True

    def recipient(self, address):
        if self.behaviour == 'refusing' and lot(address, 2) == 0:
            return self.say(b'550 5.1.1 There is nobody of that name here')
        if self.behaviour == 'grey' and lot(address, 2) == 0 and self.hosts.first_time('rcpt', address):
            return self.say(b'451 4.7.1 Please try again later')
        self.recipients.append(address)
        return self.say(b'250 2.1.5 Ok')

    async def letter(self):
        """All lines before the dot; an empty letter has none."""
        lines = []
        while (line := await self.reader.readline()) != b'.\r\n':
            if not line:
                raise ConnectionError('the client is gone')
            lines.append(line.removeprefix(b'.'))
        return b''.join(lines)

    async def content(self, content):
        token, intact = letters.examine(content)
        if token is None and self.sender == '':
            return self.take_notice(content)
        if self.behaviour == 'refusing':
            self.say(b'554 5.6.0 I do not like what it says')
            return True
        if self.behaviour == 'grey' and lot(str(token), 3) == 0 and self.hosts.first_time('dot', token):
            self.say(b'452 4.3.1 Too busy')
            return True
        return await self.take(token, intact)

    async def take(self, token, intact):
        """Takes the letter; the bad hosts lose their reply, before or after they have taken it, the first time that they see it."""
        fate = lot(str(token), 4) if self.behaviour in ('losing', 'hanging') and self.hosts.first_time('take', token) else 3
        if fate != 0:
            reply = 'lost' if fate == 1 else 'said'
            self.hosts.tell('took', token=token, intact=intact, to=self.recipients, sender=self.sender, reply=reply, client=self.client)
        if fate >= 2:
            self.say(*[b'250 2.0.0 Taken'] * (len(self.recipients) if self.behaviour == 'lmtp' else 1))
            return True
        if self.behaviour == 'hanging':
            await asyncio.wait([asyncio.ensure_future(self.reader.read(1))], timeout=HANG_SECONDS)
        return False

    def take_notice(self, content):
        name = re.search(rb'(?mi)^Message-ID: *(\S+)', content).group(1).decode()
        about = [found.decode() for found in re.findall(rb'(?mi)^Final-Recipient: *rfc822; *(\S+)', content)]
        whole = content.rstrip().endswith(b'--')
        self.hosts.tell('notice', name=name, about=about, whole=whole, to=self.recipients, client=self.client)
        self.say(b'250 2.0.0 Taken')
        return True


async def serve(events, port):
    hosts = Hosts(events)
    for address, behaviour in HOSTS.items():
        async def welcome(reader, writer, behaviour=behaviour):
            await Session(hosts, behaviour, reader, writer).run()
        await asyncio.start_server(welcome, address, port, limit=1 << 26, backlog=512)
    hosts.tell('ready')
    await asyncio.Event().wait()


if __name__ == '__main__':
    asyncio.run(serve(sys.argv[1], int(sys.argv[2])))
