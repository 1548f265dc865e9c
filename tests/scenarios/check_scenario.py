"""mxpress check: what it says of mail hosts and name servers of every temper, and that it sends no mail."""
import json
import os

from daemon import Daemon
from dane_scenario import Scene
from delivery_scenario import HELLO
from harness import check, check_equal, is_root, wait_until
from practice import PracticeInternet
from practice_scenario import TIMEOUTS

ACCEPTED, NOT_FOUND_OUT, USAGE, NOT_ALLOWED, REFUSED, WAITS = 0, 1, 2, 4, 69, 75


class Checker:
    """Each check counts for a user of its own, but that of the pace."""

    def __init__(self, world, daemon):
        self.world, self.daemon, self.checks = world, daemon, 0

    def folder(self):
        self.checks += 1
        return self.world.make_folder(f'runtime-{self.checks}', 0o777)

    def run(self, *arguments, folder=None, **options):
        command = [self.world.program('mxpress'), '-c', self.daemon.config, 'check', *arguments]
        result = self.world.run(command, seconds=120, env={**os.environ, 'XDG_RUNTIME_DIR': str(folder or self.folder())}, **options)
        return result.returncode, result.stdout.decode(), result.stderr.decode()

    def expect(self, code, address, *words, **options):
        found, output, errors = self.run(address, '--from', 'me@here.example', **options)
        check_equal((found, errors), (code, ''), f'mxpress check {address}: {output}')
        for word in words:
            check(word in output, f'mxpress check {address}: no "{word}" in {output}')
        return output


def practice(world, **options):
    internet = PracticeInternet(world)
    daemon = Daemon(world, internet.dns_port, internet.smtp_port, extra=TIMEOUTS + options.pop('extra', ''), **options)
    return internet, daemon, Checker(world, daemon)


def scenario_each_answer_of_a_mail_host_has_its_verdict(world):
    internet, daemon, checker = practice(world)
    shown = checker.expect(ACCEPTED, 'you@healthy.example', 'would be accepted, in clear text', '  >>  RCPT TO:<you@healthy.example>', '  >>  RSET', '  >>  QUIT',
                           'mxpressd:\n  It was not asked: ', 'Must act: Nobody.')
    check('DATA' not in shown, shown)
    checker.expect(ACCEPTED, 'you@tls.example', '  >>  STARTTLS', '  TLS TLSv1.3', 'over TLSv1.3/')
    checker.expect(REFUSED, 'you@reject.example', '550 5.1.1 there is nobody of that name here', 'Must act: The sender')
    checker.expect(WAITS, 'you@grey.example', 'greylisting', '451 4.7.1 greylisted')
    checker.expect(ACCEPTED, 'you@backup.example', 'Also:     Does not take mail: down.backup.example', 'connection refused')
    checker.expect(WAITS, 'you@busy-greeting.example', '421 4.3.2 too busy')
    check_equal(internet.events('delivered'), [], 'mail')


def scenario_domains_without_mail_hosts_and_names_that_are_none(world):
    internet, daemon, checker = practice(world)
    checker.expect(REFUSED, 'you@null.example', 'null MX', 'takes no mail at all')
    checker.expect(REFUSED, 'you@nobody.example', 'there is no such domain', 'spelled correctly')
    checker.expect(REFUSED, 'you@no-address.example', 'has no mail host')
    checker.expect(WAITS, 'you@circle.example', 'loop of CNAMEs')
    checker.expect(WAITS, 'you@servfail.example', 'SERVFAIL', 'It could not be found out which host takes the mail')
    checker.expect(REFUSED, 'you@b\u00fccher.example', 'there is no such domain', 'xn--bcher-kva.example')
    checker.expect(ACCEPTED, 'you@alias.example', 'an alias (CNAME) of healthy.example')
    check('stays on this host' in checker.expect(ACCEPTED, 'root@mta.here.example'), 'local mail')
    for wrong in ('you@', '@there.example', 'you@ex ample', 'y\nou@there.example', 'you@[300.1.1.1]', 'y\u00f6u@healthy.example', '\x1b[31m@x'):
        code, output, errors = checker.run(wrong)
        check_equal((code, output), (USAGE, ''), f'{wrong!r}: {errors}')
        check(all(' ' <= c <= '~' for c in errors.strip()), f'{errors!r}')


def scenario_hosts_that_hang_drip_flood_and_close_end_in_time(world):
    internet, daemon, checker = practice(world)
    for fault in ('hang', 'close', 'drip', 'flood', 'nonsense'):
        for stage in ('greeting', 'ehlo', 'rcpt'):
            output = checker.expect(WAITS, f'you@{fault}-{stage}.example')
            check(not [c for c in output if ord(c) < 32 and c != '\n'], f'a control character of {fault}-{stage}')
            check(len(output) < 300_000, f'{fault}-{stage}: {len(output)} octets')
    check_equal(internet.events('delivered'), [], 'mail')


def scenario_no_host_on_loopback_is_asked_unless_a_delivery_would_go_there(world):
    internet, daemon, checker = practice(world, allow='[]')
    checker.expect(REFUSED, 'you@healthy.example', 'which is a loopback address')
    checker.expect(REFUSED, 'you@[127.0.0.1]', 'cannot leave this host')
    check_equal(internet.events('misbehaved'), [], 'connections')


def scenario_a_user_checks_ten_addresses_a_minute(world):
    internet, daemon, checker = practice(world)
    folder = checker.folder()
    for _ in range(10):
        checker.expect(REFUSED, 'you@null.example', folder=folder)
    code, output, errors = checker.run('you@null.example', folder=folder)
    check_equal((code, output), (NOT_ALLOWED, ''), errors)
    check('10 addresses were checked in the last minute' in errors, errors)


def scenario_a_route_is_taken_as_mail_takes_it(world):
    routes = '''
[route.strict]
host = "mail.tls.example"
port = PORT
tls = "verify"
[route.office]
host = "mail.tls.example"
port = PORT
tls = "encrypt"
auth = "office"
[credentials.office]
user = "me"
password_file = "PASSWORD"
[destination."strict.example"]
route = "strict"
[destination."office.example"]
route = "office"
'''
    password = world.path('password')
    password.write_text('secret\n')
    password.chmod(0o600)
    internet, daemon, checker = practice(world)
    daemon.config.write_text(daemon.config.read_text() + routes.replace('PORT', str(internet.smtp_port)).replace('PASSWORD', str(password)))
    checker.expect(WAITS, 'you@strict.example', 'The mail goes by [route.strict]', 'TLS with a trusted certificate for mail.tls.example', 'is required by [route.strict]')
    if is_root():
        checker.expect(WAITS, 'you@office.example', 'could not sign in')
        output = checker.expect(NOT_FOUND_OUT, 'you@office.example', 'not signed in: ', 'it offers no AUTH', user='nobody', group='nogroup')
        check('MAIL FROM' not in output and 'secret' not in output, output)
    check_equal(internet.events('delivered'), [], 'mail')


def scenario_what_the_daemon_knows_is_told(world):
    internet, daemon, checker = practice(world, retry='1h*')
    daemon.start()
    daemon.send(['-f', 'me@here.example', 'you@busy-rcpt.example'], HELLO)
    wait_until(lambda: daemon.attempts('deferred'), 20, 'the attempt')
    checker.expect(WAITS, 'you@busy-rcpt.example', '1 message waits for busy-rcpt.example', 'too busy', '1 message waits for this recipient')
    code, output, errors = checker.run('you@busy-rcpt.example', '--json')
    check_equal((code, errors), (WAITS, ''), output)
    found = json.loads(output)
    check_equal((found['verdict'], found['daemon']['waiting'], found['daemon']['failure']), ('waits', 1, ''), output)
    check_equal([(host['host'], host['result'], host['reply_code']) for host in found['host']], [('mail.busy-rcpt.example', 'failed', 421)], output)
    said = [line['text'] for line in found['host'][0]['dialogue'] if line['from'] == 'client']
    check('RCPT TO:<you@busy-rcpt.example>' in said and 'DATA' not in said, output)
    daemon.stop()


def scenario_a_message_is_judged_on_its_way(world):
    internet, daemon, checker = practice(world)
    message = world.path('message')
    message.write_bytes('From: Me <me@here.example>\n\ngr\u00fc\u00df\n'.encode())
    code, output, errors = checker.run('you@healthy.example', '--from', 'me@here.example', '--message', str(message))
    check_equal((code, errors), (ACCEPTED, ''), output)
    for word in (' BODY=8BITMIME', 'mxpressd adds what is missing: Date, Message-ID.', 'It is not signed', 'depends on SPF alone'):
        check(word in output, f'no "{word}" in {output}')
    code, output, errors = checker.run('you@healthy.example', '--message', str(world.path('nothing')))
    check_equal((code, output), (5, ''), errors)
    check_equal(internet.events('delivered'), [], 'mail')


def scenario_dane_decides_as_for_mail(world):
    scene = Scene(world)
    checker = Checker(world, scene.daemon)
    checker.expect(ACCEPTED, 'you@good.signed.example', 'authenticated (DNSSEC)', 'TLS with a certificate that its TLSA records name', '(verified by DANE)')
    checker.expect(WAITS, 'you@wrong.signed.example', "the mail host's certificate is not the one of its TLSA records", 'Must act: The operator of the mail host')
    checker.expect(WAITS, 'you@clear.signed.example', 'does not offer STARTTLS')
    checker.expect(WAITS, 'you@bogus.signed.example', 'its TLSA records could not be looked up')
    checker.expect(ACCEPTED, 'you@first.signed.example', 'Also:     Does not take mail: mail.first.signed.example')
    checker.expect(ACCEPTED, 'you@none.signed.example', 'in clear text', 'no DANE: it has no TLSA record')
    check_equal(scene.postfix.messages() + scene.sink.messages(), [], 'mail')
    scene.daemon.stop()
