"""A large attachment, composed and handed in by mxpress send, by swaks, and by python's email and smtplib: time and memory of each."""
import pathlib
import random
import subprocess
import sys
import time

from harness import check
from one_run import Run, clock, seconds_between

PYTHON = '''
import email.message, smtplib, sys
address, sender, recipient, path = sys.argv[1:]
letter = email.message.EmailMessage()
letter['From'], letter['To'], letter['Subject'] = sender, recipient, 'A file'
letter.set_content('Here it is.')
with open(path, 'rb') as file:
    letter.add_attachment(file.read(), maintype='application', subtype='octet-stream', filename='large.bin')
with smtplib.SMTP(address) as session:
    session.send_message(letter)
'''


def senders(run, path):
    """Each as people call it: swaks and smtplib at the port, ours at the socket."""
    sender, recipient, text = 'bench@sender.example', 'you@d0.example', run.world.path('text')
    text.write_text('Here it is.\n')
    yield 'send', [run.world.program('mxpress'), '-c', run.server.config, 'send', '--from', sender, '--to', recipient, '--subject', 'A file',
                   '--text', text, '--attach', path]
    yield 'swaks', [run.world.peer('swaks', 'swaks'), '--server', run.server.smtp_address, '--from', sender, '--to', recipient, '--h-Subject', 'A file',
                    '--body', 'Here it is.', '--attach-name', 'large.bin', '--attach', f'@{path}', '--hide-all']
    yield 'python', [sys.executable, '-c', PYTHON, run.server.smtp_address, sender, recipient, path]


def timed(run, name, command):
    """Seconds until the message was accepted, and the most MiB that the sender had resident."""
    peak, start = 0, clock()
    with open(run.world.path(f'{name}.log'), 'wb') as log:
        process = subprocess.Popen([str(part) for part in command], stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=run.world.peer_environment())
        while process.poll() is None:
            peak = max(peak, peak_kib(process.pid))
            time.sleep(0.005)
    seconds = seconds_between(start, clock())
    check(process.returncode == 0, f'{name} ended with {process.returncode}: {run.world.path(f"{name}.log").read_text(errors="replace")[-500:]}')
    return {f'{name}_s': seconds, f'{name}_mib': peak / 1024}


def peak_kib(pid):
    try:
        status = pathlib.Path(f'/proc/{pid}/status').read_text()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in status.splitlines() if line.startswith('VmHWM:')), 0)


def attach(world, peer, options):
    """The server and its disk are the same for all three; nobody listens for the recipient."""
    size = options.size if options.size > 4096 else 100_000_000
    run = Run(world, peer, {'d': 1}, extra_top=f'max_message_size = {3 * size}')
    path = world.path('large.bin')
    with open(path, 'wb') as file:
        for seed in range(0, size, 1_000_000):
            file.write(random.Random(seed).randbytes(min(1_000_000, size - seed)))
    figures = {}
    for name, command in senders(run, path):
        figures.update(timed(run, name, command))
        run.settle()
    for other in ('swaks', 'python'):
        figures[f'{other}_slower'] = figures[f'{other}_s'] / figures['send_s']
        figures[f'{other}_larger'] = figures[f'{other}_mib'] / figures['send_mib']
    return run, {'size': size, **figures}
