"""What became of the hits, in words: "bar 17: ride → crash", "bars 5–8: 4 ghost notes added"."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from notation.core.edits.alignment import Alignment
from notation.core.edits.pages import Page
from notation.core.edits.words import (
    bar_name,
    bars_name,
    counted,
    instrument_name,
    listed,
    mark_words,
)
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
        if not self.moved and self.old.hit.instrument is self.new.hit.instrument:
            return (self.hit_id,)  # velocity and marks are each one's own
        return (self.moved, self.old.hit.instrument, self.new.hit.instrument)

    @property
    def _placed(self) -> ScoreHit:
        placed = self.new or self.old
        assert placed is not None
        return placed


# How one thing is told: of a single hit, or of a few in one bar, and of many. ``{beats}``, ``{count}``,
# ``{was}``, ``{now}`` and ``{step}`` are filled in. What is told alike is told together.
_Telling = tuple[str, str]


def hit_sentences(
    old: Score, new: Score, alignment: Alignment, changes: Sequence[HitChange]
) -> tuple[str, ...]:
    """Say what happened to the hits of bars that are in both scores; the others' bars were told of before."""
    teller = _Teller(old, new, alignment, changes)
    told: list[HitChange] = []
    groups: dict[_Telling, list[HitChange]] = {}
    for change in changes:
        tellings = teller.tellings(change) if teller.is_told(change) else ()
        for telling in tellings:
            groups.setdefault(telling, []).append(change)
        if tellings:
            told.append(change)
    if len(groups) > _MOST_SENTENCES:
        return (teller.summary(told),)
    ordered = sorted(groups.items(), key=lambda group: teller.bar(group[1][0]))
    return tuple(teller.sentence(telling, group) for telling, group in ordered)


class _Teller:
    """Tells of each change in terms of both scores."""

    def __init__(self, old: Score, new: Score, alignment: Alignment, changes: Sequence[HitChange]) -> None:
        self._old, self._new = Page(old), Page(new)
        self._swings = bool(old.swing_marks or new.swing_marks)
        self._nature = {change.hit_id: change.nature for change in changes}
        self._graced = {change.main_id for change in changes if self._follows(change)}
        self._new_of = {was: now for now, was in alignment.old_of.items()}
        self._in_both = set(alignment.old_of) | {number for run in alignment.rebarred for number in run.new}
        self._left_from = set(self._new_of) | {number for run in alignment.rebarred for number in run.old}

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

    def bar(self, change: HitChange) -> int:
        """The bar in which it happened, by its number now; of a note that moved, the bar that it left."""
        if change.old is not None and (change.new is None or change.moved):
            return self._new_of.get(change.old.bar, change.old.bar)
        assert change.new is not None
        return change.new.bar

    def tellings(self, change: HitChange) -> list[_Telling]:
        """Everything that happened to one hit."""
        if change.old is None or change.new is None:
            return [self._came_or_went(change)]
        old, new = change.old, change.new
        name = instrument_name(new.hit.instrument)
        tellings: list[_Telling] = []
        if change.moved and self._looks_moved(old, new):
            tellings.append(_moved(new, name))
        gone = old.marks - new.marks
        if old.hit.instrument is not new.hit.instrument:
            tellings.append(_given(old, name, gone))
            gone = frozenset()
        for marks, adverb in ((new.marks - old.marks, "now"), (gone, "no longer")):
            for mark in sorted(marks):
                words = f"{adverb} {mark_words(mark)}"
                tellings.append((f"{name} on {{beats}} {words}", f"{{count}} {name} hits {words}"))
        if old.hit.velocity != new.hit.velocity:
            many = f"velocity of {{count}} {name} hits → {new.hit.velocity}"
            tellings.append((f"velocity of {name} on {{beats}} {{step}}", many))
        if old.grace_of != new.grace_of:
            became = "a grace note" if new.is_grace else "a note of its own"
            tellings.append((f"{name} on {{beats}} now {became}", f"{{count}} {name} hits now {became}"))
        return tellings

    def _came_or_went(self, change: HitChange) -> _Telling:
        page, placed = (self._new, change.new) if change.new is not None else (self._old, change.old)
        assert placed is not None
        verb = "added" if change.new is not None else "removed"
        if placed.is_grace:
            return (f"grace note before {{beats}} {verb}", f"{{count}} grace notes {verb}")
        name = instrument_name(placed.hit.instrument)
        if page.is_ghost(placed):
            name = "ghost note" if placed.hit.instrument is InstrumentName.SNARE else f"{name} ghost note"
            return (f"{name} on {{beats}} {verb}", f"{{count}} {name}s {verb}")
        graced = " with its grace notes" if placed.hit.id in self._graced else ""
        return (f"{name} on {{beats}}{graced} {verb}", f"{{count}} {name} hits {verb}")

    def _looks_moved(self, old: ScoreHit, new: ScoreHit) -> bool:
        """Whether it is written elsewhere; a swung eighth that becomes a straight one is not."""
        if not self._swings or self._new_of.get(old.bar) != new.bar:
            return True
        return self._old.place(old) != self._new.place(new)

    def sentence(self, telling: _Telling, group: Sequence[HitChange]) -> str:
        """What happened alike to a group of hits."""
        one, many = telling
        bars = [self.bar(change) for change in group]
        few = len(group) <= _MOST_BEATS and len(set(bars)) == 1 and "{beats}" in one and "{step}" not in one
        if len(group) > 1 and not few:
            return f"{bars_name(bars)}: {many.format(count=len(group))}"
        beats = list(dict.fromkeys(self._beat(change) for change in group))
        if len(beats) < len(group):
            return f"{bars_name(bars)}: {many.format(count=len(group))}"
        old, new = group[0].old, group[0].new
        words = {"beats": listed(beats)}
        if old is not None and new is not None:
            there = "" if bars[0] == new.bar else f"{bar_name(new.bar)}, "
            words["was"], words["now"] = self._old.beat(old), there + self._new.beat(new)
            words["step"] = f"{old.hit.velocity} → {new.hit.velocity}"
        return f"{bars_name(bars)}: {one.format(**words)}"

    def _beat(self, change: HitChange) -> str:
        if change.new is not None:
            return self._new.beat(change.new)
        assert change.old is not None
        return self._old.beat(change.old)

    def summary(self, changes: Sequence[HitChange]) -> str:
        """All in one sentence: "42 hits changed in bars 1–60"."""
        added = sum(change.old is None for change in changes)
        removed = sum(change.new is None for change in changes)
        changed = len(changes) - added - removed
        parts = [(added, "added"), (removed, "removed"), (changed, "changed")]
        (count, verb), *others = [(count, verb) for count, verb in parts if count]
        words = [f"{counted(count, 'hit')} {verb}", *(f"{count} {verb}" for count, verb in others)]
        bars = {self.bar(change) for change in changes}
        first, last = min(bars), max(bars)
        return f"{listed(words)} in {bar_name(first) if first == last else f'bars {first}–{last}'}"


def _moved(new: ScoreHit, name: str) -> _Telling:
    if new.is_grace:
        return ("grace note moved to {now}", "{count} grace notes moved")
    return (f"{name} moved from {{was}} to {{now}}", f"{{count}} {name} hits moved")


def _given(old: ScoreHit, name: str, lost: frozenset[Mark]) -> _Telling:
    words = f"{instrument_name(old.hit.instrument)} → {name}"
    if lost:
        words += f" (no longer {listed([mark_words(mark) for mark in sorted(lost)])})"
    return (words, words + " ({count} hits)")
