"""Readers of messages: the attachments of a message as python's email and mutt save them."""
import email
import email.policy
import os
import pty
import select
import signal
import time

from harness import SLOWNESS, check


def read_by_python(content):
    """The octets of each attachment by its name, which both fields must say alike."""
    found = {}
    for part in email.message_from_bytes(content, policy=email.policy.default).walk():
        if part.get_content_disposition() == 'attachment':
            name = part.get_filename()
            check(part['content-type'].params.get('name') == name, f'Content-Type has another name than {name!r}: {part["content-type"]}')
            found[name] = part.get_payload(decode=True)
    return found


def read_by_mutt(world, content, first, count):
    """The files that mutt saves of the entries from `first` on in its list of the parts, by name."""
    folder = world.make_folder('saved-by-mutt')
    mailbox = world.path('mutt.mbox')
    mailbox.write_bytes(b'From me@here.example Thu Jan  1 00:00:00 2026\n' + content.replace(b'\r\n', b'\n') + b'\n')
    keys = '<view-attachments>' + ''.join(f'{entry}<enter><save-entry><enter>' for entry in range(first, first + count)) + '<exit><exit>'
    commands = ['-e', f'set folder={folder}', '-e', f'set dotlock_program={world.peer("mutt_dotlock", "mutt")}', '-e', 'set confirmappend=no', '-e', f'push "{keys}"']
    command = [str(world.peer('mutt', 'mutt')), '-n', '-R', '-F', '/dev/null', '-f', str(mailbox), *commands]
    environment = {**world.peer_environment(), 'TERM': 'xterm', 'LC_ALL': 'C.UTF-8', 'HOME': str(world.folder)}
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(folder)
        os.execve(command[0], command, environment)
    world.path('mutt.log').write_bytes(read_to_end(terminal, 30))
    os.kill(pid, signal.SIGTERM)
    os.waitpid(pid, 0)
    os.close(terminal)
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def read_to_end(terminal, seconds):
    """What a program writes to its terminal until it closes it."""
    written, deadline = b'', time.monotonic() + seconds * SLOWNESS
    while time.monotonic() < deadline:
        if not select.select([terminal], [], [], 1)[0]:
            continue
        try:
            written += os.read(terminal, 65536)
        except OSError:  # the other end has closed
            break
    return written
