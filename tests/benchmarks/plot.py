"""A plot of comparisons: SVG, readable in light and in dark."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
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
_MARGIN: Final = 18

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """A value with its name, and whether it's this integration's."""

    name: str
    value: float
    shown: str
    is_ours: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """Bars with one scale."""

    title: str
    subtitle: str
    bars: Sequence[Bar]
    full: float
    """The value of a bar of full length."""


def plot(comparisons: Sequence[Comparison]) -> str:
    """Draw those that are to be plotted, each in a panel with a scale of its own."""
    panels = [_panel_of(one) for one in comparisons if one.is_plotted]
    return draw("Side by side: less is better", panels)


def _panel_of(comparison: Comparison) -> Panel:
    names = [name for name in COMPARED if name in comparison.values]
    bars = [
        Bar(
            name=name,
            value=comparison.values[name] or 0.0,
            shown=comparison.shown(name),
            is_ours=name == ENTITY,
        )
        for name in names
    ]
    return Panel(
        title=f"{comparison.what} ({comparison.unit})",
        subtitle=comparison.where,
        bars=bars,
        full=max(bar.value for bar in bars) or 1.0,
    )


def draw(title: str, panels: Sequence[Panel]) -> str:
    """Draw panels in two columns."""
    height = _TITLE + _ROW * max(len(panel.bars) for panel in panels) + _MARGIN
    size = f"{_COLUMNS * _WIDTH} {height * -(-len(panels) // _COLUMNS)}"
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size}">',
        f"  <title>{escape(title)}</title>",
        f"  <style>\n{_STYLE}\n  </style>",
    ]
    for number, panel in enumerate(panels):
        row, column = divmod(number, _COLUMNS)
        lines.append(f'  <g transform="translate({column * _WIDTH} {row * height})">')
        lines += _drawn(panel)
        lines.append("  </g>")
    return "\n".join([*lines, "</svg>", ""])


def _drawn(panel: Panel) -> Iterator[str]:
    yield f'    <text class="title" x="8" y="18">{escape(panel.title)}</text>'
    yield f'    <text class="where" x="8" y="34">{escape(panel.subtitle)}</text>'
    for row, bar in enumerate(panel.bars):
        top = _TITLE + _ROW * row
        length = max(1, round(_BARS * bar.value / panel.full))
        kind = "bar ours" if bar.is_ours else "bar"
        baseline = top + _BAR - 2
        yield f'    <text class="name" x="{_NAMES - 6}" y="{baseline}">{escape(bar.name)}</text>'
        yield (
            f'    <rect class="{kind}" x="{_NAMES}" y="{top}" width="{length}" height="{_BAR}"/>'
        )
        yield f'    <text x="{_NAMES + length + 6}" y="{baseline}">{escape(bar.shown)}</text>'
