"""Attacks on the connections that the hosts of one provider share (mxpress-replies(5), [[limit]])."""
import time

from hostile_attack import attack
from hostile_hosts_attacks import letter
from hostile_intake import LETTER, SENDER
from hostile_turns import slowest
from hostile_users import send_all


def limit(bench, connections):
    """The provider's mail hosts, at "fresh", and machines of his at "hang", which say nothing at port 25, but which any domain may name."""
    rules = bench.daemon.folder / 'replies.toml'
    rules.write_text('[[rule]]\nname = "any"\ncode = "4xx"\nclass = "policy"\nwho = "nobody"\ncause = "It refuses."\n'
                     f'[[limit]]\nname = "big"\nhost = ["fresh.example", "hang.example", "tarpit.example"]\nconnections = {connections}\n')
    rules.chmod(0o644)


def send_to_pool(bench, count):
    """Letters of another user to the provider's hosts; when each was handed in."""
    begins = {}
    for n in range(count):
        begins[f'pool-{n}'] = time.monotonic()
        bench.user(9, send_all, bench.socket, 'other@here.example', [[f'x@n{n % 2}.fresh.example']], letter(f'pool-{n}')).result(30)
        time.sleep(1)
    return begins


@attack(100, 'pool-silent', "letters of two uids to 100 domains each that name machines of a provider which say nothing; the provider's hosts take 5 connections",
        prepare=lambda bench: limit(bench, 5))
def pool_silent(bench):
    for uid in (1, 2):
        bench.user(uid, send_all, bench.socket, SENDER, [[f'u@n{100 * uid + n}.hang.example' for n in range(100)]], LETTER).result()
    bench.wait(10, lambda: bench.hostile_events.all('connection', host='hang'))
    time.sleep(2)
    begins = send_to_pool(bench, 5)
    bench.figure("slowest of another user's letters to the provider's hosts", slowest(bench, bench.hostile_events, 'fresh', begins, 100), 5.0, 's')
    bench.notes.append(f"connections to silent machines: {len(bench.hostile_events.all('connection', host='hang'))}")


@attack(100, 'pool-small', 'the same of one uid, at a provider whose hosts take 4 connections', prepare=lambda bench: limit(bench, 4))
def pool_small(bench):
    bench.user(1, send_all, bench.socket, SENDER, [[f'u@n{n}.hang.example' for n in range(100)]], LETTER).result()
    bench.wait(10, lambda: bench.hostile_events.all('connection', host='hang'))
    time.sleep(2)
    begins = send_to_pool(bench, 5)
    bench.figure("slowest of another user's letters to the provider's hosts", slowest(bench, bench.hostile_events, 'fresh', begins, 100), 5.0, 's')
