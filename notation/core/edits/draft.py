"""A score while commands change it: hits by bar, what new hits are called, which places were taken."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import accumulate
from statistics import median

from notation.core.beat_grid import Meter
from notation.core.edits.ids import first_fresh_number
from notation.core.edits.refused import Refused
from notation.core.edits.words import counted
from notation.core.instruments import InstrumentName
from notation.core.score import Bar, Score, ScoreHit, Swing, SwingMark, TempoMark
from notation.core.score_limits import MOST_BARS, MOST_HITS

MOST_TOUCHED = 20_000
MOST_WORK = 1_000_000  # looks at a hit, some microseconds each; a request on a usual song needs a hundredth

# What one drum or cymbal can do only one of at a time.
_ONE_AT_A_TIME = {
    InstrumentName.HIHAT_OPEN: InstrumentName.HIHAT_CLOSED,
    InstrumentName.RIDE_BELL: InstrumentName.RIDE,
    InstrumentName.SIDE_STICK: InstrumentName.SNARE,
}

Stroke = tuple[InstrumentName, Fraction, InstrumentName | None, int]


def struck(instrument: InstrumentName) -> InstrumentName:
    """The drum or cymbal itself: of ride and bell, or open and closed, there is one stroke at a time."""
    return _ONE_AT_A_TIME.get(instrument, instrument)


class Draft:
    """A score that can be changed; ``settled`` gives the new one, the old one is never touched.

    Hits that are left alone stay the same objects, in the same order.
    """

    def __init__(self, score: Score, *, has_recording: bool, fresh_from: int | None) -> None:
        self._score = score
        self.has_recording = has_recording
        self.title, self.artist = score.title, score.artist
        self.tempo_bpm, self.tempo_unreliable = score.tempo_bpm, score.tempo_unreliable
        self.tempo_marks = {mark.bar: mark.bpm for mark in score.tempo_marks}
        self.swing_marks = {mark.bar: mark.swing for mark in score.swing_marks}
        self.next_number = max(first_fresh_number(score), fresh_from or 0)
        self.bars: tuple[Bar, ...] = score.bars
        self._touched, self._work = 0, 0
        self._hits: dict[str, ScoreHit] = {}
        self._in_bar: dict[int, dict[str, ScoreHit]] = {}
        self._unsorted: set[int] = set()
        self._usual: dict[InstrumentName, int] = {}
        self._graces: dict[str, dict[str, None]] = {}
        self._strokes: dict[int, frozenset[tuple[Stroke, int]]] = {}
        self._times_s: dict[tuple[int, Fraction], float] = {}
        self._starts: tuple[Fraction, ...] = ()
        self._lay_out(score.bars, score.hits)

    def _lay_out(self, bars: Sequence[Bar], hits: Iterable[ScoreHit]) -> None:
        self.bars = tuple(bars)
        self._starts = tuple(accumulate((bar.quarters for bar in self.bars), initial=Fraction(0)))
        self._hits = {placed.hit.id: placed for placed in hits}
        self._in_bar = {bar.number: {} for bar in self.bars}
        self._strokes.clear()
        self._times_s.clear()
        self._graces.clear()
        for placed in self._hits.values():
            self._in_bar[placed.bar][placed.hit.id] = placed
            if placed.grace_of is not None:
                self._graces.setdefault(placed.grace_of, {})[placed.hit.id] = None

    # Reading

    @property
    def first(self) -> int:
        """The first bar's number."""
        return self.bars[0].number

    @property
    def last(self) -> int:
        """The last bar's number."""
        return self.bars[-1].number

    @property
    def hits(self) -> Collection[ScoreHit]:
        """All hits, in no order."""
        return self._hits.values()

    def bar(self, number: int) -> Bar:
        """The bar of that number; raises Refused when the song has none."""
        if not self.first <= number <= self.last:
            raise Refused(f"there is no bar {number}; the song has bars {self.first} to {self.last}")
        return self.bars[number - self.first]

    def hit(self, identifier: str) -> ScoreHit:
        """The hit of that id; raises Refused when there is none, such as when it was removed meanwhile."""
        try:
            return self._hits[identifier]
        except KeyError:
            raise Refused(f"there is no hit {identifier[:64]!r}; it may have been removed") from None

    def hits_in(self, bar: int) -> Collection[ScoreHit]:
        """The hits of one bar."""
        return self._in_bar[bar].values()

    def graces_of(self, main: ScoreHit) -> list[ScoreHit]:
        """The grace notes of ``main``, the earliest first."""
        graces = [self._hits[identifier] for identifier in self._graces.get(main.hit.id, ())]
        return sorted(graces, key=lambda placed: (placed.hit.onset_s, placed.hit.id))

    def stroke(self, placed: ScoreHit) -> Stroke:
        """What a hit is, whoever struck it how: instrument, place, and the how many-th grace note of what."""
        if placed.grace_of is None:
            return (placed.hit.instrument, placed.position, None, 0)
        main = self.hit(placed.grace_of)
        return (
            placed.hit.instrument,
            placed.position,
            main.hit.instrument,
            self.graces_of(main).index(placed),
        )

    def strokes_in(self, bar: int) -> frozenset[tuple[Stroke, int]]:
        """All strokes of a bar and how often each is there, however loud and however marked."""
        if bar not in self._strokes:
            strokes = Counter(self.stroke(placed) for placed in self.hits_in(bar))
            self._strokes[bar] = frozenset(strokes.items())
        return self._strokes[bar]

    def at(self, instrument: InstrumentName, bar: int, position: Fraction) -> ScoreHit | None:
        """The note that already takes the place of ``instrument`` there."""
        drum = struck(instrument)
        self.work(1 + len(self._in_bar[bar]) // 16)
        for placed in self.hits_in(bar):
            same_drum = struck(placed.hit.instrument) is drum and placed.grace_of is None
            if same_drum and placed.position == position:
                return placed
        return None

    def swing_at(self, bar: int) -> Swing | None:
        """The feel in force in ``bar``."""
        started = [mark for mark in self.swing_marks if mark <= bar]
        return self.swing_marks[max(started)] if started else None

    def start_of(self, bar: int) -> Fraction:
        """How many quarters are before ``bar``."""
        return self._starts[bar - self.first]

    def bar_at(self, quarters: Fraction) -> Bar | None:
        """The bar that holds the place ``quarters`` after the song's start; None outside the song."""
        if not 0 <= quarters < self._starts[-1]:
            return None
        return self.bars[bisect_right(self._starts, quarters) - 1]

    def time_s_at(self, bar: Bar, position: Fraction) -> float:
        """``Bar.time_s_at``, worked out once for all hits of a place."""
        key = (bar.number, position)
        if key not in self._times_s:
            self._times_s[key] = bar.time_s_at(position)
        return self._times_s[key]

    def usual_velocity(self, instrument: InstrumentName) -> int:
        """The median velocity of the instrument's notes before the changes; of all notes if it has none."""
        if instrument not in self._usual:
            notes = [placed.hit for placed in self._score.hits if not placed.is_grace]
            mine = [hit.velocity for hit in notes if hit.instrument is instrument]
            everyone = [hit.velocity for hit in notes]
            self._usual[instrument] = round(median(mine or everyone or [90]))
        return self._usual[instrument]

    # Writing

    def fresh_id(self) -> str:
        """An id that no hit ever had."""
        self.next_number += 1
        return f"e{self.next_number - 1}"

    def touch(self, hits: int) -> None:
        """Count hits that a command reaches; raises Refused when they are too many for one request."""
        self._touched += hits
        if self._touched > MOST_TOUCHED:
            raise Refused(f"more than {MOST_TOUCHED} hits would change at once")

    def work(self, looks: int) -> None:
        """Count what a command has to look at; raises Refused when one request would take many seconds."""
        self._work += looks
        if self._work > MOST_WORK:
            raise Refused("this and the commands before it are too much at once; send fewer in one request")

    def put(self, placed: ScoreHit) -> None:
        """Put a hit where it says, from wherever it was."""
        self.drop(placed.hit.id)
        if len(self._hits) >= MOST_HITS:
            raise Refused(f"a song can have {MOST_HITS} hits")
        self._hits[placed.hit.id] = placed
        self._in_bar[placed.bar][placed.hit.id] = placed
        if placed.grace_of is not None:
            self._graces.setdefault(placed.grace_of, {})[placed.hit.id] = None
        self._unsorted.add(placed.bar)
        self._strokes.pop(placed.bar, None)

    def drop(self, identifier: str) -> None:
        """Take a hit away, if it is there."""
        old = self._hits.pop(identifier, None)
        if old is not None:
            del self._in_bar[old.bar][identifier]
            if old.grace_of is not None:
                self._graces.get(old.grace_of, {}).pop(identifier, None)
            self._strokes.pop(old.bar, None)

    def set_bar(self, bar: Bar) -> None:
        """Replace the bar of the same number by one with the same beats, such as with another section."""
        index = bar.number - self.first
        self.bars = (*self.bars[:index], bar, *self.bars[index + 1 :])

    def rebuild(self, bars: Sequence[Bar], hits: Iterable[ScoreHit]) -> None:
        """Replace all bars and hits; the bars' numbers must already follow one another."""
        if len(bars) > MOST_BARS:
            raise Refused(f"a song can have {counted(MOST_BARS, 'bar')}, this would be {len(bars)}")
        hits = list(hits)
        if len(hits) > MOST_HITS:
            raise Refused(f"a song can have {MOST_HITS} hits, this would be {len(hits)}")
        self.work(3 * (len(bars) + len(hits)))
        self._lay_out(with_meters(bars), hits)
        self._unsorted = {bar.number for bar in bars}

    def settled(self) -> Score:
        """The score as it is now; equal to the old one when nothing changed."""
        hits: list[ScoreHit] = []
        for bar in self.bars:
            inside = list(self.hits_in(bar.number))
            if bar.number in self._unsorted:
                inside.sort(key=_order)
            hits += inside
        return replace(
            self._score,
            title=self.title,
            artist=self.artist,
            bars=self.bars,
            hits=tuple(hits),
            tempo_bpm=self.tempo_bpm,
            tempo_unreliable=self.tempo_unreliable,
            tempo_marks=tuple(TempoMark(bar, bpm) for bar, bpm in sorted(self.tempo_marks.items())),
            swing_marks=tuple(SwingMark(bar, self.swing_marks[bar]) for bar in sorted(self.swing_marks)),
        )


def _order(placed: ScoreHit) -> tuple[float, float, str]:
    return float(placed.position), placed.hit.onset_s, placed.hit.id


def with_meters(bars: Sequence[Bar]) -> tuple[Bar, ...]:
    """The same bars, each meter naming the bar from which it is in force."""
    result: list[Bar] = []
    for bar in bars:
        previous = result[-1].meter if result else None
        signature = (bar.meter.beats, bar.meter.beat_type)
        if previous is not None and (previous.beats, previous.beat_type) == signature:
            meter = previous
        else:
            meter = Meter(bar.number, *signature)
        result.append(bar if bar.meter == meter else replace(bar, meter=meter))
    return tuple(result)


def with_hit(placed: ScoreHit, **changes: object) -> ScoreHit:
    """The same hit in its place with fields of ``Hit`` changed."""
    return replace(placed, hit=replace(placed.hit, **changes))  # type: ignore[arg-type]
