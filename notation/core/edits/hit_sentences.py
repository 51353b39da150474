"""What became of the hits, in words: "bar 17: ride → crash", "bars 5–8: 4 ghost notes added"."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from notation.core.edits.alignment import Alignment
from notation.core.edits.places import places_in, unit_at, written
from notation.core.edits.words import (
    bar_name,
    bars_name,
    beat_name,
    counted,
    instrument_name,
    listed,
    mark_words,
)
from notation.core.emphasis import emphasis_of
from notation.core.instruments import InstrumentName
from notation.core.score import Mark, Score, ScoreHit

_MOST_SENTENCES = 6  # more than these are too many to read in a list of revisions
_MOST_BEATS = 3  # of beats named one by one


@dataclass(frozen=True, slots=True)
class HitChange:
    """One hit before and after; the one or the other is None when it was added or removed."""

    old: ScoreHit | None
    new: ScoreHit | None
    moved: bool = False

    @property
    def hit_id(self) -> str:
        """The id of the hit."""
        return self._placed.hit.id

    @property
    def main_id(self) -> str | None:
        """The id of the note before which it is a grace note."""
        return self._placed.grace_of

    @property
    def nature(self) -> tuple[object, ...]:
        """What happened to it, as far as a grace note shares it with its note."""
        if self.old is None or self.new is None:
            return (self.old is None, self.new is None)
        return (self.moved, self.old.hit.instrument, self.new.hit.instrument)

    @property
    def _placed(self) -> ScoreHit:
        placed = self.new or self.old
        assert placed is not None
        return placed


@dataclass(frozen=True, slots=True)
class _Item:
    """One thing that happened to one hit. What has the same ``kind`` is told together.

    ``one`` is how it is told of one hit, with ``{beats}`` also of a few in one bar; ``many`` of ``{count}``.
    """

    kind: tuple[object, ...]
    bar: int
    beat: str
    one: str
    many: str


def hit_sentences(
    old: Score, new: Score, alignment: Alignment, changes: Sequence[HitChange]
) -> tuple[str, ...]:
    """Say what happened to the hits of bars that are in both scores; the others' bars were told of before."""
    teller = _Teller(old, new, alignment, changes)
    shown = [change for change in changes if teller.is_told(change)]
    items = [item for change in shown for item in teller.items(change)]
    if not items:
        return ()
    groups: dict[tuple[object, ...], list[_Item]] = {}
    for item in items:
        groups.setdefault(item.kind, []).append(item)
    sentences = [_sentence(group) for group in sorted(groups.values(), key=lambda group: group[0].bar)]
    return tuple(sentences) if len(sentences) <= _MOST_SENTENCES else (_summary(shown, items),)


def _sentence(group: Sequence[_Item]) -> str:
    bars = bars_name(item.bar for item in group)
    beats = list(dict.fromkeys(item.beat for item in group))
    one_bar = len({item.bar for item in group}) == 1
    names_beats = len({item.one for item in group}) == 1 and "{beats}" in group[0].one
    if len(group) == 1 or (one_bar and names_beats and len(beats) == len(group) <= _MOST_BEATS):
        return f"{bars}: {group[0].one.format(beats=listed(beats))}"
    return f"{bars}: {group[0].many.format(count=len(group))}"


def _summary(changes: Sequence[HitChange], items: Sequence[_Item]) -> str:
    added = sum(change.old is None for change in changes)
    removed = sum(change.new is None for change in changes)
    changed = len(changes) - added - removed
    parts = [(added, "added"), (removed, "removed"), (changed, "changed")]
    told = [(count, verb) for count, verb in parts if count]
    words = [
        f"{counted(count, 'hit') if place == 0 else count} {verb}" for place, (count, verb) in enumerate(told)
    ]
    bars = {item.bar for item in items}
    first, last = min(bars), max(bars)
    where = bar_name(first) if first == last else f"bars {first}–{last}"
    return f"{listed(words)} in {where}"


class _Teller:
    """Tells of each change in terms of both scores."""

    def __init__(self, old: Score, new: Score, alignment: Alignment, changes: Sequence[HitChange]) -> None:
        self._old, self._new = old, new
        self._nature = {change.hit_id: change.nature for change in changes}
        self._graced = {change.main_id for change in changes if self._follows(change)}
        self._new_of = {was: now for now, was in alignment.old_of.items()}
        self._in_both = set(alignment.old_of) | {number for run in alignment.rebarred for number in run.new}
        self._left_from = set(self._new_of) | {number for run in alignment.rebarred for number in run.old}
        self._beats: dict[tuple[int, int, Fraction], str] = {}
        self._ghosts: dict[int, frozenset[str]] = {}
        self._by_bar: dict[int, Mapping[int, list[ScoreHit]]] = {}

    def _follows(self, change: HitChange) -> bool:
        """Whether it is a grace note to which the same happened as to its note."""
        return change.main_id is not None and self._nature.get(change.main_id) == change.nature

    def is_told(self, change: HitChange) -> bool:
        """Whether the change is not told already by the bar that came or went, or by its note's."""
        if self._follows(change):
            return False
        if change.old is None:
            assert change.new is not None
            return change.new.bar in self._in_both
        return change.new is not None or change.old.bar in self._left_from

    def items(self, change: HitChange) -> Iterable[_Item]:
        """Everything that happened to one hit."""
        if change.old is None or change.new is None:
            yield self._came_or_went(change)
            return
        old, new = change.old, change.new
        bar, beat = new.bar, self._beat(self._new, new)
        name = instrument_name(new.hit.instrument)
        if change.moved and self._looks_moved(old, new):
            yield self._moved(old, new)
        if old.hit.instrument is not new.hit.instrument:
            arrow = f"{instrument_name(old.hit.instrument)} → {name}"
            lost = sorted(old.marks - new.marks)
            if lost:
                arrow += f" (no longer {listed([mark_words(mark) for mark in lost])})"
            yield _Item(("instrument", arrow), bar, beat, arrow, arrow + " ({count} hits)")
            marks = new.marks - old.marks, frozenset[Mark]()
        else:
            marks = new.marks - old.marks, old.marks - new.marks
        yield from self._marked(new, *marks)
        if old.hit.velocity != new.hit.velocity:
            step = f"{old.hit.velocity} → {new.hit.velocity}"
            yield _Item(
                ("velocity", name, new.hit.velocity),
                bar,
                beat,
                f"velocity of {name} on {{beats}} {step}",
                f"velocity of {{count}} {name} hits → {new.hit.velocity}",
            )
        if old.grace_of != new.grace_of:
            became = "a grace note" if new.is_grace else "a note of its own"
            yield _Item(
                ("grace", name, became),
                bar,
                beat,
                f"{name} on {{beats}} now {became}",
                f"{{count}} {name} hits now {became}",
            )

    def _came_or_went(self, change: HitChange) -> _Item:
        score, placed = (self._new, change.new) if change.new is not None else (self._old, change.old)
        assert placed is not None
        verb = "added" if change.new is not None else "removed"
        bar = placed.bar if change.new is not None else self._new_of.get(placed.bar, placed.bar)
        beat = self._beat(score, placed)
        name = instrument_name(placed.hit.instrument)
        if placed.is_grace:
            return _Item(
                (verb, "grace"),
                bar,
                beat,
                f"grace note before {{beats}} {verb}",
                f"{{count}} grace notes {verb}",
            )
        if placed.hit.id in self._ghosts_of(score):
            name = "ghost note" if placed.hit.instrument is InstrumentName.SNARE else f"{name} ghost note"
            return _Item((verb, name), bar, beat, f"{name} on {{beats}} {verb}", f"{{count}} {name}s {verb}")
        graced = " with its grace notes" if placed.hit.id in self._graced else ""
        one = f"{name} on {{beats}}{graced} {verb}"
        return _Item((verb, name), bar, beat, one, f"{{count}} {name} hits {verb}")

    def _looks_moved(self, old: ScoreHit, new: ScoreHit) -> bool:
        """Whether it is written elsewhere; a swung eighth that becomes a straight one is not."""
        same_bar = self._new_of.get(old.bar) == new.bar
        return not same_bar or self._beat(self._old, old) != self._beat(self._new, new)

    def _moved(self, old: ScoreHit, new: ScoreHit) -> _Item:
        name = instrument_name(new.hit.instrument)
        was, now = self._beat(self._old, old), self._beat(self._new, new)
        start = self._new_of.get(old.bar, old.bar)
        if new.is_grace:
            return _Item(
                ("moved", "grace"), new.bar, now, "grace note moved to {beats}", "{count} grace notes moved"
            )
        if start != new.bar:
            now = f"{bar_name(new.bar)}, {now}"
        path = f"{name} moved from {was} to {now}"
        distance = new.position - old.position if start == new.bar else None
        return _Item(("moved", name, distance), start, was, path, f"{{count}} {name} hits moved")

    def _marked(self, new: ScoreHit, came: frozenset[Mark], went: frozenset[Mark]) -> Iterable[_Item]:
        name, beat = instrument_name(new.hit.instrument), self._beat(self._new, new)
        for marks, adverb in ((came, "now"), (went, "no longer")):
            for mark in sorted(marks):
                words = f"{adverb} {mark_words(mark)}"
                yield _Item(
                    ("mark", name, words),
                    new.bar,
                    beat,
                    f"{name} on {{beats}} {words}",
                    f"{{count}} {name} hits {words}",
                )

    def _beat(self, score: Score, placed: ScoreHit) -> str:
        """The beat as it is counted from the page, where swung eighths are straight."""
        key = (id(score), placed.bar, placed.position)
        if key not in self._beats:
            bar = score.bars[placed.bar - score.bars[0].number]
            swing = score.swing_at(bar.number)
            position = placed.position
            if swing is not None:
                unit = unit_at(bar, position)
                position = written(position, unit, swing, places_in(self._hits_in(score, bar.number), unit))
            self._beats[key] = beat_name(bar, position)
        return self._beats[key]

    def _hits_in(self, score: Score, bar: int) -> list[ScoreHit]:
        if id(score) not in self._by_bar:
            self._by_bar[id(score)] = score.hits_by_bar()
        return self._by_bar[id(score)].get(bar, [])

    def _ghosts_of(self, score: Score) -> frozenset[str]:
        if id(score) not in self._ghosts:
            self._ghosts[id(score)] = emphasis_of(score.hits).ghosts
        return self._ghosts[id(score)]
