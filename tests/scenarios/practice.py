"""The practice internet: its events and the mail of its hosts."""
import json

from harness import check, wait_until


class PracticeInternet:
    def __init__(self, world):
        self.folder = world.make_folder('practice')
        self.dns_port, self.smtp_port = world.free_port(), world.free_port()
        self.process = world.start('practice-internet', [world.program('practice-internet'), self.folder, self.dns_port, self.smtp_port])
        wait_until(lambda: self.events('ready') or not self.process.running(), 20, 'the practice internet to listen')
        check(self.process.running(), f'the practice internet ended: {self.process.log_text()}')

    def events(self, name=None, host=None):
        path = self.folder / 'events.jsonl'
        if not path.exists():
            return []
        # A line that is still being written has no line end.
        lines = path.read_text().split('\n')[:-1]
        events = [json.loads(line) for line in lines]
        return [e for e in events if (name is None or e['event'] == name) and (host is None or e.get('host') == host)]

    def delivered(self, domain):
        """The mail of a domain's hosts: events with sender, recipients, tls, and the content as it was sent."""
        found = [e for e in self.events('delivered') if e['host'].endswith('.' + domain)]
        for event in found:
            event['content'] = (self.folder / event['file']).read_bytes()
        return found
