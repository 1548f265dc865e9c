"""A machine of its own: a name, users, a spool and files in /etc that nobody else sees, and unpacked packages as if they were installed."""
import shutil

from harness import Failure, Skip, wait_until

USERS = '''alice:x:64987:64987:Alice Example,,,:/var/lib/alice:/bin/sh
mxpress:x:64989:64989::/nonexistent:/usr/sbin/nologin
postfix:x:64990:64990::/var/spool/postfix:/usr/sbin/nologin
Debian-exim:x:64988:64988::/var/spool/exim4:/usr/sbin/nologin
'''
GROUPS = 'alice:x:64987:\nmxpress:x:64989:\npostfix:x:64990:\npostdrop:x:64991:\nDebian-exim:x:64988:\n'

# The layers are in memory. On Debian the files that a package has in /lib are in /usr/lib.
SCRIPT = '''
mount --make-rprivate /
hostname {host}
mount -t tmpfs none {layers}
mkdir {layers}/lib
[ ! -d {root}/lib ] || cp -a {root}/lib {layers}/lib/lib
mkdir -p {layers}/lib/lib
for folder in usr etc var; do
  mkdir -p {layers}/$folder/upper {layers}/$folder/work {layers}/empty
  lower={root}/$folder
  [ -d $lower ] || lower={layers}/empty
  mount -t overlay none -o lowerdir=$lower:/$folder,upperdir={layers}/$folder/upper,workdir={layers}/$folder/work /$folder
done
mount -t tmpfs none /run
cp -a {files}/. /etc/
install -d -o alice -g alice /var/lib/alice
{prepare}
exec sleep infinity
'''


class Machine:
    """`packages`: the folder with unpacked packages, or None. `files`: a folder that is laid over /etc. `prepare`: shell lines, as root."""

    def __init__(self, world, name, host, packages=None, files=None, prepare=''):
        self.world, self.name = world, name
        namespace = world.mount_namespace()
        layers, self.etc = world.make_folder(f'{name}-layers'), world.make_folder(f'{name}-etc')
        if files:
            shutil.copytree(files, self.etc, dirs_exist_ok=True)
        for file, lines in (('passwd', USERS), ('group', GROUPS)):
            (self.etc / file).write_text(open(f'/etc/{file}').read() + lines)
        (self.etc / 'hosts').write_text(f'127.0.0.1 localhost\n127.0.1.1 {host} {host.split(".")[0]}\n')
        (self.etc / 'resolv.conf').write_text('nameserver 192.0.2.53\n')
        ready = world.path(f'{name}-ready')
        ready.unlink(missing_ok=True)
        script = 'set -e\n' + SCRIPT.format(host=host, layers=layers, root=packages or '/nonexistent', files=self.etc, prepare=prepare + f'\ntouch {ready}')
        self.process = world.start(name, [*namespace, '--uts', 'sh', '-c', script])
        wait_until(lambda: ready.exists() or not self.process.running(), 20, lambda: f'{name}: {self.process.log_text()[-800:]}')
        if not self.process.running():
            raise Failure(f'{name} has no machine: {self.process.log_text()[-800:]}')

    def prefix(self, user='root'):
        return ['nsenter', '-t', str(self.process.pid), '-m', '-u', *([] if user == 'root' else ['runuser', '-u', user, '--'])]

    def start(self, name, command, user='root'):
        return self.world.start(f'{self.name}-{name}', [*self.prefix(user), *command])

    def run(self, command, input=b'', user='root', **options):
        """The environment has no USER and no LOGNAME, as cron's."""
        environment = {'HOME': f'/var/lib/{user}', 'PATH': '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', 'LANG': 'C.UTF-8'}
        return self.world.run([*self.prefix(user), *command], input, env=environment, **options)
