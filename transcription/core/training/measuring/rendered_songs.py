"""Songs rendered for measuring, kept on disk: the same seed and renderer give the same songs."""

from __future__ import annotations

import ast
import hashlib
import importlib.util
import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from media.core.audio import Audio
from notation.core.instruments import INSTRUMENTS, InstrumentName
from transcription.core.evaluation.estimate import read_sound
from transcription.core.evaluation.matching import Stroke
from transcription.core.evaluation.reference import Reference
from transcription.core.network import INSTRUMENTS_HEARD
from transcription.core.training.learning.dataset import Source, prepare
from transcription.core.training.render import Clip, Renderer
from transcription.core.training.sound.material import RATE, source_fingerprint

SOURCES = ("drums", "mix")
DEFAULT_SECONDS = 24.0
DEFAULT_SEED = 1
_PACKAGE = "transcription.core.training"
_RENDERER = f"{_PACKAGE}.render"
_SPLIT = "valid"
_PEAK = 0.9
_SETS_KEPT = 3


@dataclass(frozen=True, slots=True)
class SongSet:
    """``count`` songs of ``seconds``, drawn with ``seed``; a larger set begins with a smaller one's."""

    count: int
    seconds: float = DEFAULT_SECONDS
    seed: int = DEFAULT_SEED


@dataclass(frozen=True, slots=True, eq=False)
class RenderedSong:
    """One song from one source (drums alone or mix) and what is played in it."""

    name: str
    source: str
    audio: Audio
    reference: Reference


def rendered_songs(material: Path, folder: Path, songs: SongSet) -> Iterator[RenderedSong]:
    """Return every song from each source, one at a time, rendering into ``folder`` those not there yet.

    Kits, grooves and recordings are those of the validation split. A song's drums are the same in both
    sources. Sets that other renderers left beside ``folder`` are removed, but for the newest.

    Args:
        folder: named by :func:`set_name`; what is decoded of the material is kept beside it.
        material: a pack, or a folder with ``drum-samples``, ``groove-midi`` and ``backing``.
    Raises:
        FileNotFoundError: ``material`` is neither.
    """
    folder.mkdir(parents=True, exist_ok=True)
    folder.touch()  # in use: not the one to remove
    _remove_old_sets(folder.parent)
    renderer: Renderer | None = None
    for number in range(1, songs.count + 1):
        labels = folder / f"{number:03}.json"
        if not labels.exists():
            renderer = renderer or _open_renderer(material, folder.parent / "material", songs.seconds)
            _render(renderer, np.random.default_rng((songs.seed, number)), labels)
        strokes = json.loads(labels.read_text())
        for source in SOURCES:
            audio = read_sound(labels.with_suffix(f".{source}.flac"))
            yield RenderedSong(labels.stem, source, audio, _reference(strokes[source]))


def set_name(material: Path, songs: SongSet) -> str:
    """Name what the songs depend on: seed, length, material, and the modules that rendering runs through."""
    digest = hashlib.sha256(source_fingerprint(material).encode())
    digest.update(" ".join(INSTRUMENTS_HEARD).encode())
    sources = _sources_of(_RENDERER)
    if not sources:
        raise RuntimeError(f"{_RENDERER} is no module")
    for path in sources:
        digest.update(path.read_bytes())
    return f"set-{songs.seed}-{songs.seconds:g}s-{digest.hexdigest()[:12]}"


def _sources_of(module: str) -> list[Path]:
    """The files of ``module`` and of all in this package that it imports."""
    found: dict[str, Path] = {}
    waiting = [module]
    while waiting:
        name = waiting.pop()
        if name in found or not name.startswith(f"{_PACKAGE}."):
            continue
        spec = _spec(name)
        if spec is None or spec.origin is None:
            continue  # a name in a module, not a module
        found[name] = Path(spec.origin)
        for node in ast.walk(ast.parse(found[name].read_bytes())):
            if isinstance(node, ast.ImportFrom) and node.module:
                waiting += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
            elif isinstance(node, ast.Import):
                waiting += [alias.name for alias in node.names]
    return [found[name] for name in sorted(found)]


def _spec(name: str) -> importlib.machinery.ModuleSpec | None:
    try:
        return importlib.util.find_spec(name)
    except ModuleNotFoundError:
        return None


def _open_renderer(material: Path, cache: Path, seconds: float) -> Renderer:
    prepare(material, cache)
    return Source(cache, split=_SPLIT, seconds=seconds).renderer()


def _render(renderer: Renderer, rng: np.random.Generator, labels: Path) -> None:
    """Write one song's sounds and, last, since they mark it as whole, its ``labels``."""
    drums = renderer.drums(rng)
    strokes = {}
    for source in SOURCES:
        clip = renderer.mix(rng, drums, accompanied=source == "mix")
        scale = _PEAK / (float(np.max(np.abs(clip.sound))) or 1.0)
        soundfile.write(labels.with_suffix(f".{source}.flac"), clip.sound * scale, RATE, subtype="PCM_16")
        strokes[source] = _strokes(clip)
    unfinished = labels.with_suffix(".partial")
    unfinished.write_text(json.dumps(strokes))
    unfinished.replace(labels)


def _strokes(clip: Clip) -> list[tuple[float, str, int, bool]]:
    drums = clip.drums
    rows = zip(drums.onsets_s, drums.heard_as, drums.velocities, clip.buried, strict=True)
    return [
        (float(onset_s), INSTRUMENTS_HEARD[heard].value, round(float(velocity) * 127), not buried)
        for onset_s, heard, velocity, buried in rows
    ]


def _reference(rows: list[tuple[float, str, int, bool]]) -> Reference:
    strokes = tuple(
        Stroke(
            onset_s=onset_s,
            label=name,
            drum_class=INSTRUMENTS[InstrumentName(name)].drum_class,
            instrument=InstrumentName(name),
            velocity=velocity,
            is_asked=is_asked,
        )
        for onset_s, name, velocity, is_asked in sorted(rows)
    )
    return Reference(class_strokes=strokes, own_strokes=strokes)


def _remove_old_sets(store: Path) -> None:
    sets = sorted(store.glob("set-*"), key=lambda path: path.stat().st_mtime, reverse=True)
    for old in sets[_SETS_KEPT:]:
        shutil.rmtree(old, ignore_errors=True)
