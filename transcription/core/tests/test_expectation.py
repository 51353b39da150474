from __future__ import annotations

from itertools import count

import numpy as np
import pytest

from notation.core.hits import Hit
from notation.core.instruments import InstrumentName
from transcription.core.expectation import expected_f

KICK, SNARE, RIDE = InstrumentName.KICK, InstrumentName.SNARE, InstrumentName.RIDE


def hits(**confidences: list[float]) -> list[Hit]:
    numbers = count(1)
    return [
        Hit(f"h{number}", 0.25 * number, InstrumentName(name), 100, confidence)
        for name, of_one in confidences.items()
        for number, confidence in zip(numbers, of_one, strict=False)
    ]


def test_sure_hits_and_nothing_missed_are_all_right() -> None:
    expected = expected_f(hits(kick=[1.0, 1.0], snare=[1.0]), {})

    assert expected.overall == 1.0
    assert expected.by_instrument == {KICK: 1.0, SNARE: 1.0}


def test_what_is_doubtful_costs_precision() -> None:
    expected = expected_f(hits(kick=[0.5, 0.5]), {KICK: 0.0})

    # One of two hits is right, and one stroke was played.
    assert expected.by_instrument[KICK] == pytest.approx(2 * 1 / (2 + 1))


def test_what_was_missed_costs_recall() -> None:
    expected = expected_f(hits(kick=[1.0, 1.0], snare=[1.0]), {KICK: 2.0})

    assert expected.by_instrument == {KICK: pytest.approx(2 * 2 / (2 + 4)), SNARE: 1.0}
    assert expected.overall == pytest.approx(2 * 3 / (3 + 5))


def test_an_instrument_that_was_missed_altogether_counts_in_all() -> None:
    expected = expected_f(hits(kick=[1.0]), {RIDE: 1.0})

    assert RIDE not in expected.by_instrument
    assert expected.overall == pytest.approx(2 / 3)


def test_it_says_whether_missed_strokes_are_counted() -> None:
    assert expected_f(hits(kick=[0.9]), {KICK: 0.2}).counts_missed
    assert not expected_f(hits(kick=[0.9])).counts_missed


def test_nothing_heard_has_no_f() -> None:
    assert expected_f([]).as_dict() == {"overall": None, "instruments": {}, "counts_missed": False}


def test_nothing_heard_where_something_is_expected_is_all_wrong() -> None:
    assert expected_f([], {KICK: 3.0}).overall == 0.0


def test_figures_are_written_in_order_and_rounded() -> None:
    written = expected_f(hits(snare=[0.9], kick=[0.8123, 0.7]), {}).as_dict()

    assert written == {
        "overall": pytest.approx(0.891),
        "instruments": {"kick": 0.861, "snare": 0.947},
        "counts_missed": True,
    }
    assert list(written["instruments"]) == ["kick", "snare"]


def test_of_honest_confidences_the_expected_f_is_the_f_that_comes_out() -> None:
    """Draws strokes and misses from the very chances that are claimed."""
    rng = np.random.default_rng(7)
    chances = rng.uniform(0, 1, 5_000)
    played = rng.uniform(0, 1, 5_000) < chances
    found = chances >= 0.4

    expected = expected_f(hits(kick=list(chances[found])), {KICK: float(chances[~found].sum())})

    right = np.sum(found & played)
    measured = 2 * right / (found.sum() + played.sum())
    assert expected.by_instrument[KICK] == pytest.approx(measured, abs=0.015)
