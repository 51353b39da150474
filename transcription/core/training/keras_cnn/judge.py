"""Fit how the second engine's network is heard: on rendered validation songs, which it never learnt from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from transcription.core.evaluation.matching import Counts
from transcription.core.evaluation.reference import Reference
from transcription.core.keras_cnn.engine import KerasCnn
from transcription.core.keras_cnn.judgement import (
    Answers,
    Judgement,
    LabelJudgement,
    judged_by,
    spaced,
)
from transcription.core.keras_cnn.labels import LABELS, LEARNT_AS, Label
from transcription.core.keras_cnn.onsets import Onsets, find_onsets
from transcription.core.sound_pieces import AudioPieces
from transcription.core.training.measuring.rendered_songs import RenderedSong

# As the scorer has it; and how near an onset has to be to be taught that it is a stroke's.
_WINDOW_S = 0.050
# How strongly weights are held near 0, in the order of ``judged_by``. What is the same all song long is held
# most: there are thousands of onsets to learn from, but only dozens of songs.
_RIDGE = np.array([1.0, 1.0, 300.0, 1.0, 1.0, 1.0])
_GAPS_S = (0.0, 0.040, 0.050, 0.060)
_THRESHOLDS = tuple(float(value) for value in np.arange(0.20, 0.75, 0.025))

Times = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class AnsweredSong:
    """A rendered song, where onsets were found in it, and what the network answered at each.

    ``asked_s`` holds each label's strokes in order, ``buried_s`` those that hardly anybody could hear.
    """

    source: str
    onsets: Onsets
    answers: Answers
    asked_s: Mapping[Label, Times]
    buried_s: Mapping[Label, Times]

    @classmethod
    def of(cls, source: str, onsets: Onsets, answers: Answers, reference: Reference) -> AnsweredSong:
        """Sort the strokes of ``reference`` by label, and by whether they can be heard."""
        asked, buried = (
            {label: _struck_s(reference, label, is_asked=is_asked) for label in LABELS}
            for is_asked in (True, False)
        )
        return cls(source, onsets, answers, asked, buried)


def answered_songs(
    engine: KerasCnn, songs: Iterable[RenderedSong], progress: Callable[[str], None] = lambda what: None
) -> list[AnsweredSong]:
    """Find onsets in every song and let the network answer at each, as for a network that we trained."""
    levelled = replace(engine, judgement=replace(engine.judgement, is_levelled=True))
    answered = []
    for song in songs:
        progress(f"{song.name}, {song.source}")
        pieces = AudioPieces(song.audio)
        onsets = find_onsets(pieces)
        answers = levelled.answers(pieces, onsets)
        answered.append(AnsweredSong.of(song.source, onsets, answers, song.reference))
    return answered


def fitted(songs: Sequence[AnsweredSong]) -> Judgement:
    """Return the judgement under which most strokes of ``songs`` are found and least others.

    Chances are fitted by likelihood; then, of each label, the threshold with the best F of drums alone and
    mixes together, and the gap that is best for all.
    """
    judgement = Judgement({label: _fitted_label(songs, label) for label in LABELS}, is_levelled=True)
    chances = _chances(songs, judgement)
    best: dict[float, dict[Label, tuple[Counts, float]]] = {}
    for gap_s in _GAPS_S:
        best[gap_s] = {
            label: max(
                (
                    (_counted(songs, chances, label, float(value), gap_s), float(value))
                    for value in _THRESHOLDS
                ),
                key=lambda tried: tried[0].f_measure,
            )
            for label in LABELS
        }
    gap_s = max(_GAPS_S, key=lambda gap: sum((found for found, _ in best[gap].values()), Counts()).f_measure)
    labels = {
        label: replace(judge, threshold=round(best[gap_s][label][1], 3))
        for label, judge in judgement.labels.items()
    }
    return replace(judgement, labels=labels, min_gap_s=gap_s)


def counts(songs: Sequence[AnsweredSong], judgement: Judgement) -> dict[Label, Counts]:
    """Return how many strokes of each label are found, missed and imagined in all ``songs``."""
    chances = _chances(songs, judgement)
    return {
        label: _counted(songs, chances, label, judgement.labels[label].threshold, judgement.min_gap_s)
        for label in LABELS
    }


def _chances(songs: Sequence[AnsweredSong], judgement: Judgement) -> list[Times]:
    return [judgement.chances(song.answers, song.onsets.strengths) for song in songs]


def _counted(
    songs: Sequence[AnsweredSong], chances: Sequence[Times], label: Label, threshold: float, gap_s: float
) -> Counts:
    total, column = Counts(), LABELS.index(label)
    for song, of_song in zip(songs, chances, strict=True):
        likely = of_song[:, column]
        times_s = song.onsets.times_s
        heard_s = times_s[spaced(likely >= threshold, likely, times_s, gap_s)]
        found, others_s = _paired(song.asked_s[label], heard_s)
        false = int(np.sum(_nearest(others_s, song.buried_s[label]) > _WINDOW_S))
        total += Counts(found, len(song.asked_s[label]), found + false)
    return total


def _paired(asked_s: Times, heard_s: Times) -> tuple[int, Times]:
    """Return how many of both pair one to one, and what was heard besides: as the scorer, but only counted.

    Taken in order of time, the first that can be paired always may be: no other pairing has more pairs.
    """
    found, stroke, others = 0, 0, []
    for time_s in heard_s:
        while stroke < len(asked_s) and asked_s[stroke] < time_s - _WINDOW_S:
            stroke += 1
        if stroke < len(asked_s) and asked_s[stroke] <= time_s + _WINDOW_S:
            found, stroke = found + 1, stroke + 1
        else:
            others.append(time_s)
    return found, np.array(others, np.float64)


def _struck_s(reference: Reference, label: Label, *, is_asked: bool) -> Times:
    times_s = [
        stroke.onset_s
        for stroke in reference.own_strokes
        if stroke.instrument is not None
        and LEARNT_AS.get(stroke.instrument) is label
        and stroke.is_asked is is_asked
    ]
    return np.array(sorted(times_s), np.float64)


def _fitted_label(songs: Sequence[AnsweredSong], label: Label) -> LabelJudgement:
    rows, right = [], []
    column = LABELS.index(label)
    for song in songs:
        struck_s = song.asked_s[label]
        near = _nearest(song.onsets.times_s, struck_s)
        unsure = _nearest(song.onsets.times_s, song.buried_s[label])
        # One onset a stroke is right, the nearest; another within the window is neither.
        is_right = np.zeros(len(near), np.bool_)
        if len(struck_s) and len(near):
            apart = np.abs(song.onsets.times_s[:, None] - struck_s)
            closest = apart.argmin(axis=0)
            is_right[closest[apart.min(axis=0) <= _WINDOW_S]] = True
        told = is_right | ((near > _WINDOW_S) & (unsure > _WINDOW_S))
        rows.append(judged_by(song.answers, song.onsets.strengths)[told, column])
        right.append(is_right[told])
    weights = _logistic(np.concatenate(rows), np.concatenate(right).astype(np.float64))
    return LabelJudgement(*(round(float(weight), 4) for weight in weights))


def _nearest(times_s: Times, others_s: Times) -> Times:
    if len(others_s) == 0 or len(times_s) == 0:
        return np.full(len(times_s), np.inf)
    return np.asarray(np.abs(times_s[:, None] - others_s).min(axis=1), np.float64)


def _logistic(columns: Times, right: Times) -> Times:
    """Newton's method on the ridge-regularised likelihood."""
    weights = np.zeros(columns.shape[1])
    for _ in range(30):
        chance = 1 / (1 + np.exp(-columns @ weights))
        slope = columns.T @ (right - chance) - _RIDGE * weights
        bend = (columns * (chance * (1 - chance))[:, None]).T @ columns + np.diag(_RIDGE)
        weights = weights + np.linalg.solve(bend, slope)
    return weights
