#!/usr/bin/env python3
"""The demonstration of scripts/try: real mxpressd, real sendmail, a practice internet. Ends with 0 only if everything happened."""
import argparse
import base64
import email
import email.message
import email.policy
import pathlib
import random
import sys
import textwrap

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from daemon import Daemon  # noqa: E402
from harness import Failure, World, check, check_equal, wait_until  # noqa: E402
from practice import PracticeInternet  # noqa: E402

BOLD, DIM, PLAIN = ('\033[1m', '\033[2m', '\033[0m') if sys.stdout.isatty() else ('', '', '')
STEPS = ['healthy', 'backup', 'grey', 'tls', 'reject']


def chapter(title):
    print(f'\n{BOLD}{title}{PLAIN}')


def tell(text):
    print(textwrap.fill(' '.join(text.split()), 100))


def quote(text, limit=40):
    lines = text.rstrip('\n').split('\n')
    for line in lines[:limit]:
        print(f'{DIM}    {line[:150]}{PLAIN}')
    if len(lines) > limit:
        print(f'{DIM}    ... ({len(lines) - limit} more lines){PLAIN}')


def letter(domain):
    return (f'From: me@here.example\nTo: you@{domain}\nSubject: to {domain}\n\nHello from the practice internet.\n.\n..and a few dots at the '
            'beginning of lines, and umlauts: \u00e4\u00f6\u00fc\n').encode()


def big_letter():
    """A message with an attachment of 2 MB that no pattern can hide an error in, with the line ends of SMTP."""
    message = email.message.EmailMessage(policy=email.policy.SMTP)
    message['From'], message['To'], message['Subject'] = 'me@here.example', 'friend@healthy.example', 'two megabytes'
    message['Date'], message['Message-ID'] = 'Sun, 22 Nov 2026 10:00:00 +0000', '<two.megabytes@here.example>'
    message.set_content('The attachment has two million octets of noise.\n')
    message.add_attachment(random.Random(2).randbytes(2_000_000), maintype='application', subtype='octet-stream', filename='noise.bin')
    return message.as_bytes()


def send_all(daemon):
    for name in STEPS:
        domain = f'{name}.example'
        print(f'    sendmail -i -f me@here.example you@{domain}')
        daemon.send(['-i', '-f', 'me@here.example', f'you@{domain}'], letter(domain))
    print('    by SMTP to 127.0.0.1: friend@healthy.example, with an attachment of 2 MB')
    big = big_letter()
    with daemon.smtp() as client:
        check_equal(client.sendmail('me@here.example', ['friend@healthy.example'], big), {}, 'refused recipients')
    return big


def check_letter(internet, domain, tls=False):
    found = [e for e in internet.delivered(domain) if 'you@' in e['recipients'][0]]
    check_equal(len(found), 1, f'copies of the letter at {domain}')
    check(found[0]['content'].endswith(letter(domain).replace(b'\n', b'\r\n')), f'the letter to {domain} was changed on the way')
    check_equal(found[0]['tls'], tls, f'use of TLS to {domain}')
    return found[0]


def tell_deliveries(internet, daemon, big):
    chapter('What arrived')
    wait_until(lambda: len([e for e in internet.delivered('healthy.example')]) == 2 and internet.delivered('tls.example') and internet.delivered('backup.example'),
               30, 'the letters to healthy, tls and backup.example')
    letter_at_healthy = check_letter(internet, 'healthy.example')
    tell('At healthy.example, octet for octet what was sent, with the lines that mxpress added in front:')
    quote(letter_at_healthy['content'].decode(errors='replace').replace('\r', ''))
    attachment = next(e for e in internet.delivered('healthy.example') if 'friend@' in e['recipients'][0])
    check(attachment['content'].endswith(big), 'the message with the attachment was changed')
    received = email.message_from_bytes(attachment['content'], policy=email.policy.default)
    parts = [part.get_content() for part in received.iter_attachments()]
    check(parts == [random.Random(2).randbytes(2_000_000)], 'the attachment was changed')
    tell(f'The attachment of 2 MB arrived unchanged ({len(attachment["content"])} octets in all).')
    check_letter(internet, 'tls.example', tls=True)
    tell('tls.example offers STARTTLS: the letter came encrypted.')
    check_letter(internet, 'backup.example')
    tell('At backup.example the first mail host is down; the second took the letter in the same attempt. mxpress show:')
    shown = daemon.mxpress('show', daemon.id_for('you@backup.example'))[1]
    quote(shown)
    check('mail.backup.example' in shown, 'show does not name the host that took the letter')


def tell_greylisting(internet, daemon):
    chapter('Greylisting')
    wait_until(lambda: internet.delivered('grey.example'), 60, 'the third attempt at grey.example')
    daemon.wait_for_empty_queue()
    check_letter(internet, 'grey.example')
    check_equal(len(internet.events('greylisted')), 2, 'refusals by grey.example')
    tell('grey.example said "try again later" twice, and took exactly one copy at the third attempt:')
    quote(daemon.mxpress('show', daemon.id_for('you@grey.example'))[1])


def tell_bounce(internet):
    chapter('The letter that cannot be delivered')
    wait_until(lambda: internet.delivered('here.example'), 30, 'the notice to the sender')
    notices = internet.delivered('here.example')
    check_equal(len(notices), 1, 'notices')
    check(notices[0]['sender'].startswith('<>'), f'the notice has a sender: {notices[0]["sender"]}')
    notice = email.message_from_bytes(notices[0]['content'], policy=email.policy.default)
    check_equal((notice.get_content_type(), notice.get_param('report-type')), ('multipart/report', 'delivery-status'), 'type of the notice')
    fields = notice.get_payload()[1].get_payload()[1]
    check_equal((fields['Action'], fields['Status']), ('failed', '5.1.1'), 'action and status')
    check('550 5.1.1 there is nobody of that name here' in fields['Diagnostic-Code'], f'diagnostic: {fields["Diagnostic-Code"]}')
    tell('reject.example knows nobody of that name. The sender got one notice, which people and programs can read:')
    quote(notices[0]['content'].decode(errors='replace').replace('\r', ''), 60)


def story(world):
    chapter('The practice internet')
    tell('''A name server for example. and mail hosts on loopback: healthy.example takes all mail; backup.example has a first mail host that is down and a
         healthy second one; grey.example says "try again later" twice; tls.example offers encryption; reject.example knows nobody; here.example is ours:
         notices come back to it.''')
    internet = PracticeInternet(world)
    daemon = Daemon(world, internet.dns_port, internet.smtp_port, retry='2s*').start()
    tell(f'mxpressd runs with a configuration and a spool of its own in {world.folder}; retries come after 2 s instead of minutes.')
    chapter('Sending')
    big = send_all(daemon)
    wait_until(lambda: internet.events('greylisted'), 20, 'a first refusal by grey.example')
    chapter('The queue: mxpress queue')
    listing = wait_until(lambda: (text := daemon.mxpress('queue')[1]) and 'grey.example' in text and text, 20, 'the greylisted letter in the queue')
    quote(listing)
    tell_deliveries(internet, daemon, big)
    tell_greylisting(internet, daemon)
    tell_bounce(internet)
    daemon.wait_for_empty_queue()
    daemon.stop()
    chapter('All of it happened.')
    tell('Next: README.md says how to install and configure mxpress; scripts/test runs all tests.')


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--build', default='build/release')
    options = parser.parse_args()
    world = World(options.build, 'build/peers')
    try:
        story(world)
        return 0
    except Failure as failure:
        print(f'\nThis did not happen: {failure}', file=sys.stderr)
        for path in sorted(world.folder.glob('*.log')):
            print(f'--- {path.name}', *path.read_text(errors='replace').splitlines()[-20:], sep='\n    ', file=sys.stderr)
        return 1
    finally:
        world.close(keep=False)


if __name__ == '__main__':
    sys.exit(main())
