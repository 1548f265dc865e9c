"""Attacks with signed zones where mxpressd validates by libunbound, all of whose signatures are checked by one thread."""
import time

from clock import preloaded
from hostile_attack import attack
from hostile_hosts_attacks import letter
from hostile_intake import LETTER, SENDER
from hostile_turns import slowest
from hostile_users import send_all
from hostile_validated import Recursor, validate_by
from nsd import ADDRESS, SignedRoot

SILENT, MANY = '127.0.2.14', '127.0.2.15'  # hosts that say nothing, and that take mail for many domains


def prepare(bench):
    """Signatures of RSA take 50 ms more on this host, and the zone "costly" has such a key."""
    bench.daemon.prefix += ['env', f'LD_PRELOAD={preloaded(bench.world, "slow_verify")}']
    zones = {zone: [f'* IN MX 10 mx.{zone}.', f'mx IN A {address}'] for zone, address in (('costly', SILENT), ('signed', MANY))}
    bench.root = SignedRoot(bench.world, {'example': [], **zones}, list(zones), rsa=['costly'])
    bench.recursor = Recursor(bench.world, (ADDRESS, bench.root.port), bench.internet.dns, 8.0)
    validate_by(bench)


def send_to_both(bench, count):
    """Letters of another user to new domains, signed and not, one a second; when each was handed in."""
    begins = {}
    for n in range(count):
        token, domain = (f'signed-{n}', f'n{n}.signed') if n % 2 else (f'other-{n}', f'n{n}.fresh.example')
        begins[token] = time.monotonic()
        bench.user(9, send_all, bench.socket, 'other@here.example', [[f'x@{domain}']], letter(token)).result(30)
        time.sleep(1)
    return begins


@attack(99, 'validated-costly', 'letters of three uids to 2,000 names each of a signed zone whose signatures take 50 ms of the validating thread each',
        prepare=prepare, cpu=None)
def validated_costly(bench):
    users = [bench.user(uid, send_all, bench.socket, SENDER, [[f'u@m{n}.u{uid}.costly' for n in range(2000)]], LETTER) for uid in (1, 2, 3)]
    begins = send_to_both(bench, 20)
    for user in users:
        user.result(60)
    worst = slowest(bench, bench.hostile_events, 'fresh', begins, 100)
    arrived = {event['token']: event['t'] for event in bench.hostile_events.all('took', host='fresh')}
    bench.figure("slowest of another user's letters to new domains, signed and not", worst, 5.0, 's')
    bench.figure('of them missing', len(begins.keys() - arrived.keys()), 0)
    bench.notes.append('each: ' + ' '.join(f'{arrived[k] - b:.1f}' if k in arrived else 'never' for k, b in begins.items()))
    bench.notes.append(f'state: {bench.daemon.json("status")[0].get("dane")}')
