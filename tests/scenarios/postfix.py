"""A real Postfix as receiving mail host: unpacked, never installed; runs in a mount namespace in which its users exist."""
import os

from harness import Skip, accepts, check, wait_until


class Postfix:
    def __init__(self, world, address, port, domain, main=''):
        namespace = world.mount_namespace()
        world.peer('smtp-sink', 'postfix')
        root = world.peers / 'root'
        if not (root / 'usr/lib/postfix/sbin/master').exists():
            raise Skip('Postfix is not unpacked here: run scripts/setup')
        self.folder = world.make_folder('postfix')
        self.maildir = world.make_folder('postfix/mail', 0o777)
        etc = world.make_folder('postfix/etc')
        for name, lines in (('passwd', 'postfix:x:64990:64990::/:/bin/false\n'), ('group', 'postfix:x:64990:\npostdrop:x:64991:\n')):
            (etc / name).write_text(open(f'/etc/{name}').read() + lines)
        (etc / 'main.cf').write_text(without_repeats(MAIN.format(root=root, folder=self.folder, domain=domain) + main))
        (etc / 'master.cf').write_text(MASTER.format(address=address, port=port))
        self.make_queue(world)
        script = (f'mount --make-rprivate / && mount --bind {etc}/passwd /etc/passwd && mount --bind {etc}/group /etc/group && '
                  f'exec {root}/usr/lib/postfix/sbin/master -s -c {etc}')
        self.process = world.start('postfix', [*namespace, 'sh', '-c', script], env={**world.peer_environment(), 'MAIL_CONFIG': str(etc)})
        wait_until(lambda: accepts(address, port) or not self.process.running(), 20, lambda: f'Postfix to listen: {self.log()}')
        check(self.process.running(), f'Postfix ended: {self.log()}')

    def make_queue(self, world):
        os.chmod(world.make_folder('postfix/data'), 0o700)
        os.chown(self.folder / 'data', 64990, 64990)
        for name in ('active', 'bounce', 'corrupt', 'defer', 'deferred', 'flush', 'hold', 'incoming', 'private', 'saved', 'trace', 'public', 'maildrop'):
            os.chmod(world.make_folder(f'postfix/queue/{name}'), 0o730 if name in ('public', 'maildrop') else 0o700)
            os.chown(self.folder / 'queue' / name, 64990, 64991 if name in ('public', 'maildrop') else 0)
        world.make_folder('postfix/queue/pid')

    def log(self):
        path = self.folder / 'log'
        return (path.read_text(errors='replace') if path.exists() else '') + self.process.log_text()

    def messages(self):
        return [path.read_bytes() for path in sorted(self.maildir.glob('*/new/*'))]


def without_repeats(main):
    """Each parameter once, the last value. Each process of Postfix warns of a repeated one through postlogd, which warns itself, too, and then
    may wait for itself."""
    values = {}
    for line in main.splitlines():
        name, is_parameter, value = line.partition('=')
        if is_parameter:
            values[name.strip()] = value.strip()
    return ''.join(f'{name} = {value}\n' for name, value in values.items())


# Of a Postfix that is unpacked below {root} and keeps its files in {folder}.
UNPACKED = '''
compatibility_level = 3.7
command_directory = {root}/usr/sbin
daemon_directory = {root}/usr/lib/postfix/sbin
shlib_directory = {root}/usr/lib/postfix
meta_directory = {root}/etc/postfix
queue_directory = {folder}/queue
data_directory = {folder}/data
mail_owner = postfix
setgid_group = postdrop
default_privs = nobody
'''

MAIN = UNPACKED + '''
import_environment = MAIL_CONFIG MAIL_DEBUG MAIL_LOGTAG TZ LANG=C LD_LIBRARY_PATH
maillog_file = /dev/stdout
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = mail.{domain}
mydestination =
local_recipient_maps =
local_transport = error:none
alias_maps =
alias_database =
mynetworks = 192.0.2.255
smtpd_recipient_restrictions = reject_unauth_destination
virtual_mailbox_domains = {domain}
virtual_mailbox_maps = static:box/
virtual_mailbox_base = {folder}/mail
virtual_minimum_uid = 100
virtual_uid_maps = static:64990
virtual_gid_maps = static:64990
smtpd_peername_lookup = no

'''

MASTER = '''
{address}:{port} inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
proxymap unix - - n - - proxymap
error unix - - n - - error
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
tlsmgr unix - - n 1000? 1 tlsmgr
postlog unix-dgram n - n - 1 postlogd
'''
