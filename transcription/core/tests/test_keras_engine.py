"""TensorFlow takes seconds to import: everything that needs it is in this module."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from media.core.audio import Audio
from notation.core.instruments import InstrumentName
from transcription.core.keras_cnn.engine import KerasCnn, load_keras_cnn
from transcription.core.keras_cnn.errors import NotANetwork
from transcription.core.keras_cnn.mel_windows import CLIP_SAMPLES, RATE, mel_windows
from transcription.core.keras_cnn.onsets import Onsets
from transcription.core.nets import Nets
from transcription.core.nets_config import NetsConfig
from transcription.core.tests.keras_files import annotators_layers, dense, forward, write_foreign
from transcription.core.weights_store.store import WeightStore

pytestmark = pytest.mark.slow

SHIPPED = Path(__file__).parent.parent / "weights" / "keras-cnn.h5"


@pytest.fixture(scope="module")
def shipped() -> KerasCnn:
    return load_keras_cnn(SHIPPED)


@pytest.fixture(scope="module")
def foreign(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, KerasCnn]:
    path = write_foreign(tmp_path_factory.mktemp("foreign") / "network.h5")
    return path, load_keras_cnn(path)


def some_windows() -> np.ndarray[Any, np.dtype[np.float32]]:
    rng = np.random.default_rng(5)
    decay = np.exp(-np.arange(CLIP_SAMPLES) / 2_000)
    loudness = 10.0 ** rng.uniform(-3, -0.5, (24, 1))
    return mel_windows((rng.normal(0, 1, (24, CLIP_SAMPLES)) * loudness * decay).astype(np.float32))


def a_bar() -> Audio:
    """Four deep thuds, half a second apart, the second half as loud."""
    time_s = np.arange(RATE // 4) / RATE
    thud = np.sin(2 * np.pi * 60 * time_s) * np.exp(-18 * time_s)
    sound = np.random.default_rng(6).normal(0, 1e-4, 3 * RATE)
    for beat, loudness in enumerate((0.6, 0.3, 0.6, 0.6)):
        begin = (beat + 1) * RATE // 2
        sound[begin : begin + len(thud)] += loudness * thud
    return Audio(sound.astype(np.float32)[None], RATE)


def test_the_shipped_network_answers_as_computed_by_hand(shipped: KerasCnn) -> None:
    windows = some_windows()

    np.testing.assert_allclose(shipped.answer(windows), forward(SHIPPED, windows), atol=1e-5)


def test_a_network_that_keras_2_wrote_answers_as_computed_by_hand(foreign: tuple[Path, KerasCnn]) -> None:
    path, engine = foreign
    windows = some_windows()

    answers = engine.answer(windows)

    np.testing.assert_allclose(answers, forward(path, windows), atol=1e-5)
    assert np.ptp(answers) > 0.1


def test_a_network_that_this_keras_wrote_answers_as_computed_by_hand(tmp_path: Path) -> None:
    import keras

    from transcription.core.training.keras_cnn.network import build_network

    path = tmp_path / "network.h5"
    build_network(keras, 3).save(path, include_optimizer=False)
    windows = some_windows()

    answers = load_keras_cnn(path).answer(windows)

    np.testing.assert_allclose(answers, forward(path, windows), atol=1e-5)


def test_thuds_are_heard_as_kicks_where_they_are(shipped: KerasCnn) -> None:
    told: list[float] = []

    heard = shipped.hear(a_bar(), told.append)

    kicks = [hit for hit in heard.hits if hit.instrument is InstrumentName.KICK]
    np.testing.assert_allclose([hit.onset_s for hit in kicks], [0.5, 1.0, 1.5, 2.0], atol=0.02)
    assert [hit.id for hit in heard.hits] == [f"h{n}" for n in range(1, len(heard.hits) + 1)]
    assert kicks[1].velocity < kicks[0].velocity <= 127
    assert all(0 <= hit.confidence <= 1 for hit in heard.hits)
    assert told == sorted(told)
    assert told[-1] == 1


def test_onsets_that_are_given_are_the_only_ones_heard(shipped: KerasCnn) -> None:
    heard = shipped.classify_onsets(a_bar(), Onsets.at([1.0, 2.0]))

    assert {hit.onset_s for hit in heard.hits} == {1.0, 2.0}
    assert {hit.instrument for hit in heard.hits} >= {InstrumentName.KICK}


def test_every_onset_is_something_to_a_foreign_network(foreign: tuple[Path, KerasCnn]) -> None:
    heard = foreign[1].classify_onsets(a_bar(), Onsets.at([0.1, 0.2, 2.9]))

    assert {hit.onset_s for hit in heard.hits} == {0.1, 0.2, 2.9}


@pytest.mark.parametrize("samples", [0, 1, RATE])
def test_in_silence_nothing_is_heard(shipped: KerasCnn, samples: int) -> None:
    heard = shipped.hear(Audio(np.zeros((2, samples), np.float32), RATE))

    assert heard.hits == ()
    assert sum(heard.missed_mass.values()) == 0


def test_strokes_that_are_no_hits_are_expected_all_the_same(shipped: KerasCnn) -> None:
    mass = shipped.hear(a_bar()).missed_mass

    assert all(0 <= expected < 12 for expected in mass.values())
    assert sum(mass.values()) > 0


def test_raising_in_the_report_ends_the_work(shipped: KerasCnn) -> None:
    class Cancelled(Exception):
        pass

    def cancel(fraction: float) -> None:
        if fraction > 0.1:
            raise Cancelled

    with pytest.raises(Cancelled):
        shipped.hear(a_bar(), cancel)


def test_networks_of_another_shape_are_refused(tmp_path: Path) -> None:
    five = write_foreign(tmp_path / "five.h5", annotators_layers(outputs=5))
    narrow = write_foreign(tmp_path / "narrow.h5", annotators_layers(bands=64))

    with pytest.raises(NotANetwork, match="answers with"):
        load_keras_cnn(five)
    with pytest.raises(NotANetwork, match="takes"):
        load_keras_cnn(narrow)


def test_a_network_whose_answers_are_no_chances_is_refused(tmp_path: Path) -> None:
    layers = [*annotators_layers()[:-1], dense("dense_2", 6, "linear")]

    with pytest.raises(NotANetwork, match="within 0 and 1"):
        load_keras_cnn(write_foreign(tmp_path / "n.h5", layers))


def test_a_network_that_does_not_fit_its_weights_is_refused(tmp_path: Path) -> None:
    path = write_foreign(tmp_path / "n.h5")
    import h5py

    with h5py.File(path, "r+") as file:
        del file["model_weights/dense/dense/kernel:0"]

    with pytest.raises(NotANetwork, match="cannot load"):
        load_keras_cnn(path)


def test_a_network_that_is_not_there_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        load_keras_cnn(tmp_path / "gone.h5")


def test_a_network_of_ones_own_that_is_replaced_is_loaded_anew(tmp_path: Path) -> None:
    path = write_foreign(tmp_path / "own.h5", seed=1)
    nets = Nets(NetsConfig(store=WeightStore(folder=tmp_path, own_uri=str(path))))
    first = nets.keras_cnn
    kept = nets.keras_cnn

    write_foreign(path, seed=2)

    assert kept is first
    assert nets.keras_cnn is not first
