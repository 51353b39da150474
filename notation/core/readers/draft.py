"""Music as a file has it, on the way to a score: bars of notes, with the file's own tempi."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction

from notation.core.instruments import InstrumentName
from notation.core.score import Mark, Swing


@dataclass(slots=True)
class DraftGrace:
    """A small note before another, with nothing but its sound."""

    instrument: InstrumentName
    velocity: int
    marks: frozenset[Mark] = frozenset()
    id: str | None = None


@dataclass(slots=True)
class DraftNote:
    """A stroke at ``position`` (quarters from its bar's start), and the small notes that lead to it.

    ``shown`` is how the page marks it (ghost, accent, or neither), where the file has a page. Strokes of one
    instrument in one place by different ``origin`` (voice, or sound in the file) are one stroke. Notes of a
    bar with the same ``stem`` are one chord, which is accented as a whole.
    """

    position: Fraction
    instrument: InstrumentName
    velocity: int
    marks: frozenset[Mark] = frozenset()
    shown: Mark | None = None
    graces: list[DraftGrace] = field(default_factory=list)
    id: str | None = None
    origin: str = ""
    stem: int = 0


@dataclass(slots=True)
class DraftTempo:
    """Quarters a minute from ``position`` in the bar on; ``printed`` where a reader sees it."""

    position: Fraction
    quarters_a_minute: float
    printed: bool = True


@dataclass(slots=True)
class DraftFeel:
    """A change of feel; None is straight."""

    swing: Swing | None


@dataclass(slots=True)
class DraftBar:
    """A bar of ``quarters`` under the time signature ``beats``/``beat_type``.

    ``number`` is the file's place of it, from 1, for the report.
    """

    number: int
    beats: int
    beat_type: int
    quarters: Fraction
    notes: list[DraftNote] = field(default_factory=list)
    tempi: list[DraftTempo] = field(default_factory=list)
    feel: DraftFeel | None = None
    section: str | None = None

    @property
    def meter_quarters(self) -> Fraction:
        """How long the time signature says the bar is."""
        return Fraction(4 * self.beats, self.beat_type)


@dataclass(slots=True)
class Draft:
    """A whole chart as read. ``shows_emphasis`` says whether the file has a page that marks notes."""

    title: str
    artist: str
    bars: list[DraftBar]
    first_number: int
    shows_emphasis: bool
