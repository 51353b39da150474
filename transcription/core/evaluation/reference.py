"""What people heard in a song, read from a folder laid out as ``docs/accuracy.md`` says."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from notation.core.instruments import DrumClass
from transcription.core.evaluation.labels import MEANINGS, OTHER
from transcription.core.evaluation.matching import Stroke, Times

_NO_TIMES: Times = np.zeros(0, np.float64)


class UnusableInput(ValueError):
    """A folder, annotation or result file that nothing can be measured with; says which and why."""


@dataclass(frozen=True, slots=True, eq=False)
class Reference:
    """Strokes by class and, where annotated, by instrument; beats in seconds, with their numbers in a bar."""

    class_strokes: tuple[Stroke, ...]
    own_strokes: tuple[Stroke, ...] = ()
    beats_s: Times = field(default_factory=_NO_TIMES.copy)
    beat_numbers: tuple[int, ...] = ()

    @property
    def downbeats_s(self) -> Times:
        """The beats with the number 1."""
        downbeats_s: Times = self.beats_s[np.array(self.beat_numbers, np.int64) == 1]
        return downbeats_s


def song_folders(folder: Path) -> list[Path]:
    """Return the annotated songs of ``folder`` in order of name.

    Raises:
        UnusableInput: there is no such folder, or no song in it.
    """
    if not folder.is_dir():
        raise UnusableInput(f"{folder} holds no annotated songs: there is no such folder")
    songs = sorted(path.parent for path in folder.glob("*/class.tsv"))
    if not songs:
        raise UnusableInput(
            f"{folder} holds no annotated songs. It needs a folder for each song with class.tsv, drums.flac "
            "and mix.flac, as MDB Drums can be laid out; see docs/accuracy.md"
        )
    return songs


def read_reference(folder: Path) -> Reference:
    """Read what is annotated in a song's ``folder``; ``subclass.tsv`` and ``beats.tsv`` may be absent.

    Raises:
        UnusableInput: a line cannot be understood, a label is unknown, or no stroke is annotated.
    """
    path = folder / "class.tsv"
    classes: list[Stroke] = []
    known = {drum_class.value for drum_class in DrumClass}
    for place, onset_s, label in _rows(path):
        if label not in known and label != OTHER:
            raise UnusableInput(f"{place}: unknown class {label!r}; known are {', '.join(known)} and {OTHER}")
        classes.append(Stroke(onset_s, label, DrumClass(label) if label in known else None))
    if not classes:
        raise UnusableInput(f"{path} is empty: no stroke is annotated")
    own: list[Stroke] = []
    for place, onset_s, label in _rows(folder / "subclass.tsv"):
        if label not in MEANINGS:
            raise UnusableInput(f"{place}: unknown label {label!r}; known are {', '.join(MEANINGS)}")
        meaning = MEANINGS[label]
        own.append(Stroke(onset_s, label, meaning.drum_class, meaning.instrument))
    beats = sorted(_beats(folder / "beats.tsv"))
    return Reference(
        class_strokes=tuple(sorted(classes, key=lambda stroke: stroke.onset_s)),
        own_strokes=tuple(sorted(own, key=lambda stroke: stroke.onset_s)),
        beats_s=np.array([time_s for time_s, _ in beats], np.float64),
        beat_numbers=tuple(number for _, number in beats),
    )


def _beats(path: Path) -> Iterator[tuple[float, int]]:
    for place, time_s, number in _rows(path):
        try:
            yield time_s, int(float(number))
        except ValueError as error:
            raise UnusableInput(f"{place}: {number!r} is no beat's number in its bar") from error


def _rows(path: Path) -> Iterator[tuple[str, float, str]]:
    """The place, seconds and label of every line; none where there is no such file."""
    if not path.is_file():
        return
    try:
        lines = path.read_text("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UnusableInput(f"{path} cannot be read: {error}") from error
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        place = f"{path}, line {number}"
        cells = [cell.strip() for cell in line.split("\t")]
        if len(cells) < 2 or not cells[1]:
            raise UnusableInput(f"{place}: needs seconds, a tab and a label")
        try:
            seconds = float(cells[0])
        except ValueError as error:
            raise UnusableInput(f"{place}: {cells[0]!r} is no time in seconds") from error
        if not math.isfinite(seconds) or seconds < 0:
            raise UnusableInput(f"{place}: {cells[0]!r} is no time in a song")
        yield place, seconds, cells[1]
