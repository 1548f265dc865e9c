"""Runs each verifier over files of signed messages. The verdict for (file, selector) is "pass" or the reason of the failure."""
import http.client
import json
import os
import re
import shutil
import subprocess
import time

# No verdict, because the verifier does not know this kind of key.
NOT_KNOWN = 'kind of key not known'

# (verifier, kind of message): failures that no signature could avoid. docs/dkim.md says more.
NO_AUTHOR = 'it looks at no message without exactly one From field with an address'
KNOWN = {
    'opendkim': {'no author': NO_AUTHOR, 'repeated From': NO_AUTHOR,
                 'broken signature of others': 'one signature that it cannot read ends the verification of all'},
    'dkimpy': {'repeated From': 'every From field has to be signed'},
    'rspamd': {'repeated To, Cc, Subject, Message-ID': 'it takes them in another order than RFC 6376 5.4.2', 'repeated From': 'the same'},
}


def lines_of(command, **more):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors='replace', **more)
    return done.stdout.splitlines(), done.stderr.splitlines()


def verdicts(lines):
    """From lines "FILE\\tSELECTOR\\tVERDICT"."""
    found = {}
    for line in lines:
        parts = line.split('\t')
        if len(parts) == 3:
            found.setdefault((os.path.basename(parts[0]), parts[1]), parts[2])
    return found


def dkimpy(corpus, _):
    program = r'''
import dkim, sys
for path in sys.stdin.read().split():
    message = open(path, 'rb').read()
    count = message.split(b'\r\n\r\n')[0].lower().count(b'dkim-signature:')
    for number in range(count):
        selector = [b'r1', b'e1'][number] if number < 2 else b''
        try:
            d = dkim.DKIM(message)
            verdict = 'pass' if d.verify(number) else 'fail'
            selector = d.signature_fields.get(b's', selector)
        except Exception as error:
            verdict = '%s: %s' % (type(error).__name__, error)
        print(path, selector.decode(), verdict.replace('\n', ' '), sep='\t')
'''
    out, err = lines_of(['/usr/bin/python3', '-c', program], input='\n'.join(corpus.signed))
    return verdicts(out) or {('', ''): ' '.join(err[-3:])}


def mail_dkim(corpus, _):
    program = r'''
use strict; use Mail::DKIM::Verifier;
while (my $path = <STDIN>) {
  chomp $path;
  my $verifier = Mail::DKIM::Verifier->new();
  open(my $file, '<:raw', $path) or die; local $/; my $message = <$file>; close $file; $/ = "\n";
  eval { $verifier->PRINT($message); $verifier->CLOSE; };
  for my $signature ($verifier->signatures) {
    my $verdict = $signature->result eq 'pass' ? 'pass' : $signature->result_detail;
    $verdict =~ s/[\t\r\n]+/ /g;
    print $path, "\t", $signature->selector // '', "\t", $verdict, "\n";
  }
}
'''
    out, err = lines_of(['perl', '-e', program], input='\n'.join(corpus.signed) + '\n')
    found = verdicts(out) or {('', ''): ' '.join(err[-3:])}
    return {key: NOT_KNOWN if 'unsupported algorithm ed25519' in verdict else verdict for key, verdict in found.items()}


def mailauth(version):
    program = r'''
const fs = require('fs');
const { dkimVerify } = require('mailauth/lib/dkim/verify');
const records = JSON.parse(fs.readFileSync(process.argv[2]));
const resolver = async name => {
  if (records[name]) return [records[name].match(/.{1,255}/g)];
  throw Object.assign(new Error('no such name'), { code: 'ENOTFOUND' });
};
(async () => {
  for (const path of fs.readFileSync(0, 'utf8').split('\n').filter(Boolean)) {
    const found = await dkimVerify(fs.readFileSync(path), { resolver });
    for (const one of found.results) {
      const s = one.status || {};
      const verdict = s.result === 'pass' ? 'pass' : `${s.result}: ${s.comment || ''}`;
      console.log([path, one.selector || '', verdict.replace(/\s+/g, ' ')].join('\t'));
    }
  }
})();
'''

    def run(corpus, modules):
        folder = os.path.join(modules, f'npm-mailauth@{version}')
        script = os.path.join(corpus.work, f'mailauth-{version}.js')
        with open(script, 'w') as file:
            file.write(program)
        environment = dict(os.environ, NODE_PATH=os.path.abspath(os.path.join(folder, 'node_modules')))
        out, err = lines_of(['node', script, corpus.records], input='\n'.join(corpus.signed), env=environment)
        return verdicts(out) or {('', ''): ' '.join(err[-5:])}
    return run


def opendkim(corpus, _):
    """It has one verdict per message, so each of our signatures is tested alone."""
    conf = os.path.join(corpus.work, 'opendkim.conf')
    with open(conf, 'w') as file:
        file.write('Mode v\nSyslog no\nNameservers 127.0.0.1\nOn-BadSignature accept\n')
    found = {}
    # It ends with the first message that it has no verdict about.
    waiting = sorted(corpus.alone)
    while waiting:
        batch = waiting[:100]
        seen = ask_opendkim(conf, batch, corpus)
        if not seen:
            seen = {batch[0]: 'no verdict'}
        found.update({corpus.alone[path]: verdict for path, verdict in seen.items()})
        waiting = [path for path in waiting if path not in seen]
    return found


def ask_opendkim(conf, paths, corpus):
    out, err = lines_of(['opendkim', '-x', conf, '-t', ','.join(paths)])
    seen = {}
    for line in out + err:
        match = re.match(r'opendkim: (\S+): (.*)', line)
        if match and match[1] in corpus.alone:
            good = re.match(rf'verification \(s={corpus.alone[match[1]][1]},? .*\) succeeded', match[2])
            seen.setdefault(match[1], 'pass' if good else match[2])
    return seen


RSPAMD = '''
options {{ pidfile = "{work}/rspamd.pid"; dns {{ nameserver = ["127.0.0.1:53"]; timeout = 2s; }} filters = ""; url_tld = "/dev/null"; }}
logging {{ type = "file"; filename = "{work}/rspamd.log"; level = "info"; }}
worker "normal" {{ bind_socket = "127.0.0.1:11333"; count = 1; task_timeout = 60s; mime = true; }}
dkim {{ max_sigs = 10; skip_multi = false; }}
options {{ filters = "dkim"; max_message = 50mb; control_socket = "{work}/rspamd.sock mode=0600"; }}
modules {{ path = "{work}/no-modules"; }}
'''


def rspamd(corpus, _):
    conf = os.path.join(corpus.work, 'rspamd.conf')
    with open(conf, 'w') as file:
        file.write(RSPAMD.format(work=corpus.work))
    os.makedirs(os.path.join(corpus.work, 'no-modules'), exist_ok=True)
    daemon = subprocess.Popen(['rspamd', '-c', conf, '-f', '-i'], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    found = {}
    try:
        for path in corpus.signed:
            found.update(ask_rspamd(path))
    finally:
        daemon.terminate()
        daemon.wait(20)
    return found


def ask_rspamd(path, tries=100):
    with open(path, 'rb') as file:
        message = file.read()
    for _ in range(tries):
        try:
            connection = http.client.HTTPConnection('127.0.0.1', 11333, timeout=60)
            connection.request('POST', '/checkv2', message, {'IP': '192.0.2.1'})
            answer = json.loads(connection.getresponse().read())
            break
        except OSError:
            time.sleep(0.2)
    else:
        return {('', ''): 'rspamd does not answer'}
    found = {}
    for symbol, about in answer.get('symbols', {}).items():
        if symbol.startswith('R_DKIM_'):
            for option in about.get('options', []):
                match = re.search(r':s=([\w-]+)', option)
                if match:
                    found[(os.path.basename(path), match[1])] = 'pass' if symbol == 'R_DKIM_ALLOW' else symbol
    return found


EXIM = '''
exim_path = /usr/sbin/exim4
spool_directory = {work}/exim
log_file_path = {work}/exim-%slog
primary_hostname = mx.example
keep_environment =
add_environment = PATH=/usr/bin:/bin
host_lookup =
rfc1413_hosts =
accept_8bitmime = true
message_size_limit = 50M
smtp_accept_max_per_connection = 0
acl_smtp_mail = accept
acl_smtp_rcpt = accept
acl_smtp_dkim = dkim
acl_smtp_data = data
begin acl
dkim:
  accept logwrite = VERDICT $h_x-file: $dkim_selector $dkim_verify_status $dkim_verify_reason
data:
  discard
'''


def exim(corpus, _):
    conf = os.path.join(corpus.work, 'exim.conf')
    for folder in ('exim', 'exim/input'):
        os.makedirs(os.path.join(corpus.work, folder), exist_ok=True)
        shutil.chown(os.path.join(corpus.work, folder), 'Debian-exim')
    with open(conf, 'w') as file:
        file.write(EXIM.format(work=corpus.work))
    found = {}
    for path in corpus.signed:
        with open(path, 'rb') as file:
            message = file.read()
        stuffed = re.sub(rb'(^|\r\n)\.', rb'\1..', message)
        dialogue = b'EHLO client.example\r\nMAIL FROM:<a@example.org>\r\nRCPT TO:<b@mx.example>\r\nDATA\r\n' + stuffed + \
            (b'' if message.endswith(b'\r\n') else b'\r\n') + b'.\r\nQUIT\r\n'
        done = subprocess.run(['exim4', '-C', conf, '-bh', '192.0.2.1'], input=dialogue, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for line in (done.stderr + done.stdout).decode(errors='replace').splitlines():
            match = re.search(r'VERDICT +(\S+) (\S+) ?(.*)', line)
            if match:
                found.setdefault((os.path.basename(path), match[1]), 'pass' if match[2] == 'pass' else f'{match[2]} {match[3]}'.strip())
        if not any(key[0] == os.path.basename(path) for key in found):
            found[(os.path.basename(path), '')] = done.stderr.decode(errors='replace')[-300:]
    return found


ALL = {
    'opendkim': opendkim,
    'dkimpy': dkimpy,
    'rspamd': rspamd,
    'mail-dkim': mail_dkim,
    'exim': exim,
    'mailauth-4.13.3': mailauth('4.13.3'),
    'mailauth-7.1.0': mailauth('7.1.0'),
}
