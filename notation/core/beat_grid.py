"""The beat grid: where the beats and bars of a recording lie in time."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

# The meters that a score may have.
BEAT_TYPES = (2, 4, 8, 16)
MOST_BEATS_A_BAR = 32


@dataclass(frozen=True, slots=True)
class Beat:
    """One felt beat. ``bar`` counts from 1, 0 being a pickup bar; ``beat`` counts from 1 within the bar."""

    time_s: float
    bar: int
    beat: int


@dataclass(frozen=True, slots=True)
class Meter:
    """The time signature from ``bar`` on: ``beats``/``beat_type``, as printed (6/8 is 6 and 8)."""

    bar: int
    beats: int
    beat_type: int

    @property
    def is_possible(self) -> bool:
        """Whether a score may have it."""
        return 1 <= self.beats <= MOST_BEATS_A_BAR and self.beat_type in BEAT_TYPES

    @property
    def is_compound(self) -> bool:
        """Whether the felt beat is a dotted note: 6/8, 9/8, 12/8."""
        return self.beat_type == 8 and self.beats % 3 == 0 and self.beats > 3

    @property
    def felt_beats(self) -> int:
        """How many felt beats a bar has: 4 in 4/4, 2 in 6/8."""
        return self.beats // 3 if self.is_compound else self.beats

    @property
    def beat_quarters(self) -> Fraction:
        """The length of one felt beat in quarter notes: 1 in 4/4, 3/2 in 6/8."""
        return Fraction(3, 2) if self.is_compound else Fraction(4, self.beat_type)

    @property
    def printed_beat_quarters(self) -> Fraction:
        """The note that a tempo mark counts: the felt beat, but a quarter where that is an eighth (7/8)."""
        return max(self.beat_quarters, Fraction(1))

    def printed_bpm(self, bpm: float) -> int:
        """The number of a tempo mark, for a tempo in felt beats a minute."""
        return round(bpm * float(self.beat_quarters / self.printed_beat_quarters))

    @property
    def bar_quarters(self) -> Fraction:
        """The length of a bar in quarter notes."""
        return Fraction(4 * self.beats, self.beat_type)


@dataclass(frozen=True, slots=True)
class BeatGrid:
    """Felt beats in order of time, with the meters in force.

    The grid covers the whole recording: there is a beat at or before the first hit and one after the last.
    ``tempo_bpm`` is the median tempo in felt beats a minute. ``unreliable`` says that the beat was weak and
    a person should check it. ``meters`` is never empty and its first entry is in force from the first bar.
    """

    beats: tuple[Beat, ...]
    meters: tuple[Meter, ...]
    tempo_bpm: float
    unreliable: bool

    def meter_at(self, bar: int) -> Meter:
        """Return the meter in force in ``bar``."""
        current = self.meters[0]
        for meter in self.meters:
            if meter.bar <= bar:
                current = meter
        return current
