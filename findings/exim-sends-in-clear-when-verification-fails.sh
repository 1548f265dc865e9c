#!/usr/bin/env bash
# Finding: Debian's Exim verifies the certificate of its smarthost, and where that fails sends the mail in clear text.
#
# Packages  exim4-daemon-light, exim4-base and exim4-config 4.96-15+deb12u11; seen on 2026-11-30.
# Guess     A transport with tls_verify_hosts = * hands nothing to a host whose certificate it cannot verify: the mail waits. Without
#           verification there is at least encryption.
# Happens   The configuration that update-exim4.conf makes for a smarthost has tls_verify_hosts = *, and hosts_require_tls is empty. The
#           handshake with a smarthost whose certificate is of an authority of its own fails, and Exim connects once more and sends the mail
#           in clear text. With REMOTE_SMTP_SMARTHOST_TLS_VERIFY_HOSTS empty, it sends it by TLS; with
#           REMOTE_SMTP_SMARTHOST_HOSTS_REQUIRE_TLS = * the mail waits.
# Exit      0 as described, 1 it has changed, 77 the packages cannot be had.
source "$(dirname "${BASH_SOURCE[0]}")/common.bash"
work=${FINDING_WORK:-$(mktemp -d)}
exim=4.96-15+deb12u11
with_packages "${BASH_SOURCE[0]}" exim4-daemon-light=$exim exim4-base=$exim exim4-config=$exim libgnutls-dane0=3.7.9-2+deb12u7 \
  libunbound8=1.17.1-2+deb12u4 libevent-2.1-7=2.1.12-stable-8+deb12u1 libidn12=1.41-1 libnsl2=1.3.0-2

cd "$work"
ldconfig
# The actions of the packages' scripts.
echo 'Debian-exim:x:64988:64988::/var/spool/exim4:/usr/sbin/nologin' >>/etc/passwd
echo 'Debian-exim:x:64988:' >>/etc/group
install -d -o Debian-exim -g adm -m 2750 /var/log/exim4
install -d -o Debian-exim -g Debian-exim -m 750 /var/spool/exim4 /var/spool/exim4/db /var/spool/exim4/input /var/spool/exim4/msglog
install -d /var/lib/exim4
cat >/etc/exim4/update-exim4.conf.conf <<'END'
dc_eximconfig_configtype='smarthost'
dc_other_hostnames='web1.here.example'
dc_local_interfaces='127.0.0.1 ; ::1'
dc_readhost='here.example'
dc_smarthost='mail.there.example::2525'
CFILEMODE='644'
dc_use_split_config='false'
dc_hide_mailname='true'
dc_localdelivery='mail_spool'
END
echo web1.here.example >/etc/mailname
ip addr add 192.0.2.21/32 dev lo
cp /etc/hosts hosts && echo '192.0.2.21 mail.there.example' >>hosts && mount --bind hosts /etc/hosts

# A smarthost that offers STARTTLS with a certificate of its own, and notes for each message whether it came by TLS.
openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 2 -subj /CN=mail.there.example 2>/dev/null
touch taken
cat >host.py <<'END'
import socketserver
import ssl


class Session(socketserver.StreamRequestHandler):
    def handle(self):
        try:
            self.talk()
        except (OSError, ValueError):
            pass

    def talk(self):
        reader, connection, tls = self.rfile, self.request, False
        connection.sendall(b'220 mail.there.example\r\n')
        while line := reader.readline():
            command = line[:4].upper()
            reply = b'250 ok'
            if command == b'EHLO':
                reply = b'250 mail.there.example' if tls else b'250-mail.there.example\r\n250 STARTTLS'
            elif command == b'STAR':
                connection.sendall(b'220 go on\r\n')
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                context.load_cert_chain('cert.pem', 'key.pem')
                connection = context.wrap_socket(connection, server_side=True)
                reader, tls = connection.makefile('rb'), True
                continue
            elif command == b'DATA':
                connection.sendall(b'354 go on\r\n')
                while reader.readline() not in (b'.\r\n', b''):
                    pass
                with open('taken', 'a') as taken:
                    taken.write('a message by TLS\n' if tls else 'a message in clear text\n')
            connection.sendall(reply + b'\r\n')


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True


Server(('192.0.2.21', 2525), Session).serve_forever()
END
python3 host.py >host.log 2>&1 &
wait_for 20 bash -c 'exec 3<>/dev/tcp/192.0.2.21/2525'

# send: hands a message to Exim, which tries to deliver it at once (-odf), and prints what the smarthost has taken and what waits.
send() {
  : >taken
  rm -f /var/log/exim4/mainlog
  update-exim4.conf
  printf 'Subject: hello\n\nhello\n' | exim4 -odf -i you@there.example 2>errors || true
  cat taken
  echo "waiting: $(exim4 -bpc)"
  echo "logged: $(sed -n 's/.*TLS session: //p' /var/log/exim4/mainlog)"
}

saw 'in the transport for smarthosts' $'hosts_require_tls = \ntls_verify_hosts = *' \
  "$(update-exim4.conf && exim4 -bP transport remote_smtp_smarthost | grep -E '^(hosts_require_tls|tls_verify_hosts) =')"
failed='(certificate verification failed): certificate invalid' host='H=mail.there.example [192.0.2.21]'
saw 'as the package configures it' "a message in clear text
waiting: 0
logged: $failed: delivering unencrypted to $host (not in hosts_require_tls)" "$(send)"
echo 'REMOTE_SMTP_SMARTHOST_TLS_VERIFY_HOSTS =' >/etc/exim4/exim4.conf.localmacros
saw 'without verification' $'a message by TLS\nwaiting: 0\nlogged: ' "$(send)"
echo 'REMOTE_SMTP_SMARTHOST_HOSTS_REQUIRE_TLS = *' >/etc/exim4/exim4.conf.localmacros
saw 'with hosts_require_tls' "waiting: 1
logged: $failed" "$(send)"
conclude 2026-11-30
