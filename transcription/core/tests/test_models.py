from __future__ import annotations

import hashlib
import re
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from transcription.core.demucs_models import DEFAULT_SEPARATOR, DEMUCS_MODELS
from transcription.core.engines import Engine
from transcription.core.models import ENGINES, WeightsDamaged, WeightsMissing, engine, verified_weights


def crnn_at(path: Path, sha256: str = "") -> Engine:
    """The shipped detector, but with its weights at ``path``."""
    crnn = engine("crnn")
    return replace(crnn, files=(replace(crnn.files[0], path=path, sha256=sha256 or crnn.sha256),))


def test_the_shipped_detector_is_registered_and_intact() -> None:
    crnn = engine("crnn")

    content = verified_weights(crnn)

    assert crnn.label == f"crnn {crnn.version}"
    assert crnn.size_bytes is not None
    assert len(content) == crnn.size_bytes < 10_000_000


def test_every_engine_says_whose_it_is_and_how_to_check_it() -> None:
    for name, entry in ENGINES.items():
        assert entry.name == name
        assert entry.licence
        assert entry.source
        assert entry.packages
        for file in entry.files:
            assert re.fullmatch("[0-9a-f]{8}|[0-9a-f]{64}", file.sha256), file.name
            assert file.size_bytes


def test_shipped_weights_have_their_whole_sum() -> None:
    shipped = [file for entry in ENGINES.values() for file in entry.files if not file.is_fetched]

    assert shipped
    assert all(len(file.sha256) == 64 for file in shipped)


def test_the_default_model_that_separates_has_its_whole_sum() -> None:
    assert len(engine(DEFAULT_SEPARATOR).sha256) == 64


def test_the_demucs_models_are_those_of_the_package() -> None:
    remote = Path(pytest.importorskip("demucs").__file__).parent / "remote"
    folder, published = "", {}
    for line in (remote / "files.txt").read_text().splitlines():
        if line.startswith("root:"):
            folder = line.removeprefix("root:").strip()
        elif line and not line.startswith("#"):
            published[line.split("-")[0]] = folder + line

    for bag in DEMUCS_MODELS:
        signatures = yaml.safe_load((remote / f"{bag.name}.yaml").read_text())["models"]
        assert [file.part for file in bag.files] == signatures
        assert [file.path_at_source for file in bag.files] == [published[name] for name in signatures]
        for file in bag.files:
            assert file.sha256.startswith(file.name.removesuffix(".th").split("-")[1])


def test_the_parts_for_drums_are_those_with_a_weight_for_drums() -> None:
    remote = Path(pytest.importorskip("demucs").__file__).parent / "remote"

    for bag in DEMUCS_MODELS:
        defined = yaml.safe_load((remote / f"{bag.name}.yaml").read_text())
        weights = defined.get("weights") or [[1.0]] * len(defined["models"])
        heard = tuple(
            name
            for name, row in zip(defined["models"], weights, strict=True)
            if row[0]  # drums come first
        )
        assert (bag.for_drums or tuple(defined["models"])) == heard


def test_parts_are_returned_in_the_order_of_the_bag() -> None:
    bag = engine("htdemucs_ft")

    assert [file.part for file in bag.files_of(("92cfc3b6", "f7e0c4bc"))] == ["f7e0c4bc", "92cfc3b6"]
    assert bag.files_of(()) == bag.files
    with pytest.raises(KeyError):
        bag.files_of(("955717e8",))


def test_a_bag_changes_its_sum_and_its_size_with_every_file() -> None:
    bag = engine("htdemucs_ft")
    changed = replace(bag, files=(*bag.files[:3], replace(bag.files[3], sha256="0" * 64)))

    assert len(bag.sha256) == 64
    assert bag.sha256 != changed.sha256
    assert bag.size_bytes == 4 * 84_141_271


def test_weights_that_changed_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "crnn.safetensors"
    path.write_bytes(b"changed")

    with pytest.raises(WeightsDamaged, match="crnn"):
        verified_weights(crnn_at(path))


def test_weights_that_are_not_there_are_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(WeightsMissing, match="crnn"):
        verified_weights(crnn_at(tmp_path / "gone.safetensors"))


def test_weights_with_the_right_sum_are_read(tmp_path: Path) -> None:
    path = tmp_path / "crnn.safetensors"
    path.write_bytes(b"weights")

    assert verified_weights(crnn_at(path, hashlib.sha256(b"weights").hexdigest())) == b"weights"
