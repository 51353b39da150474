from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from transcription.core.activations import Activations, BadActivations
from transcription.core.network import INSTRUMENTS_HEARD


def activations(frames: int = 50, **changes: object) -> Activations:
    values = {
        "onsets": np.full((frames, len(INSTRUMENTS_HEARD)), 0.25, np.float32),
        "velocities": np.full((frames, len(INSTRUMENTS_HEARD)), 0.5, np.float32),
        "beats": np.zeros(frames, np.float32),
        "downbeats": np.ones(frames, np.float32),
    }
    return Activations(**(values | changes))  # type: ignore[arg-type]


def test_activations_come_back_from_disk_as_they_were(tmp_path: Path) -> None:
    written = activations()

    written.save(tmp_path / "activations.npz")
    read = Activations.load(tmp_path / "activations.npz")

    np.testing.assert_array_equal(read.onsets, written.onsets)
    np.testing.assert_array_equal(read.velocities, written.velocities)
    np.testing.assert_array_equal(read.beats, written.beats)
    np.testing.assert_array_equal(read.downbeats, written.downbeats)
    assert read.fps == 100


def test_their_duration_is_that_of_their_frames() -> None:
    assert activations(frames=250).duration_s == pytest.approx(2.5)


@pytest.mark.parametrize("value", [np.nan, -0.01, 1.01, np.inf])
def test_a_value_that_is_no_activation_is_refused(value: float) -> None:
    beats = np.zeros(50, np.float32)
    beats[7] = value

    with pytest.raises(BadActivations, match="beats"):
        activations(beats=beats)


def test_arrays_of_different_lengths_are_refused() -> None:
    with pytest.raises(BadActivations, match="velocities"):
        activations(velocities=np.zeros((49, len(INSTRUMENTS_HEARD)), np.float32))


def test_double_precision_is_refused() -> None:
    with pytest.raises(BadActivations, match="float64"):
        activations(downbeats=np.zeros(50))


def test_a_song_of_no_frames_is_allowed() -> None:
    assert activations(frames=0).duration_s == 0


def test_a_file_that_is_no_archive_is_refused(tmp_path: Path) -> None:
    (tmp_path / "activations.npz").write_bytes(b"not an archive")

    with pytest.raises(BadActivations, match=r"activations\.npz"):
        Activations.load(tmp_path / "activations.npz")


def test_an_archive_of_something_else_is_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "activations.npz", picture=np.zeros(3))

    with pytest.raises(BadActivations):
        Activations.load(tmp_path / "activations.npz")
