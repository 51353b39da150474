"""What the pipeline heard in a song: run now, or read from the result it wrote."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from media.core.audio import Audio
from notation.core.beat_grid import BeatGrid
from notation.core.hits import Hit
from transcription.core.beats import track_beats
from transcription.core.detection import Detector, detect_onsets
from transcription.core.evaluation.reference import UnusableInput
from transcription.core.hit_list import grid_from_json, hits_from_json
from transcription.core.keras_cnn.engine import KerasCnn
from transcription.core.picking import pick_hits
from transcription.core.result import RESULT_SCHEMA


@dataclass(frozen=True, slots=True)
class Estimate:
    """Hits in order of onset and, where beats were tracked, their grid."""

    hits: tuple[Hit, ...]
    grid: BeatGrid | None = None


def heard(audio: Audio, detector: Detector | KerasCnn, *, beats: bool) -> Estimate:
    """Run the pipeline's hearing on ``audio``; keras-cnn alone hears no beats."""
    if isinstance(detector, KerasCnn):
        return Estimate(detector.hear(audio).hits)
    activations = detect_onsets(audio, detector)
    hits = pick_hits(activations, detector.picking)
    return Estimate(hits, track_beats(activations, hits) if beats else None)


def read_sound(path: Path) -> Audio:
    """Read a sound file; raises UnusableInput when it is none."""
    try:
        samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    except (OSError, soundfile.LibsndfileError) as error:
        raise UnusableInput(f"{path} cannot be read as sound: {error}") from error
    return Audio(np.ascontiguousarray(samples.T), rate)


def read_result(document: Mapping[str, Any]) -> Estimate:
    """Read a result JSON (``drumsite.transcription/1``); raises UnusableInput when it is something else."""
    if document.get("schema") != RESULT_SCHEMA:
        raise UnusableInput(f"schema is {document.get('schema')!r}, not {RESULT_SCHEMA!r}")
    try:
        return Estimate(hits_from_json(document), grid_from_json(document) if document["beats"] else None)
    except (KeyError, TypeError, ValueError) as error:
        raise UnusableInput(f"it is no complete {RESULT_SCHEMA!r}: {error!r}") from error
