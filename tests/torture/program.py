"""The frame of each torture: arguments, a folder, the seed, the verdict as exit status."""
import argparse
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
for folder in (HERE.parent / 'scenarios', HERE):
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))
from harness import Failure, Skip, World, is_root  # noqa: E402

ROOT = HERE.parent.parent


def conclude(account):
    for line in account.report():
        print(line)
    return 0 if account.ok() else 1


def enter_own_mounts(name):
    """Runs this program again with private mounts that end with it."""
    if os.environ.get('TORTURE_MOUNTS') == 'own':
        return
    tried = subprocess.run(['unshare', '-m', 'true'], capture_output=True) if is_root() else None
    if not tried or tried.returncode:
        print(f'{name}: cannot run here: {tried.stderr.decode().strip() if tried else "only root may mount"}')
        sys.exit(77)
    os.environ['TORTURE_MOUNTS'] = 'own'
    os.execvp('unshare', ['unshare', '-m', '--propagation', 'private', sys.executable, *sys.argv])


def run(name, main, add_arguments=None, own_mounts=False, in_memory=False):
    if own_mounts:
        enter_own_mounts(name)
    parser = argparse.ArgumentParser(prog=f'scripts/torture {name}')
    parser.add_argument('--seed', type=int, default=random.randrange(1, 1 << 30), help='do the same again, as far as the clock allows')
    parser.add_argument('--build', default=ROOT / 'build/release')
    parser.add_argument('--peers', default=ROOT / 'build/peers')
    parser.add_argument('--keep', action='store_true', help='keep the folder after a failure')
    if add_arguments:
        add_arguments(parser)
    options = parser.parse_args()
    print(f'{name}: --seed {options.seed}', flush=True)
    if in_memory and os.access('/dev/shm', os.W_OK) and 'TMPDIR' not in os.environ:
        tempfile.tempdir = '/dev/shm'  # a busy disk would make it slow, and proves nothing here
    start, code = time.monotonic(), 1
    world = World(options.build, options.peers)
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
