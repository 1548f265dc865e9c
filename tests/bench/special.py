"""Workloads that look at one property each: dead hosts, large messages, many recipients, cores, system calls."""
import os
import pathlib
import re
import shutil
import signal
import struct

import meter
from harness import Skip, check, wait_until
from one_run import address, clock, seconds_between
from workloads import DOMAINS, PATIENCE, Run, stream_figures

HERE = pathlib.Path(__file__).resolve().parent
DEAD = {'hang': 3, 'drip': 3, 'refuse': 4}


def deadhost(world, peer, options):
    """The good half alone; then the other half, to hosts that hang, drip or refuse; then the good half again."""
    run, half = Run(world, peer, {**DOMAINS, **DEAD}), (options.messages or 5000) // 2
    how = {'size': options.size, 'sessions': options.sessions, 'pipeline': options.pipeline}
    run.start_sink(tell=half)

    def good(arrived):
        start = run.inject(half, PATIENCE, DOMAINS, **how)['start']
        return seconds_between(start, run.sink.wait_for(arrived, PATIENCE) or clock())
    alone = good(half)
    run.settle()
    run.inject(half, PATIENCE, DEAD, **how)
    beside = good(2 * half)
    report = run.finish(2 * half)
    at_once = {f'{mode}_at_once': report[mode]['at_once'] for mode in ('hang', 'drip')}
    return run, {'messages': 2 * half, 'alone_s': alone, 'beside_s': beside, 'slower': beside / alone, **at_once,
                 'per_dead_host': max(at_once[f'{mode}_at_once'] / DEAD[mode] for mode in ('hang', 'drip'))}


def copy_seconds(world, size, count):
    """cp of as many files, synced."""
    original = world.path('original')
    original.write_bytes(b'x' * size)
    start = clock()
    for number in range(count):
        shutil.copyfile(original, world.path(f'copy-{number}'))
    os.sync()
    seconds = seconds_between(start, clock())
    for number in range(count):
        world.path(f'copy-{number}').unlink()
    return seconds


def network_seconds(run, size, count):
    """Straight from the source to the sink."""
    report = run.inject(count, PATIENCE, DOMAINS, to=f'{address("d", 0)}:25', size=size, sessions=4)
    return seconds_between(report['start'], report['end'])


def big(world, peer, options):
    """Large messages by SMTP, then by command; then one message to many recipients."""
    run, size, count = Run(world, peer, {'d': 1000}), options.size if options.size > 4096 else 25_000_000, options.messages or 100
    run.start_sink(tell=count)
    copied, sent = copy_seconds(world, size, count), network_seconds(run, size, count)
    before = run.parties['server'].peak()
    report = run.inject(count, PATIENCE, DOMAINS, size=size, sessions=4)
    by_smtp = seconds_between(report['start'], run.sink.wait_for(2 * count, PATIENCE) or clock())
    after_smtp = run.parties['server'].peak()
    report = run.check_source(run.commands(count, DOMAINS, size=size, parallel=4).end(PATIENCE), count)
    by_command = seconds_between(report['start'], run.sink.wait_for(3 * count, PATIENCE) or clock())
    run.settle()
    figures = {'growth_smtp_mib': after_smtp - before, 'growth_command_mib': run.parties['server'].peak() - before, 'smtp_s': by_smtp,
               'command_s': by_command, 'copies_s': copied + sent, 'smtp_over_copies': by_smtp / (copied + sent),
               'command_over_copies': by_command / (copied + sent)}
    run.finish(3 * count)
    run.start_server(**({'spool': 'mxpress/spool-2'} if peer == 'mxpress' else {}))
    return run, {'messages': count, 'size': size, **figures, **many_recipients(run)}


def many_recipients(run, recipients=10_000, size=2_000_000):
    """The disk space of one waiting message to all of them, on a server with an empty queue."""
    before = meter.disk_use(run.server.queue_folder)
    run.inject(1, PATIENCE, sessions=1, recipients=recipients, size=size)
    run.settle(PATIENCE)
    grown = meter.disk_use(run.server.queue_folder) - before
    run.start_sink(tell=recipients)
    start = clock()
    run.server.flush()
    seconds = seconds_between(start, run.sink.wait_for(recipients, PATIENCE) or clock())
    run.settle()
    run.finish(recipients)
    return {'recipients': recipients, 'recipients_disk_mib': grown, 'recipients_s': seconds}


def cores(world, peer, options):
    """One worker, then two."""
    run = Run(world, peer, DOMAINS, delivery='workers = 1')
    one = stream_figures(run, options)
    run.start_server(delivery='workers = 2', spool='mxpress/spool-2')
    two = stream_figures(run, options)
    return run, {'messages': one['messages'], 'rate_1': one['rate'], 'rate_2': two['rate'], 'growth': two['rate'] / one['rate'],
                 'cpu_us_1': one['cpu_us'], 'cpu_us_2': two['cpu_us'], 'server_share_1': one['server_share'],
                 'server_share_2': two['server_share'], 'source_share_2': two['source_share'], 'sink_share_2': two['sink_share']}


SYNCS = ['fsync', 'fdatasync', 'syncfs', 'sync', 'msync', 'sync_file_range']


def watched(world, peer, options, *perf_options):
    """The stream while perf looks at the server and at what it starts."""
    perf = shutil.which('perf')
    if not perf:
        raise Skip('perf is not installed')
    run = Run(world, peer, DOMAINS)
    watcher = world.start('perf', [perf, *perf_options, '-p', ','.join(map(str, run.parties['server'].pids()))])
    figures = stream_figures(run, options)
    watcher.signal(signal.SIGINT)
    watcher.wait(60)
    return run, figures


def syncs(world, peer, options):
    """Counted by the kernel, which slows nothing down."""
    counts, events = world.path('syncs'), ','.join(f'syscalls:sys_enter_{name}' for name in SYNCS)
    run, figures = watched(world, peer, options, 'stat', '-x', ' ', '-o', counts, '-e', events)
    found = re.findall(r'^(\d+) +syscalls:sys_enter_(\w+)', counts.read_text(), re.M)
    if not found:
        raise Skip(f'perf counts nothing here: {counts.read_text()}')
    calls = {name: int(count) / figures['messages'] for count, name in found}
    return run, {'messages': figures['messages'], 'syncs': sum(calls.values()), **calls}


def shares(world, samples, *perf_options):
    """The output of perf report, line by line."""
    done = world.run(['perf', 'report', '--stdio', '-i', samples, '-g', 'none', '--sort', 'symbol', '--percent-limit', '0.2', *perf_options])
    lines = done.stdout.decode(errors='replace').splitlines()
    return [' '.join(line.split()).removesuffix(' - -')[:120] for line in lines if line.strip() and line[0] != '#']


def profile(world, peer, options):
    """The use of the CPU: the functions (of the kernel, too) in which the samples were taken, and the system calls with all that they
    do. All of it goes to build/bench/profile-PEER.txt."""
    samples = world.path('samples')
    run, figures = watched(world, peer, options, 'record', '-F', 999, '-g', '-o', samples)
    functions, calls = shares(world, samples, '--no-children'), shares(world, samples, '--children')
    calls = [line for line in calls if '_sys_' in line and 'x64' in line]
    (pathlib.Path(options.folder) / f'profile-{peer}.txt').write_text('\n'.join([*calls, '', *functions]) + '\n')
    return run, {'messages': figures['messages'], 'cpu_us': figures['cpu_us'], 'top': [*calls[:15], '', *functions[:20]]}


def syscalls(world, peer, options):
    """The server under strace; times mean nothing then."""
    summary = world.path('strace')
    run = Run(world, peer, DOMAINS, prefix=['strace', '-D', '-f', '-c', '-U', 'calls,name', '-o', summary])
    options.messages = options.messages or 5000
    messages = stream_figures(run, options)['messages']
    run.server.stop_at_end()
    found = re.findall(r'^ *(\d+) ([a-z0-9_]+)$', wait_for_summary(summary), re.M)
    calls = {name: int(count) / messages for count, name in found if name != 'total'}
    return run, {'messages': messages, 'calls': sum(calls.values()), 'by_name': dict(sorted(calls.items(), key=lambda call: -call[1])[:15])}


def wait_for_summary(path):
    """The tracer writes it when the last process has ended."""
    return wait_until(lambda: path.exists() and ' total' in path.read_text() and path.read_text(), 60, 'the summary of strace')


def allocations(world, peer, options):
    """How often the server asks for memory, by size: "4096" counts from there to twice as much."""
    library, counts = world.path('count_allocations.so'), world.path('allocations')
    compiler = shutil.which('clang-19') or shutil.which('cc')
    built = world.run([compiler, '-O2', '-shared', '-fPIC', '-o', library, HERE / 'count_allocations.c'])
    check(built.returncode == 0, f'{compiler}: {built.stderr.decode()}')
    counts.write_bytes(bytes(512))
    run = Run(world, peer, DOMAINS, prefix=['env', f'LD_PRELOAD={library}', f'COUNT_ALLOCATIONS={counts}'])
    before = struct.unpack('64Q', counts.read_bytes())
    messages = stream_figures(run, options)['messages']
    asked = [(after - first) / messages for first, after in zip(before, struct.unpack('64Q', counts.read_bytes()))]
    return run, {'messages': messages, 'allocations': sum(asked), 'by_size': {str(2 ** n): number for n, number in enumerate(asked) if number >= 0.01}}


def instructions(world, peer, options):
    """The server under callgrind: the cost of a message in instructions, a share of its start and stop included and the kernel's left
    out, independent of other load. The functions that they are spent on go to build/bench/instructions-PEER.txt."""
    if not shutil.which('valgrind'):
        raise Skip('valgrind is not installed')
    counts = world.path('callgrind')
    counts.touch()
    counts.chmod(0o666)  # the daemon is not root when it ends
    strip_programs(world)
    run = Run(world, peer, DOMAINS, prefix=['valgrind', '--tool=callgrind', f'--callgrind-out-file={counts}'])
    options.messages = options.messages or 3000
    messages = stream_figures(run, options)['messages']
    run.server.stop_at_end()
    report = world.run(['callgrind_annotate', '--inclusive=yes', '--threshold=100', '--show-percs=no', counts]).stdout.decode(errors='replace')
    (pathlib.Path(options.folder) / f'instructions-{peer}.txt').write_text(report)
    total = int(re.search(r'([\d,]+) .*PROGRAM TOTALS', report).group(1).replace(',', ''))
    return run, {'messages': messages, 'instructions': total / messages}


def strip_programs(world):
    """valgrind cannot read clang's debug information."""
    stripped = world.make_folder('stripped/bin')
    for program in (world.build / 'bin').iterdir():
        if program.name in ('mxpressd', 'mxpress', 'sendmail', 'bench-load'):
            world.run(['strip', '-g', '-o', stripped / program.name, program])
    world.build = stripped.parent
