"""Draws horizontal bars as SVG, on a card of its own so that it reads on a light page and on a dark one."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

WIDTH, LABEL, BAR_WIDTH = 720, 190, 330
ROW, BAR, HEADING, MARGIN = 24, 14, 34, 20

STYLE = """
  .card { fill: #ffffff; stroke: #d0d7de }
  text { font: 13px system-ui, -apple-system, "Segoe UI", sans-serif; fill: #1f2328 }
  .title { font-size: 16px; font-weight: 600 }
  .heading { font-weight: 600 }
  .note, .value { fill: #59636e }
  .ours { fill: #0969da } .other { fill: #afb8c1 }
  .mark { stroke: #cf222e; stroke-dasharray: 3 3 }
  @media (prefers-color-scheme: dark) {
    .card { fill: #151b23; stroke: #3d444d }
    text { fill: #f0f6fc }
    .note, .value { fill: #9198a1 }
    .ours { fill: #4493f8 } .other { fill: #656c76 }
    .mark { stroke: #f85149 }
  }
"""


@dataclass(frozen=True)
class Bar:
    """One bar: its label, its length in the group's unit, what is written after it, and whose it is."""

    label: str
    value: float
    text: str
    ours: bool = True


@dataclass(frozen=True)
class Group:
    """Bars under a heading on one scale: `full` is the value of a full-length bar, `mark` a line across."""

    heading: str
    bars: Sequence[Bar]
    full: float
    mark: float | None = None


def draw(title: str, note: str, groups: Sequence[Group]) -> str:
    """The chart as an SVG document."""
    parts = [_text("title", MARGIN, 32, title), _text("note", MARGIN, 52, note)]
    y = 62
    for group in groups:
        parts.append(_text("heading", MARGIN, y + HEADING - 10, group.heading))
        y += HEADING
        for number, bar in enumerate(group.bars):
            parts += _bar(bar, y + number * ROW, group.full)
        if group.mark is not None:
            parts.append(_mark(group, y))
        y += len(group.bars) * ROW
    height = y + MARGIN - 6
    description = f"{title}. " + "; ".join(
        f"{group.heading}, {bar.label}: {bar.text}" for group in groups for bar in group.bars
    )
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
        f'width="{WIDTH}" height="{height}" role="img" aria-label="{escape(description)}">'
    )
    card = f'<rect class="card" x="0.5" y="0.5" width="{WIDTH - 1}" height="{height - 1}" rx="8"/>'
    return "\n".join([head, f"<style>{STYLE}</style>", card, *parts, "</svg>", ""])


def _bar(bar: Bar, y: int, full: float) -> list[str]:
    length = max(1, round(BAR_WIDTH * bar.value / full))
    side = "ours" if bar.ours else "other"
    return [
        _text("", MARGIN, y + BAR - 2, bar.label),
        f'<rect class="{side}" x="{LABEL}" y="{y}" width="{length}" height="{BAR}" rx="2"/>',
        _text("value", LABEL + length + 8, y + BAR - 2, bar.text),
    ]


def _mark(group: Group, y: int) -> str:
    assert group.mark is not None
    x = LABEL + round(BAR_WIDTH * group.mark / group.full)
    return f'<line class="mark" x1="{x}" y1="{y - 4}" x2="{x}" y2="{y + len(group.bars) * ROW - 6}"/>'


def _text(style: str, x: int, y: int, text: str) -> str:
    return f'<text class="{style}" x="{x}" y="{y}">{escape(text)}</text>'
