"""Examples for the network: clips rendered from the material, with what should be heard in them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from transcription.core.features import FPS, RATE, band_normalised, levelled, log_mel
from transcription.core.network import INSTRUMENTS_HEARD
from transcription.core.training.band.accompaniment import Band
from transcription.core.training.band.note_bank import load_note_bank
from transcription.core.training.drumming.groove_tables import load_performances, save_performances
from transcription.core.training.drumming.grooves import read_performances
from transcription.core.training.render import Clip, Drums, Renderer
from transcription.core.training.sound.material import decode_material, load_material

_HEARD = len(INSTRUMENTS_HEARD)
GROOVES = "grooves.npz"
NOTES = "accompaniment-notes"
# A rendered stretch of drums is used in this many mixes: mixing afresh is cheaper than playing afresh.
MIXES_EACH = 2


class Example(NamedTuple):
    """One clip as the network learns it; every array is float16 and starts with (frames, …).

    ``asked`` is 0 where a stroke is too far under the mix to be right or wrong; ``velocities`` count only
    where ``onsets`` is above 0; ``pulse_asked`` is 0 where beat and downbeat are not known.
    """

    picture: NDArray[np.float16]
    onsets: NDArray[np.float16]
    asked: NDArray[np.float16]
    velocities: NDArray[np.float16]
    pulse: NDArray[np.float16]
    pulse_asked: NDArray[np.float16]


class Batch(NamedTuple):
    """Examples stacked, as float32 tensors of shape (batch, frames, …)."""

    picture: Tensor
    onsets: Tensor
    asked: Tensor
    velocities: Tensor
    pulse: Tensor
    pulse_asked: Tensor


@dataclass(frozen=True, slots=True)
class Source:
    """Where examples come from: sound and performances in ``cache``, one ``split``, clips of ``seconds``."""

    cache: Path
    split: str = "train"
    seconds: float = 8.0

    def renderer(self) -> Renderer:
        """Open the cache that :func:`prepare` filled."""
        performances = load_performances(self.cache / GROOVES)
        notes = self.cache / NOTES
        band = Band(load_note_bank(notes, notes)) if notes.is_dir() else None
        return Renderer(load_material(self.cache), performances, self.split, seconds=self.seconds, band=band)


def prepare(material: Path, cache: Path, notes: Path | None = None) -> None:
    """Decode all sounds and read all performances of ``material`` into ``cache``, once.

    Args:
        material: a pack, or a folder with ``drum-samples``, ``groove-midi`` and ``backing``.
        notes: the bank of notes that a band plays on; else ``accompaniment-notes`` of ``material``, if any.
    """
    if notes is not None or (material / NOTES).is_dir():
        _prepare_notes(notes or material / NOTES, cache / NOTES)
    is_new = decode_material(material, cache)
    grooves, packed = cache / GROOVES, material / GROOVES
    if grooves.exists() and not is_new:
        return
    if packed.exists():
        grooves.write_bytes(packed.read_bytes())
    else:
        save_performances(read_performances(material / "groove-midi"), grooves)


def _prepare_notes(folder: Path, cache: Path) -> None:
    table, mark = (folder / "notes.csv").read_bytes(), cache / "source.csv"
    if not mark.exists() or mark.read_bytes() != table:
        (cache / "notes.json").unlink(missing_ok=True)
        load_note_bank(folder, cache)
        mark.write_bytes(table)


def example(clip: Clip, normalise_over: tuple[float, float] = (0.0, 1.0)) -> Example:
    """Turn a mix into an :class:`Example`.

    Args:
        normalise_over: the stretch, in fractions of the clip, whose mean and spread are removed.
    """
    picture = normalised_picture(clip.sound, normalise_over)
    frames = len(picture)
    onsets, asked, velocities = _onset_targets(clip, frames)
    half = np.float16
    return Example(
        picture=picture,
        onsets=onsets.astype(half),
        asked=asked.astype(half),
        velocities=velocities.astype(half),
        pulse=_pulse_targets(clip.drums, frames).astype(half),
        pulse_asked=np.ones((frames, 2), half),
    )


def normalised_picture(
    sound: NDArray[np.float32], normalise_over: tuple[float, float] = (0.0, 1.0)
) -> NDArray[np.float16]:
    """Return what the network is shown of mono ``sound``: shape (frames, 168)."""
    picture = log_mel(levelled(sound))[: len(sound) * FPS // RATE]
    frames = len(picture)
    begin, end = int(normalise_over[0] * frames), max(2, int(normalise_over[1] * frames))
    picture = band_normalised(picture, over=picture[begin:end])
    return np.clip(picture, -20, 20).astype(np.float16)


def drawn_stretch(rng: np.random.Generator) -> tuple[float, float]:
    """Draw the stretch of a clip to normalise over: often half, as a song is not all like one clip."""
    if rng.random() >= 0.4:
        return 0.0, 1.0
    begin = float(rng.uniform(0, 0.5))
    return begin, begin + 0.5


def _onset_targets(
    clip: Clip, frames: int
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    drums = clip.drums
    onsets = np.zeros((frames, _HEARD), np.float32)
    asked = np.ones((frames, _HEARD), np.float32)
    velocities = np.zeros((frames, _HEARD), np.float32)
    centres = np.rint(drums.onsets_s * FPS).astype(np.int64)
    for frame, heard, buried in zip(centres, drums.heard_as, clip.buried, strict=True):
        if buried:
            asked[max(0, frame - 2) : frame + 3, heard] = 0
    rows = zip(centres, drums.heard_as, drums.velocities, clip.buried, strict=True)
    for frame, heard, velocity, buried in rows:
        if buried or frame >= frames:
            continue
        for offset, target in ((-1, 0.5), (0, 1.0), (1, 0.5)):
            near = frame + offset
            if 0 <= near < frames:
                onsets[near, heard] = max(onsets[near, heard], target)
                velocities[near, heard] = max(velocities[near, heard], velocity)
                asked[near, heard] = 1
    return onsets, asked, velocities


def _pulse_targets(drums: Drums, frames: int) -> NDArray[np.float32]:
    pulse = np.zeros((frames, 2), np.float32)
    for column, times in enumerate((drums.beats_s, drums.downbeats_s)):
        for frame in np.rint(times * FPS).astype(np.int64):
            for offset, target in ((-2, 0.25), (-1, 0.5), (0, 1.0), (1, 0.5), (2, 0.25)):
                near = frame + offset
                if 0 <= near < frames:
                    pulse[near, column] = max(pulse[near, column], target)
    return pulse


def examples(renderer: Renderer, rng: np.random.Generator) -> Iterator[Example]:
    """Render examples without end, each stretch of drums in two mixes, one after the other."""
    while True:
        drums = renderer.drums(rng)
        for _ in range(MIXES_EACH):
            yield example(renderer.mix(rng, _entering_late(rng, drums)), drawn_stretch(rng))


def _entering_late(rng: np.random.Generator, drums: Drums) -> Drums:
    """Now and then the drums enter late, stop early or do not play at all."""
    draw = rng.random()
    length_s = len(drums.sound) / RATE
    if draw > 0.15:
        return drums
    begin_s, end_s = 0.0, length_s
    if draw < 0.03:
        end_s = 0.0
    elif draw < 0.09:
        begin_s = float(rng.uniform(0.1, 0.8)) * length_s
    else:
        end_s = float(rng.uniform(0.2, 0.9)) * length_s
    sound = np.zeros_like(drums.sound)
    first, last = int(begin_s * RATE), int(end_s * RATE)
    sound[first:last] = drums.sound[first:last]
    fade = min(441, last - first)
    if fade > 0:
        sound[first : first + fade] *= np.linspace(0, 1, fade, dtype=np.float32)
    kept = (drums.onsets_s >= begin_s + 0.01) & (drums.onsets_s < end_s)
    return replace(
        drums,
        sound=sound,
        onsets_s=drums.onsets_s[kept],
        heard_as=drums.heard_as[kept],
        velocities=drums.velocities[kept],
        peaks=drums.peaks[kept],
        beats_s=drums.beats_s[(drums.beats_s >= begin_s) & (drums.beats_s < end_s)],
        downbeats_s=drums.downbeats_s[(drums.downbeats_s >= begin_s) & (drums.downbeats_s < end_s)],
    )


def stacked(rows: Sequence[Example]) -> Batch:
    """Stack ``rows`` into one batch."""
    return Batch(
        *(torch.from_numpy(np.stack(column).astype(np.float32)) for column in zip(*rows, strict=True))
    )
