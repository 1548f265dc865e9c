"""Attacks on a host whose name server forwards and does not validate, so that mxpressd does by libunbound."""
import re
import socket
import struct
import threading
import time

from forwarder import question_of
from hostile_attack import attack
from hostile_forwarder import forward, note_refusals, send_to_new
from hostile_intake import LETTER, SENDER
from hostile_turns import slowest
from hostile_users import send_all
from nsd import ADDRESS, SignedRoot

SILENT, PATIENT = None, 8.0  # seconds until SERVFAIL for a domain whose servers say nothing


class Recursor:
    """Passes questions about example and below on to the hostile name server, others to the signed root. For those that nobody answers it
    says SERVFAIL after a while, or nothing. It says nothing about MTA-STS records below quiet.example."""

    def __init__(self, world, root, hostile, gives_up):
        self.root, self.hostile, self.gives_up = root, ('127.0.0.1', hostile), gives_up
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self.socket.bind(('127.0.0.1', 0))
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()
        world.at_end.append(self.socket.close)

    def serve(self):
        while True:
            try:
                packet, client = self.socket.recvfrom(4096)
            except OSError:
                return
            (name, _), _ = question_of(packet)
            if not (name.startswith('_mta-sts.') and '.quiet.' in name):
                threading.Thread(target=self.relay, args=(packet, client, self.hostile if name.endswith('.example') else self.root), daemon=True).start()

    def relay(self, packet, client, upstream):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
            out.settimeout(self.gives_up or 10)
            try:
                out.sendto(packet, upstream)
                answer = out.recv(4096)
            except OSError:
                if not self.gives_up:
                    return
                answer = packet[:2] + struct.pack('>H', 0x8182) + packet[4:]
        try:
            self.socket.sendto(answer, client)
        except OSError:
            pass


def prepare(gives_up):
    def call(bench):
        world = bench.world
        bench.root = SignedRoot(world, {'example': []}, [])
        bench.recursor = Recursor(world, (ADDRESS, bench.root.port), bench.internet.dns, gives_up)
        validate_by(bench)
    return call


def validate_by(bench):
    """The daemon asks `bench.recursor`, and validates from `bench.root` on."""
    anchors, hints = bench.root.anchor_file(), bench.root.hints_file('127.0.0.99')
    text = bench.daemon.config.read_text()
    text = re.sub(r'servers = \["[^"]*"\]\nvalidate = "no"',
                  f'servers = ["127.0.0.1:{bench.recursor.port}"]\ntrust_anchor = "{anchors}"\nroot_hints = "{hints}"', text)
    bench.daemon.config.write_text(text)


def mute(name, count):
    return [[f'u@m{n}.{name}.mute.example' for n in range(count)]]


def judge(bench, count=12, patience=100):
    begins = send_to_new(bench, count)
    bench.figure("slowest of another user's letters to new domains", slowest(bench, bench.hostile_events, 'fresh', begins, patience), 5.0, 's')
    took = {event['token'] for event in bench.hostile_events.all('took', host='fresh')}
    bench.figure('of them missing', len(begins.keys() - took), 0)
    bench.figure('outages', len(bench.daemon.events('outage')), 0)
    arrived = {e['token']: e['t'] for e in bench.hostile_events.all('took', host='fresh')}
    bench.notes.append('each: ' + ' '.join(f'{arrived[k] - b:.1f}' if k in arrived else 'never' for k, b in begins.items()))
    bench.notes.append(f'state: {bench.daemon.json("status")[0].get("dane")}')
    log = bench.daemon.log()
    bench.notes += [line[:300] for line in log.splitlines() if ('fresh' in line and 'deferred' in line) or ' dnssec ' in line][:6]


@attack(90, 'validated-silent', 'a letter to 2,000 domains whose name servers say nothing, by a forwarder that says nothing then; later another user writes',
        prepare=prepare(SILENT))
def validated_silent(bench):
    bench.user(1, send_all, bench.socket, SENDER, mute('one', 2000), LETTER).result(60)
    time.sleep(60)
    judge(bench)


@attack(91, 'validated-servfail', 'the same by a recursor that says SERVFAIL after 8 s', prepare=prepare(PATIENT))
def validated_servfail(bench):
    bench.user(1, send_all, bench.socket, SENDER, mute('one', 2000), LETTER).result(60)
    time.sleep(15)
    judge(bench)


def behind_dnsmasq(bench):
    """dnsmasq with its defaults, in front of servers that say nothing about some names."""
    recursor = Recursor(bench.world, ('127.0.0.1', bench.internet.dns), bench.internet.dns, SILENT)
    hostile, bench.internet.dns = bench.internet.dns, recursor.port
    try:
        forward(bench)
    finally:
        bench.internet.dns = hostile


@attack(92, 'sts-forwarder', 'letters of two uids to 4,000 domains, of which 2,000 have an MTA-STS record that nobody answers, by dnsmasq', prepare=behind_dnsmasq)
def sts_forwarder(bench):
    for uid in (1, 2):
        groups = [[f'u@m{n}.u{uid}.{kind}.example' for n in range(2000)] for kind in ('quiet', 'mute')]
        bench.user(uid, send_all, bench.socket, SENDER, groups, LETTER).result(60)
    time.sleep(10)
    judge(bench, 20)
    note_refusals(bench)


def prepare_both(bench):
    """dnsmasq passes signatures on, and mxpressd validates."""
    bench.root = SignedRoot(bench.world, {'example': []}, [])
    recursor = Recursor(bench.world, (ADDRESS, bench.root.port), bench.internet.dns, SILENT)
    anchors, hints = bench.root.anchor_file(), bench.root.hints_file('127.0.0.99')
    hostile, bench.internet.dns = bench.internet.dns, recursor.port
    try:
        forward(bench)
    finally:
        bench.internet.dns = hostile
    text = bench.daemon.config.read_text()
    bench.daemon.config.write_text(text.replace('validate = "no"', f'trust_anchor = "{anchors}"\nroot_hints = "{hints}"'))


@attack(95, 'dane-crowd', 'a letter to 2,000 domains whose name servers say nothing, where dnsmasq passes signatures on and mxpressd validates',
        prepare=prepare_both)
def dane_crowd(bench):
    bench.user(1, send_all, bench.socket, SENDER, mute('one', 2000), LETTER).result(60)
    bench.wait(60, lambda: len(bench.daemon.events('dnssec')) > 1, every=1)
    bench.figure('times that DANE was turned off', sum(event['note'].startswith('off') for event in bench.daemon.events('dnssec')), 0)
    bench.notes += [event['note'] for event in bench.daemon.events('dnssec')][:3]
    note_refusals(bench)
