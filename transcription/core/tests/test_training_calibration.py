from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from notation.core.instruments import InstrumentName
from transcription.core.activations import Activations
from transcription.core.families import MEMBERS, Family
from transcription.core.judgement import PeakPicking
from transcription.core.network import INSTRUMENTS_HEARD
from transcription.core.picking import find_candidates, pick_hits
from transcription.core.training.drumming.performance import Note, Performance
from transcription.core.training.measuring.calibrate import HeardSong, fitted, scored, usual_shares


def song_of_kicks(height: float, right: int, wrong: int, buried: int = 0) -> HeardSong:
    """Peaks of one height, half a second apart: first those that are strokes, then those that are not."""
    count = right + wrong + buried
    frames = 100 + 50 * np.arange(count)
    onsets = np.zeros((frames[-1] + 100, len(INSTRUMENTS_HEARD)), np.float32)
    onsets[frames, 0] = height
    nothing = np.zeros(len(onsets), np.float32)
    return HeardSong(
        activations=Activations(onsets, np.zeros_like(onsets), nothing, nothing.copy()),
        onsets_s={0: frames[:right] / 100},
        buried_s={0: frames[right : right + buried] / 100},
        accompanied=False,
    )


@pytest.mark.parametrize(("right", "wrong"), [(90, 10), (50, 50), (10, 90)])
def test_a_fitted_chance_is_how_often_such_peaks_are_strokes(right: int, wrong: int) -> None:
    song = song_of_kicks(0.3, right, wrong)

    picking = fitted([song], PeakPicking())

    chances = find_candidates(song.activations, Family.KICK, picking).chances
    np.testing.assert_allclose(chances, right / (right + wrong), atol=0.05)


def test_buried_strokes_are_neither_right_nor_wrong() -> None:
    song = song_of_kicks(0.9, right=20, wrong=5, buried=40)

    counts = scored([song], PeakPicking())[Family.KICK]

    assert (counts.matched, counts.reference, counts.estimated) == (20, 20, 25)


def test_a_habitual_confusion_is_learnt_away() -> None:
    """Side sticks that the network hears as snares, only a little less surely than snares themselves."""
    snare, side_stick = MEMBERS[Family.SNARE]
    frames = 100 + 50 * np.arange(80)
    onsets = np.zeros((frames[-1] + 100, len(INSTRUMENTS_HEARD)), np.float32)
    onsets[frames, snare] = 0.9
    onsets[frames[:40], side_stick] = 0.3
    onsets[frames[40:], side_stick] = 0.02
    nothing = np.zeros(len(onsets), np.float32)
    activations = Activations(onsets, np.full_like(onsets, 0.5), nothing, nothing.copy())
    played = {side_stick: frames[:40] / 100, snare: frames[40:] / 100}
    song = HeardSong(activations, played, {}, accompanied=False)

    before = pick_hits(activations, PeakPicking())
    after = pick_hits(activations, fitted([song], PeakPicking()))

    assert {hit.instrument for hit in before} == {"snare"}
    assert [hit.instrument for hit in after] == ["side_stick"] * 40 + ["snare"] * 40


def test_a_chance_from_the_height_alone_asks_nothing_of_the_song() -> None:
    picking = fitted([song_of_kicks(0.3, right=60, wrong=40)], PeakPicking(), by_song=False)

    calibration = picking.calibration(Family.KICK)
    assert (calibration.clarity, calibration.density) == (0.0, 0.0)
    assert calibration.height != 0.0


def test_what_a_rival_says_is_learnt() -> None:
    """Hi-hats are heard with every tambourine, and with none of them is there one."""
    hat, tambourine = MEMBERS[Family.HIHAT][0], MEMBERS[Family.TAMBOURINE][0]
    frames = 100 + 50 * np.arange(80)
    onsets = np.zeros((frames[-1] + 100, len(INSTRUMENTS_HEARD)), np.float32)
    onsets[frames, hat] = 0.7
    onsets[frames[::2], tambourine] = 0.9
    nothing = np.zeros(len(onsets), np.float32)
    activations = Activations(onsets, np.full_like(onsets, 0.5), nothing, nothing.copy())
    song = HeardSong(activations, {hat: frames[1::2] / 100, tambourine: frames[::2] / 100}, {}, False)

    with_rivals, without = (fitted([song], PeakPicking(), by_rivals=counts) for counts in (True, False))

    chances = find_candidates(activations, Family.HIHAT, with_rivals).chances
    assert chances[::2].max() < 0.2
    assert chances[1::2].min() > 0.8
    assert np.ptp(find_candidates(activations, Family.HIHAT, without).chances) < 0.01


def take(notes: Sequence[Note]) -> Performance:
    return Performance(tuple(notes), 60.0, 4.0, 1.0, 120.0, is_fill=False, split="train")


def test_what_drummers_usually_play_is_the_mean_over_their_takes() -> None:
    rides, crashes = ([Note(float(i), name, 90) for i in range(60)] for name in ("ride", "crash"))
    takes = [take(rides[:30]), take(rides[:15] + crashes[:15]), take(crashes[:3])]

    shares = usual_shares(takes)

    ride, crash = (INSTRUMENTS_HEARD.index(name) for name in (InstrumentName.RIDE, InstrumentName.CRASH))
    assert (shares[ride], shares[crash]) == (0.75, 0.25)


def test_a_doubtful_cymbal_is_what_is_usual() -> None:
    crash, ride = MEMBERS[Family.CYMBAL][:2]
    frames = 100 + 50 * np.arange(80)
    onsets = np.zeros((frames[-1] + 100, len(INSTRUMENTS_HEARD)), np.float32)
    onsets[frames, crash] = onsets[frames, ride] = 0.6
    nothing = np.zeros(len(onsets), np.float32)
    activations = Activations(onsets, np.full_like(onsets, 0.5), nothing, nothing.copy())
    song = HeardSong(activations, {crash: frames[:45] / 100, ride: frames[45:] / 100}, {}, False)

    as_rendered = fitted([song], PeakPicking())
    as_usual = fitted([song], PeakPicking(), usual={crash: 0.1, ride: 0.9})

    assert {hit.instrument for hit in pick_hits(activations, as_rendered)} == {InstrumentName.CRASH}
    assert {hit.instrument for hit in pick_hits(activations, as_usual)} == {InstrumentName.RIDE}
