#!/usr/bin/env python3
"""send: has npm's mailparser and python's email read what mxpress-send composes.

send.py --program PROGRAM --modules FOLDER: FOLDER has npm-mailparser@VERSION/. The message is taken from the drop folder, so that no daemon is needed.
"""
import argparse
import hashlib
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / 'scenarios'))
from odd_files import odd_files, write_files  # noqa: E402
from readers import read_by_python  # noqa: E402

TEXT, SUBJECT, TO = 'Grüße\n.\nFrom me\n', 'Тема 😀 ' * 30 + 'Ende', '"Müller, Jörg" <you@there.example>'


def compose(program, folder, files):
    """The content of the message that the program leaves in its drop folder."""
    drop, config = folder / 'spool' / 'drop', folder / 'mxpress.toml'
    drop.mkdir(parents=True)
    config.write_text(f'[spool]\ndirectory = "{folder}/spool"\n[listen]\nsubmission_socket = "{folder}/nobody"\n')
    command = [program, '-c', config, '--from', 'Бьёрн <me@here.example>', '--to', TO, '--subject', SUBJECT, '--text', '-', '--attach',
               *write_files(folder, files)]
    subprocess.run(command, input=TEXT.encode(), check=True, stdout=subprocess.DEVNULL)
    content = next(drop.iterdir()).read_bytes().partition(b'\r\nDATA\r\n')[2].removesuffix(b'.\r\n')
    return content.replace(b'\r\n..', b'\r\n.')


def read_by_mailparser(modules, content):
    place = next(modules.glob('npm-mailparser@*/node_modules'), None)
    if place is None or shutil.which('node') is None:
        return None
    script = pathlib.Path(__file__).resolve().parent / 'mail_reader.js'
    return json.loads(subprocess.run(['node', script, place.resolve()], input=content, check=True, stdout=subprocess.PIPE).stdout)


def differences(files, found):
    """Names of the files that were not read as they are; `found`: SHA-256 by name."""
    wanted = {name: hashlib.sha256(octets).hexdigest() for name, octets in files.items()}
    return sorted(name for name in wanted.keys() | found.keys() if wanted.get(name) != found.get(name))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--program', required=True)
    parser.add_argument('--modules', required=True, type=pathlib.Path)
    options = parser.parse_args()
    files = odd_files()
    with tempfile.TemporaryDirectory() as folder:
        content = compose(options.program, pathlib.Path(folder), files)
    by_python = {name: hashlib.sha256(octets).hexdigest() for name, octets in read_by_python(content).items()}
    wrong = {'python email': differences(files, by_python)}
    mail = read_by_mailparser(options.modules, content)
    if mail is None:
        print('SKIPPED mailparser: there is no node, or no mailparser')
    else:
        wrong['mailparser'] = differences(files, dict(mail['files']))
        if (mail['subject'], mail['text'].rstrip(), mail['to']) != (SUBJECT, TEXT.rstrip(), TO):
            wrong['mailparser'].append(f'header or text: {mail["subject"]!r} {mail["text"]!r} {mail["to"]!r}')
    for reader, names in wrong.items():
        print(f'{"WRONG" if names else "ok":6}{reader}: {len(files)} files' + ''.join(f'\n      {name!r}' for name in names))
    sys.exit(1 if any(wrong.values()) else 0)


main()
