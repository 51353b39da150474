"""Annotated songs, transcribed now or before, and scored."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from transcription.core.detection import Detector
from transcription.core.evaluation.estimate import heard, read_result, read_sound
from transcription.core.evaluation.reference import UnusableInput, read_reference, song_folders
from transcription.core.evaluation.report import Report, SongScore
from transcription.core.evaluation.scoring import score
from transcription.core.keras_cnn.engine import KerasCnn
from transcription.core.result import RESULT_SCHEMA

SOURCES = ("drums", "mix")


def evaluate_pipeline(
    folder: Path,
    sources: Sequence[str],
    detector: Detector | KerasCnn,
    progress: Callable[[str], None] = lambda what: None,
) -> Report:
    """Transcribe every song of ``folder`` from each of ``sources`` and score it.

    Raises:
        UnusableInput: a folder, sound or annotation cannot be used.
    """
    songs = [(song, read_reference(song)) for song in song_folders(folder)]
    for source in sources:
        for song, _ in songs:
            if not _sound(song, source).is_file():
                raise UnusableInput(f"{song} has no {source}.flac")
    scores = []
    for source in sources:
        for song, reference in songs:
            progress(f"{song.name}, {source}")
            estimate = heard(read_sound(_sound(song, source)), detector, beats=len(reference.beats_s) > 0)
            scores.append(SongScore(song.name, source, score(reference, estimate)))
    return Report(detector.label, _material(folder), tuple(scores))


def evaluate_results(folder: Path, results: Path, sources: Sequence[str]) -> Report:
    """Score result JSONs already written: one file, or a folder of them.

    A result belongs to the sound file with its SHA-256, or else to the song, and source, that its path names:
    ``Rock.mix.json``, ``Rock/drums.json``; a path that names no source counts as a mix.

    Raises:
        UnusableInput: a file is no result, or belongs to no song of ``folder``; or none is left to score.
    """
    songs = song_folders(folder)
    known = {
        _sha256(path): (song, source)
        for song in songs
        for source in SOURCES
        if (path := _sound(song, source)).is_file()
    }
    scores, engines = [], set()
    for path in result_files(results):
        document = _json(path)
        belongs = known.get(document.get("audio", {}).get("sha256")) or _named(songs, path)
        if belongs is None:
            raise UnusableInput(f"{path} belongs to no song in {folder}")
        song, source = belongs
        if source not in sources:
            continue
        try:
            estimate = read_result(document)
        except UnusableInput as error:
            raise UnusableInput(f"{path}: {error}") from error
        engines.add(str(document.get("engines", {}).get("detect", "unknown")))
        scores.append(SongScore(song.name, source, score(read_reference(song), estimate)))
    if not scores:
        raise UnusableInput(f"{results} holds no result of {' or '.join(sources)} of a song in {folder}")
    scores.sort(key=lambda scored: (SOURCES.index(scored.source), scored.song))
    return Report(", ".join(sorted(engines)), _material(folder), tuple(scores))


def result_files(results: Path) -> list[Path]:
    """Return the result JSONs that are ``results`` or lie in it.

    Raises:
        UnusableInput: there is none.
    """
    if results.is_file():
        if not is_result(results):
            raise UnusableInput(f"{results} is no result: its schema is not {RESULT_SCHEMA!r}")
        return [results]
    # A job's folder holds other JSON beside its result.
    found = [path for path in sorted(results.rglob("*.json")) if is_result(path)]
    if not found:
        raise UnusableInput(f"{results} holds no result ({RESULT_SCHEMA!r})")
    return found


def is_result(path: Path) -> bool:
    """Whether ``path`` is a file that says it is a transcription's result."""
    if not path.is_file():
        return False
    try:
        return bool(_json(path).get("schema") == RESULT_SCHEMA)
    except UnusableInput:
        return False


def _json(path: Path) -> dict[str, Any]:
    try:
        document = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise UnusableInput(f"{path} is no JSON: {error}") from error
    return document if isinstance(document, dict) else {}


def _sound(song: Path, source: str) -> Path:
    return song / f"{source}.flac"


def _material(folder: Path) -> str:
    return f"annotated songs {', '.join(song.name for song in song_folders(folder))}"


def _named(songs: Sequence[Path], path: Path) -> tuple[Path, str] | None:
    words = " ".join((path.parent.name, path.stem)).lower()
    for song in songs:
        if song.name.lower() in words:
            return song, "drums" if "drums" in words else "mix"
    return None


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
