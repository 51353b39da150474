"""Tables for people: aligned text, or Markdown for ``docs/accuracy.md``."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

Cell = str | int | float | None


@dataclass(frozen=True, slots=True)
class Table:
    """A titled table; ``note`` says what a reader must know. The first ``words`` columns are words."""

    title: str
    head: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    note: str = ""
    words: int = 1

    def text(self) -> str:
        """Return it as aligned text."""
        cells = [list(self.head), *([shown(cell) for cell in row] for row in self.rows)]
        widths = [max(len(row[column]) for row in cells) for column in range(len(self.head))]
        lines = ["  ".join(self._aligned(row, widths)).rstrip() for row in cells]
        rule = "  ".join("-" * width for width in widths)
        return "\n".join([self.title, *self._notes(), "", lines[0], rule, *lines[1:]])

    def markdown(self) -> str:
        """Return it as Markdown under a heading of the third rank."""
        return f"### {self.title}\n\n{self.markdown_body()}"

    def markdown_body(self) -> str:
        """Return it as Markdown without its heading."""
        rule = ["---"] * self.words + ["---:"] * (len(self.head) - self.words)
        rows = [self.head, rule, *([shown(cell) for cell in row] for row in self.rows)]
        lines = [f"| {' | '.join(row)} |" for row in rows]
        return "\n".join([*(f"{note}\n" for note in self._notes()), *lines])

    def _aligned(self, row: Sequence[str], widths: Sequence[int]) -> list[str]:
        return [
            cell.ljust(width) if column < self.words else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]

    def _notes(self) -> list[str]:
        return [self.note] if self.note else []


def shown(cell: Cell) -> str:
    """A cell as printed: shares to three places, what is not known as a dash."""
    if cell is None or (isinstance(cell, float) and math.isnan(cell)):
        return "–"
    return f"{cell:.3f}" if isinstance(cell, float) else str(cell)


def signed(change: float | None) -> str:
    """A change as printed: with its sign, a dash where it is not known."""
    return "–" if change is None or math.isnan(change) else f"{change:+.3f}"


def milliseconds(value_ms: float) -> str:
    """A time as printed: to a tenth of a millisecond."""
    return "–" if math.isnan(value_ms) else f"{value_ms:.1f}"


def rendered(tables: Sequence[Table], *, markdown: bool) -> str:
    """Return all ``tables``, one below the other."""
    return "\n\n".join(table.markdown() if markdown else table.text() for table in tables)
