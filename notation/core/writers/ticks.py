"""Where bars and strokes lie in a file that counts ticks: MIDI, and charts for games."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from notation.core.instruments import INSTRUMENTS
from notation.core.score import Bar, Mark, Score, ScoreHit
from notation.core.spelling.rhythm import units_of

TICKS_A_QUARTER = 480

_GRACE_TICKS = 30
_MOST_GRACE_TICKS = 90  # a ruff of many strokes is squeezed into a dotted 32nd
_LEAD_IN_TICKS = 120  # a sixteenth of silence, when a grace note comes before the first beat


@dataclass(frozen=True, slots=True)
class TickedBar:
    """A bar's first tick, and the time signature of its real length, which for a pickup is shorter."""

    bar: Bar
    tick: int
    signature: tuple[int, int]

    @property
    def quarter_s(self) -> float:
        """How long a quarter note lasts in this bar, in seconds; a bar has one tempo."""
        return (self.bar.end_s - self.bar.start_s) / float(self.bar.quarters)


@dataclass(frozen=True, slots=True)
class TickedStroke:
    """A hit's tick; ``roll_ticks`` is how long a roll goes on, None for a single stroke."""

    placed: ScoreHit
    tick: int
    roll_ticks: int | None


@dataclass(frozen=True, slots=True)
class Ticked:
    """A score in ticks.

    The first bar begins at ``lead_in``, which is more than 0 when a grace note comes before it. Strokes are
    in order of their ticks, never negative.
    """

    bars: tuple[TickedBar, ...]
    strokes: tuple[TickedStroke, ...]
    lead_in: int

    @property
    def end(self) -> int:
        """The tick at which the last bar ends."""
        last = self.bars[-1]
        return last.tick + int(last.bar.quarters * TICKS_A_QUARTER)


def ticked(score: Score, *, performed: bool = False) -> Ticked:
    """Count ``score`` in ticks; every hit is one stroke, and grace notes come before the note they lead to.

    Args:
        performed: keep each stroke's own timing against the beat instead of its written position.
    """
    bars = {bar.bar.number: bar for bar in _bars(score)}
    roll_ends = _roll_ends(score)
    strokes = []
    for placed, ticks_before in _with_grace_steps(score):
        bar = bars[placed.bar]
        if performed:
            tick = bar.tick + _performed_ticks(placed, bar.bar)
        else:
            tick = bar.tick + round(placed.position * TICKS_A_QUARTER) - ticks_before
        end = roll_ends.get(placed.hit.id)
        roll = None if end is None else round((end - placed.position) * TICKS_A_QUARTER)
        strokes.append(TickedStroke(placed, tick, roll))
    strokes.sort(key=lambda stroke: (stroke.tick, not stroke.placed.is_grace))
    lead_in = _LEAD_IN_TICKS if any(stroke.placed.is_grace and stroke.tick < 0 for stroke in strokes) else 0
    return Ticked(
        tuple(TickedBar(bar.bar, bar.tick + lead_in, bar.signature) for bar in bars.values()),
        tuple(
            TickedStroke(stroke.placed, max(0, stroke.tick + lead_in), stroke.roll_ticks)
            for stroke in strokes
        ),
        lead_in,
    )


def _bars(score: Score) -> Iterator[TickedBar]:
    tick = Fraction(0)
    for bar in score.bars:
        beats = bar.quarters * bar.meter.beat_type / 4
        yield TickedBar(bar, int(tick), (int(beats), bar.meter.beat_type))
        tick += bar.quarters * TICKS_A_QUARTER


def _roll_ends(score: Score) -> dict[str, Fraction]:
    """Where each roll ends, as written: at the next stroke of its voice or at the end of its beat."""
    rolls = [placed for placed in score.hits if Mark.ROLL in placed.marks and not placed.is_grace]
    if not rolls:
        return {}
    bars = {bar.number: bar for bar in score.bars}
    grouped = score.hits_by_bar()
    ends = {}
    for roll in rolls:
        edge = Fraction(0)
        for length in units_of(bars[roll.bar].meter, bars[roll.bar].quarters):
            edge += length
            if edge > roll.position:
                break
        voice = INSTRUMENTS[roll.hit.instrument].voice
        later = (
            other.position
            for other in grouped[roll.bar]
            if other.position > roll.position and INSTRUMENTS[other.hit.instrument].voice == voice
        )
        ends[roll.hit.id] = min([edge, *later])
    return ends


def _with_grace_steps(score: Score) -> Iterator[tuple[ScoreHit, int]]:
    """Each hit with how many ticks it comes before its written place: 0 for a main note."""
    graces: dict[str, list[ScoreHit]] = {}
    for placed in score.hits:
        if placed.grace_of is not None:
            graces.setdefault(placed.grace_of, []).append(placed)
        else:
            yield placed, 0
    for run in graces.values():
        run.sort(key=lambda placed: placed.hit.onset_s)
        step = max(1, min(_GRACE_TICKS, _MOST_GRACE_TICKS // len(run)))
        for index, placed in enumerate(run):
            yield placed, (len(run) - index) * step


def _performed_ticks(placed: ScoreHit, bar: Bar) -> int:
    """Where the stroke really fell, in ticks from the bar's start; may lie just outside the bar.

    Within the bar the file has one tempo, so plain proportion in seconds gives back the real onset.
    """
    share = (placed.hit.onset_s - bar.start_s) / (bar.end_s - bar.start_s)
    return round(share * float(bar.quarters) * TICKS_A_QUARTER)
