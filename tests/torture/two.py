#!/usr/bin/env python3
"""Two daemons, and commands without the daemon, on one spool: only one has it; the others name it, and harm nothing."""
import threading
import time

import program
from bench import Bench, Hosts
from harness import check, check_equal


def other_config(bench):
    """The same spool, everything else its own."""
    text, daemon = bench.daemon.config.read_text(), bench.daemon
    text = text.replace(f'127.0.0.1:{daemon.smtp_port}', f'127.0.0.1:{bench.world.free_port()}')
    path = daemon.folder / 'other.toml'
    path.write_text(text.replace('/submission"', '/submission2"').replace('/control"', '/control2"'))
    path.chmod(0o644)
    return path


def check_second(bench, config, words):
    done = bench.world.run([bench.world.program('mxpressd'), '-c', config], seconds=20)
    said = done.stderr.decode(errors='replace')
    check(done.returncode == 1 and words in said, f'a second mxpressd ended with {done.returncode}: {said}')


def check_offline(bench, config):
    """The command that finds no daemon behind its own socket must not touch the spool of another one."""
    for action in (['hold', '--all'], ['bounce', '--all'], ['remove', '--all'], ['retry', '--all'], ['queue', '--messages']):
        done = bench.world.run([bench.world.program('mxpress'), '-c', config, *action])
        said = done.stderr.decode(errors='replace')
        check(done.returncode != 0 and str(bench.daemon.process.pid) in said, f'mxpress {action} beside the daemon: {done.returncode} {said}')


def race(bench, rounds):
    """Commands and starts at the same moment: the second one reports it."""
    bench.daemon.stop()
    for number in range(rounds):
        bench.sendmail(['there', 'dead'])
        actions = ['hold', 'release', 'retry'] * 2
        results = []
        threads = [threading.Thread(target=lambda action=action: results.append(bench.daemon.mxpress(action, '--domain', 'dead.example')))
                   for action in actions]
        for thread in threads:
            thread.start()
        time.sleep(bench.chance.uniform(0, 0.05))
        process = bench.daemon.launch().process
        for thread in threads:
            thread.join()
        odd = [result for result in results if result[0] != 0 and not result[2]]
        check(not odd, f'commands that failed without a word: {odd}')
        if process.running():
            time.sleep(0.2)
        if process.running():
            bench.daemon.stop()
        else:
            check('in use by process' in process.log_text(), f'mxpressd ended: {process.log_text()[-500:]}')


def torture(world, rounds):
    bench = Bench(Hosts(world), 't', world)
    bench.daemon.start()
    for _ in range(3):
        bench.smtp((['dead', 'there'], 2000), (['grey'], 300_000))
    config = other_config(bench)
    check_second(bench, config, f'in use by process {bench.daemon.process.pid}')
    check_second(bench, bench.daemon.config, '')
    check(bench.daemon.listens(), 'the first daemon lost its sockets to the second')
    bench.daemon.wait_for_recovery()
    check_offline(bench, config)
    check_equal(bench.sendmail(['there'])[0], 0, 'exit status of sendmail beside two daemons')
    race(bench, rounds)
    bench.daemon.mxpress('release', '--all')
    return bench.account()


def main(world, options):
    return program.conclude(torture(world, options.rounds))


def arguments(parser):
    parser.add_argument('--rounds', type=int, default=20, help='races of commands with a start')


if __name__ == '__main__':
    program.run('two', main, arguments)
