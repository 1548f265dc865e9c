#!/usr/bin/env bash
# Finding: OpenSSL 3.0 decodes the peer's certificate and key each time a stored TLS session is read, which resuming does not need.
#
# Packages  openssl=3.0.22-1~deb12u2 and libssl3 of the same version; seen on 2026-12-01.
# Guess     A session that is stored between connections (i2d_SSL_SESSION, d2i_SSL_SESSION) is read in a few microseconds: resuming is there to
#           save computing, and needs the secret and the ticket alone.
# Happens   The stored form holds the whole certificate of the peer as field [3] of its SEQUENCE. d2i_SSL_SESSION decodes it with its public
#           key, through the decoders of providers: with a P-256 key some 80 µs, where the same session without that field takes 2. A client that
#           stores sessions as octets pays it for each connection, with TLS 1.2 and 1.3. Without the field a session is resumed as well.
# Exit      0 as described, 1 it has changed, 77 the packages cannot be had.
source "$(dirname "${BASH_SOURCE[0]}")/common.bash"
work=${FINDING_WORK:-$(mktemp -d)}
openssl=3.0.22-1~deb12u2
with_packages "${BASH_SOURCE[0]}" openssl=$openssl libssl3=$openssl

cd "$work"
ldconfig
cat >sessions.py <<'END'
import base64, ctypes, sys, time

crypto, ssl = ctypes.CDLL('libcrypto.so.3'), ctypes.CDLL('libssl.so.3')
ssl.d2i_SSL_SESSION.restype = ctypes.c_void_p
ssl.d2i_SSL_SESSION.argtypes = [ctypes.c_void_p, ctypes.POINTER(ctypes.c_char_p), ctypes.c_long]
ssl.SSL_SESSION_free.argtypes = [ctypes.c_void_p]
ssl.SSL_SESSION_get0_peer.argtypes, ssl.SSL_SESSION_get0_peer.restype = [ctypes.c_void_p], ctypes.c_void_p

def header(der, at):
    """The length of the tag and length at this place, and the length of the contents."""
    first = der[at + 1]
    if first < 128:
        return 2, first
    count = first & 127
    return 2 + count, int.from_bytes(der[at + 2:at + 2 + count], 'big')

def without_certificate(der):
    head, length = header(der, 0)
    at, kept = head, b''
    while at < head + length:
        own, contents = header(der, at)
        if der[at] != 0xa3:
            kept += der[at:at + own + contents]
        at += own + contents
    return b'\x30\x82' + len(kept).to_bytes(2, 'big') + kept

def read(der):
    session = ssl.d2i_SSL_SESSION(None, ctypes.byref(ctypes.c_char_p(der)), len(der))
    assert session
    return session

def microseconds(der, many=2000):
    best = 1e9
    for _ in range(5):
        start = time.perf_counter()
        for _ in range(many):
            ssl.SSL_SESSION_free(read(der))
        best = min(best, (time.perf_counter() - start) / many * 1e6)
    return best

lines = open(sys.argv[1]).read().split('-----')[2]
whole = base64.b64decode(lines)
bare = without_certificate(whole)
for name, der in (('whole', whole), ('without', bare)):
    print(name, 'has a certificate' if ssl.SSL_SESSION_get0_peer(read(der)) else 'has no certificate')
times = microseconds(whole), microseconds(bare)
print('whole takes more than twice as long to read:', times[0] > 2 * times[1])
print(f'{times[0]:.0f} and {times[1]:.0f} microseconds', file=sys.stderr)
with open(sys.argv[2], 'w') as out:
    out.write('-----BEGIN SSL SESSION PARAMETERS-----\n' + base64.encodebytes(bare).decode() + '-----END SSL SESSION PARAMETERS-----\n')
END

# resumed FILE VERSION: what the client says of a connection with this session.
resumed() {
  (sleep 0.5; echo Q) | timeout 20 openssl s_client -connect 127.0.0.1:4433 "-$2" -sess_in "$1" 2>/dev/null | grep -o '^\(New\|Reused\),' | head -n 1
}

for version in tls1_2 tls1_3; do
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key.pem -out cert.pem -days 2 -subj /CN=mail.there.example 2>/dev/null
  openssl s_server -accept 127.0.0.1:4433 "-$version" -cert cert.pem -key key.pem -quiet >server.log 2>&1 &
  server=$!
  wait_for 20 bash -c 'exec 3<>/dev/tcp/127.0.0.1/4433'
  (sleep 0.5; echo Q) | timeout 20 openssl s_client -connect 127.0.0.1:4433 "-$version" -sess_out session.pem >client.log 2>&1 || true
  saw "$version, reading" 'whole has a certificate
without has no certificate
whole takes more than twice as long to read: True' "$(python3 sessions.py session.pem bare.pem)"
  saw "$version, without the certificate" 'Reused,' "$(resumed bare.pem $version)"
  kill $server
  wait $server || true
done
conclude 2026-12-01
