#!/usr/bin/env python3
"""Runs the scenarios: every function named scenario_* in the files *_scenario.py. Prints the results, measurements, and skipped ones with the reason.
With --jobs several run at a time, each in a process and a network of its own."""
import argparse
import concurrent.futures
import importlib
import pathlib
import subprocess
import sys
import time
import traceback

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
from harness import Failure, Skip, World, is_root  # noqa: E402


def scenarios(names):
    for path in sorted(HERE.glob('*_scenario.py')):
        module = importlib.import_module(path.stem)
        for key, function in vars(module).items():
            if key.startswith('scenario_'):
                name = f'{path.stem.removesuffix("_scenario")}.{key.removeprefix("scenario_")}'
                if not names or any(part in name for part in names):
                    yield name, function


def run_one(name, function, options):
    world = World(options.build, options.peers)
    start, word, reason = time.monotonic(), 'ok', ''
    try:
        function(world)
    except Skip as skip:
        word, reason = 'SKIPPED', str(skip)
    except Failure as failure:
        frame = next(f for f in reversed(traceback.extract_tb(failure.__traceback__)) if not f.filename.endswith('harness.py'))
        word, reason = 'FAILED', f'{failure} ({pathlib.Path(frame.filename).name}:{frame.lineno})'
    except Exception:  # a fault of the scenario itself is a failure too
        word, reason = 'FAILED', traceback.format_exc()
    print(f'{word:8}{name} ({time.monotonic() - start:.1f} s)' + (f': {reason}' if reason else ''), flush=True)
    for note in world.notes:
        print(f'          {note}', flush=True)
    if word == 'FAILED':
        print_logs(world)
    world.close(keep=options.keep and word == 'FAILED')
    return word


def print_logs(world):
    for path in sorted(world.folder.glob('*.log')):
        lines = path.read_text(errors='replace').splitlines()[-15:]
        for line in lines:
            print(f'          | {path.stem}: {line[:300]}')


def own_network():
    """The beginning of a command that runs with a loopback interface of its own; empty where this machine allows none."""
    beginning = ['unshare', '--net', 'sh', '-ec', 'ip link set lo up; exec "$@"', 'scenario']
    return beginning if is_root() and subprocess.run([*beginning, 'true'], capture_output=True).returncode == 0 else []


def run_apart(name, beginning, options):
    """`name` in a process of its own: its result, and its output."""
    command = [sys.executable, __file__, '--build', options.build, '--peers', options.peers, *(['--keep'] if options.keep else []), '--exactly', name]
    ended = subprocess.run([*beginning, *command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    lines = ended.stdout.decode(errors='replace').splitlines()[:-1]
    word = lines[0].split()[0] if lines else ''
    if word not in ('ok', 'FAILED', 'SKIPPED') or (ended.returncode != 0) != (word == 'FAILED'):
        return 'FAILED', '\n'.join([f'FAILED  {name}: its process ended with {ended.returncode}', *lines])
    return word, '\n'.join(lines)


def run_at_once(chosen, options):
    """`options.jobs` scenarios at a time: their results, in the order in which they ended, and the first line of each that failed."""
    words, failed, beginning = [], [], own_network()
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as threads:
        for future in concurrent.futures.as_completed([threads.submit(run_apart, name, beginning, options) for name, _ in chosen]):
            word, text = future.result()
            words.append(word)
            if word == 'FAILED':
                failed.append(text.partition('\n')[0])
            print(text, flush=True)
    return words, failed


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--build', default='build/release')
    parser.add_argument('--peers', default='build/peers')
    parser.add_argument('--keep', action='store_true', help='keep the folder of a scenario that failed')
    parser.add_argument('--list', action='store_true')
    parser.add_argument('--jobs', type=int, default=1, help='how many run at a time')
    parser.add_argument('--exactly', metavar='NAME', help='run the one with this name')
    parser.add_argument('names', nargs='*', help='run only those whose name contains one of these')
    options = parser.parse_args()
    chosen = [(name, function) for name, function in scenarios(options.names) if options.exactly in (None, name)]
    if options.list:
        print('\n'.join(name for name, _ in chosen))
        return 0
    if not chosen:
        print(f'no scenario is called {" or ".join(options.names)}')
        return 2
    start = time.monotonic()
    if options.jobs > 1 and len(chosen) > 1:
        words, failed = run_at_once(chosen, options)
    else:
        words = [run_one(name, function, options) for name, function in chosen]
        failed = []
    for text in failed:
        print(text)
    print(f'scenarios: {words.count("ok")} ok, {words.count("FAILED")} failed, {words.count("SKIPPED")} skipped, {time.monotonic() - start:.0f} s')
    return 1 if 'FAILED' in words else 0


if __name__ == '__main__':
    sys.exit(main())
