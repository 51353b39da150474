"""How fast the detector hears, and in how much memory: from a file to activations, in one process.

    python -m benchmarks.detector [--seconds 180] [--threads 2] [--song FILE] [--device NAME] [--hour]
                                  [--json FILE]

The song is the one of benchmarks/pipeline.py, as a stereo FLAC file. A process of its own imports the
detector, loads its network and hears the song three times: the first is cold. ``--hour`` also hears an hour.
Exit status 1: a target is missed.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path

RUNS = 3
HOUR_S = 3600.0
# For three minutes, one process, two cores; and for an hour, its decoded sound included.
TARGET_S = 4.0
TARGET_MB = 1024
HOUR_TARGET_MB = 1536


@dataclass
class Figures:
    """What one process needed for one song, several times over; memory is its peak so far, in MB."""

    audio_s: float
    threads: int
    device: str = ""
    engine: str = ""
    import_s: float = 0.0
    load_s: float = 0.0
    loaded_mb: float = 0.0
    wall_s: list[float] = field(default_factory=list)
    cpu_s: list[float] = field(default_factory=list)
    peak_mb: float = 0.0
    hits: list[int] = field(default_factory=list)

    @property
    def warm_s(self) -> float:
        """The best of the runs after the first: other work on the machine only adds to it."""
        return min(self.wall_s[1:], default=self.wall_s[0])

    @property
    def cold_s(self) -> float:
        """All that a process does for its first song."""
        return self.import_s + self.load_s + self.wall_s[0]


def main() -> int:
    """Measure, print the tables, and say whether the targets are met."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=180.0, help="length of the song")
    parser.add_argument("--song", type=Path, help="measure this song instead, repeated to --seconds")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--device", default="cpu", help="auto, cpu or cuda")
    parser.add_argument("--hour", action="store_true", help="also hear an hour of it")
    parser.add_argument("--json", type=Path, help="also write the figures there")
    parser.add_argument("--child", type=Path, metavar="FILE", help=argparse.SUPPRESS)
    parser.add_argument("--runs", type=int, default=RUNS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        print(json.dumps(asdict(hear(options.child, options.threads, options.device, options.runs))))
        return 0
    load = os.getloadavg()[0]
    lengths_s = [options.seconds, *([HOUR_S] if options.hour else [])]
    figures = [_measured(options, seconds, RUNS if seconds < HOUR_S else 1) for seconds in lengths_s]
    print(f"On {os.cpu_count()} cores, load {load:.1f} before the start.")
    if load > 0.5:
        print("This machine is busy with other work: seconds on the clock are too high. Believe the CPU's.")
    print_table(figures)
    if options.json:
        options.json.write_text(json.dumps({"load": load, "runs": [asdict(f) for f in figures]}, indent=1))
    print()
    met = [meets_targets(one) for one in figures]
    return 0 if all(met) else 1


def hear(song: Path, threads: int, device: str, runs: int) -> Figures:
    """Hear ``song`` in this process, which has loaded nothing yet."""
    began_s = time.perf_counter()
    import soundfile
    import torch

    from transcription.core.detection import detect_onsets, load_detector
    from transcription.core.picking import pick_hits
    from transcription.core.sound_pieces import FilePieces

    torch.set_num_threads(threads)
    figures = Figures(soundfile.info(song).duration, threads, import_s=time.perf_counter() - began_s)
    began_s = time.perf_counter()
    detector = load_detector(device=device)
    figures.load_s = time.perf_counter() - began_s
    figures.device, figures.engine = str(detector.network.heads.weight.device), detector.label
    figures.loaded_mb = _peak_mb()
    for _ in range(runs):
        began_s, began_cpu_s = time.perf_counter(), time.process_time()
        activations = detect_onsets(FilePieces.of(song), detector)
        figures.wall_s.append(time.perf_counter() - began_s)
        figures.cpu_s.append(time.process_time() - began_cpu_s)
        figures.peak_mb = _peak_mb()
        figures.hits.append(len(pick_hits(activations, detector.picking)))
    return figures


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _measured(options: argparse.Namespace, seconds: float, runs: int) -> Figures:
    with tempfile.TemporaryDirectory(prefix="drumsite-benchmark-") as folder:
        song = Path(folder) / "song.flac"
        _write_song(song, options.song, seconds)
        finished = subprocess.run(
            [
                sys.executable, "-m", "benchmarks.detector", "--child", str(song),
                "--threads", str(options.threads), "--device", options.device, "--runs", str(runs),
            ],
            env=os.environ | {"OMP_NUM_THREADS": str(options.threads), "OMP_WAIT_POLICY": "PASSIVE"},
            stdout=subprocess.PIPE, text=True, check=True,
        )  # fmt: skip
    return Figures(**json.loads(finished.stdout))


def _write_song(path: Path, source: Path | None, seconds: float) -> None:
    """Write the benchmark's song as stereo FLAC, its turns one after the other: an hour need not fit here."""
    import soundfile

    from benchmarks.pipeline import RATE, the_song

    turn_s = min(seconds, 180.0)
    samples = the_song(source, turn_s)[0].samples.T
    with soundfile.SoundFile(path, "w", RATE, samples.shape[1], "PCM_16", format="FLAC") as file:
        for _ in range(round(seconds / turn_s)):
            file.write(samples)


def print_table(figures: list[Figures]) -> None:
    """Print what was measured as a Markdown table."""
    print("\n| | " + " | ".join(f"{one.audio_s:.0f} s of sound" for one in figures) + " |")
    print("| --- |" + " ---: |" * len(figures))
    rows = [
        ("engine, device", lambda one: f"{one.engine}, {one.device}"),
        ("threads", lambda one: str(one.threads)),
        ("import, s", lambda one: f"{one.import_s:.2f}"),
        ("load the network, s", lambda one: f"{one.load_s:.2f}"),
        ("first song, s", lambda one: f"{one.wall_s[0]:.2f}"),
        ("later songs, best, s", lambda one: f"{one.warm_s:.2f}"),
        ("its CPU, least, s", lambda one: f"{min(one.cpu_s):.2f}"),
        ("times faster than it plays", lambda one: f"{one.audio_s / one.warm_s:.0f}"),
        ("cold, import and loading included, s", lambda one: f"{one.cold_s:.2f}"),
        ("memory with the network loaded, MB", lambda one: f"{one.loaded_mb:.0f}"),
        ("peak memory, MB", lambda one: f"{one.peak_mb:.0f}"),
        ("hits, by run", lambda one: ", ".join(map(str, one.hits))),
    ]
    for name, value in rows:
        print(f"| {name} | " + " | ".join(value(one) for one in figures) + " |")


def meets_targets(figures: Figures) -> bool:
    """Print each target beside what was measured; say whether all are met. An hour may take its time."""
    is_hour = figures.audio_s >= HOUR_S - 1
    limits = [("MB", figures.peak_mb, HOUR_TARGET_MB if is_hour else TARGET_MB)]
    if not is_hour:
        limits.append(("s", figures.warm_s, TARGET_S * figures.audio_s / 180.0))
    for unit, measured, most in limits:
        verdict = "met" if measured <= most else "missed"
        print(
            f"{figures.audio_s:.0f} s of sound: {measured:.1f} {unit} of at most {most:.1f} {unit}: {verdict}"
        )
    return all(measured <= most for _, measured, most in limits)


if __name__ == "__main__":
    sys.exit(main())
