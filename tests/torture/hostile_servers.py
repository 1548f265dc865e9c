"""Attacks on the daemon's dependencies: its name servers, and the disk of its spool."""
import re
import socket
import threading
import time

from hostile_attack import attack
from hostile_hosts_attacks import letter
from hostile_intake import LETTER, SENDER
from hostile_turns import slowest
from hostile_users import send_all


def add_mute_servers(bench):
    """Two name servers behind the one that works, which nobody has asked yet."""
    bench.mute = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2)]
    for server in bench.mute:
        server.bind(('127.0.0.1', 0))
    more = ''.join(f', "127.0.0.1:{server.getsockname()[1]}"' for server in bench.mute)
    text = bench.daemon.config.read_text()
    bench.daemon.config.write_text(re.sub(r'(servers = \["[^"]*")\]', rf'\1{more}]', text))


@attack(54, 'mute-domain', 'a letter each second to a domain whose name servers are silent, while the second and third name server of this host are dead',
        prepare=add_mute_servers)
def mute_domain(bench):
    ending = threading.Event()

    def write_to_mute():
        number = 0
        while not ending.wait(1):
            number += 1
            bench.user(1, send_all, bench.socket, SENDER, [[f'u@m{number}.mute.example']], LETTER).result(30)
    attacker = threading.Thread(target=write_to_mute, daemon=True)
    attacker.start()
    time.sleep(7)
    begins = {}
    for n in range(60):
        begins[f'other-{n}'] = time.monotonic()
        bench.user(2, send_all, bench.socket, 'other@here.example', [[f'x@n{n}.fresh.example']], letter(f'other-{n}')).result(30)
        time.sleep(0.5)
    ending.set()
    attacker.join()
    bench.figure("slowest of another user's letters to new domains", slowest(bench, bench.hostile_events, 'fresh', begins, 20), 2.0, 's')
    for server in bench.mute:
        server.close()
