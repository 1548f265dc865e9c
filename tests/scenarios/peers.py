"""Programs of others, as peers on loopback: unbound, Postfix's smtp-sink and smtp-source."""
import os
import re

from harness import accepts, check, is_root, wait_until
from nsd import ADDRESS


class Unbound:
    """Serves `records` (zone file lines) with authority; everything else below `zone` does not exist."""

    def __init__(self, world, records, address='127.0.0.1', port=None, prefix=(), zone='example.'):
        self.port = port or world.free_port()
        config = world.path('unbound.conf')
        data = '\n'.join(f"  local-data: '{record}'" for record in records)
        config.write_text(f'''server:
  interface: {address}@{self.port}
  port: {self.port}
  do-daemonize: no
  do-ip6: no
  username: ""
  chroot: ""
  directory: "{world.folder}"
  pidfile: ""
  use-syslog: no
  num-threads: 1
  access-control: 0.0.0.0/0 allow
  module-config: "iterator"
  local-zone: "{zone}" static
{data}
remote-control:
  control-enable: no
''')
        program = world.peer('unbound', 'unbound')
        self.process = world.start('unbound', [*prefix, program, '-d', '-c', config], env=world.peer_environment())
        if not prefix:
            wait_until(lambda: accepts(address, self.port), 20, lambda: f'unbound to listen: {self.process.log_text()[-500:]}')


class ValidatingUnbound:
    """Asks NSD about its zones, and validates what is below a trust anchor. Without anchors it passes signatures on, and validates nothing."""

    def __init__(self, world, nsd, anchors, address='127.0.0.1', name='unbound', port=None):
        self.port = port or world.free_port(address)
        config = world.path(f'{name}.conf')
        stubs = ''.join(f'stub-zone:\n  name: "{zone}"\n  stub-addr: {ADDRESS}@{nsd.port}\n' for zone in nsd.zones)
        config.write_text(f'''server:
  interface: {address}@{self.port}
  port: {self.port}
  do-daemonize: no
  do-ip6: no
  do-not-query-localhost: no
  username: ""
  chroot: ""
  directory: "{world.folder}"
  pidfile: ""
  use-syslog: no
  num-threads: 1
  access-control: 0.0.0.0/0 allow
  module-config: "{'validator ' if anchors else ''}iterator"
{"".join(f'  trust-anchor: "{anchor}"{chr(10)}' for anchor in anchors)}{stubs}remote-control:
  control-enable: no
''')
        self.process = world.start(name, [world.peer('unbound', 'unbound'), '-d', '-c', config], env=world.peer_environment())
        wait_until(lambda: accepts(address, self.port), 20, lambda: f'unbound to listen: {self.process.log_text()[-500:]}')


class Sink:
    """smtp-sink: a mail host that takes everything and dumps each transaction into a file."""

    def __init__(self, world, name, address, port, options=(), prefix=(), dump=True):
        self.world, self.name, self.address, self.port = world, name, address, port
        self.options, self.prefix = list(options), list(prefix)
        self.folder = world.make_folder(f'sink-{name}', 0o777)
        self.dump = dump
        self.process = None

    def start(self):
        user = ['-u', 'root'] if is_root() else []
        dump = ['-d', f'{self.folder}/m.'] if self.dump else []
        command = [*self.prefix, self.world.peer('smtp-sink', 'postfix'), *user, '-h', f'{self.name}.example', *dump, *self.options, f'{self.address}:{self.port}', '1024']
        self.process = self.world.start(f'smtp-sink-{self.name}', command, env=self.world.peer_environment())
        if not self.prefix:
            wait_until(lambda: accepts(self.address, self.port), 20, lambda: f'smtp-sink to listen: {self.process.log_text()[-500:]}')
        return self

    def stop(self):
        self.process.kill()

    def messages(self):
        return [Dumped(path) for path in sorted(self.folder.iterdir())]

    def count(self):
        return len(os.listdir(self.folder))


class Dumped:
    """A transaction as smtp-sink wrote it: its own header lines, then the content with line ends of the host."""

    def __init__(self, path):
        self.path = path
        lines = path.read_bytes().split(b'\n')
        self.recipients, self.sender = [], None
        while lines and re.match(rb'X-(Client-Addr|Client-Proto|Helo-Args|Mail-Args|Rcpt-Args): ', lines[0]):
            key, _, value = lines.pop(0).partition(b': ')
            if key == b'X-Mail-Args':
                self.sender = value.decode()
            if key == b'X-Rcpt-Args':
                self.recipients.append(value.decode())
        # smtp-sink's own Received line with its continuations.
        if lines and lines[0].startswith(b'Received: '):
            lines.pop(0)
            while lines and lines[0][:1] in (b'\t', b' '):
                lines.pop(0)
        self.content = b'\n'.join(lines).removesuffix(b'\n')  # the file ends with an empty line that was not sent


def smtp_source(world, port, count, sessions=20, length=4096, sender='me@here.example', recipient='you@there.example', options=()):
    command = [world.peer('smtp-source', 'postfix'), '-4', '-s', sessions, '-m', count, '-l', length, '-N', '-f', sender, '-t', recipient, *options, f'127.0.0.1:{port}']
    return world.run(command, seconds=300, env=world.peer_environment())


def without_prefix(content):
    """Content without the header lines that the relay added in front: Received, and (for submitted mail) missing ones."""
    lines = content.replace(b'\r\n', b'\n').split(b'\n')
    check(lines[0].startswith(b'Received: '), f'the first line is not Received: {lines[0]!r}')
    lines.pop(0)
    while lines and lines[0][:1] in (b'\t', b' '):
        lines.pop(0)
    return b'\n'.join(lines)
