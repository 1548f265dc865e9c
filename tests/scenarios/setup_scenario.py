"""mxpress setup: from no records to mail with verified signatures, without a restart."""
import json
import os
import pty
import re
import socket
import stat

from daemon import Daemon
from harness import Skip, check, check_equal, wait_until
from nsd import ADDRESS, Nsd
from peers import Sink

HERE_ZONE = [f'ns IN A {ADDRESS}', 'mta IN A 192.0.2.10', '@ IN TXT "site-verification=x"']
LETTER = b'Subject: a test\n\nhello\n'


def zones(here=HERE_ZONE):
    return {'here.example': here, 'there.example': ['@ IN MX 10 mx1', 'mx1 IN A 127.0.0.11'], '2.0.192.in-addr.arpa': [], 'example': []}


def has_public_address():
    """Then mxpress takes that for the source of its mail, and no practice zone has its name."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(('198.51.100.1', 25))
        except OSError:
            return False
        return True


class House:
    def __init__(self, world, extra=''):
        self.world = world
        self.nsd = Nsd(world, zones())
        self.sink = Sink(world, 'mx1', '127.0.0.11', world.free_port('127.0.0.11')).start()
        self.daemon = Daemon(world, self.nsd.port, self.sink.port, dns_address=ADDRESS, extra_top='sender_domain = "here.example"', extra=extra)

    def setup(self, *arguments, seconds=60):
        code, output, errors = self.daemon.mxpress('setup', '--yes', '--json', *arguments, seconds=seconds)
        return code, {record['title']: record for record in map(json.loads, output.splitlines())}, errors

    def publish(self, records):
        for record in records.values():
            if record['state'] == 'absent' and record['name'].endswith(('here.example', '2.0.192.in-addr.arpa')):
                self.nsd.publish(record['name'], record['type'], record['value'])

    def send(self):
        before = self.sink.count()
        self.daemon.send(['-f', 'me@here.example', 'you@there.example'], LETTER)
        wait_until(lambda: self.sink.count() > before, 20, 'the message to arrive')
        self.daemon.wait_for_empty_queue()
        return max(self.sink.messages(), key=lambda m: m.path.stat().st_mtime_ns).content

    def keys(self):
        code, output, errors = self.daemon.mxpress('status', '--json')
        return {key['selector']: key for key in json.loads(output)['signing_key']}

    def wait_for_signers(self, selectors):
        wait_until(lambda: {s for s, key in self.keys().items() if key['state'] == 'signs'} == set(selectors), 60,
                   lambda: f'{selectors} to sign: {self.keys()}', every=0.2)


def selectors_of(message):
    return re.findall(rb'^DKIM-Signature: [^\n]*(?:\n[ \t][^\n]*)*?s=([^;\s]+)', message, re.M)


def verified_by_dkimpy(world, nsd, message):
    """The selectors whose signatures dkimpy accepts, by the zone file."""
    packages = world.peers / 'root/usr/lib/python3/dist-packages'
    if not (packages / 'dkim').exists():
        raise Skip('dkimpy (package python3-dkim) is not here: run scripts/setup')
    program = r'''
import dkim, json, sys
message, records = sys.stdin.buffer.read(), json.loads(sys.argv[1])
look_up = lambda name, timeout=5: records.get(name.decode().rstrip('.'), '').encode() or None
for number in range(message.lower().count(b'dkim-signature:')):
    d = dkim.DKIM(message)
    if d.verify(number, dnsfunc=look_up):
        print(d.signature_fields[b's'].decode())
'''
    records = {}
    for lines in nsd.zones.values():
        for line in lines:
            match = re.match(r'(\S+)\. IN TXT (.*)', line)
            if match:
                records[match[1]] = ''.join(re.findall(r'"([^"]*)"', match[2]))
    environment = {**world.peer_environment(), 'PYTHONPATH': str(packages)}
    done = world.run(['/usr/bin/python3', '-c', program, json.dumps(records)], message.replace(b'\n', b'\r\n'), env=environment)
    check_equal(done.returncode, 0, f'exit status of dkimpy ({done.stderr.decode()[-300:]})')
    return sorted(done.stdout.decode().split())


def scenario_from_no_records_to_verified_signatures(world):
    house = House(world)
    house.daemon.start()
    before = house.daemon.config.read_text()
    code, records, errors = house.setup()
    check_equal(code, 1, f'exit status of setup while records are missing ({errors})')
    states = [record['state'] for title, record in records.items() if title.startswith(('DKIM', 'SPF', 'DMARC'))]
    check_equal(states, ['absent'] * 4, 'states of two keys, SPF and DMARC')
    after = house.daemon.config.read_text()
    check(after.startswith(before), 'the configuration was changed beyond an addition')
    keys = re.findall(r'"([^"]+\.pem)"', after)
    check_equal(len(keys), 2, 'key files in the configuration')
    for path in keys:
        status = os.stat(path)
        check_equal(stat.S_IMODE(status.st_mode), 0o640, f'mode of {path}')
    check_equal(stat.S_IMODE(os.stat(os.path.dirname(keys[0])).st_mode), 0o750, 'mode of the folder of keys')
    pid = house.daemon.process.pid

    check_equal(selectors_of(house.send()), [], 'signatures before a record is published')
    check(all(key['state'] == 'waits' for key in house.keys().values()), f'keys do not wait: {house.keys()}')
    code, output, errors = house.daemon.mxpress('dkim', 'records')
    check_equal((code, output.count('; waits: there is no record')), (0, 2), f'keys that wait by dkim records ({output} {errors})')

    house.publish(records)
    code, records, errors = house.setup('--wait=30s', seconds=90)
    if not has_public_address():
        check_equal(code, 0, f'exit status of setup when all is published ({records})')
    house.wait_for_signers(house.keys())
    message = house.send()
    check_equal(verified_by_dkimpy(world, house.nsd, message), sorted(house.keys()), 'signatures that dkimpy accepts')
    check_equal(house.daemon.process.pid, pid, 'process of the daemon')

    # A restart while no name server answers: signing goes on.
    house.daemon.stop()
    house.nsd.process.stop()
    house.daemon.start()
    check(all(key['state'] == 'signs' for key in house.keys().values()), f'keys do not sign while the DNS is dead: {house.keys()}')
    house.daemon.stop()


def scenario_signing_begins_by_itself(world):
    house = House(world)
    house.daemon.start()
    code, records, errors = house.setup()
    check_equal(code, 1, f'exit status of setup ({errors})')
    house.publish({title: record for title, record in records.items() if title.startswith('DKIM')})
    house.wait_for_signers(house.keys())
    check_equal(len(selectors_of(house.send())), 2, 'signatures')
    check(any(e.get('key') == 'signs' for e in house.daemon.events('dkim')), 'no event tells that signing begins')

    # A record that is lost: one alert, status is red, signing goes on.
    name = next(key['record'] for key in house.keys().values() if key['kind'] == 'rsa')
    house.nsd.withdraw(name)
    check_equal(house.daemon.mxpress('reload')[0], 0, 'mxpress reload')
    wait_until(lambda: any(e.get('key') == 'lost' for e in house.daemon.events('dkim')), 120, lambda: f'an alert: {house.keys()}', every=1)
    code, output, _ = house.daemon.mxpress('status')
    check_equal(code, 1, 'exit status of mxpress status')
    check(f'the DNS record {name} of a key that signs is gone or wrong' in output, f'status says: {output}')
    check_equal(len(selectors_of(house.send())), 2, 'signatures while a record is lost')
    house.daemon.stop()


def scenario_keys_are_changed(world):
    house = House(world)
    house.daemon.start()
    records = house.setup()[1]
    house.publish({title: record for title, record in records.items() if title.startswith('DKIM')})
    old = sorted(house.keys())
    house.wait_for_signers(old)

    code, output, errors = house.daemon.mxpress('dkim', 'rotate', 'here.example')
    check_equal(code, 0, f'exit status of dkim rotate ({errors})')
    new = re.findall(r'^ +((\S+)\._domainkey\.here\.example)\. IN TXT (.*)$', output, re.M)
    check_equal(len(new), 2, f'records of new keys in: {output}')
    check_equal(sorted(s.decode() for s in selectors_of(house.send())), old, 'selectors while the new records are missing')
    code, output, _ = house.daemon.mxpress('dkim', 'rotate', 'here.example')
    check_equal(code, 1, f'exit status of dkim rotate while the new keys wait ({output})')

    for name, _, value in new:
        house.nsd.publish(name, 'TXT', value)
    check_equal(house.daemon.mxpress('reload')[0], 0, 'mxpress reload')
    house.wait_for_signers([selector for _, selector, _ in new])
    message = house.send()
    check_equal(verified_by_dkimpy(world, house.nsd, message), sorted(selector for _, selector, _ in new), 'signatures after the change')
    code, output, errors = house.daemon.mxpress('dkim', 'rotate', 'here.example')
    check_equal(code, 0, f'exit status of the end of dkim rotate ({output} {errors})')
    check('leave these records in place until' in output and all(f'{selector}._domainkey' in output for selector in old), f'it says: {output}')
    check_equal(sorted(house.keys()), sorted(selector for _, selector, _ in new), 'keys after the change')
    check_equal(sorted(s.decode() for s in selectors_of(house.send())), sorted(house.keys()), 'selectors after the change')
    house.daemon.stop()


def scenario_a_terminal_is_asked(world):
    house = House(world)
    refused = world.run([world.program('mxpress'), '-c', house.daemon.config, 'setup'])
    check_equal(refused.returncode, 2, 'exit status without a terminal')
    check(b'--yes' in refused.stderr, f'it says: {refused.stderr.decode()}')
    before = house.daemon.config.read_text()
    check_equal(on_terminal(world, house, b'here.example\nno\n')[0], 1, 'exit status after "no"')
    check_equal(house.daemon.config.read_text(), before, 'the configuration after "no"')
    code, output = on_terminal(world, house, b'\n\n')
    check_equal(code, 1, f'exit status after two empty lines ({output})')
    check('[dkim."here.example"]' in house.daemon.config.read_text(), 'the configuration has no table')
    check('No daemon runs' in output and 'ABSENT: publish this' in output, f'it says: {output}')


def on_terminal(world, house, typed):
    pid, terminal = pty.fork()
    if pid == 0:
        program = str(world.program('mxpress'))
        os.execv(program, [program, '-c', str(house.daemon.config), 'setup'])
    os.write(terminal, typed)
    output = b''
    while True:
        try:
            piece = os.read(terminal, 4096)
        except OSError:  # the program has ended
            break
        if not piece:
            break
        output += piece
    os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), output.decode(errors='replace')


def scenario_what_cannot_be_written_is_told(world):
    house = House(world)
    own = 'dkim = { "other.example" = { keys = { a = "/nowhere" }, sign = "never" } }\n'
    text = house.daemon.config.read_text()
    key = world.path('a.pem')
    check_equal(house.daemon.mxpress('dkim', 'key', str(key))[0], 0, 'mxpress dkim key')
    house.daemon.config.write_text(own.replace('/nowhere', str(key)) + text)
    code, output, errors = house.daemon.mxpress('setup', '--yes')
    check_equal(code, 5, f'exit status where the table cannot be added ({output} {errors})')
    check('was left as it is' in output and '[dkim."here.example"]' in output, f'it says: {output}')
    check_equal(house.daemon.config.read_text(), own.replace('/nowhere', str(key)) + text, 'the configuration')
    code, output, errors = house.daemon.mxpress('setup', '--yes', '--domain', 'localhost')
    check_equal(code, 5, 'exit status for a domain that the DNS does not know')
    check('--domain example.com' in errors, f'it says: {errors}')
    house.nsd.process.stop()
    house.daemon.config.write_text(text)
    code, output, errors = house.daemon.mxpress('setup', '--yes', seconds=120)
    check_equal(code, 3, f'exit status while no name server answers ({output})')
    check('NOT KNOWN' in output and 'ABSENT' not in output, f'it says: {output}')
