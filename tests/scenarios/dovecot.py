"""A real Dovecot that only checks passwords or access tokens, for a Postfix beside it: unpacked, never installed."""
import os

from harness import Skip, check, unix_accepts, wait_until


class Dovecot:
    """`users`: by name, the password. `mechanisms`: in Dovecot's form. `introspection`: the server that checks access tokens, by RFC 7662."""

    def __init__(self, world, users, mechanisms, introspection=None):
        self.prepare(world, 'auth')
        self.set_users(users)
        if introspection:
            (self.folder / 'oauth2').write_text(f'introspection_mode = post\nintrospection_url = {introspection}\nusername_attribute = username\n'
                                                'active_attribute = active\nactive_value = true\n')
        self.launch(CONFIG.format(folder=self.folder, root=self.root, mechanisms=mechanisms) + (TOKENS.format(folder=self.folder) if introspection else ''))

    def prepare(self, world, socket):
        """Its folder, and the users that it runs as."""
        self.world, self.namespace, self.root = world, world.mount_namespace(), world.peers / 'root'
        if not (self.root / 'usr/sbin/dovecot').exists():
            raise Skip('Dovecot is not unpacked here: run scripts/setup')
        self.folder = world.make_folder('dovecot')
        self.socket, self.users = self.folder / socket, self.folder / 'users'
        for name, lines in (('passwd', 'dovecot:x:64992:64992::/:/bin/false\ndovenull:x:64993:64993::/:/bin/false\n'),
                            ('group', 'dovecot:x:64992:\ndovenull:x:64993:\n')):
            (self.folder / name).write_text(open(f'/etc/{name}').read() + lines)

    def launch(self, text, mounts=''):
        world, root, config = self.world, self.root, self.folder / 'dovecot.conf'
        config.write_text(text)
        # dovecot looks for doveconf where the package has it; so doveconf starts it.
        script = (f'mount --make-rprivate / && mount --bind {self.folder}/passwd /etc/passwd && mount --bind {self.folder}/group /etc/group && {mounts}'
                  f'exec {root}/usr/bin/doveconf -f service=master -c {config} -m master -e {root}/usr/sbin/dovecot -F -c {config}')
        environment = world.peer_environment()
        environment['LD_LIBRARY_PATH'] = f'{root}/usr/lib/dovecot:{root}/usr/lib/dovecot/modules:{root}/usr/lib/dovecot/modules/old-stats:' + environment['LD_LIBRARY_PATH']
        self.process = world.start('dovecot', [*self.namespace, 'sh', '-c', script], env=environment)
        wait_until(lambda: unix_accepts(self.socket) or not self.process.running(), 20, lambda: f'Dovecot to listen: {self.process.log_text()[-800:]}')
        check(self.process.running(), f'Dovecot ended: {self.process.log_text()[-800:]}')

    def set_users(self, users):
        """Dovecot reads the file again when it has changed."""
        self.users.write_text(''.join(f'{name}:{{PLAIN}}{password}::::::\n' for name, password in users.items()))
        self.users.chmod(0o644)


class DovecotLmtp(Dovecot):
    """Takes mail for `users` by LMTP at a Unix socket, each with a quota in octets."""

    def __init__(self, world, users):
        self.prepare(world, 'lmtp')
        if not (self.root / 'usr/lib/dovecot/lmtp').exists():
            raise Skip('the package dovecot-lmtpd is not unpacked here: run scripts/setup')
        self.mail = world.make_folder('dovecot/mail')
        os.chown(self.mail, 64990, 64990)
        self.users.write_text(''.join(f'{name}:{{PLAIN}}x:64990:64990::{self.mail}/{name}::userdb_quota_rule=*:bytes={quota}\n' for name, quota in users.items()))
        self.users.chmod(0o644)
        # lmtp looks for its modules where the package has them.
        (world.make_folder('dovecot/lib') / 'dovecot').symlink_to(self.root / 'usr/lib/dovecot')
        mount = f'mount -t overlay -o lowerdir={self.folder}/lib:/usr/lib none /usr/lib'
        if world.run([*self.namespace, 'sh', '-c', mount]).returncode:
            raise Skip('no overlay can be mounted here')
        self.launch(LMTP.format(folder=self.folder, root=self.root), mount + ' && ')

    def messages(self, user):
        return [path.read_text() for path in sorted((self.mail / user / 'Maildir/new').glob('*'))]


CONFIG = '''
protocols =
base_dir = {folder}/base
state_dir = {folder}/state
log_path = /dev/stderr
auth_mechanisms = {mechanisms}
auth_verbose = yes
auth_failure_delay = 0
disable_plaintext_auth = no
ssl = no
libexec_dir = {root}/usr/lib/dovecot
mail_plugin_dir = {root}/usr/lib/dovecot/modules
import_environment = TZ LD_LIBRARY_PATH
passdb {{
  driver = passwd-file
  args = {folder}/users
}}
userdb {{
  driver = static
  args = uid=64990 gid=64990 home=/
}}
service anvil {{
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service auth {{
  unix_listener {folder}/auth {{
    mode = 0666
  }}
}}
'''

LMTP = '''
protocols = lmtp
base_dir = {folder}/base
state_dir = {folder}/state
log_path = /dev/stderr
ssl = no
libexec_dir = {root}/usr/lib/dovecot
mail_plugin_dir = {root}/usr/lib/dovecot/modules
import_environment = TZ LD_LIBRARY_PATH
auth_username_format = %Ln
mail_location = maildir:~/Maildir
mail_plugins = quota
quota_full_tempfail = yes
plugin {{
  quota = maildir:User quota
}}
passdb {{
  driver = passwd-file
  args = {folder}/users
}}
userdb {{
  driver = passwd-file
  args = {folder}/users
}}
protocol lmtp {{
  postmaster_address = postmaster@mta.here.example
}}
service anvil {{
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service lmtp {{
  unix_listener {folder}/lmtp {{
    mode = 0666
  }}
}}
'''

TOKENS = '''
passdb {{
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = {folder}/oauth2
}}
'''
