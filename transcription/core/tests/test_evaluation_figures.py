"""The figures of hand-made songs whose right answers are known."""

from __future__ import annotations

import numpy as np
import pytest

from notation.core.instruments import DrumClass, InstrumentName
from transcription.core.evaluation import pooled, score
from transcription.core.evaluation.calibration import (
    Judged,
    expected_calibration_error,
    expected_f,
    reliability,
)
from transcription.core.evaluation.confusion import heard_as
from transcription.core.evaluation.matching import Counts
from transcription.core.evaluation.report import Report, SongScore
from transcription.core.tests.evaluation_songs import estimate, hit, reference, stroke


def test_a_wrong_instrument_of_the_right_class_counts_for_the_class_alone() -> None:
    figures = score(reference(stroke(1.0, "ride")), estimate(hit(1.0, "crash")))

    assert figures.classes[50][DrumClass.CYMBAL] == Counts(1, 1, 1)
    assert figures.instruments[50][InstrumentName.RIDE] == Counts(0, 1, 0)
    assert figures.instruments[50][InstrumentName.CRASH] == Counts(0, 0, 1)


def test_narrow_windows_are_stricter() -> None:
    figures = score(
        reference(stroke(1.0, "kick"), stroke(2.0, "kick")), estimate(hit(1.025, "kick"), hit(2.045, "kick"))
    )

    assert [figures.micro(ms).matched for ms in (20, 30, 50)] == [0, 1, 2]


def test_macro_f_leaves_out_classes_that_nobody_plays() -> None:
    figures = score(
        reference(stroke(1.0, "kick"), stroke(2.0, "snare")),
        estimate(hit(1.0, "kick"), hit(2.0, "tom_low")),
    )

    assert figures.macro_f() == pytest.approx(0.5)
    assert figures.micro().f_measure == pytest.approx(0.5)


def test_a_contrast_is_the_mean_f_of_its_sides() -> None:
    figures = score(
        reference(stroke(1.0, "ride"), stroke(2.0, "ride_bell"), stroke(3.0, "crash"), stroke(4.0, "china")),
        estimate(hit(1.0, "ride_bell"), hit(2.0, "ride"), hit(3.0, "splash"), hit(4.0, "ride")),
    )

    assert figures.sides["ride or bell"] == Counts(2, 2, 3)
    assert figures.sides["crash, china or splash"] == Counts(1, 2, 1)
    assert figures.contrast_f("ride vs crash") == pytest.approx((4 / 5 + 2 / 3) / 2)


def test_pooling_adds_up_strokes_and_not_measures() -> None:
    busy = score(reference(*(stroke(n, "kick") for n in range(9))), estimate())
    short = score(reference(stroke(1.0, "kick")), estimate(hit(1.0, "kick")))

    assert pooled([busy, short]).micro() == Counts(1, 10, 1)


def test_songs_annotated_by_class_alone_pool_with_others() -> None:
    whole = reference(stroke(1.0, "kick"))
    by_class = type(whole)(class_strokes=(stroke(1.0, "kick"),))

    together = pooled([score(whole, estimate(hit(1.0, "kick"))), score(by_class, estimate())])

    assert together.micro() == Counts(1, 2, 1)
    assert together.instruments[50][InstrumentName.KICK] == Counts(1, 1, 1)


def test_onset_errors_are_those_of_matched_hits() -> None:
    figures = score(
        reference(*(stroke(n, "kick") for n in range(1, 6))),
        estimate(
            hit(1.001, "kick"), hit(1.997, "kick"), hit(3.005, "kick"), hit(3.993, "kick"), hit(9, "kick")
        ),
    )

    assert figures.all_matched.error_percentile_ms(50) == pytest.approx(4.0)
    assert figures.all_matched.error_percentile_ms(100) == pytest.approx(7.0)
    assert figures.all_matched.bias_ms == pytest.approx(-1.0)


def test_velocities_in_the_same_order_correlate_wholly() -> None:
    strokes = [stroke(n, "snare", velocity=velocity) for n, velocity in enumerate((20, 50, 90, 120))]
    hits = [hit(n, "snare", velocity=velocity) for n, velocity in enumerate((10, 11, 80, 81))]

    assert score(reference(*strokes), estimate(*hits)).all_matched.velocity_spearman == pytest.approx(1.0)


def test_velocities_in_opposite_order_correlate_negatively() -> None:
    strokes = [stroke(n, "snare", velocity=velocity) for n, velocity in enumerate((20, 50, 90))]
    hits = [hit(n, "snare", velocity=velocity) for n, velocity in enumerate((90, 50, 20))]

    assert score(reference(*strokes), estimate(*hits)).all_matched.velocity_spearman == pytest.approx(-1.0)


def test_without_known_loudness_there_is_no_correlation() -> None:
    strokes, hits = (
        [stroke(n, "snare") for n in range(5)],
        [hit(n, "snare", velocity=20 * n + 1) for n in range(5)],
    )

    assert np.isnan(score(reference(*strokes), estimate(*hits)).all_matched.velocity_spearman)


def report_of(*songs: tuple[list[int], list[int]]) -> Report:
    """Songs of snares, each with the velocities played and those heard."""
    scores = []
    for number, (played, heard) in enumerate(songs):
        strokes = [stroke(n, "snare", velocity=velocity) for n, velocity in enumerate(played)]
        hits = [hit(n, "snare", velocity=velocity) for n, velocity in enumerate(heard)]
        scores.append(SongScore(str(number), "mix", score(reference(*strokes), estimate(*hits))))
    return Report("engine", "material", tuple(scores))


def test_a_soft_song_that_is_mixed_loud_is_ranked_rightly_within() -> None:
    report = report_of(([20, 30, 40], [80, 90, 100]), ([80, 90, 100], [20, 30, 40]))

    assert report.pooled("mix").all_matched.velocity_spearman < 0
    assert report.velocity_spearman_within("mix") == pytest.approx(1.0)


def test_songs_of_one_stroke_say_nothing_of_velocities_within() -> None:
    assert np.isnan(report_of(([20], [80]), ([80], [20])).velocity_spearman_within("mix"))


def test_ghost_strokes_are_recalled_as_snares() -> None:
    ghosts = [stroke(n, "snare", label="SDG") for n in range(1, 5)]

    figures = score(reference(*ghosts), estimate(hit(1.0, "snare"), hit(2.0, "side_stick")))

    assert figures.ghost_recall == pytest.approx(0.25)


def test_confidence_that_means_probability_has_no_calibration_error() -> None:
    judged = Judged(np.full(4, 0.75), np.array([1.0, 1.0, 1.0, 0.0]))

    assert expected_calibration_error(judged) == pytest.approx(0.0)


def test_the_calibration_error_weighs_bins_by_their_hits() -> None:
    judged = Judged.of(right=[0.95], wrong=[0.95, 0.45, 0.45])

    assert [(part.low, part.hits, part.right) for part in reliability(judged)] == [
        (0.4, 2, 0.0),
        (0.9, 2, 0.5),
    ]
    assert expected_calibration_error(judged) == pytest.approx(0.5 * 0.45 + 0.5 * 0.45)


def test_full_confidence_is_in_the_last_bin() -> None:
    (part,) = reliability(Judged.of(right=[1.0], wrong=[]))

    assert (part.low, part.high) == (0.9, 1.0)


def test_the_expected_f_comes_from_the_confidences() -> None:
    assert expected_f(Judged.of(right=[0.9, 0.7], wrong=[0.2, 0.2])) == pytest.approx(2 * 2 / (4 + 2))


def test_no_hits_have_neither_calibration_nor_expectation() -> None:
    nothing = Judged.of(right=[], wrong=[])

    assert np.isnan(expected_calibration_error(nothing))
    assert np.isnan(expected_f(nothing))


def test_confidence_is_judged_by_what_the_hit_found() -> None:
    figures = score(
        reference(stroke(1.0, "kick")),
        estimate(hit(1.0, "kick", confidence=0.9), hit(2.0, "kick", confidence=0.4)),
    )

    judged = figures.all_judged
    assert dict(zip(judged.confidence.tolist(), judged.right.tolist(), strict=True)) == {0.9: 1.0, 0.4: 0.0}


def test_a_false_hit_is_laid_to_the_strokes_around_it() -> None:
    figures = score(
        reference(stroke(1.0, "kick"), stroke(1.02, "snare", label="SDG"), stroke(2.0, "tom_low")),
        estimate(
            hit(1.01, "kick"), hit(1.0, "snare"), hit(1.0, "crash"), hit(2.0, "ride"), hit(5.0, "crash")
        ),
    )

    assert figures.false_hits == {
        "crash": {"SDG + kick": 1, "nothing": 1},
        "ride": {"missed tom_low": 1},
    }


def test_a_second_hit_on_a_stroke_is_a_double() -> None:
    figures = score(reference(stroke(1.0, "kick")), estimate(hit(1.0, "kick"), hit(1.04, "kick")))

    assert figures.false_hits == {"kick": {"double": 1}}


def test_a_missed_stroke_says_what_was_heard_in_its_place() -> None:
    figures = score(
        reference(stroke(1.0, "tom_low", label="LFT"), stroke(2.0, "tom_low", label="LFT")),
        estimate(hit(1.01, "kick"), hit(1.0, "snare")),
    )

    assert figures.missed == {"LFT": {"kick + snare": 1, "nothing": 1}}


def test_labels_go_to_their_own_instrument_before_its_family() -> None:
    strokes = [stroke(1.00, "hihat_open", label="OHH"), stroke(1.03, "hihat_closed", label="CHH")]

    found = heard_as(strokes, [hit(1.0, "hihat_closed"), hit(1.03, "hihat_open")])

    assert found == {"OHH": {"hihat_open": 1}, "CHH": {"hihat_closed": 1}}


def test_a_label_heard_as_its_neighbour_is_not_missed() -> None:
    strokes = [stroke(1.0, "hihat_open", label="OHH"), stroke(2.0, "tambourine", label="TMB")]

    found = heard_as(strokes, [hit(1.0, "hihat_pedal"), hit(2.0, "hihat_closed")])

    assert found == {"OHH": {"hihat_pedal": 1}, "TMB": {"missed": 1}}
