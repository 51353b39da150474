"""Ghost notes and accents: what is soft or loud for this song and this instrument."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

from notation.core.hits import Hit
from notation.core.instruments import InstrumentName
from notation.core.score import EMPHASIS_MARKS, Mark, ScoreHit

# Instruments on which a soft stroke is a ghost note; a soft hi-hat is just a soft hi-hat.
_TOMS = frozenset({InstrumentName.TOM_HIGH, InstrumentName.TOM_MID, InstrumentName.TOM_LOW})
_CAN_GHOST = _TOMS | {InstrumentName.SNARE}
# What is loud by nature, or never read for its loudness, gets an accent only from a person.
_NEVER_ACCENTED = frozenset(
    {InstrumentName.CRASH, InstrumentName.CHINA, InstrumentName.SPLASH, InstrumentName.HIHAT_PEDAL}
)

# Measured by benchmarks/emphasis.py on what drummers played. Where the velocities of a snare have two clear
# peaks, what lies below the valley between them is taken for ghost notes; these thresholds find them with
# F 0.981 in the train split of the Groove MIDI Dataset, where they were chosen, and 0.960 in its validation
# split. Half of the 80th percentile, used before, had 0.930 and 0.924.
_LOUD_PERCENTILE = 0.95  # many grooves have more ghost notes than others, so "loud" is near the top
_GHOST_SHARE = 0.6  # a ghost has at most this share of the loud stroke's velocity,
_DOUBTFUL_SHARES = (0.5, 0.7)  # but where more than
_MOST_DOUBTFUL = 0.15  # so many strokes lie in between, there are no two groups to tell apart,
_SURE_GHOST_SHARE = 0.45  # and only what is softer than this is a ghost
# With these 14 of 100 bars of the validation split have an accent, and one backbeat in a thousand; with the
# marks allowed on 0.3 of the strokes, and on every instrument, it was more than half of all bars.
_ACCENT_SHARE = 1.2  # an accent has at least this many times its instrument's usual velocity
_ACCENT_STEP = 15  # and is this much louder
_MOST_ACCENTS = 0.15  # beyond this share of its strokes the loud stroke is a usual one and needs no mark
# Chosen by reading scores, not measured.
_FEWEST_FOR_A_SCALE = 8  # with fewer strokes the instrument has no distribution of its own
_PLAIN_GHOST = 45


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
        velocities = [stroke.velocity for stroke in strokes]
        ghost_at_most = _ghost_at_most(velocities, instrument) if instrument in _CAN_GHOST else 0.0
        ghosts |= {stroke.id for stroke in strokes if stroke.velocity <= ghost_at_most}
        others = [stroke for stroke in strokes if stroke.velocity > ghost_at_most]
        if instrument in _NEVER_ACCENTED or len(others) < _FEWEST_FOR_A_SCALE:
            continue
        accent_at_least = _accent_at_least([stroke.velocity for stroke in others])
        loud = {stroke.id for stroke in others if stroke.velocity >= accent_at_least}
        if len(loud) <= _MOST_ACCENTS * len(others):
            accents |= loud
    return Emphasis(frozenset(ghosts), frozenset(accents))


def _ghost_at_most(velocities: Sequence[int], instrument: InstrumentName) -> float:
    """Return the velocity up to which a stroke is a ghost note."""
    if len(velocities) < _FEWEST_FOR_A_SCALE:
        return _PLAIN_GHOST
    loud = sorted(velocities)[int(_LOUD_PERCENTILE * (len(velocities) - 1))]
    softest, loudest = (share * loud for share in _DOUBTFUL_SHARES)
    doubtful = sum(softest < velocity <= loudest for velocity in velocities)
    in_two_groups = doubtful <= _MOST_DOUBTFUL * len(velocities)
    # Toms are played softly in fills that grow; that alone makes no ghost notes.
    return (_GHOST_SHARE if in_two_groups and instrument not in _TOMS else _SURE_GHOST_SHARE) * loud


def _accent_at_least(velocities: Sequence[int]) -> float:
    """Return the velocity from which a stroke stands out among ``velocities``, ghost notes left out."""
    usual = median(velocities)
    return max(_ACCENT_SHARE * usual, usual + _ACCENT_STEP)
