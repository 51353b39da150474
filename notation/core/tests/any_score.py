"""Any score that the format allows, also those that only an editor could make."""

from __future__ import annotations

import random
from fractions import Fraction

from hypothesis import strategies as st

from notation.core.beat_grid import Meter
from notation.core.hits import Hit
from notation.core.instruments import InstrumentName
from notation.core.score import (
    EMPHASIS_MARKS,
    INSTRUMENTS_OF_MARK,
    STICKING_MARKS,
    Bar,
    Mark,
    Score,
    ScoreHit,
    Swing,
    SwingMark,
    possible_marks,
)

F = Fraction
METERS = [(4, 4), (3, 4), (2, 4), (5, 4), (6, 8), (9, 8), (12, 8), (7, 8), (5, 8), (3, 8), (2, 2), (3, 16)]
GRID = st.sampled_from([1, 2, 3, 4, 5, 6, 7, 8, 12, 16])


@st.composite
def scores(draw) -> Score:
    """A few bars of anything, now and then off every grid."""
    random_ = random.Random(draw(st.integers(0, 10**6)))
    bars, hits = [], []
    for number in range(draw(st.integers(0, 1)), draw(st.integers(2, 5))):
        meter = Meter(number, *draw(st.sampled_from(METERS)))
        beats = draw(st.integers(1, meter.felt_beats)) if number == 0 else meter.felt_beats
        quarters = beats * meter.beat_quarters
        bars.append(
            Bar(
                number, meter, quarters, tuple(2.0 * number + b * 0.1 for b in range(beats)), 2.0 * number + 2
            )
        )
        parts = draw(GRID)
        for _ in range(draw(st.integers(0, 24))):
            place = F(random_.randrange(int(quarters * parts * 8) or 1), parts * 8)
            place = place if random_.random() < 0.2 else F(int(place * parts), parts)
            name = random_.choice(list(InstrumentName))
            made = Hit(f"h{len(hits)}", 2.0 * number, name, random_.randint(1, 127), 1.0)
            same = [p for p in hits if p.bar == number and p.hit.instrument is name and not p.is_grace]
            grace_of = None
            if same and random_.random() < 0.2:
                grace_of, place = same[-1].hit.id, same[-1].position
            hits.append(ScoreHit(made, number, place, grace_of, _any_marks(random_, name)))
    hits.sort(key=lambda placed: (placed.bar, placed.position))
    feels = st.lists(st.sampled_from([None, *Swing]), max_size=2)
    swing_marks = tuple(
        SwingMark(bars[place].number, feel) for place, feel in enumerate(draw(feels)) if place < len(bars)
    )
    return Score("Any", "", tuple(bars), tuple(hits), 120.0, swing_marks=swing_marks)


def _any_marks(random_: random.Random, name: InstrumentName) -> frozenset[Mark]:
    """Now and then a mark or two, of those that the instrument can have."""
    if random_.random() < 0.7:
        return frozenset()
    groups = ([*sorted(EMPHASIS_MARKS)], [*sorted(STICKING_MARKS)], [Mark.ROLL], [*INSTRUMENTS_OF_MARK])
    marks = {random_.choice(group) for group in random_.sample(groups, 2)}
    return possible_marks(name, marks)
