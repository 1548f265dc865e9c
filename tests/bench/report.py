"""The output: each run as it ends, the table of a workload, and whether the goals are met."""
import statistics

import goals


def print_run(result):
    about = f'{result["workload"]} {result["peer"]} run {result["run"] + 1} (load {result["load"]:.1f}, a sync {result["sync_ms"]:.2f} ms):'
    if result.get('skipped'):
        print(about, 'cannot run here:', result['skipped'], flush=True)
    elif result.get('void'):
        print(about, 'VOID:', '; '.join(result['void']), flush=True)
    else:
        shown = [key for key in goals.SHOWN.get(result['workload'], []) if result.get(key) is not None]
        print(about, ', '.join(f'{key} {number(result[key])}' for key in shown), flush=True)


def number(value):
    if isinstance(value, list):
        return '\n' + '\n'.join(value)
    if isinstance(value, dict):
        return ' '.join(f'{key}={number(part)}' for key, part in value.items())
    return f'{value:,.0f}' if abs(value) >= 100 else f'{value:.3g}'


def values(results, workload, peer, key):
    """Of the runs that count."""
    return [result[key] for result in results
            if result['workload'] == workload and result['peer'] == peer and not result.get('void') and result.get(key) is not None]


def summary(found):
    if not found:
        return '-'
    if len(found) == 1 or isinstance(found[0], dict):
        return number(found[0])
    return f'{number(statistics.median(found))} ({number(min(found))} to {number(max(found))})'


def print_table(results):
    workload = results[0]['workload']
    peers = list(dict.fromkeys(result['peer'] for result in results))
    keys = [key for key in goals.SHOWN.get(workload, []) if key != 'top' and any(values(results, workload, peer, key) for peer in peers)]
    rows = [[workload, *peers, *([f'{peers[0]} / {peers[1]}'] if len(peers) == 2 else [])]]
    for key in keys:
        columns = [values(results, workload, peer, key) for peer in peers]
        rows.append([key, *map(summary, columns), *([ratio_of(*columns)] if len(peers) == 2 else [])])
    print_rows(rows)
    void = sum(bool(result.get('void')) for result in results)
    if void:
        print(f'{void} of {len(results)} runs are void')


def ratio_of(first, second):
    if not first or not second or isinstance(first[0], dict) or not statistics.median(second):
        return '-'
    return f'{statistics.median(first) / statistics.median(second):.3g}'


def print_rows(rows):
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    print()
    for row in rows:
        print('  '.join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip())


def print_goals(options, paired_runs):
    """Runs the workloads of the goals, and judges each goal."""
    peer, results = (options.against or ['postfix'])[0], []
    for workload in goals.WORKLOAD_NAMES:
        others = goals.PEERS.get(workload, [peer])
        runs = min(options.runs, goals.MOST_RUNS.get(workload, options.runs))
        results += paired_runs(options, workload, ['mxpress', *[peer if other == 'postfix' else other for other in others]], runs)
        print_table([result for result in results if result['workload'] == workload])
    rows = [['goal', 'measured', 'wanted', 'holds']]
    for goal in goals.GOALS:
        rows.append(goals.judge(goal, results, peer, values))
    print_rows(rows)
    return 0 if all(row[3] == 'yes' for row in rows[1:]) else 1
