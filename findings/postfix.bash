# A Postfix that hands all mail to a mail host of ours (mail_host.py). Sourced behind common.bash.

POSTFIX_LIBRARIES=(libdb5.3=5.3.28+dfsg2-1 libicu72=72.1-3+deb12u1 libnsl2=1.3.0-2 libsasl2-2=2.1.28+dfsg-10+deb12u1 libtirpc3=1.3.3+ds-1)

# start_postfix: the settings are Debian's for a host that only sends, but all mail goes to 127.0.0.1, port 2525. It takes mail by sendmail, and
# by SMTP on port 25.
start_postfix() {
  local queue=/var/spool/postfix
  printf 'postfix:x:64990:64990::/:/bin/false\n' >>/etc/passwd
  printf 'postfix:x:64990:\npostdrop:x:64991:\n' >>/etc/group
  cat >/etc/postfix/main.cf <<C
compatibility_level = 3.6
maillog_file = /dev/stdout
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = mx.here.example
myorigin = here.example
mydestination =
alias_maps =
alias_database =
smtpd_peername_lookup = no
relayhost = [127.0.0.1]:2525
smtp_tls_security_level = none
C
  cat >/etc/postfix/master.cf <<C
127.0.0.1:25 inet n - n - - smtpd
pickup unix n - n 1 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
scache unix - - n - 1 scache
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
C
  mkdir -p $queue/{active,bounce,corrupt,defer,deferred,flush,hold,incoming,private,saved,trace,public,maildrop,pid} /var/lib/postfix
  chown postfix $queue/{active,bounce,corrupt,defer,deferred,flush,hold,incoming,private,saved,trace,public,maildrop} /var/lib/postfix
  chgrp postdrop $queue/{public,maildrop}
  chmod 700 $queue/{active,bounce,corrupt,defer,deferred,flush,hold,incoming,private,saved,trace} /var/lib/postfix
  chmod 730 $queue/{public,maildrop}
  /usr/lib/postfix/sbin/master -s >"$work/postfix.log" 2>&1 &
  wait_for 20 grep -q 'daemon started' "$work/postfix.log"
}

# start_mail_host KEYWORD...: in place of the one before.
start_mail_host() {
  [ -z "${mail_host:-}" ] || kill "$mail_host"
  rm -rf "$work/mail"
  mkdir "$work/mail"
  python3 "$here/mail_host.py" 2525 "$work/mail" "$@" &
  mail_host=$!
  wait_for 20 bash -c 'exec 3<>/dev/tcp/127.0.0.1/2525'
}

# send_by_smtp FILE: without any parameter but the declared body.
send_by_smtp() {
  python3 - "$1" <<'P'
import smtplib, sys
with smtplib.SMTP('127.0.0.1', 25, 'client.here.example') as client:
    client.sendmail('me@here.example', ['you@there.example'], open(sys.argv[1], 'rb').read(), ['BODY=8BITMIME'])
P
}

# arrived PATTERN: the lines of the message that the mail host got which match; the first line is its MAIL command.
arrived() {
  wait_for 20 test -e "$work/mail/1"
  grep -aE "$1" "$work/mail/1"
}
