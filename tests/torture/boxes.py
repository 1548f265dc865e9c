"""Users of this host under load: their mailboxes by mxpress-deliver, which is killed as well, and an LMTP server; each run of mxpressd takes
another way to them."""
import os
import re
import signal

import hosts
import letters
from harness import check
from mailboxes import USERS, Mailboxes

DOMAIN = 'box.example'
IN_FLIGHT = 8  # deliveries that mxpress-deliver has under way at a time


class Boxes:
    def __init__(self, world, chance, port):
        self.chance, self.port = chance, port
        self.mailboxes = Mailboxes(world, mail_size='1g', home_size='1g').start()
        self.kills = 0

    def settings(self):
        return self.mailboxes.config('mbox')

    def another_way(self, config):
        """The configuration for the next run."""
        way = self.chance.choice(['mbox', 'mbox', 'maildir', f'lmtp:{hosts.LMTP}:{self.port}'])
        return re.sub(r'(?m)^deliver = .*$', f'deliver = "{way}"', config)

    def kill_some(self):
        """Children in the middle of a delivery; now and then all of mxpress-deliver."""
        children = self.mailboxes.children() if self.chance.random() < 0.3 else []
        if self.chance.random() < 0.1:
            self.mailboxes.process.kill()
        for child in children:
            try:
                os.kill(child, signal.SIGKILL)
            except ProcessLookupError:
                continue
        if not self.mailboxes.process.running():
            self.mailboxes.start()
        self.kills += len(children)

    def events(self):
        """The messages in the mailboxes, in the form of the mail hosts' events."""
        for user in USERS:
            for stored in self.in_mbox(user) + self.in_maildir(user):
                yield self.event(user, stored)

    def in_mbox(self, user):
        text = self.mailboxes.run('sh', '-c', f'cat /var/mail/{user} 2>/dev/null || true', user=user).stdout
        check(text == b'' or (text.startswith(b'From ') and text.endswith(b'\n\n')), f'the mailbox of {user} begins or ends amid a message')
        parts = re.split(rb'(?m)^From .*\n', text)[1:]
        return [re.sub(rb'(?m)^>(>*From )', rb'\1', part.removesuffix(b'\n')) for part in parts]

    def in_maildir(self, user):
        mark = b'\0end of a file\0'
        script = f'for file in /home/{user}/Maildir/new/*; do [ ! -e "$file" ] || {{ cat "$file"; printf "\\0end of a file\\0"; }}; done'
        return self.mailboxes.run('sh', '-c', script, user=user).stdout.split(mark)[:-1]

    def event(self, user, stored):
        content = re.sub(rb'\r?\n', b'\r\n', stored)
        token, intact = letters.examine(content)
        fields = {name: value.decode() for name, value in re.findall(rb'(?m)^(Return-Path|Delivered-To): <?(.*?)>?\r$', content[:1000])}
        recipient = fields.get(b'Delivered-To', '')
        if not recipient.startswith(f'{user}+'):
            token = None
        return {'event': 'stored', 'token': token, 'intact': intact, 'to': [recipient], 'sender': fields.get(b'Return-Path', '')}
