"""What separation costs, beside Demucs' own call on the same song: time, memory, and the difference.

    python -m benchmarks.separation [--seconds 30] [--rounds 3] [--threads 1] [--long] [--json FILE]

The network is htdemucs at its full size with random weights, in Demucs' own files: the published ones cost
the same. Ours and Demucs' take turns, each time in a process of its own with as many threads. Ours runs as
in a stage's child and writes five files; Demucs reads the song, separates it in memory and writes nothing.
``--long`` also measures the memory for 1 and 3 minutes, and for 3 and 30 with a tiny network. Exit status
1: a target is missed.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

SOURCES = ["drums", "bass", "other", "vocals"]
FULL = {
    "channels": 48, "bottom_channels": 512, "t_layers": 5, "dconv_mode": 3, "t_dropout": 0.02,
    "segment": Fraction(39, 5),
}  # fmt: skip
TINY = {
    "channels": 4, "growth": 1, "nfft": 1024, "depth": 4, "bottom_channels": 8, "t_layers": 1, "t_heads": 2,
    "t_hidden_scale": 1.0, "dconv_comp": 4, "dconv_depth": 1, "segment": Fraction(39, 5),
}  # fmt: skip
RATE = 44_100
# Against Demucs' own call; against the time inside the network; of full scale; from 3 to 30 minutes.
TIME_TARGET = 0.75
MEMORY_TARGET = 0.7
OVERHEAD_TARGET = 0.03
DIFFERENCE_TARGET = 1e-4
GROWTH_TARGET_MB = 30


@dataclass
class Cost:
    """What one process needed for one song; memory is its peak, and its peak before the song."""

    wall_s: float
    cpu_s: float
    network_cpu_s: float
    loaded_mb: float
    peak_mb: float


@dataclass
class Figures:
    """All that was measured."""

    seconds: float
    threads: int
    load: float
    ours: list[Cost] = field(default_factory=list)
    drums_alone: list[Cost] = field(default_factory=list)
    theirs: list[Cost] = field(default_factory=list)
    difference: float = 0.0
    by_length: dict[str, Cost] = field(default_factory=dict)


def main() -> int:
    """Measure, print the table, and say whether the targets are met."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=30.0, help="length of the song")
    parser.add_argument("--rounds", type=int, default=3, help="how often each takes its turn")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--long", action="store_true", help="also measure the memory for longer songs")
    parser.add_argument("--json", type=Path, help="also write the figures there")
    parser.add_argument("--child", nargs=2, metavar=("KIND", "FOLDER"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        kind, folder = options.child[0], Path(options.child[1])
        print(json.dumps(asdict(_CHILDREN[kind](folder, options.threads))))
        return 0
    figures = Figures(options.seconds, options.threads, os.getloadavg()[0])
    with tempfile.TemporaryDirectory(prefix="drumsite-benchmark-") as temporary:
        folder = Path(temporary)
        write_separators(folder)
        compare(figures, folder, options.rounds)
        if options.long:
            measure_lengths(figures, folder)
    print_table(figures)
    if options.json:
        options.json.write_text(json.dumps(asdict(figures), indent=1))
    return 0 if meets_targets(figures) else 1


def write_separators(folder: Path) -> None:
    """Write htdemucs, in half precision as it is published, and a tiny network, into ``folder``."""
    import torch
    from demucs.htdemucs import HTDemucs
    from demucs.states import save_with_checksum

    for signature, name, arguments in (("955717e8", "htdemucs", FULL), ("71117111", "tiny", TINY)):
        torch.manual_seed(0)
        network = HTDemucs(SOURCES, **arguments)
        with torch.no_grad():
            for key, weights in network.named_parameters():
                # Fresh layers start at next to nothing, so that a wrong transformer would not show.
                if "gamma" in key or key.endswith(".scale"):
                    weights.fill_(0.3)
        state = {key: value.half() for key, value in network.state_dict().items()}
        package = {
            "klass": HTDemucs, "args": (SOURCES,), "kwargs": arguments, "state": state, "training_args": {},
        }  # fmt: skip
        save_with_checksum(package, folder / f"{signature}.th")
        (folder / f"{name}.yaml").write_text(f"models: ['{signature}']\n")


def compare(figures: Figures, folder: Path, rounds: int) -> None:
    """Let ours and Demucs' take turns over one song, and compare the stems."""
    write_song(folder / "song.flac", figures.seconds)
    for _ in range(rounds):
        figures.ours.append(_in_a_process("ours", folder, figures.threads))
        figures.theirs.append(_in_a_process("theirs", folder, figures.threads))
    figures.difference = largest_difference(folder)
    figures.drums_alone.append(_in_a_process("drums", folder, figures.threads))


def measure_lengths(figures: Figures, folder: Path) -> None:
    """Measure the memory for songs of several lengths."""
    for kind, minutes in (
        ("ours", 1), ("ours", 3), ("theirs", 3), ("tiny", 3), ("tiny, theirs", 3), ("tiny", 30),
    ):  # fmt: skip
        write_song(folder / "song.flac", 60.0 * minutes)
        cost = _in_a_process(kind, folder, figures.threads)
        figures.by_length[f"{kind}, {minutes} min"] = cost


def write_song(path: Path, seconds: float) -> None:
    """Write the song of benchmarks/pipeline.py as stereo FLAC, repeated: half an hour is too much here."""
    import soundfile

    from benchmarks.pipeline import the_song

    turn_s = min(seconds, 60.0)
    samples = the_song(None, turn_s)[0].samples.T
    with soundfile.SoundFile(path, "w", RATE, samples.shape[1], "PCM_16", format="FLAC") as file:
        for _ in range(round(seconds / turn_s)):
            file.write(samples)


def largest_difference(folder: Path) -> float:
    """Return the largest difference between our stems and Demucs', of full scale."""
    import numpy as np
    import soundfile

    theirs = np.load(folder / "theirs.npy", mmap_mode="r")
    differences = []
    for place, name in enumerate(SOURCES):
        ours, _ = soundfile.read(folder / f"{name}.flac", dtype="float32", always_2d=True)
        differences.append(float(np.abs(ours.T - np.clip(theirs[place], -1, 1)).max()))
    return max(differences)


def _in_a_process(kind: str, folder: Path, threads: int) -> Cost:
    from transcription.core.stage_process import KEEP_MEMORY

    environment = {**os.environ, "OMP_NUM_THREADS": str(threads), "OMP_WAIT_POLICY": "PASSIVE"}
    if not kind.endswith("theirs"):
        environment = {**KEEP_MEMORY, **environment}
    finished = subprocess.run(
        [
            sys.executable, "-m", "benchmarks.separation", "--child", kind, str(folder),
            "--threads", str(threads),
        ],
        env=environment, stdout=subprocess.PIPE, text=True, check=True,
    )  # fmt: skip
    cost = Cost(**json.loads(finished.stdout))
    print(f"{kind}: {cost.cpu_s:.1f} s of CPU, {cost.wall_s:.1f} s, {cost.peak_mb:.0f} MB", file=sys.stderr)
    return cost


def _ours(folder: Path, threads: int, *, model: str = "htdemucs", two_stems: bool = False) -> Cost:
    import torch

    from transcription.core.separation.separate import separate
    from transcription.core.separation.separation_options import SeparationOptions
    from transcription.core.separation.separator import load_separator

    torch.set_num_threads(threads)
    options = SeparationOptions(model=model, two_stems=two_stems, bits=24)
    separator = load_separator(folder, options)
    inside = _Inside(separator.members[0].network)
    loaded_mb, began_s, began_cpu_s = _peak_mb(), time.perf_counter(), time.process_time()
    separate(folder / "song.flac", folder, separator, options, rng=random.Random(0), device="cpu")
    wall_s, cpu_s = time.perf_counter() - began_s, time.process_time() - began_cpu_s
    return Cost(wall_s, cpu_s, inside.cpu_s, loaded_mb, _peak_mb())


def _theirs(folder: Path, threads: int, *, model: str = "htdemucs") -> Cost:
    import numpy as np
    import soundfile
    import torch
    from demucs.api import Separator

    torch.set_num_threads(threads)
    separator = Separator(model, repo=folder, device="cpu", shifts=0)
    inside = _Inside(separator.model.models[0])
    loaded_mb, began_s, began_cpu_s = _peak_mb(), time.perf_counter(), time.process_time()
    samples, rate = soundfile.read(folder / "song.flac", dtype="float32", always_2d=True)
    _, stems = separator.separate_tensor(torch.from_numpy(np.ascontiguousarray(samples.T)), rate)
    wall_s, cpu_s = time.perf_counter() - began_s, time.process_time() - began_cpu_s
    peak_mb = _peak_mb()
    np.save(folder / "theirs.npy", np.stack([stems[name].numpy() for name in SOURCES]))
    return Cost(wall_s, cpu_s, inside.cpu_s, loaded_mb, peak_mb)


_CHILDREN: dict[str, Any] = {
    "ours": _ours,
    "drums": lambda folder, threads: _ours(folder, threads, two_stems=True),
    "tiny": lambda folder, threads: _ours(folder, threads, model="tiny"),
    "theirs": _theirs,
    "tiny, theirs": lambda folder, threads: _theirs(folder, threads, model="tiny"),
}


class _Inside:
    """Counts the processor's seconds inside a network's passes."""

    def __init__(self, network: Any) -> None:
        self.cpu_s = 0.0
        self._began_s = 0.0
        network.register_forward_pre_hook(self._begin)
        network.register_forward_hook(self._end)

    def _begin(self, *_: Any) -> None:
        self._began_s = time.process_time()

    def _end(self, *_: Any) -> None:
        self.cpu_s += time.process_time() - self._began_s


def _peak_mb() -> float:
    # Not ru_maxrss: that begins with what the parent held when it started this process.
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def _median(costs: list[Cost], name: str) -> float:
    return statistics.median(getattr(cost, name) for cost in costs)


def print_table(figures: Figures) -> None:
    """Print what was measured as a Markdown table."""
    print(f"{figures.seconds:g} s of sound, {figures.threads} thread(s), load {figures.load:.1f}; medians")
    print("\n| | ours | ours, drums alone | Demucs' own call |\n| --- | ---: | ---: | ---: |")
    columns = (figures.ours, figures.drums_alone, figures.theirs)
    for title, name in (
        ("CPU, s", "cpu_s"),
        ("of that in the network, s", "network_cpu_s"),
        ("on the clock, s", "wall_s"),
        ("memory with the network loaded, MB", "loaded_mb"),
        ("peak memory, MB", "peak_mb"),
    ):
        digits = 0 if name.endswith("mb") else 1
        print(f"| {title} | " + " | ".join(f"{_median(one, name):.{digits}f}" for one in columns) + " |")
    if figures.by_length:
        print("\n| | peak memory, MB | CPU, s |\n| --- | ---: | ---: |")
        for title, cost in figures.by_length.items():
            print(f"| {title} | {cost.peak_mb:.0f} | {cost.cpu_s:.0f} |")
    print()


def meets_targets(figures: Figures) -> bool:
    """Print each target beside what was measured; say whether all are met."""
    overheads = [cost.cpu_s / cost.network_cpu_s - 1 for cost in figures.ours]
    checks = [
        ("CPU", _median(figures.ours, "cpu_s") / _median(figures.theirs, "cpu_s"), TIME_TARGET),
        ("clock", _median(figures.ours, "wall_s") / _median(figures.theirs, "wall_s"), TIME_TARGET),
        ("memory", _median(figures.ours, "peak_mb") / _median(figures.theirs, "peak_mb"), MEMORY_TARGET),
        ("outside the network", statistics.median(overheads), OVERHEAD_TARGET),
        ("largest difference", figures.difference, DIFFERENCE_TARGET),
    ]
    lengths = figures.by_length
    if lengths:
        growth_mb = lengths["tiny, 30 min"].peak_mb - lengths["tiny, 3 min"].peak_mb
        checks.append(("MB more for 30 minutes than for 3", growth_mb, GROWTH_TARGET_MB))
    for title, measured, most in checks:
        print(f"{title}: {measured:.2g} of at most {most:g}: {'met' if measured <= most else 'missed'}")
    return all(measured <= most for _, measured, most in checks)


if __name__ == "__main__":
    sys.exit(main())
