"""The child process itself: how long it lives, and what it is told."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from media.core.flac import write_flac
from transcription.core.demo_song import render_demo_song
from transcription.core.nets_config import NetsConfig
from transcription.core.options import JobOptions
from transcription.core.stage_process import RefusedByStage, StageProcess, StageRequest
from transcription.core.stages import SOURCE, Stage

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def song(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("song") / "song.flac"
    write_flac(render_demo_song(bars=2).audio, path)
    return path


@pytest.fixture
def started() -> Iterator[list[StageProcess]]:
    processes: list[StageProcess] = []
    yield processes
    for process in processes:
        process.kill()


def extract(process: StageProcess, song: Path, folder: Path) -> int | None:
    """Run a stage; return the child that it ran in."""
    process.start()
    pid = process.pid
    request = StageRequest(Stage.EXTRACT, {SOURCE: song}, folder, JobOptions().as_dict(), 1.0, 60.0)
    process.run(request, on_tick=lambda fraction: None, time_limit_s=60)
    return pid


def test_a_child_that_holds_too_much_is_replaced_after_its_stage(song, tmp_path, started):
    process = StageProcess(threads=1, most_memory_mb=1)
    started.append(process)

    first = extract(process, song, tmp_path)

    assert process.pid is not None
    assert process.pid != first
    assert (tmp_path / "audio.flac").is_file()


def test_a_child_within_its_limit_is_kept(song, tmp_path, started):
    process = StageProcess(threads=1, most_memory_mb=100_000)
    started.append(process)

    first = extract(process, song, tmp_path)

    assert process.pid == first


def test_options_that_this_version_does_not_know_are_the_stages_refusal(song, tmp_path, started):
    process = StageProcess(threads=1)
    started.append(process)
    options = JobOptions().as_dict() | {"from_the_future": 1}
    request = StageRequest(Stage.EXTRACT, {SOURCE: song}, tmp_path, options, 1.0, 60.0)

    with pytest.raises(RefusedByStage) as refused:
        process.run(request, on_tick=lambda fraction: None, time_limit_s=60)

    assert refused.value.code == "unknown_option"
    assert process.pid is not None


def test_a_device_that_is_not_there_is_the_stages_refusal(song, tmp_path, started):
    process = StageProcess(NetsConfig(threads=1, detect_device="cuda:99"))
    started.append(process)
    extract(process, song, tmp_path)
    request = StageRequest(
        Stage.DETECT,
        {"audio.flac": tmp_path / "audio.flac"},
        tmp_path,
        JobOptions().as_dict(),
        1.0,
        60.0,
    )

    with pytest.raises(RefusedByStage) as refused:
        process.run(request, on_tick=lambda fraction: None, time_limit_s=60)

    assert refused.value.code == "device_unavailable"
