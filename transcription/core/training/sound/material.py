"""The recordings training is rendered from, decoded once into one array that every process maps.

They come from a folder laid out as ``drum-samples`` (``samples.csv``, ``KITS.csv``) and ``backing``
(``BACKING.csv``) are, or from the pack that :mod:`transcription.core.training.learning.pack` makes of it.
"""

from __future__ import annotations

import csv
import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from transcription.core.training.errors import CannotTrain

RATE = 44_100
# The pack's table of sounds: which stretch of which container is what.
PACKED_SOUNDS = "sounds.csv"
_INT16 = 32_767.0

# What the collections call "validation" is "valid" here, so that one word names the split everywhere.
Split = str


def as_int16(sound: NDArray[np.float32]) -> NDArray[np.int16]:
    """Return ``sound`` as it is kept: what lies beyond ±1 is clipped."""
    return np.asarray(np.clip(sound, -1, 1) * _INT16, np.int16)


def as_float32(kept: NDArray[np.int16]) -> NDArray[np.float32]:
    """Return what :func:`as_int16` made as float32 in -1..1."""
    return kept.astype(np.float32) / np.float32(_INT16)


@dataclass(frozen=True, slots=True)
class OneShot:
    """One stroke on one instrument of one kit. ``level_db`` is its level under the loudest such stroke."""

    kit: str
    instrument: str
    split: Split
    level_db: float
    start: int
    length: int


@dataclass(frozen=True, slots=True)
class Recording:
    """A stretch of music without drums. ``kind`` says what sounds: voice, keys, guitar, bass …"""

    kind: str
    split: Split
    start: int
    length: int


@dataclass(frozen=True, slots=True, eq=False)
class Material:
    """All sound that clips are rendered from; ``sound`` is int16 and usually mapped from disk."""

    sound: NDArray[np.int16]
    one_shots: tuple[OneShot, ...]
    recordings: tuple[Recording, ...]

    def samples(
        self, item: OneShot | Recording, begin: int = 0, end: int | None = None
    ) -> NDArray[np.float32]:
        """Return ``item``'s sound from sample ``begin`` to ``end``, as float32 in -1..1."""
        stop = item.length if end is None else min(end, item.length)
        return as_float32(self.sound[item.start + begin : item.start + stop])


@dataclass(frozen=True, slots=True)
class SourceSound:
    """A sound before it is decoded: samples ``begin`` to ``begin + length`` of ``path``, times ``gain``."""

    path: Path
    what: dict[str, str | float]  # the rest of its row in the cache's index
    begin: int = 0
    length: int | None = None  # None: to the end
    gain: float = 1.0


def decode_material(source: Path, cache: Path) -> bool:
    """Decode the one-shots and recordings of ``source`` into ``cache``.

    Returns:
        False when they were there already and nothing was done.
    Raises:
        FileNotFoundError: ``source`` is neither a pack nor a folder of the collections.
        CannotTrain: a sound is not at 44.1 kHz.
    """
    fingerprint = source_fingerprint(source)
    mark = cache / "source.txt"
    if mark.exists() and mark.read_text() == fingerprint:
        return False
    cache.mkdir(parents=True, exist_ok=True)
    sounds = list(source_sounds(source))
    files = [(path, list(group)) for path, group in groupby(sounds, key=lambda sound: sound.path)]
    # Under other names until all is there: a process that maps the old sound keeps it.
    new_sound, new_index = (cache / f"{name}.{os.getpid()}" for name in ("sound", "index"))
    rows: list[dict[str, str | float]] = []
    position = 0
    with ThreadPoolExecutor(os.cpu_count()) as pool, new_sound.open("wb") as out:
        decoded = pool.map(lambda file: _decoded(*file), files)
        for (_, group), parts in zip(files, decoded, strict=True):
            for sound, part in zip(group, parts, strict=True):
                out.write(part.tobytes())
                rows.append(sound.what | {"start": position, "length": len(part)})
                position += len(part)
    new_index.write_text(json.dumps(rows))
    new_sound.replace(cache / "sound.i16")
    new_index.replace(cache / "index.json")
    mark.write_text(fingerprint)
    return True


def load_material(cache: Path) -> Material:
    """Map what :func:`decode_material` wrote."""
    rows = json.loads((cache / "index.json").read_text())
    sound = np.memmap(cache / "sound.i16", dtype=np.int16, mode="r")
    one_shots = tuple(
        OneShot(r["kit"], r["instrument"], r["split"], r["level_db"], r["start"], r["length"])
        for r in rows
        if r["is"] == "one-shot"
    )
    recordings = tuple(
        Recording(r["kind"], r["split"], r["start"], r["length"]) for r in rows if r["is"] == "recording"
    )
    return Material(sound=sound, one_shots=one_shots, recordings=recordings)


def is_pack(source: Path) -> bool:
    """Whether ``source`` is a packed training set and not the collections' own folders."""
    return (source / PACKED_SOUNDS).is_file()


def source_sounds(source: Path) -> Iterator[SourceSound]:
    """List every sound of a pack, or of a folder with ``drum-samples`` and ``backing``."""
    return _packed_sounds(source) if is_pack(source) else _collected_sounds(source)


def source_fingerprint(source: Path) -> str:
    """Return what tells this material from another: the SHA-256 of its tables.

    Raises:
        FileNotFoundError: ``source`` has none.
    """
    names = (PACKED_SOUNDS,) if is_pack(source) else ("drum-samples/samples.csv", "backing/BACKING.csv")
    if not all((source / name).is_file() for name in names):
        raise FileNotFoundError(
            f"{source} is no pack, nor a folder with drum-samples, groove-midi and backing"
        )
    digest = hashlib.sha256()
    for name in names:
        digest.update((source / name).read_bytes())
    return digest.hexdigest()


def _collected_sounds(source: Path) -> Iterator[SourceSound]:
    drums, backing = source / "drum-samples", source / "backing"
    with (drums / "samples.csv").open(newline="") as table:
        for row in csv.DictReader(table):
            what = {key: row[key] for key in ("kit", "instrument", "split")}
            level_db = float(row["level_db"])
            yield SourceSound(drums / row["file"], {"is": "one-shot", **what, "level_db": level_db})
    with (backing / "BACKING.csv").open(newline="") as table:
        for row in csv.DictReader(table):
            yield SourceSound(
                backing / row["file"], {"is": "recording", "kind": row["kind"], "split": row["split"]}
            )


def _packed_sounds(pack: Path) -> Iterator[SourceSound]:
    with (pack / PACKED_SOUNDS).open(newline="") as table:
        for row in csv.DictReader(table):
            what: dict[str, str | float] = {"is": row["is"], "split": row["split"]}
            if row["is"] == "one-shot":
                what |= {"kit": row["kit"], "instrument": row["kind"], "level_db": float(row["level_db"])}
            else:
                what["kind"] = row["kind"]
            yield SourceSound(
                pack / row["container"], what, int(row["begin"]), int(row["length"]), float(row["gain"])
            )


def _decoded(path: Path, sounds: Sequence[SourceSound]) -> list[NDArray[np.int16]]:
    whole = read_mono(path)
    parts = []
    for sound in sounds:
        stop = None if sound.length is None else sound.begin + sound.length
        part = whole[sound.begin : stop] * np.float32(sound.gain)
        parts.append(as_int16(part))
    return parts


def read_mono(path: Path) -> NDArray[np.float32]:
    """Return the sound file ``path`` as one channel at 44.1 kHz; raises CannotTrain at any other rate."""
    sound, rate = soundfile.read(path, dtype="float32", always_2d=True)
    if rate != RATE:
        raise CannotTrain(f"{path.name} is at {rate} Hz, not {RATE}")
    return np.asarray(sound.mean(axis=1), np.float32)
