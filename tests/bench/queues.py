"""Workloads with mail that waits."""
import pathlib
import subprocess

import meter
from harness import Failure, accepts, check, wait_until
from one_run import clock, seconds_between
from workloads import PATIENCE, Run, arrive

WINDOW = 0.05  # of all messages: over so many a cost is measured
FIRST_TRIES = 120  # seconds, in which all destinations have been tried once


def backlog(world, peer, options):
    """Queued while nobody listens; then all hosts listen, and the server is told to try again."""
    run = Run(world, peer, {'d': options.domains or 1000})
    messages = options.messages or 10_000
    run.inject(messages, PATIENCE, size=options.size, sessions=options.sessions, per_connection=1000, pipeline=options.pipeline)
    run.settle(PATIENCE)
    full = {'queued_cpu_us': run.server_cpu_us(messages), 'full_mib': run.memory()}
    run.start_cpu = run.cpu()
    run.start_sink(tell=messages)
    start = clock()
    run.server.flush()
    return run, {**arrive(run, start, messages), **full}


class Curve:
    """Time, CPU and memory of the server as its queue grows."""

    def __init__(self, run, source, messages):
        self.run, self.every = run, max(messages // 20, 1)
        self.points = [{'messages': 0, 'at': clock(), 'cpu': run.parties['server'].cpu(), 'mib': run.memory()}]
        source.on_line = self.on_line

    def on_line(self, line):
        if 'at' not in line:
            return
        point = {'messages': line['accepted'], 'at': line['at'], 'cpu': self.run.parties['server'].cpu()}
        if line['accepted'] % self.every == 0:
            point['mib'] = self.run.memory()
        self.points.append(point)

    def cost(self, until):
        """CPU (µs) and time (µs) of a message, over those before this share of all."""
        last = self.points[-1]['messages']
        inside = [point for point in self.points if (until - WINDOW) * last <= point['messages'] <= until * last]
        first, end = inside[0], inside[-1]
        count = end['messages'] - first['messages']
        return (end['cpu'] - first['cpu']) / count * 1e6, (end['at'] - first['at']) / count / 1e3

    def shown(self):
        """Some of the points, closer together where there are few messages."""
        start, kept = self.points[0], []
        for point in self.points[1:]:
            if not kept or point['messages'] >= 1.2 * kept[-1]['messages'] or 'mib' in point:
                kept.append({'messages': point['messages'], 's': seconds_between(start['at'], point['at']), 'cpu': point['cpu'] - start['cpu'],
                             'mib': point.get('mib')})
        return kept


def healthy_wait(run, count=20):
    """Milliseconds until a message to a host that works has arrived, while all else waits: the worst of some."""
    run.start_sink({'ok': 1})
    run.inject(count, PATIENCE, {'ok': 1}, sessions=1, interval=50_000)
    check(run.sink.wait_for(count, PATIENCE), f'not all messages to a healthy host arrived within {PATIENCE} s')
    return run.finish(count)['wait_ms']['max']


def healthy_waits(run):
    """Just after the rest was accepted, when most of it has not been tried yet; and when all of it waits."""
    at_once = healthy_wait(run)
    try:
        run.settle(FIRST_TRIES)
    except Failure:
        pass  # it goes on trying some of them again: then it is measured beside that
    return {'healthy_at_once_ms': at_once, 'healthy_max_ms': healthy_wait(run)}


def timed(action, *arguments):
    start = clock()
    action(*arguments)
    return seconds_between(start, clock())


def restart(run):
    """Seconds that the daemon takes to stop; and from its start, with nothing of the disk in memory, until it takes mail, has delivered
    a message handed in then, and knows its whole queue."""
    server = run.server
    start = clock()
    server.process.stop(600)
    stopped = seconds_between(start, clock())
    subprocess.run(['sync'], check=True)
    pathlib.Path('/proc/sys/vm/drop_caches').write_text('3')
    run.start_sink({'ok': 1})
    start = clock()
    server.launch()
    wait_until(lambda: accepts('127.0.0.1', server.smtp_port), 60, 'mxpressd to take mail', every=0.005)
    opened = clock()
    run.inject(1, 60, {'ok': 1}, sessions=1)
    delivered = run.sink.wait_for(1, 60) or clock()
    server.wait_for_recovery(600)
    known = clock()
    run.finish(1)
    return {'stop_s': stopped, 'restart_open_s': seconds_between(start, opened), 'restart_delivery_s': seconds_between(start, delivered),
            'restart_known_s': seconds_between(start, known)}


def deep(world, peer, options):
    """A queue to hosts that refuse connections. Peers get a smaller one unless --messages says otherwise: it flatters them."""
    run = Run(world, peer, {'d': options.domains or 50_000})
    messages = options.messages or (1_000_000 if peer == 'mxpress' else 50_000)
    source = run.source(messages, size=options.size, sessions=options.sessions, per_connection=1000, tell=max(messages // 1000, 1),
                        pipeline=options.pipeline)
    curve = Curve(run, source, messages)
    report = run.check_source(source.end(max(PATIENCE, messages // 100)), messages)
    (early_cpu, early_time), (late_cpu, late_time) = curve.cost(0.1), curve.cost(1)
    figures = {'messages': messages, 'accept_rate': messages / seconds_between(report['start'], report['end']),
               'accept_p99_ms': report['accept_ms']['p99'], 'cpu_us': run.server_cpu_us(messages), 'full_mib': run.memory(),
               'cpu_growth': late_cpu / early_cpu, 'time_growth': late_time / early_time, 'curve': curve.shown(), **healthy_waits(run),
               'waiting_mib': run.memory(), 'disk_mib': meter.disk_use(run.server.queue_folder)}
    if peer == 'mxpress':
        figures['queue_s'] = timed(run.server.mxpress, 'queue')
        figures.update(restart(run))
        figures['queue_after_s'] = timed(run.server.mxpress, 'queue')
        count_queue(run, messages)
    return run, figures


def count_queue(run, messages):
    """Each message that waited before the restart still waits. Those whose destination is being looked up are not always shown."""
    def found():
        return sum(int(row['messages']) for row in run.server.json('queue'))
    wait_until(lambda: found() == messages, PATIENCE, lambda: f'{messages} messages in the queue; there are {found()}', every=0.5)


def checkpoints(world, peer, options):
    """Half of the mail is delivered, half waits: the data that is written to the disk, and kept there."""
    run = Run(world, peer, {'d': 5, 'refuse': 5})
    messages, folder = options.messages or 100_000, run.server.queue_folder
    written = meter.sectors_written(folder)
    run.start_sink(tell=messages // 2)
    report = run.inject(messages, PATIENCE, size=options.size, sessions=options.sessions, per_connection=1000, pipeline=options.pipeline)
    last = run.sink.wait_for(messages // 2, PATIENCE) or clock()
    run.settle(PATIENCE)
    subprocess.run(['sync', '-f', folder], check=True)
    written, disk = meter.sectors_written(folder) - written, meter.disk_use(folder)
    run.finish(messages // 2)
    return run, {'messages': messages, 'accept_rate': messages / seconds_between(report['start'], report['end']),
                 'rate': messages / 2 / seconds_between(report['start'], last), 'cpu_us': run.server_cpu_us(messages),
                 'accept_p50_ms': report['accept_ms']['p50'], 'accept_p99_ms': report['accept_ms']['p99'],
                 'written_per_message': written * 512 / messages, 'disk_mib': disk, 'live_mib': messages / 2 * options.size / 2**20,
                 'disk_over_live': disk / (messages / 2 * options.size / 2**20)}
