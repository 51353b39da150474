"""From activations to hits: which peaks are strokes, on what, and when exactly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from notation.core.hits import Hit
from notation.core.instruments import FEET, INSTRUMENTS, DrumClass, InstrumentName
from transcription.core.activations import Activations
from transcription.core.network import INSTRUMENTS_HEARD

_FAMILIES: dict[DrumClass, tuple[int, ...]] = {
    family: tuple(
        index for index, name in enumerate(INSTRUMENTS_HEARD) if INSTRUMENTS[name].drum_class is family
    )
    for family in DrumClass
}
# Two hands can strike two toms or two cymbals at once, but a hi-hat is open or closed, never both.
_MAY_SOUND_TOGETHER = frozenset({DrumClass.TOM, DrumClass.CYMBAL})
# Peaks lower than this are the network's floor: they are no candidates, whatever the song.
_FLOOR = 0.03
_NEIGHBOURS = 2  # frames on each side that a peak overlooks
_SAME_INSTANT_S = 0.025


@dataclass(frozen=True, slots=True)
class Calibration:
    """How a peak's activation becomes the chance of a stroke: ``sigmoid(slope * logit + offset)``."""

    slope: float = 1.0
    offset: float = 0.0


@dataclass(frozen=True, slots=True)
class PeakPicking:
    """How onset activations become hits.

    A song's threshold in each family of instruments is the one whose hits have the best *expected* F
    measure, given every candidate's calibrated chance to be a stroke: a song heard faintly gets a low
    threshold and one heard clearly a high one, with no label needed. ``lowest`` and ``highest`` bound it.
    All numbers were chosen on rendered validation songs.
    """

    kick: Calibration = Calibration(1.156, -0.054)
    snare: Calibration = Calibration(1.222, -0.255)
    tom: Calibration = Calibration(1.127, -0.715)
    hihat: Calibration = Calibration(1.324, -0.411)
    cymbal: Calibration = Calibration(1.063, -0.768)
    lowest: float = 0.38
    highest: float = 0.42
    second: float = 0.50  # chance that another tom or cymbal needs to count beside the first
    min_gap_s: float = 0.030  # nearer peaks are one stroke
    hands: int = 2  # strokes that hands can play at one instant
    later_s: float = 0.0  # added to every onset

    def calibration(self, family: DrumClass) -> Calibration:
        """Return the calibration of ``family``."""
        return {
            DrumClass.KICK: self.kick,
            DrumClass.SNARE: self.snare,
            DrumClass.TOM: self.tom,
            DrumClass.HIHAT: self.hihat,
            DrumClass.CYMBAL: self.cymbal,
        }[family]


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """The peaks of one family: frame, height (0..1) and the chance, as calibrated, that a stroke is there."""

    frames: NDArray[np.int64]
    heights: NDArray[np.float32]
    chances: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class _Stroke:
    onset_s: float
    heard: int
    velocity: float
    chance: float


def pick_hits(activations: Activations, picking: PeakPicking | None = None) -> tuple[Hit, ...]:
    """Turn frame-wise activations into hits, in order of onset.

    Returns:
        Hits ``h1``, ``h2`` … with onsets in seconds from the first sample, velocity 1–127 and, as confidence,
        the chance that the stroke is there; empty when nothing stands out.
    Source:
        Peaks: Böck, Krebs and Schedl, "Evaluating the Online Capabilities of Onset Detection Methods", ISMIR
        2012. Threshold by expected F: Lipton, Elkan and Naryanaswamy, "Optimal Thresholding of Classifiers to
        Maximize F1 Measure", ECML 2014.
    """
    picking = picking or PeakPicking()
    strokes: list[_Stroke] = []
    for family in DrumClass:
        strokes += _family_strokes(activations, family, picking)
    strokes.sort(key=lambda stroke: (stroke.onset_s, stroke.heard))
    strokes = _playable(strokes, picking.hands)
    return tuple(_hit(number, stroke) for number, stroke in enumerate(strokes, start=1))


def find_candidates(activations: Activations, family: DrumClass, picking: PeakPicking) -> Candidates:
    """Return the peaks of ``family``'s joint activation, in order of time."""
    joint = _joint(activations, family)
    frames = _peaks(joint, round(picking.min_gap_s * activations.fps))
    heights = joint[frames]
    return Candidates(frames, heights, _calibrated(heights, picking.calibration(family)))


def best_threshold(chances: NDArray[np.float32]) -> float:
    """Return the chance from which on to take candidates so that the expected F measure is highest."""
    if len(chances) == 0:
        return 1.0
    falling = np.sort(chances)[::-1].astype(np.float64)
    taken = np.arange(1, len(falling) + 1)
    expected = 2 * np.cumsum(falling) / (taken + falling.sum())
    return float(falling[int(np.argmax(expected))])


def _joint(activations: Activations, family: DrumClass) -> NDArray[np.float32]:
    """The chance that anything of ``family`` is struck: half heard as open and half as closed is a hat."""
    members = activations.onsets[:, _FAMILIES[family]]
    return np.asarray(1.0 - np.prod(1.0 - members, axis=1), np.float32)


def _peaks(values: NDArray[np.float32], gap_frames: int) -> NDArray[np.int64]:
    if len(values) == 0:
        return np.zeros(0, np.int64)
    padded = np.pad(values, _NEIGHBOURS)
    around = np.lib.stride_tricks.sliding_window_view(padded, 2 * _NEIGHBOURS + 1)
    frames = np.flatnonzero((values >= _FLOOR) & (values >= around.max(axis=1)))
    kept: list[int] = []
    for frame in frames:
        if kept and frame - kept[-1] < gap_frames:
            if values[frame] > values[kept[-1]]:
                kept[-1] = int(frame)
        else:
            kept.append(int(frame))
    return np.array(kept, np.int64)


def _calibrated(heights: NDArray[np.float32], calibration: Calibration) -> NDArray[np.float32]:
    clipped = np.clip(heights, 1e-4, 1 - 1e-4)
    logits = np.log(clipped / (1 - clipped))
    return np.asarray(1 / (1 + np.exp(-(calibration.slope * logits + calibration.offset))), np.float32)


def _family_strokes(activations: Activations, family: DrumClass, picking: PeakPicking) -> list[_Stroke]:
    candidates = find_candidates(activations, family, picking)
    threshold = float(np.clip(best_threshold(candidates.chances), picking.lowest, picking.highest))
    members = _FAMILIES[family]
    joint = _joint(activations, family)
    strokes: list[_Stroke] = []
    for frame, chance in zip(candidates.frames, candidates.chances, strict=True):
        if chance < threshold:
            continue
        begin, end = max(0, frame - 1), frame + 2
        near = activations.onsets[begin:end, members].max(axis=0)
        loudness = activations.velocities[begin:end, members].max(axis=0)
        onset_s = (frame + _parabola_offset(joint, int(frame))) / activations.fps + picking.later_s
        first = int(np.argmax(near))
        for member in range(len(members)):
            chance_here = float(chance)
            if member != first:
                if family not in _MAY_SOUND_TOGETHER:
                    continue
                chance_here = float(_calibrated(near[member : member + 1], picking.calibration(family))[0])
                if chance_here < picking.second:
                    continue
            strokes.append(_Stroke(max(0.0, onset_s), members[member], float(loudness[member]), chance_here))
    return strokes


def _parabola_offset(values: NDArray[np.float32], frame: int) -> float:
    """Where between frames the peak at ``frame`` lies, in -0.5..0.5 frames."""
    if frame == 0 or frame + 1 >= len(values):
        return 0.0
    before, at, after = (float(value) for value in values[frame - 1 : frame + 2])
    bend = before - 2 * at + after
    return float(np.clip(0.5 * (before - after) / bend, -0.5, 0.5)) if bend < 0 else 0.0


def _playable(strokes: Sequence[_Stroke], hands: int) -> list[_Stroke]:
    """Leave out what a drummer has no hand for: of strokes at one instant, the least certain go."""
    kept: list[_Stroke] = []
    instant: list[_Stroke] = []
    for stroke in strokes:
        if instant and stroke.onset_s - instant[0].onset_s > _SAME_INSTANT_S:
            kept += _with_hands(instant, hands)
            instant = []
        instant.append(stroke)
    return kept + _with_hands(instant, hands)


def _with_hands(instant: Sequence[_Stroke], hands: int) -> list[_Stroke]:
    by_hand = [s for s in instant if INSTRUMENTS[INSTRUMENTS_HEARD[s.heard]].voice != FEET]
    dropped = sorted(by_hand, key=lambda stroke: stroke.chance, reverse=True)[hands:]
    return [stroke for stroke in instant if stroke not in dropped]


def _hit(number: int, stroke: _Stroke) -> Hit:
    instrument: InstrumentName = INSTRUMENTS_HEARD[stroke.heard]
    velocity = int(np.clip(round(stroke.velocity * 127), 1, 127))
    return Hit(f"h{number}", stroke.onset_s, instrument, velocity, round(stroke.chance, 3))
