"""How long a three-minute song takes: the stages alone, and the whole platform around them.

    python -m benchmarks.pipeline [--seconds 180] [--song FILE] [--json FILE]

The song is the annotated mixes of ../shared/mdb-drums joined; where they are absent, the demo song repeated.
The stages alone run in a process of their own, one after the other. The platform is a real job: SQLite, the
broker in memory, two worker threads with their child processes, all in this process and a temporary folder.
It is run three times, on three different cuts of the song: with cold workers, and twice with warm ones.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import soxr

from media.core.audio import Audio
from media.core.flac import write_flac
from transcription.core.demo_song import render_demo_song
from transcription.core.stages import SOURCE

ROOT = Path(__file__).resolve().parents[1]
RATE = 44_100
SHARED = ROOT.parent / "shared" / "mdb-drums"
TOTAL_TARGET_S = 25.0
OVERHEAD_TARGET_S = 1.5
_MB = 1 << 20
_PAGE = os.sysconf("SC_PAGE_SIZE")
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass
class BareRun:
    """The stages alone: seconds on the clock and of the processors, by stage."""

    load_s: float = 0.0
    load_cpu_s: float = 0.0
    wall_s: dict[str, float] = field(default_factory=dict)
    cpu_s: dict[str, float] = field(default_factory=dict)
    peak_mb: float = 0.0


@dataclass
class PlatformRun:
    """One job through the platform; seconds on the clock unless named otherwise."""

    name: str
    wall_s: float = 0.0
    own_s: dict[str, float] = field(default_factory=dict)  # a stage's own work, as measured in its child
    around_s: dict[str, float] = field(default_factory=dict)  # lease, hand-over, publishing its files
    queued_s: dict[str, float] = field(default_factory=dict)  # from the end of the stage before to its start
    cpu_s: float = 0.0
    parent_cpu_s: float = 0.0
    peak_mb: float = 0.0

    @property
    def overhead_s(self) -> float:
        """All that is not a stage's own work."""
        return self.wall_s - sum(self.own_s.values())


def main() -> int:
    """Measure, print the tables, and say whether the targets are met."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=180.0, help="length of the song")
    parser.add_argument("--song", type=Path, help="measure this song instead, repeated to --seconds")
    parser.add_argument("--json", type=Path, help="also write the figures there")
    parser.add_argument("--bare", type=Path, metavar="FILE", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.bare:
        print(json.dumps(asdict(run_bare(arguments.bare))))
        return 0
    load = os.getloadavg()[0]
    audio, described = the_song(arguments.song, arguments.seconds)
    print(
        f"{described}, {audio.duration_s:.0f} s, on {os.cpu_count()} cores, load {load:.1f} before the start."
    )
    if load > 0.5:
        print("This machine is busy with other work: seconds on the clock are too high. Believe the CPU's.")
    with tempfile.TemporaryDirectory(prefix="drumsite-benchmark-") as folder:
        os.environ.update(_settings(Path(folder)))
        cuts = [Path(folder) / f"cut{number}.flac" for number in range(3)]
        for number, cut in enumerate(cuts):
            write_flac(Audio(np.roll(audio.samples, -number * 10 * RATE, axis=1), RATE), cut)
        bare = _bare_in_a_child(cuts[0])
        runs = list(run_platform(cuts))
    print()
    print_bare(bare)
    for run in runs:
        print()
        print_platform(run)
    met = verdict(bare, runs)
    if arguments.json:
        figures = {
            "song": described,
            "load": load,
            "bare": asdict(bare),
            "platform": [asdict(r) for r in runs],
        }
        arguments.json.write_text(json.dumps(figures, indent=1))
    return 0 if met else 1


def the_song(path: Path | None, seconds: float) -> tuple[Audio, str]:
    """Return the sound to measure with, and what it is."""
    if path is not None:
        return _repeated([_mono(path)], seconds), path.name
    paths = sorted(SHARED.glob("*/mix.flac"))
    if paths:
        return _repeated([_mono(path) for path in paths], seconds), f"{len(paths)} mixes of mdb-drums, joined"
    print(f"There is no {SHARED}: measuring the demo song, repeated.")
    return _repeated([render_demo_song().audio.mono()], seconds), "The demo song, repeated"


def _mono(path: Path) -> np.ndarray[Any, np.dtype[np.float32]]:
    samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    return np.asarray(soxr.resample(samples.mean(axis=1), rate, RATE), np.float32)


def _repeated(songs: list[np.ndarray[Any, np.dtype[np.float32]]], seconds: float) -> Audio:
    joined = np.concatenate(songs)
    # Stereo, as songs are.
    return Audio(np.tile(np.resize(joined, round(seconds * RATE)), (2, 1)), RATE)


def _settings(folder: Path) -> dict[str, str]:
    for name in ("DATABASE_URL", "REDIS_URL", "STORAGE_URL", "MEDIA_ROOT"):
        os.environ.pop(name, None)
    return {
        "DJANGO_SETTINGS_MODULE": "drumsite.settings", "VAR_DIR": str(folder / "var"), "DOTENV": os.devnull,
        "PRODUCTION": "0", "LOG_LEVEL": "ERROR",
    }  # fmt: skip


# --- The stages alone -----------------------------------------------------------------------------------


def _bare_in_a_child(song: Path) -> BareRun:
    # As many threads as the platform gives a stage.
    threads = {"OMP_NUM_THREADS": str(max(1, (os.cpu_count() or 2) // 2)), "OMP_WAIT_POLICY": "PASSIVE"}
    finished = subprocess.run(
        [sys.executable, "-m", "benchmarks.pipeline", "--bare", str(song)],
        env=threads | os.environ, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return BareRun(**json.loads(finished.stdout))


def run_bare(song: Path) -> BareRun:
    """Run every stage in this process."""
    run = BareRun()
    began_s, began_cpu_s = time.monotonic(), _own_cpu_s()
    from transcription.core.nets import Nets
    from transcription.core.operations import Operation, stages_of
    from transcription.core.options import JobOptions
    from transcription.core.pipeline import STAGE_FUNCTIONS, Limits, StageContext

    nets = Nets()
    _ = nets.detector
    run.load_s, run.load_cpu_s = time.monotonic() - began_s, _own_cpu_s() - began_cpu_s
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for spec in stages_of(Operation.TRANSCRIBE, JobOptions()):
            inputs = {kind: song if kind == SOURCE else folder / kind for kind in spec.reads}
            context = StageContext(
                inputs, folder, JobOptions(title="Benchmark"), Limits(), nets, lambda _: None
            )
            began_s, began_cpu_s = time.monotonic(), _own_cpu_s()
            STAGE_FUNCTIONS[spec.stage](context)
            run.wall_s[spec.stage.value] = time.monotonic() - began_s
            run.cpu_s[spec.stage.value] = _own_cpu_s() - began_cpu_s
    run.peak_mb = (
        resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        + resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    ) / 1024
    return run


def _own_cpu_s() -> float:
    return sum(
        usage.ru_utime + usage.ru_stime
        for usage in (resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN))
    )


# --- The platform ---------------------------------------------------------------------------------------


def run_platform(songs: list[Path]) -> Iterator[PlatformRun]:
    """Take each song through a real job; the workers stay, so that only the first finds them cold."""
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", interactive=False, verbosity=0)
    from accounts.services import register
    from transcription.workers import WorkerPool

    user = register(email="bench@drumsite.local", password="only-for-measuring", email_is_verified=True)
    pool = WorkerPool(threads=2, owns_broker=True)
    pool.start()
    try:
        for number, song in enumerate(songs):
            name = "started together with the workers" if number == 0 else f"warm workers, job {number + 1}"
            yield _one_job(user, song, PlatformRun(name))
    finally:
        pool.stop()


def _one_job(user: Any, song: Path, run: PlatformRun) -> PlatformRun:
    from media.services import create_recording
    from media.uploads import receive_path
    from transcription.core.options import JobOptions
    from transcription.models import Job, StageRun
    from transcription.services import create_job

    recording = create_recording(owner=user, upload=receive_path(song), title=song.stem)
    cpu_s, parent_cpu_s = _tree_cpu_s(), time.process_time()
    with _peak_memory(run):
        began_s = time.monotonic()
        job = create_job(recording=recording, requested_by=user, options=JobOptions())
        while not job.is_finished:
            time.sleep(0.05)
            job.refresh_from_db(fields=["status"])
        run.wall_s = time.monotonic() - began_s
    run.cpu_s, run.parent_cpu_s = _tree_cpu_s() - cpu_s, time.process_time() - parent_cpu_s
    job.refresh_from_db()
    if job.status != Job.Status.COMPLETED:
        raise SystemExit(f"the job {job.status}: {job.failure_code} {job.failure_message}")
    before = job.created_at
    for stage in StageRun.objects.filter(job=job).order_by("position"):
        assert stage.started_at is not None
        assert stage.finished_at is not None
        run.own_s[stage.stage] = stage.seconds or 0.0
        held_s = (stage.finished_at - stage.started_at).total_seconds()
        run.around_s[stage.stage] = held_s - run.own_s[stage.stage]
        run.queued_s[stage.stage] = (stage.started_at - before).total_seconds()
        before = stage.finished_at
    return run


def process_tree(root: int) -> list[int]:
    """Return the process ``root`` and everything under it."""
    parents: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        parents.setdefault(int(fields[1]), []).append(int(stat.parent.name))
    tree, waiting = [], [root]
    while waiting:
        pid = waiting.pop()
        tree.append(pid)
        waiting += parents.get(pid, [])
    return tree


def _tree_cpu_s() -> float:
    ticks = 0
    for pid in process_tree(os.getpid()):
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        ticks += sum(int(value) for value in fields[11:15])
    return ticks / _TICKS


def resident_mb(pid: int) -> float:
    """Return how much memory the process has; 0 when it is gone."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE / _MB
    except OSError:
        return 0.0


@contextmanager
def _peak_memory(run: PlatformRun) -> Iterator[None]:
    """Note the most resident memory that this process and its children had at once."""
    stopping = threading.Event()

    def watch() -> None:
        while not stopping.wait(0.5):
            run.peak_mb = max(run.peak_mb, sum(map(resident_mb, process_tree(os.getpid()))))

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    yield
    stopping.set()
    watcher.join()


# --- Printing -------------------------------------------------------------------------------------------


def print_bare(run: BareRun) -> None:
    """Print the stages alone as a Markdown table."""
    print("| stages alone | clock s | CPU s |")
    print("| --- | ---: | ---: |")
    print(f"| (loading the network, once a process) | {run.load_s:.2f} | {run.load_cpu_s:.2f} |")
    for stage, wall_s in run.wall_s.items():
        print(f"| {stage} | {wall_s:.2f} | {run.cpu_s[stage]:.2f} |")
    print(f"| **all stages** | **{sum(run.wall_s.values()):.2f}** | **{sum(run.cpu_s.values()):.2f}** |")
    print(f"\nPeak memory: {run.peak_mb:.0f} MB.")


def print_platform(run: PlatformRun) -> None:
    """Print one job as a Markdown table."""
    print(f"| platform, {run.name} | stage's own s | around it s | waited before s |")
    print("| --- | ---: | ---: | ---: |")
    for stage, own_s in run.own_s.items():
        print(f"| {stage} | {own_s:.2f} | {run.around_s[stage]:.2f} | {run.queued_s[stage]:.2f} |")
    print(
        f"| **sum** | **{sum(run.own_s.values()):.2f}** | **{sum(run.around_s.values()):.2f}** "
        f"| **{sum(run.queued_s.values()):.2f}** |"
    )
    print(
        f"\nTotal {run.wall_s:.2f} s on the clock, of which {run.overhead_s:.2f} s are the platform's; "
        f"{run.cpu_s:.2f} s of CPU, {run.parent_cpu_s:.2f} s of them in the server process. "
        f"Peak memory, all processes: {run.peak_mb:.0f} MB."
    )


def verdict(bare: BareRun, runs: list[PlatformRun]) -> bool:
    """Print each target with what was measured; say whether all are met."""
    rows = [
        ("stages alone", sum(bare.wall_s.values()), TOTAL_TARGET_S),
        ("whole job, warm workers", max(run.wall_s for run in runs[1:]), TOTAL_TARGET_S),
        ("platform overhead, warm workers", max(run.overhead_s for run in runs[1:]), OVERHEAD_TARGET_S),
        ("whole job, started together with the workers", runs[0].wall_s, TOTAL_TARGET_S),
    ]
    print("\n| target | measured s | at most s | met |")
    print("| --- | ---: | ---: | --- |")
    for name, measured_s, most_s in rows:
        print(f"| {name} | {measured_s:.2f} | {most_s:g} | {'yes' if measured_s <= most_s else 'no'} |")
    return all(measured_s <= most_s for _, measured_s, most_s in rows)


if __name__ == "__main__":
    sys.exit(main())
