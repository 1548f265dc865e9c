#!/usr/bin/env python3
"""One run, inside namespaces of its own: inside.py OPTIONS, which are JSON, writes its figures to the file "result"."""
import argparse
import json
import pathlib
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / 'scenarios'))
from harness import Failure, Skip, World  # noqa: E402
import attaching  # noqa: E402
import namespace  # noqa: E402
import queues  # noqa: E402
import special  # noqa: E402
import workloads  # noqa: E402


def workload(name):
    return next(found for module in (workloads, queues, special, attaching) if (found := getattr(module, name.replace('-', '_'), None)))


def figures_of(world, options):
    try:
        run, figures = workload(options.workload)(world, options.peer, options)
        run.server.stop_at_end()
        return {**figures, 'void': run.faults}
    except Skip as skip:
        return {'skipped': str(skip)}
    except Failure as failure:
        return {'void': [str(failure)]}


def main():
    options = argparse.Namespace(**json.loads(sys.argv[1]))
    namespace.build_network()
    tempfile.tempdir = options.folder
    world = World(options.build, options.peers)
    world.bench_load = pathlib.Path(options.generators).resolve() / 'bin/bench-load'
    figures = figures_of(world, options)
    keep = options.keep
    if keep:
        print(f'kept: {world.folder}', file=sys.stderr)
    world.close(keep)
    pathlib.Path(options.result).write_text(json.dumps(figures))


if __name__ == '__main__':
    main()
