"""The stems are Demucs' own, whatever the network, the options and the song."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import demucs.apply
import numpy as np
import pytest
import soundfile
import soxr
import torch
from demucs.api import Separator as DemucsSeparator
from demucs.demucs import Demucs
from demucs.hdemucs import HDemucs
from demucs.htdemucs import HTDemucs
from numpy.typing import NDArray
from torch import nn

from media.core.errors import UndecodableAudio, UnsupportedAudio
from transcription.core.errors import InvalidOption
from transcription.core.separation.errors import SeparatorDamaged
from transcription.core.separation.separate import Separation, separate
from transcription.core.separation.separation_options import SeparationOptions
from transcription.core.separation.separator import load_separator
from transcription.core.tests.tiny_separators import (
    RATE,
    SIX_SOURCES,
    SOURCES,
    noise,
    tiny_package,
    write_bag,
    write_package,
    write_song,
)

TOLERANCE = 1e-5  # of full scale: float32's rounding and that of the 24-bit files
SEED = 5


@pytest.fixture(autouse=True)
def _one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    torch.set_num_threads(1)
    monkeypatch.setattr(demucs.apply, "random", random)  # restored after by_demucs


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    folder = tmp_path / "weights"
    folder.mkdir()
    return folder


def run(weights: Path, song: Path, **chosen: Any) -> Separation:
    options = SeparationOptions(bits=24, **{"model": "tiny", **chosen})
    out = song.parent / "stems"
    out.mkdir(exist_ok=True)
    return separate(
        song, out, load_separator(weights, options), options, rng=random.Random(SEED), device="cpu"
    )


def stem(separation: Separation, name: str) -> NDArray[np.float32]:
    samples, _ = soundfile.read(separation.path_of(name), dtype="float32", always_2d=True)
    return np.asarray(samples)


def by_demucs(weights: Path, samples: NDArray[np.float32], **chosen: Any) -> dict[str, NDArray[np.float32]]:
    """Return what Demucs itself says, each stem of shape (samples, 2)."""
    # Of its own, for a transformer draws from the shared one too, and what it draws changes nothing.
    demucs.apply.random = random.Random(SEED)
    theirs = DemucsSeparator(**{"model": "tiny", "repo": weights, "shifts": 0, "device": "cpu", **chosen})
    _, stems = theirs.separate_tensor(torch.from_numpy(np.ascontiguousarray(samples.T)))
    return {name: np.clip(values.numpy().T, -1, 1) for name, values in stems.items()}


def assert_equal(ours: Separation, theirs: dict[str, NDArray[np.float32]]) -> None:
    for name, expected in theirs.items():
        assert float(np.abs(expected).max()) > 0.01
        assert np.abs(stem(ours, name) - expected).max() < TOLERANCE, name


@pytest.mark.parametrize("kind", [HTDemucs, HDemucs, Demucs])
def test_the_stems_of_every_kind_of_network_are_demucs_own(
    weights: Path, tmp_path: Path, kind: type[nn.Module]
) -> None:
    write_package(weights, "tiny", tiny_package(kind))
    samples = noise(4.3)

    separation = run(weights, write_song(tmp_path / "song.flac", samples))

    assert [each.name for each in separation.stems] == [*SOURCES, "drumless"]
    assert_equal(separation, by_demucs(weights, samples))
    assert separation.device == "cpu"
    assert separation.label == f"tiny {next(weights.iterdir()).stem[-8:]}"


@pytest.mark.parametrize(
    ("kind", "chosen"),
    [
        (HTDemucs, {"overlap": 0.0}),
        (HDemucs, {"overlap": 0.6}),
        (HTDemucs, {"shifts": 1}),
        (HDemucs, {"shifts": 2}),
        (HTDemucs, {"segment": 1.5}),
        (HDemucs, {"segment": 1.5}),
        pytest.param(HTDemucs, {"segment": 1.0, "shifts": 2, "overlap": 0.5}, marks=pytest.mark.slow),
        pytest.param(HDemucs, {"segment": 1.0, "shifts": 3, "overlap": 0.8}, marks=pytest.mark.slow),
        pytest.param(Demucs, {"segment": 1.3, "shifts": 2, "overlap": 0.7}, marks=pytest.mark.slow),
    ],
)
def test_options_mean_what_they_mean_to_demucs(
    weights: Path, tmp_path: Path, kind: type[nn.Module], chosen: dict[str, Any]
) -> None:
    write_package(weights, "tiny", tiny_package(kind))
    samples = noise(2.6)

    separation = run(
        weights,
        write_song(tmp_path / "song.flac", samples),
        **{"segment_s" if key == "segment" else key: value for key, value in chosen.items()},
    )

    assert_equal(separation, by_demucs(weights, samples, **chosen))


@pytest.mark.parametrize("rows", [None, np.eye(4), [[2, 1, 0, 1], [1, 0, 1, 3], [1, 1, 1, 0], [0, 0, 1, 1]]])
@pytest.mark.slow
def test_the_networks_of_a_bag_answer_by_their_weights(weights: Path, tmp_path: Path, rows: Any) -> None:
    kinds = [HTDemucs, HDemucs, HTDemucs, HDemucs]
    for seed, kind in enumerate(kinds):
        write_package(weights, f"part{seed}", tiny_package(kind, seed=seed))
    write_bag(weights, "bag", [f"part{seed}" for seed in range(4)], rows)
    samples = noise(2.6)

    separation = run(weights, write_song(tmp_path / "song.flac", samples), model="bag", shifts=1)

    assert_equal(separation, by_demucs(weights, samples, model="bag", shifts=1))


def test_for_the_drums_alone_only_the_networks_are_loaded_that_have_a_say_in_them(
    weights: Path, tmp_path: Path
) -> None:
    for seed in range(4):
        write_package(weights, f"part{seed}", tiny_package(seed=seed))
    write_bag(weights, "bag", [f"part{seed}" for seed in range(4)], np.eye(4))
    samples = noise(2.6)
    song = write_song(tmp_path / "song.flac", samples)
    options = SeparationOptions(model="bag", two_stems=True, shifts=2)

    separation = run(weights, song, model="bag", two_stems=True, shifts=2)

    theirs = by_demucs(weights, samples, model="bag", shifts=2)
    assert len(load_separator(weights, options).members) == 1
    assert_equal(separation, {"drums": theirs["drums"]})
    assert sorted(path.name for path in separation.path_of("drums").parent.iterdir()) == [
        "drumless.flac",
        "drums.flac",
    ]


@pytest.mark.parametrize("kind", [HTDemucs, HDemucs, Demucs])
def test_the_drums_alone_are_the_drums_of_all_stems(
    weights: Path, tmp_path: Path, kind: type[nn.Module]
) -> None:
    write_package(weights, "tiny", tiny_package(kind))
    samples = noise(3.0)

    separation = run(weights, write_song(tmp_path / "song.flac", samples), two_stems=True)

    assert_equal(separation, {"drums": by_demucs(weights, samples)["drums"]})


def test_a_network_of_six_sources_gives_six_stems(weights: Path, tmp_path: Path) -> None:
    write_package(weights, "tiny", tiny_package(sources=SIX_SOURCES))
    samples = noise(3.0)

    separation = run(weights, write_song(tmp_path / "song.flac", samples))

    assert [each.name for each in separation.stems] == [*SIX_SOURCES, "drumless"]
    assert_equal(separation, by_demucs(weights, samples))


def test_drums_and_drumless_add_up_to_the_song(weights: Path, tmp_path: Path) -> None:
    write_package(weights, "tiny", tiny_package())
    samples = noise(3.0)

    separation = run(weights, write_song(tmp_path / "song.flac", samples))

    assert np.abs(stem(separation, "drums") + stem(separation, "drumless") - samples).max() < 1e-6


def test_a_mono_song_is_heard_in_stereo_and_gives_mono_stems(weights: Path, tmp_path: Path) -> None:
    write_package(weights, "tiny", tiny_package())
    samples = noise(3.0, channels=1)

    separation = run(weights, write_song(tmp_path / "song.flac", samples))

    theirs = by_demucs(weights, np.repeat(samples, 2, axis=1))
    assert stem(separation, "drums").shape == (24_000, 1)
    assert_equal(separation, {name: both.mean(axis=1, keepdims=True) for name, both in theirs.items()})


def test_a_song_at_another_rate_gets_stems_at_its_own_rate_and_of_its_own_length(
    weights: Path, tmp_path: Path
) -> None:
    write_package(weights, "tiny", tiny_package())
    samples = noise(11.0, rate=9_600)[:-7]

    separation = run(weights, write_song(tmp_path / "song.flac", samples, rate=9_600))

    theirs = by_demucs(weights, soxr.resample(samples, 9_600, RATE, "HQ"))
    expected = {name: soxr.resample(values, RATE, 9_600, "HQ") for name, values in theirs.items()}
    assert soundfile.info(separation.path_of("bass")).samplerate == 9_600
    for name, values in expected.items():
        ours, length = stem(separation, name), min(len(values), len(samples))
        assert len(ours) == len(samples)
        assert np.abs(ours[:length] - values[:length]).max() < TOLERANCE


@pytest.mark.parametrize("samples", [1, 100, 16_000, 12_001])
@pytest.mark.parametrize("kind", [HTDemucs, HDemucs])
def test_songs_around_and_under_a_segment_keep_their_length(
    weights: Path, tmp_path: Path, samples: int, kind: type[nn.Module]
) -> None:
    write_package(weights, "tiny", tiny_package(kind))
    sound = noise(3.0)[:samples]

    separation = run(weights, write_song(tmp_path / "song.flac", sound))

    assert all(len(stem(separation, each.name)) == samples for each in separation.stems)
    assert all(np.isfinite(each.peak) for each in separation.stems)
    if samples > 1:  # the deviation of one sample is not a number to Demucs
        theirs = by_demucs(weights, sound)
        assert all(np.abs(stem(separation, name) - theirs[name]).max() < TOLERANCE for name in SOURCES)


def test_silence_stays_silent(weights: Path, tmp_path: Path) -> None:
    write_package(weights, "tiny", tiny_package())

    separation = run(weights, write_song(tmp_path / "song.flac", np.zeros((20_000, 2), np.float32)))

    assert all(each.peak < 1e-6 for each in separation.stems)


def test_what_is_beyond_full_scale_is_clipped_counted_and_said(weights: Path, tmp_path: Path) -> None:
    package = tiny_package()
    for name in ("decoder.2.conv_tr.bias", "tdecoder.2.conv_tr.bias"):
        package["state"][name] = package["state"][name] + 4.0
    write_package(weights, "tiny", package)

    separation = run(weights, write_song(tmp_path / "song.flac", noise(2.5) * 3))

    loud = [each for each in separation.stems if each.clipped]
    assert loud
    assert all(each.peak > 1.0 for each in loud)
    assert all(np.abs(stem(separation, each.name)).max() <= 1.0 for each in loud)
    assert [finding.code for finding in separation.warnings] == ["stems_clipped"]


def test_the_same_seed_gives_the_same_files(weights: Path, tmp_path: Path) -> None:
    write_package(weights, "tiny", tiny_package())
    song = write_song(tmp_path / "song.flac", noise(3.0))

    first = run(weights, song, shifts=2).path_of("drums").read_bytes()

    assert run(weights, song, shifts=2).path_of("drums").read_bytes() == first


def test_pytorch_is_as_it_was_afterwards(weights: Path, tmp_path: Path) -> None:
    write_package(weights, "tiny", tiny_package())
    before = torch.backends.mha.get_fastpath_enabled()

    run(weights, write_song(tmp_path / "song.flac", noise(2.5)))

    assert torch.backends.mha.get_fastpath_enabled() == before
    assert not torch.is_inference_mode_enabled()


def test_a_song_without_a_sample_is_refused(weights: Path, tmp_path: Path) -> None:
    write_package(weights, "tiny", tiny_package())
    song = tmp_path / "song.wav"
    soundfile.write(song, np.zeros((0, 2), np.float32), RATE)

    with pytest.raises(UndecodableAudio):
        run(weights, song)

    assert list((tmp_path / "stems").iterdir()) == []


def test_what_is_no_flac_file_is_refused(weights: Path, tmp_path: Path) -> None:
    write_package(weights, "tiny", tiny_package())
    song = tmp_path / "song.flac"
    song.write_bytes(b"not sound at all")

    with pytest.raises(UndecodableAudio):
        run(weights, song)


def test_more_than_two_channels_are_refused(weights: Path, tmp_path: Path) -> None:
    write_package(weights, "tiny", tiny_package())

    with pytest.raises(UnsupportedAudio):
        run(weights, write_song(tmp_path / "song.flac", noise(1.0, channels=4)))


def test_a_network_that_computes_no_numbers_is_refused_and_leaves_no_file(
    weights: Path, tmp_path: Path
) -> None:
    package = tiny_package()
    package["state"]["decoder.2.conv_tr.bias"][0] = float("nan")
    write_package(weights, "tiny", package)

    with pytest.raises(SeparatorDamaged, match="no sound"):
        run(weights, write_song(tmp_path / "song.flac", noise(2.5)))

    assert list((tmp_path / "stems").iterdir()) == []


def test_a_segment_longer_than_the_networks_own_is_refused(weights: Path, tmp_path: Path) -> None:
    write_package(weights, "tiny", tiny_package())

    with pytest.raises(InvalidOption, match="at most 2 seconds"):
        run(weights, write_song(tmp_path / "song.flac", noise(1.0)), segment_s=2.5)


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("model", "../htdemucs"),
        ("model", ""),
        ("shifts", 11),
        ("shifts", -1),
        ("overlap", 0.96),
        ("overlap", -0.1),
        ("overlap", float("nan")),
        ("segment_s", 0.5),
        ("segment_s", float("inf")),
        ("bits", 32),
    ],
)
def test_an_option_beyond_its_limits_is_refused_by_name(option: str, value: Any) -> None:
    with pytest.raises(InvalidOption, match=option):
        SeparationOptions(**{option: value})
