"""Measure the shipped pipeline, or results it wrote, against annotated songs: ``script/evaluate DIR``.

``DIR`` holds a folder for each song with ``drums.flac`` and ``mix.flac``, ``class.tsv`` (seconds and KD, SD,
TT, HH, CY or OT) and, if known, ``beats.tsv`` (seconds and the beat's number in its bar).
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import mir_eval
import numpy as np
import soundfile
from numpy.typing import NDArray

from media.core.audio import Audio
from notation.core.instruments import INSTRUMENTS, DrumClass, InstrumentName
from transcription.core.beats import track_beats
from transcription.core.detection import Detector, detect_onsets, load_detector
from transcription.core.picking import PeakPicking, pick_hits

_WINDOW_S = 0.05
_RESULT_SCHEMA = "drumsite.transcription/1"
_REPORT_SCHEMA = "drumsite.evaluation/1"
SOURCES = ("drums", "mix")

Times = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Counts:
    """Strokes found and missed. They add up over classes and songs, so that every stroke counts alike."""

    matched: int = 0
    reference: int = 0
    estimated: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            self.matched + other.matched, self.reference + other.reference, self.estimated + other.estimated
        )

    @property
    def precision(self) -> float:
        """The share of estimated strokes that are there; 0 when nothing was estimated."""
        return self.matched / self.estimated if self.estimated else 0.0

    @property
    def recall(self) -> float:
        """The share of the strokes there that were found; 0 when there are none."""
        return self.matched / self.reference if self.reference else 0.0

    @property
    def f_measure(self) -> float:
        """The harmonic mean of precision and recall; NaN when nothing is there and nothing was found."""
        total = self.reference + self.estimated
        return 2 * self.matched / total if total else float("nan")

    def as_dict(self) -> dict[str, float | int | None]:
        """Return counts and measures as JSON-able values."""
        return {
            "f": None if np.isnan(self.f_measure) else round(self.f_measure, 4),
            "precision": round(self.precision, 4),
            "recall": round(self.recall, 4),
            "matched": self.matched,
            "reference": self.reference,
            "estimated": self.estimated,
        }


@dataclass(frozen=True, slots=True, eq=False)
class Reference:
    """What people heard in a song: strokes by class, and beats with downbeats if they were annotated."""

    onsets_s: Mapping[DrumClass, Times]
    beats_s: Times
    downbeats_s: Times


@dataclass(frozen=True, slots=True, eq=False)
class Estimate:
    """What the pipeline heard in a song."""

    onsets_s: Mapping[DrumClass, Times]
    beats_s: Times
    downbeats_s: Times


@dataclass(frozen=True, slots=True)
class SongScore:
    """One song's figures from one source. Beat measures are NaN where no beats are annotated or estimated."""

    song: str
    source: str
    counts: Mapping[DrumClass, Counts]
    beat_f: float = float("nan")
    downbeat_f: float = float("nan")
    seconds: float = float("nan")

    @property
    def micro(self) -> Counts:
        """All classes pooled."""
        return sum(self.counts.values(), Counts())


@dataclass(frozen=True, slots=True)
class Report:
    """Figures of several songs."""

    engine: str
    scores: tuple[SongScore, ...] = field(default=())

    def pooled(self, source: str) -> dict[DrumClass, Counts]:
        """Every class's strokes, pooled over the songs heard from ``source``."""
        songs = [score for score in self.scores if score.source == source]
        return {cls: sum((song.counts[cls] for song in songs), Counts()) for cls in DrumClass}


def count_matches(
    reference: Mapping[DrumClass, Times], estimated: Mapping[DrumClass, Times]
) -> dict[DrumClass, Counts]:
    """Match strokes one to one within ±50 ms, class by class.

    Source:
        Raffel et al., "mir_eval: A Transparent Implementation of Common MIR Metrics", ISMIR 2014.
    """
    return {
        cls: Counts(
            matched=len(mir_eval.util.match_events(reference[cls], estimated[cls], _WINDOW_S)),
            reference=len(reference[cls]),
            estimated=len(estimated[cls]),
        )
        for cls in DrumClass
    }


def read_reference(folder: Path) -> Reference:
    """Read the annotations in a song's ``folder``; strokes on anything else (OT) are left out."""
    onsets: dict[DrumClass, list[float]] = {cls: [] for cls in DrumClass}
    for time_s, label in _rows(folder / "class.tsv"):
        if label in set(DrumClass):
            onsets[DrumClass(label)].append(float(time_s))
    beats = [(float(time_s), int(float(number))) for time_s, number in _rows(folder / "beats.tsv")]
    return Reference(
        onsets_s={cls: np.sort(np.array(times, np.float64)) for cls, times in onsets.items()},
        beats_s=np.array([time_s for time_s, _ in beats], np.float64),
        downbeats_s=np.array([time_s for time_s, number in beats if number == 1], np.float64),
    )


def transcribed(path: Path, detector: Detector, picking: PeakPicking | None = None) -> Estimate:
    """Run the pipeline's hearing on the sound file ``path``."""
    samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    audio = Audio(np.ascontiguousarray(samples.T), rate)
    activations = detect_onsets(audio, detector)
    hits = pick_hits(activations, picking or PeakPicking())
    grid = track_beats(activations, hits)
    return _estimate(
        ((hit.instrument, hit.onset_s) for hit in hits), ((beat.time_s, beat.beat) for beat in grid.beats)
    )


def read_result(document: Mapping[str, Any]) -> Estimate:
    """Read a result JSON (``drumsite.transcription/1``); raises ValueError when it is something else."""
    if document.get("schema") != _RESULT_SCHEMA:
        raise ValueError(f"schema is {document.get('schema')!r}, not {_RESULT_SCHEMA!r}")
    return _estimate(
        ((InstrumentName(hit["instrument"]), float(hit["onset_s"])) for hit in document["hits"]),
        ((float(beat["time_s"]), int(beat["beat"])) for beat in document["beats"]),
    )


def score(
    song: str, source: str, reference: Reference, estimate: Estimate, seconds: float = float("nan")
) -> SongScore:
    """Compare ``estimate`` with ``reference``; beats within ±70 ms."""
    return SongScore(
        song=song,
        source=source,
        counts=count_matches(reference.onsets_s, estimate.onsets_s),
        beat_f=_beat_f(reference.beats_s, estimate.beats_s),
        downbeat_f=_beat_f(reference.downbeats_s, estimate.downbeats_s),
        seconds=seconds,
    )


def table(report: Report) -> str:
    """Return ``report`` as a Markdown table, each source's songs followed by all of them pooled."""
    head = ("song", "source", *DrumClass, "micro", "P", "R", "beat", "downbeat")
    lines = [f"| {' | '.join(head)} |", f"| --- | --- |{' ---: |' * (len(head) - 2)}"]
    for source in sorted({song.source for song in report.scores}):
        songs = [song for song in report.scores if song.source == source]
        for song in songs:
            lines.append(_line(song.song, source, song.counts, song.beat_f, song.downbeat_f))
        beats = _mean(song.beat_f for song in songs)
        downbeats = _mean(song.downbeat_f for song in songs)
        lines.append(_line("**all**", source, report.pooled(source), beats, downbeats))
    return "\n".join(lines)


def as_json(report: Report) -> dict[str, Any]:
    """Return ``report`` as a JSON-able document."""
    return {
        "schema": _REPORT_SCHEMA,
        "engine": report.engine,
        "window_s": _WINDOW_S,
        "songs": [
            {
                "song": song.song,
                "source": song.source,
                "classes": {cls.value: counts.as_dict() for cls, counts in song.counts.items()},
                "micro": song.micro.as_dict(),
                "beat_f": _number(song.beat_f),
                "downbeat_f": _number(song.downbeat_f),
            }
            for song in report.scores
        ],
        "pooled": {
            source: {
                "classes": {cls.value: counts.as_dict() for cls, counts in report.pooled(source).items()},
                "micro": sum(report.pooled(source).values(), Counts()).as_dict(),
            }
            for source in sorted({song.source for song in report.scores})
        },
    }


def evaluate_pipeline(folder: Path, sources: Sequence[str], detector: Detector) -> Report:
    """Transcribe every song of ``folder`` from each of ``sources`` and score it."""
    scores = []
    for source in sources:
        for song in _songs(folder):
            path = song / f"{source}.flac"
            if path.is_file():
                began = time.perf_counter()
                estimate = transcribed(path, detector)
                seconds = time.perf_counter() - began
                scores.append(score(song.name, source, read_reference(song), estimate, seconds))
    return Report(detector.label, tuple(scores))


def evaluate_results(folder: Path, results: Path, sources: Sequence[str]) -> Report:
    """Score result JSONs already written: one file, or a folder of them.

    A result belongs to the sound file with its SHA-256, or else to the song, and source, that its path names:
    ``Rock.mix.json``, ``Rock/drums.json``; a path that names no source counts as a mix.

    Raises:
        ValueError: a file is no result, or belongs to no song of ``folder``.
    """
    paths = [results] if results.is_file() else sorted(results.rglob("*.json"))
    known = {
        _sha256(path): (song, source)
        for song in _songs(folder)
        for source in SOURCES
        if (path := song / f"{source}.flac").is_file()
    }
    scores, engines = [], set()
    for path in paths:
        document = json.loads(path.read_text())
        if results.is_dir() and document.get("schema") != _RESULT_SCHEMA:
            continue  # a job's folder holds other JSON beside its result
        estimate = read_result(document)
        belongs = known.get(document.get("audio", {}).get("sha256")) or _named(folder, path)
        if belongs is None:
            raise ValueError(f"{path} belongs to no song in {folder}")
        song, source = belongs
        if source in sources:
            engines.add(str(document.get("engines", {}).get("detect", "unknown")))
            scores.append(score(song.name, source, read_reference(song), estimate))
    return Report(", ".join(sorted(engines)), tuple(scores))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line; returns the exit status: 2 when there is nothing to measure."""
    parser = argparse.ArgumentParser(prog="script/evaluate", description=__doc__)
    parser.add_argument("folder", type=Path, metavar="DIR", help="annotated songs")
    parser.add_argument(
        "--json",
        type=Path,
        metavar="FILE_OR_DIR",
        help="results (drumsite.transcription/1) to score instead of running the pipeline; "
        "any other file is where the figures are written",
    )
    parser.add_argument("--source", choices=(*SOURCES, "both"), default="both", help="what to listen to")
    parser.add_argument("--weights", type=Path, help="other weights than those shipped")
    options = parser.parse_args(arguments)
    if not options.folder.is_dir() or not _songs(options.folder):
        print(
            f"script/evaluate: {options.folder} holds no annotated songs. It needs a folder for each song "
            "with class.tsv, drums.flac and mix.flac, as MDB Drums can be laid out; see docs/accuracy.md.",
            file=sys.stderr,
        )
        return 2
    sources = SOURCES if options.source == "both" else (options.source,)
    given: Path | None = options.json
    if given is not None and _holds_results(given):
        try:
            report = evaluate_results(options.folder, given, sources)
        except ValueError as error:
            print(f"script/evaluate: {error}", file=sys.stderr)
            return 2
    else:
        report = evaluate_pipeline(options.folder, sources, load_detector(options.weights))
        if given is not None:
            out = given / "evaluation.json" if given.is_dir() else given
            out.write_text(json.dumps(as_json(report), indent=1) + "\n")
    print(f"Engine {report.engine}; F measure, ±50 ms, all strokes pooled; beats ±70 ms, mean of songs.\n")
    print(table(report))
    return 0


def _estimate(hits: Iterable[tuple[InstrumentName, float]], beats: Iterable[tuple[float, int]]) -> Estimate:
    onsets: dict[DrumClass, list[float]] = {cls: [] for cls in DrumClass}
    for instrument, onset_s in hits:
        cls = INSTRUMENTS[instrument].drum_class
        if cls is not None:
            onsets[cls].append(onset_s)
    numbered = list(beats)
    return Estimate(
        onsets_s={cls: np.sort(np.array(times, np.float64)) for cls, times in onsets.items()},
        beats_s=np.array([time_s for time_s, _ in numbered], np.float64),
        downbeats_s=np.array([time_s for time_s, number in numbered if number == 1], np.float64),
    )


def _songs(folder: Path) -> list[Path]:
    return sorted(path.parent for path in folder.glob("*/class.tsv"))


def _rows(path: Path) -> list[list[str]]:
    if not path.is_file():
        return []
    with path.open(newline="") as lines:
        return [
            [cell.strip() for cell in row[:2]] for row in csv.reader(lines, delimiter="\t") if len(row) >= 2
        ]


def _named(folder: Path, path: Path) -> tuple[Path, str] | None:
    words = " ".join((path.parent.name, path.stem)).lower()
    for song in _songs(folder):
        if song.name.lower() in words:
            return song, "drums" if "drums" in words else "mix"
    return None


def _holds_results(given: Path) -> bool:
    paths = sorted(given.rglob("*.json")) if given.is_dir() else [given] if given.is_file() else []
    for path in paths:
        try:
            document = json.loads(path.read_text())
        except ValueError:
            continue
        if isinstance(document, dict) and document.get("schema") == _RESULT_SCHEMA:
            return True
    return False


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _beat_f(reference: Times, estimated: Times) -> float:
    if len(reference) == 0 or len(estimated) == 0:
        return float("nan") if len(reference) == 0 else 0.0
    last_s = float(max(reference[-1], estimated[-1])) + 1
    # Only where people tapped: a grid covers the whole recording, annotations often stop earlier.
    inside = estimated[(estimated > reference[0] - 0.3) & (estimated < reference[-1] + 0.3)]
    reference, inside = np.clip(reference, 0, last_s), np.unique(np.clip(inside, 0, last_s))
    return float(mir_eval.beat.f_measure(reference, inside, 0.07)) if len(inside) else 0.0


def _line(
    song: str, source: str, counts: Mapping[DrumClass, Counts], beat_f: float, downbeat_f: float
) -> str:
    micro = sum(counts.values(), Counts())
    figures = [counts[cls].f_measure for cls in DrumClass]
    figures += [micro.f_measure, micro.precision, micro.recall, beat_f, downbeat_f]
    cells = ["–" if np.isnan(figure) else f"{figure:.3f}" for figure in figures]
    return f"| {song} | {source} | {' | '.join(cells)} |"


def _mean(values: Iterable[float]) -> float:
    known = [value for value in values if not np.isnan(value)]
    return float(np.mean(known)) if known else float("nan")


def _number(value: float) -> float | None:
    return None if np.isnan(value) else round(value, 4)


if __name__ == "__main__":
    sys.exit(main())
