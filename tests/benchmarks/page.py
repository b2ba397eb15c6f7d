"""The pages of the benchmarks in docs/: one to read, with its plot, and one with all tables."""

from collections.abc import Sequence
from pathlib import Path
from string import Template
from typing import Final

from .comparison import Comparison, glance, setbacks, table
from .plot import plot
from .table import Table

PAGE: Final = Path("docs/benchmarks.md")
PLOT: Final = PAGE.with_suffix(".svg")
TABLES: Final = PAGE.with_stem("benchmarks-tables")

_TEMPLATE: Final = Path(__file__).with_suffix(".md")
_AHEAD: Final = "Nothing is faster or smaller by more than 5 %."


def write(
    command: str, facts: str, comparisons: Sequence[Comparison], tables: Sequence[Table]
) -> None:
    """Write the pages and the plot."""
    PLOT.write_text(plot(comparisons))
    PAGE.write_text(page(command, facts, comparisons))
    TABLES.write_text(tables_page(command, facts, comparisons, tables))


def page(command: str, facts: str, comparisons: Sequence[Comparison]) -> str:
    """Return the page: the figures that matter most, and where our entity is behind."""
    behind = (f"- {why} ({one.line})" for why, one in setbacks(comparisons).items())
    return Template(_TEMPLATE.read_text()).substitute(
        command=command,
        facts=facts,
        table=glance(comparisons).as_markdown(),
        behind="\n".join(behind) or _AHEAD,
    )


def tables_page(
    command: str, facts: str, comparisons: Sequence[Comparison], tables: Sequence[Table]
) -> str:
    """Return the page with all figures."""
    intro = (
        "# Tables of the benchmarks",
        "",
        f"All figures behind [Benchmarks]({PAGE.name}), as `{command}` wrote them.",
        "",
        f"Measured with: {facts}.",
        "",
    )
    texts = (one.as_markdown() for one in (table(comparisons), *tables))
    return "\n".join((*intro, *texts)).rstrip() + "\n"
