"""From seconds to positions: which place in the bar each hit was meant for.

The only way from audio seconds to fractions of a quarter note; ``reading`` chooses, this module sees to it
that every stroke has a place of its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

from notation.core.beat_grid import BeatGrid
from notation.core.hits import Hit
from notation.core.instruments import INSTRUMENTS, InstrumentName
from notation.core.quantising.bars import GridBeat, bars_of, beats_of, tempo_marks_of
from notation.core.quantising.feel import swing_marks
from notation.core.quantising.flams import part_flams, part_wide_flams
from notation.core.quantising.quantise_config import GridChoice, QuantiseConfig, SwingChoice
from notation.core.quantising.reading import Reading
from notation.core.quantising.subdivisions import grids_for, kind_of
from notation.core.score import Bar, Mark, Score, ScoreHit
from notation.core.spelling.rhythm import spell_unit

__all__ = ["GridChoice", "QuantiseConfig", "SwingChoice", "quantise"]


def quantise(
    hits: Sequence[Hit],
    grid: BeatGrid,
    config: QuantiseConfig | None = None,
    *,
    title: str = "",
    artist: str = "",
) -> Score:
    """Place every hit in a bar of ``grid``; none is lost.

    Strokes of one instrument too near to be two notes become grace notes. Bars after the last hit are left
    out, as are a pickup and other bars before the first in which nothing is played.

    Args:
        hits: in any order, ids unique.
    Raises:
        ValueError: the grid has fewer than two beats.
    """
    config = config or QuantiseConfig()
    ordered = sorted(hits, key=lambda hit: (hit.onset_s, hit.id))
    first_s = ordered[0].onset_s if ordered else grid.beats[0].time_s
    last_s = ordered[-1].onset_s if ordered else grid.beats[0].time_s
    bars = bars_of(grid, first_s, last_s)
    beats = beats_of(bars)

    parted = part_flams(ordered, beats, config)
    places = Reading(beats, parted.mains, config).places()
    places, wide = part_wide_flams(places, config)
    placed, crowded = _keep_apart(places, beats, config)
    grace_of = {**parted.grace_of, **wide, **crowded}

    by_id = {hit.id: hit for hit in ordered}
    score_hits = [
        ScoreHit(
            by_id[hit_id],
            bars[bar].number,
            position,
            marks=frozenset({Mark.ROLL}) if hit_id in parted.rolled else frozenset(),
        )
        for hit_id, (bar, position) in placed.items()
    ]
    for grace_id, main_id in grace_of.items():
        bar, position = placed[_main_of(main_id, grace_of)]
        score_hits.append(ScoreHit(by_id[grace_id], bars[bar].number, position, _main_of(main_id, grace_of)))
    score_hits.sort(key=lambda hit: (hit.bar, hit.position, hit.hit.onset_s, hit.hit.id))
    kept = _trim(bars, score_hits)
    return Score(
        title=title,
        artist=artist,
        bars=kept,
        hits=tuple(score_hits),
        tempo_bpm=grid.tempo_bpm,
        tempo_marks=tempo_marks_of(kept),
        tempo_unreliable=grid.unreliable,
        swing_marks=swing_marks(kept, score_hits, config.swing),
    )


def _main_of(hit_id: str, grace_of: Mapping[str, str]) -> str:
    while hit_id in grace_of:
        hit_id = grace_of[hit_id]
    return hit_id


def _trim(bars: Sequence[Bar], hits: Sequence[ScoreHit]) -> tuple[Bar, ...]:
    if not hits:
        return tuple(bars[:1])
    last = max(hit.bar for hit in hits)
    # A bar zero, or one before it, is there for what leads to bar one.
    first = next(i for i, bar in enumerate(bars) if bar.number >= min(1, hits[0].bar))
    return tuple(bar for bar in bars[first:] if bar.number <= last)


def _keep_apart(
    places: Sequence[tuple[Hit, int, Fraction]], beats: Sequence[GridBeat], config: QuantiseConfig
) -> tuple[dict[str, tuple[int, Fraction]], dict[str, str]]:
    """Give each stroke a place of its own.

    Returns:
        Hit id → (bar index, position), and grace id → main id for strokes that found no room.
    """
    taken: dict[tuple[InstrumentName, int, Fraction], Hit] = {}
    onsets: dict[tuple[int, int], set[Fraction]] = {}
    grace_of: dict[str, str] = {}
    crowded: list[tuple[Hit, int, Fraction]] = []
    for hit, beat, slot in sorted(places, key=lambda place: (-place[0].velocity, place[0].onset_s)):
        if (hit.instrument, beat, slot) in taken:
            crowded.append((hit, beat, slot))
        else:
            taken[(hit.instrument, beat, slot)] = hit
            onsets.setdefault((INSTRUMENTS[hit.instrument].voice, beat), set()).add(slot)
    for hit, beat, slot in sorted(crowded, key=lambda place: place[0].onset_s):
        rival = taken[(hit.instrument, beat, slot)]
        free = None
        if abs(hit.onset_s - rival.onset_s) > config.wide_flam_s:
            free = _free_place(hit, beat, beats, taken, onsets, config)
        if free is None:
            grace_of[hit.id] = rival.id
            continue
        taken[(hit.instrument, *free)] = hit
        onsets.setdefault((INSTRUMENTS[hit.instrument].voice, free[0]), set()).add(free[1])
    placed = {
        hit.id: (beats[beat].bar, beats[beat].start + slot * beats[beat].quarters)
        for (_, beat, slot), hit in taken.items()
    }
    return placed, grace_of


def _free_place(
    hit: Hit,
    beat: int,
    beats: Sequence[GridBeat],
    taken: Mapping[tuple[InstrumentName, int, Fraction], Hit],
    onsets: Mapping[tuple[int, int], set[Fraction]],
    config: QuantiseConfig,
) -> tuple[int, Fraction] | None:
    """The nearest place that this instrument has free and that its voice's beat can still be written with."""
    options = []
    voice = INSTRUMENTS[hit.instrument].voice
    for near in (beat - 1, beat, beat + 1):
        if not 0 <= near < len(beats):
            continue
        length = beats[near].quarters
        for slot in {slot for grid in grids_for(kind_of(beats[near]), config.grid) for slot in grid.slots}:
            if (hit.instrument, near, slot) in taken:
                continue
            together = sorted(
                {place * length for place in onsets.get((voice, near), set())} | {slot * length}
            )
            if spell_unit(length, tuple(together)) is None:
                continue
            off_s = abs(beats[near].start_s + float(slot) * beats[near].duration_s - hit.onset_s)
            if off_s < 0.25 * beats[near].duration_s:
                options.append((off_s, near, slot))
    if not options:
        return None
    _, near, slot = min(options)
    return near, slot
