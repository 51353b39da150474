"""Real songs with targets, labelled by a network or by people, to learn from beside rendered clips."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from transcription.core.features import FPS, HOP, RATE
from transcription.core.network import INSTRUMENTS_HEARD
from transcription.core.training.errors import CannotTrain
from transcription.core.training.learning.dataset import Example, drawn_stretch, normalised_picture
from transcription.core.training.sound.effects import gain, rms, tinted
from transcription.core.training.sound.material import as_float32, as_int16, read_mono

_HEARD = len(INSTRUMENTS_HEARD)
Backing = Callable[[np.random.Generator, int], NDArray[np.float32]]

# How many clips get music behind them, and how loud it is against the song, in dB: by ear.
_BACKED_SHARE = 0.5
_BACKED_DB = (-18.0, -3.0)
_TARGETS = ("onsets", "asked", "velocities")
_SOUND_FILES = (".ogg", ".flac", ".wav")
_NAMES = np.array([name.value for name in INSTRUMENTS_HEARD])


@dataclass(frozen=True, slots=True, eq=False)
class PseudoSong:
    """A recording and what should be heard in it, at 100 frames a second, frame ``i`` at second ``i / 100``.

    ``sound`` is mono int16 at 44.1 kHz; ``onsets``, ``asked`` and ``velocities`` are float16 of shape
    (frames, ``len(INSTRUMENTS_HEARD)``), 0..1; ``asked`` is 0 where nobody knows.
    """

    sound: NDArray[np.int16]
    onsets: NDArray[np.float16]
    asked: NDArray[np.float16]
    velocities: NDArray[np.float16]


class BadSong(CannotTrain):
    """A file of a songs folder is not what :func:`save_song` writes."""


def save_song(song: PseudoSong, path: Path, *, with_sound: bool = True) -> None:
    """Write ``song`` to the ``.npz`` file ``path``; without its sound, that must lie beside it as audio."""
    columns: dict[str, Any] = {name: np.asarray(getattr(song, name), np.float16) for name in _TARGETS}
    with path.open("wb") as out:
        if with_sound:
            np.savez_compressed(out, instruments=_NAMES, sound=song.sound, **columns)
        else:
            np.savez_compressed(out, instruments=_NAMES, **columns)


def load_song(path: Path) -> PseudoSong:
    """Read what :func:`save_song` wrote; its sound is in it or beside it (``.ogg``, ``.flac``, ``.wav``).

    Raises:
        BadSong: arrays are missing or do not fit each other.
    """
    with np.load(path) as table:
        missing = {"instruments", *_TARGETS} - set(table.files)
        if missing:
            raise BadSong(f"{path.name} lacks {', '.join(sorted(missing))}")
        names = [str(name) for name in table["instruments"]]
        targets = [table[name] for name in _TARGETS]
        sound = table["sound"] if "sound" in table.files else _sound_beside(path)
    frames = len(targets[0])
    if any(target.shape != (frames, len(names)) for target in targets) or sound.ndim != 1:
        raise BadSong(f"{path.name}: its arrays differ in length")
    if abs(len(sound) / HOP - frames) > FPS:
        raise BadSong(f"{path.name}: {len(sound) / RATE:.1f} s of sound, {frames / FPS:.1f} s of targets")
    return PseudoSong(np.asarray(sound, np.int16), *(_by_name(target, names) for target in targets))


def gather_songs(folder: Path, cache: Path) -> Path:
    """Put all songs of ``folder`` into arrays that every process maps; returns where, under ``cache``.

    Raises:
        BadSong: there is none, or one cannot be read.
    """
    paths = sorted(folder.glob("*.npz"))
    if not paths:
        raise BadSong(f"{folder} holds no songs (.npz)")
    digest = hashlib.sha256()
    for path in sorted(folder.iterdir()):
        if path.suffix in (".npz", *_SOUND_FILES):
            digest.update(path.read_bytes())
    gathered = cache / f"songs-{digest.hexdigest()[:12]}"
    if (gathered / "index.json").exists():
        return gathered
    gathered.mkdir(parents=True, exist_ok=True)
    rows = []
    files = {name: (gathered / f"{name}.{os.getpid()}").open("wb") for name in ("sound", *_TARGETS)}
    for path in paths:
        song = load_song(path)
        for name, out in files.items():
            out.write(getattr(song, name).tobytes())
        rows.append([len(song.sound), len(song.onsets)])
    for name, out in files.items():
        out.close()
        Path(out.name).replace(gathered / name)
    (gathered / "index.json").write_text(json.dumps(rows))
    return gathered


def open_songs(gathered: Path) -> tuple[PseudoSong, ...]:
    """Map what :func:`gather_songs` wrote."""
    sound = np.memmap(gathered / "sound", dtype=np.int16, mode="r")
    targets = [
        np.memmap(gathered / name, dtype=np.float16, mode="r").reshape(-1, _HEARD) for name in _TARGETS
    ]
    songs, sample, frame = [], 0, 0
    for samples, frames in json.loads((gathered / "index.json").read_text()):
        parts = (target[frame : frame + frames] for target in targets)
        songs.append(PseudoSong(sound[sample : sample + samples], *parts))
        sample, frame = sample + samples, frame + frames
    return tuple(songs)


def song_example(
    song: PseudoSong, rng: np.random.Generator, seconds: float, backing: Backing | None = None
) -> Example:
    """Cut ``seconds`` from anywhere in ``song`` and colour them; beat and downbeat are not asked for.

    Args:
        backing: draws music without drums, shape (samples,), that is put behind half of the clips, so that
            what was heard in the bare song must be heard through more.
    """
    frames = round(seconds * FPS)
    begin = int(rng.integers(max(1, len(song.onsets) - frames + 1)))
    sound = np.zeros(frames * HOP, np.float32)
    part = song.sound[begin * HOP : (begin + frames) * HOP]
    sound[: len(part)] = as_float32(part)
    onsets, asked, velocities = (
        _padded(target[begin : begin + frames], frames)
        for target in (song.onsets, song.asked, song.velocities)
    )
    sound = tinted(rng, sound, spread_db=4.0)
    if backing is not None and rng.random() < _BACKED_SHARE:
        behind = backing(rng, len(sound))
        level_db = float(rng.uniform(*_BACKED_DB))
        sound = sound + behind * np.float32(rms(sound) * gain(level_db) / (rms(behind) or 1.0))
    picture = normalised_picture(sound, drawn_stretch(rng))
    nothing = np.zeros((frames, 2), np.float16)
    return Example(picture, onsets, asked, velocities, nothing, nothing)


def _padded(target: NDArray[np.float16], frames: int) -> NDArray[np.float16]:
    """Fill up to ``frames`` with what nobody asks for."""
    return np.concatenate([target, np.zeros((frames - len(target), _HEARD), np.float16)])


def _by_name(target: NDArray[np.float16], names: list[str]) -> NDArray[np.float16]:
    """Put ``target``'s columns where their instruments are heard; others stay 0, for which nobody asks."""
    columns = np.zeros((len(target), _HEARD), np.float16)
    for column, name in enumerate(names):
        columns[:, list(_NAMES).index(name)] = target[:, column]
    return columns


def _sound_beside(path: Path) -> NDArray[np.int16]:
    for suffix in _SOUND_FILES:
        beside = path.with_suffix(suffix)
        if beside.is_file():
            return as_int16(read_mono(beside))
    raise BadSong(f"{path.name} holds no sound, and no {' or '.join(_SOUND_FILES)} lies beside it")
