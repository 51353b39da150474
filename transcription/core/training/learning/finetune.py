"""Go on learning with a user's own annotated songs, and say what it bought on songs held out."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import soxr
from numpy.typing import NDArray

from media.core.audio import Audio
from notation.core.instruments import INSTRUMENTS, DrumClass, InstrumentName
from transcription.core.activations import Activations
from transcription.core.detection import Detector, detect_onsets, load_detector
from transcription.core.evaluation import Figures, Reference, Stroke, heard, pooled, score
from transcription.core.evaluation.estimate import read_sound
from transcription.core.evaluation.matching import WIDEST_MS
from transcription.core.features import FPS, RATE
from transcription.core.network import INSTRUMENTS_HEARD
from transcription.core.training.learning.annotated import (
    AnnotatedSong,
    AnnotatedStroke,
    BadAnnotation,
    read_annotated,
)
from transcription.core.training.learning.config import TrainingConfig
from transcription.core.training.learning.songs import PseudoSong, save_song
from transcription.core.training.learning.train import WEIGHTS, Slice, train

_COLUMN = {name: column for column, name in enumerate(INSTRUMENTS_HEARD)}
# Frames around a stroke of which only the class is known, where its instruments are neither right nor wrong.
_DOUBT = 3


@dataclass(frozen=True, slots=True)
class Outcome:
    """F measure of all strokes (``micro``) and of each annotated class on the songs held out, ±50 ms."""

    held_out: tuple[str, ...]
    before: Mapping[str, float]
    after: Mapping[str, float]


def finetune(
    data: Path,
    start: Path,
    run: Path,
    cache: Path,
    config: TrainingConfig,
    *,
    hold_out: float = 0.25,
    part: Slice | None = None,
) -> Outcome | None:
    """Learn from the songs of ``data`` mixed with rendered clips, from the weights ``start``.

    Args:
        data: annotated songs, as :func:`read_annotated` reads them.
        run: the run's folder, to be resumed from as by :func:`train`.
        config: of the run; ``clips.pseudo_share`` is the share of examples from the user's songs.
        hold_out: share of the songs that are measured on and not learnt from, at least one.
    Returns:
        None when the slice ended before the last step.
    Raises:
        BadAnnotation: a song cannot be used, or there are fewer than two.
    """
    songs = read_annotated(data)
    learnt, held_out = share_out(songs, hold_out, config.seed)
    before = load_detector(start)
    config = replace(config, network=before.network.shape)
    labelled = run / "songs"
    if not labelled.exists():
        _label(learnt, before, labelled)
    steps = train(cache, run, config, part=part, start=start, pseudo=labelled)
    if steps < config.learning.steps:
        return None
    after = load_detector(run / WEIGHTS)
    outcome = Outcome(
        held_out=tuple(song.name for song in held_out),
        before=_figures(held_out, before),
        after=_figures(held_out, after),
    )
    (run / "finetune.json").write_text(json.dumps(asdict(outcome), indent=1) + "\n")
    return outcome


def share_out(
    songs: Sequence[AnnotatedSong], hold_out: float, seed: int
) -> tuple[list[AnnotatedSong], list[AnnotatedSong]]:
    """Share ``songs`` out to those learnt from and those held out, the same way every time.

    Raises:
        BadAnnotation: there are fewer than two songs.
    """
    if len(songs) < 2:
        raise BadAnnotation("one song is too few: one is learnt from, and another held out to measure on")
    count = min(len(songs) - 1, max(1, round(hold_out * len(songs))))
    chosen = set(np.random.default_rng(seed).permutation(len(songs))[:count].tolist())
    return (
        [song for number, song in enumerate(songs) if number not in chosen],
        [song for number, song in enumerate(songs) if number in chosen],
    )


def labelled_song(audio: Audio, strokes: Sequence[AnnotatedStroke], heard_before: Activations) -> PseudoSong:
    """Turn an annotated recording into targets.

    Where the annotator named only a class, the network's own hearing decides which of its instruments it was;
    so it does for a loudness that is not annotated. Something else that was struck is not asked for.
    """
    mono = audio.mono()
    if audio.rate != RATE:
        mono = np.asarray(soxr.resample(mono, audio.rate, RATE, quality="HQ"), np.float32)
    frames = min(len(heard_before.onsets), len(mono) * FPS // RATE)
    onsets = np.zeros((frames, len(INSTRUMENTS_HEARD)), np.float16)
    asked, velocities = np.ones_like(onsets), np.zeros_like(onsets)
    for stroke in strokes:
        frame = min(frames - 1, round(stroke.onset_s * FPS))
        near = slice(max(0, frame - _DOUBT), frame + _DOUBT + 1)
        candidates = _candidates(stroke)
        if stroke.instrument is None:
            asked[near, candidates] = 0
        if stroke.instrument is None and stroke.drum_class is None:
            continue
        column = candidates[int(np.argmax(heard_before.onsets[near][:, candidates].max(axis=0)))]
        heard_loudness = float(heard_before.velocities[near, column].max())
        loudness = heard_loudness if stroke.velocity is None else stroke.velocity / 127
        _mark(onsets, asked, velocities, frame=frame, column=column, loudness=loudness)
    sound = np.asarray(np.clip(mono, -1, 1) * 32_767, np.int16)
    return PseudoSong(sound, onsets, asked, velocities)


def _candidates(stroke: AnnotatedStroke) -> list[int]:
    if stroke.instrument is not None:
        return [_COLUMN[stroke.instrument]]
    # Annotators of classes put side sticks among the rest.
    rest = {InstrumentName.SIDE_STICK} | {n for n in INSTRUMENTS_HEARD if INSTRUMENTS[n].drum_class is None}
    if stroke.drum_class is None:
        return [_COLUMN[name] for name in INSTRUMENTS_HEARD if name in rest]
    return [
        _COLUMN[name]
        for name in INSTRUMENTS_HEARD
        if INSTRUMENTS[name].drum_class is stroke.drum_class and name not in rest
    ]


def _mark(
    onsets: NDArray[np.float16],
    asked: NDArray[np.float16],
    velocities: NDArray[np.float16],
    *,
    frame: int,
    column: int,
    loudness: float,
) -> None:
    for offset, target in ((-1, 0.5), (0, 1.0), (1, 0.5)):
        near = frame + offset
        if 0 <= near < len(onsets):
            onsets[near, column] = max(onsets[near, column], np.float16(target))
            velocities[near, column] = max(velocities[near, column], np.float16(loudness))
            asked[near, column] = 1


def _label(songs: Sequence[AnnotatedSong], detector: Detector, folder: Path) -> None:
    unfinished = folder.with_name("songs.partial")
    unfinished.mkdir(parents=True, exist_ok=True)
    for song in songs:
        for path in song.sounds:
            audio = read_sound(path)
            labelled = labelled_song(audio, song.strokes, detect_onsets(audio, detector))
            save_song(labelled, unfinished / f"{song.name}-{path.stem}.npz")
    unfinished.replace(folder)


def _figures(songs: Sequence[AnnotatedSong], detector: Detector) -> dict[str, float]:
    scored: list[Figures] = []
    for song in songs:
        reference = Reference(
            tuple(Stroke(stroke.onset_s, stroke.label, stroke.drum_class) for stroke in song.strokes)
        )
        scored += [score(reference, heard(read_sound(path), detector, beats=False)) for path in song.sounds]
    figures = pooled(scored)
    by_class = figures.classes[WIDEST_MS]
    known = [drum_class for drum_class in DrumClass if by_class[drum_class].reference]
    return {"micro": figures.micro().f_measure} | {cls.value: by_class[cls].f_measure for cls in known}
