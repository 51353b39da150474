"""Demucs' files are read if they are whole and hold weights; nothing in them is run."""

from __future__ import annotations

import json
import pickle
import random
from pathlib import Path
from typing import Any

import pytest
import torch
from demucs.hdemucs import HDemucs
from demucs.htdemucs import HTDemucs
from torch import nn

from transcription.core.separation.errors import SeparatorDamaged, SeparatorMissing, SeparatorRefused
from transcription.core.separation.packages import installed
from transcription.core.separation.separation_options import SeparationOptions
from transcription.core.separation.separator import Separator, load_separator
from transcription.core.tests.tiny_separators import (
    SOURCES,
    tiny_package,
    write_bag,
    write_package,
    write_safetensors,
)


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


def load(folder: Path, model: str = "tiny") -> Separator:
    return load_separator(folder, SeparationOptions(model=model))


@pytest.mark.parametrize("kind", [HTDemucs, HDemucs])
def test_both_kinds_of_file_hold_the_same_network(tmp_path: Path, kind: type[nn.Module]) -> None:
    package = tiny_package(kind)
    write_package(tmp_path, "pickled", package)
    write_safetensors(tmp_path, "safe", package)

    pickled, safe = (load(tmp_path, name).members[0].network.state_dict() for name in ("pickled", "safe"))

    assert pickled.keys() == safe.keys()
    assert all(torch.equal(pickled[key], safe[key]) for key in safe)


def test_weights_in_half_precision_are_computed_in_full(tmp_path: Path) -> None:
    package = tiny_package()
    package["state"] = {key: value.half() for key, value in package["state"].items()}
    write_package(tmp_path, "tiny", package)

    weights = load(tmp_path).members[0].network.parameters()

    assert {each.dtype for each in weights} == {torch.float32}


def test_a_bag_of_one_has_demucs_name(tmp_path: Path) -> None:
    checksum = write_package(tmp_path, "955717e8", tiny_package()).stem[-8:]
    write_bag(tmp_path, "htdemucs", ["955717e8"])

    separator = load(tmp_path, "htdemucs")

    assert (separator.name, separator.label) == ("htdemucs", f"htdemucs {checksum}")
    assert separator.stems == tuple(SOURCES)


def test_complete_separators_are_listed(tmp_path: Path) -> None:
    write_package(tmp_path, "955717e8", tiny_package())
    write_bag(tmp_path, "htdemucs", ["955717e8"])
    write_bag(tmp_path, "htdemucs_ft", ["955717e8", "d12395a8"])
    (tmp_path / "broken.yaml").write_text("models: [")

    names = installed(tmp_path)

    assert names == ("955717e8", "htdemucs")
    assert installed(tmp_path / "nowhere") == ()


@pytest.mark.parametrize("name", ["unknown", "htdemucs_ft"])
def test_a_separator_that_is_not_all_there_is_missing(tmp_path: Path, name: str) -> None:
    write_package(tmp_path, "f7e0c4bc", tiny_package())
    write_bag(tmp_path, "htdemucs_ft", ["f7e0c4bc", "d12395a8"])

    with pytest.raises(SeparatorMissing, match=name) as refused:
        load(tmp_path, name)

    assert refused.value.code == "separator_missing"


def test_a_folder_that_is_not_there_has_no_separators(tmp_path: Path) -> None:
    with pytest.raises(SeparatorMissing):
        load(tmp_path / "nowhere")


@pytest.mark.parametrize("suffix", [".th", ".safetensors"])
def test_a_wrong_checksum_is_noticed(tmp_path: Path, suffix: str) -> None:
    package = tiny_package()
    write = write_package if suffix == ".th" else write_safetensors
    path = write(tmp_path, "tiny", package)
    path.rename(tmp_path / f"tiny-0123abcd{suffix}")

    with pytest.raises(SeparatorDamaged, match="checksum") as refused:
        load(tmp_path)

    assert refused.value.code == "separator_damaged"


@pytest.mark.parametrize("kept", [0, 10, 2_000, 20_000])
@pytest.mark.parametrize("suffix", [".th", ".safetensors"])
def test_a_file_that_breaks_off_is_damaged(tmp_path: Path, suffix: str, kept: int) -> None:
    write = write_package if suffix == ".th" else write_safetensors
    path = write(tmp_path, "tiny", tiny_package())
    content = path.read_bytes()
    path.unlink()
    (tmp_path / f"tiny{suffix}").write_bytes(content[:kept])

    with pytest.raises(SeparatorDamaged, match="tiny"):
        load(tmp_path)


class _Hostile:
    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> Any:
        return (Path.touch, (self.mark,))


@pytest.mark.parametrize("whole", [True, False])
def test_a_hostile_pickle_is_refused_and_runs_nothing(tmp_path: Path, whole: bool) -> None:
    mark = tmp_path / "executed"
    hostile: Any = _Hostile(mark)
    torch.save(hostile if whole else {**tiny_package(), "training_args": hostile}, tmp_path / "tiny.th")

    with pytest.raises(SeparatorRefused, match="more than weights") as refused:
        load(tmp_path)

    assert refused.value.code == "separator_refused"
    assert not mark.exists()
    torch.load(tmp_path / "tiny.th", weights_only=False)  # what Demucs does: the trap was a real one
    assert mark.exists()


@pytest.mark.filterwarnings("ignore:Detected pickle protocol")
def test_a_plain_pickle_runs_nothing_either(tmp_path: Path) -> None:
    mark = tmp_path / "executed"
    (tmp_path / "tiny.th").write_bytes(pickle.dumps(_Hostile(mark)))

    with pytest.raises((SeparatorRefused, SeparatorDamaged)):
        load(tmp_path)

    assert not mark.exists()


class _CallsTheClass:
    """Would have the unpickler build a network of any size."""

    def __reduce__(self) -> Any:
        return (HTDemucs, (SOURCES,))


def test_a_pickle_cannot_build_networks(tmp_path: Path) -> None:
    torch.save({**tiny_package(), "training_args": _CallsTheClass()}, tmp_path / "tiny.th")

    with pytest.raises(SeparatorRefused, match="more than weights"):
        load(tmp_path)


def test_a_class_that_is_not_demucs_is_refused(tmp_path: Path) -> None:
    torch.save({**tiny_package(), "klass": random.Random}, tmp_path / "pickled.th")
    write_safetensors(tmp_path, "safe", tiny_package(), klass="random.Random")

    for name in ("pickled", "safe"):
        with pytest.raises(SeparatorRefused):
            load(tmp_path, name)


def test_weights_that_do_not_fit_are_damaged(tmp_path: Path) -> None:
    package = tiny_package()
    package["state"].popitem()
    write_package(tmp_path, "tiny", package)

    with pytest.raises(SeparatorDamaged, match="does not fit"):
        load(tmp_path)


def test_packed_weights_are_refused_by_their_name(tmp_path: Path) -> None:
    package = tiny_package()
    package["state"]["__quantized"] = True
    write_package(tmp_path, "tiny", package)

    with pytest.raises(SeparatorRefused, match="DiffQ"):
        load(tmp_path)


def test_a_network_without_drums_is_refused(tmp_path: Path) -> None:
    write_package(tmp_path, "tiny", tiny_package(sources=["vocals", "rest"]))

    with pytest.raises(SeparatorRefused, match="drums"):
        load(tmp_path)


def test_a_network_for_mono_is_refused(tmp_path: Path) -> None:
    write_package(tmp_path, "tiny", tiny_package(audio_channels=1))

    with pytest.raises(SeparatorRefused, match="stereo"):
        load(tmp_path)


def test_two_files_for_one_network_are_refused_unless_one_is_the_safer_kind(tmp_path: Path) -> None:
    write_package(tmp_path, "tiny", tiny_package(seed=0))
    write_package(tmp_path, "tiny", tiny_package(seed=1))
    with pytest.raises(SeparatorRefused, match="several"):
        load(tmp_path)

    write_safetensors(tmp_path, "tiny", tiny_package(seed=2))

    assert load(tmp_path).stems == tuple(SOURCES)


@pytest.mark.parametrize(
    "described",
    [
        {"models": []},
        {"models": "not a list"},
        {"models": ["a"] * 17},
        {"weights": [[1, 1, 1, 1]]},
        {"models": ["a"], "weights": [[1, 1, 1]]},
        {"models": ["a"], "weights": [[1, 1, 1, 0]]},
        {"models": ["a"], "weights": [[1, 1, 1, -1]]},
        {"models": ["a"], "weights": [[1, 1, 1, float("nan")]]},
        {"models": ["a"], "weights": [[1, 1, 1, 1], [1, 1, 1, 1]]},
        {"models": ["a"], "segment": 0},
        {"models": ["a"], "segment": "long"},
        ["a"],
        "a",
    ],
)
def test_a_bag_that_makes_no_sense_is_damaged(tmp_path: Path, described: Any) -> None:
    write_package(tmp_path, "a", tiny_package())
    text = json.dumps(described).replace("NaN", ".nan")
    (tmp_path / "bag.yaml").write_text(text)

    with pytest.raises((SeparatorDamaged, SeparatorMissing), match="bag"):
        load(tmp_path, "bag")


def test_networks_that_do_not_belong_together_are_damaged(tmp_path: Path) -> None:
    write_package(tmp_path, "a", tiny_package())
    write_package(tmp_path, "b", tiny_package(rate=4_000))
    write_bag(tmp_path, "bag", ["a", "b"])

    with pytest.raises(SeparatorDamaged, match="belong together"):
        load(tmp_path, "bag")


def test_a_name_never_leaves_the_folder(tmp_path: Path) -> None:
    folder = tmp_path / "weights"
    folder.mkdir()
    write_package(tmp_path, "outside", tiny_package())
    write_bag(folder, "bag", ["../outside"])

    with pytest.raises(SeparatorMissing):
        load(folder, "bag")
