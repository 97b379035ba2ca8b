"""Line charts as one SVG file, written by hand."""
import html

WIDTH, HEIGHT, LEFT, TOP, GAP = 900, 150, 90, 40, 46
COLOURS = ["#1f6feb", "#d1242f", "#1a7f37", "#9a6700", "#8250df", "#0a7ea4"]


def svg(title, times, charts):
    """Charts below each other. `charts` is [(title, unit, {name: values})]; values may hold None."""
    total = TOP + len(charts) * (HEIGHT + GAP) + 20
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH + LEFT + 40}" height="{total}" '
             'font-family="sans-serif" font-size="12"><rect width="100%" height="100%" fill="white"/>',
             f'<text x="{LEFT}" y="22" font-size="16">{html.escape(title)}</text>']
    for place, (name, unit, series) in enumerate(charts):
        parts.append(_chart(TOP + place * (HEIGHT + GAP), name, unit, times, series))
    return "\n".join(parts) + "\n</svg>\n"


def _chart(top, name, unit, times, series):
    values = [value for row in series.values() for value in row if value is not None] or [0]
    high = max(max(values), 1e-9) * 1.1
    span = max(times[-1] - times[0], 1) if times else 1

    def x(time):
        return LEFT + (time - times[0]) / span * WIDTH

    def y(value):
        return top + 18 + HEIGHT * (1 - value / high)

    parts = [f'<text x="{LEFT}" y="{top + 12}">{html.escape(name)}, {html.escape(unit)}</text>']
    for share in (0, 0.5, 1):
        level = y(high * share)
        parts.append(f'<line x1="{LEFT}" x2="{LEFT + WIDTH}" y1="{level:.1f}" y2="{level:.1f}" stroke="#ddd"/>'
                     f'<text x="{LEFT - 8}" y="{level + 4:.1f}" text-anchor="end">{high * share:,.4g}</text>')
    for number, (label, row) in enumerate(series.items()):
        colour = COLOURS[number % len(COLOURS)]
        points = " ".join(f"{x(time):.1f},{y(value):.1f}" for time, value in zip(times, row) if value is not None)
        parts.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="1.5"/>'
                     f'<text x="{LEFT + 240 + 130 * number}" y="{top + 12}" fill="{colour}">{html.escape(label)}</text>')
    if times:
        parts.append(f'<text x="{LEFT + WIDTH}" y="{top + HEIGHT + 34}" text-anchor="end">'
                     f'{times[-1] / 60:.1f} min</text>')
    return "\n".join(parts)
