"""Plain tables."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field


@dataclass(kw_only=True)
class Table:
    """Rows of text under a title, with the notes that readers need."""

    title: str
    columns: Sequence[str]
    rows: list[Sequence[str]] = field(default_factory=list)
    notes: Sequence[str] = ()

    def as_text(self) -> str:
        """Return the table for a terminal."""
        lines = [self.columns, *self.rows]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        rule = ["-" * width for width in widths]
        body = (_aligned(line, widths) for line in (self.columns, rule, *self.rows))
        return "\n".join((self.title, "", *body, "", *self.notes, ""))

    def as_markdown(self) -> str:
        """Return the table for a page."""
        rule = ["---", *["---:"] * (len(self.columns) - 1)]
        body = (f"| {' | '.join(line)} |" for line in (self.columns, rule, *self.rows))
        notes = (f"- {note}" for note in self.notes)
        return "\n".join((f"## {self.title}", "", *body, "", *notes, ""))


def figure(value: float | None, form: str = ".3f") -> str:
    """Return a figure for a cell, empty if there is none."""
    return "" if value is None else format(value, form)


def milliseconds(seconds: float | None, form: str = ".2f") -> str:
    """Return a time for a cell, empty if there is none."""
    return "" if seconds is None else format(1000 * seconds, form)


def _aligned(line: Iterable[str], widths: Sequence[int]) -> str:
    """Put the first cell to the left and the figures to the right."""
    first, *others = (
        cell.rjust(width) if index else cell.ljust(width)
        for index, (cell, width) in enumerate(zip(line, widths, strict=True))
    )
    return "  ".join((first, *others)).rstrip()
