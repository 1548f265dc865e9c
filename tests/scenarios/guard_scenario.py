"""A runaway program: its mail is held, that of others is not, and root decides."""
import subprocess

from daemon import Daemon
from delivery_scenario import HELLO
from harness import Skip, check, check_equal, is_root, wait_until
from practice import PracticeInternet

RUNAWAY, OTHER = 2001, 2002


def send_as(daemon, uid, count):
    program = str(daemon.world.program('sendmail'))
    for number in range(count):
        done = subprocess.run([program, '-i', '-f', f'u{uid}@here.example', f'you{number}@healthy.example'], input=HELLO, env=daemon.environment(), user=uid,
                              group=uid, extra_groups=[], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60)
        check_equal(done.returncode, 0, f'exit status of sendmail ({done.stdout.decode()[-200:]})')


def send_by_smtp_as(daemon, uid):
    code = (f"import smtplib; c = smtplib.SMTP('127.0.0.1', {daemon.smtp_port}, timeout=30); "
            f"c.sendmail('u{uid}@here.example', ['you@healthy.example'], b'Subject: by SMTP\\r\\n\\r\\nhello\\r\\n')")
    subprocess.run(['python3', '-c', code], user=uid, group=uid, extra_groups=[], check=True, timeout=60)


def states(daemon, uid):
    return [message['state'] for message in daemon.json('queue', '--messages', '--uid', str(uid))]


def scenario_what_runs_away_is_held_and_root_releases_it(world):
    if not is_root():
        raise Skip('needs root to be several users')
    internet = PracticeInternet(world)
    daemon = Daemon(world, internet.dns_port, internet.smtp_port, guard='rate = "1/h"\nburst = 5').start()
    send_as(daemon, RUNAWAY, 8)
    send_by_smtp_as(daemon, RUNAWAY)
    send_as(daemon, OTHER, 3)
    send_as(daemon, 0, 10)
    delivered = lambda sender: sum(e['sender'].startswith(f'<u{sender}@here.example>') for e in internet.delivered('healthy.example'))
    wait_until(lambda: (delivered(RUNAWAY), delivered(OTHER), delivered(0)) == (5, 3, 10), 60, lambda: f'the mail of others: {daemon.log()[-800:]}')
    check_equal(states(daemon, RUNAWAY), ['held'] * 4, 'states')
    check_equal(sum(' alert ' in line for line in daemon.log().splitlines()), 1, 'alerts')
    code, status, _ = daemon.mxpress('status')
    check(code != 0 and f'uid {RUNAWAY}' in status and '4 message(s) held' in status, f'status does not say it: {status}')
    show = daemon.mxpress('show', daemon.json('queue', '--messages', '--uid', str(RUNAWAY))[0]['id'])[1]
    check('Held by [guard]' in show, f'show does not say why: {show}')
    check_equal(daemon.mxpress('release', '--uid', str(RUNAWAY))[0], 0, 'mxpress release --uid')
    daemon.wait_for_empty_queue()
    check_equal(delivered(RUNAWAY), 9, 'messages of the one that ran away')
    daemon.stop()


def scenario_the_built_in_limits_let_a_usual_user_pass(world):
    if not is_root():
        raise Skip('needs root to be several users')
    internet = PracticeInternet(world)
    daemon = Daemon(world, internet.dns_port, internet.smtp_port, guard=f'exempt = [{OTHER}]').start()
    code = ("import smtplib, sys; c = smtplib.SMTP('127.0.0.1', int(sys.argv[1]), timeout=60)\n"
            "for n in range(int(sys.argv[3])): c.sendmail(f'u{sys.argv[2]}@here.example', [f'you{n}@healthy.example'], b'Subject: n\\r\\n\\r\\nhello\\r\\n')")
    for uid, count in ((RUNAWAY, 290), (OTHER, 500)):
        subprocess.run(['python3', '-c', code, str(daemon.smtp_port), str(uid), str(count)], user=uid, group=uid, extra_groups=[], check=True, timeout=120)
    daemon.wait_for_empty_queue()
    check_equal(len(internet.delivered('healthy.example')), 790, 'messages')
    daemon.stop()
