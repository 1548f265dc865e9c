#!/usr/bin/env python3
"""The wall clock of mxpressd wrong at its start (1970, 2106) and stepped back and forth while it runs: nothing is returned to its sender
for that, tries continue, and at the right time everything continues as before. A small library adds an offset to the time that mxpressd reads."""
import shutil
import struct
import time

import program
from bench import Bench, Hosts
from harness import Skip, check, check_equal, wait_until

HOUR, DAY, YEAR = 3600, 86_400, 31_556_952
LIFETIME = '30d'  # each start at a wrong time may add a day to the age of mail (docs/spool.md)
STEPS = [('an hour back', -HOUR), ('a day back', -DAY), ('2 days forth', 2 * DAY), ('10 years back', -10 * YEAR), ('10 years forth', 10 * YEAR),
         ('to 1970', None), ('to 2106', 4_294_000_000)]


def preloaded(world, name):
    """The library that is made of NAME.c here."""
    library = world.path(f'{name}.so')
    compiler = next((found for each in ('clang-19', 'gcc', 'cc') if (found := shutil.which(each))), None)
    if not compiler:
        raise Skip('there is no C compiler')
    built = world.run([compiler, '-O1', '-shared', '-fPIC', '-o', library, program.HERE / f'{name}.c'])
    check_equal(built.returncode, 0, f'exit status of {compiler}: {built.stderr}')
    return library


class WrongClock:
    def __init__(self, world):
        self.path, library = world.path('offset'), preloaded(world, 'shifted_clock')
        self.set(0)
        self.path.chmod(0o644)
        self.prefix = ['env', f'LD_PRELOAD={library}', f'SHIFTED_CLOCK={self.path}']

    def set(self, seconds):
        with open(self.path, 'r+b' if self.path.exists() else 'wb') as file:  # in place: it is mapped
            file.write(struct.pack('q', int(seconds)))

    def set_to(self, moment):
        self.set(moment - time.time())


def log_year(daemon):
    """Of the last line: proof that the daemon believes the clock."""
    lines = daemon.process.log_text().splitlines()
    return int(lines[-1][:4])


def tries(bench):
    """Attempts so far of the oldest message for the host that is never there, by the word of the site."""
    return bench.daemon.process.log_text().count('site')


def check_goes_on(bench, what):
    """New mail is accepted and delivered, also at the second try; waiting mail is tried; no notice was sent."""
    daemon = bench.daemon
    check_equal(bench.sendmail(['there'])[0], 0, f'exit status of sendmail {what}')
    check_equal(bench.sendmail(['grey'])[0], 0, f'exit status of sendmail {what}')
    bench.smtp((['grey', 'there'], 300_000), (['refusing'], 500))
    before = tries(bench)
    wait_until(bench.is_drained, 30, lambda: f'mail to be delivered {what}: {daemon.mxpress("queue")[1][:800]}', every=0.1)
    wait_until(lambda: tries(bench) > before, 30, f'the dead host to be tried {what}', every=0.1)
    check_equal(len(bench.queue()), 3, f'recipients that wait {what}')


def start(bench, moment, clock):
    clock.set_to(moment)
    bench.daemon.prefix = clock.prefix
    bench.daemon.start()
    bench.daemon.wait_for_recovery()
    year = time.gmtime(moment).tm_year
    check(abs(log_year(bench.daemon) - year) <= 1, f'the log says {log_year(bench.daemon)}: the clock is not stepped')


def boots(bench, clock, only):
    for what, moment in (('after a boot at 1970', 100), ('after a boot at 2106', 4_294_000_000), ('after a boot at the right time', time.time()),
                         ('after another boot at 1970', 5), ('after another boot at the right time', time.time()))[:only]:
        start(bench, moment, clock)
        check_goes_on(bench, what)
        print(what, 'ok', flush=True)
        clock.set(0)  # the time is set while it runs, as by NTP
        check_goes_on(bench, what + ', then set right')
        bench.daemon.stop()


def steps(bench, clock, only):
    start(bench, time.time(), clock)
    for what, seconds in STEPS[-only if only else 0:]:
        clock.set_to(time.time() + seconds if seconds and seconds < 4e9 else seconds or 0)
        check_goes_on(bench, f'after a step {what}')
        clock.set(0)
        check_goes_on(bench, f'after a step {what} and back')
        print(what, 'and back ok', flush=True)
    bench.daemon.stop()


def torture(world, only):
    clock = WrongClock(world)
    bench = Bench(Hosts(world), 'k', world, lifetime=LIFETIME)
    bench.daemon.start()
    bench.smtp((['dead'], 1000), (['dead'], 300_000), (['dead', 'there'], 1000))
    bench.daemon.stop()
    boots(bench, clock, only)
    steps(bench, clock, only)
    return bench.account()


def main(world, options):
    return program.conclude(torture(world, 2 if options.short else None))


def arguments(parser):
    parser.add_argument('--short', action='store_true', help='1970 and 2106 only')


if __name__ == '__main__':
    program.run('clock', main, arguments)
