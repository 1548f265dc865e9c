#!/usr/bin/env python3
"""mxpressd killed by SIGKILL at random moments under load, hundreds of times on one spool: every accepted letter has exactly one end."""
import subprocess
import time

import program
from boxes import IN_FLIGHT
from campaign import Campaign
import letters
from harness import check  # noqa: E402

DRAIN_EVERY = 50
START_WINDOW = 0.06  # mxpressd listens and recovers within about this


def kill_while_it_starts(campaign):
    campaign.launch()
    time.sleep(campaign.chance.uniform(0, START_WINDOW))
    kill(campaign)


def kill(campaign):
    """It is gone when it has been waited for: until then it may have sent letters, whose outcomes nobody will record."""
    campaign.ledger.crashed(*[campaign.kill()[1]] * 2)


def kill_under_load(campaign):
    campaign.start_daemon()
    campaign.load(True)
    time.sleep(campaign.chance.uniform(0.02, 0.7))
    if campaign.boxes:
        campaign.boxes.kill_some()
    kill(campaign)


def hand_in_while_it_is_down(campaign):
    """The sendmail commands go on: they leave files. One is killed in the middle of a letter."""
    for injector in campaign.injectors:
        if injector.prefix.startswith('s'):
            injector.up.clear()
    time.sleep(campaign.chance.uniform(0, 0.1))
    leave_half_a_letter(campaign)


def leave_half_a_letter(campaign):
    """A sendmail that is killed while it waits for the rest of its input: nothing of it may ever be sent."""
    token = f'h-{campaign.daemon.starts}'
    recipients = [letters.recipient(token, 0, 'there.example')]
    campaign.ledger.sent(token, recipients)
    campaign.ledger.refused(token, 'killed before the end of the letter')
    content = letters.make(token, 20_000, campaign.chance).replace(b'\r\n', b'\n')
    child = subprocess.Popen([str(campaign.world.program('sendmail')), '-i', '-f', letters.sender(token), *recipients],
                             stdin=subprocess.PIPE, stderr=subprocess.DEVNULL, env=campaign.daemon.environment())
    child.stdin.write(content[:15_000])
    child.stdin.flush()
    time.sleep(0.005)
    child.kill()
    child.wait()
    child.stdin.close()


def one_round(campaign):
    kind = campaign.chance.random()
    if kind < 0.2:
        kill_while_it_starts(campaign)
    else:
        kill_under_load(campaign)
        campaign.look_at_log()
    if campaign.chance.random() < 0.3:
        hand_in_while_it_is_down(campaign)


def torture(world, seed, rounds, local=False):
    """The account of so many rounds. `local`: with mailboxes of users, and LMTP."""
    campaign = Campaign(world, seed, local=local)
    start = time.monotonic()
    for number in range(1, rounds + 1):
        one_round(campaign)
        if number % DRAIN_EVERY == 0 and number < rounds:
            campaign.live_out()
            kill(campaign)
            print(f'{number} kills: {campaign.ledger.count("accepted")} accepted, {time.monotonic() - start:.0f} s', flush=True)
    campaign.live_out()
    campaign.close()
    account = campaign.account()
    account.took_seconds = time.monotonic() - start
    if local:
        most = (rounds + campaign.boxes.kills) * IN_FLIGHT
        check(account.repeated_in_boxes <= most, f'{account.repeated_in_boxes} repetitions in mailboxes, where {most} deliveries can have been cut off')
        check(len(account.stored) > rounds, 'hardly anything is in the mailboxes')
    check(account.ledger.count('accepted') > rounds, 'hardly anything was accepted: no load')
    return account


def main(world, options):
    account = torture(world, options.seed, options.rounds, options.local)
    print(f'{options.rounds} kills in {account.took_seconds:.0f} s')
    return program.conclude(account)


def arguments(parser):
    parser.add_argument('--rounds', type=int, default=50)
    parser.add_argument('--local', action='store_true', help='most mail for users of this host: mbox, Maildir and LMTP (root)')


if __name__ == '__main__':
    program.run('kill', main, arguments)
