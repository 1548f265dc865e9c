"""NSD, a name server of others, with zones that a scenario changes as an administrator does."""
import socket

from harness import accepts, check_equal, is_root, wait_until

ADDRESS = '127.0.0.53'


def port_for(world):
    """53 if it is free: then mxpress asks NSD as the zone's own server. Else any, and NSD is only the configured server."""
    if is_root():
        with socket.socket() as tcp, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
            try:
                tcp.bind((ADDRESS, 53))
                udp.bind((ADDRESS, 53))
                return 53
            except OSError:
                pass
    return world.free_port(ADDRESS)


def file_of(zone):
    return f'{"root" if zone == "." else zone}.zone'


class Nsd:
    """`zones`: name to lines of a zone file, without SOA and NS."""

    def __init__(self, world, zones):
        self.world, self.zones = world, {name: list(lines) for name, lines in zones.items()}
        self.port, self.serial = port_for(world), 0
        folder = world.make_folder('nsd')
        config = world.path('nsd.conf')
        config.write_text(f'''server:
  ip-address: {ADDRESS}@{self.port}
  username: ""
  chroot: ""
  zonesdir: "{folder}"
  zonelistfile: "{folder}/zone.list"
  xfrdfile: "{folder}/xfrd.state"
  database: ""
  pidfile: ""
  server-count: 1
  verbosity: 1
remote-control:
  control-enable: no
''' + ''.join(f'zone:\n  name: "{name}"\n  zonefile: {file_of(name)}\n' for name in zones))
        self.folder = folder
        self.write()
        self.process = world.start('nsd', [world.peer('nsd', 'nsd'), '-d', '-c', config], env=world.peer_environment())
        wait_until(lambda: accepts(ADDRESS, self.port), 20, lambda: f'nsd to listen: {self.process.log_text()[-500:]}')

    def write(self):
        self.serial += 1
        for name, lines in self.zones.items():
            head = [f'$ORIGIN {name.removesuffix(".")}.', '$TTL 60', f'@ IN SOA ns.here.example. root.here.example. {self.serial} 3600 600 86400 60', '@ IN NS ns.here.example.']
            (self.folder / file_of(name)).write_text('\n'.join([*head, *lines, '']))

    def restart(self):
        self.write()
        self.process.stop()
        name = f'nsd-{self.serial}'
        self.process = self.world.start(name, self.process.popen.args, env=self.world.peer_environment())
        wait_until(lambda: accepts(ADDRESS, self.port), 20, lambda: f'nsd to listen: {self.process.log_text()[-500:]}')

    def publish(self, name, kind, value):
        """Adds a record to the zone that its name is in."""
        zone = next(zone for zone in self.zones if name == zone or name.endswith('.' + zone))
        self.zones[zone].append(f'{name}. IN {kind} {value}')
        self.restart()

    def withdraw(self, name):
        for lines in self.zones.values():
            lines[:] = [line for line in lines if not line.startswith(name + '. ')]
        self.restart()


class SignedNsd(Nsd):
    """The same; the zones named in `signed` are signed by ldns-signzone. `forge(zone, text)` may change a zone behind its signer's back.
    `validity`: options of ldns-signzone. `rsa`: zones whose key is of RSA-2048 instead of P-256."""

    def __init__(self, world, zones, signed, forge=lambda zone, text: text, validity=(), rsa=()):
        self.forge, self.validity, self.rsa, self.world = forge, list(validity), rsa, world
        self.keys = {zone: self.make_key(zone) for zone in signed}
        self.other_keys = {}  # of zones that have several for a while
        super().__init__(world, zones)

    def make_key(self, zone):
        folder = self.world.make_folder(f'key-{len(list(self.world.folder.glob("key-*")))}-{file_of(zone)}')
        algorithm = ['RSASHA256', '-b', '2048'] if zone in self.rsa else ['ECDSAP256SHA256']
        made = self.world.run([self.world.peer('ldns-keygen', 'ldnsutils'), '-a', *algorithm, '-k', '-r', '/dev/urandom', zone], cwd=folder,
                              env=self.world.peer_environment())
        check_equal(made.returncode, 0, f'ldns-keygen ({made.stderr.decode()})')
        return folder / made.stdout.decode().strip()

    def write(self):
        super().write()
        for zone, key in self.keys.items():
            file = self.folder / file_of(zone)
            signed = self.world.run([self.world.peer('ldns-signzone', 'ldnsutils'), '-n', *self.validity, '-f', file, file, key, *self.other_keys.get(zone, [])],
                                    env=self.world.peer_environment())
            check_equal(signed.returncode, 0, f'ldns-signzone ({signed.stderr.decode()})')
            file.write_text(self.forge(zone, file.read_text()))

    def anchor(self, zone):
        """Its DS record."""
        key = self.keys[zone]
        return key.with_name(key.name + '.ds').read_text().strip()


class SignedRoot(SignedNsd):
    """A signed root of its own above the zones; those in `signed` are below it by DS records."""

    def __init__(self, world, zones, signed, **options):
        self.below = list(zones)
        super().__init__(world, {'.': [], **zones}, ['.', *signed], **options)

    def write(self):
        self.zones['.'] = [f'ns.here.example. IN A {ADDRESS}', *(f'{zone}. IN NS ns.here.example.' for zone in self.below),
                           *(self.anchor(zone) for zone in self.keys if zone != '.')]
        super().write()

    def anchor_file(self):
        file = self.world.path('root.key')
        file.write_text(self.anchor('.') + '\n')
        file.chmod(0o644)
        return file

    def hints_file(self, address=ADDRESS):
        """How to find the root."""
        file = self.world.path(f'root-{address}.hints')
        file.write_text(f'. 3600 IN NS ns.here.example.\nns.here.example. 3600 IN A {address}\n')
        file.chmod(0o644)
        return file
