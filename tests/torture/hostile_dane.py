"""Attacks by domains whose zones are signed, and whose TLSA records are costly."""
from hostile_attack import attack
from hostile_intake import LETTER, SENDER
from hostile_turns import send_other, slowest
from hostile_users import send_all


def domains(kind, begin, end):
    return [f'u@d{n}.{kind}.example' for n in range(begin, end)]


@attack(80, 'tlsa-keys', 'a letter to 500 domains whose five mail hosts have TLSA records with 120 odd keys each', cpu=20)
def tlsa_keys(bench):
    user = bench.user(1, send_all, bench.socket, SENDER, [domains('keys', 0, 500)], LETTER)
    begins = send_other(bench, 10, 'you@honest.example', pause=1)
    user.result(60)
    bench.figure("slowest of another user's letters", slowest(bench, bench.honest_events, 'honest', begins, 60), 5.0, 's')
    bench.settle(30)


@attack(81, 'tlsa-memory', 'letters of eight uids to 40,000 domains whose five mail hosts have 1.6 KiB of TLSA records each', cpu=150, memory=256)
def tlsa_memory(bench):
    users = [bench.user(1 + n, send_all, bench.socket, SENDER, [domains('records', n * 5000, (n + 1) * 5000)], LETTER) for n in range(8)]
    bench.figure('letters taken', sum(code == 250 for user in users for code, _ in user.result(60)), None)
    bench.settle(150)
