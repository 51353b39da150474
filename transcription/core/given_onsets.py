"""Strokes whose times are known, and what was struck is asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from notation.core.hits import Hit
from transcription.core.activations import Activations
from transcription.core.families import MEMBERS
from transcription.core.judgement import PeakPicking
from transcription.core.network import INSTRUMENTS_HEARD
from transcription.core.picking import all_candidates, chosen_members, members_near, pick_hits

# How far from a given time its peaks may lie: a person taps, and other programs find onsets, within this.
REACH_S = 0.04
# Strokes nearer than this are one instant: hands and feet that fall together.
_TOGETHER_S = 0.03


@dataclass(frozen=True, slots=True)
class Onset:
    """An instant at which something was struck; ``confidence`` is the chance of that, 0..1."""

    onset_s: float
    velocity: int
    confidence: float

    def as_dict(self) -> dict[str, float | int]:
        """Return the onset as JSON-able values."""
        return {
            "onset_s": round(self.onset_s, 4),
            "velocity": self.velocity,
            "confidence": round(self.confidence, 3),
        }


def onsets_of(hits: Sequence[Hit]) -> tuple[Onset, ...]:
    """Return the instants of ``hits``, in order; those that fall together are one, as loud as the loudest."""
    found: list[Onset] = []
    first_s = -1.0
    for hit in sorted(hits, key=lambda hit: hit.onset_s):
        if found and hit.onset_s - first_s <= _TOGETHER_S:
            last = found[-1]
            found[-1] = Onset(
                last.onset_s, max(last.velocity, hit.velocity), max(last.confidence, hit.confidence)
            )
        else:
            first_s = hit.onset_s
            found.append(Onset(hit.onset_s, hit.velocity, hit.confidence))
    return tuple(found)


def name_onsets(
    activations: Activations, picking: PeakPicking, onsets_s: Sequence[float]
) -> tuple[tuple[Hit, ...], tuple[float, ...]]:
    """Say what was struck at each of ``onsets_s`` (seconds).

    The strokes that :func:`pick_hits` finds within ``REACH_S`` are taken, each for the nearest given time.
    Where it finds none, somebody says that there is one all the same: then it is the likeliest peak there.

    Returns:
        Hits at the given times, ``h1``, ``h2`` … in order; and the times at which nothing was heard at all.
    """
    times = np.unique(np.array(onsets_s, float))  # a time that is given twice is one stroke
    given: dict[int, dict[str, Hit]] = {}
    for hit in pick_hits(activations, picking):
        place = _nearest(times, hit.onset_s)
        if abs(times[place] - hit.onset_s) <= REACH_S:
            there = given.setdefault(place, {})
            rival = there.get(hit.instrument)
            if rival is None or rival.confidence < hit.confidence:
                there[hit.instrument] = hit
    missing = [place for place in range(len(times)) if place not in given]
    guesses = _likeliest(activations, picking, times[missing])
    for place, guess in zip(missing, guesses, strict=True):
        if guess is not None:
            given[place] = {guess.instrument: guess}
    hits: list[Hit] = []
    for place in sorted(given):
        for hit in given[place].values():
            hits.append(
                Hit(f"h{len(hits) + 1}", float(times[place]), hit.instrument, hit.velocity, hit.confidence)
            )
    return tuple(hits), tuple(float(times[place]) for place in missing if place not in given)


def _nearest(times: np.ndarray[tuple[int], np.dtype[np.float64]], onset_s: float) -> int:
    after = int(np.searchsorted(times, onset_s))
    places = [place for place in (after - 1, after) if 0 <= place < len(times)]
    return min(places, key=lambda place: abs(times[place] - onset_s))


def _likeliest(
    activations: Activations, picking: PeakPicking, times: np.ndarray[tuple[int], np.dtype[np.float64]]
) -> list[Hit | None]:
    """Return the peak with the best chance near each time, as a hit; None where there is not even a peak."""
    best: list[Hit | None] = [None] * len(times)
    reach = round(REACH_S * activations.fps)
    for family, candidates in all_candidates(activations, picking).items():
        if not len(candidates.frames):
            continue
        chosen = chosen_members(members_near(activations, family, candidates.frames), picking.choices[family])
        for number, time in enumerate(times):
            frame = round(time * activations.fps)
            first, last = np.searchsorted(candidates.frames, (frame - reach, frame + reach + 1))
            if first == last:
                continue
            peak = int(first + np.argmax(candidates.chances[first:last]))
            chance = float(candidates.chances[peak])
            rival = best[number]
            if rival is not None and rival.confidence >= chance:
                continue
            heard = MEMBERS[family][int(chosen[peak])]
            around = slice(max(0, candidates.frames[peak] - 1), candidates.frames[peak] + 2)
            loudness = float(activations.velocities[around, heard].max())
            velocity = int(np.clip(round(loudness * 127), 1, 127))
            best[number] = Hit("", float(time), INSTRUMENTS_HEARD[heard], velocity, round(chance, 3))
    return best
