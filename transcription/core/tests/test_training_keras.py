from __future__ import annotations

import csv
import time
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from transcription.core.keras_cnn.judgement import Answers
from transcription.core.keras_cnn.labels import LABELS, LEARNT_AS, WRITTEN_AS, Label
from transcription.core.keras_cnn.onsets import Onsets
from transcription.core.network import INSTRUMENTS_HEARD
from transcription.core.tests.evaluation_songs import reference, stroke
from transcription.core.tests.tiny_material import make_collections
from transcription.core.training.drumming.compose import Composition
from transcription.core.training.errors import CannotTrain
from transcription.core.training.keras_cnn.config import KerasConfig, parsed_config, read_config
from transcription.core.training.keras_cnn.judge import AnsweredSong, counts, fitted
from transcription.core.training.keras_cnn.train import rate_at
from transcription.core.training.keras_cnn.windows import (
    Windows,
    answers,
    as_power,
    load_windows,
    render_windows,
    windows_of,
)
from transcription.core.training.learning.config import BadConfig
from transcription.core.training.learning.dataset import Source, prepare
from transcription.core.training.render import Clip, Drums

CONFIG = Path(__file__).parent.parent / "training" / "keras_cnn" / "keras-cnn.toml"


def answers_of(values: NDArray[np.float32]) -> Answers:
    """Answers at onsets that are all equally loud."""
    return Answers(values, np.zeros_like(values), np.zeros_like(values))


def clip(*strokes: tuple[float, str], buried: tuple[int, ...] = (), seconds: float = 2.0) -> Clip:
    """A mix of faint noise with a burst at each stroke."""
    rng = np.random.default_rng(1)
    sound = rng.normal(0, 1e-4, round(seconds * 44_100)).astype(np.float32)
    for onset_s, _ in strokes:
        begin = round(onset_s * 44_100)
        sound[begin : begin + 2_000] += rng.normal(0, 0.3, 2_000).astype(np.float32)
    places = np.array([[name.value for name in INSTRUMENTS_HEARD].index(name) for _, name in strokes])
    none = np.zeros(0)
    drums = Drums(
        sound=sound,
        onsets_s=np.array([onset_s for onset_s, _ in strokes]),
        heard_as=places.astype(np.int64),
        velocities=np.ones(len(strokes), np.float32),
        peaks=np.ones(len(strokes), np.float32),
        beats_s=none,
        downbeats_s=none,
        composition=Composition((), none, none, seconds),
    )
    return Clip(sound, drums, np.isin(np.arange(len(strokes)), buried))


def test_every_instrument_of_the_kit_is_learnt_as_a_label_and_percussion_as_none() -> None:
    assert {WRITTEN_AS[label] for label in LABELS} <= set(LEARNT_AS)
    assert {name.value for name in INSTRUMENTS_HEARD if name not in LEARNT_AS} == {
        "cowbell", "tambourine", "clap",
    }  # fmt: skip


def test_a_window_has_the_labels_of_all_that_is_struck_at_its_onset() -> None:
    mix = clip((0.5, "kick"), (0.51, "hihat_open"), (0.9, "snare"), (1.4, "tambourine"))

    labels, asked = answers(mix, np.array([0.5, 0.7, 0.9, 1.4]))

    struck = [[LABELS[column] for column in np.flatnonzero(row)] for row in labels]
    assert struck == [[Label.HIHAT, Label.KICK], [], [Label.SNARE], []]
    assert asked.min() == 1


def test_a_stroke_a_little_off_is_neither_asked_for_nor_wrong() -> None:
    mix = clip((0.5, "kick"))

    labels, asked = answers(mix, np.array([0.46, 0.475, 0.54, 0.56]))

    kick = LABELS.index(Label.KICK)
    assert labels[:, kick].tolist() == [0, 1, 0, 0]
    assert asked[:, kick].tolist() == [0, 1, 0, 1]
    assert np.delete(asked, kick, axis=1).min() == 1


def test_a_stroke_that_nobody_could_hear_is_not_asked_for() -> None:
    mix = clip((0.5, "snare"), (0.5, "kick"), buried=(0,))

    labels, asked = answers(mix, np.array([0.5]))

    assert labels[0].tolist() == [0, 0, 1, 0, 0, 0]
    assert asked[0].tolist() == [0, 1, 1, 1, 1, 1]


def test_windows_are_cut_at_strokes_and_where_there_is_none() -> None:
    mix = clip((0.5, "kick"), (1.0, "snare"), (1.5, "crash"))

    windows = windows_of(mix, np.random.default_rng(2))

    assert {tuple(row) for row in windows.labels.tolist()} >= {
        (0, 0, 1, 0, 0, 0), (1, 0, 0, 0, 0, 0), (0, 0, 0, 0, 0, 1), (0, 0, 0, 0, 0, 0),
    }  # fmt: skip
    assert windows.log_power.shape[1:] == (128, 18)
    assert as_power(windows.log_power).min() >= 0


@pytest.mark.slow
def test_shards_are_the_same_whoever_renders_them_and_none_is_rendered_twice(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    prepare(make_collections(tmp_path / "material"), cache)
    source, told = Source(cache, "train", 1.0), list[str]()

    render_windows(source, tmp_path / "one", 8, 7, 2, told.append, a_shard=4)
    render_windows(source, tmp_path / "one", 8, 7, 2, told.append, a_shard=4)
    render_windows(source, tmp_path / "other", 8, 7, 1, a_shard=4)

    one, other = load_windows(tmp_path / "one"), load_windows(tmp_path / "other")
    assert len(told) == 2
    assert len(one) == len(other) > 20
    np.testing.assert_array_equal(one.log_power, other.log_power)
    np.testing.assert_array_equal(one.labels, other.labels)
    assert 0.01 < one.labels.mean() < 0.9


def test_no_windows_is_said_plainly(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="render them first"):
        load_windows(tmp_path)


def test_the_configuration_that_ships_is_readable() -> None:
    config = read_config(CONFIG)

    assert config.steps(64_000) == round(1_000 * config.epochs)
    assert config.batch == 64


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ({"epoch": 2}, "epoch is not known"),
        ({"batch": 1.5}, "batch is a int"),
        ({"batch": 0}, "counts"),
        ({"peak_rate": -1}, "above 0"),
        ({"seed": True}, "seed is a int"),
    ],
)
def test_a_wrong_configuration_is_refused(document: dict[str, object], said: str) -> None:
    with pytest.raises(BadConfig, match=said):
        parsed_config(document)


def test_the_rate_rises_to_its_peak_and_falls_to_nothing() -> None:
    config = KerasConfig(warm_up=10, peak_rate=1.0)

    course = [rate_at(step, 100, config) for step in range(100)]

    assert course[0] == pytest.approx(0.1)
    assert max(course) == pytest.approx(1.0)
    assert course.index(max(course)) in {9, 10}
    assert course[-1] < 0.01


@pytest.mark.slow
def test_a_run_that_was_interrupted_goes_on_and_learns(tmp_path: Path) -> None:
    from transcription.core.training.keras_cnn.train import NETWORK, Sets, train

    rng = np.random.default_rng(3)
    labels = (rng.random((256, 6)) < 0.3).astype(np.uint8)
    power = rng.normal(-2, 0.1, (256, 128, 18))
    for column in range(6):
        power[labels[:, column] == 1, 20 * column : 20 * column + 8] += 3
    windows = Windows(power.astype(np.float16), labels, np.ones_like(labels))
    sets, config = Sets(windows, windows), KerasConfig(epochs=5, batch=32, warm_up=5, threads=1, log_every=4)

    begun = train(sets, tmp_path, config, deadline=time.monotonic())
    done = train(sets, tmp_path, config)

    rows = list(csv.DictReader((tmp_path / "log.csv").open()))
    assert begun == 0
    assert done == config.steps(256) == 40
    assert float(rows[-1]["valid_loss"]) < 0.8 * float(rows[0]["loss"])
    assert (tmp_path / NETWORK).is_file()
    with pytest.raises(CannotTrain, match="peak_rate"):
        train(sets, tmp_path, KerasConfig(epochs=5, batch=32, warm_up=5, peak_rate=1.0))


def test_judgement_finds_the_threshold_that_parts_strokes_from_others() -> None:
    rng = np.random.default_rng(4)
    songs = []
    for _ in range(8):
        times_s = np.arange(1, 101) * 0.2
        values = rng.uniform(0.02, 0.10, (100, 6)).astype(np.float32)
        struck = rng.random((100, 6)) < 0.3
        values[struck] = rng.uniform(0.15, 0.30, int(struck.sum()))
        strokes = [
            stroke(float(times_s[row]), WRITTEN_AS[LABELS[column]].value)
            for row, column in zip(*struck.nonzero(), strict=True)
        ]
        songs.append(AnsweredSong.of("drums", Onsets.at(times_s), answers_of(values), reference(*strokes)))

    judgement = fitted(songs)

    assert all(found.f_measure > 0.97 for found in counts(songs, judgement).values())
    assert judgement.is_levelled
    assert not judgement.names_one_always
