#!/usr/bin/env python3
"""mxpressd attacked by other users of the host, by senders, by mail hosts and by domains: each attack against a whole daemon
in a network namespace and in 512 MiB, beside an honest user whose mail must leave within 5 s throughout."""
import os
import subprocess
import sys
import time

import program
from harness import Failure, Skip, is_root
from hostile_attack import ATTACKS
from hostile_group import MemoryGroup, NoGroup
import hostile_intake  # noqa: F401  each module enters its attacks
import hostile_authors  # noqa: F401
import hostile_budgets  # noqa: F401
import hostile_certificates  # noqa: F401
import hostile_commands  # noqa: F401
import hostile_dane  # noqa: F401
import hostile_drop  # noqa: F401
import hostile_forwarder  # noqa: F401
import hostile_held  # noqa: F401
import hostile_history  # noqa: F401
import hostile_hosts_attacks  # noqa: F401
import hostile_local  # noqa: F401
import hostile_mailboxes  # noqa: F401
import hostile_more  # noqa: F401
import hostile_names  # noqa: F401
import hostile_notices  # noqa: F401
import hostile_outage  # noqa: F401
import hostile_owners  # noqa: F401
import hostile_pools  # noqa: F401
import hostile_probes  # noqa: F401
import hostile_servers  # noqa: F401
import hostile_signed  # noqa: F401
import hostile_signing  # noqa: F401
import hostile_stops  # noqa: F401
import hostile_sts  # noqa: F401
import hostile_turns  # noqa: F401
import hostile_validated  # noqa: F401
import hostile_waiting  # noqa: F401
from hostile_bench import LIMIT, Bench, Internet, StaticBench


def enter_namespaces():
    """Runs this program again with loopback to itself and mounts that end with it."""
    if os.environ.get('TORTURE_NETWORK') == 'own':
        return
    if not is_root() or subprocess.run(['unshare', '-mn', 'true'], capture_output=True).returncode:
        print('hostile: cannot run here: only root may make namespaces')
        sys.exit(77)
    os.environ['TORTURE_NETWORK'] = 'own'
    inner = 'ip link set lo up && exec "$@"'
    os.execvp('unshare', ['unshare', '-mn', '--propagation', 'private', 'sh', '-c', inner, 'sh', sys.executable, *sys.argv])


def check_group():
    try:
        MemoryGroup(LIMIT).remove()
    except NoGroup as reason:
        raise Skip(f'no memory cgroup can be made: {reason}')


def wanted(options):
    chosen = [attack for attack in ATTACKS if not options.only or attack.name in options.only or str(attack.item) in options.only]
    return sorted(chosen, key=lambda attack: attack.item)


def run_one(internet, attack):
    start = time.monotonic()
    try:
        bench = (Bench if attack.whole_daemon else StaticBench)(internet, attack)
        rows = [figure.row() for figure in bench.run()]
        notes = bench.notes
    except Failure as failure:
        rows, notes = [(f'did not end as it should: {str(failure)[:150]}', '', '', 'FAILED')], []
    print(f'\n{attack.item} {attack.name}: {attack.text} ({time.monotonic() - start:.0f} s)', flush=True)
    for row in rows:
        print('   {:48} {:>16}  {:14} {}'.format(*row), flush=True)
    for note in notes:
        print(f'   {note}')
    return [(attack.item, attack.name, *row) for row in rows]


def print_table(rows):
    print('\n| item | attack | figure | found | bound | |\n|---|---|---|---|---|---|')
    for row in rows:
        print('| ' + ' | '.join(str(cell) for cell in row) + ' |')


def main(world, options):
    check_group()
    internet = Internet(world)
    rows = [row for attack in wanted(options) for row in run_one(internet, attack)]
    print_table(rows)
    failed = sorted({row[1] for row in rows if row[-1] == 'FAILED'})
    print(f'{len(rows)} figures; FAILED: {", ".join(failed)}' if failed else f'{len(rows)} figures, all within their bounds')
    return 1 if failed or not rows else 0


def arguments(parser):
    parser.add_argument('--only', nargs='+', metavar='NAME', help='attacks by their names or items')
    parser.add_argument('--list', action='store_true', help='the attacks, and nothing else')


if __name__ == '__main__':
    if '--list' in sys.argv:
        for entry in sorted(ATTACKS, key=lambda attack: attack.item):
            print(f'{entry.item:2} {entry.name:16} {entry.text}')
        sys.exit(0)
    enter_namespaces()
    program.run('hostile', main, arguments)
