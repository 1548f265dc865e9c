"""A little of each torture of whole programs (scripts/torture has more of it): nothing accepted is lost."""
import pathlib
import sys

from harness import Skip, check_equal, not_under_asan

TORTURE = pathlib.Path(__file__).resolve().parent.parent / 'torture'


def run(world, name, *arguments):
    command = [sys.executable, TORTURE / f'{name}.py', '--build', world.build, '--peers', world.peers, *arguments]
    done = world.run(command, seconds=400)
    lines = done.stdout.decode(errors='replace').splitlines()
    if done.returncode == 77:
        raise Skip(lines[-2].partition('here: ')[2] if len(lines) > 1 else lines[-1].partition('here: ')[2])
    for line in lines:
        world.note(line)
    check_equal(done.returncode, 0, f'exit status of {name} ({done.stderr.decode(errors="replace")[-1500:]})')


def scenario_kill_9_under_load_loses_nothing(world):
    run(world, 'kill', '--rounds', 10)


def scenario_kill_9_loses_nothing_and_tears_no_mailbox(world):
    run(world, 'kill', '--local', '--rounds', 8)


def scenario_a_power_cut_under_load_loses_nothing(world):
    run(world, 'power', '--cuts', 5)


def scenario_system_calls_that_fail_lose_nothing(world):
    not_under_asan('it fails itself under strace')
    run(world, 'faults', '--sample', 4)


def scenario_full_disk_refuses_and_delivers(world):
    run(world, 'full')


def scenario_few_descriptors_lose_nothing(world):
    not_under_asan('it needs descriptors of its own')
    run(world, 'limits', '--descriptors', 24, 64)


def scenario_a_wrong_clock_returns_nothing(world):
    run(world, 'clock', '--short')


def scenario_two_daemons_on_one_spool(world):
    run(world, 'two', '--rounds', 4)


def scenario_hostile_users_and_hosts_are_bounded(world):
    not_under_asan('its memory is bounded')
    run(world, 'hostile', '--only', 'tls-memory', 'handshakes', 'late-answer', 'bcc')
