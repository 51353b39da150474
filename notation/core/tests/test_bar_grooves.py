from __future__ import annotations

from fractions import Fraction

from notation.core.form.bar_grooves import count_grooves
from notation.core.instruments import InstrumentName
from notation.core.readers.event_list import read_events, score_of_events
from notation.core.score import Score

BAR_S = 2.0


def bar_of_rock(number: int, timekeeper: str = "hihat_closed") -> list[dict[str, object]]:
    at = number * BAR_S
    return [
        {"onset_s": at, "instrument": "kick"},
        {"onset_s": at + 0.5, "instrument": "snare"},
        {"onset_s": at + 1.0, "instrument": "kick"},
        {"onset_s": at + 1.5, "instrument": "snare"},
        *({"onset_s": at + 0.25 * eighth, "instrument": timekeeper} for eighth in range(8)),
    ]


def score_of(events: list[dict[str, object]]) -> Score:
    return score_of_events(read_events(events, tempo_bpm=120.0, meter=(4, 4)))


def test_the_groove_of_most_bars_comes_first_with_its_first_bar():
    score = score_of(
        [*bar_of_rock(0, "ride"), *bar_of_rock(1), *bar_of_rock(2), *bar_of_rock(3)],
    )

    first, second = count_grooves(score)

    assert (first.bars, first.first_bar, first.groove.meter) == (3, 2, (4, 4))
    assert dict(first.groove.strokes)[InstrumentName.SNARE] == (Fraction(1), Fraction(3))
    assert (second.bars, second.first_bar) == (1, 1)
    assert InstrumentName.RIDE in dict(second.groove.strokes)


def test_crashes_open_hats_and_ghosts_colour_a_groove_and_do_not_change_it():
    coloured = bar_of_rock(1)
    coloured[-1]["instrument"] = "hihat_open"
    coloured += [
        {"onset_s": BAR_S, "instrument": "crash"},
        {"onset_s": BAR_S + 0.625, "instrument": "snare", "velocity": 20},
    ]

    (groove,) = count_grooves(score_of([*bar_of_rock(0), *coloured]))

    assert groove.bars == 2


def test_a_fill_on_the_toms_and_a_bar_with_next_to_nothing_are_no_grooves():
    fill = [{"onset_s": BAR_S + 0.25 * eighth, "instrument": "tom_low"} for eighth in range(8)]
    stop = [{"onset_s": 2 * BAR_S, "instrument": "kick"}]

    (groove,) = count_grooves(score_of([*bar_of_rock(0), *fill, *stop]))

    assert (groove.bars, groove.first_bar) == (1, 1)
