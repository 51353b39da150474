from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from notation.core.instruments import InstrumentName
from transcription.core.activations import Activations
from transcription.core.families import RIVALS, RIVALS_FIRST, Family
from transcription.core.judgement import Calibration, PeakPicking, Rivalry
from transcription.core.network import INSTRUMENTS_HEARD
from transcription.core.picking import (
    find_candidates,
    missed_mass,
    pick_hits,
    song_traits,
)

PLAIN = PeakPicking(threshold=0.3)


def activations(
    *peaks: tuple[float, InstrumentName, float], frames: int = 400, velocity: float = 0.8
) -> Activations:
    """Triangular peaks at (seconds, instrument, height) over silence."""
    onsets = np.zeros((frames, len(INSTRUMENTS_HEARD)), np.float32)
    for onset_s, instrument, height in peaks:
        column = INSTRUMENTS_HEARD.index(instrument)
        shape = height * np.maximum(0, 1 - np.abs(np.arange(frames) - onset_s * 100) / 3)
        onsets[:, column] = np.maximum(onsets[:, column], shape)
    velocities = np.full_like(onsets, velocity)
    nothing = np.zeros(frames, np.float32)
    return Activations(onsets, velocities, nothing, nothing.copy())


def picked(*peaks: tuple[float, InstrumentName, float], picking: PeakPicking = PLAIN) -> list[InstrumentName]:
    return [hit.instrument for hit in pick_hits(activations(*peaks), picking)]


def test_each_peak_is_a_hit_in_order_of_time() -> None:
    hits = pick_hits(
        activations(
            (1.5, InstrumentName.SNARE, 0.9), (0.5, InstrumentName.KICK, 0.9), (2.0, InstrumentName.RIDE, 0.8)
        ),
        PLAIN,
    )

    assert [hit.id for hit in hits] == ["h1", "h2", "h3"]
    assert [hit.instrument for hit in hits] == [
        InstrumentName.KICK,
        InstrumentName.SNARE,
        InstrumentName.RIDE,
    ]
    np.testing.assert_allclose([hit.onset_s for hit in hits], [0.5, 1.5, 2.0], atol=0.002)


@pytest.mark.parametrize("onset_s", [0.500, 0.5025, 0.5049, 0.5075])
def test_onsets_between_frames_are_found_within_two_milliseconds(onset_s: float) -> None:
    frames = np.arange(100)
    bump = (0.9 * np.exp(-(((frames / 100 - onset_s) / 0.012) ** 2))).astype(np.float32)
    onsets = np.zeros((100, len(INSTRUMENTS_HEARD)), np.float32)
    onsets[:, 0] = bump
    nothing = np.zeros(100, np.float32)

    (hit,) = pick_hits(Activations(onsets, np.zeros_like(onsets), nothing, nothing.copy()), PLAIN)

    assert hit.onset_s == pytest.approx(onset_s, abs=0.002)


def test_nothing_heard_gives_no_hits() -> None:
    assert pick_hits(activations(), PLAIN) == ()
    assert pick_hits(activations(frames=0), PLAIN) == ()


def test_the_floor_of_the_network_is_no_hit() -> None:
    assert picked((1.0, InstrumentName.KICK, 0.15)) == []


def test_a_middling_peak_counts_for_more_where_the_instrument_is_clearly_there() -> None:
    clear = [(0.2 + 0.3 * i, InstrumentName.SNARE, 0.95) for i in range(8)]
    faint = [(0.2 + 0.3 * i, InstrumentName.SNARE, 0.40) for i in range(8)]
    doubtful = (3.0, InstrumentName.SNARE, 0.40)
    picking = replace(PLAIN, calibrations={Family.SNARE: Calibration(clarity=0.5)}, threshold=0.5)

    assert len(picked(*clear, doubtful, picking=picking)) == 9
    assert len(picked(*faint, doubtful, picking=picking)) == 0


def test_a_songs_traits_are_its_clarity_and_its_density() -> None:
    heights = np.array([0.05, 0.2, 0.2, 0.2, 0.9, 0.9], np.float32)

    traits = song_traits(heights, duration_s=2.0)

    assert traits.clarity == pytest.approx(np.log(0.9 / 0.1), abs=0.3)
    assert traits.density == pytest.approx(np.log(2 / 2.0 + 0.05), abs=1e-6)


_TAMBOURINE_OR_HAT = replace(
    PLAIN,
    threshold=0.5,
    calibrations={Family.HIHAT: Calibration(rivals={Family.TAMBOURINE: Rivalry(-0.5, -2.0)})},
)


def hats(picking: PeakPicking, *peaks: tuple[float, InstrumentName, float]) -> int:
    return picked(*peaks, picking=picking).count(InstrumentName.HIHAT_CLOSED)


def test_a_hi_hat_that_never_sounds_without_a_tambourine_is_the_tambourine() -> None:
    times = [0.3 + 0.4 * i for i in range(9)]
    both = [
        (t, name, 0.8) for t in times for name in (InstrumentName.TAMBOURINE, InstrumentName.HIHAT_CLOSED)
    ]

    assert hats(replace(_TAMBOURINE_OR_HAT, calibrations={}), *both) == 9
    assert hats(_TAMBOURINE_OR_HAT, *both) == 0


def test_a_hi_hat_that_sounds_between_tambourines_goes_on_under_them() -> None:
    times = [0.3 + 0.1 * i for i in range(36)]
    eighths = [(t, InstrumentName.HIHAT_CLOSED, 0.8) for t in times]
    backbeats = [(t, InstrumentName.TAMBOURINE, 0.8) for t in times[2::4]]

    assert hats(_TAMBOURINE_OR_HAT, *eighths, *backbeats) == 36


def test_a_rival_elsewhere_says_nothing() -> None:
    hat, tambourine = (1.0, InstrumentName.HIHAT_CLOSED, 0.8), (1.2, InstrumentName.TAMBOURINE, 0.8)

    assert hats(_TAMBOURINE_OR_HAT, hat, tambourine) == 1


def test_rivals_are_judged_before_those_they_speak_about() -> None:
    assert sorted(RIVALS_FIRST) == sorted(Family)
    for family, rivals in RIVALS.items():
        assert all(RIVALS_FIRST.index(rival) < RIVALS_FIRST.index(family) for rival in rivals)


def test_two_strokes_nearer_than_the_gap_are_one() -> None:
    assert picked((1.00, InstrumentName.SNARE, 0.9), (1.02, InstrumentName.SNARE, 0.7)) == [
        InstrumentName.SNARE
    ]


def test_a_flam_wider_than_the_gap_is_two_strokes() -> None:
    assert len(picked((1.00, InstrumentName.SNARE, 0.9), (1.06, InstrumentName.SNARE, 0.7))) == 2


def test_a_hi_hat_is_open_or_closed_but_never_both() -> None:
    together = picked((1.0, InstrumentName.HIHAT_OPEN, 0.8), (1.0, InstrumentName.HIHAT_CLOSED, 0.7))

    assert together == [InstrumentName.HIHAT_OPEN]


def test_a_hi_hat_half_heard_as_open_and_half_as_closed_is_a_hi_hat() -> None:
    picking = replace(PLAIN, threshold=0.5)

    assert picked(
        (1.0, InstrumentName.HIHAT_OPEN, 0.4), (1.0, InstrumentName.HIHAT_CLOSED, 0.41), picking=picking
    ) == [InstrumentName.HIHAT_CLOSED]


def test_two_toms_can_be_struck_at_once() -> None:
    together = picked((1.0, InstrumentName.TOM_HIGH, 0.9), (1.0, InstrumentName.TOM_LOW, 0.8))

    assert together == [InstrumentName.TOM_HIGH, InstrumentName.TOM_LOW]


def test_a_drummer_has_two_hands_and_the_feet_besides() -> None:
    together = picked(
        (1.0, InstrumentName.KICK, 0.9),
        (1.0, InstrumentName.SNARE, 0.8),
        (1.0, InstrumentName.CRASH, 0.9),
        (1.0, InstrumentName.TOM_MID, 0.6),
    )

    assert together == [InstrumentName.KICK, InstrumentName.SNARE, InstrumentName.CRASH]


def test_velocity_and_confidence_are_within_their_ranges() -> None:
    for velocity in (0.0, 0.5, 1.0):
        (hit,) = pick_hits(activations((1.0, InstrumentName.KICK, 0.97), velocity=velocity), PLAIN)

        assert hit.velocity == max(1, round(127 * velocity))
        assert 0.9 < hit.confidence <= 1.0


def test_a_stroke_in_the_first_frame_is_heard_at_zero() -> None:
    (hit,) = pick_hits(activations((0.0, InstrumentName.KICK, 0.9)), PLAIN)

    assert hit.onset_s == 0.0


def test_candidates_carry_heights_and_chances() -> None:
    heard = activations((1.0, InstrumentName.KICK, 0.9), (2.0, InstrumentName.KICK, 0.3))

    candidates = find_candidates(heard, Family.KICK, PLAIN)

    assert candidates.frames.tolist() == [100, 200]
    np.testing.assert_allclose(candidates.heights, [0.9, 0.3], atol=1e-6)
    np.testing.assert_allclose(candidates.chances, candidates.heights, atol=1e-6)


def test_what_is_left_out_weighs_by_its_chance() -> None:
    mass = missed_mass(
        activations(
            (0.5, InstrumentName.SNARE, 0.9),
            (1.0, InstrumentName.SNARE, 0.2),
            (1.5, InstrumentName.CRASH, 0.1),
        ),
        PLAIN,
    )

    assert mass == {InstrumentName.SNARE: pytest.approx(0.2), InstrumentName.CRASH: pytest.approx(0.1)}


@pytest.mark.parametrize(("height", "is_hit"), [(0.5, False), (0.7, True)])
def test_percussion_beside_the_kit_has_to_be_surer(height: float, is_hit: bool) -> None:
    assert bool(picked((0.5, InstrumentName.TAMBOURINE, height))) is is_hit


def test_somebody_elses_tambourine_takes_none_of_the_drummers_hands() -> None:
    struck = picked(
        (0.5, InstrumentName.SNARE, 0.9),
        (0.5, InstrumentName.HIHAT_CLOSED, 0.9),
        (0.5, InstrumentName.TAMBOURINE, 0.8),
    )

    assert set(struck) == {InstrumentName.SNARE, InstrumentName.HIHAT_CLOSED, InstrumentName.TAMBOURINE}
