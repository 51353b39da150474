"""Beats, tempo and meter are compared where they are annotated."""

from __future__ import annotations

import mir_eval
import numpy as np
import pytest

from notation.core.beat_grid import Beat, BeatGrid, Meter
from transcription.core.evaluation import Reference
from transcription.core.evaluation.beats import (
    TempoVerdict,
    beats_in_bar,
    f_of_beats,
    score_beats,
    tempo_of,
)


def annotated(bpm: float, in_bar: int, bars: int = 6) -> Reference:
    count = in_bar * bars + 1
    return Reference(
        (), beats_s=np.arange(count) * 60 / bpm, beat_numbers=tuple(n % in_bar + 1 for n in range(count))
    )


def grid(bpm: float, meter: Meter, bars: int = 6) -> BeatGrid:
    felt = meter.felt_beats
    beats = tuple(Beat(n * 60 / bpm, n // felt + 1, n % felt + 1) for n in range(felt * bars + 1))
    return BeatGrid(beats, (meter,), bpm, unreliable=False)


COMMON = Meter(1, 4, 4)


def test_the_annotated_grid_is_right_in_everything() -> None:
    scored = score_beats(annotated(110, 4), grid(110, COMMON))

    assert scored is not None
    assert (scored.beat_f, scored.downbeat_f) == pytest.approx((1.0, 1.0))
    assert (scored.tempo, scored.meter_is_right) == (TempoVerdict.RIGHT, True)


@pytest.mark.parametrize("seed", range(5))
def test_beats_score_as_in_mir_eval(seed: int) -> None:
    rng = np.random.default_rng(seed)
    reference_s = 1 + np.arange(40) * 0.5
    estimated_s = np.sort(reference_s + rng.normal(0, 0.08, 40))

    inside = estimated_s[(estimated_s > 0.7) & (estimated_s < reference_s[-1] + 0.3)]
    assert f_of_beats(reference_s, estimated_s) == pytest.approx(mir_eval.beat.f_measure(reference_s, inside))


def test_beats_outside_the_annotated_stretch_do_not_count() -> None:
    reference_s = np.array([10.0, 10.5, 11.0])

    assert f_of_beats(reference_s, np.arange(0, 20, 0.5)) == pytest.approx(1.0)


def test_no_beats_found_is_nought() -> None:
    assert f_of_beats(np.array([1.0, 2.0]), np.zeros(0)) == 0.0


@pytest.mark.parametrize(
    ("bpm", "verdict"),
    [(111.9, "right"), (112.5, "wrong"), (220.0, "octave"), (55.5, "octave"), (73.3, "wrong")],
)
def test_a_tempo_is_right_within_two_percent(bpm: float, verdict: str) -> None:
    scored = score_beats(annotated(110, 4), grid(bpm, COMMON))

    assert scored is not None
    assert scored.tempo == verdict


@pytest.mark.parametrize(
    ("in_bar", "meter", "is_right"),
    [
        (4, Meter(1, 4, 4), True),
        (4, Meter(1, 3, 4), False),
        (2, Meter(1, 6, 8), True),
        (6, Meter(1, 6, 8), True),
        (3, Meter(1, 6, 8), False),
    ],
)
def test_a_meter_is_right_by_its_felt_or_printed_beats(in_bar: int, meter: Meter, is_right: bool) -> None:
    scored = score_beats(annotated(110, in_bar), grid(110, meter))

    assert scored is not None
    assert scored.meter_is_right is is_right


def test_the_meter_that_most_beats_are_in_is_judged() -> None:
    beats = tuple(Beat(0.5 * n, 1 + n // 4, n % 4 + 1) for n in range(40))

    scored = score_beats(annotated(120, 4), BeatGrid(beats, (Meter(1, 3, 4), Meter(2, 4, 4)), 120.0, False))

    assert scored is not None
    assert scored.meter_estimated == "4/4"


def test_tempo_survives_times_rounded_to_hundredths() -> None:
    beats_s = np.round(np.arange(40) * 60 / 110, 2)

    assert tempo_of(beats_s) == pytest.approx(110, rel=0.003)


def test_a_pickup_is_no_whole_bar() -> None:
    assert beats_in_bar([4, 1, 2, 3, 1, 2, 3, 1]) == 3


def test_songs_without_annotated_beats_have_no_beat_score() -> None:
    assert score_beats(Reference(()), grid(110, COMMON)) is None
