from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from transcription.core.models import ENGINES, WeightsDamaged, WeightsMissing, engine, verified_weights


def test_the_shipped_detector_is_registered_and_intact() -> None:
    crnn = engine("crnn")

    content = verified_weights(crnn)

    assert crnn.label == f"crnn {crnn.version}"
    assert len(content) == crnn.size_bytes < 10_000_000


def test_every_engine_says_whose_it_is_and_how_to_check_it() -> None:
    for entry in ENGINES.values():
        assert entry.licence
        assert entry.source
        assert len(entry.sha256) == 64


def test_weights_that_changed_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "crnn.safetensors"
    path.write_bytes(b"changed")
    changed = replace(engine("crnn"), path=path)

    with pytest.raises(WeightsDamaged, match="crnn"):
        verified_weights(changed)


def test_weights_that_are_not_there_are_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(WeightsMissing, match="crnn"):
        verified_weights(replace(engine("crnn"), path=tmp_path / "gone.safetensors"))


def test_weights_with_the_right_sum_are_read(tmp_path: Path) -> None:
    path = tmp_path / "crnn.safetensors"
    path.write_bytes(b"weights")
    known = replace(engine("crnn"), path=path, sha256=hashlib.sha256(b"weights").hexdigest())

    assert verified_weights(known) == b"weights"
