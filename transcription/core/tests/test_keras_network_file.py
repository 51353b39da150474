from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from transcription.core.keras_cnn.errors import NotANetwork
from transcription.core.keras_cnn.judgement import Answers, Judgement, LabelJudgement
from transcription.core.keras_cnn.labels import LABELS
from transcription.core.keras_cnn.network_file import read_network_file, with_judgement
from transcription.core.tests.keras_files import annotators_layers, plain, write_foreign

OWN = Judgement({label: LabelJudgement(threshold=0.4) for label in LABELS}, is_levelled=True, min_gap_s=0.05)


def changed(path: Path, change: Callable[[h5py.File], None]) -> bytes:
    """The bytes of a plain foreign network with one thing changed."""
    write_foreign(path)
    with h5py.File(path, "r+") as file:
        change(file)
    return path.read_bytes()


def test_a_foreign_network_is_heard_at_a_half_and_names_one_always(tmp_path: Path) -> None:
    found = read_network_file(write_foreign(tmp_path / "n.h5").read_bytes())

    assert found.version == "foreign"
    assert found.judgement.names_one_always
    assert not found.judgement.is_levelled
    assert found.judgement.thresholds.tolist() == [0.5] * 6


def test_what_is_written_into_a_network_is_read_from_it(tmp_path: Path) -> None:
    content = write_foreign(tmp_path / "n.h5").read_bytes()

    found = read_network_file(with_judgement(content, "1.2", OWN))

    assert found.version == "1.2"
    assert found.judgement == OWN


def test_a_long_version_is_cut_to_what_results_have_room_for(tmp_path: Path) -> None:
    content = write_foreign(tmp_path / "n.h5").read_bytes()

    assert read_network_file(with_judgement(content, "1.2\n" + "x" * 100, OWN)).version == f"1.2 {'x' * 36}"


@pytest.mark.parametrize("content", [b"", b"no network at all", b"\x89HDF\r\n\x1a\n" + bytes(64)])
def test_what_is_no_hdf5_is_refused(content: bytes) -> None:
    with pytest.raises(NotANetwork, match="no HDF5"):
        read_network_file(content)


def test_half_a_file_is_refused(tmp_path: Path) -> None:
    content = write_foreign(tmp_path / "n.h5").read_bytes()

    with pytest.raises(NotANetwork):
        read_network_file(content[: len(content) // 2])


HOSTILE: dict[str, dict[str, Any]] = {
    "Lambda": plain("Lambda", "trick", function=["4wEAAAA=", None, None], function_type="lambda"),
    "TFOpLambda": plain("TFOpLambda", "trick", function="raw_ops.WriteFile"),
    "SlicingOpLambda": plain("SlicingOpLambda", "trick", function="__operators__.getitem"),
    "TimeDistributed": plain("TimeDistributed", "trick", layer=plain("Lambda", "inner")),
    "evil>Layer": plain("evil>Layer", "trick"),
    "Sequential": {"class_name": "Sequential", "config": {"layers": [plain("Lambda", "inner")]}},
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_layers_that_could_run_code_are_refused_by_name(tmp_path: Path, kind: str) -> None:
    layers = annotators_layers()
    layers.insert(-1, HOSTILE[kind])

    def with_hostile_layer(file: h5py.File) -> None:
        config = {"class_name": "Sequential", "config": {"name": "sequential", "layers": layers}}
        file.attrs["model_config"] = json.dumps(config)

    with pytest.raises(NotANetwork, match=kind):
        read_network_file(changed(tmp_path / "n.h5", with_hostile_layer))


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("activation", {"class_name": "function", "config": "system", "module": "os"}),
        ("activation", "os.system"),
        ("kernel_initializer", {"class_name": "Popen", "config": {"args": "id"}, "module": "subprocess"}),
        ("kernel_initializer", {"class_name": "Zeros", "config": {}, "module": "subprocess"}),
        ("kernel_regularizer", {"class_name": "L2", "config": {}, "registered_name": "evil>L2"}),
    ],
)
def test_code_hidden_in_a_harmless_layer_is_refused(tmp_path: Path, key: str, value: object) -> None:
    layers = annotators_layers()
    layers[1]["config"][key] = value

    def with_hidden_code(file: h5py.File) -> None:
        config = {"class_name": "Sequential", "config": {"name": "sequential", "layers": layers}}
        file.attrs["model_config"] = json.dumps(config)

    with pytest.raises(NotANetwork, match="it names"):
        read_network_file(changed(tmp_path / "n.h5", with_hidden_code))


def _external(file: h5py.File) -> None:
    file["model_weights/elsewhere"] = h5py.ExternalLink("/etc/hostname", "/")


def _soft(file: h5py.File) -> None:
    file["model_weights/elsewhere"] = h5py.SoftLink("/model_weights")


def _stored_elsewhere(file: h5py.File) -> None:
    file.create_dataset("model_weights/elsewhere", (4,), "u1", external=[("/etc/hostname", 0, 4)])


def _virtual(file: h5py.File) -> None:
    layout = h5py.VirtualLayout((4,), "f4")
    layout[:] = h5py.VirtualSource("/tmp/other.h5", "weights", (4,))
    file.create_virtual_dataset("model_weights/elsewhere", layout)


@pytest.mark.parametrize("link", [_external, _soft, _stored_elsewhere, _virtual])
def test_a_file_that_refers_to_others_is_refused(tmp_path: Path, link: Callable[[h5py.File], None]) -> None:
    with pytest.raises(NotANetwork, match="other files"):
        read_network_file(changed(tmp_path / "n.h5", link))


def test_a_small_file_that_unfolds_to_gigabytes_is_refused(tmp_path: Path) -> None:
    def bomb(file: h5py.File) -> None:
        file.create_dataset("model_weights/zeros", (2**31,), "f4", chunks=(2**16,), compression="gzip")

    with pytest.raises(NotANetwork, match="larger"):
        read_network_file(changed(tmp_path / "n.h5", bomb))


@pytest.mark.parametrize("text", ["", "{", "[]", '"x"', "null", "[" * 100_000])
def test_a_description_that_is_none_is_refused(tmp_path: Path, text: str) -> None:
    def with_text(file: h5py.File) -> None:
        del file.attrs["model_config"]
        if len(text) < 60_000:
            file.attrs["model_config"] = text
        else:
            file.attrs.create("model_config", text, dtype=h5py.string_dtype())

    with pytest.raises(NotANetwork):
        read_network_file(changed(tmp_path / "n.h5", with_text))


@pytest.mark.parametrize(
    "own",
    [
        {},
        {"version": "1.0"},
        {"version": "1.0", "judgement": {}},
        {"version": "1.0", "judgement": OWN.as_dict() | {"min_gap_s": "wide"}},
        {"version": "1.0", "judgement": OWN.as_dict() | {"labels": {"SD": {"threshold": 0.5}}}},
    ],
)
def test_what_a_network_says_about_itself_has_to_be_whole(tmp_path: Path, own: object) -> None:
    def with_own(file: h5py.File) -> None:
        file.attrs["drumsite"] = json.dumps(own)

    with pytest.raises(NotANetwork, match="about itself"):
        read_network_file(changed(tmp_path / "n.h5", with_own))


@pytest.mark.parametrize("threshold", [float("nan"), -0.1, 1.1])
def test_a_threshold_is_a_chance(threshold: float) -> None:
    with pytest.raises(ValueError, match=r"threshold|numbers"):
        LabelJudgement(threshold=threshold)


def test_a_foreign_answer_is_taken_for_a_chance() -> None:
    answers = np.array([[0.5, 0.1, 0.9, 0.0, 1.0, 0.3]], np.float32)
    told = Answers(answers, np.full_like(answers, -20), np.full_like(answers, 9))

    chances = Judgement.foreign().chances(told, np.full(1, 3, np.float32))

    np.testing.assert_allclose(chances, answers, atol=2e-6)


def test_where_nothing_reaches_its_threshold_a_foreign_network_names_the_likeliest() -> None:
    chances = np.array([[0.2, 0.3, 0.1, 0.0, 0.0, 0.0], [0.7, 0.6, 0.1, 0.0, 0.0, 0.0]])
    times_s = np.array([1.0, 2.0])

    named = Judgement.foreign().strokes(chances, times_s)
    silent = OWN.strokes(chances, times_s)

    assert named.nonzero()[1].tolist() == [1, 0, 1]
    assert silent.nonzero()[0].tolist() == [1, 1]


def test_of_two_strokes_that_are_too_near_the_likelier_stays() -> None:
    chances = np.zeros((4, 6))
    chances[:, 2] = 0.6, 0.9, 0.8, 0.7

    struck = OWN.strokes(chances, np.array([1.00, 1.03, 1.06, 1.20]))

    assert np.flatnonzero(struck[:, 2]).tolist() == [1, 3]


def test_without_h5py_keras_or_tensorflow_the_engine_says_what_to_install(tmp_path: Path) -> None:
    path = write_foreign(tmp_path / "n.h5")
    script = """
import sys
from pathlib import Path
path, blocked = Path(sys.argv[1]), sys.argv[2]
sys.modules[blocked] = None  # as if it were not installed
from transcription.core.keras_cnn.engine import load_keras_cnn
from transcription.core.errors import EngineUnavailable
try:
    load_keras_cnn(path)
except EngineUnavailable as error:
    print(error.code, error)
"""

    said = [
        subprocess.run(
            [sys.executable, "-c", script, str(path), blocked], capture_output=True, text=True, check=True
        ).stdout
        for blocked in ("h5py", "keras", "tensorflow")
    ]

    for line in said:
        assert line.startswith("engine_unavailable ")
        assert "pip install -r requirements/keras.txt" in line


def test_importing_the_engine_imports_neither_tensorflow_nor_keras() -> None:
    script = (
        "import sys, transcription.core.keras_cnn.engine\n"
        "print(sorted({'tensorflow', 'keras', 'h5py', 'torch'} & set(sys.modules)))"
    )

    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"
