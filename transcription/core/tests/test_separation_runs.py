"""A separation can be stopped, runs out of memory in good order, and needs no more for a longer song."""

from __future__ import annotations

import contextlib
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import torch
from demucs.hdemucs import HDemucs
from demucs.htdemucs import HTDemucs
from torch import nn

from transcription.core.separation import separate as separating
from transcription.core.separation.separate import Attempt, attempts_on, first_that_fits, separate
from transcription.core.separation.separation_options import SeparationOptions
from transcription.core.separation.separator import load_separator
from transcription.core.separation.song_reading import survey
from transcription.core.separation.stem_files import StemFiles
from transcription.core.tests.tiny_separators import RATE, noise, tiny_package, write_package, write_song

OPTIONS = SeparationOptions(model="tiny")


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


class Cancelled(BaseException):
    """What a worker raises when nobody waits any more."""


@pytest.mark.parametrize("stop_at", [0, 1, 3, 7])
def test_what_report_raises_ends_the_work_within_a_segment_and_leaves_no_file(
    tmp_path: Path, stop_at: int
) -> None:
    write_package(tmp_path, "tiny", tiny_package())
    song, out = write_song(tmp_path / "song.flac", noise(7.0)), tmp_path / "out"
    out.mkdir()
    passes, calls = 0, 0
    separator = load_separator(tmp_path, OPTIONS)
    separator.members[0].network.register_forward_hook(lambda *_: count())

    def count() -> None:
        nonlocal passes
        passes += 1

    def report(fraction: float) -> None:
        nonlocal calls
        calls += 1
        if calls > stop_at:
            raise Cancelled

    with pytest.raises(Cancelled):
        separate(song, out, separator, OPTIONS, rng=random.Random(0), device="cpu", report=report)

    assert passes == max(0, stop_at - 2)  # two calls before the first segment
    assert list(out.iterdir()) == []


def test_progress_goes_from_nothing_to_everything(tmp_path: Path) -> None:
    write_package(tmp_path, "tiny", tiny_package())
    song = write_song(tmp_path / "song.flac", noise(7.0))
    heard: list[float] = []

    separate(
        song, tmp_path, load_separator(tmp_path, OPTIONS), OPTIONS,
        rng=random.Random(0), device="cpu", report=heard.append,
    )  # fmt: skip

    assert (heard[0], heard[-1]) == (0.0, 1.0)
    assert heard == sorted(heard)
    assert len(heard) == 8  # twice before the first of five segments, and at the end


def test_a_folder_that_is_not_there_leaves_nothing(tmp_path: Path) -> None:
    write_package(tmp_path, "tiny", tiny_package())
    song = write_song(tmp_path / "song.flac", noise(2.5))

    with pytest.raises((OSError, soundfile.LibsndfileError)):
        separate(song, tmp_path / "nowhere", load_separator(tmp_path, OPTIONS), OPTIONS, rng=random.Random(0))


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (HTDemucs, [("mps", 4, None), ("mps", 1, None), ("cpu", 1, None)]),
        (HDemucs, [("mps", 4, None), ("mps", 1, None), ("mps", 1, 1.0), ("cpu", 1, None)]),
    ],
)
def test_a_card_without_memory_does_less_at_once_and_then_nothing(
    tmp_path: Path, kind: type[nn.Module], expected: list[Any]
) -> None:
    write_package(tmp_path, "tiny", tiny_package(kind))

    attempts = attempts_on(torch.device("mps"), load_separator(tmp_path, OPTIONS), OPTIONS)

    assert [(each.device.type, each.at_once, each.segment_s) for each in attempts] == expected


def test_the_processor_is_tried_once(tmp_path: Path) -> None:
    write_package(tmp_path, "tiny", tiny_package())

    attempts = attempts_on(torch.device("cpu"), load_separator(tmp_path, OPTIONS), OPTIONS)

    assert attempts == (Attempt(torch.device("cpu"), 1, None),)


def _attempts(*at_once: int) -> tuple[Attempt, ...]:
    return tuple(Attempt(torch.device("cpu"), number, None) for number in at_once)


def test_the_first_attempt_that_fits_is_taken() -> None:
    tried = []

    def work(attempt: Attempt) -> str:
        tried.append(attempt.at_once)
        if attempt.at_once > 1:
            raise torch.OutOfMemoryError
        return "done"

    fitted, answer = first_that_fits(_attempts(4, 2, 1), work)

    assert (tried, fitted.at_once, answer) == ([4, 2, 1], 1, "done")


def test_when_none_fits_the_last_one_says_so() -> None:
    def work(attempt: Attempt) -> None:
        raise torch.OutOfMemoryError

    with pytest.raises(torch.OutOfMemoryError):
        first_that_fits(_attempts(4, 1), work)


def test_an_apple_card_says_in_words_that_it_has_no_memory() -> None:
    def work(attempt: Attempt) -> int:
        if attempt.at_once > 1:
            raise RuntimeError("MPS backend out of memory (MPS allocated: 18.00 GB)")
        return attempt.at_once

    assert first_that_fits(_attempts(4, 1), work)[1] == 1


def test_another_fault_is_not_taken_for_want_of_memory() -> None:
    def work(attempt: Attempt) -> None:
        raise RuntimeError("a fault of ours")

    with pytest.raises(RuntimeError, match="ours"):
        first_that_fits(_attempts(4, 1), work)


def test_segments_heard_together_give_the_same_stems(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_package(tmp_path, "tiny", tiny_package(HDemucs))
    song = write_song(tmp_path / "song.flac", noise(9.0))
    alone = separate(song, tmp_path, load_separator(tmp_path, OPTIONS), OPTIONS, rng=random.Random(0))
    expected = soundfile.read(alone.path_of("drums"))[0]
    cpu = torch.device("cpu")
    monkeypatch.setattr(separating, "attempts_on", lambda *_: (Attempt(cpu, 4, None),))

    together = separate(song, tmp_path, load_separator(tmp_path, OPTIONS), OPTIONS, rng=random.Random(0))

    assert np.abs(soundfile.read(together.path_of("drums"))[0] - expected).max() < 1e-4  # 16 bits


@pytest.mark.slow
def test_files_that_cannot_grow_say_that_there_is_no_room(tmp_path: Path) -> None:
    script = """
import random, resource, signal, sys
from pathlib import Path
from media.core.errors import StorageFull
from transcription.core.separation.separate import separate
from transcription.core.separation.separation_options import SeparationOptions
from transcription.core.separation.separator import load_separator
folder = Path(sys.argv[1])
options = SeparationOptions(model="tiny")
separator = load_separator(folder, options)
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, 40_000))
try:
    separate(folder / "song.flac", folder / "out", separator, options, rng=random.Random(0), device="cpu")
except StorageFull:
    print("full", list((folder / "out").iterdir()))
"""
    write_package(tmp_path, "tiny", tiny_package())
    write_song(tmp_path / "song.flac", noise(6.0))
    (tmp_path / "out").mkdir()

    finished = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True, check=True
    )

    assert finished.stdout.strip() == "full []"


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the peak is read from Linux's /proc")
def test_ten_minutes_need_no_more_memory_than_one(tmp_path: Path) -> None:
    script = """
import random, sys
from pathlib import Path
import torch
from transcription.core.separation.separate import separate
from transcription.core.separation.separation_options import SeparationOptions
from transcription.core.separation.separator import load_separator
torch.set_num_threads(1)
folder = Path(sys.argv[1])
options = SeparationOptions(model="tiny")
separator = load_separator(folder, options)
separate(folder / sys.argv[2], folder, separator, options, rng=random.Random(0), device="cpu")
# Not ru_maxrss: that begins with what the parent held when it started this process.
print(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0])
"""
    write_package(tmp_path, "tiny", tiny_package())
    minute = noise(60.0)
    peak_mb = {}

    for minutes in (1, 10):
        with soundfile.SoundFile(tmp_path / f"{minutes}.flac", "w", RATE, 2) as file:
            for _ in range(minutes):
                file.write(minute)
        finished = subprocess.run(
            [sys.executable, "-c", script, str(tmp_path), f"{minutes}.flac"],
            stdout=subprocess.PIPE, text=True, check=True,
        )  # fmt: skip
        peak_mb[minutes] = int(finished.stdout) / 1024

    # Nine minutes more of sound are 35 MB in memory, of its stems 140 MB.
    assert peak_mb[10] - peak_mb[1] < 20


def test_files_are_removed_when_the_block_raises(tmp_path: Path) -> None:
    song = survey(write_song(tmp_path / "song.flac", noise(1.0)), RATE, check=lambda: None)
    out = tmp_path / "out"
    out.mkdir()

    with contextlib.suppress(Cancelled), StemFiles(out, song, ("drums",), bits=16) as files:
        files.write(np.zeros((1, 2, 4_000), np.float32))
        raise Cancelled

    assert list(out.iterdir()) == []
