"""What false hits coincide with, what is heard where strokes are missed, and what each label is heard as."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from notation.core.hits import Hit
from notation.core.instruments import INSTRUMENTS, DrumClass
from transcription.core.evaluation.matching import WIDEST_S, Judgement, Stroke, judge
from transcription.core.evaluation.reference import Reference

NOTHING = "nothing"
MISSED = "missed"
DOUBLE = "double"

# Counts by two words: the hit's instrument and what it coincides with, a label and what it is heard as …
Confusion = dict[str, Counter[str]]


def false_hits(judged: Mapping[DrumClass, Judgement], reference: Reference) -> Confusion:
    """Say of every false hit, by instrument, which annotated strokes lie within ±50 ms of it.

    ``double`` is a stroke of the hit's own class, which another hit found; ``missed XY`` is one that no hit
    found, so that the false hit stands in its place.
    """
    strokes = reference.own_strokes or reference.class_strokes
    missed = {
        (round(stroke.onset_s, 4), stroke.drum_class)
        for judgement in judged.values()
        for stroke in judgement.missed
    }
    found: Confusion = {}
    for drum_class, judgement in judged.items():
        for hit in judgement.false:
            near = [stroke for stroke in strokes if abs(stroke.onset_s - hit.onset_s) <= WIDEST_S]
            words = {_word(stroke, drum_class, missed) for stroke in near}
            found.setdefault(hit.instrument.value, Counter())[_joined(words)] += 1
    return found


def _word(stroke: Stroke, drum_class: DrumClass, missed: set[tuple[float, DrumClass | None]]) -> str:
    if (round(stroke.onset_s, 4), stroke.drum_class) in missed:
        return f"{MISSED} {stroke.label}"
    return DOUBLE if stroke.drum_class is drum_class else stroke.label


def missed_strokes(
    judged: Mapping[DrumClass, Judgement], reference: Reference, hits: Sequence[Hit]
) -> Confusion:
    """Say of every missed stroke, by label, which hits lie within ±50 ms of it."""
    labels = {(round(s.onset_s, 4), s.drum_class): s.label for s in reference.own_strokes}
    found: Confusion = {}
    for judgement in judged.values():
        for stroke in judgement.missed:
            label = labels.get((round(stroke.onset_s, 4), stroke.drum_class), stroke.label)
            near = {hit.instrument.value for hit in hits if abs(hit.onset_s - stroke.onset_s) <= WIDEST_S}
            found.setdefault(label, Counter())[_joined(near)] += 1
    return found


def heard_as(strokes: Sequence[Stroke], hits: Sequence[Hit], window_s: float = WIDEST_S) -> Confusion:
    """Say of every label which instruments its strokes were heard as, or ``missed``.

    Strokes are given to hits of their own instrument first, then to those of its family (the class that the
    instrument belongs to), so that an open hi-hat written as closed shows as that and not as missed.
    """
    found: Confusion = {}
    left_strokes: list[Stroke] = []
    left_hits: list[Hit] = []
    for instrument in INSTRUMENTS:
        exact = judge(
            [stroke for stroke in strokes if stroke.instrument is instrument],
            [hit for hit in hits if hit.instrument is instrument],
            window_s,
        )
        for stroke, hit in exact.found:
            found.setdefault(stroke.label, Counter())[hit.instrument.value] += 1
        left_strokes += exact.missed
        left_hits += exact.false
    for family in (*DrumClass, None):
        rest = judge(
            [s for s in left_strokes if s.instrument and INSTRUMENTS[s.instrument].drum_class is family],
            [h for h in left_hits if family and INSTRUMENTS[h.instrument].drum_class is family],
            window_s,
        )
        for stroke, hit in rest.found:
            found.setdefault(stroke.label, Counter())[hit.instrument.value] += 1
        for stroke in rest.missed:
            found.setdefault(stroke.label, Counter())[MISSED] += 1
    return found


def added(one: Confusion, other: Confusion) -> Confusion:
    """Return both together."""
    return {
        word: one.get(word, Counter()) + other.get(word, Counter()) for word in dict.fromkeys([*one, *other])
    }


def _joined(words: set[str]) -> str:
    return " + ".join(sorted(words)) or NOTHING
