"""What a person says about tempo, meter, bar one and pickup, put into the beat grid without the sound."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from math import ceil, isfinite
from statistics import median

from notation.core.beat_grid import Beat, BeatGrid, Meter
from notation.core.errors import BadGridChange
from notation.core.score import Bar, Score

_SAME_TEMPO = 0.01  # a stated tempo this near to the grid's is its rounded figure
_HALF_OR_DOUBLE = 0.04  # this near to half or double it means every other beat, or one between
_BETWEEN_BEATS = 0.25  # of a beat: bar one this far from every beat says that the beats lie elsewhere
_SLOWEST_BPM, _FASTEST_BPM = 15.0, 600.0
_MOST_BEATS = 100_000


@dataclass(frozen=True, slots=True)
class GridChanges:
    """What a person says of the grid; None leaves things as they were heard.

    ``tempo_bpm`` counts felt beats of the new meter, as ``BeatGrid`` does; ``meter`` is (beats, beat type);
    ``bar_one_s`` is the second at which bar 1 begins; ``pickup_beats`` is how many beats come before it.
    """

    tempo_bpm: float | None = None
    meter: tuple[int, int] | None = None
    bar_one_s: float | None = None
    pickup_beats: int | None = None


def grid_of(score: Score) -> BeatGrid:
    """The grid that ``score`` was written on: its bars' beats, and the first after them."""
    return BeatGrid(beats_in(score.bars), score.meters, score.tempo_bpm, score.tempo_unreliable)


def beats_in(bars: Sequence[Bar]) -> tuple[Beat, ...]:
    """The beats of ``bars``, and the first after them."""
    beats = [
        Beat(time_s, bar.number, place)
        for bar in bars
        for place, time_s in enumerate(bar.beat_times_s, start=1)
    ]
    return (*beats, Beat(bars[-1].end_s, bars[-1].number + 1, 1))


def regrid(grid: BeatGrid, changes: GridChanges) -> BeatGrid:
    """Change ``grid`` as a person says.

    Half and double tempo drop every other beat or put one between; any other tempo gives an even grid through
    bar one. Between simple meters the quarter keeps its speed (4/4 to 7/8 counts eighths, to 2/2 halves);
    between simple and compound ones the felt beat does. A bar one that falls between two beats moves all
    beats there. Bars are counted anew from bar one; where no meter is given each takes the one that was in
    force at its place. With ``pickup_beats`` and no ``bar_one_s`` that many of the grid's first beats come
    before bar one; with both, only so many before it are kept.

    Raises:
        BadGridChange: a tempo, meter, bar one or pickup that no music has, or that lies outside the grid.
    """
    if changes == GridChanges():
        return grid
    _check(grid, changes)
    meters = (Meter(1, *changes.meter),) if changes.meter else grid.meters
    old_beats = sorted(grid.beats, key=lambda beat: beat.time_s)
    times_s = [beat.time_s for beat in old_beats]
    one_s = changes.bar_one_s
    if one_s is None:
        one_s = next((beat.time_s for beat in old_beats if beat.bar >= 1), times_s[0])
    else:
        times_s = _through(times_s, one_s)
    one_s = times_s[_nearest(times_s, one_s)] if changes.tempo_bpm is None else one_s
    times_s, factor = _in_new_beats(times_s, grid.meters[0], meters[0], one_s)
    tempo_bpm = grid.tempo_bpm * factor
    if changes.tempo_bpm is not None:
        times_s = _at_tempo(times_s, tempo_bpm, changes.tempo_bpm, one_s)
        tempo_bpm = changes.tempo_bpm
    first = _nearest(times_s, one_s)
    if changes.pickup_beats is not None:
        if changes.bar_one_s is None:
            first = changes.pickup_beats
        else:
            times_s = _with_room(times_s, changes.pickup_beats - first)
            first = max(first, changes.pickup_beats)
        times_s = times_s[first - changes.pickup_beats :]
        first = changes.pickup_beats
    if len(times_s) - first < 2:
        raise BadGridChange(reason="fewer than two beats follow bar one")
    beats, in_force = _count_bars(times_s, first, grid, meters if changes.meter else None)
    said = changes.tempo_bpm is not None or changes.meter is not None
    return BeatGrid(beats, in_force, tempo_bpm, grid.unreliable and not said)


def _check(grid: BeatGrid, changes: GridChanges) -> None:
    tempo, meter, one_s = changes.tempo_bpm, changes.meter, changes.bar_one_s
    if tempo is not None and not (isfinite(tempo) and _SLOWEST_BPM <= tempo <= _FASTEST_BPM):
        raise BadGridChange(reason=f"{tempo} is not a tempo from {_SLOWEST_BPM:g} to {_FASTEST_BPM:g}")
    if meter is not None and not Meter(1, *meter).is_possible:
        raise BadGridChange(reason=f"{meter[0]}/{meter[1]} is no meter")
    if one_s is not None and not (isfinite(one_s) and 0 <= one_s <= grid.beats[-1].time_s):
        raise BadGridChange(reason=f"no bar can begin at {one_s} s, outside the music")
    if changes.pickup_beats is not None:
        most = (Meter(1, *meter) if meter else grid.meters[0]).felt_beats
        if not 0 <= changes.pickup_beats < most:
            raise BadGridChange(reason=f"a pickup has 0 to {most - 1} beats, not {changes.pickup_beats}")
    if len(grid.beats) < 2:
        raise BadGridChange(reason="a beat grid needs two beats")


def _period(times_s: Sequence[float]) -> float:
    return median(later - earlier for earlier, later in pairwise(times_s))


def _nearest(times_s: Sequence[float], time_s: float) -> int:
    after = bisect_left(times_s, time_s)
    near = [index for index in (after - 1, after) if 0 <= index < len(times_s)]
    return min(near, key=lambda index: abs(times_s[index] - time_s))


def _with_room(times_s: Sequence[float], missing: int) -> list[float]:
    """The beats with ``missing`` more before the first."""
    period_s = times_s[1] - times_s[0]
    return [times_s[0] - period_s * step for step in range(missing, 0, -1)] + list(times_s)


def _through(times_s: Sequence[float], one_s: float) -> list[float]:
    """The beats with one near ``one_s``: more before the first, or all of them moved."""
    period_s = times_s[1] - times_s[0]
    times = _with_room(times_s, max(0, ceil((times_s[0] - one_s) / period_s - _BETWEEN_BEATS)))
    near = _nearest(times, one_s)
    neighbour = near + 1 if one_s > times[near] else near - 1
    if not 0 <= neighbour < len(times):
        return times
    share = (one_s - times[near]) / abs(times[neighbour] - times[near])
    if abs(share) <= _BETWEEN_BEATS:
        return times
    ahead = share % 1  # each beat moves by this share of the way to the next
    moved = [earlier + ahead * (later - earlier) for earlier, later in pairwise(times)]
    return [times[0] - (1 - ahead) * period_s, *moved, times[-1] + ahead * (times[-1] - times[-2])]


def _in_new_beats(
    times_s: Sequence[float], old: Meter, new: Meter, one_s: float
) -> tuple[list[float], float]:
    """The new meter's felt beats, and how many times as fast they come."""
    times = list(times_s)
    if old.is_compound or new.is_compound:
        return times, 1.0
    factor = float(old.beat_quarters / new.beat_quarters)
    steps = factor
    while steps > 1:
        times, steps = _doubled(times), steps / 2
    while steps < 1:
        times, steps = _halved(times, one_s), steps * 2
    return times, factor


def _doubled(times_s: Sequence[float]) -> list[float]:
    between = [time for earlier, later in pairwise(times_s) for time in (earlier, (earlier + later) / 2)]
    return [*between, times_s[-1]]


def _halved(times_s: Sequence[float], one_s: float) -> list[float]:
    """Every other beat, bar one's among them; the grid still reaches to its old end."""
    kept = list(times_s[_nearest(times_s, one_s) % 2 :: 2])
    if len(kept) < 2:
        raise BadGridChange(reason="the grid has too few beats to drop every other one")
    if kept[-1] < times_s[-1]:
        kept.append(2 * kept[-1] - kept[-2])
    return kept


def _at_tempo(times_s: Sequence[float], heard_bpm: float, said_bpm: float, one_s: float) -> list[float]:
    for share, change in (
        (1.0, list),
        (2.0, _doubled),
        (0.5, lambda times: _halved(times, one_s)),
    ):
        near = _SAME_TEMPO if share == 1.0 else _HALF_OR_DOUBLE
        if abs(said_bpm / (share * heard_bpm) - 1) <= near:
            return list(change(times_s))
    period_s = 60 / said_bpm
    before = ceil(max(0.0, one_s - times_s[0]) / period_s)
    after = ceil(max(0.0, times_s[-1] - one_s) / period_s)
    if before + after > _MOST_BEATS:
        raise BadGridChange(reason=f"at {said_bpm} bpm it would have {before + after} beats")
    return [one_s + step * period_s for step in range(-before, max(after, 2) + 1)]


def _count_bars(
    times_s: Sequence[float], first: int, grid: BeatGrid, meters: Sequence[Meter] | None
) -> tuple[tuple[Beat, ...], tuple[Meter, ...]]:
    """Number the beats: bar 1 begins at index ``first``, a shorter bar 0 and those before it lead there."""
    old_downbeats = [next(members) for _, members in groupby(grid.beats, key=lambda beat: beat.bar)]
    old_times_s = [beat.time_s for beat in old_downbeats]
    slack_s = _period(times_s) / 2

    def meter_at(time_s: float) -> Meter:
        if meters is not None:
            return meters[0]
        index = max(0, bisect_left(old_times_s, time_s + slack_s) - 1)
        return grid.meter_at(old_downbeats[index].bar)

    beats: list[Beat] = []
    changes: list[Meter] = []
    index, number = first, 1
    opening = meter_at(times_s[first])
    while index < len(times_s):
        meter = meter_at(times_s[index])
        if not changes or (changes[-1].beats, changes[-1].beat_type) != (meter.beats, meter.beat_type):
            changes.append(Meter(number, meter.beats, meter.beat_type))
        inside = times_s[index : index + meter.felt_beats]
        beats += [Beat(time_s, number, place) for place, time_s in enumerate(inside, start=1)]
        index, number = index + meter.felt_beats, number + 1
    before: list[Beat] = []
    for index in range(first - 1, -1, -1):
        back = first - 1 - index
        before.insert(
            0,
            Beat(
                times_s[index], -(back // opening.felt_beats), opening.felt_beats - back % opening.felt_beats
            ),
        )
    start = min([beat.bar for beat in before] + [1])
    changes[0] = Meter(start, changes[0].beats, changes[0].beat_type)
    return (*before, *beats), tuple(changes)
