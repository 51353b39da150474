"""Strokes too near to be two notes: flams, drags, and a stick's bounce."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction

from notation.core.hits import Hit
from notation.core.instruments import InstrumentName
from notation.core.quantise_config import QuantiseConfig

_FLAMMED = frozenset(
    {InstrumentName.SNARE, InstrumentName.TOM_HIGH, InstrumentName.TOM_MID, InstrumentName.TOM_LOW}
)


def part_flams(hits: Sequence[Hit], config: QuantiseConfig) -> tuple[list[Hit], dict[str, str]]:
    """Split strokes into those that take a place and those that ornament one: (mains, grace id → main id)."""
    by_instrument: dict[InstrumentName, list[Hit]] = {}
    for hit in hits:
        by_instrument.setdefault(hit.instrument, []).append(hit)
    mains: list[Hit] = []
    grace_of: dict[str, str] = {}
    for strokes in by_instrument.values():
        for run in _runs(strokes, config.flam_s):
            if len(run) > 4:  # a roll: fast notes, not ornaments
                mains += run
                continue
            # The stroke that an ornament leads to comes last, unless what comes after is only its bounce.
            main = run[-1]
            for stroke in run[:-1]:
                if stroke.velocity > main.velocity + 20:
                    main = stroke
            mains.append(main)
            grace_of |= {stroke.id: main.id for stroke in run if stroke is not main}
    return sorted(mains, key=lambda hit: (hit.onset_s, hit.id)), grace_of


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
