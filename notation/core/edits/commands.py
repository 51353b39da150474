"""The commands: what a person can do to a score, one small thing at a time.

Each class is one ``op``; its fields are the JSON object's. ``docs/commands.schema.json`` says the same for
clients, ``docs/editing.md`` with an example each.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from notation.core.edits.refused import Refused
from notation.core.instruments import InstrumentName
from notation.core.score import Mark, Swing


class Like(StrEnum):
    """Which other strokes a note command reaches as well.

    ``HITS``: the same instrument at the same place in the bar with the same marks. ``BARS``: the same stroke
    of every bar in which the same strokes are played.
    """

    HITS = "hits"
    BARS = "bars"


class Keep(StrEnum):
    """What stays when the feel or the meter changes: how it sounds or what is written."""

    SOUND = "sound"
    WRITING = "writing"


class Unit(StrEnum):
    """What stays as it is when the meter changes: the note values, or the felt beat."""

    NOTES = "notes"
    BEATS = "beats"


@dataclass(frozen=True, slots=True)
class Add:
    """A new note at ``position`` of ``bar``, or a new grace note before the note ``grace_of``."""

    bar: int | None = None
    position: Fraction | None = None
    instrument: InstrumentName | None = None
    velocity: int | None = None
    marks: frozenset[Mark] = frozenset()
    grace_of: str | None = None
    like: Like | None = None

    def __post_init__(self) -> None:
        if self.grace_of is None:
            if self.bar is None or self.position is None or self.instrument is None:
                raise Refused("a new note needs 'bar', 'position' and 'instrument'")
            if self.like is Like.HITS:
                raise Refused("a new note can be added to similar bars ('bars'), not to similar hits")
        elif self.bar is not None or self.position is not None:
            raise Refused("a grace note stands with its note: leave 'bar' and 'position' out")


@dataclass(frozen=True, slots=True)
class Remove:
    """Take notes away; grace notes go with their note."""

    ids: tuple[str, ...]
    like: Like | None = None


@dataclass(frozen=True, slots=True)
class Move:
    """Move notes by so many quarters, or one note to a place; grace notes go with their note."""

    ids: tuple[str, ...] = ()
    by: Fraction | None = None
    id: str | None = None
    bar: int | None = None
    position: Fraction | None = None
    like: Like | None = None

    def __post_init__(self) -> None:
        by_step = bool(self.ids) and self.by is not None
        to_place = self.id is not None and self.bar is not None and self.position is not None
        step_given = bool(self.ids) or self.by is not None
        place_given = self.id is not None or self.bar is not None or self.position is not None
        if not (by_step and not place_given) and not (to_place and not step_given):
            raise Refused("a move needs either 'ids' and 'by', or 'id', 'bar' and 'position'")


@dataclass(frozen=True, slots=True)
class SetInstrument:
    """Say that another instrument was struck; marks that it cannot have go."""

    ids: tuple[str, ...]
    instrument: InstrumentName
    like: Like | None = None


@dataclass(frozen=True, slots=True)
class SetVelocity:
    """Say how hard notes are struck."""

    ids: tuple[str, ...]
    velocity: int
    like: Like | None = None


@dataclass(frozen=True, slots=True)
class AddMark:
    """Mark notes; a mark that excludes it goes."""

    ids: tuple[str, ...]
    mark: Mark
    like: Like | None = None


@dataclass(frozen=True, slots=True)
class RemoveMark:
    """Take a mark from notes."""

    ids: tuple[str, ...]
    mark: Mark
    like: Like | None = None


@dataclass(frozen=True, slots=True)
class SetTempo:
    """Print a tempo, in felt beats a minute, at ``bar``; None takes the mark there away."""

    bar: int
    bpm: float | None


@dataclass(frozen=True, slots=True)
class SetMeter:
    """Another time signature from ``bar`` to the next change: bar lines move, no stroke does."""

    bar: int
    beats: int
    beat_type: int
    keep: Unit | None = None


@dataclass(frozen=True, slots=True)
class SetBarOne:
    """Bar 1 begins with this beat of this bar; what is before becomes a pickup and bars before bar 1."""

    bar: int
    beat: int = 1


@dataclass(frozen=True, slots=True)
class InsertBars:
    """Empty bars before ``before``; the number after the last bar's appends."""

    before: int
    count: int


@dataclass(frozen=True, slots=True)
class DeleteBars:
    """Take bars and all that is in them away."""

    from_bar: int
    to_bar: int


@dataclass(frozen=True, slots=True)
class CopyBars:
    """Copy bars: as new ones ``before`` a bar, or ``over`` what the bars from there on hold."""

    from_bar: int
    to_bar: int
    before: int | None = None
    over: int | None = None

    def __post_init__(self) -> None:
        if (self.before is None) == (self.over is None):
            raise Refused("copied bars go either 'before' a bar or 'over' one")


@dataclass(frozen=True, slots=True)
class SetSection:
    """A section (rehearsal mark) begins at ``bar``; None takes the one there away."""

    bar: int
    name: str | None


@dataclass(frozen=True, slots=True)
class SetSwing:
    """The feel from ``bar`` to the next feel; None is straight."""

    bar: int
    swing: Swing | None
    keep: Keep = Keep.WRITING


@dataclass(frozen=True, slots=True)
class SetTitle:
    """The song's name and who plays it."""

    title: str | None = None
    artist: str | None = None

    def __post_init__(self) -> None:
        if self.title is None and self.artist is None:
            raise Refused("a title or an artist is needed")
        if self.title == "":
            raise Refused("a song needs a title")


NOTE_COMMANDS = (Add, Remove, Move, SetInstrument, SetVelocity, AddMark, RemoveMark)
Command = (
    Add
    | Remove
    | Move
    | SetInstrument
    | SetVelocity
    | AddMark
    | RemoveMark
    | SetTempo
    | SetMeter
    | SetBarOne
    | InsertBars
    | DeleteBars
    | CopyBars
    | SetSection
    | SetSwing
    | SetTitle
)
