from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from notation.core.instruments import InstrumentName
from transcription.core.activations import Activations
from transcription.core.detection import load_detector
from transcription.core.features import HOP
from transcription.core.judgement import PeakPicking
from transcription.core.network import INSTRUMENTS_HEARD
from transcription.core.training.learning.pseudo_labels import Trust, label_folder, labelled
from transcription.core.training.learning.songs import PseudoSong

PLAIN = PeakPicking()  # a peak's height is its chance
TRUST = Trust(struck=0.8, silent=0.1)
FRAMES = 200


def heard(*peaks: tuple[int, InstrumentName, float]) -> PseudoSong:
    onsets = np.zeros((FRAMES, len(INSTRUMENTS_HEARD)), np.float32)
    for frame, instrument, height in peaks:
        column = INSTRUMENTS_HEARD.index(instrument)
        onsets[frame - 1 : frame + 2, column] = height * np.array((0.5, 1.0, 0.5))
    nothing = np.zeros(FRAMES, np.float32)
    activations = Activations(onsets, np.full_like(onsets, 0.75), nothing, nothing.copy())
    return labelled(np.zeros(FRAMES * HOP, np.float32), activations, TRUST, PLAIN)


def column(instrument: InstrumentName) -> int:
    return INSTRUMENTS_HEARD.index(instrument)


def test_a_sure_peak_becomes_a_stroke_with_its_velocity() -> None:
    song = heard((50, InstrumentName.SNARE, 0.95))

    snare = column(InstrumentName.SNARE)
    np.testing.assert_allclose(song.onsets[48:53, snare], [0, 0.5, 1, 0.5, 0])
    np.testing.assert_allclose(song.velocities[50, snare], 0.75)
    assert song.asked[:, snare].all()


def test_a_doubtful_peak_is_neither_stroke_nor_silence() -> None:
    song = heard((50, InstrumentName.SNARE, 0.5))

    snare = column(InstrumentName.SNARE)
    assert not song.onsets.any()
    np.testing.assert_array_equal(np.flatnonzero(song.asked[:, snare] == 0), [48, 49, 50, 51, 52])


def test_what_was_ruled_out_is_asked_for_as_silence() -> None:
    song = heard((50, InstrumentName.SNARE, 0.05))

    assert not song.onsets.any()
    assert song.asked.all()


def test_whether_a_sure_hi_hat_was_open_is_not_asked_where_it_is_unsure() -> None:
    song = heard((50, InstrumentName.HIHAT_CLOSED, 0.90), (50, InstrumentName.HIHAT_OPEN, 0.60))

    assert song.onsets[50, column(InstrumentName.HIHAT_CLOSED)] == 1
    assert song.asked[50, column(InstrumentName.HIHAT_CLOSED)] == 1
    assert song.asked[50, column(InstrumentName.HIHAT_OPEN)] == 0


def test_songs_that_are_left_out_are_not_labelled(tmp_path: Path) -> None:
    for name in ("kept", "mdn-drums"):
        soundfile.write(tmp_path / f"{name}.flac", np.zeros(44_100, np.float32), 44_100)

    label_folder(tmp_path, tmp_path / "out", load_detector(), leave_out=["mdn-*"])

    assert [path.name for path in (tmp_path / "out").iterdir()] == [f"{tmp_path.name}-kept.npz"]


def test_a_folder_of_which_all_is_left_out_is_refused(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "mdn.flac", np.zeros(44_100, np.float32), 44_100)

    with pytest.raises(FileNotFoundError, match="no sound files"):
        label_folder(tmp_path, tmp_path / "out", load_detector(), leave_out=["mdn*"])
