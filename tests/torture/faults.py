#!/usr/bin/env python3
"""System calls of mxpressd and of sendmail made to fail by strace, at every Nth call: acknowledged mail is there afterwards, a refusal
says why, and a program that gives up says why. strace counts in each thread for itself: the Nth call of every thread fails."""
import itertools
import random
import threading
import time

import program
from bench import Hosts
from fault_bench import DaemonBench, SendmailBench, find_strace
from harness import Failure

# Possible errors of the system; KILL ends the process at this call instead.
DAEMON_FAULTS = {
    'fdatasync': ['EIO', 'ENOSPC', 'KILL'], 'fsync': ['EIO', 'KILL'], 'syncfs': ['EIO', 'KILL'],
    'pwritev': ['EIO', 'ENOSPC', 'EINTR', 'KILL'], 'write': ['EIO', 'ENOSPC', 'EINTR'],
    'openat': ['EMFILE', 'EIO', 'ENOSPC'], 'rename': ['EIO', 'ENOSPC', 'KILL'], 'unlink': ['EIO', 'KILL'], 'unlinkat': ['EIO', 'KILL'],
    'ftruncate': ['EIO', 'KILL'], 'fallocate': ['ENOSPC', 'EINTR', 'KILL'], 'mkdir': ['ENOSPC', 'EIO'],
    'pread64': ['EIO', 'EINTR'], 'read': ['EIO', 'EINTR'], 'newfstatat': ['EIO'], 'getdents64': ['EIO'], 'statfs': ['EIO'],
    'flock': ['ENOLCK'], 'accept': ['EMFILE', 'ECONNABORTED'], 'accept4': ['EMFILE', 'ENFILE'], 'socket': ['EMFILE', 'ENFILE'],
    'inotify_init1': ['EMFILE'], 'eventfd2': ['EMFILE'], 'epoll_create1': ['EMFILE'], 'timerfd_create': ['EMFILE'],
}
SENDMAIL_FAULTS = {
    'fsync': ['EIO', 'ENOSPC', 'KILL'], 'syncfs': ['EIO', 'KILL'], 'write': ['EIO', 'ENOSPC', 'EINTR', 'KILL'], 'sendto': ['EINTR', 'KILL'],
    'recvfrom': ['ECONNRESET', 'EINTR'], 'read': ['EIO', 'EINTR', 'KILL'], 'openat': ['EMFILE', 'EIO', 'ENOSPC', 'KILL'],
    'rename': ['EIO', 'ENOSPC', 'KILL'], 'unlink': ['EIO'], 'socket': ['EMFILE', 'ENFILE'], 'connect': ['EAGAIN', 'EINTR'],
    'getrandom': ['ENOSYS'], 'fchmod': ['EPERM'], 'poll': ['EINTR'], 'close': ['EIO'],
}


class Tally:
    """The findings of all benches."""

    def __init__(self):
        self.lock, self.runs, self.accepted, self.refused, self.late, self.repeated = threading.Lock(), 0, 0, 0, 0, 0
        self.delivered = self.bounced = self.queued = self.lost = 0
        self.troubles = []

    def add(self, result):
        with self.lock:
            self.runs += result.hit
            for name in ('accepted', 'refused', 'late', 'repeated', 'delivered', 'bounced', 'queued', 'lost'):
                setattr(self, name, getattr(self, name) + getattr(result, name))
            for trouble in result.troubles:
                self.troubles.append(trouble)
                print(trouble, flush=True)

    def report(self):
        yield f'{self.runs} runs with a fault: accepted {self.accepted} letters; refused or not answered {self.refused}, {self.late} of them sent all the same'
        yield f'delivered {self.delivered}, bounced {self.bounced}, queued {self.queued}, lost {self.lost}, repeated {self.repeated}'
        yield f'{len(self.troubles)} trouble(s)'

    def ok(self):
        return self.lost == 0 and not self.troubles and self.runs > 0


class Plan:
    """Chooses the call that fails next: every N of one fault until none is hit any more; shared by the benches."""

    def __init__(self, program_name, faults, options, chance):
        self.program, self.lock, self.sample, self.chance = program_name, threading.Lock(), options.sample, chance
        faults = {call: errors for call, errors in faults.items() if not options.only or call in options.only}
        self.open = {(call, error): itertools.count(1) for call, errors in faults.items() for error in errors}

    def next(self):
        with self.lock:
            if not self.open:
                return None
            key = self.chance.choice(list(self.open)) if self.sample else next(iter(self.open))
            if self.sample == 0:
                return (*key, next(self.open[key]))
            self.sample -= 1
            if self.sample == 0:
                self.open.clear()
            return (*key, self.chance.randrange(1, 12))

    def not_hit(self, call, error, number):
        with self.lock:
            if self.open.pop((call, error), None):
                print(f'{self.program} {call} {error}: {number - 1} calls', flush=True)


def work(bench, plan, tally):
    while fault := plan.next():
        try:
            result = bench.run(*fault)
        except Failure as failure:
            result = bench.failed(fault, failure)
        if result.hit:
            tally.add(result)
        elif not plan.sample:
            plan.not_hit(*fault)
    end = bench.finish()
    if end:
        tally.add(end)
    bench.close()


def torture(options, hosts, tally, chance):
    plan = Plan('mxpressd', DAEMON_FAULTS, options, chance)
    threads = [threading.Thread(target=work, args=(DaemonBench(hosts, n), plan, tally)) for n in range(options.parallel)]
    for thread in threads:
        thread.start()
    for state in ('up', 'down'):
        work(SendmailBench(hosts, state), Plan(f'sendmail (daemon {state})', SENDMAIL_FAULTS, options, chance), tally)
    for thread in threads:
        thread.join()


def main(world, options):
    find_strace()
    start, tally = time.monotonic(), Tally()
    hosts = Hosts(world)
    torture(options, hosts, tally, random.Random(options.seed))
    print(f'{"a sample of the calls" if options.sample else "every call"}, {time.monotonic() - start:.0f} s')
    return program.conclude(tally)


def arguments(parser):
    parser.add_argument('--sample', type=int, default=0, metavar='K', help='only K calls of the daemon and 2K of sendmail, by chance')
    parser.add_argument('--parallel', type=int, default=2)
    parser.add_argument('--only', action='append', metavar='CALL', help='only this system call; may be repeated')


if __name__ == '__main__':
    program.run('faults', main, arguments, in_memory=True)
