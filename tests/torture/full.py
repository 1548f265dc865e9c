#!/usr/bin/env python3
"""A small file system that runs full, of octets and of inodes: new mail is refused with the reason, mail accepted before is
delivered meanwhile, and with room again mail is taken again."""
import shutil
import time

import program
from bench import Bench, Hosts
from disks import command
from harness import check, daemon_user, wait_until

SIZE, INODES = '112m', 3000
SETTINGS = 'delay_notice = "0"\n'


def fill(folder):
    """Uses the remaining space, down to the last octet."""
    filler = folder / 'filler'
    with open(filler, 'wb', buffering=0) as file:
        for piece in (1 << 20, 4096, 1):
            try:
                while file.write(bytes(piece)) == piece:
                    pass
            except OSError:
                pass
    return [filler]


def fill_inodes(folder):
    made = []
    try:
        while True:
            made.append(folder / f'filler-{len(made)}')
            made[-1].touch()
    except OSError:
        return made


def empty(made):
    for path in made:
        path.unlink(missing_ok=True)


def check_refusal(bench, what):
    """Both entrances refuse for now, and say why."""
    code, words = bench.sendmail(['there'])
    check(code == 75 and ('free' in words or 'space' in words), f'sendmail with {what}: exit {code}, {words!r}')
    with bench.daemon.smtp() as client:
        client.ehlo()
        code, words = client.docmd('MAIL', 'FROM:<me@here.example> SIZE=1000')
        check(code == 452 and b'4.3.1' in words, f'MAIL with {what}: {code} {words!r}')


def is_delivered(bench):
    """All but the dead host's; a notice is new mail, and waits for room."""
    return {row['destination'] for row in bench.daemon.json('queue')} <= {'dead.example', 'notices:'}


def run_full(bench, folder, what, fill_it):
    daemon = bench.daemon
    for _ in range(5):
        check(bench.sendmail(['grey', 'there'])[0] == 0, 'mail was not taken although there is room')
    bench.smtp((['grey', 'refusing'], 300_000), (['grey'], 5000), (['dead'], 300_000))
    made = fill_it(folder)
    check_refusal(bench, what)
    wait_until(lambda: is_delivered(bench), 60, lambda: f'mail to be delivered although there is {what}: {daemon.mxpress("queue")[1][:800]}')
    check(daemon.process.running(), f'mxpressd ended with {what}: {daemon.process.log_text()[-500:]}')
    waits = restart(bench, what)
    check_drop(bench, what)
    empty(made)
    if waits:
        wait_until(daemon.listens, 30, lambda: f'mxpressd to start, now that there is room: {daemon.process.log_text()[-1500:]}')
    else:
        daemon.start()
    daemon.wait_for_recovery()
    wait_until(lambda: bench.sendmail(['there'])[0] == 0, 30, 'mail to be taken again', every=0.2)
    bench.smtp((['there'], 300_000), (['there'], 500))


def restart(bench, what):
    """Killed and started again meanwhile: True if it waits for room, and says so; else it works, and is stopped again."""
    daemon = bench.daemon
    daemon.kill()
    daemon.launch()
    waits = lambda: 'the disk is full; trying again' in daemon.process.log_text()  # noqa: E731
    wait_until(lambda: not daemon.process.running() or daemon.listens() or waits(), 20, 'mxpressd to start, or to wait for room')
    check(daemon.process.running(), f'mxpressd ended with {what}: {daemon.process.log_text()[-500:]}')
    if daemon.listens():
        daemon.stop()
        return False
    return True


def check_drop(bench, what):
    """Without the daemon the message has no place either, and nothing is left of it."""
    code, words = bench.sendmail(['there'], 50_000)
    check(code == 75 and 'space' in words, f'sendmail with {what} and no daemon: exit {code}, {words!r}')
    left = list((bench.daemon.spool / 'drop').iterdir())
    check(not left, f'left in the drop folder: {left}')


def torture(world):
    folder = world.make_folder('small')
    command('mount', '-t', 'tmpfs', '-o', f'size={SIZE},nr_inodes={INODES}', 'none', folder, skip=True)
    folder.chmod(0o755)
    shutil.chown(folder, daemon_user())
    bench = Bench(Hosts(world), 'f', world, extra=SETTINGS, spool='small/spool')
    bench.daemon.start()
    for what, fill_it in (('no space', fill), ('no inodes', fill_inodes), ('no space', fill)):
        start = time.monotonic()
        run_full(bench, folder, what, fill_it)
        print(f'{what}: refused, delivered what was there, and took mail again ({time.monotonic() - start:.1f} s)', flush=True)
    bench.daemon.stop()
    account = bench.account()
    command('umount', folder)
    return account


def main(world, options):
    return program.conclude(torture(world))


if __name__ == '__main__':
    program.run('full', main, own_mounts=True)
