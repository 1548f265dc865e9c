"""OAuth from mxpress setup oauth to delivered mail: a practice provider, Postfix with Dovecot that asks it about tokens, and a mail host of our own."""
import os
import re
import shutil
import stat
import subprocess
import threading
import urllib.error
import urllib.parse
import urllib.request

from daemon import Daemon
from delivery_scenario import HELLO
from dovecot import Dovecot
from harness import check, check_equal, daemon_user, is_root, wait_until
from oauth_provider import OAuthProvider, TokenMailHost
from peers import Unbound
from postfix import Postfix
from provider_scenario import SIGNED_IN_ONLY, USER, make_certificate

ZONE = ['mail.provider.example. 60 IN A 127.0.0.21', 'login.provider.example. 60 IN A 127.0.0.22']


class House:
    """The parts of a scenario: the provider, a name server, and a daemon that signs in by the provider's tokens."""

    def __init__(self, world, host=TokenMailHost, flow='device_url', allow='["127.0.0.22/32"]', client='client-1', **options):
        self.world, self.flow, self.allow, self.client = world, flow, allow, client
        self.ca, key, certificate = make_certificate(world, 'mail.provider.example', 'login.provider.example')
        self.provider = OAuthProvider(world, '127.0.0.22', certificate, key, USER)
        self.host = host(world, '127.0.0.21', certificate, key, self.provider, **options)
        self.state = world.make_folder('mxpress/state', 0o700, daemon_user())
        self.daemon = Daemon(world, Unbound(world, ZONE).port, 25, extra_top=f'state_directory = "{self.state}"', extra=self.route())

    def route(self, extra_login=''):
        implicit = 'implicit = true\n' if isinstance(self.host, TokenMailHost) else ''
        return (f'[route]\nhost = "mail.provider.example"\nport = {self.host.port}\nauth = "office"\nca_file = "{self.ca}"\n{implicit}'
                f'[credentials.office]\nuser = "{USER}"\nclient_id = "{self.client}"\n{extra_login}'
                f'oauth = {{ token_url = "{self.provider.url("token")}", {self.flow} = "{self.provider.url(self.flow.removesuffix("_url"))}", '
                f'scope = "mail offline_access", ca_file = "{self.ca}", allow_addresses = {self.allow} }}\n')

    def refresh_token_file(self):
        return self.state / 'oauth' / 'office'

    def setup(self):
        return self.daemon.mxpress('setup', 'oauth', '--name', 'office', seconds=90)

    def set_up(self):
        self.provider.device_answers = [None]
        code, output, errors = self.setup()
        check_equal(code, 0, f'exit status of setup oauth ({output} {errors})')
        return output

    def send(self, first, count):
        for number in range(first, first + count):
            self.daemon.send(['-f', 'me@here.example', f'you{number}@there.example'], HELLO)

    def check_no_secret_is_told(self):
        texts = [self.daemon.log(), self.daemon.mxpress('config', 'show')[1], self.daemon.mxpress('status', '--json')[1], self.daemon.mxpress('queue', '--messages')[1]]
        texts += [self.daemon.mxpress('show', queue_id)[1] for queue_id in self.daemon.accepted_ids()[:20]]
        for folder, _, files in os.walk(self.daemon.spool):
            texts += [open(os.path.join(folder, file), errors='replace').read() for file in files]
        for secret in self.provider.all_secrets:
            check(not any(secret[10:50] in text for text in texts), f'a secret is told: {secret[:20]}...')


class PostfixWithTokens:
    def __init__(self, world, address, certificate, key, provider):
        self.port = world.free_port(address)
        self.dovecot = Dovecot(world, {USER: 'right'}, 'xoauth2 oauthbearer plain login', provider.introspection_url())
        self.postfix = Postfix(world, address, self.port, 'provider.example',
                               SIGNED_IN_ONLY.format(socket=self.dovecot.socket) +
                               f'smtpd_tls_security_level = may\nsmtpd_tls_key_file = {key}\nsmtpd_tls_cert_file = {certificate}\n')

    def methods(self):
        return re.findall(r'sasl_method=(\S+), sasl_username=(\S+)', self.postfix.log())


def scenario_postfix_and_dovecot_take_the_tokens(world):
    house = House(world, PostfixWithTokens)
    house.provider.device_answers = ['authorization_pending', 'slow_down', None]
    code, output, errors = house.setup()
    check_equal(code, 0, f'exit status of setup oauth ({output} {errors})')
    check('enter the code ABCD-EFGH' in output and 'https://login.provider.example/device' in output, f'setup does not say what to do: {output}')
    file = house.refresh_token_file().stat()
    check_equal(stat.S_IMODE(file.st_mode), 0o600, 'mode of the refresh token')
    if is_root():
        check(file.st_uid != 0, 'the refresh token belongs to root')
    daemon = house.daemon.start()
    general = daemon.config.read_text().split('[route]')[0]
    for number, mechanism in enumerate(('OAUTHBEARER', 'XOAUTH2'), 1):
        daemon.config.write_text(general + house.route(f'mechanisms = ["{mechanism}"]\n'))
        check_equal(daemon.mxpress('reload')[0], 0, 'mxpress reload')
        house.send(number, 1)
        daemon.wait_for_empty_queue()
        check_equal(house.host.methods()[-1], (mechanism, USER), 'how it signed in')
    check(all('(verified)' in attempt['tls'] for attempt in daemon.attempts('delivered')), 'a session was not verified')
    house.check_no_secret_is_told()
    daemon.stop()


def scenario_a_token_that_ends_in_the_middle_of_a_backlog_returns_nothing(world):
    house = House(world)
    house.set_up()
    daemon = house.daemon.start()
    daemon.stop()
    house.send(0, 40)  # into the drop folder
    before = len(house.provider.asked)
    # The provider takes back what it has given for an hour, when it has taken some of the mail.
    house.host.when_taken[12] = house.provider.revoke_access_tokens
    daemon.start()
    wait_until(lambda: len(house.host.messages) == 40, 120, lambda: f'all mail to be taken: {daemon.log()[-1000:]}')
    daemon.wait_for_empty_queue()
    check(house.host.refusals >= 1, 'no token was refused')
    check(len(house.provider.asked) > before, 'no other token was asked for')
    check(not daemon.attempts('failed') and not daemon.events('bounced'), 'mail was returned')
    kept = house.refresh_token_file().read_text()
    check(kept in house.provider.refresh_tokens, 'the refresh token on the disk is not the latest')
    check_equal(stat.S_IMODE(house.refresh_token_file().stat().st_mode), 0o600, 'mode of the refresh token')
    check_equal(sorted(os.listdir(house.state / 'oauth')), ['office', 'office.lock'], 'files of the state')
    house.check_no_secret_is_told()
    # After a restart the latest refresh token goes on.
    daemon.stop()
    daemon.start()
    house.send(40, 1)
    daemon.wait_for_empty_queue()
    check_equal(len(house.host.messages), 41, 'messages at the provider after a restart')
    wait_until(lambda: daemon.mxpress('status')[0] == 0, 10, lambda: f'status to be fine: {daemon.mxpress("status")[1]}')
    daemon.stop()


def scenario_a_refresh_token_that_is_taken_no_more_keeps_the_mail(world):
    house = House(world)
    house.set_up()
    house.provider.revoke_refresh_tokens()
    daemon = house.daemon.start()
    house.send(0, 3)
    wait_until(lambda: len(daemon.attempts('deferred')) >= 1, 30, lambda: f'an attempt: {daemon.log()[-800:]}')
    status = daemon.mxpress('status')[1]
    check('run mxpress setup oauth --name office' in status and 'invalid_grant' in status, f'status does not say what to do: {status}')
    check_equal(house.host.messages, [], 'messages at the provider')
    check(not daemon.attempts('failed') and not daemon.events('bounced'), 'mail was returned')
    house.set_up()  # and it has the daemon ask again
    daemon.wait_for_empty_queue()
    check_equal(len(house.host.messages), 3, 'messages at the provider')
    wait_until(lambda: daemon.mxpress('status')[0] == 0, 10, lambda: f'status to be fine: {daemon.mxpress("status")[1]}')
    house.check_no_secret_is_told()
    daemon.stop()


def scenario_answers_that_make_no_sense_are_asked_for_again(world):
    house = House(world)
    house.set_up()
    kept = house.refresh_token_file().read_text()
    house.provider.bent = [(200, 'text/html', '<html>please sign in</html>'), (503, 'application/json', '{"error":"server_error"}'),
                           (200, 'lies/length', '{"access_token":"x"}')]
    daemon = house.daemon.start()
    house.send(0, 2)
    wait_until(lambda: 'no JSON but text/html' in daemon.log(), 10, lambda: f'the log to tell it: {daemon.log()[-500:]}')
    check_equal(house.refresh_token_file().read_text(), kept, 'refresh token after an answer that makes no sense')
    daemon.wait_for_empty_queue(120)
    check_equal(len(house.host.messages), 2, 'messages at the provider')
    check_equal(len(house.provider.bent), 0, 'bent answers that are left')
    check(not daemon.attempts('failed') and not daemon.events('bounced'), 'mail was returned')
    daemon.stop()


def scenario_setup_says_why_it_fails(world):
    house = House(world)
    for answers, words in ((['authorization_pending', 'access_denied'], 'said no'), (['expired_token'], 'not entered in time'), (['invalid_grant'], 'invalid_grant: said by')):
        house.provider.device_answers = answers
        code, _, errors = house.setup()
        check_equal(code, 5, f'exit status of setup oauth after {answers} ({errors})')
        check(words in errors, f'setup does not say {words}: {errors}')
    check(not house.refresh_token_file().exists(), 'there is a refresh token that nobody has given')
    check_equal(house.daemon.mxpress('setup', 'oauth', '--name', 'other')[0], 5, 'exit status for a name that is not there')
    check_equal(house.daemon.mxpress('status', '--name', 'office')[0], 2, 'exit status of --name with another command')
    # A host at an address that is not public, and one without a verified identity, get nothing.
    general = house.daemon.config.read_text().split('[route]')[0]
    asked = len(house.provider.asked)
    house.daemon.config.write_text(general + re.sub(r'allow_addresses = \[.*?\]', 'allow_addresses = []', house.route()))
    check('127.0.0.22 is a loopback address, which is not asked' in house.setup()[2], 'a loopback address is asked')
    house.daemon.config.write_text(general + re.sub(r'(scope = "[^"]*"), ca_file = "[^"]*"', r'\1', house.route()))
    errors = house.setup()[2]
    check('certificate' in errors, f'a host of an unknown authority is asked: {errors}')
    check_equal(len(house.provider.asked), asked, 'requests for tokens')


class Browser:
    """mxpress setup oauth with a pipe as its input, and the actions of a browser."""

    def __init__(self, house):
        self.process = subprocess.Popen([house.world.program('mxpress'), '-c', house.daemon.config, 'setup', 'oauth'], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        house.world.at_end.append(self.process.kill)
        self.url = next(line.strip() for line in self.process.stdout if line.startswith('https://'))
        self.query = dict(urllib.parse.parse_qsl(self.url.partition('?')[2]))
        code, challenge, redirect = 'the-code', self.query['code_challenge'], self.query['redirect_uri']
        house.provider.codes[code] = lambda form: form.get('redirect_uri') == redirect and s256(form.get('code_verifier', '')) == challenge

    def address(self, **fields):
        return self.query['redirect_uri'] + '?' + urllib.parse.urlencode({'state': self.query['state'], **fields})

    def visit(self, address):
        try:
            with urllib.request.urlopen(address, timeout=20) as page:
                return page.status
        except urllib.error.HTTPError as error:
            return error.code

    def end(self, line=''):
        output, errors = self.process.communicate(line, timeout=60)
        return self.process.returncode, output, errors


def s256(verifier):
    import base64
    import hashlib
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b'=').decode()


def scenario_a_browser_brings_the_code(world):
    house = House(world, flow='authorization_url')
    browser = Browser(house)
    check_equal(browser.visit(browser.address(code='the-code', state='another')), 404, 'status for another state')
    check_equal(browser.visit(browser.address(error='access_denied', state='another')), 404, 'status for a refusal with another state')
    check_equal(browser.visit(browser.address(code='the-code')), 200, 'status for the right state')
    code, output, errors = browser.end()
    check_equal(code, 0, f'exit status of setup oauth ({output} {errors})')
    check(house.refresh_token_file().read_text() in house.provider.refresh_tokens, 'the refresh token is not the one that was given')

    browser = Browser(house)
    browser.visit(browser.address(error='access_denied'))
    code, output, errors = browser.end()
    check_equal(code, 5, 'exit status of setup oauth after a refusal')
    check('the provider refuses: access_denied' in errors, f'setup does not say it: {errors}')

    browser = Browser(house)
    code, output, errors = browser.end(browser.address(code='the-code') + '\n')
    check_equal(code, 0, f'exit status of setup oauth with a typed address ({output} {errors})')
    daemon = house.daemon.start()
    house.send(0, 1)
    daemon.wait_for_empty_queue()
    check_equal(len(house.host.messages), 1, 'messages at the provider')
    daemon.stop()


def scenario_the_end_of_passwords_returns_nothing_and_is_explained(world):
    house = House(world)
    general, route = house.daemon.config.read_text().split('[route]')[0], house.route()
    password = world.path('password')
    password.write_text('right\n')
    password.chmod(0o600)
    if is_root():
        shutil.chown(password, daemon_user())
    house.daemon.config.write_text(general + re.sub(r'client_id.*\noauth.*\n', f'password_file = "{password}"\n', route))
    daemon = house.daemon.start()
    house.send(0, 2)
    wait_until(lambda: len(daemon.attempts('deferred')) >= 1, 30, lambda: f'an attempt: {daemon.log()[-800:]}')
    for command in (['status'], ['show', daemon.accepted_ids()[0]]):
        told = ' '.join(daemon.mxpress(*command)[1].split())
        check('5.7.30' in told and 'end of December 2026' in told and 'mxpress setup oauth' in told, f'{command} does not explain it: {told}')
    check(not daemon.attempts('failed') and not daemon.events('bounced'), 'mail was returned')
    # A token helps.
    daemon.config.write_text(general + route)
    house.set_up()
    daemon.wait_for_empty_queue()
    check_equal(len(house.host.messages), 2, 'messages at the provider')
    daemon.stop()


def scenario_a_stop_during_a_refresh_keeps_the_new_token(world):
    house = House(world)
    house.daemon.start()
    house.set_up()
    house.daemon.stop()
    is_asked, may_answer = threading.Event(), threading.Event()

    def hold():
        is_asked.set()
        may_answer.wait(30)
    house.provider.before_answer = hold
    house.daemon.start()
    check(is_asked.wait(30), 'no refresh at the start')
    threading.Thread(target=lambda: (wait_until(lambda: 'stopping' in house.daemon.log(), 30, 'the stop'), may_answer.set()), daemon=True).start()
    house.daemon.stop()
    house.provider.before_answer = lambda: None
    check(house.refresh_token_file().read_text().strip() in house.provider.refresh_tokens, 'the file has a token that the provider takes no more')
    house.daemon.start()
    house.send(0, 1)
    house.daemon.wait_for_empty_queue()
    check_equal(len(house.host.messages), 1, 'messages')
    house.daemon.stop()
