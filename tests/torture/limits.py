#!/usr/bin/env python3
"""mxpressd with few descriptors (ulimit -n) and more clients than that: it may refuse and wait, it loses nothing, and it continues."""
import smtplib
import threading

import program
from bench import Bench, Hosts
from harness import check, wait_until

CLIENTS, LETTERS = 40, 3


def hold_all(daemon, count):
    """Clients that do nothing with their connections, for a while."""
    held = []
    for _ in range(count):
        try:
            held.append(smtplib.SMTP('127.0.0.1', daemon.smtp_port, local_hostname='client.here.example', timeout=0.5))
        except (OSError, smtplib.SMTPException):
            break
    threading.Timer(2, lambda: [client.close() for client in held]).start()


def crowd(bench):
    threads = [threading.Thread(target=lambda: [bench.smtp((['there'], 2000), (['refusing', 'there'], 270_000)) for _ in range(LETTERS)])
               for _ in range(CLIENTS)]
    for thread in threads:
        thread.start()
    codes = [bench.sendmail(['there', 'grey'])[0] for _ in range(10)]
    for thread in threads:
        thread.join()
    check(set(codes) <= {0, 75}, f'exit codes of sendmail: {codes}')


def run_with(bench, descriptors):
    daemon = bench.daemon
    daemon.prefix = ['prlimit', f'--nofile={descriptors}:{descriptors}']
    process = daemon.launch().process
    wait_until(lambda: not process.running() or daemon.listens(), 20, 'mxpressd to listen or to give up')
    if not process.running():
        words = process.log_text()
        check('open files' in words or 'descriptors' in words, f'with {descriptors} descriptors mxpressd ends and says: {words[-500:]}')
        return f'gives up: {words.strip().splitlines()[-1][-150:]}'
    before = bench.ledger.count('accepted')
    hold_all(daemon, descriptors)
    code, _ = bench.sendmail(['there'])  # waits until there is a descriptor for it
    check(code in (0, 75), f'sendmail ended with {code}')
    crowd(bench)
    wait_until(lambda: bench.sendmail(['there'])[0] == 0, 30, 'mail to be taken after the crowd', every=0.2)
    check(process.running(), f'mxpressd ended: {process.log_text()[-500:]}')
    daemon.stop()
    return f'accepted {bench.ledger.count("accepted") - before}'


def torture(world, descriptors):
    bench = Bench(Hosts(world), 'u', world)
    for number in descriptors:
        print(f'{number} descriptors: {run_with(bench, number)}', flush=True)
    return bench.account()


def main(world, options):
    return program.conclude(torture(world, options.descriptors))


def arguments(parser):
    parser.add_argument('--descriptors', type=int, nargs='+', default=[24, 64, 72, 96])


if __name__ == '__main__':
    program.run('limits', main, arguments)
