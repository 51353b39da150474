"""What the second engine's network learns from: clips of rendered songs, at strokes and where none is."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from media.core.audio import Audio
from transcription.core.keras_cnn.clips import cut_clips
from transcription.core.keras_cnn.labels import LABELS, LEARNT_AS
from transcription.core.keras_cnn.level import level_gain
from transcription.core.keras_cnn.mel_windows import BANDS, FRAMES, RATE, mel_windows
from transcription.core.keras_cnn.onsets import find_onsets
from transcription.core.network import INSTRUMENTS_HEARD
from transcription.core.sound_pieces import AudioPieces
from transcription.core.training.learning.dataset import MIXES_EACH, Source
from transcription.core.training.render import Clip, Renderer

# Both what separation leaves and whole songs are listened to.
_ACCOMPANIED_SHARE = 0.55
# A stroke nearer than this to a clip's onset is its onset's; one further off than the second is none of its;
# in between it is neither right nor wrong.
_SAME_ONSET_S = 0.030
_ANOTHER_ONSET_S = 0.050
_JITTER_S = 0.010
_NOWHERE = 3  # places a clip where nothing begins
_NOWHERE_S = 0.060
# A song's level is not that of eight seconds of it.
_LEVEL_DB = 3.0
# Power is kept as its logarithm in float16: within half a per cent, over all that sound can span.
_FLOOR = 1e-10
MIXES_A_SHARD = 50
_OF_HEARD = np.array(
    [LABELS.index(LEARNT_AS[name]) if name in LEARNT_AS else -1 for name in INSTRUMENTS_HEARD]
)


@dataclass(frozen=True, slots=True, eq=False)
class Windows:
    """Examples: ``log_power`` of shape (n, 128, 18), float16; ``labels`` and ``asked`` (n, 6), 0 or 1."""

    log_power: NDArray[np.float16]
    labels: NDArray[np.uint8]
    asked: NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.labels)

    def power(self, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return the windows ``rows`` as the network is shown them: shape (rows, 128, 18, 1)."""
        return as_power(self.log_power[rows])


def as_power(log_power: NDArray[np.float16]) -> NDArray[np.float32]:
    """Undo what windows are kept as; adds the axis of channels."""
    return np.asarray(10.0 ** log_power.astype(np.float32), np.float32)[..., None]


def render_windows(
    source: Source,
    folder: Path,
    mixes: int,
    seed: int,
    workers: int = 1,
    progress: Callable[[str], None] = lambda what: None,
    a_shard: int = MIXES_A_SHARD,
) -> None:
    """Fill ``folder`` with shards of windows from ``mixes`` rendered mixes, from where it was stopped.

    A shard, of ``a_shard`` mixes, depends on the seed and its number alone, whichever of the ``workers``
    processes renders it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    shards = [_Shard(source, folder, seed, number, a_shard) for number in range(-(-mixes // a_shard))]
    missing = [shard for shard in shards if not shard.path.exists()]
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=context) as pool:
        for path, windows in pool.map(_Shard.render, missing):
            progress(f"{path.name}: {windows} windows")


def load_windows(folder: Path) -> Windows:
    """Read all shards of ``folder`` into memory.

    Raises:
        FileNotFoundError: there is none.
    """
    shards = []
    for path in sorted(folder.glob("*.npz")):
        with np.load(path) as opened:
            shards.append(Windows(opened["log_power"], opened["labels"], opened["asked"]))
    if not shards:
        raise FileNotFoundError(f"{folder} holds no windows; render them first")
    return _joined(shards)


def windows_of(clip: Clip, rng: np.random.Generator) -> Windows:
    """Cut windows out of one mix: at its strokes, at what the engine takes for onsets, and in between."""
    level_db = float(rng.normal(0, _LEVEL_DB))
    rms = float(np.sqrt(np.mean(np.square(clip.sound, dtype=np.float64))))
    sound = clip.sound * np.float32(level_gain(rms) * 10 ** (level_db / 20))
    pieces = AudioPieces(Audio(sound[None], RATE))
    times_s = _places(clip, find_onsets(pieces).times_s, len(sound) / RATE, rng)
    labels, asked = answers(clip, times_s)
    power = [mel_windows(clips) for clips in cut_clips(pieces, times_s)]
    bands = np.concatenate(power) if power else np.zeros((0, BANDS, FRAMES), np.float32)
    return Windows(np.log10(bands + _FLOOR).astype(np.float16), labels, asked)


def answers(clip: Clip, times_s: NDArray[np.float64]) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Return what is struck at each of ``times_s``, and which of that is asked for: both (times, 6)."""
    labels = np.zeros((len(times_s), len(LABELS)), np.uint8)
    asked = np.ones_like(labels)
    buried = np.zeros_like(labels)
    drums = clip.drums
    for onset_s, heard, is_buried in zip(drums.onsets_s, drums.heard_as, clip.buried, strict=True):
        label = _OF_HEARD[heard]
        if label < 0:
            continue
        apart_s = np.abs(times_s - onset_s)
        here = apart_s <= _SAME_ONSET_S
        if is_buried:
            buried[here, label] = 1
        else:
            labels[here, label] = 1
            asked[(apart_s > _SAME_ONSET_S) & (apart_s < _ANOTHER_ONSET_S), label] = 0
    asked[buried == 1] = 0
    asked[labels == 1] = 1
    return labels, asked


@dataclass(frozen=True, slots=True)
class _Shard:
    source: Source
    folder: Path
    seed: int
    number: int
    mixes: int

    @property
    def path(self) -> Path:
        return self.folder / f"{self.number:04}.npz"

    def render(self) -> tuple[Path, int]:
        rng = np.random.default_rng((self.seed, self.number))
        windows = _mixed(_renderer(self.source), rng, self.mixes)
        unfinished = self.path.with_suffix(f".{os.getpid()}")
        with unfinished.open("wb") as out:
            np.savez(out, log_power=windows.log_power, labels=windows.labels, asked=windows.asked)
        unfinished.replace(self.path)
        return self.path, len(windows)


@lru_cache(maxsize=1)
def _renderer(source: Source) -> Renderer:
    return source.renderer()


def _mixed(renderer: Renderer, rng: np.random.Generator, mixes: int) -> Windows:
    parts: list[Windows] = []
    while len(parts) < mixes:
        drums = renderer.drums(rng)
        for _ in range(MIXES_EACH):
            accompanied = bool(rng.random() < _ACCOMPANIED_SHARE)
            parts.append(windows_of(renderer.mix(rng, drums, accompanied), rng))
    return _joined(parts)


def _joined(parts: Sequence[Windows]) -> Windows:
    return Windows(
        np.concatenate([part.log_power for part in parts]),
        np.concatenate([part.labels for part in parts]),
        np.concatenate([part.asked for part in parts]),
    )


def _places(
    clip: Clip, found_s: NDArray[np.float64], length_s: float, rng: np.random.Generator
) -> NDArray[np.float64]:
    """What the engine finds, strokes a little off (half of them: most were found), and places in between."""
    struck_s = np.unique(clip.drums.onsets_s)
    half = struck_s[rng.random(len(struck_s)) < 0.5]
    near_s = half + rng.uniform(-_JITTER_S, _JITTER_S, len(half))
    nowhere_s = rng.uniform(0, length_s, _NOWHERE)
    if len(struck_s):
        nowhere_s = nowhere_s[np.abs(nowhere_s[:, None] - struck_s).min(axis=1) > _NOWHERE_S]
    return np.sort(np.clip(np.concatenate([found_s, near_s, nowhere_s]), 0.0, length_s))
