"""Where the segments of a song lie, and what each counts for where they overlap: Demucs' own rules."""

from __future__ import annotations

import random
import sys
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from transcription.core.separation.separation_options import SeparationOptions
from transcription.core.separation.separator import Member, Separator

_LONGEST_SHIFT_S = 0.5


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of the song from ``begin`` on, ``length`` samples long, and the wider window that is heard
    for it.

    Where segments begin before the song, by a shift, they hear silence.
    """

    begin: int
    length: int
    window_begin: int
    window_length: int


class Pass:
    """One network's way through the whole song, which is ``song`` samples long, from ``begin`` (0 or less)
    on.
    """

    def __init__(
        self, member: Member, *, begin: int, song: int, share: float, options: SeparationOptions
    ) -> None:
        self.member = member
        self.share = share
        self._begin, self._song = begin, song
        self._segment = member.segment(options.segment_s)
        self._stride = max(1, int((1 - options.overlap) * self._segment))
        self._wanted_s = options.segment_s
        self._triangle = _triangle(self._segment)
        self._steady: NDArray[np.float32] | None = None
        self.count = len(range(begin, song, self._stride))

    def segment(self, index: int) -> Segment:
        """Return the segment ``index``, 0 to ``count`` - 1."""
        begin = self._begin + index * self._stride
        length = min(self._segment, self._song - begin)
        window = self.member.window(length, self._wanted_s)
        return Segment(begin, length, begin - (window - length) // 2, window)

    def final_before(self, index: int) -> int:
        """Return the sample before which all is final once the segments before ``index`` are added."""
        return self._song if index >= self.count else self._begin + index * self._stride

    def weights(self, index: int) -> NDArray[np.float32]:
        """Return what each sample of the segment counts for, shape (length,): over all segments it is 1."""
        around = -(-self._segment // self._stride) - 1
        is_steady = (
            index >= around and self._begin + (index + around) * self._stride + self._segment <= self._song
        )
        if is_steady and self._steady is not None:
            return self._steady
        segment = self.segment(index)
        total = np.zeros(segment.length, np.float32)
        for other in range(max(0, index - around), min(self.count, index + around + 1)):
            offset = (other - index) * self._stride
            begin, end = max(0, offset), min(segment.length, offset + self._segment)
            if begin < end:
                total[begin:end] += self._triangle[begin - offset : end - offset]
        weights = np.asarray(self._triangle[: segment.length] / total, np.float32)
        if is_steady:
            self._steady = weights
        return weights


def _triangle(length: int) -> NDArray[np.float32]:
    half = length // 2
    weights = np.concatenate([np.arange(1, half + 1), np.arange(length - half, 0, -1)], dtype=np.float32)
    return np.asarray(weights / weights.max(), np.float32)


def plan_passes(
    separator: Separator, song: int, options: SeparationOptions, rng: random.Random
) -> tuple[Pass, ...]:
    """Return every pass over a song of ``song`` samples at the separator's rate.

    The shifts are drawn from ``rng`` as Demucs draws them, network by network, those that are left out
    included: the same seed moves the drums alike, alone or with the other stems.

    Raises:
        InvalidOption: ``options.segment_s`` is longer than a network's own.
    """
    longest = int(_LONGEST_SHIFT_S * separator.rate)
    shifts = [
        [rng.randint(0, longest) - longest for _ in range(options.shifts)] or [0]
        for _ in range(separator.bag_size)
    ]
    return tuple(
        Pass(member, begin=begin, song=song, share=1 / len(shifts[member.place]), options=options)
        for member in separator.members
        for begin in shifts[member.place]
    )


class Schedule:
    """Which segments come next: always those of the pass that is furthest behind."""

    def __init__(self, passes: tuple[Pass, ...]) -> None:
        self._passes = passes
        self._next = [0] * len(passes)
        self.segments = sum(each.count for each in passes)

    def take(self, at_once: int) -> tuple[Pass, range] | None:
        """Return the next segments, of one pass and with windows of one length; ``None`` at the end."""
        finals = [each.final_before(index) for each, index in zip(self._passes, self._next, strict=True)]
        behind = finals.index(min(finals))
        turn, first = self._passes[behind], self._next[behind]
        if first >= turn.count:
            return None
        length = turn.segment(first).window_length
        last = first + 1
        while last < min(turn.count, first + at_once) and turn.segment(last).window_length == length:
            last += 1
        self._next[behind] = last
        return turn, range(first, last)

    @property
    def final_before(self) -> int:
        """The sample before which nothing changes any more, once all that was taken is added."""
        return min(each.final_before(index) for each, index in zip(self._passes, self._next, strict=True))

    @property
    def needed_from(self) -> int:
        """The first sample that a window still to come begins with; a large number when none is to come."""
        begins = [
            each.segment(index).window_begin
            for each, index in zip(self._passes, self._next, strict=True)
            if index < each.count
        ]
        return min(begins, default=sys.maxsize)
