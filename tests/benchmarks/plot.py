"""A plot of comparisons: SVG, readable in light and in dark."""

from collections.abc import Iterator, Sequence
from typing import Final
from xml.sax.saxutils import escape

from .comparison import Comparison
from .contenders import COMPARED, ENTITY

_COLUMNS: Final = 2
_WIDTH: Final = 440
"""Of a panel; all sizes are pixels."""
_NAMES: Final = 116
_BARS: Final = 250
_TITLE: Final = 44
_ROW: Final = 20
_BAR: Final = 12
_PANEL: Final = _TITLE + _ROW * len(COMPARED) + 18

_STYLE: Final = """\
    text { fill: #1f2328; font: 12px system-ui, sans-serif; }
    .title { font-weight: 600; font-size: 13px; }
    .where { fill: #57606a; }
    .name { text-anchor: end; }
    .bar { fill: #8c959f; }
    .ours { fill: #0f6cbd; }
    @media (prefers-color-scheme: dark) {
      text { fill: #f0f6fc; }
      .where { fill: #9198a1; }
      .bar { fill: #6e7681; }
      .ours { fill: #62abf5; }
    }"""


def plot(comparisons: Sequence[Comparison]) -> str:
    """Draw those that are to be plotted, each in a panel with a scale of its own."""
    panels = [one for one in comparisons if one.is_plotted]
    height = _PANEL * -(-len(panels) // _COLUMNS)
    size = f"{_COLUMNS * _WIDTH} {height}"
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size}">',
        "  <title>Side by side: less is better</title>",
        f"  <style>\n{_STYLE}\n  </style>",
    ]
    for number, comparison in enumerate(panels):
        row, column = divmod(number, _COLUMNS)
        lines.append(f'  <g transform="translate({column * _WIDTH} {row * _PANEL})">')
        lines += _panel(comparison)
        lines.append("  </g>")
    return "\n".join([*lines, "</svg>", ""])


def _panel(comparison: Comparison) -> Iterator[str]:
    """Yield a title, and a bar for each contender that was measured."""
    title = escape(f"{comparison.what} ({comparison.unit})")
    yield f'    <text class="title" x="8" y="18">{title}</text>'
    yield f'    <text class="where" x="8" y="34">{escape(comparison.where)}</text>'
    names = [name for name in COMPARED if name in comparison.values]
    longest = max(comparison.values[name] or 0.0 for name in names) or 1.0
    for row, name in enumerate(names):
        top = _TITLE + _ROW * row
        length = max(1, round(_BARS * (comparison.values[name] or 0.0) / longest))
        kind = "bar ours" if name == ENTITY else "bar"
        baseline = top + _BAR - 2
        yield f'    <text class="name" x="{_NAMES - 6}" y="{baseline}">{escape(name)}</text>'
        yield (
            f'    <rect class="{kind}" x="{_NAMES}" y="{top}" width="{length}" height="{_BAR}"/>'
        )
        shown = escape(comparison.shown(name))
        yield f'    <text x="{_NAMES + length + 6}" y="{baseline}">{shown}</text>'
