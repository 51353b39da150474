"""Ghost notes and accents: what is soft or loud for this song and this instrument."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median

from notation.core.hits import Hit
from notation.core.instruments import InstrumentName
from notation.core.score import EMPHASIS_MARKS, Mark, ScoreHit

# Instruments on which a soft stroke is a ghost note; a soft hi-hat is just a soft hi-hat.
_CAN_GHOST = frozenset(
    {InstrumentName.SNARE, InstrumentName.TOM_HIGH, InstrumentName.TOM_MID, InstrumentName.TOM_LOW}
)

# Chosen by reading scores, not measured.
_GHOST_SHARE = 0.5  # a ghost has at most this share of the instrument's usual loud stroke
_ACCENT_SHARE = 1.2  # an accent has at least this many times its usual stroke's velocity,
_ACCENT_STEP = 15  # this much more,
_ACCENT_OVER_LOUD = 1.08  # and so many times that of its loud strokes
_MOST_ACCENTS = 0.3  # beyond this share the loud stroke is the usual one and needs no mark
_FEWEST_FOR_A_SCALE = 8  # with fewer strokes the instrument has no distribution of its own
_PLAIN_GHOST, _PLAIN_ACCENT = 45, 112


@dataclass(frozen=True, slots=True)
class Emphasis:
    """The ids of ghost notes and of accented notes."""

    ghosts: frozenset[str]
    accents: frozenset[str]


def emphasis_of(placed: Iterable[ScoreHit]) -> Emphasis:
    """Say which notes of a score are ghosts or accents: as they are marked, else by their velocity.

    A grace note is neither, and says nothing of how its drum is usually played.
    """
    notes = [hit for hit in placed if not hit.is_grace]
    found = find_emphasis(note.hit for note in notes)
    said = {note.hit.id for note in notes if note.marks & EMPHASIS_MARKS}
    ghosts = {note.hit.id for note in notes if Mark.GHOST in note.marks}
    accents = {note.hit.id for note in notes if Mark.ACCENT in note.marks}
    return Emphasis((found.ghosts - said) | ghosts, (found.accents - said) | accents)


def find_emphasis(hits: Iterable[Hit]) -> Emphasis:
    """Say which strokes stand out from the song's own way of playing each instrument."""
    by_instrument: dict[InstrumentName, list[Hit]] = {}
    for hit in hits:
        by_instrument.setdefault(hit.instrument, []).append(hit)
    ghosts: set[str] = set()
    accents: set[str] = set()
    for instrument, strokes in by_instrument.items():
        ghost_at_most, accent_at_least = _thresholds([stroke.velocity for stroke in strokes])
        if instrument in _CAN_GHOST:
            ghosts |= {stroke.id for stroke in strokes if stroke.velocity <= ghost_at_most}
        loud = {stroke.id for stroke in strokes if stroke.velocity >= accent_at_least}
        if len(loud) <= _MOST_ACCENTS * sum(stroke.id not in ghosts for stroke in strokes):
            accents |= loud
    return Emphasis(frozenset(ghosts), frozenset(accents))


def _thresholds(velocities: list[int]) -> tuple[float, float]:
    """Return the velocity up to which a stroke is a ghost, and that from which it is accented."""
    if len(velocities) < _FEWEST_FOR_A_SCALE:
        return _PLAIN_GHOST, _PLAIN_ACCENT
    ranked = sorted(velocities)
    loud = ranked[int(0.8 * (len(ranked) - 1))]
    ghost_at_most = _GHOST_SHARE * loud
    usual = median([velocity for velocity in velocities if velocity > ghost_at_most])
    accent_at_least = max(_ACCENT_SHARE * usual, usual + _ACCENT_STEP, _ACCENT_OVER_LOUD * loud)
    return ghost_at_most, accent_at_least
