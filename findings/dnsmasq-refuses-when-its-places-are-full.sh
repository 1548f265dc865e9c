#!/usr/bin/env bash
# Finding: dnsmasq answers REFUSED while it waits for too many answers.
#
# Packages  dnsmasq-base=2.90-4~deb12u2; seen on 2026-12-01.
# Guess     A forwarder that has no place for one more question lets it wait, or answers SERVFAIL, "the server failed" (RFC 1035 4.1.1).
# Happens   With --dns-forward-max questions open to a server (150 unless set), each further one for it that is not in the cache is answered
#           with REFUSED at once: the code of a server that does not serve this client or zone. Resolvers take it for a setting, go to the
#           next server of resolv.conf, or give up. Questions for another server of its configuration have places of their own.
# Exit      0 as described, 1 it has changed, 77 the packages cannot be had.
source "$(dirname "${BASH_SOURCE[0]}")/common.bash"
work=${FINDING_WORK:-$(mktemp -d)}
with_packages "${BASH_SOURCE[0]}" dnsmasq-base=2.90-4~deb12u2 \
  libdbus-1-3=1.14.10-1~deb12u1 libhogweed6=3.8.1-2 libnettle8=3.8.1-2 libidn2-0=2.3.3-1+b1 libgmp10=2:6.2.1+dfsg1-1.1 \
  libnetfilter-conntrack3=1.0.9-3 libnfnetlink0=1.0.2-2 libmnl0=1.0.4-3 libnftables1=1.0.6-2+deb12u2 libnftnl11=1.2.4-2 \
  libjansson4=2.14-2 libxtables12=1.8.9-2 libedit2=3.1-20221030-2

cd "$work"
ldconfig
cat >dns.py <<'END'
import socket, struct, sys, threading

def question(number, name):
    labels = b''.join(bytes([len(label)]) + label.encode() for label in name.split('.'))
    return struct.pack('>6H', number, 0x0100, 1, 0, 0, 0) + labels + b'\0' + struct.pack('>2H', 1, 1)

# A server on 127.0.0.3 that answers each question with 192.0.2.7.
def answers():
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(('127.0.0.3', 53))
    while True:
        data, peer = server.recvfrom(4096)
        end = data.index(b'\0', 12) + 5
        head = data[:2] + struct.pack('>5H', 0x8180, 1, 1, 0, 0)
        server.sendto(head + data[12:end] + b'\xc0\x0c' + struct.pack('>2HIH', 1, 1, 60, 4) + bytes([192, 0, 2, 7]), peer)

# One that says nothing, on 127.0.0.2. It tells when a question has arrived.
silent = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
silent.bind(('127.0.0.2', 53))
silent.settimeout(20)
threading.Thread(target=answers, daemon=True).start()

CODES = {0: 'NOERROR', 2: 'SERVFAIL', 3: 'NXDOMAIN', 5: 'REFUSED'}
def ask(number, name):
    client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    client.settimeout(5)
    client.sendto(question(number, name), ('127.0.0.1', 53))
    try:
        return CODES[client.recv(4096)[3] & 15]
    except socket.timeout:
        return 'no answer within 5 s'

print('before:', ask(1, 'host.answered.example'))
many = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for number in range(4):
    many.sendto(question(100 + number, f'host{number}.silent.example'), ('127.0.0.1', 53))
    silent.recv(4096)
print('with four open, another of the silent zone:', ask(2, 'fifth.silent.example'))
print('with four open, one that 127.0.0.3 would answer:', ask(3, 'other.answered.example'))
print('with four open, one in the cache:', ask(4, 'host.answered.example'))
END
dnsmasq --keep-in-foreground --no-resolv --no-hosts --conf-file=/dev/null --user=root --group=root --pid-file --listen-address=127.0.0.1 --bind-interfaces \
  --dns-forward-max=4 --server=/silent.example/127.0.0.2 --server=/answered.example/127.0.0.3 --log-facility="$work/dnsmasq.log" &
wait_for 10 grep -q started dnsmasq.log
saw 'four places' 'before: NOERROR
with four open, another of the silent zone: REFUSED
with four open, one that 127.0.0.3 would answer: NOERROR
with four open, one in the cache: NOERROR' "$(python3 dns.py)"
saw "dnsmasq's log" 'Maximum number of concurrent DNS queries to silent.example reached (max: 4)' "$(grep -o 'Maximum number.*' dnsmasq.log | head -n 1)"
kill $!
conclude 2026-12-01
