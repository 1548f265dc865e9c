"""Attacks with names: of one hash, of thousands of mail hosts, of hosts that are others at each lookup."""
import itertools

from hostile_attack import attack
from hostile_intake import LETTER, SENDER
from hostile_turns import send_other, slowest
from hostile_users import send_all

# Parts of 16 letters: for any choice from each group, std::hash<std::string_view> of libstdc++ has the same state after it, so that all
# 85,184 names have one hash. Found in half a minute: each part's second half undoes the effect of its first half.
PARTS = (
    '1ikfso653xa6rcgb 1dn98dr5pzbya6rf 128yrgftu8otbupb ha4uhx9lcm7wkkyh 2engegalsjyifdix jjmbzj8xopkzuu7y jg7ys09qfbi0z5lm mzpkphrjryx74ijd '
    '3pk76plyxkupppt1 8n5u16a2r0a1aaur qrgqcpi528kyb1qp 2gh7reni0tgggefe t9m3zwrgd7ug1n1a nu1ltzdn3vrlfebj 6spfhg72pk4peccm yo433pjkeosz1rv5 '
    'ihxppmdd1dctd1kg 2oknrvp6yoxa4uwq mc5r7i5t283fjbbd 4cp9tqrlhozx3xqf r90i7829z428bomn 5sduv69gdrnwhkn8 jhdukpduzsfa9qwt ckaq8u45skcelh3z '
    'p3is89vxkq9i3uiv jrxnpqdq9ztu7c8i nr7i3dng8h6yvmsc yhqj2h41zzquww3k qy40whcllfd24oux hk3q8sq3x0f8ir59 4pu9dh3q58r8lzwy v0wdgooupjwoh9kp '
    '2d57joizpw20oov3 gnkxmiihn9o3h8m3 pddrx3cz6wj1a08r wbc6lpnt66gpbcel c6h4rcksipe6ln6j 0odb5qykezob6an2 s9tatca0kuygcfmf 3n1mdpg56n5m7hpm '
    'v7c17gjzo8bdajae hwdck5e5emg6ytj9 ypv0yxb6zlntb23e 0vpqrs4ehkh7s6u2',
    '4851msi40ra3dyph t3irqb1x1g8e3l2u fdxc2a0hud5820nk lbil4d6httjqqvfl vkbsn7xliesv488t 7n1843q3j3ub12az 7nhp1jwrkcc9v2mb 1qk58dmyx30lc6cd '
    'xyxv8vmcueujkj6z mb8hrzrcmgxzl8wd 4l37l7cd8vbm1btx v6thuuub3enne3ef 0bmn86dq3mzmkqip 9vv2iimrqr5rlsmq 8dhbuza6vx6knjhm dumr88pxnk8cbcl5 '
    'pmp0bz1nwixcpoiz rwuq8emovabjz7js piguvy9mlidnc1n4 fjnfx290fj8umwqm p6ng2f90rksid0we 6pt86dj4cmhwpdne 92t60w9vg5ta0s60 r3onz2qmy4zxntu6 '
    'xxjj4z5z1rqhfhdl v136bbkld3jetfbf rk9nx1ev0b0m417p 0i9tlgji64zklq0f hdjt92c9rbc29ece sfckdv0qvyy5iapy fpga39qzqo960bry gben0lv9tb3s1nb2 '
    'egx1gaj449e4n4yf mgr4773cbwp57zqc seiwzaxak4vixer1 st5zzpbirq04fg8m d8qzu8z0o51lns92 ub0miwa5f9fnz2h2 rfrenabsd8s9md0h 0204tk5ek0ko6zp3 '
    'r9qh1eugv0usplwu n6rwytijw6sehkq2 2r4vi1r22eb07fjh jnuh6ss59u9l0n5f',
    '2jh7tbv9ghcdyx4b tyb724w3d3jmtzln ge8v3s82h038oobs nmdamkyrbiemx1yr bi133rudz2ebxcld 9hvuehvnlg7pvgw6 hkot80hxjhqb0rp7 ujq6c0cye2lpmrxf '
    'uips3cpe4tg2lkam bppoxa0k6dasm3cy l3rsmo0cizh6g014 5btl8o9cmjic4owe g4228w3mf21oxrvm crdlgpquz78oglmy zkzxojgq7sxgdj0u oz1anu1i4zb7k0bf '
    'e0t8g0678ykdaujn p8quhpias45rhc9b 4295r7zu3nr1awqc vl681yxjm5mqng08 60tfpqg96tvya1d7 qgq03vfowdsfli40 y2f2uvobnh8gwdx4 raudfc0r0irgype5 '
    'z6pqce23vgdxua16 5tfgold44ejtni1q pgq2vudbmnffqjqq atrz6oufc40qz3ly pcbroe2ohx4o0ae0 bej1gre7tto0ttb6 4l0mwk1o2sw6iyi8 ydaurrty7pr9weyl '
    'txcb1u8t9xqy3045 94cjk1m4ek0zgh30 4rlk08ys5b5k3mzj zq3jr1xrszye1645 cbe2btjvp9oi6zs5 j48m6wdj2qgy14be zemm0vmrkdvxff95 65h0z8ga727sn9j4 '
    'k3tqvvhu9plb9bfx kbii4p4xeug0lukn vq965sz0xues8969 55w7r2cspdcaxv3q',
)


def names():
    return (f'{"".join(parts)}.servfail.example' for parts in itertools.product(*(part.split() for part in PARTS)))


def much_memory(bench):
    """So that all of them are taken."""
    text = bench.daemon.config.read_text()
    bench.daemon.config.write_text(text.replace('[spool]\n', '[spool]\nmemory = "400MB"\n'))


@attack(31, 'one-hash', '7 letters to 10,000 domains each whose names have one std::hash; another user writes', cpu=12, memory=256, prepare=much_memory)
def one_hash(bench):
    every = names()
    groups = [[f'u@{name}' for name in itertools.islice(every, 10_000)] for _ in range(7)]
    user = bench.user(1, send_all, bench.socket, SENDER, groups, LETTER)
    begins = send_other(bench, 5, 'you@honest.example', pause=1)
    bench.figure('letters taken', sum(code == 250 for code, _ in user.result(60)), 7, at_least=True)
    bench.figure("slowest of another user's letters", slowest(bench, bench.honest_events, 'honest', begins, 10), 5.0, 's')
    bench.settle(40)


@attack(36, 'big-answers', 'a letter to 3,000 domains with 2,800 mail hosts each, whose names have 240 octets and whose addresses are never told', cpu=20)
def big_answers(bench):
    long = '.'.join('b' * 60 for _ in range(3))
    bench.user(1, send_all, bench.socket, SENDER, [[f'u@d{n}.{long}.bulk.example' for n in range(3000)]], LETTER).result(60)
    bench.wait(20, lambda: False)


@attack(37, 'flipping-hosts', '50 letters to domains whose mail host has another name at each lookup, and says 421 after a second')
def flipping_hosts(bench):
    tries = lambda: len(bench.hostile_events.all('connection', host='flip'))
    bench.user(1, send_all, bench.socket, SENDER, [[f'u@d{n}.flip.example'] for n in range(50)], LETTER).result(60)
    bench.wait(20, lambda: tries() >= 50)
    bench.figure('connections', tries(), 50, at_least=True)
    bench.wait(60, lambda: tries() > 200, every=1)
    bench.figure('connections a minute later', tries(), 150)
