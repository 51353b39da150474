"""How long a worker goes on after its job was cancelled, in every stage: python -m benchmarks.cancelling

Each stage of each operation is run on a long song as its worker would run it; as soon as it works, the job is
cancelled, and the clock runs until the worker is free and its child process gone. Stages that end before they
can be cancelled say so. SQLite and a folder of its own; separation by a small model of Demucs' kind, with
overlaps that make it slow.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import sys
import tempfile
import threading
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from media.core.audio import Audio
from media.core.flac import write_flac
from transcription.core.demo_song import render_demo_song

AT_MOST_S = 2.0


@dataclass(frozen=True, slots=True)
class Cancelled:
    """One stage: the seconds it had worked when it was cancelled, and those until its worker was free.

    ``freed_s`` is None where the stage ended before it could be cancelled.
    """

    stage: str
    worked_s: float
    freed_s: float | None


def main() -> int:
    """Measure every stage and print a table; 1 when one took too long."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=6.0)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        _set_up(Path(folder))
        rows = measure(Path(folder), options.minutes)
    print("| stage | cancelled after s | free after s | at most s |")
    print("| --- | ---: | ---: | ---: |")
    for row in rows:
        freed = "ended before" if row.freed_s is None else f"{row.freed_s:.2f}"
        print(f"| {row.stage} | {row.worked_s:.2f} | {freed} | {AT_MOST_S:g} |")
    if options.json:
        options.json.write_text(json.dumps([asdict(row) for row in rows], indent=1))
    return int(any(row.freed_s is not None and row.freed_s > AT_MOST_S for row in rows))


def _set_up(folder: Path) -> None:
    from transcription.core.tests.tiny_separators import tiny_package, write_package

    network = write_package(folder, "tiny", tiny_package(rate=44_100))
    digits = hashlib.sha256(network.read_bytes()).hexdigest()
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "drumsite.settings",
        "DOTENV": os.devnull,
        "VAR_DIR": str(folder / "var"),
        "OWN_SEPARATORS": f"tiny={network.as_uri()}#sha256={digits}",
        "LOG_LEVEL": "ERROR",
    }
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", interactive=False, verbosity=0)


def measure(folder: Path, minutes: float) -> list[Cancelled]:
    """Cancel every stage once."""
    from accounts.services import register
    from media.services import create_recording
    from media.uploads import receive_path
    from transcription.core.operations import Operation
    from transcription.processes import new_stage_process

    song = render_demo_song().audio
    times = max(1, round(minutes * 60 * song.rate / song.samples.shape[1]))
    path = folder / "song.flac"
    write_flac(Audio(samples=np.tile(song.samples, (1, times)), rate=song.rate), path)
    person = register(email="bench@drumsite.local", password="only-for-measuring", email_is_verified=True)
    recording = create_recording(owner=person, upload=receive_path(path), title="Long song")
    process = new_stage_process()
    rows: dict[str, Cancelled] = {}
    try:
        for operation in (
            Operation.TRANSCRIBE, Operation.ENHANCE, Operation.SEPARATE, Operation.ONSETS,
            Operation.CLASSIFY, Operation.ANALYSE,
        ):  # fmt: skip
            rows |= _operation_cancelled(recording, person, operation, process, set(rows))
    finally:
        process.kill()
    return list(rows.values())


def _operation_cancelled(
    recording: Any, person: Any, operation: Any, process: Any, known: set[str]
) -> dict[str, Cancelled]:
    """Cancel each stage of an operation that is not ``known`` yet, and run what must come before it."""
    rows: dict[str, Cancelled] = {}
    job = _asked(recording, person, operation)
    stages = [run.stage for run in job.stage_runs.order_by("position")]
    for number, stage in enumerate(stages):
        if stage not in known:
            doomed = _asked(recording, person, operation)
            for before in stages[:number]:
                _finish(doomed, before, process)  # reused: the other job ran it
            rows[stage] = _cancelled(doomed, stage, process)
        if known | set(rows) >= set(stages):
            break
        _finish(job, stage, process)
    return rows


def _asked(recording: Any, person: Any, operation: Any) -> Any:
    from transcription.core.options import JobOptions
    from transcription.services import create_job

    options = JobOptions(
        separation_model="tiny", overlap=0.9, shifts=10, onsets_s=tuple(np.arange(1.0, 500.0, 0.25).tolist())
    )
    return create_job(recording=recording, requested_by=person, options=options, operation=operation)


def _finish(job: Any, stage: str, process: Any) -> None:
    from transcription.core.stages import Stage
    from transcription.jobs.running import run_stage

    run_stage(job.pk, Stage(stage), process)


def _cancelled(job: Any, stage: str, process: Any) -> Cancelled:
    from django.db import connection

    from transcription.models import Job, StageRun
    from transcription.services import cancel_job

    process.start()
    time.sleep(4.0)  # its networks are loaded: it is the stage that is cancelled, not its preparation
    at: dict[str, float] = {}

    def cancel_when_it_works() -> None:
        try:
            while not StageRun.objects.filter(job=job, stage=stage, status="running").exists():
                time.sleep(0.01)
            began = time.monotonic()
            time.sleep(0.15)
            cancel_job(job=Job.objects.get(pk=job.pk), by=job.requested_by)
            at["cancelled"] = time.monotonic()
            at["worked"] = at["cancelled"] - began
        finally:
            connection.close()

    watcher = threading.Thread(target=cancel_when_it_works)
    watcher.start()
    _finish(job, stage, process)
    free = time.monotonic()
    watcher.join()
    ended_before = StageRun.objects.get(job=job, stage=stage).status == "completed"
    freed_s = None if ended_before else max(0.0, free - at["cancelled"])
    return Cancelled(stage, at["worked"], freed_s)


if __name__ == "__main__":
    sys.exit(main())
