"""Performances as tables of numbers: read once from MIDI, then carried and loaded without it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import numpy as np

from transcription.core.training.drumming.grooves import Note, Performance


def save_performances(performances: Sequence[Performance], path: Path) -> None:
    """Write ``performances`` to the ``.npz`` file ``path``: a column for each field of their notes."""
    notes = [note for performance in performances for note in performance.notes]
    columns: dict[str, Any] = {
        f"note_{field.name}": np.array([getattr(n, field.name) for n in notes]) for field in fields(Note)
    }
    names, codes = np.unique(columns["note_instrument"], return_inverse=True)
    columns |= {
        "note_instrument": codes.astype(np.uint8),
        "note_velocity": columns["note_velocity"].astype(np.uint8),
    }
    rest = [asdict(performance) | {"notes": len(performance.notes)} for performance in performances]
    with path.open("wb") as out:
        np.savez_compressed(out, instruments=names, performances=np.array(json.dumps(rest)), **columns)


def load_performances(path: Path) -> tuple[Performance, ...]:
    """Read what :func:`save_performances` wrote."""
    with np.load(path) as table:
        names = [str(name) for name in table["instruments"]]
        rows = json.loads(str(table["performances"]))
        columns: dict[str, Any] = {field.name: table[f"note_{field.name}"].tolist() for field in fields(Note)}
    columns["instrument"] = [names[code] for code in columns["instrument"]]
    notes = [
        Note(**dict(zip(columns, values, strict=True))) for values in zip(*columns.values(), strict=True)
    ]
    loaded, begin = [], 0
    for row in rows:
        end = begin + row["notes"]
        loaded.append(Performance(**(row | {"notes": tuple(notes[begin:end])})))
        begin = end
    return tuple(loaded)
