"""The goals as figures of the workloads, and the figures that are printed."""
import statistics

WORKLOAD_NAMES = ['stream', 'stream-reused', 'single', 'command', 'backlog']
PEERS = {'command': ['postfix', 'dma']}  # besides mxpress; where nothing is said: the one that is compared with
COMMON = ['rate', 'cpu_us', 'server_share', 'source_share', 'sink_share', 'dns_share', 'peak_mib']
SHOWN = {
    'stream': [*COMMON, 'accept_rate', 'accept_p99_ms', 'wait_p50_ms', 'wait_p99_ms'],
    'stream-reused': [*COMMON, 'accept_rate', 'accept_p99_ms', 'wait_p50_ms', 'wait_p99_ms'],
    'single': ['wait_p50_ms', 'wait_p99_ms', 'cpu_us'],
    'command': ['command_rate', 'command_p50_ms', 'command_p99_ms', 'cpu_us', 'rate'],
    'backlog': [*COMMON, 'queued_cpu_us', 'full_mib'],
}

# name, workload, figure, how it is compared, bound. "more": ours over the peer's; "less": the peer's over ours; "most": ours alone.
GOALS = [
    ('1 stream: CPU per message', 'stream', 'cpu_us', 'less', 15),
    ('1 stream: messages a second', 'stream', 'rate', 'more', 10),
    ('1 stream-reused: messages a second', 'stream-reused', 'rate', 'more', 20),
    ('2 single: median', 'single', 'wait_p50_ms', 'less', 2),
    ('2 single: p99', 'single', 'wait_p99_ms', 'less', 3),
    ('3 command: commands a second', 'command', 'command_rate', 'more', 4),
    ('3 command: against dma', 'command', 'command_rate', 'more than dma', 1),
    ('4 backlog: messages a second', 'backlog', 'rate', 'more', 10),
    ('4 backlog: memory while full', 'backlog', 'full_mib', 'less', 4),
]


def judge(goal, results, peer, values):
    name, workload, key, how, bound = goal
    other = how.removeprefix('more than ') if how.startswith('more than') else peer
    ours, theirs = values(results, workload, 'mxpress', key), values(results, workload, other, key)
    if not ours or (how != 'most' and not theirs):
        return [name, 'not measured', f'{bound}', 'no']
    mine = statistics.median(ours)
    if how == 'most':
        return [name, f'{mine:.3g}', f'at most {bound}', 'yes' if mine <= bound else 'no']
    ratio = statistics.median(theirs) / mine if how == 'less' else mine / statistics.median(theirs)
    return [name, f'{ratio:.2f} times', f'at least {bound} times', 'yes' if ratio >= bound else 'no']
