from __future__ import annotations

from pathlib import Path

import pytest

from transcription.core.own_separators import BadSeparators, read_own_separators
from transcription.core.weights_store.store import WeightStore

_DIGITS = "0123456789abcdef" * 4


def test_an_own_separator_is_one_file_with_a_name_that_tells_its_content(tmp_path: Path):
    store = WeightStore(folder=tmp_path, own_separators=f"kit=https://m.example/a/kit.th#sha256={_DIGITS}")

    engine = store.engine("kit")

    (file,) = engine.files
    assert engine.task == "separate"
    assert store.place_of(file) == tmp_path / "kit-01234567.th"
    assert store.url_of(file) == "https://m.example/a/kit.th"


def test_a_mirror_does_not_stand_in_for_ones_own_address(tmp_path: Path):
    text = f"kit=https://m.example/kit.th#sha256={_DIGITS}"
    store = WeightStore(folder=tmp_path, mirror_url="https://mirror.example/x", own_separators=text)

    assert store.url_of(store.engine("kit").files[0]) == "https://m.example/kit.th"
    assert store.url_of(store.engine("htdemucs").files[0]).startswith("https://mirror.example/x/")


def test_several_are_told_apart_by_spaces_or_commas():
    entries = [f"{name}=file:///models/{name}.safetensors#sha256={_DIGITS}" for name in ("a", "b")]

    assert [engine.name for engine in read_own_separators(", ".join(entries))] == ["a", "b"]


def test_none_is_given():
    assert read_own_separators("  ") == ()


@pytest.mark.parametrize(
    "text",
    [
        "kit=https://m.example/kit.th",
        "kit=https://m.example/kit.th#sha256=0123",
        f"htdemucs=https://m.example/kit.th#sha256={_DIGITS}",
        f"kit=https://m.example/kit.exe#sha256={_DIGITS}",
        f"../kit=https://m.example/kit.th#sha256={_DIGITS}",
        f"a=file:///a.th#sha256={_DIGITS} a=file:///b.th#sha256={_DIGITS}",
    ],
)
def test_what_cannot_be_meant_is_refused(text):
    with pytest.raises(BadSeparators):
        read_own_separators(text)
