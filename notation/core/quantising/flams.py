"""Strokes too near to be notes of their own: flams, drags, rolls, and a stick's or beater's bounce."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from statistics import median

from notation.core.hits import Hit
from notation.core.instruments import InstrumentName
from notation.core.quantising.bars import GridBeat, beat_index_at
from notation.core.quantising.quantise_config import QuantiseConfig

_FLAMMED = frozenset(
    {InstrumentName.SNARE, InstrumentName.TOM_HIGH, InstrumentName.TOM_MID, InstrumentName.TOM_LOW}
)

_MOST_ORNAMENTS = 4  # strokes of a note with its flam, drag or ruff
_FEWEST_ROLLED = 3  # strokes that a note marked as a roll stands for
_LOUDER = 20  # MIDI velocity: by this much louder than its neighbour a stroke is the note among ornaments
_WHISPER = 20  # MIDI velocity
_BEFORE_BEAT_S = 0.025  # a roll's stroke this little before a beat belongs to it


@dataclass(frozen=True)
class Parted:
    """Strokes parted into notes and what ornaments them.

    ``mains`` are in order of onset; ``grace_of`` maps each other stroke's id to a main's; ``rolled`` holds
    the ids of those mains that stand for a roll.
    """

    mains: tuple[Hit, ...]
    grace_of: Mapping[str, str]
    rolled: frozenset[str]


def part_flams(hits: Sequence[Hit], beats: Sequence[GridBeat], config: QuantiseConfig) -> Parted:
    """Split strokes into those that take a place and those that ornament one.

    Up to four strokes of one instrument in quick succession are one note with its grace notes. More are a
    roll: written out where they are no faster than 32nds, else one note in each beat that stands for them.

    Args:
        hits: in order of onset.
    """
    by_instrument: dict[InstrumentName, list[Hit]] = {}
    for hit in hits:
        by_instrument.setdefault(hit.instrument, []).append(hit)
    mains: list[Hit] = []
    grace_of: dict[str, str] = {}
    rolled: set[str] = set()
    starts = [beat.start_s for beat in beats]
    for instrument, strokes in by_instrument.items():
        if instrument is InstrumentName.KICK:
            strokes = _without_bounces(strokes, grace_of, config)
        for run in _runs(strokes, config.flam_s):
            if len(run) <= _MOST_ORNAMENTS:
                mains.append(_ornamented(run, grace_of))
                continue
            beat_s = beats[beat_index_at(starts, run[0].onset_s)].duration_s
            if median(later.onset_s - earlier.onset_s for earlier, later in pairwise(run)) >= beat_s / 10:
                mains += run  # as fast as 32nds, or nearly
                continue
            leads_to = run.pop() if run[-1].velocity > run[-2].velocity + _LOUDER else None
            if leads_to is not None:
                mains.append(leads_to)
                if len(run) <= _MOST_ORNAMENTS:
                    grace_of |= {stroke.id: leads_to.id for stroke in run}
                    continue
            for inside in _by_beat(run, starts):
                mains.append(inside[0])
                grace_of |= {stroke.id: inside[0].id for stroke in inside[1:]}
                if len(inside) >= _FEWEST_ROLLED:
                    rolled.add(inside[0].id)
    return Parted(tuple(sorted(mains, key=lambda hit: (hit.onset_s, hit.id))), grace_of, frozenset(rolled))


def _ornamented(run: Sequence[Hit], grace_of: dict[str, str]) -> Hit:
    """The note among strokes in quick succession; the others become its grace notes."""
    # The stroke that an ornament leads to comes last, unless what comes after is only its bounce.
    main = run[-1]
    for stroke in run[:-1]:
        if stroke.velocity > main.velocity + _LOUDER:
            main = stroke
    grace_of |= {stroke.id: main.id for stroke in run if stroke is not main}
    return main


def _without_bounces(strokes: Sequence[Hit], grace_of: dict[str, str], config: QuantiseConfig) -> list[Hit]:
    """Leave out what a beater does of itself after a stroke: very soft, and half as loud as that at most."""
    kept: list[Hit] = []
    for stroke in strokes:
        before = kept[-1] if kept else None
        if (
            before is not None
            and stroke.velocity < _WHISPER
            and 2 * stroke.velocity <= before.velocity
            and stroke.onset_s - before.onset_s <= config.bounce_s
        ):
            grace_of[stroke.id] = before.id
        else:
            kept.append(stroke)
    return kept


def _by_beat(run: Sequence[Hit], starts: Sequence[float]) -> list[list[Hit]]:
    """A roll's strokes beat by beat; a beat with too few of them belongs to the one before."""
    groups: list[list[Hit]] = []
    current = -1
    for stroke in run:
        beat = beat_index_at(starts, stroke.onset_s + _BEFORE_BEAT_S)
        if beat != current and (not groups or len(groups[-1]) >= _FEWEST_ROLLED):
            groups.append([stroke])
        else:
            groups[-1].append(stroke)
        current = beat
    if len(groups) > 1 and len(groups[-1]) < _FEWEST_ROLLED:
        few = groups.pop()
        groups[-1] += few
    return groups


def part_wide_flams(
    places: Sequence[tuple[Hit, int, Fraction]], config: QuantiseConfig
) -> tuple[list[tuple[Hit, int, Fraction]], dict[str, str]]:
    """Read a lone quick pair on a drum as a flam rather than as a 32nd and a leftover.

    A flam played open is as wide as a 32nd at a quick tempo; in a run of such notes it would be one.
    """
    by_instrument: dict[InstrumentName, list[tuple[Hit, int, Fraction]]] = {}
    for place in sorted(places, key=lambda place: place[0].onset_s):
        by_instrument.setdefault(place[0].instrument, []).append(place)
    kept: list[tuple[Hit, int, Fraction]] = []
    grace_of: dict[str, str] = {}
    for instrument, run in by_instrument.items():
        index = 0
        while index < len(run):
            if instrument in _FLAMMED and _is_wide_flam(run, index, config):
                first, second = run[index], run[index + 1]
                plain = first if first[2].denominator <= second[2].denominator else second
                kept.append((second[0], plain[1], plain[2]))
                grace_of[first[0].id] = second[0].id
                index += 2
            else:
                kept.append(run[index])
                index += 1
    return kept, grace_of


def _is_wide_flam(run: Sequence[tuple[Hit, int, Fraction]], index: int, config: QuantiseConfig) -> bool:
    if index + 1 >= len(run):
        return False
    first, second = run[index], run[index + 1]
    gap_s = second[0].onset_s - first[0].onset_s
    if gap_s > config.wide_flam_s or max(first[2].denominator, second[2].denominator) < 8:
        return False
    before_s = first[0].onset_s - run[index - 1][0].onset_s if index else float("inf")
    after_s = run[index + 2][0].onset_s - second[0].onset_s if index + 2 < len(run) else float("inf")
    return min(before_s, after_s) > 1.6 * gap_s


def _runs(strokes: Iterable[Hit], gap_s: float) -> list[list[Hit]]:
    runs: list[list[Hit]] = []
    for stroke in strokes:
        if runs and stroke.onset_s - runs[-1][-1].onset_s <= gap_s:
            runs[-1].append(stroke)
        else:
            runs.append([stroke])
    return runs
