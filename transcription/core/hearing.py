"""What the engines hear in a song, whichever was asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from notation.core.hits import Hit
from notation.core.instruments import InstrumentName
from transcription.core.activations import Activations
from transcription.core.detection import detect_onsets
from transcription.core.given_onsets import name_onsets
from transcription.core.nets import KERAS_CNN, Nets
from transcription.core.picking import missed_mass, pick_hits
from transcription.core.result import HEARD_ON_CPU, Finding
from transcription.core.sound_pieces import FilePieces

Report = Callable[[float], None]
# Of the work, where a second engine names the strokes: crnn, which follows the beat, is the quicker.
_BEAT_HEARD = 0.3


@dataclass(frozen=True, slots=True, eq=False)
class Heard:
    """The strokes of a song, how many more are expected of each instrument, and what follows the beat.

    ``engine`` names what heard the strokes, as results record it.
    """

    hits: tuple[Hit, ...]
    missed: Mapping[InstrumentName, float]
    activations: Activations
    engine: str
    warnings: tuple[Finding, ...] = ()


def hear(path: Path, engine: str, nets: Nets, report: Report) -> Heard:
    """Hear every stroke in the FLAC file at ``path``.

    The beat is heard by crnn whatever ``engine`` names the strokes: keras-cnn knows no beat.

    Raises:
        DeviceUnavailable, UndecodableAudio, WeightsMissing, WeightsDamaged, EngineUnavailable: see their
            classes.
    """
    if engine != KERAS_CNN:
        activations, warnings = _activations(path, nets, report)
        picking = nets.detector.picking
        return Heard(
            pick_hits(activations, picking),
            missed_mass(activations, picking),
            activations,
            nets.detector.label,
            warnings,
        )
    activations, warnings = _activations(path, nets, lambda fraction: report(_BEAT_HEARD * fraction))
    second = nets.keras_cnn
    heard = second.hear(
        FilePieces.of(path), lambda fraction: report(_BEAT_HEARD + (1 - _BEAT_HEARD) * fraction)
    )
    return Heard(heard.hits, heard.missed_mass, activations, second.label, warnings)


@dataclass(frozen=True, slots=True)
class Named:
    """Strokes at times that were given, and the times (seconds) at which nothing was heard at all."""

    hits: tuple[Hit, ...]
    unheard_s: tuple[float, ...]
    engine: str
    warnings: tuple[Finding, ...] = ()


def name_given(path: Path, onsets_s: Sequence[float], engine: str, nets: Nets, report: Report) -> Named:
    """Say what is struck at each of ``onsets_s`` (seconds) in the FLAC file at ``path``.

    Raises:
        What :func:`hear` raises.
    """
    if engine != KERAS_CNN:
        activations, warnings = _activations(path, nets, report)
        hits, unheard_s = name_onsets(activations, nets.detector.picking, onsets_s)
        return Named(hits, unheard_s, nets.detector.label, warnings)
    from transcription.core.keras_cnn.onsets import Onsets  # here: most songs need no second engine

    second = nets.keras_cnn
    times_s = sorted(set(onsets_s))
    heard = second.classify_onsets(FilePieces.of(path), Onsets.at(times_s), report)
    named_s = {hit.onset_s for hit in heard.hits}
    return Named(heard.hits, tuple(time for time in times_s if time not in named_s), second.label)


def _activations(path: Path, nets: Nets, report: Report) -> tuple[Activations, tuple[Finding, ...]]:
    try:
        return detect_onsets(FilePieces.of(path), nets.detector, report), ()
    except torch.OutOfMemoryError:
        torch.cuda.empty_cache()  # for whoever shares the card
    warning = Finding(HEARD_ON_CPU, "The graphics card had no memory left; this took longer without it.")
    return detect_onsets(FilePieces.of(path), nets.detector_on_cpu(), report), (warning,)
