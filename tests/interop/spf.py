#!/usr/bin/env python3
"""Runs the public SPF test suite (rfc7208-tests.yml of openspf) against spf-tool. Run by scripts/interop spf.

A case passes if the result is one of those that it allows, and the explanation is the one that it names. "DEFAULT" there means that the
domain publishes none."""
import argparse
import pathlib
import subprocess
import sys
import urllib.parse

import yaml

TYPES = ['A', 'AAAA', 'MX', 'TXT', 'PTR', 'CNAME']


def field(value):
    return urllib.parse.quote_from_bytes(str(value).encode('latin-1'), safe="!\"#$&'()*+,/:;<=>?@[]^`{|}\\")


def lines_of_name(name, entries):
    """The suite's conventions: an SPF record stands for a TXT record unless the name has one; TXT NONE means that it has none;
    TIMEOUT makes questions fail that no record of the name answers."""
    records = [next(iter(entry.items())) for entry in entries if isinstance(entry, dict)]
    has_text = any(kind == 'TXT' for kind, _ in records)
    answered = set()
    for kind, value in records:
        if kind == 'SPF':
            kind = None if has_text else 'TXT'
        if kind is None or value == 'NONE':
            continue
        answered.add(kind)
        if kind == 'TXT' and isinstance(value, list):
            value = ''.join(value)
        yield ['record', name, kind, *(value if isinstance(value, list) else [value])]
    if 'TIMEOUT' in entries:
        for kind in TYPES:
            if kind not in answered:
                yield ['fail', name, kind]


class Tool:
    def __init__(self, path):
        self.process = subprocess.Popen([path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def tell(self, fields):
        self.process.stdin.write('\t'.join(map(field, fields)) + '\n')

    def check(self, case):
        self.tell(['check', case['host'], case['helo'], case['mailfrom']])
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            sys.exit('spf: spf-tool has ended')
        return [urllib.parse.unquote(text) for text in line.rstrip('\n').split('\t')]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--tool', required=True)
    parser.add_argument('folder', type=pathlib.Path)
    options = parser.parse_args()
    tool = Tool(options.tool)
    passed = failed = 0
    for scenario in yaml.safe_load_all((options.folder / 'rfc7208-tests.yml').read_text(encoding='utf-8')):
        if not scenario:
            continue
        tool.tell(['clear'])
        for name, entries in scenario['zonedata'].items():
            for line in lines_of_name(name, entries):
                tool.tell(line)
        for name, case in scenario['tests'].items():
            result, explanation, problem = tool.check(case)
            allowed = case['result'] if isinstance(case['result'], list) else [case['result']]
            wanted = case.get('explanation')
            is_right = result in allowed and (wanted is None or explanation == ('' if wanted == 'DEFAULT' else wanted))
            passed += is_right
            failed += not is_right
            if not is_right:
                print(f'{scenario["description"]}: {name}: {result} "{explanation}" ({problem}), not {" or ".join(allowed)} "{wanted or ""}"')
    print(f'{passed} cases pass, {failed} fail')
    sys.exit(1 if failed or not passed else 0)


if __name__ == '__main__':
    main()
