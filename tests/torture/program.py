"""The frame of each torture: arguments, a folder, the seed, the verdict as exit status."""
import argparse
import pathlib
import random
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
for folder in (HERE.parent / 'scenarios', HERE):
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))
from harness import Failure, Skip, World  # noqa: E402

ROOT = HERE.parent.parent


def conclude(account):
    for line in account.report():
        print(line)
    return 0 if account.ok() else 1


def run(name, main, add_arguments=None):
    parser = argparse.ArgumentParser(prog=f'scripts/torture {name}')
    parser.add_argument('--seed', type=int, default=random.randrange(1, 1 << 30), help='do the same again, as far as the clock allows')
    parser.add_argument('--build', default=ROOT / 'build/release')
    parser.add_argument('--keep', action='store_true', help='keep the folder after a failure')
    if add_arguments:
        add_arguments(parser)
    options = parser.parse_args()
    print(f'{name}: --seed {options.seed}', flush=True)
    start, code = time.monotonic(), 1
    world = World(options.build, ROOT / 'build/peers')
    try:
        code = main(world, options)
    except Skip as skip:
        print(f'{name}: cannot run here: {skip}')
        code = 77
    except Failure as failure:
        print(f'FAILED: {failure}')
    finally:
        if code not in (0, 77) and options.keep:
            print(f'kept: {world.folder}')
        world.close(keep=options.keep and code not in (0, 77))
    word = {0: 'ok', 77: 'SKIPPED'}.get(code, f'FAILED; again with --seed {options.seed}')
    print(f'{name}: {word}, {time.monotonic() - start:.0f} s')
    sys.exit(code)
