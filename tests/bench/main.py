#!/usr/bin/env python3
"""scripts/bench: runs workloads against mail servers in turn, records each run, and compares."""
import argparse
import datetime
import json
import os
import pathlib
import platform
import subprocess
import sys

import goals
import meter
import plot
import report

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
FOLDER = ROOT / 'build/bench'


def arguments():
    parser = argparse.ArgumentParser(prog='scripts/bench', formatter_class=argparse.RawDescriptionHelpFormatter, description=DESCRIPTION)
    parser.add_argument('workload', choices=[*goals.WORKLOAD_NAMES, 'all', 'plot'], help='plot: draws the last runs of deep')
    parser.add_argument('peer', nargs='*', help='mxpress, before, postfix, dma; without any: mxpress')
    parser.add_argument('--against', action='append', help='with all: whom to compare with (postfix)')
    parser.add_argument('--runs', type=int, default=1)
    parser.add_argument('--messages', type=int, help='the size of the run; each workload has its own')
    parser.add_argument('--quick', action='store_true', help='small sizes, to see that everything runs: the figures mean nothing')
    parser.add_argument('--size', type=int, default=4096, help='octets of a message')
    parser.add_argument('--sessions', type=int, default=50, help='connections that hand in at the same time')
    parser.add_argument('--parallel', type=int, default=4, help='commands at the same time')
    parser.add_argument('--domains', type=int, help='recipient domains of backlog and deep')
    parser.add_argument('--pipeline', choices=['yes', 'no'], default='yes', help='whether the source pipelines')
    parser.add_argument('--tls-version', choices=['1.2', '1.3'], default='1.3', help='tls-cold, tls-cold-full: of the sink')
    parser.add_argument('--source', choices=['ours', 'postfix'], default='ours', help='stream: bench-load or smtp-source')
    parser.add_argument('--sink', choices=['ours', 'postfix'], default='ours', help='stream: bench-load or smtp-sink')
    parser.add_argument('--build', default=str(ROOT / 'build/release'))
    parser.add_argument('--before', metavar='FOLDER', help='an older build, the peer "before"; its load is made by the build that is measured')
    parser.add_argument('--peers', default=str(ROOT / 'build/peers'))
    parser.add_argument('--results', default=str(FOLDER / 'results.jsonl'), help='where each run is added as a line')
    parser.add_argument('--keep', action='store_true', help="keep a void run's folder")
    return parser.parse_args()


DESCRIPTION = '''Compares mail servers on this machine, each run in namespaces of its own, the servers in turn.
A run in which a message is missing, repeated or damaged at the sink is void.'''


def messages(options, workload):
    """None: the workload's own number."""
    return goals.QUICK.get(workload, 1000) if options.quick else options.messages


def one_run(options, workload, peer):
    """Its figures; all its processes end with its process namespace."""
    result = FOLDER / f'result-{os.getpid()}.json'
    result.unlink(missing_ok=True)
    build, name = (options.before, 'mxpress') if peer == 'before' else (options.build, peer)
    inner = {**vars(options), 'messages': messages(options, workload), 'workload': workload, 'peer': name, 'folder': str(FOLDER), 'result': str(result),
             'build': build, 'generators': options.build}
    namespaces = ['unshare', '-n', '-m', '-p', '-f', '--kill-child', '--mount-proc', '--propagation', 'private']
    done = subprocess.run([*namespaces, sys.executable, str(HERE / 'inside.py'), json.dumps(inner)])
    meter.remove_groups()
    if not result.exists():
        return {'void': [f'the run ended with {done.returncode}']}
    figures = json.loads(result.read_text())
    result.unlink()
    return figures


def machine():
    commit = subprocess.run(['git', 'describe', '--always', '--dirty'], cwd=ROOT, capture_output=True, text=True).stdout.strip()
    return {'date': datetime.datetime.now(datetime.timezone.utc).isoformat(timespec='seconds'), 'commit': commit, 'cores': os.cpu_count(),
            'kernel': platform.release(), 'load': os.getloadavg()[0], 'sync_ms': meter.sync_ms(FOLDER)}


def paired_runs(options, workload, peers, runs):
    """All runs of a workload: the servers take turns, and each second time in the other order."""
    results = []
    for number in range(runs):
        for peer in peers if number % 2 == 0 else reversed(peers):
            about = {**machine(), 'workload': workload, 'peer': peer, 'run': number, 'size': options.size, 'sessions': options.sessions, 'source': options.source,
                     'sink': options.sink}
            results.append({**about, **one_run(options, workload, peer)})
            with open(options.results, 'a') as file:
                file.write(json.dumps(results[-1]) + '\n')
            report.print_run(results[-1])
    return results


def main():
    options = arguments()
    FOLDER.mkdir(parents=True, exist_ok=True)
    if os.geteuid() != 0:
        sys.exit('scripts/bench: only root can make the namespaces that a run needs')
    generator = pathlib.Path(options.build) / 'bin' / 'bench-load'
    if not generator.exists() and options.workload != 'plot':
        sys.exit(f'scripts/bench: {generator} is missing; build it: scripts/build release bench-load')
    if 'before' in [*options.peer, *(options.against or [])] and not options.before:
        sys.exit('scripts/bench: say with --before FOLDER which build "before" is (its bin/ has mxpressd, mxpress and sendmail)')
    if options.workload == 'plot':
        return 0 if plot.draw(options.results, ROOT / 'docs/deep-queue.svg') else 1
    if options.workload == 'all':
        return report.print_goals(options, paired_runs)
    results = paired_runs(options, options.workload, options.peer or ['mxpress'], options.runs)
    report.print_table(results)
    return 1 if any(result.get('void') for result in results) else 0


if __name__ == '__main__':
    sys.exit(main())
