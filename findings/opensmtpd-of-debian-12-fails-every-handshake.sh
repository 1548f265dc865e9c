#!/usr/bin/env bash
# Finding: Debian 12's OpenSMTPD offers STARTTLS, and fails every handshake.
#
# Packages  opensmtpd=6.8.0p2-4+b4, openssl=3.0.22-1~deb12u2 and libssl3 of the same version; seen on 2026-12-01.
# Guess     A mail host with a key and a certificate that its configuration check accepts can be spoken to under TLS.
# Happens   smtpd accepts the configuration and starts, EHLO offers STARTTLS, 220 answers it, and the handshake ends with the alert "internal
#           error": with keys of RSA and ECDSA, with TLS 1.2 and 1.3. The process that speaks with the network has no private key; it asks
#           another one to sign, by functions that OpenSSL 3 does not call for it ("missing private key"). smtpd's log says nothing of that
#           without -v, only that the client disconnected with an error. Whoever sends there by opportunistic TLS sends in clear text; under
#           DANE or MTA-STS such a host gets nothing.
# Exit      0 as described, 1 it has changed, 77 the packages cannot be had.
source "$(dirname "${BASH_SOURCE[0]}")/common.bash"
work=${FINDING_WORK:-$(mktemp -d)}
openssl=3.0.22-1~deb12u2
with_packages "${BASH_SOURCE[0]}" opensmtpd=6.8.0p2-4+b4 openssl=$openssl libssl3=$openssl libevent-2.1-7=2.1.12-stable-8+deb12u1 libdb5.3=5.3.28+dfsg2-1

cd "$work"
ldconfig
# The actions of the package's scripts.
for account in opensmtpd:64982 opensmtpq:64983; do
  echo "${account%:*}:x:${account#*:}:${account#*:}::/var/lib/opensmtpd/empty:/usr/sbin/nologin" >>/etc/passwd
  echo "${account%:*}:x:${account#*:}:" >>/etc/group
done
install -d /var/lib/opensmtpd/empty
install -d -m 711 /var/spool/smtpd

# try KIND OPTIONS...: a host with a key made by these options of openssl req, and what clients see of it.
try() {
  local kind=$1 version
  shift
  openssl req -x509 -newkey "$@" -nodes -keyout "$kind.key" -out "$kind.pem" -days 2 -subj /CN=mail.there.example 2>/dev/null
  chmod 600 "$kind.key"
  printf '%s\n' "pki mail cert \"$work/$kind.pem\"" "pki mail key \"$work/$kind.key\"" 'listen on 127.0.0.1 port 25 tls pki mail' \
    'action "local" maildir' 'match from any for domain "there.example" action "local"' >/etc/smtpd.conf
  saw "$kind, smtpd -n" 'configuration OK' "$(smtpd -n -f /etc/smtpd.conf 2>&1)"
  smtpd -d -v -f /etc/smtpd.conf >"$kind.log" 2>&1 &
  wait_for 20 bash -c 'exec 3<>/dev/tcp/127.0.0.1/25'
  for version in tls1_2 tls1_3; do
    saw "$kind, $version, the client" $'STARTTLS is offered\ntlsv1 alert internal error' "$(connect $version)"
  done
  saw "$kind, smtpd's log" "$(printf 'missing private key\nmissing private key')" "$(grep -o 'missing private key' "$kind.log")"
  kill $!
  wait $! || true
}

# connect VERSION: openssl s_client speaks this version of TLS alone.
connect() {
  timeout 20 openssl s_client -starttls smtp -connect 127.0.0.1:25 "-$1" -ign_eof </dev/null >client.log 2>&1 || true
  grep -q "didn't found STARTTLS" client.log || echo 'STARTTLS is offered'
  grep -o 'tlsv1 alert internal error' client.log || echo 'no alert'
}

try rsa rsa:2048
try ecdsa ec -pkeyopt ec_paramgen_curve:P-256
conclude 2026-12-01
