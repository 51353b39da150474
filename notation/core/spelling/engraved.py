"""Engraved events: what is to be drawn in a bar, before any format. ``spell`` makes them, every writer
starts from them."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from notation.core.hits import Hit
from notation.core.instruments import InstrumentName, Notehead
from notation.core.kit_profile import Written
from notation.core.score import Bar, Mark
from notation.core.spelling.rhythm import Tuplet, flags_of

_ROLL_BEAMS = 3  # a roll's note has so many beams, flags and slashes together: unmeasured 32nds


@dataclass(frozen=True, slots=True)
class Head:
    """One note head: a stroke, its place and shape, and how it is marked.

    ``sticking`` is the letter of the hand that plays it, R or L; ``closes`` puts the + of a closed hi-hat
    over it. ``doubled`` says that a louder stroke of the chord has the same head in the same place, so that
    this one need not be seen.
    """

    hit: Hit
    written: Written
    ghost: bool = False
    accent: bool = False
    marks: frozenset[Mark] = frozenset()
    sticking: str | None = None
    closes: bool = False
    doubled: bool = False

    @property
    def notehead(self) -> Notehead:
        """The shape of the head; a rim shot's is slashed whatever the drum's is."""
        return Notehead.SLASHED if Mark.RIM_SHOT in self.marks else self.written.notehead

    @property
    def is_open_hihat(self) -> bool:
        """Whether it has the small circle of an open hi-hat."""
        return self.hit.instrument is InstrumentName.HIHAT_OPEN and not self.is_half_open

    @property
    def is_half_open(self) -> bool:
        """Whether it has the slashed circle of a half-open hi-hat."""
        return Mark.HALF_OPEN in self.marks

    @property
    def is_choked(self) -> bool:
        """Whether the cymbal is stopped by hand as soon as it is struck."""
        return Mark.CHOKE in self.marks

    @property
    def is_rolled(self) -> bool:
        """Whether it stands for many fast strokes."""
        return Mark.ROLL in self.marks

    @property
    def looks(self) -> tuple[object, ...]:
        """What a reader sees of it: two heads with equal looks are the same note."""
        marks = self.marks & {Mark.HALF_OPEN, Mark.CHOKE, Mark.RIM_SHOT, Mark.ROLL}
        return (self.hit.instrument, self.written, self.ghost, self.accent, marks, self.sticking, self.closes)


@dataclass(frozen=True, slots=True)
class Event:
    """A chord (``heads``, lowest first) or, without heads, a rest; placed in quarters from the bar's start.

    ``graces`` are the small chords before it. ``beam`` numbers the beam it belongs to within its voice and
    bar. ``beams_after`` is how many beams go on to the next event when that is fewer than the values say.
    """

    onset: Fraction
    duration: Fraction
    base: Fraction
    dots: int
    heads: tuple[Head, ...] = ()
    graces: tuple[tuple[Head, ...], ...] = ()
    tuplet: Tuplet | None = None
    beam: int | None = None
    beams_after: int | None = None
    visible: bool = True
    fills_bar: bool = False

    @property
    def is_rest(self) -> bool:
        """Whether nothing is struck."""
        return not self.heads

    @property
    def flags(self) -> int:
        """How many flags or beams the written value has: 1 for an eighth."""
        return flags_of(self.base)

    @property
    def accented(self) -> bool:
        """Whether any of its heads is accented; the mark is drawn once for the chord."""
        return any(head.accent for head in self.heads)

    @property
    def slurs(self) -> tuple[tuple[Head, Head], ...]:
        """From the first small note of each drum to the stroke that it leads to."""
        first: dict[InstrumentName, Head] = {}
        for small in (head for chord in self.graces for head in chord):
            first.setdefault(small.hit.instrument, small)
        ends = {head.hit.instrument: head for head in reversed(self.heads)}
        return tuple((small, ends.get(name, self.heads[0])) for name, small in first.items())

    @property
    def slashes(self) -> int:
        """How many slashes a roll has through its stem, beside its flags and beams; 0 for a single stroke."""
        rolled = any(head.is_rolled for head in self.heads)
        return max(1, _ROLL_BEAMS - self.flags) if rolled else 0


@dataclass(frozen=True, slots=True)
class Voice:
    """The hands' (1, stems up) or the feet's (2, stems down) events of one bar; they fill it exactly."""

    number: int
    events: tuple[Event, ...]


@dataclass(frozen=True, slots=True)
class SpelledBar:
    """A bar with its voices; the feet's voice is absent when they are silent."""

    bar: Bar
    voices: tuple[Voice, ...]

    @property
    def is_empty(self) -> bool:
        """Whether nothing is struck in the whole bar."""
        return all(event.is_rest for voice in self.voices for event in voice.events)

    @property
    def columns(self) -> int:
        """How many places across the bar need room of their own."""
        onsets = {event.onset for voice in self.voices for event in voice.events if event.visible}
        graces = sum(len(event.graces) for voice in self.voices for event in voice.events)
        ghosts = {
            event.onset
            for voice in self.voices
            for event in voice.events
            if any(h.ghost for h in event.heads)
        }
        return len(onsets) + graces + len(ghosts) // 2  # brackets make two heads as wide as three
