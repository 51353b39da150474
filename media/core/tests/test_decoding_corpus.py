"""Hundreds of files that no encoder wrote are read without harm; ``damage.py`` makes them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from media.core.tests.damage import Damaged, corpus, sound_files
from media.core.tests.reading_child import MEMORY_BYTES, TIME_S, Reader, Reading

# What reading any file may come to, whatever was done to it.
OUTCOMES = {
    "sound",
    "audio_too_long",
    "audio_too_short",
    "empty_file",
    "no_audio_track",
    "not_audio",
    "silent_audio",
    "undecodable_audio",
    "unsupported_audio",
}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Damaged]:
    return list(corpus(sound_files(tmp_path_factory.mktemp("whole"))))


@pytest.fixture
def reader() -> Iterator[Reader]:
    reader = Reader()
    yield reader
    reader.stop()


def read_all(files: Sequence[Damaged], reader: Reader, folder: Path) -> list[Reading]:
    readings = []
    for file in files:
        path = folder / file.name
        path.write_bytes(file.content)
        readings.append(reader.read(path))
        path.unlink()
    return readings


def are_harmless(readings: Sequence[Reading]) -> bool:
    """Whether each came to sound or to a refusal, in bounded time and memory, the same on each way in."""
    assert [r for r in readings if not {r.probed, r.decoded} <= OUTCOMES] == []
    assert [r for r in readings if r.seconds > TIME_S or r.peak_bytes > MEMORY_BYTES] == []
    # What the upload refuses, the worker would too; the other way round decoding knows more.
    assert [
        r for r in readings if r.probed not in {"sound", "audio_too_long"} and r.decoded != r.probed
    ] == []
    return True


def test_a_tenth_of_the_damaged_files_does_no_harm(
    files: list[Damaged], reader: Reader, tmp_path: Path
) -> None:
    readings = read_all(files[::10], reader, tmp_path)

    assert len(readings) >= 60
    assert are_harmless(readings)


@pytest.mark.slow
def test_no_damaged_file_does_harm(files: list[Damaged], reader: Reader, tmp_path: Path) -> None:
    readings = read_all(files, reader, tmp_path)

    assert len({file.name for file in files}) == len(files) >= 500
    assert are_harmless(readings)
    came_to = Counter(reading.decoded for reading in readings)
    assert came_to["sound"] > 200  # damage is skipped where it can be
    assert came_to["undecodable_audio"] > 50
    assert came_to["not_audio"] > 20


def test_a_child_that_dies_is_noticed_and_replaced(reader: Reader, tmp_path: Path) -> None:
    whole = sound_files(tmp_path)["wav"]
    (tmp_path / "whole.wav").write_bytes(whole)
    reader.read(tmp_path / "whole.wav")
    reader.kill()

    first, second = reader.read(tmp_path / "whole.wav"), reader.read(tmp_path / "whole.wav")

    assert first.decoded == "crashed"
    assert second.decoded == "sound"
