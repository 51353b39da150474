"""The recordings training is rendered from, decoded once into one array that every process maps.

Laid out as ``drum-samples`` (``samples.csv``, ``KITS.csv``) and ``backing`` (``BACKING.csv``) are.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

RATE = 44_100
_INT16 = 32_767.0

# What the collections call "validation" is "valid" here, so that one word names the split everywhere.
Split = str


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
        return self.sound[item.start + begin : item.start + stop].astype(np.float32) / np.float32(_INT16)


def decode_material(source: Path, cache: Path) -> None:
    """Decode ``source/drum-samples`` and ``source/backing`` into ``cache``; does nothing when it is there."""
    if (cache / "index.json").exists():
        return
    cache.mkdir(parents=True, exist_ok=True)
    rows = list(_rows(source))
    with ThreadPoolExecutor(2) as pool, (cache / "sound.i16").open("wb") as out:
        position = 0
        for row, sound in zip(
            rows, pool.map(lambda row: _decoded(Path(str(row["path"]))), rows), strict=True
        ):
            out.write(sound.tobytes())
            row["start"], row["length"] = position, len(sound)
            position += len(sound)
            del row["path"]
    (cache / "index.json").write_text(json.dumps(rows))


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


def _rows(source: Path) -> Iterator[dict[str, object]]:
    drums, backing = source / "drum-samples", source / "backing"
    with (drums / "samples.csv").open(newline="") as table:
        for row in csv.DictReader(table):
            yield {
                "is": "one-shot",
                "path": str(drums / row["file"]),
                "kit": row["kit"],
                "instrument": row["instrument"],
                "split": row["split"],
                "level_db": float(row["level_db"]),
            }
    with (backing / "BACKING.csv").open(newline="") as table:
        for row in csv.DictReader(table):
            yield {
                "is": "recording",
                "path": str(backing / row["file"]),
                "kind": row["kind"],
                "split": row["split"],
            }


def _decoded(path: Path) -> NDArray[np.int16]:
    sound, rate = soundfile.read(path, dtype="float32", always_2d=True)
    if rate != RATE:
        raise ValueError(f"{path.name} is at {rate} Hz, not {RATE}")
    return np.asarray(np.clip(sound.mean(axis=1), -1, 1) * _INT16, dtype=np.int16)
