"""From activations to hits: which peaks are strokes, on what, and when exactly."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from notation.core.hits import Hit
from notation.core.instruments import FEET, INSTRUMENTS, InstrumentName
from transcription.core.activations import Activations
from transcription.core.families import MEMBERS, PERCUSSION, RIVALS, RIVALS_FIRST, Family, family_of
from transcription.core.judgement import Calibration, MemberChoice, PeakPicking
from transcription.core.network import INSTRUMENTS_HEARD

# Two hands can strike two toms or two cymbals at once, but a hi-hat is open or closed, never both.
_MAY_SOUND_TOGETHER = frozenset({Family.TOM, Family.CYMBAL})
# Peaks lower than this are the network's floor: they are no candidates, whatever the song.
_FLOOR = 0.03
# Heights from which a peak says something about the song, and from which it is tall; and the clarity of a
# song with hardly a peak.
_SEEN = 0.1
_TALL = 0.3
_UNCLEAR = -2.0
# How far the log-odds go of a family's peaks being a rival's: nothing is proved by a song.
_SUREST = 3.0
_AT_ONCE = 3  # frames apart
_NEIGHBOURS = 2  # frames on each side that a peak overlooks
_SAME_INSTANT_S = 0.025


@dataclass(frozen=True, slots=True)
class SongTraits:
    """What all peaks of one family tell about each: see :class:`Calibration`."""

    clarity: float
    density: float


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """The peaks of one family: frame, height (0..1) and the chance, as calibrated, that a stroke is there.

    ``joint``, shape (frames of the song,), is the activation whose peaks they are; ``rivals`` is what other
    families say about each peak, to be added to its log-odds.
    """

    frames: NDArray[np.int64]
    heights: NDArray[np.float32]
    chances: NDArray[np.float32]
    song: SongTraits
    joint: NDArray[np.float32]
    rivals: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class _Stroke:
    onset_s: float
    heard: int
    velocity: float
    chance: float


def pick_hits(activations: Activations, picking: PeakPicking) -> tuple[Hit, ...]:
    """Turn frame-wise activations into hits, in order of onset.

    Returns:
        Hits ``h1``, ``h2`` … with onsets in seconds from the first sample, velocity 1–127 and, as confidence,
        the chance that the stroke is there; empty when nothing stands out.
    Source:
        Böck, Krebs and Schedl, "Evaluating the Online Capabilities of Onset Detection Methods", ISMIR 2012.
    """
    strokes: list[_Stroke] = []
    for family, candidates in all_candidates(activations, picking).items():
        strokes += _family_strokes(activations, family, candidates, picking)
    strokes.sort(key=lambda stroke: (stroke.onset_s, stroke.heard))
    strokes = _playable(strokes, picking.hands)
    return tuple(_hit(number, stroke) for number, stroke in enumerate(strokes, start=1))


def missed_mass(activations: Activations, picking: PeakPicking) -> dict[InstrumentName, float]:
    """Return how many strokes of each instrument are expected among the candidates that are no hits."""
    mass: dict[InstrumentName, float] = {}
    for family, candidates in all_candidates(activations, picking).items():
        left_out = candidates.chances < picking.needed(family)
        near = members_near(activations, family, candidates.frames[left_out])
        chosen = chosen_members(near, picking.choices[family])
        for member, chance in zip(chosen, candidates.chances[left_out], strict=True):
            name = INSTRUMENTS_HEARD[MEMBERS[family][member]]
            mass[name] = mass.get(name, 0.0) + float(chance)
    return mass


def all_candidates(activations: Activations, picking: PeakPicking) -> dict[Family, Candidates]:
    """Return every family's candidates, rivals first."""
    found: dict[Family, Candidates] = {}
    for family in RIVALS_FIRST:
        found[family] = find_candidates(activations, family, picking, found)
    return found


def find_candidates(
    activations: Activations,
    family: Family,
    picking: PeakPicking,
    found: Mapping[Family, Candidates] | None = None,
) -> Candidates:
    """Return the peaks of ``family``'s joint activation, in order of time.

    Args:
        found: all of the rivals' candidates, where they are known already.
    """
    joint = _joint(activations, family)
    frames = _peaks(joint, round(picking.min_gap_s * activations.fps))
    heights = joint[frames]
    song = song_traits(heights, activations.duration_s)
    calibration = picking.calibration(family)
    rivals = np.zeros(len(frames), np.float32)
    for rival in RIVALS.get(family, ()):
        if (says := calibration.rivals.get(rival)) is not None:
            other = found[rival] if found is not None else find_candidates(activations, rival, picking)
            evidence = rival_evidence(frames, heights, other)
            rivals += says.at_once * evidence.at_once + says.never_alone * evidence.never_alone
    chances = _calibrated(heights, song, calibration, rivals)
    return Candidates(frames, heights, chances, song, joint, rivals)


class RivalEvidence(NamedTuple):
    """What a rival says about each peak of a family, both of shape (peaks,).

    ``at_once`` is its chance at the same instant, 0..1; ``never_alone`` that times the song's verdict, which
    is the log-odds that what is tall in this family falls on the rival's strokes. A hi-hat that is never
    heard but with a tambourine is that tambourine; one that is heard between its strokes goes on under them.
    """

    at_once: NDArray[np.float32]
    never_alone: NDArray[np.float32]


def rival_evidence(
    frames: NDArray[np.int64], heights: NDArray[np.float32], rival: Candidates
) -> RivalEvidence:
    """Return what ``rival`` says about the peaks at ``frames``, ``heights`` (0..1) tall."""
    at_once = np.zeros(len(frames), np.float32)
    if len(rival.frames):
        for shift in range(-_AT_ONCE, _AT_ONCE + 1):
            place = np.searchsorted(rival.frames, frames + shift)
            place = np.minimum(place, len(rival.frames) - 1)
            there = rival.frames[place] == frames + shift
            at_once = np.maximum(at_once, np.where(there, rival.chances[place], 0))
    tall = np.where(heights > _TALL, heights, 0)
    shared, alone = float(tall @ at_once), float(tall @ (1 - at_once))
    verdict = np.clip(np.log((shared + 0.5) / (alone + 0.5)), -_SUREST, _SUREST)
    return RivalEvidence(at_once.astype(np.float32), (verdict * at_once).astype(np.float32))


def song_traits(heights: NDArray[np.float32], duration_s: float) -> SongTraits:
    """Return what the ``heights`` of a family's peaks say about a song of ``duration_s``."""
    seen = heights[heights > _SEEN]
    clarity = float(logit(np.percentile(seen, 80, keepdims=True))[0]) if len(seen) > 3 else _UNCLEAR
    tall_a_second = float(np.sum(heights > _TALL)) / max(duration_s, 1.0)
    return SongTraits(clarity, float(np.log(tall_a_second + 0.05)))


def members_near(activations: Activations, family: Family, frames: NDArray[np.int64]) -> NDArray[np.float32]:
    """Return the highest activation of each member at each frame or beside it: shape (frames, members)."""
    around = np.clip(frames[:, None] + np.arange(-1, 2), 0, max(0, len(activations.beats) - 1))
    return np.asarray(activations.onsets[around][:, :, MEMBERS[family]].max(axis=1), np.float32)


def chosen_members(heights: NDArray[np.float32], choice: MemberChoice) -> NDArray[np.int64]:
    """Return which member each row of ``heights``, shape (peaks, members), is."""
    return np.asarray(np.argmax(logit(heights) @ np.array(choice.weights) + choice.offsets, axis=1), np.int64)


def _joint(activations: Activations, family: Family) -> NDArray[np.float32]:
    """The chance that anything of ``family`` is struck: half heard as open and half as closed is a hat."""
    members = activations.onsets[:, MEMBERS[family]]
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


def _calibrated(
    heights: NDArray[np.float32],
    song: SongTraits,
    calibration: Calibration,
    rivals: NDArray[np.float32] | np.float32,
) -> NDArray[np.float32]:
    total = (
        calibration.height * logit(heights)
        + calibration.clarity * song.clarity
        + calibration.density * song.density
        + calibration.offset
        + rivals
    )
    return np.asarray(1 / (1 + np.exp(-total)), np.float32)


def logit(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the log-odds of ``values``, kept within a thousandth of 0 and 1."""
    clipped = np.clip(values, 1e-3, 1 - 1e-3)
    return np.asarray(np.log(clipped / (1 - clipped)), np.float32)


def _family_strokes(
    activations: Activations, family: Family, candidates: Candidates, picking: PeakPicking
) -> list[_Stroke]:
    members = MEMBERS[family]
    needed = picking.needed(family)
    heights = members_near(activations, family, candidates.frames)
    chosen = chosen_members(heights, picking.choices[family])
    strokes: list[_Stroke] = []
    for number, (frame, chance) in enumerate(zip(candidates.frames, candidates.chances, strict=True)):
        if chance < needed:
            continue
        begin, end = max(0, frame - 1), frame + 2
        near = heights[number]
        loudness = activations.velocities[begin:end, members].max(axis=0)
        onset_s = (frame + _parabola_offset(candidates.joint, int(frame))) / activations.fps
        first = int(chosen[number])
        for member in range(len(members)):
            chance_here = float(chance)
            if member != first:
                if family not in _MAY_SOUND_TOGETHER:
                    continue
                height = near[member : member + 1]
                song, calibration = candidates.song, picking.calibration(family)
                chance_here = float(_calibrated(height, song, calibration, candidates.rivals[number])[0])
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
    by_hand = [s for s in instant if _is_drummers_hand(INSTRUMENTS_HEARD[s.heard])]
    dropped = sorted(by_hand, key=lambda stroke: stroke.chance, reverse=True)[hands:]
    return [stroke for stroke in instant if stroke not in dropped]


def _is_drummers_hand(instrument: InstrumentName) -> bool:
    return INSTRUMENTS[instrument].voice != FEET and family_of(instrument) not in PERCUSSION


def _hit(number: int, stroke: _Stroke) -> Hit:
    instrument: InstrumentName = INSTRUMENTS_HEARD[stroke.heard]
    velocity = int(np.clip(round(stroke.velocity * 127), 1, 127))
    return Hit(f"h{number}", stroke.onset_s, instrument, velocity, round(stroke.chance, 3))
