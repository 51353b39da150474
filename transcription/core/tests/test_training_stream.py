from __future__ import annotations

from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import torch

from transcription.core.features import RATE
from transcription.core.network import INSTRUMENTS_HEARD
from transcription.core.tests.tiny_material import make_collections
from transcription.core.training.learning.dataset import Batch, Source, prepare
from transcription.core.training.learning.songs import PseudoSong, gather_songs, save_song
from transcription.core.training.learning.stream import BatchMaker, BatchRecipe, RenderingFailed, Stream
from transcription.core.training.render import Clip, Drums, Renderer


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("stream")
    prepare(make_collections(folder / "shared"), folder / "cache")
    return folder / "cache"


def recipe(cache: Path, songs: Path | None = None, share: float = 0.0) -> BatchRecipe:
    return BatchRecipe(Source(cache, seconds=1.0), batch=3, seed=4, songs=songs, song_share=share)


def made(recipe: BatchRecipe, number: int) -> list[np.ndarray]:
    return [np.stack(column) for column in zip(*BatchMaker(recipe).examples(number), strict=True)]


def assert_alike(batch: Batch, columns: list[np.ndarray]) -> None:
    for tensor, column in zip(batch, columns, strict=True):
        np.testing.assert_array_equal(tensor.numpy(), column)


def test_a_batch_is_the_same_whatever_was_rendered_before_it(cache: Path) -> None:
    maker = BatchMaker(recipe(cache))
    list(maker.examples(0))

    after_another = [np.stack(column) for column in zip(*maker.examples(1), strict=True)]

    for one, other in zip(after_another, made(recipe(cache), 1), strict=True):
        np.testing.assert_array_equal(one, other)


def test_batches_differ_from_each_other(cache: Path) -> None:
    assert not np.array_equal(made(recipe(cache), 0)[0], made(recipe(cache), 1)[0])


def test_each_stretch_of_drums_is_played_once_and_mixed_twice(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    played: list[Drums] = []
    mixed: list[Drums] = []
    play, mix = Renderer.drums, Renderer.mix

    def counted_play(self: Renderer, rng: np.random.Generator) -> Drums:
        played.append(play(self, rng))
        return played[-1]

    def counted_mix(self: Renderer, rng: np.random.Generator, drums: Drums) -> Clip:
        mixed.append(drums)
        return mix(self, rng, drums)

    monkeypatch.setattr(Renderer, "drums", counted_play)
    monkeypatch.setattr(Renderer, "mix", counted_mix)
    picture = made(recipe(cache), 0)[0]

    assert (len(played), len(mixed)) == (2, 3)
    assert not np.array_equal(picture[0], picture[1])


@pytest.mark.slow
def test_two_workers_hand_batches_over_in_order_from_any_first_one(cache: Path) -> None:
    with Stream(recipe(cache), first=5, workers=2) as stream:
        for number, batch in zip(range(5, 9), stream, strict=False):
            assert_alike(batch, made(recipe(cache), number))


@pytest.mark.slow
def test_a_renderer_that_fails_ends_the_stream_with_an_error(tmp_path: Path) -> None:
    with Stream(recipe(tmp_path / "nothing")) as stream, pytest.raises(RenderingFailed, match="status 1"):
        next(iter(stream))


@pytest.mark.slow
def test_a_stream_told_to_stop_hands_over_nothing_more(cache: Path) -> None:
    told: list[bool] = []
    with Stream(recipe(cache), stopped=lambda: bool(told)) as stream:
        batches = iter(stream)
        next(batches)
        told.append(True)

        assert list(islice(batches, 3)) == []


def test_a_share_of_a_batch_comes_from_real_songs(cache: Path, tmp_path: Path) -> None:
    frames = 200
    onsets = np.zeros((frames, len(INSTRUMENTS_HEARD)), np.float16)
    onsets[:, 5] = 1  # a pedal hi-hat in every frame: nothing else is like it
    song = PseudoSong(np.ones(frames * RATE // 100, np.int16), onsets, np.ones_like(onsets), onsets)
    save_song(song, tmp_path / "a.npz")
    mixed = recipe(cache, gather_songs(tmp_path, tmp_path / "cache"), share=0.34)

    onsets_of_batch, pulse_asked = made(mixed, 0)[1], made(mixed, 0)[5]

    assert [bool(row[:, 5].all()) for row in onsets_of_batch] == [False, False, True]
    assert [bool(row.any()) for row in pulse_asked] == [True, True, False]


def test_rendered_batches_cross_to_the_learner_in_half_precision(cache: Path) -> None:
    assert {column.dtype for column in made(recipe(cache), 0)} == {np.dtype(np.float16)}
    assert torch.from_numpy(made(recipe(cache), 0)[0]).dtype == torch.float16
