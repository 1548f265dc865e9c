"""Attacks with mail that is held."""
import threading
import time

from hostile_attack import attack
from hostile_turns import send_other, slowest
from hostile_users import LIST_ALL, DESTINATIONS, STATUS, Control, Smtp

def one_letter(n):
    return f'MAIL FROM:<a@here.example>\r\nRCPT TO:<u@h{n % 50}.dead.example>\r\nDATA\r\nSubject: x\r\n\r\nhi\r\n.\r\n'.encode()


def send_many(where, count):
    client, taken = Smtp(where, 120), 0
    for number in range(count + 20):
        if number < count:
            client.socket.sendall(one_letter(number))
        if number >= 20:
            taken += [client.reply()[0] for _ in range(4)][-1] == 250
    return taken


def ask(where, request):
    begin = time.monotonic()
    try:
        responses = Control(where, 60).ask(request)
        return time.monotonic() - begin, sum(map(len, responses))
    except OSError as error:
        return time.monotonic() - begin, repr(error)


def loop(where, request, seconds):
    end, count = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        try:
            Control(where, 60).ask(request)
        except OSError:
            time.sleep(0.01)
        count += 1
    return count


@attack(94, 'held', '100,000 letters of one uid that [guard] holds; lists, releases, restart, removal', cpu=30, memory=128, honest_smtp=False,
        options={'guard': 'rate = "1/h"\nburst = 10\nexempt = [2000, 2002, 2009]'})
def held(bench):
    users = [bench.user(1, send_many, bench.socket, 4200) for _ in range(24)]
    bench.figure('letters taken', sum(user.result(200) or 0 for user in users), 100_000, at_least=True)
    control = str(bench.daemon.control)
    def timed(what, *command):
        begin = time.monotonic()
        code, out, errors = bench.daemon.mxpress(*command, seconds=300)
        bench.notes.append(f'{what}: {time.monotonic() - begin:.1f} s, {code}, {len(out)} octets {errors[:100]} rss {bench.memory("VmRSS"):.0f} {out[:60]!r}')
    bench.notes.append(f'rss {bench.memory("VmRSS"):.0f}, cpu {bench.cpu():.1f}')
    timed('status', 'status')
    timed('queue', 'queue')
    timed('queue --messages', 'queue', '--messages')
    def others(name, seconds=5):
        begins = send_other(bench, seconds, 'you@honest.example', pause=1, name=name.replace(' ', '-'))
        bench.figure(f"slowest of another user's letters, {name}", slowest(bench, bench.honest_events, 'honest', begins, 60), 5.0, 's')
    looping = [bench.user(1, loop, control, request, 12) for request in (LIST_ALL, DESTINATIONS, STATUS)]
    time.sleep(1)
    bench.notes.append(f'honest user lists meanwhile: {bench.user(0, ask, control, LIST_ALL).result(90)}')
    others('while he lists without a pause')
    bench.notes.append(f'loops: {[user.result(60) for user in looping]}')
    thread = threading.Thread(target=timed, args=('release', 'release', '--uid', '2001', '--state', 'held'))
    thread.start()
    time.sleep(0.5)
    others('while root releases', 10)
    thread.join()
    bench.restart()
    others('after a restart')
    thread = threading.Thread(target=timed, args=('hold', 'hold', '--uid', '2001'))
    thread.start()
    others('while root holds')
    thread.join()
    thread = threading.Thread(target=timed, args=('remove', 'remove', '--uid', '2001'))
    thread.start()
    others('while root removes')
    thread.join()
