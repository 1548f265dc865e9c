"""The cost of a message as the queue grows, as an SVG picture from the last run of "deep" of each server."""
import json
import math

WIDTH, HEIGHT, MARGIN = 640, 180, 60
COLOURS = {'mxpress': '#0057b8', 'postfix': '#c8102e'}


def last_runs(path):
    found = {}
    for line in open(path):
        result = json.loads(line)
        if result['workload'] == 'deep' and result.get('curve') and not result.get('void'):
            found[result['peer']] = result
    return found


def between(curve, key, scale):
    """(messages, cost of a message) from each point to the next."""
    return [(after['messages'], (after[key] - before[key]) / (after['messages'] - before['messages']) * scale)
            for before, after in zip(curve, curve[1:])]


def memory(curve):
    return [(point['messages'], point['mib']) for point in curve if point['mib']]


PANELS = [('CPU of a message, µs', lambda curve: between(curve, 'cpu', 1e6)), ('time of a message, µs', lambda curve: between(curve, 's', 1e6)),
          ('resident memory, MiB', memory)]


class Panel:
    """Messages on a logarithmic scale to the right, values from 0 upwards."""

    def __init__(self, top, series):
        points = [point for values in series.values() for point in values]
        self.top, self.most = top, max(value for _, value in points) * 1.1
        self.low, self.high = math.log10(min(x for x, _ in points)), math.log10(max(x for x, _ in points))

    def x(self, messages):
        return MARGIN + (math.log10(messages) - self.low) / max(self.high - self.low, 1e-9) * (WIDTH - 2 * MARGIN)

    def y(self, value):
        return self.top + HEIGHT - value / self.most * (HEIGHT - 30)

    def draw(self, title, series):
        yield f'<text x="{MARGIN}" y="{self.top + 14}" font-weight="bold">{title}</text>'
        for share in (0, 0.5, 1):
            value = self.most / 1.1 * share
            yield f'<line x1="{MARGIN}" x2="{WIDTH - MARGIN}" y1="{self.y(value):.0f}" y2="{self.y(value):.0f}" stroke="#ccc"/>'
            yield f'<text x="{MARGIN - 6}" y="{self.y(value) + 4:.0f}" text-anchor="end">{value:,.0f}</text>'
        for power in range(math.ceil(self.low), math.floor(self.high) + 1):
            yield f'<text x="{self.x(10 ** power):.0f}" y="{self.top + HEIGHT + 14}" text-anchor="middle">{10 ** power:,}</text>'
        for peer, values in series.items():
            line = ' '.join(f'{self.x(x):.1f},{self.y(value):.1f}' for x, value in values)
            yield f'<polyline points="{line}" fill="none" stroke="{COLOURS.get(peer, "#555")}" stroke-width="2"/>'


def draw(results, target):
    """False: there is nothing to draw."""
    runs = last_runs(results)
    if not runs:
        return False
    lines, height = [], 40 + len(PANELS) * (HEIGHT + 40)
    for number, (peer, run) in enumerate(runs.items()):
        about = f'{peer}: {run["messages"]:,} messages, {run["date"][:10]}, {run["cores"]} cores'
        lines.append(f'<text x="{MARGIN}" y="{14 + 14 * number}" fill="{COLOURS.get(peer, "#555")}">{about}</text>')
    for number, (title, values) in enumerate(PANELS):
        series = {peer: values(run['curve']) for peer, run in runs.items()}
        lines += Panel(40 + number * (HEIGHT + 40), series).draw(title, series)
    with open(target, 'w') as file:
        file.write(f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" font-family="sans-serif" font-size="12">\n'
                   f'<rect width="100%" height="100%" fill="white"/>\n' + '\n'.join(lines) + '\n</svg>\n')
    return True
