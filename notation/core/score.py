"""The score: which hit stands where in which bar. All that any exporter needs, and all that is stored.

Positions are exact fractions of a quarter note; what they look like (values, rests, beams) is decided by
``spell``, so that a corrected score needs no second decision from a person.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Set
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import Any

from notation.core.beat_grid import Meter
from notation.core.errors import BadScore
from notation.core.hits import Hit
from notation.core.instruments import InstrumentName

SCORE_SCHEMA = "drumsite.score/2"
_FIRST_SCHEMA = "drumsite.score/1"  # one swing for the whole song, no marks; still read

# Hit ids become ids in XML and in the page, so nothing that needs escaping may be in them.
_XML_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,63}")


class Mark(StrEnum):
    """What is written on a note beside its place.

    ``GHOST``, ``ACCENT`` and ``PLAIN`` are what a person or an imported file said; a note with none of them
    is marked by its velocity among the song's.
    """

    GHOST = "ghost"
    ACCENT = "accent"
    PLAIN = "plain"
    HALF_OPEN = "half_open"
    CHOKE = "choke"
    RIM_SHOT = "rim_shot"
    ROLL = "roll"
    RIGHT = "right"
    LEFT = "left"


# Of each of these a note has one at most.
EMPHASIS_MARKS = frozenset({Mark.GHOST, Mark.ACCENT, Mark.PLAIN})
STICKING_MARKS = frozenset({Mark.RIGHT, Mark.LEFT})
_CYMBALS = frozenset(
    {
        InstrumentName.CRASH,
        InstrumentName.RIDE,
        InstrumentName.RIDE_BELL,
        InstrumentName.CHINA,
        InstrumentName.SPLASH,
        InstrumentName.HIHAT_OPEN,
    }
)
# Marks that only some instruments can have; the others suit every instrument.
INSTRUMENTS_OF_MARK: Mapping[Mark, frozenset[InstrumentName]] = {
    Mark.HALF_OPEN: frozenset({InstrumentName.HIHAT_OPEN}),
    Mark.CHOKE: _CYMBALS,
    Mark.RIM_SHOT: frozenset({InstrumentName.SNARE}),
}


def possible_marks(instrument: InstrumentName, marks: Set[Mark]) -> frozenset[Mark]:
    """Those of ``marks`` that ``instrument`` can have."""
    return frozenset(mark for mark in marks if instrument in INSTRUMENTS_OF_MARK.get(mark, (instrument,)))


@dataclass(frozen=True, slots=True)
class ScoreHit:
    """A hit and its place.

    ``position`` is in quarter notes from the bar's start. A grace note carries the position of the note that
    it ornaments, and that note's id in ``grace_of``. A note marked ``Mark.ROLL`` stands for many strokes.
    """

    hit: Hit
    bar: int
    position: Fraction
    grace_of: str | None = None
    marks: frozenset[Mark] = frozenset()

    @property
    def is_grace(self) -> bool:
        """Whether this stroke is a flam's or drag's small note, which takes no time of its own."""
        return self.grace_of is not None


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar. ``number`` is the printed one; a pickup bar is 0 and may be shorter than its meter.

    ``beat_times_s`` holds the audio second of each felt beat, ``end_s`` that of the next bar's first beat.
    ``section`` is a rehearsal mark that begins here.
    """

    number: int
    meter: Meter
    quarters: Fraction
    beat_times_s: tuple[float, ...]
    end_s: float
    section: str | None = None

    @property
    def start_s(self) -> float:
        """The audio second of the bar's first beat."""
        return self.beat_times_s[0]

    @property
    def frame(self) -> tuple[int, int, Fraction]:
        """Its meter and length; bars with equal frames can hold the same music."""
        return (self.meter.beats, self.meter.beat_type, self.quarters)

    @property
    def is_pickup(self) -> bool:
        """Whether the bar is shorter than its meter says."""
        return self.quarters < self.meter.bar_quarters

    def time_s_at(self, position: Fraction) -> float:
        """The audio second of ``position`` (quarters from the bar's start), straight between beats."""
        beat = min(int(position / self.meter.beat_quarters), len(self.beat_times_s) - 1)
        times = (*self.beat_times_s, self.end_s)
        share = float(position / self.meter.beat_quarters) - beat
        return times[beat] + share * (times[beat + 1] - times[beat])


class Swing(StrEnum):
    """Which notes are played long and short while they are written equal, named as MusicXML does."""

    EIGHTHS = "eighth"
    SIXTEENTHS = "16th"

    @property
    def late_places(self) -> frozenset[Fraction]:
        """Where in the beat the late notes are played."""
        if self is Swing.EIGHTHS:
            return frozenset({Fraction(2, 3)})
        return frozenset({Fraction(1, 3), Fraction(5, 6)})

    @property
    def straight_denominator(self) -> int:
        """The denominator of the places at which they are written."""
        return 2 if self is Swing.EIGHTHS else 4

    def fits(self, places: Set[Fraction]) -> bool:
        """Whether a beat with strokes at ``places`` can be written straight under the swing mark."""
        if self is Swing.EIGHTHS:
            return places <= {Fraction(0), Fraction(2, 3)}
        return places <= {Fraction(0), Fraction(1, 3), Fraction(1, 2), Fraction(5, 6)}

    def written(self, place: Fraction) -> Fraction:
        """Where a stroke at ``place`` in the beat is written."""
        if place not in self.late_places:
            return place
        return Fraction(int(place * self.straight_denominator), self.straight_denominator)

    def played(self, place: Fraction) -> Fraction:
        """Where in the beat a stroke that is written at ``place`` is played."""
        return _PLAYED[self].get(place, place)


_PLAYED = {swing: {swing.written(late): late for late in swing.late_places} for swing in Swing}


@dataclass(frozen=True, slots=True)
class TempoMark:
    """The tempo printed at the start of ``bar``, in felt beats a minute."""

    bar: int
    bpm: float


@dataclass(frozen=True, slots=True)
class SwingMark:
    """The feel from ``bar`` on; None is straight."""

    bar: int
    swing: Swing | None


@dataclass(frozen=True, slots=True)
class Score:
    """A whole song.

    ``bars`` follow one another without a gap and are never empty; ``hits`` are in order of bar, position and
    onset. ``tempo_bpm`` is the median tempo in felt beats a minute. Where a swing mark is in force the
    off-beats are to be written straight under it, although their positions say thirds of the beat.
    """

    title: str
    artist: str
    bars: tuple[Bar, ...]
    hits: tuple[ScoreHit, ...]
    tempo_bpm: float
    tempo_marks: tuple[TempoMark, ...] = ()
    tempo_unreliable: bool = False
    swing_marks: tuple[SwingMark, ...] = ()

    def swing_at(self, bar: int) -> Swing | None:
        """The feel in force in ``bar``; None is straight."""
        return next((mark.swing for mark in reversed(self.swing_marks) if mark.bar <= bar), None)

    @property
    def meters(self) -> tuple[Meter, ...]:
        """The time signatures, each with the bar from which it is in force."""
        changes: list[Meter] = []
        for bar in self.bars:
            signature = (bar.meter.beats, bar.meter.beat_type)
            if not changes or (changes[-1].beats, changes[-1].beat_type) != signature:
                changes.append(Meter(bar.number, *signature))
        return tuple(changes)

    def hits_by_bar(self) -> dict[int, list[ScoreHit]]:
        """The hits of each bar that has any, in order."""
        grouped: dict[int, list[ScoreHit]] = {}
        for hit in self.hits:
            grouped.setdefault(hit.bar, []).append(hit)
        return grouped


def score_to_json(score: Score) -> dict[str, Any]:
    """Describe ``score`` in plain JSON values; ``score_from_json`` gives the same score back.

    Positions and lengths are strings such as ``"3/2"``, in quarter notes; times are audio seconds.
    """
    return {
        "schema": SCORE_SCHEMA,
        "title": score.title,
        "artist": score.artist,
        "tempo_bpm": score.tempo_bpm,
        "tempo_unreliable": score.tempo_unreliable,
        "swing_marks": [
            {"bar": mark.bar, "swing": mark.swing.value if mark.swing else None} for mark in score.swing_marks
        ],
        "tempo_marks": [{"bar": mark.bar, "bpm": mark.bpm} for mark in score.tempo_marks],
        "bars": [
            {
                "number": bar.number,
                "beats": bar.meter.beats,
                "beat_type": bar.meter.beat_type,
                "quarters": str(bar.quarters),
                "beat_times_s": list(bar.beat_times_s),
                "end_s": bar.end_s,
                "section": bar.section,
            }
            for bar in score.bars
        ],
        "hits": [
            {
                "id": placed.hit.id,
                "onset_s": placed.hit.onset_s,
                "instrument": placed.hit.instrument.value,
                "velocity": placed.hit.velocity,
                "confidence": placed.hit.confidence,
                "bar": placed.bar,
                "position": str(placed.position),
                "grace_of": placed.grace_of,
                "marks": sorted(mark.value for mark in placed.marks),
            }
            for placed in score.hits
        ],
    }


def score_from_json(data: Mapping[str, Any]) -> Score:
    """Build the score that ``data`` describes.

    Raises:
        BadScore: another schema, a missing or ill-typed field, or music that contradicts itself.
    """
    if data.get("schema") not in (SCORE_SCHEMA, _FIRST_SCHEMA):
        raise BadScore(reason=f"its schema is {data.get('schema')!r}, not {SCORE_SCHEMA!r}")
    try:
        score = _parse(data)
    except KeyError as error:
        raise BadScore(reason=f"{error.args[0]!r} is missing") from error
    except (TypeError, ValueError, AttributeError, ZeroDivisionError) as error:
        raise BadScore(reason=str(error)) from error
    _check(score)
    return score


def _parse(data: Mapping[str, Any]) -> Score:
    bars: list[Bar] = []
    for row in data["bars"]:
        meter = Meter(int(row["number"]), int(row["beats"]), int(row["beat_type"]))
        previous = bars[-1].meter if bars else None
        if previous and (previous.beats, previous.beat_type) == (meter.beats, meter.beat_type):
            meter = previous
        bars.append(
            Bar(
                number=meter.bar if meter is not previous else int(row["number"]),
                meter=meter,
                quarters=Fraction(row["quarters"]),
                beat_times_s=tuple(float(time) for time in row["beat_times_s"]),
                end_s=float(row["end_s"]),
                section=row.get("section"),
            )
        )
    hits = tuple(
        ScoreHit(
            Hit(
                str(row["id"]),
                float(row["onset_s"]),
                InstrumentName(row["instrument"]),
                int(row["velocity"]),
                float(row["confidence"]),
            ),
            int(row["bar"]),
            Fraction(row["position"]),
            row.get("grace_of"),
            frozenset(Mark(mark) for mark in row.get("marks", ())),
        )
        for row in data["hits"]
    )
    return Score(
        title=str(data["title"]),
        artist=str(data["artist"]),
        bars=tuple(bars),
        hits=hits,
        tempo_bpm=float(data["tempo_bpm"]),
        tempo_marks=tuple(TempoMark(int(row["bar"]), float(row["bpm"])) for row in data["tempo_marks"]),
        tempo_unreliable=bool(data["tempo_unreliable"]),
        swing_marks=_parse_swing(data, bars[0].number if bars else 0),
    )


def _parse_swing(data: Mapping[str, Any], first_bar: int) -> tuple[SwingMark, ...]:
    if data["schema"] == _FIRST_SCHEMA:
        return (SwingMark(first_bar, Swing(data["swing"])),) if data["swing"] else ()
    return tuple(
        SwingMark(int(row["bar"]), Swing(row["swing"]) if row["swing"] else None)
        for row in data["swing_marks"]
    )


def _check(score: Score) -> None:
    if not score.bars:
        raise BadScore(reason="it has no bars")
    first = score.bars[0].number
    if [bar.number for bar in score.bars] != list(range(first, first + len(score.bars))):
        raise BadScore(reason="its bars do not follow one another")
    lengths = {bar.number: bar.quarters for bar in score.bars}
    for bar in score.bars:
        if not bar.meter.is_possible:
            raise BadScore(reason=f"bar {bar.number} has the meter {bar.meter.beats}/{bar.meter.beat_type}")
        if not 0 < bar.quarters <= bar.meter.bar_quarters:
            raise BadScore(reason=f"bar {bar.number} is {bar.quarters} quarters long")
        if len(bar.beat_times_s) != bar.quarters / bar.meter.beat_quarters:
            raise BadScore(reason=f"bar {bar.number} has {len(bar.beat_times_s)} beat times")
    ids = [placed.hit.id for placed in score.hits]
    if len(set(ids)) != len(ids):
        raise BadScore(reason="two hits have the same id")
    if not all(_XML_NAME.fullmatch(identifier) for identifier in ids):
        raise BadScore(reason="a hit's id is not a plain name")
    mains = {placed.hit.id: placed for placed in score.hits if not placed.is_grace}
    for placed in score.hits:
        if placed.bar not in lengths or not 0 <= placed.position < lengths[placed.bar]:
            raise BadScore(reason=f"hit {placed.hit.id} lies outside its bar")
        if not 1 <= placed.hit.velocity <= 127:
            raise BadScore(reason=f"hit {placed.hit.id} has velocity {placed.hit.velocity}")
        _check_marks(placed)
        if placed.grace_of is not None:
            main = mains.get(placed.grace_of)
            if main is None or (main.bar, main.position) != (placed.bar, placed.position):
                raise BadScore(reason=f"grace note {placed.hit.id} belongs to no note in its place")


def _check_marks(placed: ScoreHit) -> None:
    name = placed.hit.id
    for group in (EMPHASIS_MARKS, STICKING_MARKS):
        if len(placed.marks & group) > 1:
            raise BadScore(reason=f"hit {name} is marked {' and '.join(sorted(placed.marks & group))}")
    for mark in placed.marks - possible_marks(placed.hit.instrument, placed.marks):
        raise BadScore(reason=f"hit {name} is marked {mark}, which no {placed.hit.instrument} can be")
