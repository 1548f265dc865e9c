"""DNSSEC validated by mxpressd itself: a root of its own signed by ldns-signzone, NSD, unbound as a forwarder that does not validate."""
import re

from daemon import Daemon
from dane_scenario import Scene, forge
from forwarder import Forwarder
from harness import check, check_equal, wait_until
from nsd import ADDRESS, SignedRoot
from peers import ValidatingUnbound
from private_network import enter_private_network

NAME_SERVER, OTHER_NAME_SERVER = '192.0.2.53', '192.0.2.54'
CLOSED = '127.0.0.99'  # nobody listens at its port 53


class ValidatingScene(Scene):
    """The daemon's name server is elsewhere, thus not trusted. `root`: where the daemon may look for the root itself."""

    def __init__(self, world, strips=False, root=CLOSED, validity=(), anchors=None):
        self.strips, self.root, self.validity, self.anchors = strips, root, validity, anchors
        enter_private_network(world, [NAME_SERVER, OTHER_NAME_SERVER])
        super().__init__(world)

    def make_zones(self, zones):
        return SignedRoot(self.world, zones, ['signed.example'], forge=forge, validity=self.validity)

    def make_daemon(self, _):
        self.unbound = ValidatingUnbound(self.world, self.dns, [])
        self.forwarder = Forwarder(self.world, NAME_SERVER, 53, ('127.0.0.1', self.unbound.port), self.strips)
        self.other = Forwarder(self.world, OTHER_NAME_SERVER, 53, ('127.0.0.1', self.unbound.port))
        self.resolv_conf = self.world.path('resolv.conf')
        self.use_name_server(NAME_SERVER)
        self.anchor_file = self.dns.anchor_file()
        table = f'resolv_conf = "{self.resolv_conf}"\ntrust_anchor = "{self.anchor_file}"\nroot_hints = "{self.dns.hints_file(self.root)}"'
        daemon = Daemon(self.world, 0, self.port, dns=table, retry='1h*')
        self.kept = daemon.folder / 'state' / 'dnssec' / str(self.anchor_file).replace('/', '_')
        if self.anchors is not None:
            self.kept.parent.mkdir(0o700, parents=True)
            self.kept.write_text(self.anchors)
            self.world.run(['chown', '-R', 'nobody', daemon.folder / 'state'])
        return daemon.start()

    def use_name_server(self, address):
        self.resolv_conf.write_text(f'nameserver {address}\n')
        self.resolv_conf.chmod(0o644)

    def state(self):
        return self.daemon.json('status')[0]['dane']

    def wait_for_state(self, beginning, seconds=60):
        return wait_until(lambda: self.state().startswith(beginning) and self.state(), seconds, lambda: f'the state "{beginning}"; it is {self.state()}', every=0.2)

    def told(self):
        return [event['note'] for event in self.daemon.events('dnssec')]

    def bring_records_up_to_date(self, domain):
        self.dns.zones['signed.example'].append(f'_{self.port}._tcp.mail.{domain} IN TLSA 3 1 1 {self.certificates.of_host}')


def scenario_answers_of_a_name_server_elsewhere_are_validated_here(world):
    scene = ValidatingScene(world)
    scene.send('good.signed.example', 'first.signed.example', 'alias.signed.example', 'wrong.signed.example', 'bogus.signed.example', 'clear.signed.example',
               'own.plain.example', 'hosted.plain.example', 'absent.signed.example')
    for name in ('good', 'first', 'alias'):
        scene.is_delivered(f'{name}.signed.example', 'verified by DANE')
    for name in ('own', 'hosted'):
        scene.is_delivered(f'{name}.plain.example', 'unverified')
    scene.is_deferred('wrong.signed.example', 'the mail host\'s certificate is not the one of its TLSA records')
    scene.is_deferred('bogus.signed.example', 'its TLSA records could not be looked up (a bogus answer (DNSSEC) from 192.0.2.53:53: validation failure')
    scene.is_deferred('clear.signed.example', 'the mail host does not offer STARTTLS')
    check_equal(scene.attempt('absent.signed.example')['outcome'], 'failed', 'mail for a domain that is proven not to exist')
    check_equal(scene.sink.count(), 0, 'mail in clear text')
    check_equal(scene.state(), 'on: answers of 192.0.2.53:53 are validated here', 'mxpress status')
    check_equal(scene.told(), ['on: answers of 192.0.2.53:53 are validated here'], 'the log')
    code, shown, _ = scene.daemon.mxpress('tls', 'good.signed.example')
    check(code == 0 and 'TLS with a certificate that its TLSA records name, by DANE' in shown, shown)
    root_keys_are_kept(scene)
    plain_domains_cost_one_question_more_at_most(scene)
    scene.daemon.stop()


def root_keys_are_kept(scene):
    wait_until(lambda: re.search(r'DNSKEY.*;;state=2 \[  VALID  \]', scene.kept.read_text()), 20, lambda: f'the root\'s key: {scene.kept.read_text()}')


def plain_domains_cost_one_question_more_at_most(scene):
    """The proof that the domain is not signed, unless that of the other domain there, which is asked about at the same time, came first."""
    asked = scene.forwarder.asked_about('own.plain.example', 'mail.own.plain.example')
    usual = [('mail.own.plain.example', 'A'), ('mail.own.plain.example', 'AAAA'), ('own.plain.example', 'MX')]
    check(sorted(asked) in (usual, sorted([*usual, ('own.plain.example', 'DS')])), f'questions about a domain that is not signed: {sorted(asked)}')


def scenario_where_signatures_are_withheld_dane_is_off_visibly_and_comes_back_by_itself(world):
    scene = ValidatingScene(world, strips=True)
    scene.send('wrong.signed.example', 'bogus.signed.example', 'good.signed.example', 'own.plain.example')
    for name in ('wrong.signed', 'bogus.signed', 'good.signed', 'own.plain'):
        scene.is_delivered(f'{name}.example', 'unverified')
    state = scene.wait_for_state('off: ')
    check('no name server is trusted for DNSSEC (192.0.2.53:53)' in state and 'a bogus answer (DNSSEC) from 192.0.2.53:53' in state, state)
    check_equal(len(scene.told()), 1, f'lines of the log: {scene.told()}')
    code, shown, _ = scene.daemon.mxpress('tls', 'good.signed.example')
    check(code == 0 and 'DANE is off: no name server is trusted' in shown, shown)
    scene.use_name_server(OTHER_NAME_SERVER)  # which is noticed before the time of the next test, a minute after the first
    check_equal(scene.wait_for_state('on: ', 30), 'on: answers of 192.0.2.54:53 are validated here', 'mxpress status')
    scene.send('first.signed.example')
    scene.is_delivered('first.signed.example', 'verified by DANE')
    scene.daemon.stop()


def scenario_a_forwarder_that_begins_to_withhold_signatures_piles_no_mail_up(world):
    scene = ValidatingScene(world)
    scene.wait_for_state('on: ')
    scene.forwarder.strips = True
    scene.send('good.signed.example', 'own.plain.example')

    def is_there(domain):
        if not scene.arrived(domain):
            scene.daemon.mxpress('retry', '--domain', domain)
        return scene.arrived(domain)
    for domain in ('good.signed.example', 'own.plain.example'):
        wait_until(lambda: is_there(domain), 60, lambda: f'mail for {domain}: {scene.daemon.attempts()}', every=1)
    check(scene.state().startswith('off: '), scene.state())
    scene.daemon.stop()


def scenario_a_forwarder_without_an_answer_about_the_root_for_a_while_turns_nothing_off(world):
    """As one does that is full."""
    scene = ValidatingScene(world)
    scene.wait_for_state('on: ')
    scene.send('good.signed.example')
    scene.is_delivered('good.signed.example', 'verified by DANE')
    scene.forwarder.fails = ('', 'own.plain.example')
    tests = len(scene.forwarder.asked_about(''))

    def is_tested_again():
        scene.daemon.mxpress('retry', '--domain', 'own.plain.example')
        return len(scene.forwarder.asked_about('')) > tests + 4
    scene.send('own.plain.example')
    wait_until(is_tested_again, 90, lambda: f'tests of the root: {scene.forwarder.asked_about("")}', every=1)
    scene.send('first.signed.example', 'wrong.signed.example')
    scene.is_delivered('first.signed.example', 'verified by DANE')
    scene.is_deferred('wrong.signed.example', 'the mail host\'s certificate is not the one of its TLSA records')
    check_equal(len(scene.told()), 1, f'lines of the log: {scene.told()}')
    scene.daemon.stop()


def scenario_where_forwarders_withhold_signatures_the_zones_own_servers_are_asked(world):
    scene = ValidatingScene(world, strips=True, root=ADDRESS)
    check_equal(scene.dns.port, 53, 'the port of NSD')
    state = scene.wait_for_state('on: ')
    check(state.startswith('on: answers of the zones\' own servers are validated here'), state)
    scene.send('good.signed.example', 'wrong.signed.example', 'own.plain.example')
    scene.is_delivered('good.signed.example', 'verified by DANE')
    scene.is_delivered('own.plain.example', 'unverified')
    scene.is_deferred('wrong.signed.example', 'the mail host\'s certificate is not the one of its TLSA records')
    scene.daemon.stop()


def scenario_a_clock_that_is_off_by_a_year_is_told(world):
    """Signatures that ended, or begin, long ago: the same as a clock that is wrong."""
    scene = ValidatingScene(world, validity=['-i', '20240101000000', '-e', '20250101000000'])
    scene.send('good.signed.example', 'own.plain.example')
    for name in ('good.signed', 'own.plain'):
        scene.is_delivered(f'{name}.example', 'unverified')
    state = scene.wait_for_state('off: ')
    check('expired' in state and 'this host\'s clock says 20' in state and 'if that is wrong, set it' in state, state)
    scene.daemon.stop()


def scenario_a_damaged_file_of_trust_anchors_is_replaced(world):
    scene = ValidatingScene(world, anchors='\0' * 400)
    scene.wait_for_state('on: ')
    check(any('had no usable trust anchor, and was replaced by' in note for note in scene.told()), scene.told())
    root_keys_are_kept(scene)
    scene.daemon.stop()


def scenario_trust_anchors_that_are_out_of_date_are_replaced_by_those_of_the_system(world):
    scene = ValidatingScene(world, anchors='. IN DS 1 13 2 ' + '00' * 32 + '\n')
    scene.wait_for_state('on: ')
    check(any('were out of date, and were replaced by those of' in note for note in scene.told()), scene.told())
    root_keys_are_kept(scene)
    scene.daemon.stop()


def scenario_a_new_key_of_the_root_is_trusted_after_a_month_and_then_suffices(world):
    """RFC 5011. Each start is a month later by what libunbound has noted: the times in its file are moved back."""
    scene = ValidatingScene(world)
    scene.forwarder.upstream = (ADDRESS, scene.dns.port)  # no cache
    scene.wait_for_state('on: ')
    root_keys_are_kept(scene)
    old, new = scene.dns.keys['.'], scene.dns.make_key('.')
    scene.dns.other_keys['.'] = [new]
    start_a_month_later(scene)
    wait_for_keys(scene, [' ADDPEND ', '  VALID  '])
    start_a_month_later(scene)
    wait_for_keys(scene, ['  VALID  ', '  VALID  '])
    scene.dns.keys['.'], scene.dns.other_keys = new, {}
    start_a_month_later(scene)
    wait_for_keys(scene, [' MISSING ', '  VALID  '])
    check(scene.state().startswith('on: ') or scene.wait_for_state('on: '), scene.state())
    check(old.with_name(old.name + '.ds').read_text() in scene.anchor_file.read_text(), 'the anchor of the system is still the old one')
    scene.send('good.signed.example')
    scene.is_delivered('good.signed.example', 'verified by DANE')
    scene.daemon.stop()


def start_a_month_later(scene):
    scene.daemon.stop()
    month = 31 * 24 * 3600
    text = re.sub(r'(last_queried: |last_success: |next_probe_time: |lastchange=)(\d+)', lambda found: found[1] + str(max(int(found[2]) - month, 0)),
                  scene.kept.read_text())
    scene.kept.write_text(text)
    scene.dns.restart()
    scene.daemon.start()


def wait_for_keys(scene, states):
    wait_until(lambda: sorted(re.findall(r'DNSKEY.*;;state=\d \[(.*?)\]', scene.kept.read_text())) == sorted(states), 60,
               lambda: f'{states}: {scene.kept.read_text()}', every=0.2)


def scenario_a_name_server_on_loopback_that_does_not_validate_is_not_taken_at_its_word(world):
    scene = ValidatingScene(world)
    scene.daemon.stop()
    text = scene.daemon.config.read_text().replace(f'resolv_conf = "{scene.resolv_conf}"', f'servers = ["127.0.0.1:{scene.unbound.port}"]')
    scene.daemon.config.write_text(text)
    scene.daemon.start()
    check_equal(scene.wait_for_state('on: '), f'on: answers of 127.0.0.1:{scene.unbound.port} are validated here', 'mxpress status')
    scene.daemon.config.write_text(text.replace('[dns]\n', '[dns]\nvalidate = "no"\n'))
    code, _, errors = scene.daemon.mxpress('reload')
    check_equal(code, 0, f'mxpress reload ({errors})')
    check_equal(scene.wait_for_state('off: '), f'off: 127.0.0.1:{scene.unbound.port} does not validate DNSSEC, or is not trusted for it', 'mxpress status')
    scene.daemon.stop()
