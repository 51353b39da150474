"""What an imported file held that the score does not, or not as it was."""

from __future__ import annotations

from dataclasses import dataclass

from notation.core.score import Score

_MOST_KINDS = 100  # a hostile file may have a fault of its own in every note


@dataclass(frozen=True, slots=True)
class ImportFinding:
    """One kind of thing that was changed, guessed or left out.

    ``code`` is stable; ``message`` is a sentence for a person; ``bar`` is where it happened first, in the
    file's order from 1, None where it concerns the whole file; ``count`` is how often it happened.
    """

    code: str
    message: str
    bar: int | None
    count: int


@dataclass(frozen=True, slots=True)
class Imported:
    """A file as a score, and what could not be kept."""

    score: Score
    report: tuple[ImportFinding, ...]


class Findings:
    """Collects findings; those that say the same become one."""

    def __init__(self) -> None:
        self._counts: dict[tuple[str, str], tuple[int | None, int]] = {}

    def add(self, code: str, message: str, bar: int | None = None, count: int = 1) -> None:
        """Note that something happened, ``count`` times, first in ``bar``."""
        known = self._counts.get((code, message))
        if known is not None:
            self._counts[code, message] = (known[0], known[1] + count)
        elif len(self._counts) < _MOST_KINDS:
            self._counts[code, message] = (bar, count)

    def all(self) -> tuple[ImportFinding, ...]:
        """Everything found, in the order in which it was found first."""
        return tuple(
            ImportFinding(code, message, bar, count) for (code, message), (bar, count) in self._counts.items()
        )
