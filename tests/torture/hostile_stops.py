"""Attacks just before the daemon stops, and on the thread of the drop folder."""
import os
import time

from clock import preloaded
from hostile_attack import attack
from hostile_hosts_attacks import letter
from hostile_intake import LETTER, SENDER, drop
from hostile_users import send_all


def dropped(sender, recipients, content):
    lines = [f'MAIL FROM:<{sender}>', *(f'RCPT TO:<{mailbox}>' for mailbox in recipients), 'DATA']
    return '\r\n'.join(lines).encode() + b'\r\n' + content + b'.\r\n'


def stop_and_start(bench, codes):
    codes.append(bench.daemon.process.stop())
    text = bench.daemon.process.log_text()
    bench.daemon.start()
    bench.daemon.wait_for_recovery()
    return text


@attack(44, 'stop-return', 'a file of 10,001 recipients in drop/ just before SIGTERM, six times', honest_smtp=False)
def stop_return(bench):
    bench.honest.end()
    codes = []
    for number in range(6):
        content = dropped(SENDER, [f'u{n}@dead.example' for n in range(10_001)], LETTER)
        bench.user(1, drop, bench.drop, 0x70000 + number, content).result(20)
        bench.wait(10, lambda: ' nrcpt=10000 ' in bench.daemon.process.log_text(), every=0.005)
        text = stop_and_start(bench, codes)
        bench.figure('lines about its recipients', text.count(' outcome=failed '), 10_000, at_least=True)
    bench.figure('stops that ended badly', sum(code != 0 for code in codes), 0)


@attack(45, 'stop-lines', 'SIGTERM as soon as a host has taken 20 letters, five times', honest_smtp=False)
def stop_lines(bench):
    bench.honest.end()
    codes, lost, repeated = [], 0, 0
    for number in range(5):
        mailboxes = [f'k{number}x{n}@honest.example' for n in range(20)]
        bench.user(9, send_all, bench.socket, 'other@here.example', [[mailbox] for mailbox in mailboxes], letter(f'round{number}')).result(60)
        took = lambda: len(bench.honest_events.all('took', token=f'round{number}'))
        bench.wait(10, lambda: took() >= 20, every=0.002)
        text = stop_and_start(bench, codes)
        lost += sum(f'outcome=delivered from=<other@here.example> to=<{mailbox}>' not in text for mailbox in mailboxes)
        bench.settle(1)
        repeated += took() - 20
    bench.figure('"delivered" lines lost', lost, 0)
    bench.figure('letters that came twice', repeated, 0)
    bench.figure('stops that ended badly', sum(code != 0 for code in codes), 0)


def drop_burst(folder, count):
    """Files that get their names at one moment."""
    names = [f'{folder}/{0x1000000 + number:032x}' for number in range(count)]
    for name in names:
        with open(name + '.part', 'wb') as file:
            file.write(dropped('', ['u@nx.example'], LETTER))
        os.chmod(name + '.part', 0o644)
    for name in names:
        os.rename(name + '.part', name)


def slow_syncs(bench):
    bench.daemon.prefix += ['env', f'LD_PRELOAD={preloaded(bench.world, "slow_sync")}']


@attack(46, 'drop-burst', '30,000 files of one uid get their names in drop/ at one moment, with syncs of 4 ms; another user leaves three there',
        cpu=None, prepare=slow_syncs)
def burst(bench):
    bench.user(1, drop_burst, bench.drop, 30_000).result(120)
    begins = {}
    for number in range(3):
        begins[f'mine{number}'] = time.monotonic()
        content = dropped('other@here.example', ['you@honest.example'], letter(f'mine{number}'))
        bench.user(2, drop, bench.drop, 0xffff0 + number, content).result(20)
        time.sleep(1)
    took = lambda: {e['token']: e['t'] for e in bench.honest_events.all('took')}
    bench.wait(60, lambda: not begins.keys() - took().keys())
    arrived = took()
    bench.figure("slowest of another user's files", max(arrived.get(token, time.monotonic()) - begin for token, begin in begins.items()), 5.0, 's')
