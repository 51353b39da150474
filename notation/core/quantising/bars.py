"""From a beat grid to bars: complete, consecutive, and long enough for every hit."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import groupby, pairwise
from statistics import median

from notation.core.beat_grid import Beat, BeatGrid, Meter
from notation.core.score import Bar, TempoMark

# A tempo is worth a new mark when it has changed by this share for this long; smaller drift is human.
_TEMPO_CHANGE = 0.08
_TEMPO_BARS = 4


@dataclass(frozen=True, slots=True)
class GridBeat:
    """One beat to quantise within: where it lies in the score and in time."""

    bar: int  # index into the bars
    start: Fraction  # quarters from the bar's start
    quarters: Fraction
    start_s: float
    end_s: float

    @property
    def duration_s(self) -> float:
        """Its length in seconds."""
        return self.end_s - self.start_s


def bars_of(grid: BeatGrid, first_onset_s: float, last_onset_s: float) -> tuple[Bar, ...]:
    """Cut the grid into bars, adding beats where hits lie outside it.

    The last bar is completed, and there is room after the last hit for it to be rounded up. A first bar with
    too few beats is a pickup; any other bar with a beat too many or too few gets a meter of its own.
    """
    beats = sorted(grid.beats, key=lambda beat: beat.time_s)
    beats = [beat for index, beat in enumerate(beats) if index == 0 or beat.time_s > beats[index - 1].time_s]
    if len(beats) < 2:
        raise ValueError("a beat grid needs two beats")
    groups = [list(members) for _, members in groupby(beats, key=lambda beat: beat.bar)]
    groups = _lead_in(grid, groups, first_onset_s)
    groups, end_s = _run_out(grid, groups, last_onset_s)
    return _as_bars(grid, groups, end_s)


def _lead_in(grid: BeatGrid, groups: list[list[Beat]], first_onset_s: float) -> list[list[Beat]]:
    """Put beats before the first one when the drummer begins more than half a beat before it."""
    first = groups[0][0]
    second = groups[0][1] if len(groups[0]) > 1 else groups[1][0]
    period = second.time_s - first.time_s
    missing = int((first.time_s - first_onset_s) / period + 0.5)
    if missing <= 0:
        return groups
    bar, time = first.bar, first.time_s
    room = grid.meter_at(bar).felt_beats - len(groups[0]) if first.bar == 0 else 0
    added: list[list[Beat]] = []
    while missing > 0:
        if room <= 0:
            bar -= 1
            room = grid.meter_at(bar).felt_beats
            added.insert(0, [])
        taken = min(room, missing)
        earlier = [Beat(time - period * step, bar, 0) for step in range(taken, 0, -1)]
        if added:
            added[0] = earlier
        else:
            groups[0] = earlier + groups[0]
        time -= period * taken
        missing -= taken
        room = 0
    return added + groups


def _run_out(grid: BeatGrid, groups: list[list[Beat]], last_onset_s: float) -> tuple[list[list[Beat]], float]:
    """Complete the last bar and go on past the last hit; returns the bars' beats and the end's second."""
    times = [beat.time_s for group in groups[-3:] for beat in group]
    period = median([later - earlier for earlier, later in pairwise(times)] or [0.5])
    time = groups[-1][-1].time_s
    while True:
        bar = groups[-1][-1].bar
        wanted = grid.meter_at(bar).felt_beats if len(groups) > 1 or bar > 0 else len(groups[-1])
        while len(groups[-1]) < wanted:
            time += period
            groups[-1].append(Beat(time, bar, len(groups[-1]) + 1))
        if time + period / 2 > last_onset_s:
            break
        time += period
        groups.append([Beat(time, bar + 1, 1)])
    return groups, time + period


def _as_bars(grid: BeatGrid, groups: list[list[Beat]], end_s: float) -> tuple[Bar, ...]:
    bars: list[Bar] = []
    number = groups[0][0].bar
    for index, group in enumerate(groups):
        meter = grid.meter_at(group[0].bar)
        quarters = len(group) * meter.beat_quarters
        is_pickup = index == 0 and len(group) < meter.felt_beats
        if not is_pickup and quarters != meter.bar_quarters:
            beats = len(group) * (3 if meter.is_compound else 1)
            meter = Meter(number, beats, meter.beat_type)
        previous = bars[-1].meter if bars else None
        same = previous and (previous.beats, previous.beat_type) == (meter.beats, meter.beat_type)
        meter = previous if same and previous else Meter(number, meter.beats, meter.beat_type)
        next_s = groups[index + 1][0].time_s if index + 1 < len(groups) else end_s
        bars.append(Bar(number, meter, quarters, tuple(beat.time_s for beat in group), next_s))
        number += 1
    return tuple(bars)


def beats_of(bars: Sequence[Bar]) -> tuple[GridBeat, ...]:
    """The beats to quantise within, in order; a half-note beat counts as two quarters."""
    beats: list[GridBeat] = []
    for index, bar in enumerate(bars):
        times = (*bar.beat_times_s, bar.end_s)
        length = bar.meter.beat_quarters
        parts = 2 if length == 2 else 1
        for place, (start_s, end_s) in enumerate(pairwise(times)):
            step_s = (end_s - start_s) / parts
            for part in range(parts):
                beats.append(
                    GridBeat(
                        index,
                        place * length + part * length / parts,
                        length / parts,
                        start_s + part * step_s,
                        start_s + (part + 1) * step_s,
                    )
                )
    return tuple(beats)


def beat_index_at(starts_s: Sequence[float], onset_s: float) -> int:
    """Which beat holds ``onset_s``: the last that begins at or before it, or the first."""
    return max(0, bisect_right(starts_s, onset_s) - 1)


def tempo_marks_of(bars: Sequence[Bar]) -> tuple[TempoMark, ...]:
    """The tempo at the start, and each later one that is clearly another and stays.

    Compared in quarters a minute, so that a change of meter alone is none.
    """
    local = [60 * float(bar.quarters) / (bar.end_s - bar.start_s) for bar in bars]
    smooth = [median(local[max(0, index - 2) : index + 3]) for index in range(len(local))]

    def steady_until(start: int, tempo: float) -> int:
        return next(
            (
                index
                for index in range(start, len(bars) - _TEMPO_BARS + 1)
                if all(abs(bpm / tempo - 1) > _TEMPO_CHANGE for bpm in smooth[index : index + _TEMPO_BARS])
            ),
            len(bars),
        )

    marks: list[TempoMark] = []
    start = 0
    while start < len(bars):
        opening = median(smooth[start : start + _TEMPO_BARS])
        end = steady_until(start + 1, opening)
        tempo = median(local[start:end])
        if start and abs(tempo / _quarters_a_minute(marks[-1], bars) - 1) <= _TEMPO_CHANGE:
            start = end
            continue
        beat = bars[start].meter.beat_quarters
        marks.append(TempoMark(bars[start].number, round(tempo / float(beat), 1)))
        start = end
    return tuple(marks)


def _quarters_a_minute(mark: TempoMark, bars: Sequence[Bar]) -> float:
    bar = bars[mark.bar - bars[0].number]
    return mark.bpm * float(bar.meter.beat_quarters)
