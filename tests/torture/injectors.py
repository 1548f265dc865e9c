"""Clients that submit letter after letter through both entrances, and record the replies."""
import random
import smtplib
import subprocess
import threading
import time

import letters

DOMAINS = ['there'] * 50 + ['down'] * 8 + ['grey'] * 10 + ['refusing'] * 10 + ['losing'] * 8 + ['hanging'] * 1 + ['dead'] * 1
SEVERAL = ['there', 'down', 'grey', 'refusing', 'losing']
BOXES = ['alice', 'bob', 'carol']


def draw_recipients(token, chance, users=0.0):
    """`users`: the share of recipients that are users of this host."""
    domains = chance.sample(SEVERAL, chance.randrange(2, 5)) if chance.random() < 0.1 else [chance.choice(DOMAINS)]
    return [f'{chance.choice(BOXES)}+{letters.recipient(token, number, "box.example")}' if users and chance.random() < users else
            letters.recipient(token, number, f'{domain}.example') for number, domain in enumerate(domains)]


def draw_size(chance):
    """Now and then one that the spool keeps in a file of its own."""
    return chance.randrange(270_000, 600_000) if chance.random() < 0.02 else chance.randrange(100, 6000)


class Injector(threading.Thread):
    """Works while `up` is set; ends after close()."""
    users = 0.0  # see draw_recipients()

    def __init__(self, name, daemon, ledger, seed):
        super().__init__(daemon=True)
        self.prefix, self.target, self.ledger, self.chance = name, daemon, ledger, random.Random(f'{seed} {name}')
        self.up, self.closing, self.idle, self.count = threading.Event(), False, threading.Event(), 0

    def run(self):
        while not self.closing:
            if not self.up.is_set():
                self.pause()
                self.idle.set()
                self.up.wait(1)
                continue
            self.idle.clear()
            self.send_one()
        self.pause()
        self.idle.set()

    def pause(self):
        pass

    def close(self):
        self.closing = True
        self.up.set()
        self.join(60)

    def next_letter(self, note=True):
        self.count += 1
        token = f'{self.prefix}-{self.count}'
        recipients = draw_recipients(token, self.chance, self.users)
        self.ledger.sent(token, recipients)
        return token, recipients, letters.make(token, draw_size(self.chance), self.chance)


class SmtpInjector(Injector):
    def __init__(self, name, daemon, ledger, seed, reuse):
        super().__init__(name, daemon, ledger, seed)
        self.reuse, self.client = reuse, None

    def send_one(self):
        try:
            if not self.client:
                self.client = self.target.smtp()
        except (OSError, smtplib.SMTPException):
            time.sleep(0.003)  # it is not up yet
            return
        token, recipients, content = self.next_letter()
        try:
            self.client.sendmail(letters.sender(token), recipients, content, ['BODY=8BITMIME'])
            self.ledger.accepted(token)
            if not self.reuse:
                self.pause()
        except smtplib.SMTPServerDisconnected:
            self.drop()
        except smtplib.SMTPResponseException as refusal:
            self.ledger.refused(token, f'{refusal.smtp_code} {refusal.smtp_error.decode(errors="replace")[:80]}')
            self.drop()
        except (OSError, smtplib.SMTPException):
            self.drop()

    def drop(self):
        if self.client:
            self.client.close()
        self.client = None

    def pause(self):
        """Leaves as it should."""
        try:
            if self.client:
                self.client.quit()
        except (OSError, smtplib.SMTPException):
            pass
        self.drop()


class SendmailInjector(Injector):
    """The sendmail command, now and then killed at a random moment."""

    def __init__(self, name, daemon, ledger, seed, program):
        super().__init__(name, daemon, ledger, seed)
        self.program = program

    def send_one(self):
        token, recipients, content = self.next_letter()
        text = content.replace(b'\r\n', b'\n')
        command = [str(self.program), '-i', '-f', letters.sender(token), *recipients]
        child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=self.target.environment())
        timer = threading.Timer(self.chance.uniform(0, 0.012), child.kill) if self.chance.random() < 0.1 else None
        if timer:
            timer.start()
        errors = child.communicate(text, 120)[1]
        if timer:
            timer.cancel()
        if child.returncode == 0:
            self.ledger.accepted(token)
        elif child.returncode > 0 and b'may or may not' not in errors:  # it says so where it read no answer
            self.ledger.refused(token, f'exit {child.returncode}: {errors.decode(errors="replace").strip()[:100]}')
