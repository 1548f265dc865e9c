#!/usr/bin/env python3
"""Runs the scenarios: every function named scenario_* in the files *_scenario.py. Prints which ran, what they measured, what was skipped and why."""
import argparse
import importlib
import pathlib
import sys
import time
import traceback

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
from harness import Failure, Skip, World  # noqa: E402


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


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--build', default='build/release')
    parser.add_argument('--peers', default='build/peers')
    parser.add_argument('--keep', action='store_true', help='keep the folder of a scenario that failed')
    parser.add_argument('--list', action='store_true')
    parser.add_argument('names', nargs='*', help='run only those whose name contains one of these')
    options = parser.parse_args()
    chosen = list(scenarios(options.names))
    if options.list:
        print('\n'.join(name for name, _ in chosen))
        return 0
    if not chosen:
        print(f'no scenario is called {" or ".join(options.names)}')
        return 2
    words = [run_one(name, function, options) for name, function in chosen]
    print(f'scenarios: {words.count("ok")} ok, {words.count("FAILED")} failed, {words.count("SKIPPED")} skipped')
    return 1 if 'FAILED' in words else 0


if __name__ == '__main__':
    sys.exit(main())
