"""The goals as figures of the workloads, and the printed figures."""
import statistics

WORKLOAD_NAMES = ['stream', 'stream-reused', 'stream-tls', 'cold', 'tls-cold', 'tls-cold-full', 'signed', 'single', 'command', 'backlog', 'deep', 'deadhost', 'big', 'attach', 'cores', 'checkpoints', 'syncs', 'syscalls',
                  'allocations', 'instructions', 'profile']
QUICK = {'single': 100, 'command': 100, 'big': 2, 'deep': 5000}  # messages
# Peers besides mxpress; default: the server that it is compared with.
PEERS = {'signed': ['postfix-opendkim'], 'command': ['postfix', 'dma'], 'deadhost': [], 'checkpoints': [], 'big': [], 'attach': [], 'cores': [], 'syscalls': [], 'allocations': [], 'instructions': [], 'profile': []}
# With "all": these take long, or count figures that hardly vary.
MOST_RUNS = {'checkpoints': 1, 'syncs': 1, 'syscalls': 1, 'allocations': 1, 'instructions': 1, 'profile': 1}
COMMON = ['rate', 'cpu_us', 'server_share', 'source_share', 'sink_share', 'dns_share', 'mib']
SHOWN = {
    'stream': [*COMMON, 'accept_rate', 'accept_p99_ms', 'wait_p50_ms', 'wait_p99_ms'],
    'stream-reused': [*COMMON, 'accept_rate', 'accept_p99_ms', 'wait_p50_ms', 'wait_p99_ms'],
    'stream-tls': [*COMMON, 'connections', 'handshakes', 'resumed'],
    'cold': [*COMMON, 'connections'],
    'tls-cold': [*COMMON, 'connections', 'handshakes', 'resumed'],
    'tls-cold-full': [*COMMON, 'connections', 'handshakes', 'resumed'],
    'signed': [*COMMON, 'accept_rate', 'signatures'],
    'single': ['wait_p50_ms', 'wait_p99_ms', 'warm_p99_ms', 'cpu_us'],
    'command': ['command_rate', 'command_p50_ms', 'command_p99_ms', 'cpu_us', 'rate'],
    'backlog': [*COMMON, 'queued_cpu_us', 'full_mib'],
    'deep': ['messages', 'accept_rate', 'accept_p99_ms', 'cpu_us', 'cpu_growth', 'time_growth', 'full_mib', 'waiting_mib', 'disk_mib', 'healthy_at_once_ms',
             'healthy_max_ms', 'queue_s',
             'stop_s', 'restart_open_s', 'restart_delivery_s', 'restart_known_s', 'queue_after_s'],
    'deadhost': ['alone_s', 'beside_s', 'slower', 'hang_at_once', 'drip_at_once', 'per_dead_host'],
    'big': ['growth_smtp_mib', 'growth_command_mib', 'smtp_s', 'command_s', 'copies_s', 'smtp_over_copies', 'command_over_copies',
            'recipients_disk_mib', 'recipients_s'],
    'attach': ['send_s', 'swaks_s', 'python_s', 'swaks_slower', 'python_slower', 'send_mib', 'swaks_mib', 'python_mib', 'swaks_larger', 'python_larger'],
    'cores': ['rate_1', 'rate_2', 'growth', 'cpu_us_1', 'cpu_us_2', 'server_share_1', 'server_share_2', 'source_share_2', 'sink_share_2'],
    'checkpoints': ['accept_rate', 'rate', 'cpu_us', 'accept_p50_ms', 'accept_p99_ms', 'written_per_message', 'disk_mib', 'live_mib', 'disk_over_live'],
    'syncs': ['syncs', 'fsync', 'fdatasync', 'sync_file_range', 'syncfs'],
    'syscalls': ['calls', 'by_name'],
    'allocations': ['allocations', 'by_size'],
    'instructions': ['instructions'],
    'profile': ['cpu_us', 'top'],
}

# name, workload, figure, how it is compared, bound. "more": ours over the peer's; "less": the peer's over ours; behind " than " another peer; "most": ours alone.
GOALS = [
    ('1 stream: CPU per message', 'stream', 'cpu_us', 'less', 15),
    ('1 stream: messages a second', 'stream', 'rate', 'more', 10),
    ('1 stream-reused: messages a second', 'stream-reused', 'rate', 'more', 20),
    ('1 stream-tls: messages a second', 'stream-tls', 'rate', 'more', 8),
    ('1 tls-cold: messages a second', 'tls-cold', 'rate', 'more', 6),
    ('1 signed: CPU per message', 'signed', 'cpu_us', 'less than postfix-opendkim', 13),
    ('1 signed: messages a second', 'signed', 'rate', 'more than postfix-opendkim', 12),
    ('2 single: median', 'single', 'wait_p50_ms', 'less', 2),
    ('2 single: p99', 'single', 'wait_p99_ms', 'less', 3),
    ('2 single: p99 of messages to domains that had one before', 'single', 'warm_p99_ms', 'less', 2.5),
    ('3 command: commands a second', 'command', 'command_rate', 'more', 4),
    ('3 command: against dma', 'command', 'command_rate', 'more than dma', 1),
    ('4 backlog: messages a second', 'backlog', 'rate', 'more', 10),
    ('4 backlog: memory while full', 'backlog', 'full_mib', 'less', 4),
    ('5 deep: MiB resident', 'deep', 'full_mib', 'most', 143),
    ('5 deep: CPU per message, late over early', 'deep', 'cpu_growth', 'most', 1.1),
    ('5 deep: time per message, late over early', 'deep', 'time_growth', 'most', 1.1),
    ('5 deep: messages accepted a second', 'deep', 'accept_rate', 'more', 5),
    ('5 deep: first delivery after a restart, s', 'deep', 'restart_delivery_s', 'most', 2),
    ('5 deep: whole queue known after a restart, s', 'deep', 'restart_known_s', 'most', 180),
    ('5 deep: mxpress queue, s', 'deep', 'queue_s', 'most', 1),
    ('5 deep: a message to a healthy host while the rest waits, ms', 'deep', 'healthy_max_ms', 'most', 100),
    ('6 deadhost: good half beside dead hosts, over alone', 'deadhost', 'slower', 'most', 1.2),
    ('6 deadhost: connections at once to a dead host', 'deadhost', 'per_dead_host', 'most', 1),
    ('7 big: growth of memory by SMTP, MiB', 'big', 'growth_smtp_mib', 'most', 8),
    ('7 big: growth of memory by command, MiB', 'big', 'growth_command_mib', 'most', 8),
    ('7 big: time by SMTP over cp and network copy', 'big', 'smtp_over_copies', 'most', 2),
    ('7 big: time by command over cp and network copy', 'big', 'command_over_copies', 'most', 2),
    # A body is 2 MB, a segment of the journal 16: a copy for each domain would be 2,000.
    ('7 big: disk for 10,000 recipients, MiB', 'big', 'recipients_disk_mib', 'most', 40),
    ('7 attach: time of swaks over that of mxpress send', 'attach', 'swaks_slower', 'alone at least', 1),
    ('7 attach: time of python over that of mxpress send', 'attach', 'python_slower', 'alone at least', 1),
    ('7 attach: memory of swaks over that of mxpress send', 'attach', 'swaks_larger', 'alone at least', 10),
    ('7 attach: memory of python over that of mxpress send', 'attach', 'python_larger', 'alone at least', 10),
    ('8 cores: rate of two workers over one', 'cores', 'growth', 'alone at least', 1.1),
]


def judge(goal, results, peer, values):
    name, workload, key, how, bound = goal
    how, _, named = how.partition(' than ')
    other = named or peer
    ours, theirs = values(results, workload, 'mxpress', key), values(results, workload, other, key)
    if not ours or (how in ('more', 'less') and not theirs):
        return [name, 'not measured', f'{bound}', 'no']
    mine = statistics.median(ours)
    if how == 'most':
        return [name, f'{mine:.3g}', f'at most {bound}', 'yes' if mine <= bound else 'no']
    if how == 'alone at least':
        return [name, f'{mine:.3g}', f'at least {bound}', 'yes' if mine >= bound else 'no']
    ratio = statistics.median(theirs) / mine if how == 'less' else mine / statistics.median(theirs)
    return [name, f'{ratio:.2f} times', f'at least {bound} times', 'yes' if ratio >= bound else 'no']
