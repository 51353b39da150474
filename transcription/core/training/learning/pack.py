"""The training set in one small folder: sounds in a few Ogg Vorbis files, performances as tables.

A pack needs none of the folders it was made of, and no MIDI library to be read.
"""

from __future__ import annotations

import csv
import shutil
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from transcription.core.training.drumming.groove_tables import save_performances
from transcription.core.training.drumming.grooves import read_performances
from transcription.core.training.learning.dataset import GROOVES, NOTES
from transcription.core.training.sound.effects import gain
from transcription.core.training.sound.material import (
    PACKED_SOUNDS,
    RATE,
    SourceSound,
    read_mono,
    source_sounds,
)
from transcription.core.training.sound.vorbis_files import write_vorbis

# Licences and their evidence, sound by sound and kit by kit, go wherever the sounds go.
_PAPERS = (
    "drum-samples/KITS.csv",
    "drum-samples/README.md",
    "backing/BACKING.csv",
    "backing/README.md",
    "groove-midi/LICENSE",
    "groove-midi/README.md",
)
_COLUMNS = ("container", "begin", "length", "gain", "is", "kind", "kit", "split", "level_db", "file")
# A container is long enough to be few, and short enough that as many cores as there are decode at once.
_CONTAINER_S = 300.0
# Silence between sounds, so that the codec's smear before an attack does not reach the sound before it.
_GAP_S = 0.05
_PEAK = 0.7
_TAIL_DB = -50.0  # a one-shot ends where it stays this far under its peak
_FADE_S = 0.02


@dataclass(frozen=True, slots=True)
class Squeezing:
    """How the sounds are made to fit."""

    compression: float = 1.0  # libsndfile's, from 0 (best) to 1: some 35–40 kbit/s
    recording_s: float = 26.0  # every recording is kept, but no more of it than this


def make_pack(
    material: Path, pack: Path, *, notes: Path | None = None, squeezing: Squeezing | None = None
) -> int:
    """Pack ``material`` (``drum-samples``, ``groove-midi``, ``backing``) into the folder ``pack``.

    Args:
        notes: a bank of notes that :mod:`transcription.core.training.band.note_bank` made, to go with it.
    Returns:
        The pack's size in bytes.
    Raises:
        FileExistsError: ``pack`` is there already.
        FileNotFoundError: ``material`` lacks a folder.
    """
    squeezing = squeezing or Squeezing()
    unfinished = pack.with_name(f"{pack.name}.partial")
    shutil.rmtree(unfinished, ignore_errors=True)
    pack.parent.mkdir(parents=True, exist_ok=True)
    if pack.exists():
        raise FileExistsError(f"{pack} is there already")
    unfinished.mkdir()
    containers = list(_containers(list(source_sounds(material))))
    with ThreadPoolExecutor() as pool, (unfinished / PACKED_SOUNDS).open("w", newline="") as table:
        writer = csv.DictWriter(table, _COLUMNS, restval="", lineterminator="\n")
        writer.writeheader()
        tables = pool.map(lambda c: _written(unfinished / c[0], c[1], squeezing, material), containers)
        for rows in tables:
            writer.writerows(rows)
    save_performances(read_performances(material / "groove-midi"), unfinished / GROOVES)
    for paper in _PAPERS:
        if (material / paper).is_file():
            shutil.copyfile(material / paper, unfinished / paper.replace("/", "-"))
    if notes is not None:
        shutil.copytree(notes, unfinished / NOTES)
    unfinished.replace(pack)
    return sum(path.stat().st_size for path in pack.rglob("*") if path.is_file())


def _containers(sounds: Sequence[SourceSound]) -> Iterator[tuple[str, list[SourceSound]]]:
    """Share ``sounds`` out to containers of one sort each and about as long."""
    for sort, name in (("one-shot", "one-shots"), ("recording", "recordings")):
        group: list[SourceSound] = []
        seconds, number = 0.0, 1
        for sound in (sound for sound in sounds if sound.what["is"] == sort):
            group.append(sound)
            seconds += soundfile.info(sound.path).duration
            if seconds > _CONTAINER_S:
                yield f"{name}-{number:02}.ogg", group
                group, seconds, number = [], 0.0, number + 1
        if group:
            yield f"{name}-{number:02}.ogg", group


def _written(
    container: Path, sounds: Sequence[SourceSound], squeezing: Squeezing, material: Path
) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    position = 0
    is_one_shots = sounds[0].what["is"] == "one-shot"
    gap = np.zeros(int(_GAP_S * RATE), np.float32)
    parts: list[NDArray[np.float32]] = []
    for sound in sounds:
        samples = read_mono(sound.path)
        gain = 1.0
        if is_one_shots:
            # All at one level, or the codec would spend nothing on the soft strokes.
            samples = without_silent_tail(samples)
            gain = float(np.max(np.abs(samples), initial=0.0)) / _PEAK or 1.0
        else:
            samples = samples[: int(squeezing.recording_s * RATE)]
        what = dict(sound.what)
        kind = what.pop("instrument") if is_one_shots else what["kind"]
        place = {"container": container.name, "begin": position, "length": len(samples)}
        rows.append(
            {**what, **place, "kind": kind, "gain": f"{gain:.6f}"}
            | {"file": sound.path.relative_to(material).as_posix()}
        )
        parts += [samples / np.float32(gain), gap]
        position += len(samples) + len(gap)
    write_vorbis(container, np.concatenate(parts), RATE, squeezing.compression)
    return rows


def without_silent_tail(sound: NDArray[np.float32]) -> NDArray[np.float32]:
    """Cut mono ``sound`` where it stays 50 dB under its peak, with a short fade."""
    peak = float(np.max(np.abs(sound), initial=0.0))
    heard = np.flatnonzero(np.abs(sound) > peak * gain(_TAIL_DB))
    fade = int(_FADE_S * RATE)
    end = min(len(sound), int(heard[-1]) + 1 + fade) if len(heard) else len(sound)
    if end == len(sound):
        return sound
    kept = sound[:end].copy()
    kept[-fade:] *= np.linspace(1, 0, fade, dtype=np.float32)
    return kept
