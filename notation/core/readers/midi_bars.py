"""The bars of a MIDI file, and where in them its ticks lie."""

from __future__ import annotations

from bisect import bisect_right
from fractions import Fraction

from notation.core.readers.draft import DraftBar, DraftTempo
from notation.core.readers.limits import check_bars
from notation.core.readers.midi_file import MidiMusic
from notation.core.readers.report import Findings

# Written files lie on these parts of a quarter, the plainest that fits first.
_PARTS = (1, 2, 3, 4, 6, 8, 12, 5, 7, 16, 24, 10, 9, 14, 32, 48)
_PLAIN_PARTS = (8, 12)  # on which nearly every stroke of a written file lies
_FINE_TICKS = 192  # from so many to a quarter on, programs that round wrongly are a tick off
_FLAM_S = 0.045
_FLAM_QUARTERS = Fraction(1, 13)  # our own grace notes come a sixteenth of a quarter before theirs
_USUAL_TEMPO_US = 500_000  # microseconds a quarter where the file does not say


class TickBars:
    """Bars, and the places of ticks in them; what one place comes to is worked out once."""

    def __init__(self, music: MidiMusic, findings: Findings) -> None:
        self._ticks = music.ticks_a_quarter
        self._slack = Fraction(1, self._ticks) if self._ticks >= _FINE_TICKS else Fraction(1, 2 * self._ticks)
        quarter_s = (music.tempi[0][1] if music.tempi else _USUAL_TEMPO_US) / 1e6
        self._flam_ticks = max(float(_FLAM_QUARTERS), _FLAM_S / max(quarter_s, _FLAM_S)) * self._ticks
        self._plain: dict[Fraction, bool] = {}
        self._readable: dict[Fraction, Fraction] = {}
        self.bars, self._starts = _cut(music, findings)
        self._set_tempi(music)
        for tick, text in music.markers:
            # A marker just before a barline was set by hand for what begins there.
            index, _ = self.place(tick + self._ticks // 8)
            self.bars[index].section = self.bars[index].section or text or None

    def place(self, tick: int) -> tuple[int, Fraction]:
        """The index of the bar in which ``tick`` lies, and the place in it, in quarters."""
        index = bisect_right(self._starts, tick) - 1
        return index, (tick - self._starts[index]) / Fraction(self._ticks)

    def is_plain(self, position: Fraction) -> bool:
        """Whether a place is one at which strokes are written: a 32nd, or a triplet of 16ths."""
        if position not in self._plain:
            self._plain[position] = self._nearest(position, _PLAIN_PARTS) is not None
        return self._plain[position]

    def readable(self, position: Fraction) -> Fraction:
        """The place that was meant before it was rounded to ticks."""
        if position not in self._readable:
            found = self._nearest(position, _PARTS)
            self._readable[position] = position if found is None else found
        return self._readable[position]

    def are_a_flam(self, tick: int, later: int) -> bool:
        """Whether strokes on one drum at two ticks are as near as those of a flam."""
        return later - tick <= self._flam_ticks

    def _nearest(self, position: Fraction, all_parts: tuple[int, ...]) -> Fraction | None:
        for parts in all_parts:
            near = Fraction(round(position * parts), parts)
            if abs(near - position) <= self._slack:
                return near
        return None

    def _set_tempi(self, music: MidiMusic) -> None:
        for tick, microseconds in music.tempi:
            index, position = self.place(tick)
            bar = self.bars[index]
            tempo = 6e7 / microseconds if microseconds else float("inf")
            if bar.tempi and bar.tempi[-1].position == position:
                bar.tempi.pop()
            bar.tempi.append(DraftTempo(position, tempo, printed=False))


def _cut(music: MidiMusic, findings: Findings) -> tuple[list[DraftBar], list[int | Fraction]]:
    """The file's bars, and the tick of each one's start; a change of meter within a bar ends it."""
    meters: dict[int, tuple[int, int]] = {0: (4, 4)}
    for change, beats, beat_type in music.meters:
        if not 1 <= beats <= 64 or beat_type not in (1, 2, 4, 8, 16, 32):
            findings.add("meter_ignored", "A time signature that cannot be was left out.")
            continue
        meters[change] = (beats, beat_type)
    changes: list[int] = sorted(meters)
    last = max(music.strokes[-1].tick, *(tick for tick, _ in music.tempi[-1:]), 0)
    bars: list[DraftBar] = []
    starts: list[int | Fraction] = []
    tick = Fraction(0)
    while tick <= last:
        current = bisect_right(changes, tick) - 1
        beats, beat_type = meters[changes[current]]
        quarters = Fraction(4 * beats, beat_type)
        end = tick + quarters * music.ticks_a_quarter
        if current + 1 < len(changes) and changes[current + 1] < end:
            end = Fraction(changes[current + 1])
            quarters = (end - tick) / music.ticks_a_quarter
        bars.append(DraftBar(len(bars) + 1, beats, beat_type, quarters))
        starts.append(int(tick) if tick.denominator == 1 else tick)  # whole numbers are found far faster
        check_bars(len(bars))
        tick = end
    return bars, starts
