"""Attacks on the history that `mxpress why` reads."""
import re

from hostile_attack import attack
from hostile_hosts_attacks import letter
from hostile_intake import LETTER, SENDER
from hostile_users import send_all


def flood(bench):
    """120 letters to 2,000 recipients that fail at once: some 40 MB of records."""
    groups = [[f'{"x" * 60}{n}@d{k}.nx.example' for n in range(2000)] for k in range(120)]
    return bench.user(1, send_all, bench.socket, SENDER, groups, LETTER)


def delivered(bench, who):
    """Ids of the letters of this sender that were delivered, by the log."""
    return set(re.findall(rf'(\w+) attempt outcome=delivered from=<{who}>', bench.daemon.log()))


def without_history(bench, who):
    """The number of letters of this sender that were delivered, and of those of which the history lacks the acceptance or the delivery."""
    ids = delivered(bench, who)
    missing = 0
    for name in ids:
        told = bench.daemon.json('why', name)
        lines = [line['text'] for line in told[0].get('line', [])] if told else []
        missing += not all(any(text.startswith(word) for text in lines) for word in ('accepted', 'delivered'))
    return len(ids), missing


@attack(101, 'history', '120 letters to 2,000 recipients that fail at once, on a host whose history has 16 MB, after letters of another user and beside them',
        cpu=60, memory=256, options={'extra': '[history]\nmax_size = "16MB"\n'})
def history(bench):
    bench.user(2, send_all, bench.socket, 'other@here.example', [['you@honest.example']] * 20, letter('other')).result(60)
    bench.wait(20, lambda: len(bench.honest_events.all('took', token='other')) == 20)
    flood(bench).result(60)
    bench.wait(60, lambda: bench.daemon.log().count(' outcome=failed ') >= 240_000, every=1)
    bench.wait(30, lambda: len(delivered(bench, 'honest@here.example')) >= 5, every=1)
    bench.figure('recipients of his that failed', bench.daemon.log().count(' outcome=failed '), 40_000, at_least=True)
    for who in ('other@here.example', 'honest@here.example'):
        letters, missing = without_history(bench, who)
        bench.figure(f'delivered letters of {who.partition("@")[0]}', letters, 5, at_least=True)
        bench.figure('of them without a history', missing, 0)
