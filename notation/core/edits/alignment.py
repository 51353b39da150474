"""Which bar of one score is which bar of another, when bars were inserted, deleted or drawn anew."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from fractions import Fraction

from notation.core.score import Bar, Score

# When more than this share of the notes is in another bar than before, the bars are matched anew.
_MOVED_SHARE = 0.3


@dataclass(frozen=True, slots=True)
class Rebarred:
    """A run of bars whose bar lines are drawn elsewhere: the numbers of the old bars and of the new."""

    old: range
    new: range


@dataclass(frozen=True, slots=True)
class Alignment:
    """``old_of`` maps a new bar's number to the old one's; the others are inserted, deleted or re-barred."""

    old_of: Mapping[int, int]
    inserted: tuple[int, ...] = ()
    deleted: tuple[int, ...] = ()
    rebarred: tuple[Rebarred, ...] = ()

    @property
    def renumbered(self) -> bool:
        """Whether some bar has another number than before."""
        return any(new != old for new, old in self.old_of.items())


def align(old: Score, new: Score) -> Alignment:
    """Match the bars of two revisions of a song, by their number if that fits, else by the notes in them."""
    if _frames(old) == _frames(new) and not _most_notes_moved(old, new):
        return Alignment({bar.number: bar.number for bar in new.bars})
    return _align_by_content(old, new)


def _frames(score: Score) -> list[tuple[int, int, int, Fraction]]:
    return [(bar.number, *bar.frame) for bar in score.bars]


def _most_notes_moved(old: Score, new: Score) -> bool:
    if old.hits == new.hits:
        return False
    bar_of = {placed.hit.id: placed.bar for placed in old.hits}
    common = [placed for placed in new.hits if placed.hit.id in bar_of]
    moved = sum(bar_of[placed.hit.id] != placed.bar for placed in common)
    return moved > _MOVED_SHARE * len(common)


def _align_by_content(old: Score, new: Score) -> Alignment:
    old_keys, new_keys = _keys(old, new), _keys(new, old)
    first_old, first_new = old.bars[0].number, new.bars[0].number
    pairs: dict[int, int] = {}
    inserted: list[int] = []
    deleted: list[int] = []
    rebarred: list[Rebarred] = []
    for tag, i1, i2, j1, j2 in SequenceMatcher(None, old_keys, new_keys, autojunk=False).get_opcodes():
        old_run, new_run = old.bars[i1:i2], new.bars[j1:j2]
        same_frames = [bar.frame for bar in old_run] == [bar.frame for bar in new_run]
        if tag == "equal" or (tag == "replace" and same_frames and not _shifted(old, new, old_run, new_run)):
            pairs |= {b.number: a.number for a, b in zip(old_run, new_run, strict=True)}
        elif tag == "insert":
            inserted += [bar.number for bar in new_run]
        elif tag == "delete":
            deleted += [bar.number for bar in old_run]
        else:
            rebarred.append(
                Rebarred(range(first_old + i1, first_old + i2), range(first_new + j1, first_new + j2))
            )
    return Alignment(pairs, tuple(inserted), tuple(deleted), tuple(rebarred))


def _shifted(old: Score, new: Score, old_run: tuple[Bar, ...], new_run: tuple[Bar, ...]) -> bool:
    """Whether bars of the same lengths hold notes at quite other places: their bar lines were moved."""
    numbers = {a.number: b.number for a, b in zip(old_run, new_run, strict=True)}
    places = {
        placed.hit.id: (numbers[placed.bar], placed.position) for placed in old.hits if placed.bar in numbers
    }
    common = [placed for placed in new.hits if placed.hit.id in places]
    moved = sum(places[placed.hit.id] != (placed.bar, placed.position) for placed in common)
    return moved > _MOVED_SHARE * len(common)


def _keys(score: Score, other: Score) -> list[object]:
    """What makes a bar the same bar: its length and its notes; an empty one, when it begins, if both know."""
    grouped = score.hits_by_bar()
    elsewhere = {bar.start_s for bar in other.bars}
    return [
        (bar.frame, tuple(sorted(placed.hit.id for placed in grouped[bar.number])))
        if bar.number in grouped
        else (bar.frame, bar.start_s if bar.start_s in elsewhere else None)
        for bar in score.bars
    ]
