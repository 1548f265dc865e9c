"""The promises made, and their results: each accepted letter has exactly one end for each recipient."""
import collections
import json
import time

import letters

KILL_WINDOW = 0.3  # a delivery so long before a kill may be repeated: outcomes are in the kernel within some 10 ms, where it is not busy


class Letter:
    __slots__ = ('recipients', 'state', 'time')

    def __init__(self, recipients):
        self.recipients, self.state, self.time = recipients, 'unsure', 0.0


class Ledger:
    """Written to by the injectors' threads; a letter is unsure until its client has read an answer."""

    def __init__(self):
        self.letters, self.crashes, self.refusals = {}, [], collections.Counter()
        self.ended = {}  # when the runs that were killed were gone, by the name that they gave to mail hosts

    def sent(self, token, recipients):
        self.letters[token] = Letter(tuple(recipients))

    def accepted(self, token):
        letter = self.letters[token]
        letter.time = time.monotonic()
        letter.state = 'accepted'

    def refused(self, token, why):
        self.letters[token].state = 'refused'
        self.refusals[why] += 1

    def crashed(self, begin, end):
        """Acknowledgements since `begin` belong to a time that a power cut has undone; a kill undoes nothing: begin == end."""
        self.crashes.append((begin, end))
        if begin < end:
            for letter in reversed(self.letters.values()):
                if letter.state == 'accepted' and letter.time >= begin:
                    letter.state = 'unsure'

    def count(self, state):
        return sum(letter.state == state for letter in self.letters.values())


class Account:
    """Compares the ledger with the mail hosts' events and the queue."""

    def __init__(self, ledger, events, queued, window=KILL_WINDOW):
        self.ledger, self.queued, self.window = ledger, queued, window
        self.took, self.notices = collections.defaultdict(list), collections.defaultdict(dict)
        self.stored = collections.Counter()  # in mailboxes, which do not tell when
        self.troubles, self.lost, self.repeated, self.longest = [], [], 0, 0.0
        self.repeated_in_boxes = 0
        self.ends = collections.Counter()
        for event in events:
            self.read(event)
        for token, letter in ledger.letters.items():
            for recipient in letter.recipients:
                self.judge(recipient, letter)
        self.check_for_strangers()

    def read(self, event):
        if event['event'] in ('took', 'stored'):
            if event['token'] is None or not event['intact']:
                self.troubles.append(f'not as it was sent: {event}')
            for recipient in event['to']:
                if event['event'] == 'took':
                    self.took[recipient].append((event['t'], event['reply'], event['client']))
                else:
                    self.stored[recipient] += 1
                self.check_envelope(event, recipient)
        elif event['event'] == 'notice':
            if not event['whole'] or not event['about']:
                self.troubles.append(f'not a whole notice: {event}')
            for recipient in event['about']:
                self.notices[recipient].setdefault(event['name'], []).append((event['t'], event['client']))
                if letters.token_of(recipient) != letters.token_of(event['to'][0]):
                    self.troubles.append(f'a notice for somebody else: {event}')

    def check_envelope(self, event, recipient):
        if letters.token_of(recipient) != event['token'] or letters.token_of(event['sender']) != event['token']:
            self.troubles.append(f'the envelope of another letter: {event}')

    def judge(self, recipient, letter):
        took, notices, queued = self.took.get(recipient, []), self.notices.get(recipient, {}), recipient in self.queued
        ends = [word for word, there in (('delivered', took or self.stored[recipient]), ('bounced', notices), ('queued', queued)) if there]
        if letter.state == 'accepted':
            self.ends.update(ends[:1])
            if not ends:
                self.lost.append(recipient)
        if letter.state == 'refused' and ends:
            self.troubles.append(f'refused and yet {ends}: {recipient}')
        if len(ends) > 1:
            self.troubles.append(f'{" and ".join(ends)}: {recipient}')
        self.judge_repeats(recipient, sorted(took))
        if self.stored[recipient]:
            self.repeated_in_boxes += self.stored[recipient] - 1 + len(took)
        self.judge_notices(recipient, notices)

    def judge_repeats(self, recipient, took):
        for at, reply, client in took[:-1]:
            self.repeated += 1
            if reply != 'lost' and not self.in_flight(at, client):
                self.troubles.append(f'delivered again without a reason: {recipient} {took}')

    def judge_notices(self, recipient, notices):
        for times in notices.values():
            self.judge_repeats(recipient, [(at, 'said', client) for at, client in sorted(times)])
        firsts = sorted(min(times)[0] for times in notices.values())
        for at in firsts[:-1]:  # a second notice is right only if the first one is of a time that was undone
            self.repeated += 1
            if not any(begin <= at <= end for begin, end in self.ledger.crashes):
                self.troubles.append(f'several notices: {recipient} {notices}')

    def in_flight(self, at, client):
        """True if a crash came so soon after this moment that the outcome need not be known afterwards; or before it: a busy mail host takes
        mail that an ended run has sent."""
        if at >= self.ledger.ended.get(client, at + 1):
            return True
        gaps = [max(0.0, begin - at) for begin, end in self.ledger.crashes if begin - self.window <= at <= end]
        self.longest = max(self.longest, min(gaps, default=0.0))
        return bool(gaps)

    def check_for_strangers(self):
        for recipient in {*self.took, *self.stored, *self.notices, *self.queued}:
            letter = self.ledger.letters.get(letters.token_of(recipient))
            if not letter or recipient not in letter.recipients:
                self.troubles.append(f'nobody sent this: {recipient}')

    def ok(self):
        return not self.lost and not self.troubles

    def report(self):
        ledger = self.ledger
        yield (f'accepted {ledger.count("accepted")} letters, {sum(self.ends.values()) + len(self.lost)} recipients; refused {ledger.count("refused")}; '
               f'without an answer {ledger.count("unsure")}')
        yield (f'delivered {self.ends["delivered"]}, bounced {self.ends["bounced"]}, queued {self.ends["queued"]}, lost {len(self.lost)}, '
               f'repeated {self.repeated} (an outcome in flight at most {self.longest * 1000:.0f} ms before a crash, or a lost reply)')
        if self.stored:
            yield (f'in mailboxes {sum(self.stored.values())} letters, repeated {self.repeated_in_boxes} '
                   f'(a kill between append and record, another way after a restart)')
        for refusal, count in ledger.refusals.most_common(5):
            yield f'refused {count} times: {refusal}'
        for what in [f'LOST: {recipient}' for recipient in self.lost[:10]] + self.troubles[:20]:
            yield what


def read_events(path, begin=0):
    """From that octet on. Whole lines only: the last one may still be written."""
    with open(path, encoding='utf-8') as lines:
        lines.seek(begin)
        return [json.loads(line) for line in lines if line.endswith('\n')]
