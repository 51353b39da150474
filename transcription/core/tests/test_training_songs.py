from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from transcription.core.features import HOP, RATE
from transcription.core.network import INSTRUMENTS_HEARD, Heard
from transcription.core.training.learning.dataset import Example, stacked
from transcription.core.training.learning.objective import losses
from transcription.core.training.learning.songs import (
    BadSong,
    PseudoSong,
    gather_songs,
    load_song,
    open_songs,
    save_song,
    song_example,
)

_HEARD = len(INSTRUMENTS_HEARD)


def clicking(seconds: int = 6, level: float = 0.5) -> PseudoSong:
    """A click and a kick's onset at every second; snares are not asked for."""
    sound = np.zeros(seconds * RATE, np.int16)
    onsets = np.zeros((seconds * 100, _HEARD), np.float16)
    for second in range(1, seconds):
        sound[second * RATE : second * RATE + 300] = int(level * 32_767)
        onsets[second * 100, 0] = 1
    asked = np.ones_like(onsets)
    asked[:, 1] = 0
    return PseudoSong(sound, onsets, asked, onsets * np.float16(0.5))


def test_a_song_is_read_as_it_was_saved(tmp_path: Path) -> None:
    song = clicking()
    save_song(song, tmp_path / "a.npz")

    read = load_song(tmp_path / "a.npz")

    for name in ("sound", "onsets", "asked", "velocities"):
        np.testing.assert_array_equal(getattr(read, name), getattr(song, name))


def test_a_songs_sound_may_lie_beside_it(tmp_path: Path) -> None:
    song = clicking()
    save_song(song, tmp_path / "a.npz", with_sound=False)
    soundfile.write(tmp_path / "a.flac", song.sound, RATE)

    assert np.max(np.abs(load_song(tmp_path / "a.npz").sound.astype(int) - song.sound)) <= 1


def test_gathered_songs_keep_their_sound_beside_their_targets(tmp_path: Path) -> None:
    first, second = clicking(6), clicking(3, level=0.25)
    save_song(first, tmp_path / "a.npz")
    save_song(second, tmp_path / "b.npz")

    opened = open_songs(gather_songs(tmp_path, tmp_path / "cache"))

    assert len(opened) == 2
    for song, original in zip(opened, (first, second), strict=True):
        np.testing.assert_array_equal(song.sound, original.sound)
        np.testing.assert_array_equal(song.onsets, original.onsets)


@pytest.mark.parametrize("seed", range(5))
def test_an_excerpt_has_its_clicks_where_its_targets_are(seed: int) -> None:
    row = song_example(clicking(), np.random.default_rng(seed), seconds=3.0)

    assert row.picture.shape == (300, 168)
    frames = np.flatnonzero(row.onsets[:, 0])
    rise = np.diff(row.picture.astype(np.float32).mean(axis=1))
    assert len(frames) >= 2
    for frame in frames[(frames > 3) & (frames < 297)]:
        # The window is wide: the picture rises within two frames of the onset.
        assert rise[max(0, frame - 3) : frame + 3].max() > 0.8 * rise.max()


def test_a_song_shorter_than_an_excerpt_is_not_asked_for_past_its_end() -> None:
    row = song_example(clicking(2), np.random.default_rng(0), seconds=4.0)

    assert row.picture.shape == (400, 168)
    assert row.asked[:200, 0].all()
    assert not row.asked[200:].any()


def test_the_pulse_of_a_song_costs_nothing() -> None:
    batch = stacked([song_example(clicking(), np.random.default_rng(0), seconds=2.0)])
    heard = Heard(*(torch.randn(1, 200, width) for width in (_HEARD, _HEARD, 2)))

    parts = losses(heard, batch)

    assert float(parts["pulse"]) == 0
    assert float(parts["onset"]) > 0


def test_a_folder_without_songs_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadSong, match="holds no songs"):
        gather_songs(tmp_path, tmp_path / "cache")


def test_targets_that_do_not_fit_their_sound_are_refused(tmp_path: Path) -> None:
    song = clicking()
    save_song(
        PseudoSong(song.sound[: 2 * RATE], song.onsets, song.asked, song.velocities), tmp_path / "a.npz"
    )

    with pytest.raises(BadSong, match=r"2\.0 s of sound, 6\.0 s of targets"):
        load_song(tmp_path / "a.npz")


def test_a_song_without_sound_is_refused(tmp_path: Path) -> None:
    save_song(clicking(), tmp_path / "a.npz", with_sound=False)

    with pytest.raises(BadSong, match="holds no sound"):
        load_song(tmp_path / "a.npz")


def test_examples_of_songs_stack_with_any_other() -> None:
    row = song_example(clicking(), np.random.default_rng(0), seconds=2.0)
    other = Example(*(np.zeros_like(column) for column in row))

    assert stacked([row, other]).pulse_asked.shape == (2, 200, 2)
    assert row.picture.dtype == np.float16
    assert len(clicking().sound) == 600 * HOP


def test_music_is_put_behind_about_half_of_the_excerpts() -> None:
    asked_for: list[int] = []

    def backing(rng: np.random.Generator, length: int) -> np.ndarray:
        asked_for.append(length)
        return rng.normal(0, 0.1, length).astype(np.float32)

    for seed in range(40):
        song_example(clicking(), np.random.default_rng(seed), seconds=2.0, backing=backing)

    assert 10 <= len(asked_for) <= 30
    assert set(asked_for) == {2 * RATE}


def test_what_is_put_behind_an_excerpt_changes_no_target() -> None:
    def backing(rng: np.random.Generator, length: int) -> np.ndarray:
        return rng.normal(0, 0.1, length).astype(np.float32)

    for seed in range(10):
        bare, backed = (
            song_example(clicking(), np.random.default_rng(seed), 2.0, behind) for behind in (None, backing)
        )

        np.testing.assert_array_equal(bare.onsets, backed.onsets)
        np.testing.assert_array_equal(bare.velocities, backed.velocities)
