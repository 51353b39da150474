"""The grooves of a song: which bar patterns its drummer plays most."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from notation.core.instruments import InstrumentName
from notation.core.score import Mark, Score, ScoreHit

_I = InstrumentName
# A groove is told by its feet, its backbeat and what keeps time; how open the hi-hat is, whether the ride is
# struck on its bell and where a crash begins the bar are colours of the same groove.
_SAME: Mapping[InstrumentName, InstrumentName] = {
    _I.KICK: _I.KICK,
    _I.SNARE: _I.SNARE,
    _I.SIDE_STICK: _I.SIDE_STICK,
    _I.CLAP: _I.SNARE,
    _I.HIHAT_CLOSED: _I.HIHAT_CLOSED,
    _I.HIHAT_OPEN: _I.HIHAT_CLOSED,
    _I.HIHAT_PEDAL: _I.HIHAT_PEDAL,
    _I.RIDE: _I.RIDE,
    _I.RIDE_BELL: _I.RIDE,
}
_TOMS = frozenset({_I.TOM_HIGH, _I.TOM_MID, _I.TOM_LOW})
_GHOST_VELOCITY = 45  # of a snare that nobody marked; by ear
_FEWEST_STROKES = 3


@dataclass(frozen=True, slots=True)
class Groove:
    """A bar's pattern: the meter, and for each instrument its places in quarters from the bar's start."""

    meter: tuple[int, int]
    strokes: tuple[tuple[InstrumentName, tuple[Fraction, ...]], ...]


@dataclass(frozen=True, slots=True)
class GrooveCount:
    """How many bars of a song have a groove, and the first of them."""

    groove: Groove
    bars: int
    first_bar: int


def count_grooves(score: Score) -> tuple[GrooveCount, ...]:
    """Return the grooves of ``score``, the most played first; fills with toms and sparse bars are none."""
    grouped = score.hits_by_bar()
    counts: Counter[Groove] = Counter()
    first_bar: dict[Groove, int] = {}
    for bar in score.bars:
        if bar.is_pickup:
            continue
        strokes = _strokes_of(grouped.get(bar.number, ()))
        if strokes is None:
            continue
        groove = Groove((bar.meter.beats, bar.meter.beat_type), strokes)
        counts[groove] += 1
        first_bar.setdefault(groove, bar.number)
    return tuple(GrooveCount(groove, bars, first_bar[groove]) for groove, bars in counts.most_common())


def _strokes_of(hits: Sequence[ScoreHit]) -> tuple[tuple[InstrumentName, tuple[Fraction, ...]], ...] | None:
    places: dict[InstrumentName, set[Fraction]] = {}
    for placed in hits:
        if placed.hit.instrument in _TOMS:
            return None
        name = _SAME.get(placed.hit.instrument)
        if name is not None and not placed.is_grace and not _is_ghost(placed):
            places.setdefault(name, set()).add(placed.position)
    if len(places) < 2 or sum(map(len, places.values())) < _FEWEST_STROKES:
        return None
    return tuple((name, tuple(sorted(places[name]))) for name in InstrumentName if name in places)


def _is_ghost(placed: ScoreHit) -> bool:
    if placed.hit.instrument is not InstrumentName.SNARE:
        return False
    if placed.marks & {Mark.GHOST, Mark.ACCENT, Mark.PLAIN}:
        return Mark.GHOST in placed.marks
    return placed.hit.velocity < _GHOST_VELOCITY
