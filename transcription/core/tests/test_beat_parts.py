"""The parts of the beat tracker, each by itself."""

from __future__ import annotations

import numpy as np
import pytest

from notation.core.beat_grid import Meter
from notation.core.hits import Hit
from notation.core.instruments import InstrumentName
from transcription.core.beat_checks import BeatChecking, alignment, unconfirmed_share
from transcription.core.beat_evidence import EntryTrust, Strokes, gather_evidence
from transcription.core.beat_patterns import LIMB_OF, SLOTS_PER_BEAT, Limb, pattern_book
from transcription.core.beat_scores import FRAMES_PER_SECOND
from transcription.core.beat_states import Bar
from transcription.core.beat_times import BeatFitting, fit_bars, fit_beats


def strokes_at(times_s: np.ndarray, limb: Limb = Limb.SNARE) -> Strokes:
    return Strokes(times_s, np.full(len(times_s), limb, dtype=np.int64), np.ones(len(times_s)))


@pytest.mark.parametrize(
    ("beats", "beat_type", "felt"),
    [(4, 4, 4), (3, 4, 3), (6, 8, 2), (2, 4, 2), (5, 4, 5), (7, 8, 7), (12, 8, 4)],
)
def test_every_meter_has_patterns_of_its_length(beats: int, beat_type: int, felt: int) -> None:
    book = pattern_book(beats, beat_type)

    assert book.expected.shape[1:] == (felt * SLOTS_PER_BEAT, len(Limb))
    assert book.expected.min() > 0
    assert book.share.sum() == pytest.approx(1)
    assert len(book.share) == len(book.expected)


def test_every_instrument_is_played_by_a_limb() -> None:
    assert set(LIMB_OF) == set(InstrumentName)


def test_soft_and_doubtful_strokes_weigh_less() -> None:
    hits = tuple(
        Hit(f"h{number}", float(number), InstrumentName.SNARE, velocity, confidence)
        for number, (velocity, confidence) in enumerate([(100, 1.0), (100, 1.0), (100, 0.25), (20, 1.0)])
    )

    strokes = Strokes.of(hits)

    assert strokes.strength[0] == pytest.approx(1.0)
    assert strokes.strength[2] == pytest.approx(0.5)
    assert strokes.strength[3] == pytest.approx(0.2)


def test_beats_move_onto_their_strokes() -> None:
    beats_s = np.arange(32) * 0.5
    rough_s = beats_s + 0.015 * np.sin(np.arange(32))

    fitted_s = fit_beats(rough_s, beats_s, np.ones(32), BeatFitting())

    assert np.abs(fitted_s - beats_s).max() < 0.004


def test_beats_without_strokes_are_carried_by_their_neighbours() -> None:
    beats_s = np.arange(32) * 0.5
    rough_s = beats_s.copy()
    rough_s[12:20] += 0.02
    played = np.delete(np.arange(32), np.arange(12, 20))

    fitted_s = fit_beats(rough_s, beats_s[played], np.ones(len(played)), BeatFitting())

    assert np.abs(fitted_s - beats_s).max() < 0.012


def test_one_late_stroke_does_not_bend_the_beat() -> None:
    beats_s = np.arange(32) * 0.5
    strokes_s = beats_s.copy()
    strokes_s[16] += 0.04

    fitted_s = fit_beats(beats_s, strokes_s, np.ones(32), BeatFitting())

    assert np.abs(fitted_s - beats_s).max() < 0.010


def test_a_stroke_is_likelier_a_bar_after_one_than_a_bar_after_none() -> None:
    strokes = strokes_at(np.arange(16) * 2.0)

    evidence = gather_evidence(strokes, None, 32.0, padding=10, entry=EntryTrust(0.0, 0.0, 0.0))

    echoes = evidence.echoes[Limb.SNARE]
    assert echoes[10 + 10 * 50] > 1.0
    assert echoes[10 + 10 * 50 + 40] < 0.0


def test_a_steady_beat_is_confirmed_all_through() -> None:
    beats_s = np.arange(96) * 0.5

    assert unconfirmed_share(beats_s, strokes_at(beats_s), None, BeatChecking()) == 0


def test_a_beat_is_not_confirmed_where_nobody_plays() -> None:
    beats_s = np.arange(96) * 0.5
    played = np.concatenate([beats_s[:32], beats_s[64:]])

    assert unconfirmed_share(beats_s, strokes_at(played), None, BeatChecking()) == pytest.approx(
        1 / 3, abs=0.1
    )


def test_beats_after_the_last_stroke_need_no_confirming() -> None:
    beats_s = np.arange(49) * 0.5

    assert unconfirmed_share(beats_s, strokes_at(beats_s[:34]), None, BeatChecking()) == 0


def test_a_beat_whose_tempo_wanders_is_not_confirmed() -> None:
    lengths_s = 0.5 * np.exp(np.random.default_rng(2).normal(0, 0.2, 96))
    beats_s = np.cumsum(lengths_s)

    assert unconfirmed_share(beats_s, strokes_at(beats_s), None, BeatChecking()) > 0.8


def test_the_tempo_may_jump_from_one_bar_to_the_next() -> None:
    slow = [Bar(2.0 * n, 2.0, Meter(1, 4, 4), 0, 0.0) for n in range(8)]
    fast = [Bar(16.0 + 1.6 * n, 1.6, Meter(1, 4, 4), 0, 0.0) for n in range(8)]
    beats_s = np.concatenate([bar.beat_times_s for bar in (*slow, *fast)])

    bars = fit_bars([*slow, *fast], beats_s, np.ones(len(beats_s)), BeatFitting())

    assert np.concatenate([bar.beats_s for bar in bars]) == pytest.approx(beats_s, abs=0.002)


def test_strokes_on_sixteenths_are_aligned_and_scattered_ones_are_not() -> None:
    beats_s = np.arange(64) * 0.5
    scattered_s = np.sort(np.random.default_rng(1).uniform(0, 31, 200))

    assert alignment(beats_s, strokes_at(np.arange(200) * 0.125)) > 0.99
    assert alignment(beats_s, strokes_at(scattered_s)) < 0.4


def entries(*onsets_s: float, from_start: bool = True) -> list[float]:
    """Where the evidence speaks for a downbeat, in seconds, with what weight there."""
    found = gather_evidence(
        strokes_at(np.array(onsets_s)),
        None,
        32.0,
        padding=10,
        entry=EntryTrust(start=7.0, cut=9.0, after_rest=3.0),
        from_start=from_start,
    )
    at = [round(onset_s * FRAMES_PER_SECOND) + 10 for onset_s in onsets_s]
    return [float(found.downbeats[frame]) for frame in at]


def test_a_recordings_first_stroke_and_those_after_a_rest_are_likely_downbeats() -> None:
    assert entries(0.5, 1.0, 9.0, 9.5) == [7.0, 0.0, 3.0, 0.0]


def test_a_recording_that_begins_with_a_stroke_was_cut_at_a_bar_line() -> None:
    assert entries(0.01, 1.0) == [9.0, 0.0]


def test_a_later_parts_first_stroke_is_like_any_other() -> None:
    assert entries(0.5, 1.0, 9.0, 9.5, from_start=False) == [0.0, 0.0, 3.0, 0.0]


def test_a_later_part_may_begin_with_a_rest() -> None:
    assert entries(4.0, 4.5, from_start=False) == [3.0, 0.0]
