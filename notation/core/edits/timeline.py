"""Seconds and quarters of a whole song: when any place of it sounds."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from fractions import Fraction
from itertools import accumulate
from statistics import median

from notation.core.beat_grid import Meter
from notation.core.score import Bar


class Timeline:
    """The times of a song's bars, to draw other bar lines over them.

    ``stretch`` says, bar by bar, how many quarters one quarter of it is to be: 3/2 where quarters become
    dotted quarters. All places are counted in these quarters from the song's start.
    """

    def __init__(self, bars: Sequence[Bar], stretch: Sequence[Fraction]) -> None:
        self._bars, self.stretch = bars, stretch
        lengths = (bar.quarters * ratio for bar, ratio in zip(bars, stretch, strict=True))
        self.starts = tuple(accumulate(lengths, initial=Fraction(0)))

    @property
    def quarters(self) -> Fraction:
        """How long the song is."""
        return self.starts[-1]

    def time_s_at(self, place: Fraction) -> float:
        """When ``place`` begins; after the end the last beat's tempo goes on."""
        if place >= self.quarters:
            last = self._bars[-1]
            beat_s = last.end_s - last.beat_times_s[-1]
            beats = (place - self.quarters) / (last.meter.beat_quarters * self.stretch[-1])
            return last.end_s + float(beats) * beat_s
        index = bisect_right(self.starts, place) - 1
        return self._bars[index].time_s_at((place - self.starts[index]) / self.stretch[index])

    def end_s_at(self, place: Fraction) -> float:
        """When what is before ``place`` ends: earlier than what follows begins where bars were deleted."""
        index = bisect_right(self.starts, place) - 1
        if 0 < index < len(self._bars) and self.starts[index] == place:
            return self._bars[index - 1].end_s
        return self.time_s_at(place)

    def bar(self, number: int, meter: Meter, start: Fraction, quarters: Fraction) -> Bar:
        """A bar of those ``quarters`` from ``start`` on, with its beats in time."""
        beats = int(quarters / meter.beat_quarters)
        times = tuple(self.time_s_at(start + beat * meter.beat_quarters) for beat in range(beats))
        return Bar(number, meter, quarters, times, self.end_s_at(start + quarters))


class Retiming:
    """Other times for the same beats."""

    def __init__(self, old: Sequence[Bar], new: Sequence[Bar]) -> None:
        self._old, self._new = _edges(old), _edges(new)

    def __call__(self, onset_s: float) -> float:
        """When something sounds now that sounded at ``onset_s`` before: as far from its beat, in beats."""
        index = min(max(bisect_right(self._old, onset_s) - 1, 0), len(self._old) - 2)
        before_s, after_s = self._old[index : index + 2]
        share = (onset_s - before_s) / (after_s - before_s) if after_s > before_s else 0.0
        return max(0.0, self._new[index] + share * (self._new[index + 1] - self._new[index]))


def _edges(bars: Sequence[Bar]) -> list[float]:
    return [time for bar in bars for time in bar.beat_times_s] + [bars[-1].end_s]


def median_bpm(bars: Sequence[Bar]) -> float:
    """The median tempo of the bars, in felt beats a minute."""
    spans = [(len(bar.beat_times_s), bar.end_s - bar.start_s) for bar in bars]
    return round(median([60 * beats / seconds for beats, seconds in spans if seconds > 0] or [120.0]), 1)
