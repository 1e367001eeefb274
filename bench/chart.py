"""Draw how figures grow, as SVG with both axes in powers of ten."""

import math
from collections.abc import Mapping
from pathlib import Path

Points = list[tuple[float, float]]

WIDTH, HEIGHT = 560, 360
LEFT, RIGHT, TOP, BOTTOM = 64, 150, 44, 48
COLOURS = ("#2563eb", "#dc2626", "#059669", "#9333ea", "#d97706", "#475569")
STYLE = "text{font:12px sans-serif;fill:#333}.t{font-weight:600;font-size:14px}"


def draw(file: Path, title: str, x_name: str, y_name: str, lines: Mapping[str, Points]) -> None:
    """Write a chart with one line for each name."""
    points = [point for line in lines.values() for point in line]
    chart = _Chart([x for x, _y in points], [y for _x, y in points])
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}">',
        f'<style>{STYLE}</style><path d="M0 0H{WIDTH}V{HEIGHT}H0z" fill="#fff"/>',
        f'<text class="t" x="{LEFT}" y="22">{title}</text>',
        f'<text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 8}">{x_name}</text>',
        f'<text x="8" y="{TOP - 8}">{y_name}</text>',
        *chart.grid(),
    ]
    labels: list[float] = []
    for number, (name, line) in enumerate(lines.items()):
        parts += chart.line(name, line, COLOURS[number % len(COLOURS)], labels)
    file.write_text("\n".join([*parts, "</svg>", ""]))


class _Chart:
    """Where a value is on the page."""

    def __init__(self, xs: list[float], ys: list[float]) -> None:
        self._xs = sorted(set(xs))
        self._x = (math.log10(min(xs)), math.log10(max(xs)))
        self._y = (math.floor(math.log10(min(ys))), math.ceil(math.log10(max(ys))))

    def grid(self) -> list[str]:
        parts = []
        for power in range(self._y[0], self._y[1] + 1):
            y = self._down(10.0**power)
            parts.append(
                f'<path d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}" stroke="#ddd"/>'
                f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{10.0**power:g}</text>'
            )
        for value in self._xs:
            x = self._across(value)
            parts.append(
                f'<path d="M{x:.1f} {TOP}V{HEIGHT - BOTTOM}" stroke="#eee"/>'
                f'<text x="{x:.1f}" y="{HEIGHT - BOTTOM + 16}" text-anchor="middle">'
                f"{value:g}</text>"
            )
        return parts

    def line(self, name: str, line: Points, colour: str, labels: list[float]) -> list[str]:
        at = [(self._across(x), self._down(y)) for x, y in line]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in at)
        end, label = at[-1][0], at[-1][1] + 4
        while any(abs(label - other) < 14 for other in labels):
            label += 2
        labels.append(label)
        return [
            f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>',
            *(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in at),
            f'<text x="{end + 8:.1f}" y="{label:.1f}" style="fill:{colour}">{name}</text>',
        ]

    def _across(self, value: float) -> float:
        low, high = self._x
        return LEFT + (math.log10(value) - low) / (high - low) * (WIDTH - RIGHT - LEFT)

    def _down(self, value: float) -> float:
        low, high = self._y
        return HEIGHT - BOTTOM - (math.log10(value) - low) / (high - low) * (HEIGHT - BOTTOM - TOP)
