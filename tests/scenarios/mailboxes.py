"""mxpress-deliver with users, homes and a mail folder that nobody else sees: a namespace of mounts of its own."""
import mailbox
import tempfile

from harness import check, daemon_user, wait_until

USERS = {'alice': 64101, 'bob': 64102, 'carol': 64103}


class Mailboxes:
    """`mail_size`, `home_size`: of the file systems below /var/mail and /home. `users`: their uids by name."""

    def __init__(self, world, limit=60, mail_size='64m', home_size='64m', users=USERS):
        self.world, self.limit, self.users, self.starts = world, limit, users, 0
        self.namespace = world.mount_namespace()
        self.folder = world.make_folder('mailboxes')
        self.socket = self.folder / 'deliver.sock'
        lines = ''.join(f'{name}:x:{uid}:{uid}::/home/{name}:/bin/sh\n' for name, uid in users.items())
        (self.folder / 'passwd').write_text(open('/etc/passwd').read() + lines)
        homes = ' '.join(f'&& mkdir -m 700 /home/{name} && chown {uid}:{uid} /home/{name}' for name, uid in users.items())
        # A process that holds the mounts: mxpress-deliver may come and go.
        self.house = world.start('house', [*self.namespace, 'sh', '-c', f'''
            mount --make-rprivate / && mount --bind {self.folder}/passwd /etc/passwd && mount -t tmpfs -o size={mail_size},mode=2775,gid=8 none /var/mail &&
            mount -t tmpfs -o size={home_size},mode=755 none /home {homes} && touch {self.folder}/ready && exec sleep 100000'''])
        wait_until(lambda: (self.folder / 'ready').exists() or not self.house.running(), 20, lambda: f'the mounts: {self.house.log_text()}')
        check(self.house.running(), f'no mounts: {self.house.log_text()}')

    def config(self, deliver=None):
        """The table [local] of the daemon, for which none of the users exists."""
        way = f'deliver = "{deliver}"\n' if deliver else ''
        return f'[local]\n{way}deliver_socket = "{self.socket}"\nunknown_users = "keep"\n'

    def enter(self):
        return ['nsenter', f'--mount=/proc/{self.house.pid}/ns/mnt']

    def start(self):
        self.starts += 1
        program = [self.world.program('mxpress-deliver'), '--socket', self.socket, '--user', daemon_user(), '--limit', self.limit]
        self.process = self.world.start(f'deliver-{self.starts}', [*self.enter(), *program])
        wait_until(lambda: self.listens() or not self.process.running(), 20, lambda: f'mxpress-deliver to listen: {self.process.log_text()}')
        check(self.process.running(), f'mxpress-deliver ended: {self.process.log_text()}')
        return self

    def listens(self):
        return f' {self.socket}\n' in open('/proc/net/unix').read()

    def run(self, *command, user=None, **options):
        """Inside, as a user or as root."""
        become = ['setpriv', f'--reuid={self.users.get(user, user)}', f'--regid={self.users.get(user, user)}', '--clear-groups'] if user else []
        return self.world.run([*self.enter(), *become, *command], **options)

    def shell(self, script, user=None):
        result = self.run('sh', '-c', script, user=user)
        check(result.returncode == 0, f'{script}: {result.stderr.decode()}')
        return result.stdout.decode(errors='replace')

    def octets(self, path):
        return self.run('cat', path).stdout

    def messages(self, user):
        """Of the mbox, as Python reads it as that user."""
        result = self.run('cat', f'/var/mail/{user}', user=user)
        with tempfile.NamedTemporaryFile() as copy:
            copy.write(result.stdout)
            copy.flush()
            return list(mailbox.mbox(copy.name, create=False))

    def children(self):
        tasks = f'/proc/{self.process.pid}/task/{self.process.pid}/children'
        return [int(child) for child in open(tasks).read().split()]
