"""Strokes and hits are paired one to one, as many as can be."""

from __future__ import annotations

import mir_eval
import numpy as np
import pytest

from transcription.core.evaluation.matching import Counts, judge, judge_each, matched_pairs
from transcription.core.tests.evaluation_songs import hit, stroke


def times(*seconds: float) -> np.ndarray:
    return np.array(seconds, np.float64)


@pytest.mark.parametrize("seed", range(20))
def test_as_many_onsets_match_as_mir_eval_matches(seed: int) -> None:
    rng = np.random.default_rng(seed)
    reference_s = np.sort(rng.uniform(1, 11, 150))
    estimated_s = np.sort(
        np.concatenate([reference_s[::2] + rng.normal(0, 0.04, 75), rng.uniform(1, 11, 60)])
    )

    pairs = matched_pairs(reference_s, estimated_s, 0.05)

    f, precision, recall = mir_eval.onset.f_measure(reference_s, estimated_s, window=0.05)
    counts = Counts(len(pairs), len(reference_s), len(estimated_s))
    assert (counts.f_measure, counts.precision, counts.recall) == pytest.approx((f, precision, recall))


def test_every_event_is_in_one_pair_at_most() -> None:
    rng = np.random.default_rng(1)

    pairs = matched_pairs(rng.uniform(0, 3, 100), rng.uniform(0, 3, 100), 0.05)

    assert (
        len({reference for reference, _ in pairs}) == len({estimated for _, estimated in pairs}) == len(pairs)
    )


def test_a_hit_too_many_leaves_the_closer_one_its_stroke() -> None:
    assert matched_pairs(times(1.0), times(0.96, 1.01), 0.05) == [(0, 1)]


def test_two_strokes_in_one_window_both_find_a_hit() -> None:
    assert matched_pairs(times(1.00, 1.04), times(1.03, 1.08), 0.05) == [(0, 0), (1, 1)]


def test_strokes_out_of_order_keep_their_places() -> None:
    assert matched_pairs(times(2.0, 1.0), times(1.01, 2.01), 0.05) == [(0, 1), (1, 0)]


def test_nothing_matches_nothing() -> None:
    assert matched_pairs(times(), times(1.0), 0.05) == []


def test_pooled_counts_give_precision_recall_and_f() -> None:
    pooled = Counts(8, 10, 9) + Counts(0, 0, 1)

    assert (pooled.precision, pooled.recall, pooled.f_measure) == pytest.approx((0.8, 0.8, 0.8))


def test_f_is_unknown_where_nothing_is_there_and_nothing_was_heard() -> None:
    assert np.isnan(Counts().f_measure)


def test_strokes_match_only_hits_of_their_kind() -> None:
    judged = judge_each(
        ("kick", "snare"),
        [stroke(1.0, "kick"), stroke(2.0, "kick")],
        [hit(1.049, "kick"), hit(1.02, "kick"), hit(2.051, "kick"), hit(1.0, "snare")],
        of_stroke=lambda stroke: stroke.label,
        of_hit=lambda hit: hit.instrument.value,
    )

    assert judged["kick"].counts == Counts(matched=1, reference=2, estimated=3)
    assert judged["snare"].counts == Counts(matched=0, reference=0, estimated=1)


def test_a_hit_on_a_stroke_not_asked_for_is_neither_right_nor_wrong() -> None:
    buried = stroke(1.0, "snare", is_asked=False)

    judged = judge([buried, stroke(2.0, "snare")], [hit(1.01, "snare"), hit(3.0, "snare")], 0.05)

    assert judged.counts == Counts(matched=0, reference=1, estimated=1)
    assert [false.onset_s for false in judged.false] == [3.0]
