"""chasquid, aiosmtpd and Haraka for scripts/interop receivers."""
import json
import shutil

from harness import Skip, check
from receiver import Receiver


class Chasquid(Receiver):
    name, title, package, folder = 'chasquid', 'chasquid', 'chasquid', 'chasquid'

    def script(self):
        return f'''
            mkdir -p /etc/chasquid/certs/mail /var/lib/chasquid
            cp {self.certificate} /etc/chasquid/certs/mail/fullchain.pem
            cp {self.key} /etc/chasquid/certs/mail/privkey.pem
            printf '%s\\n' 'hostname: "mail.{self.domains[0]}"' 'smtp_address: "{self.address}:25"' 'monitoring_address: ""' 'data_dir: "/var/lib/chasquid"' \\
              'mail_delivery_agent_bin: "/usr/sbin/keep"' 'mail_log_path: "<stdout>"' >/etc/chasquid/chasquid.conf
            rm -f /etc/chasquid/hooks/post-data
            for domain in {' '.join(self.domains)}; do
              mkdir -p "/etc/chasquid/domains/$domain"
              chasquid-util --configdir=/etc/chasquid user-add "you@$domain" --password=x
            done
            exec chasquid --config_dir=/etc/chasquid
            '''


class Aiosmtpd(Receiver):
    name, title, package, folder = 'aiosmtpd', 'aiosmtpd', 'python3-aiosmtpd', 'aiosmtpd'

    def script(self):
        program = self.world.path('aiosmtpd_host.py')
        program.write_text(AIOSMTPD)
        return f'exec /usr/bin/python3 {program} {self.address} {self.certificate} {self.key} {self.home} {"1.2" if self.only_1_2 else ""}\n'


AIOSMTPD = '''
import asyncio, pathlib, ssl, sys
from aiosmtpd.controller import Controller

address, certificate, key, home = sys.argv[1:5]
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(certificate, key)
if len(sys.argv) > 5:
    context.maximum_version = ssl.TLSVersion.TLSv1_2
folder = pathlib.Path(home) / 'new'


class Keep:
    async def handle_DATA(self, server, session, envelope):
        part = folder.parent / 'part'
        part.write_bytes(envelope.original_content)
        part.rename(folder / str(len(list(folder.iterdir()))))
        return '250 taken'


Controller(Keep(), hostname=address, port=25, tls_context=context, enable_SMTPUTF8=True).start()
asyncio.new_event_loop().run_forever()
'''


class Haraka(Receiver):
    name, title, folder = 'haraka', 'Haraka', 'haraka'

    def __init__(self, peers, only_1_2=False):
        super().__init__(peers, only_1_2)
        found = sorted(self.peers.glob('npm-Haraka@*/node_modules/Haraka'))
        self.module = found[-1] if found else None

    def version(self):
        return json.loads((self.module / 'package.json').read_text())['version'] if self.module else ''

    def start(self, scene):
        if not self.module or not shutil.which('node'):
            raise Skip('Haraka is not here: run scripts/setup --receivers, with npm')
        (self.root / 'usr').mkdir(parents=True, exist_ok=True)
        super().start(scene)

    def script(self):
        folder, new = self.world.path('haraka'), self.world.make_folder('home/new')
        node = shutil.which('node')
        made = self.world.run([node, self.module / 'bin/haraka', '-i', folder])
        check(made.returncode == 0, f'haraka -i: {made.stderr.decode()[-500:]}')
        for name, text in {'smtp.ini': f'listen={self.address}:25\nnodes=0\n', 'plugins': 'tls\nrcpt_to.in_host_list\nkeep\n', 'me': f'mail.{self.domains[0]}\n',
                           'host_list': '\n'.join(self.domains) + '\n',
                           'tls.ini': f'key={self.key}\ncert={self.certificate}\n' + ('secureProtocol=TLSv1_2_method\n' if self.only_1_2 else '')}.items():
            (folder / 'config' / name).write_text(text)
        (folder / 'plugins/keep.js').write_text(KEEP.replace('NEW', str(new)))
        return f'exec {node} {self.module}/bin/haraka -c {folder}\n'


KEEP = '''
const fs = require('node:fs');
let count = 0;
exports.hook_queue = function (next, connection) {
  const number = ++count;
  const file = fs.createWriteStream(`NEW/../${number}`);
  file.on('close', () => { fs.renameSync(`NEW/../${number}`, `NEW/${number}`); next(OK); });
  connection.transaction.message_stream.pipe(file);
};
'''
