#!/usr/bin/env python3
"""Signs the corpus with dkim-tool, verifies it with other programs, and prints a table. Run by scripts/interop dkim."""
import argparse
import collections
import json
import os
import re
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

import dkim_corpus
import dkim_verifiers

DOMAINS = ['example.org', 'host.example.net', 'bücher.example']
OWN = 'host.example.net'


def serve_dns(records):
    """A name server on 127.0.0.1:53 that knows only TXT records of these names."""
    known = {name.lower(): text.encode() for name, text in records.items()}

    def answer(query, most):
        end = 12
        labels = []
        while query[end]:
            labels.append(query[end + 1:end + 1 + query[end]].decode(errors='replace').lower())
            end += 1 + query[end]
        question = query[12:end + 5]
        kind = struct.unpack('>H', query[end + 1:end + 3])[0]
        text = known.get('.'.join(labels)) if kind == 16 else None
        data = b''
        if text:
            strings = b''.join(bytes([len(text[i:i + 255])]) + text[i:i + 255] for i in range(0, len(text), 255))
            data = b'\xc0\x0c' + struct.pack('>HHIH', 16, 1, 60, len(strings)) + strings
        if len(data) + 12 + len(question) > most:
            return query[:2] + struct.pack('>HHHHH', 0x8780, 1, 0, 0, 0) + question
        return query[:2] + struct.pack('>HHHHH', 0x8580 if '.'.join(labels) in known else 0x8583, 1, 1 if data else 0, 0, 0) + question + data

    def datagrams():
        while True:
            query, peer = udp.recvfrom(4096)
            has_edns = struct.unpack('>H', query[10:12])[0] > 0
            udp.sendto(answer(query, 1232 if has_edns else 512), peer)

    def talk(client):
        with client:
            while len(head := client.recv(2, socket.MSG_WAITALL)) == 2:
                reply = answer(client.recv(struct.unpack('>H', head)[0], socket.MSG_WAITALL), 65535)
                client.sendall(struct.pack('>H', len(reply)) + reply)

    def streams():
        while True:
            threading.Thread(target=talk, args=(tcp.accept()[0],), daemon=True).start()

    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.bind(('127.0.0.1', 53))
    tcp = socket.create_server(('127.0.0.1', 53))
    for work in (datagrams, streams):
        threading.Thread(target=work, daemon=True).start()


CHANGED = 'changed on the way'


def changes(message):
    """Messages that no verifier may accept."""
    yield message.replace(b'this is', b'this was')
    yield message.replace(b'Subject: A message', b'Subject: A massage')
    yield b'Subject: Another message\r\n' + message
    yield message.replace(b'bob@example.net', b'bob@example.net, carl@example.net')
    yield message + b'One more line.\r\n'


class Corpus:
    """The signed messages, in files."""

    def __init__(self, tool, work):
        self.work = work
        self.records = os.path.join(work, 'records.json')
        folders = {name: os.path.join(work, name) for name in ('keys', 'in', 'out', 'alone')}
        for folder in folders.values():
            os.makedirs(folder, exist_ok=True)
        lines = subprocess.run([tool, 'keys', folders['keys'], *DOMAINS], check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()
        self.zone = dict(line.split(' ', 1) for line in lines)
        with open(self.records, 'w') as file:
            json.dump(self.zone, file)
        self.kinds = {}
        for name, kind, message in dkim_corpus.messages():
            self.kinds[name] = kind
            with open(os.path.join(folders['in'], name), 'wb') as file:
                file.write(message)
        begin = time.monotonic()
        subprocess.run([tool, 'sign', folders['keys'], OWN, folders['in'], folders['out']], check=True)
        self.seconds = time.monotonic() - begin
        self.change(folders['out'], min(name for name, kind in self.kinds.items() if kind == 'plain' and '8bit' in name))
        self.names = sorted(self.kinds)
        self.signed = [os.path.join(folders['out'], name) for name in self.names]
        self.expected = []
        self.alone = {}
        for name, path in zip(self.names, self.signed):
            self.split(name, path, folders['alone'])

    def change(self, folder, name):
        with open(os.path.join(folder, name), 'rb') as file:
            message = file.read()
        for number, changed in enumerate(changes(message)):
            self.kinds[f'changed{number}.eml'] = CHANGED
            with open(os.path.join(folder, f'changed{number}.eml'), 'wb') as file:
                file.write(changed)

    # Puts each of our signatures alone in front of the message.
    def split(self, name, path, folder):
        with open(path, 'rb') as file:
            message = file.read()
        ours = []
        before, message = message[:message.index(b'DKIM-Signature')], message[message.index(b'DKIM-Signature'):]
        while (match := re.match(rb'DKIM-Signature: v=1; a=(?:rsa|ed25519)-sha256; c=.*?\r\n(?![ \t])', message, re.S)) and len(ours) < 2:
            ours.append(match[0])
            message = message[match.end():]
        for field in ours:
            selector = re.search(rb's=(\w+);', field)[1].decode()
            self.expected.append((name, selector))
            alone = os.path.join(folder, f'{name}.{selector}')
            with open(alone, 'wb') as file:
                file.write(field + before + message)
            self.alone[alone] = (name, selector)


def report(corpus, verifier, found, seconds):
    kinds = {'RSA': collections.Counter(), 'Ed25519': collections.Counter()}
    failures = []
    for name, selector in corpus.expected:
        verdict = found.get((name, selector), 'no verdict')
        if corpus.kinds[name] == CHANGED and verdict != dkim_verifiers.NOT_KNOWN:
            verdict = 'pass' if verdict not in ('pass', 'no verdict') else 'passed although it was changed'
        is_known = verdict == dkim_verifiers.NOT_KNOWN or corpus.kinds[name] in dkim_verifiers.KNOWN.get(verifier, {})
        word = 'pass' if verdict == 'pass' else 'known' if is_known else 'fail'
        kinds['Ed25519' if selector == 'e1' else 'RSA'][word] += 1
        if word == 'fail':
            failures.append((corpus.kinds[name], name, selector, verdict))
    cells = [f'{count["pass"]} of {sum(count.values())}' + (f', {count["known"]} known' if count['known'] else '') for count in kinds.values()]
    print(f'| {verifier} | {cells[0]} | {cells[1]} | {seconds:.0f} s |', flush=True)
    return failures


# Prints one line for all messages of a kind with the same verdict of a verifier.
def print_failures(verifier, failures):
    alike = collections.defaultdict(list)
    for kind, name, selector, verdict in failures:
        alike[kind, verdict[:70]].append(f'{name}:{selector}')
    for (kind, verdict), names in sorted(alike.items()):
        print(f'{verifier}: {kind}: {verdict}: {len(names)}: ' + ' '.join(names[:6]))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--tool', required=True)
    parser.add_argument('--modules', required=True)
    parser.add_argument('--keep')
    parser.add_argument('names', nargs='*')
    options = parser.parse_args()
    work = options.keep or tempfile.mkdtemp(prefix='mxpress-dkim-')
    os.chmod(work, 0o755)  # some verifiers give up root
    corpus = Corpus(os.path.abspath(options.tool), work)
    serve_dns(corpus.zone)
    print(f'{len(corpus.names)} messages, {len(corpus.expected)} signatures, made in {corpus.seconds:.1f} s')
    print('| verifier | RSA | Ed25519 | time |\n|---|---|---|---|')
    failures = {}
    for name in options.names or dkim_verifiers.ALL:
        begin = time.monotonic()
        found = dkim_verifiers.ALL[name](corpus, options.modules)
        failures[name] = report(corpus, name, found, time.monotonic() - begin)
        if ('', '') in found:
            print(f'  {found[("", "")]}')
    for name, some in failures.items():
        print_failures(name, some)
    sys.exit(1 if any(failures.values()) else 0)


if __name__ == '__main__':
    main()
