"""Postfix, Exim, OpenSMTPD, Sendmail and Courier for scripts/interop receivers."""
from postfix import Postfix as UnpackedPostfix
from receiver import Receiver


class Postfix(Receiver):
    name, title, package = 'postfix', 'Postfix', 'postfix'

    def __init__(self, peers, only_1_2=False):
        super().__init__(peers, only_1_2)
        self.root, self.postfix = self.peers / 'root', None

    def start(self, scene):
        main = (f'virtual_mailbox_domains = {" ".join(scene.domains)}\nsmtpd_tls_security_level = may\nsmtpd_tls_key_file = {scene.certificate.key}\n'
                f'smtpd_tls_cert_file = {scene.certificate.file}\nsmtpd_tls_received_header = yes\n')
        if self.only_1_2:
            main += 'smtpd_tls_protocols = TLSv1.2\n'
        self.postfix = UnpackedPostfix(scene.world, scene.address, 25, scene.domains[0], main)

    def stored(self):
        return self.postfix.messages()

    def log(self):
        return self.postfix.log() if self.postfix else ''


class Exim(Receiver):
    """With Debian's configuration for a host on the internet."""

    name, title, package, folder = 'exim', 'Exim', 'exim4-daemon-heavy', 'exim'

    def script(self):
        return f'''
            printf '%s\\n' "dc_eximconfig_configtype='internet'" "dc_other_hostnames='{':'.join(self.domains)}'" "dc_local_interfaces='{self.address}'" \\
              "dc_readhost=''" "dc_relay_domains=''" "dc_minimaldns='false'" "dc_relay_nets=''" "dc_smarthost=''" "CFILEMODE='644'" \\
              "dc_use_split_config='false'" "dc_hide_mailname=''" "dc_mailname_in_oh='true'" "dc_localdelivery='maildir_home'" >/etc/exim4/update-exim4.conf.conf
            printf '%s\\n' 'MAIN_TLS_ENABLE = true' 'MAIN_TLS_CERTIFICATE = {self.certificate}' 'MAIN_TLS_PRIVATEKEY = {self.key}' >/etc/exim4/exim4.conf.localmacros
            echo mail.{self.domains[0]} >/etc/mailname
            touch /etc/aliases
            mkdir -p /var/spool/exim4/db /var/spool/exim4/input /var/spool/exim4/msglog /var/lib/exim4
            rm -rf /var/log/exim4
            ln -s {self.world.make_folder('log')} /var/log/exim4
            chown -R Debian-exim:Debian-exim /var/spool/exim4 {self.world.path('log')}
            update-exim4.conf
            exec /usr/sbin/exim4 -bdf -q30m -oX {self.address}:25
            '''


class OpenSmtpd(Receiver):
    """Debian 12 builds it with OpenSSL 3, which it cannot use: its process for the network has no private key, and asks another one to sign in
    a way that OpenSSL 3 does not know any more. Keys of RSA and ECDSA fail alike."""

    failure_of_tls = 'each handshake fails'
    name, title, package, folder = 'opensmtpd', 'OpenSMTPD', 'opensmtpd', 'opensmtpd'

    def script(self):
        return f'''
            chmod 600 {self.key}
            printf '%s\\n' 'pki mail cert "{self.certificate}"' 'pki mail key "{self.key}"' 'listen on {self.address} port 25 tls pki mail' \\
              'action "local" maildir' 'match from any for domain {{ {", ".join(self.domains)} }} action "local"' >/etc/smtpd.conf
            mkdir -p /var/lib/opensmtpd/empty /var/spool/smtpd
            chmod 711 /var/spool/smtpd
            exec /usr/sbin/smtpd -d -f /etc/smtpd.conf
            '''


class Sendmail(Receiver):
    """With Debian's sendmail.mc, without its limits for connections in a minute."""

    name, title, package, folder = 'sendmail', 'Sendmail', 'sendmail-bin', 'sendmail'

    def script(self):
        return f'''
            mkdir -p /var/spool/mqueue /run/sendmail/mta /var/lib/sendmail/host_status
            cp {self.certificate} /etc/mail/tls/sendmail-server.crt
            cp {self.certificate} /etc/mail/tls/sendmail-client.crt
            cp {self.key} /etc/mail/tls/sendmail-common.key
            chmod 600 /etc/mail/tls/sendmail-common.key
            cp /usr/share/sendmail/examples/tls/starttls.m4 /etc/mail/tls
            touch /etc/mail/m4/dialup.m4 /etc/mail/m4/provider.m4 /etc/mail/access
            printf '%s\\n' {' '.join(self.domains)} >/etc/mail/local-host-names
            sed -e 's/Addr=127.0.0.1/Addr={self.address}/; /Port=submission/d; /ratecontrol/d; /conncontrol/d; /confCONNECTION_RATE/d' \\
              -e "/^MAILER_DEFINITIONS/i define(\\`LOCAL_MAILER_PATH', \\`/usr/sbin/keep')dnl" \\
              -e "/^MAILER_DEFINITIONS/i define(\\`LOCAL_MAILER_ARGS', \\`keep \$u')dnl" \\
              -e "/^MAILER_DEFINITIONS/i include(\\`/etc/mail/tls/starttls.m4')dnl" \\
              -e "/^MAILER_DEFINITIONS/i define(\\`confDH_PARAMETERS', \\`i')dnl" \\
              /usr/share/sendmail/cf/debian/sendmail.mc >/etc/mail/sendmail.mc
            m4 /etc/mail/sendmail.mc >/etc/mail/sendmail.cf
            makemap hash /etc/mail/access </etc/mail/access
            touch /etc/mail/aliases
            /usr/libexec/sendmail/sendmail -bi
            exec /usr/libexec/sendmail/sendmail -bD -q30m -L sm-mta -X {self.world.make_folder("log")}/dialogue
            '''


class Courier(Receiver):
    """With GnuTLS; each session has two processes, one of them couriertls."""

    name, title, package, folder = 'courier', 'Courier', 'courier-mta', 'courier'

    def script(self):
        return f'''
            mkdir -p /run/courier/authdaemon
            chown -R courier:courier /run/courier /var/lib/courier
            chown root:courier /etc/courier /etc/courier/aliases /etc/courier/aliases/system /etc/courier/authdaemonrc /etc/courier/esmtpauthclient
            chmod 4755 /usr/lib/courier/courier/submitmkdir
            chown courier:courier /usr/lib/courier/courier/submitmkdir
            echo mail.{self.domains[0]} | tee /etc/courier/me /etc/courier/defaultdomain /etc/mailname
            printf '%s\\n' {' '.join(self.domains)} | tee /etc/courier/locals >/etc/courier/esmtpacceptmailfor.dir/all
            echo postmaster@{self.domains[0]} >/etc/courier/dsnfrom
            cat {self.key} {self.certificate} >/etc/courier/esmtpd.pem
            cp {self.certificate} /etc/courier/dhparams.pem
            chmod 640 /etc/courier/esmtpd.pem
            chown root:courier /etc/courier/esmtpd.pem
            echo ADDRESS={self.address} >>/etc/courier/esmtpd
            ln -sf /usr/bin/maildirmake.courier /usr/bin/maildirmake
            setpriv --reuid=you --regid=you --clear-groups maildirmake {self.home}/Maildir
            ln -sf /usr/bin/makedat.courier /usr/bin/makedat
            makesmtpaccess
            makeacceptmailfor
            makealiases
            authdaemond start
            esmtpd start
            courier start
            exec sleep infinity
            '''
