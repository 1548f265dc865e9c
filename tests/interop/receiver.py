"""The base of the mail hosts for scripts/interop receivers: each is unpacked, never installed, and runs in a mount namespace of its own in which its
packages lie over /usr, /etc and /var. They deliver to the user `you`."""
import gzip
import os
import pathlib
import re
import shutil
import signal
import textwrap

from harness import Skip, accepts, check, wait_until

YOU = 64980
# Accounts that the packages make when they are installed, all with a group of the same name and number.
ACCOUNTS = {'you': YOU, 'Debian-exim': 64981, 'opensmtpd': 64982, 'opensmtpq': 64983, 'smmta': 64984, 'smmsp': 64985, 'courier': 64986, 'chasquid': 64987}
# $1: the unpacked packages. $2: a folder for the layers. $3: the home of `you`.
LAY_OVER = r'''
[ ! -d "$1/lib" ] || { mkdir -p "$1/usr/lib" && cp -a "$1/lib/." "$1/usr/lib"; }
mount -t tmpfs none "$2"
for folder in usr etc var; do
  mkdir -p "$2/$folder/upper" "$2/$folder/work" "$1/$folder"
  mount -t overlay none -o "lowerdir=$1/$folder:/$folder,upperdir=$2/$folder/upper,workdir=$2/$folder/work" "/$folder"
done
mount -t tmpfs -o mode=755 none /run
rm -f /etc/resolv.conf
echo nameserver 127.0.0.1 >/etc/resolv.conf
ldconfig
'''

# A program for local delivery: writes a message into the folder `new` of the home, by a name that is complete when it appears.
KEEP = r'''
printf '#!/bin/sh\nfile=$(mktemp -p "%s") && cat >"$file" && exec mv "$file" "%s/new"\n' "$3" "$3" >/usr/sbin/keep
chmod 755 /usr/sbin/keep
mkdir -p "$3/new"
chown you:you "$3/new"
'''


class Receiver:
    """A mail host. `folder`: of its packages below build/peers/receivers."""

    name = title = package = folder = ''
    failure_of_tls = ''  # of a host whose TLS does not work

    def __init__(self, peers, only_1_2=False):
        self.peers, self.only_1_2, self.process = pathlib.Path(peers).resolve(), only_1_2, None
        self.root = self.peers / 'receivers' / self.folder

    def version(self):
        """Of the Debian package's source; empty if it is not unpacked."""
        path = self.root / f'usr/share/doc/{self.package}/changelog.Debian.gz'
        if not path.exists():
            return ''
        with gzip.open(path) as file:
            return re.search(rb'\(([^)]*)\)', file.readline()).group(1).decode()

    def start(self, scene):
        if not (self.root / 'usr').exists():
            missing = self.peers / f'receivers/{self.folder}-{self.package}.missing'
            raise Skip(missing.read_text().strip() if missing.exists() else f'{self.package} is not unpacked here: run scripts/setup --receivers')
        self.world, self.address, self.domains = scene.world, scene.address, scene.domains
        self.home = self.world.make_folder('home')
        self.certificate, self.key = self.world.path('host.pem'), self.world.path('host-key.pem')
        shutil.copy(scene.certificate.file, self.certificate)
        shutil.copy(scene.certificate.key, self.key)
        self.key.chmod(0o644)  # only this run's
        os.chown(self.home, YOU, YOU)
        script = self.world.path('start.sh')
        accounts = ''.join(f'echo {name}:x:{number}:{number}::{self.home if name == "you" else "/nonexistent"}:/bin/sh >>/etc/passwd\n'
                           f'echo {name}:x:{number}: >>/etc/group\n' for name, number in ACCOUNTS.items())
        host = f'hostname mail.{self.domains[0]}\necho {self.address} mail.{self.domains[0]} >>/etc/hosts\n'
        script.write_text(LAY_OVER + host + accounts + KEEP + self.settings_for_tls() + textwrap.dedent(self.script()))
        layers = self.world.make_folder('layers')
        command = ['unshare', '--mount', '--uts', '--propagation', 'private', 'bash', '-e', script, self.root, layers, self.home]
        self.process = self.world.start(self.name, command, start_new_session=True)
        self.wait_for_port()

    def wait_for_port(self):
        wait_until(lambda: accepts(self.address, 25) or not self.process.running(), 40, lambda: f'{self.title} to listen: {self.log()[-1500:]}')
        check(self.process.running(), f'{self.title} ended: {self.log()[-1500:]}')

    def settings_for_tls(self):
        """TLS 1.2 only, for programs that follow what the system says of OpenSSL and GnuTLS."""
        if not self.only_1_2:
            return ''
        return textwrap.dedent('''
            printf '%s\\n' 'openssl_conf = init' '[init]' 'ssl_conf = ssl' '[ssl]' 'system_default = all' '[all]' 'MaxProtocol = TLSv1.2' >/etc/ssl/openssl.cnf
            mkdir -p /etc/gnutls
            printf '%s\\n' '[overrides]' 'disabled-version = tls1.3' >/etc/gnutls/config
            ''')

    def script(self):
        """Ends with exec of the program in the foreground."""
        raise NotImplementedError

    def stored(self):
        return [path.read_bytes() for path in sorted(self.home.glob('**/new/*'))]

    def log(self):
        texts = [path.read_text(errors='replace') for path in self.world.folder.glob('log/*')] if self.process else []
        return ''.join([self.process.log_text(), *texts]) if self.process else ''

    def stop(self):
        if self.process:
            try:
                os.killpg(self.process.pid, signal.SIGKILL)  # its children too
            except ProcessLookupError:
                pass
