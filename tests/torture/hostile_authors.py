"""Headers whose addresses cost work, by all available sessions."""
import asyncio
import time

from hostile_attack import attack

SENDERS = '[local]\nsenders = { "*" = "cron-and-system-mail@notifications.bigcompany.example" }\n'
TOP = 'sender_domain = "notifications.bigcompany.example"\n'
AUTHORS = b'Subject: many\r\nFrom: ' + b'\r\n '.join([b'a,' * 17] * 1690) + b'a\r\n\r\nx\r\n.\r\n'
ENVELOPE = b'MAIL FROM:<e@elsewhere.example>\r\nRCPT TO:<u@d.mute.example>\r\nDATA\r\n'


async def session(path, end):
    """Letters without a pause. Returns how many were accepted."""
    taken = 0
    while time.monotonic() < end:
        try:
            reader, writer = await asyncio.open_unix_connection(path)
            await reader.readline()
            writer.write(b'EHLO x\r\n')
            while (await reader.readline())[3:4] == b'-':
                pass
            reply = b'250'
            while reply.startswith(b'250') and time.monotonic() < end:
                writer.write(ENVELOPE)
                for _ in range(3):
                    reply = await reader.readline()
                if reply.startswith(b'354'):
                    writer.write(AUTHORS)
                    reply = await reader.readline()
                    taken += reply.startswith(b'250')
            writer.close()
        except OSError:
            await asyncio.sleep(0.1)
    return taken


def flood(path, sessions, seconds):
    async def all_sessions():
        end = time.monotonic() + seconds
        return sum(await asyncio.gather(*[session(path, end) for _ in range(sessions)]))
    return asyncio.run(all_sessions())


@attack(49, 'authors', '396 sessions of two uids send letters with 28,000 addresses without domain in From, for 30 s', cpu=None, memory=128,
        options={'extra_top': TOP, 'extra': SENDERS})
def authors(bench):
    users = [bench.user(number, flood, bench.socket, 198, 30) for number in (1, 2)]
    taken = sum(user.result(120) for user in users)
    bench.figure('letters taken', taken, 100, at_least=True)
