"""The page of the benchmarks in docs/, with its plot."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from string import Template
from typing import Final

from .comparison import Comparison, setbacks, table
from .plot import plot
from .table import Table

PAGE: Final = Path("docs/benchmarks.md")
PLOT: Final = PAGE.with_suffix(".svg")

_TEMPLATE: Final = Path(__file__).with_suffix(".md")
_AHEAD: Final = "Nobody is ahead in anything by more than 5 %."


def write(
    command: str, facts: str, comparisons: Sequence[Comparison], tables: Sequence[Table]
) -> None:
    """Write the page and its plot."""
    PLOT.write_text(plot(comparisons))
    PAGE.write_text(page(command, facts, comparisons, tables))


def page(
    command: str, facts: str, comparisons: Sequence[Comparison], tables: Sequence[Table]
) -> str:
    """Return the page: all at a glance, where ours isn't ahead, and the details."""
    return Template(_TEMPLATE.read_text()).substitute(
        command=command,
        facts=facts,
        table=table(comparisons).as_markdown(),
        behind="\n\n".join(_setbacks(comparisons)) or _AHEAD,
        details="\n".join(one.as_markdown() for one in tables).rstrip(),
    )


def _setbacks(comparisons: Sequence[Comparison]) -> Iterator[str]:
    """Yield each reason, with the figures below it."""
    for why, figures in setbacks(comparisons).items():
        yield "\n".join((why, "", *(f"- {line}" for line in figures)))
