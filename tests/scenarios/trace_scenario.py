"""mxpress trace: signatures that dkimpy made are verified in every form."""
import base64

from harness import Skip, check, check_equal
from peers import Unbound

RECEIVED = (b'Received: from out.sender.example (out.sender.example [192.0.2.1])\r\n\tby mx.here.example (Postfix) with ESMTPS id 4F1B2; '
            b'Tue,  1 Dec 2020 10:00:05 +0000 (UTC)\r\n')
MESSAGE = (b'From: Alice <alice@sender.example>\r\nTo: bob@here.example\r\nSubject: a  subject\r\n\tin two lines \r\n'
           b'Date: Tue, 01 Dec 2020 10:00:00 +0000\r\n\r\nHello  Bob, \r\n\r\n\ttwo blanks.\r\n\r\n\r\n')
EMPTY = MESSAGE.partition(b'\r\n\r\n')[0] + b'\r\n\r\n'
SIGN = r'''
import dkim, sys
message, key = sys.stdin.buffer.read(), open(sys.argv[3], 'rb').read()
header, body = sys.argv[1].encode().split(b'/')
kind = sys.argv[2].encode()
sys.stdout.buffer.write(dkim.sign(message, b'r1' if kind == b'rsa-sha256' else b'e1', b'sender.example', key, canonicalize=(header, body), signature_algorithm=kind,
                                  length=sys.argv[4] == 'length'))
'''


class Signer:
    def __init__(self, world):
        self.world = world
        self.packages = world.peers / 'root/usr/lib/python3/dist-packages'
        if not (self.packages / 'dkim').exists():
            raise Skip('dkimpy (package python3-dkim) is not here: run scripts/setup')
        rsa, ed25519 = world.path('r1.pem'), world.path('e1.pem')
        world.run(['openssl', 'genrsa', '-traditional', '-out', rsa, '1024'])
        world.run(['openssl', 'genpkey', '-algorithm', 'ed25519', '-out', ed25519])
        seed = world.run(['openssl', 'pkey', '-in', ed25519, '-outform', 'DER']).stdout[-32:]
        world.path('e1.key').write_bytes(base64.b64encode(seed))
        self.keys = {'rsa-sha256': rsa, 'ed25519-sha256': world.path('e1.key')}
        self.public = {'r1': world.run(['openssl', 'rsa', '-in', rsa, '-pubout', '-outform', 'DER']).stdout,
                       'e1': world.run(['openssl', 'pkey', '-in', ed25519, '-pubout', '-outform', 'DER']).stdout[-32:]}

    def records(self):
        text = {name: f'v=DKIM1; k={"rsa" if name == "r1" else "ed25519"}; p={base64.b64encode(octets).decode()}' for name, octets in self.public.items()}
        return [f'{name}._domainkey.sender.example. 60 IN TXT "{value}"' for name, value in text.items()]

    def sign(self, message, forms, kind, length='whole'):
        environment = {**self.world.peer_environment(), 'PYTHONPATH': str(self.packages)}
        done = self.world.run(['/usr/bin/python3', '-c', SIGN, forms, kind, self.keys[kind], length], message, env=environment)
        check_equal(done.returncode, 0, f'exit status of dkimpy ({done.stderr.decode()[-300:]})')
        return done.stdout


def scenario_signatures_of_dkimpy_are_verified_in_every_form(world):
    signer = Signer(world)
    unbound = Unbound(world, signer.records())
    config = world.path('mxpress.toml')
    config.write_text(f'hostname = "mx.here.example"\n[dns]\nservers = ["127.0.0.1:{unbound.port}"]\n')
    letter = world.path('letter.eml')

    def trace(octets):
        letter.write_bytes(RECEIVED + octets)
        return world.run([world.program('mxpress'), '-c', config, 'trace', '--dns', letter]).stdout.decode()

    for kind in signer.keys:
        for forms in ('simple/simple', 'simple/relaxed', 'relaxed/simple', 'relaxed/relaxed'):
            for message in (MESSAGE, EMPTY):
                signature = signer.sign(message, forms, kind)
                for octets in (signature + message, (signature + message).replace(b'\r\n', b'\n')):
                    output = trace(octets)
                    check('DKIM now: pass for sender.example, the domain of From' in output, f'{kind}, {forms}: {output[-300:]}')
                output = trace(signature + message.replace(b'Alice', b'Alicia'))
                check('DKIM now: fail for sender.example' in output and 'a signed field has been changed' in output, f'{kind}, {forms}, another author: {output[-300:]}')
                output = trace(signature + message + b'more\r\n')
                check('the body has been changed' in output, f'{kind}, {forms}, a longer body: {output[-300:]}')
    output = trace(signer.sign(MESSAGE, 'relaxed/relaxed', 'rsa-sha256', 'length') + MESSAGE)
    check('(l=)' in output and 'DKIM now: fail' in output, f'a part of the body alone: {output[-300:]}')
    many = signer.sign(MESSAGE, 'relaxed/relaxed', 'rsa-sha256') + signer.sign(MESSAGE, 'simple/simple', 'ed25519-sha256') + MESSAGE
    check_equal(trace(many).count('DKIM now: pass'), 2, 'verified signatures of two')
