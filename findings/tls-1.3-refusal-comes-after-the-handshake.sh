#!/usr/bin/env bash
# Finding: with TLS 1.3 a client's handshake succeeds although the server refuses it.
#
# Packages  gnutls-bin=3.7.9-2+deb12u7 and libgnutls30 of the same version as the client, openssl=3.0.22-1~deb12u2 and libssl3 of the same
#           version as the server; seen on 2026-11-28.
# Guess     A server that does not accept the client makes the client's handshake fail, with every version of TLS; a client that falls
#           back to clear text may decide when its handshake function returns.
# Happens   With TLS 1.2 it fails. With TLS 1.3 the client's part is complete before the server has seen the client's certificate (or its
#           absence): GnuTLS reports a completed handshake, and the refusal comes with the first read. For SMTP that is the reply to EHLO:
#           what looks like a host that breaks off at EHLO is a failed handshake.
# Exit      0 as described, 1 it has changed, 77 the packages cannot be had.
source "$(dirname "${BASH_SOURCE[0]}")/common.bash"
work=${FINDING_WORK:-$(mktemp -d)}
openssl=3.0.22-1~deb12u2 gnutls=3.7.9-2+deb12u7
with_packages "${BASH_SOURCE[0]}" openssl=$openssl libssl3=$openssl gnutls-bin=$gnutls libgnutls30=$gnutls libgnutls-dane0=$gnutls libopts25=1:5.18.16-5 \
  libunbound8=1.17.1-2+deb12u4 libevent-2.1-7=2.1.12-stable-8+deb12u1

cd "$work"
openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 2 -subj /CN=mx.there.example 2>/dev/null

# A server that insists on a certificate of the client, which this client does not have.
openssl s_server -port 2525 -4 -key key.pem -cert cert.pem -Verify 1 -verify_return_error -quiet >server.log 2>&1 &
wait_for 20 bash -c 'exec 3<>/dev/tcp/127.0.0.1/2525'

# connect VERSION: an EHLO to that server by gnutls-cli, with this version of TLS alone.
connect() {
  echo 'EHLO here.example' |
    timeout 20 gnutls-cli --insecure --priority "NORMAL:-VERS-ALL:+VERS-TLS$1" -p 2525 127.0.0.1 >"$work/client.log" 2>&1 || true
  echo "handshake: $(grep -q 'Handshake was completed' "$work/client.log" && echo completed || echo failed)"
  sed -n 's/^.*Received alert/alert/p' "$work/client.log"
}

saw 'TLS 1.2' $'handshake: failed\nalert [40]: Handshake failed' "$(connect 1.2)"
saw 'TLS 1.3' $'handshake: completed\nalert [116]: Certificate is required' "$(connect 1.3)"
conclude 2026-11-28
