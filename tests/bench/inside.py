#!/usr/bin/env python3
"""One run, inside namespaces of its own: inside.py OPTIONS, which are JSON, writes its figures to the file "result"."""
import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / 'scenarios'))
from harness import Failure, Skip, World  # noqa: E402
from workloads import WORKLOADS  # noqa: E402


def build_network():
    subprocess.run(['ip', 'link', 'set', 'lo', 'up'], check=True)
    pathlib.Path('/proc/sys/net/ipv4/ip_local_port_range').write_text('1024 65000')
    pathlib.Path('/proc/sys/net/core/somaxconn').write_text('4096')


def figures_of(world, options):
    try:
        run, figures = WORKLOADS[options.workload](world, options.peer, options)
        run.server.stop_at_end()
        return {**figures, 'void': run.faults}
    except Skip as skip:
        return {'skipped': str(skip)}
    except Failure as failure:
        return {'void': [str(failure)]}


def main():
    options = argparse.Namespace(**json.loads(sys.argv[1]))
    build_network()
    tempfile.tempdir = options.folder
    world = World(options.build, options.peers)
    figures = figures_of(world, options)
    keep = options.keep and bool(figures.get('void'))
    if keep:
        print(f'kept: {world.folder}', file=sys.stderr)
    world.close(keep)
    pathlib.Path(options.result).write_text(json.dumps(figures))


if __name__ == '__main__':
    main()
