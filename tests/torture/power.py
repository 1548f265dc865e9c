#!/usr/bin/env python3
"""Power cuts: the device under the spool is copied as of one instant under load, and mxpressd goes on with the copy. What was
acknowledged before the copy began has exactly one end. Before the copy nothing tells the file system to write what it only remembers."""
import time

import program
from campaign import Campaign
from disks import CloneableDisk, command
from harness import check

OUTCOME_WINDOW = 3.0  # outcomes are synced within a second; the file systems and a busy machine take their time
DRAIN_EVERY = 25


def cut(campaign, disk, starting):
    """The moments before and after the cut: everything between them is undone."""
    begin = time.monotonic()
    copy = disk.copy()
    if starting:
        campaign.daemon.kill()
    else:
        campaign.kill()
    end = time.monotonic()
    campaign.load(False)
    campaign.wait_for_clients()
    end = max(end, time.monotonic())
    disk.go_on_with(copy)
    campaign.ledger.crashed(begin, end)


def one_round(campaign, disk):
    kind = campaign.chance.random()
    if kind < 0.15:
        campaign.load(False)
        campaign.launch()
        time.sleep(campaign.chance.uniform(0, 0.15))
        return cut(campaign, disk, starting=True)
    if kind < 0.3:  # the sendmail commands leave files for it
        campaign.load(True)
        time.sleep(campaign.chance.uniform(0, 0.3))
    campaign.start_daemon()
    campaign.load(True)
    time.sleep(campaign.chance.uniform(0.05, 1.5))
    return cut(campaign, disk, starting=False)


def torture(world, options):
    disk = CloneableDisk(world, options.spool_on, options.below)
    campaign = Campaign(world, options.seed, spool='disk/spool')
    command('sync', '-f', disk.folder)
    start = time.monotonic()
    for number in range(1, options.cuts + 1):
        one_round(campaign, disk)
        if number % DRAIN_EVERY == 0 and number < options.cuts:
            campaign.live_out()
            cut(campaign, disk, starting=False)
            print(f'{number} cuts: {campaign.ledger.count("accepted")} accepted, {time.monotonic() - start:.0f} s', flush=True)
    campaign.live_out()
    campaign.close()
    account = campaign.account(window=OUTCOME_WINDOW)
    check(account.ledger.count('accepted') > options.cuts, 'hardly anything was accepted: no load')
    account.took_seconds = time.monotonic() - start
    disk.close()
    return account


def main(world, options):
    account = torture(world, options)
    print(f'{options.cuts} cuts of {options.spool_on} on {options.below} in {account.took_seconds:.0f} s')
    return program.conclude(account)


def arguments(parser):
    parser.add_argument('--cuts', type=int, default=20)
    parser.add_argument('--spool-on', choices=sorted(CloneableDisk.SIZE), default='ext4', help='the file system that the spool is on')
    parser.add_argument('--below', choices=['xfs', 'btrfs'], default='xfs', help='the file system that clones the image')


if __name__ == '__main__':
    program.run('power', main, arguments, own_mounts=True)
