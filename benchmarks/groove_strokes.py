"""A human performance's strokes, and which of them are notes: ornaments, rolls and bounces.

Part of the reference in ``benchmarks.groove_reference``; ``docs/quantising.md`` states the rules in words.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

# Strokes on one drum nearer than this are one note with ornaments; five and more are a roll.
FLAM_S = 0.045
ROLL = 5


@dataclass(frozen=True)
class Stroke:
    """One stroke as played: ``position`` in beats of the click."""

    position: float
    instrument: str
    velocity: int


@dataclass(frozen=True)
class Rules:
    """The rules of the reference that were refined after the first measurement.

    A kick drum's beater bounces within ``bounce_s``, more softly than ``whisper`` (MIDI velocity) and half as
    loud at most. ``one_to_a_place``: of two strokes only the nearer is the pattern's. ``even_runs``: what is
    evenly spaced is written so.
    """

    bounce_s: float
    whisper: int
    one_to_a_place: bool
    even_runs: bool


# Refined on the kicks of the train split: of those 45 to 75 ms after another 96 in 100 are softer than 16, of
# those 85 to 95 ms 71, of those 105 to 115 ms 16.
FIRST = Rules(bounce_s=0.085, whisper=16, one_to_a_place=False, even_runs=False)
REFINED = Rules(bounce_s=0.100, whisper=20, one_to_a_place=True, even_runs=True)


def mains_of(strokes: Sequence[Stroke], beat_s: float, rules: Rules) -> list[int]:
    """For each stroke the note that it belongs to: itself, or the last of up to four in quick succession."""
    main = list(range(len(strokes)))
    by_name: dict[str, list[int]] = defaultdict(list)
    for index, stroke in enumerate(strokes):
        by_name[stroke.instrument].append(index)
    for indices in by_name.values():
        run = indices[:1]
        for index in [*indices[1:], -1]:
            if index >= 0 and (strokes[index].position - strokes[run[-1]].position) * beat_s <= FLAM_S:
                run.append(index)
                continue
            if len(run) >= ROLL:
                _note_roll(main, run, strokes, beat_s)
            else:
                # What follows much more softly is a bounce of the stick, not the note.
                loud = max(run, key=lambda item: strokes[item].velocity)
                note = loud if strokes[loud].velocity > strokes[run[-1]].velocity + 20 else run[-1]
                for item in run:
                    main[item] = note
            run = [index]
    for first, second in pairwise(by_name.get("kick", [])):
        soft = (
            strokes[second].velocity < rules.whisper
            and 2 * strokes[second].velocity <= strokes[first].velocity
        )
        if soft and (strokes[second].position - strokes[first].position) * beat_s <= rules.bounce_s:
            main[second] = main[first]
    return main


def _note_roll(main: list[int], run: Sequence[int], strokes: Sequence[Stroke], beat_s: float) -> None:
    """A roll faster than 32nds is one note in each beat, from its first stroke; a loud last one another."""
    at = [strokes[index].position for index in run]
    if np.median(np.diff(at)) >= 0.1:
        return
    inside = list(run)
    if strokes[run[-1]].velocity > strokes[run[-2]].velocity + 20:
        inside.pop()
        if len(inside) < ROLL:
            for index in inside:
                main[index] = run[-1]
            return
    early = 0.025 / beat_s
    lead = inside[0]
    for index in inside:
        if np.floor(strokes[index].position + early) != np.floor(strokes[lead].position + early):
            lead = index
        main[index] = lead
