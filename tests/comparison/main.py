#!/usr/bin/env python3
"""Gives the same inputs to mxpress and to Debian's Postfix, and prints their behaviour as tables of Markdown. As root: everything runs
in a network and mount namespace of its own, so that nothing on this host sees it, and no packet leaves. Takes some minutes.

    tests/comparison/main.py [--build build/release] [--peers build/peers] [WORD...]   (only kinds or inputs that contain one of the words)
"""
import argparse
import os
import pathlib
import socket
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))


def enter_namespace():
    if os.environ.get('MXPRESS_COMPARISON') != 'inside':
        os.environ['MXPRESS_COMPARISON'] = 'inside'
        os.execvp('unshare', ['unshare', '-mn', '--propagation', 'private', sys.executable, *sys.argv])
    subprocess.run(['ip', 'link', 'set', 'lo', 'up'], check=True)


def with_taken_port(make, program, network):
    from cases import Bench, taken_port
    name = 'its port is taken when it starts'
    with socket.create_server(('127.0.0.1', program.port)):
        mailer = make()
        result = taken_port(Bench(mailer, network))
        mailer.stop()
    print(f'{mailer.name}: {name}: {result}', file=sys.stderr, flush=True)
    return {('16. Operating', name): result}


def results_of(make, program, wanted, network):
    from cases import CASES, Bench
    network.records.clear()
    mailer = make()
    bench = Bench(mailer, network)
    results = {}
    for kind, rows in CASES.items():
        for name, case in rows.items():
            if wanted and not any(word in kind or word in name for word in wanted):
                continue
            try:
                results[kind, name] = case(bench)
            except Exception as error:  # of the script
                results[kind, name] = f'? {type(error).__name__}: {error}'
            print(f'{mailer.name}: {kind}: {name}: {results[kind, name]}', file=sys.stderr, flush=True)
            bench.reset()
    mailer.stop()
    if not wanted or 'port' in wanted:
        results.update(with_taken_port(make, program, network))
    return results


def order(kind):
    from cases import CASES
    return list(CASES).index(kind)


def print_tables(ours, theirs):
    kind = None
    for key, here in sorted(ours.items(), key=lambda item: order(item[0][0])):
        if key[0] != kind:
            kind = key[0]
            print(f'\n### {kind}\n\n| input | mxpress | Postfix |\n|---|---|---|')
        there = theirs.get(key, '?')
        print(f'| {key[1]} | {here} | {"the same" if here == there else there} |')


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--build', default='build/release')
    parser.add_argument('--peers', default='build/peers')
    parser.add_argument('words', nargs='*')
    options = parser.parse_args()
    enter_namespace()
    from hosts import Network
    from mailers import Mxpress, Postfix
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        folder.chmod(0o755)
        resolv = folder / 'resolv.conf'
        resolv.write_text('nameserver 127.0.0.1\noptions timeout:2 attempts:2\n')
        subprocess.run(['mount', '--bind', resolv, '/etc/resolv.conf'], check=True)
        network = Network()
        ours = results_of(lambda: Mxpress(folder, options.build), Mxpress, options.words, network)
        theirs = results_of(lambda: Postfix(folder, options.peers), Postfix, options.words, network)
        print_tables(ours, theirs)
        for mount in ('/etc/resolv.conf', '/etc/passwd', '/etc/group'):
            subprocess.run(['umount', mount], check=False)
    return 0


if __name__ == '__main__':
    sys.stdout.flush()
    code = main()
    sys.stdout.flush()
    os._exit(code)  # threads of the hosts
