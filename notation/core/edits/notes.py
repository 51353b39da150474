"""Commands on notes: add, remove, move, another instrument, velocity, marks."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import replace
from fractions import Fraction

from notation.core.edits.claims import Claims
from notation.core.edits.commands import (
    Add,
    AddMark,
    Like,
    Remove,
    RemoveMark,
    SetInstrument,
    SetVelocity,
)
from notation.core.edits.draft import Draft, with_hit
from notation.core.edits.like import equal_bars, similar_hits
from notation.core.edits.places import meant, places_in, unit_at
from notation.core.edits.refused import Refused
from notation.core.edits.words import bar_name, beat_name, instrument_name, mark_words
from notation.core.hits import Hit
from notation.core.instruments import INSTRUMENTS, InstrumentName
from notation.core.score import EMPHASIS_MARKS, STICKING_MARKS, Bar, Mark, ScoreHit, possible_marks

MOST_GRACES = 3  # a ruff of four strokes
_GRACE_S = 0.030  # how long before its note a new grace note sounds; a usual flam, chosen by ear
_GRACE_SHARE = 0.5  # of its note's velocity
_GHOST_SHARE, _ACCENT_SHARE = 0.4, 1.3  # of the usual velocity, for new notes that are marked so


def add(draft: Draft, claims: Claims, command: Add, index: int) -> None:
    """Add a note or a grace note, and the same to what is like its place."""
    if command.grace_of is not None:
        main = draft.hit(command.grace_of)
        _add_grace(draft, main, command)
        for other in similar_hits(draft, [main], command.like):
            _unless_refused(_add_grace, draft, other, command)
        return
    assert command.bar is not None
    bar = draft.bar(command.bar)
    likes = equal_bars(draft, bar.number) if command.like is Like.BARS else []
    _add_note(draft, claims, bar, command, index)
    for number in likes:
        _unless_refused(_add_note, draft, claims, draft.bar(number), command, index)


def _add_note(draft: Draft, claims: Claims, bar: Bar, command: Add, index: int) -> None:
    assert command.position is not None
    assert command.instrument is not None
    check_inside(bar, command.position)
    unit = unit_at(bar, command.position)
    places = places_in(draft.hits_in(bar.number), unit)
    position = meant(command.position, unit, draft.swing_at(bar.number), places)
    check_free(draft, command.instrument, bar, position)
    check_marks(command.instrument, command.marks)
    velocity = command.velocity or _new_velocity(draft, command.instrument, command.marks)
    onset_s = max(0.0, bar.time_s_at(position))
    hit = Hit(draft.fresh_id(), onset_s, command.instrument, velocity, 1.0)
    placed = ScoreHit(hit, bar.number, position, None, command.marks)
    draft.touch(1)
    draft.put(placed)
    claims.claim(bar, placed, index)


def _new_velocity(draft: Draft, instrument: InstrumentName, marks: Iterable[Mark]) -> int:
    share = _GHOST_SHARE if Mark.GHOST in marks else _ACCENT_SHARE if Mark.ACCENT in marks else 1.0
    return max(1, min(127, round(share * draft.usual_velocity(instrument))))


def _add_grace(draft: Draft, main: ScoreHit, command: Add) -> None:
    if main.is_grace:
        raise Refused("a grace note cannot have a grace note of its own")
    graces = draft.graces_of(main)
    if len(graces) >= MOST_GRACES:
        raise Skipped(f"{where(draft, main)}: a note can have {MOST_GRACES} grace notes")
    instrument = command.instrument or main.hit.instrument
    check_same_voice(instrument, main)
    check_marks(instrument, command.marks)
    onset_s = max(0.0, min([main.hit.onset_s, *(grace.hit.onset_s for grace in graces)]) - _GRACE_S)
    velocity = command.velocity or max(1, round(_GRACE_SHARE * main.hit.velocity))
    hit = Hit(draft.fresh_id(), onset_s, instrument, velocity, 1.0)
    draft.touch(1)
    draft.put(ScoreHit(hit, main.bar, main.position, main.hit.id, command.marks))


def remove(draft: Draft, command: Remove) -> None:
    """Take notes away with their grace notes."""
    named = [draft.hit(identifier) for identifier in command.ids]
    for placed in [*named, *similar_hits(draft, named, command.like)]:
        graces = [] if placed.is_grace else draft.graces_of(placed)
        draft.touch(1 + len(graces))
        for gone in (placed, *graces):
            draft.drop(gone.hit.id)


def set_instrument(draft: Draft, claims: Claims, command: SetInstrument, index: int) -> None:
    """Give notes to another instrument; grace notes on the same drum as their note go along."""
    named = [draft.hit(identifier) for identifier in command.ids]
    similar = similar_hits(draft, named, command.like)
    for placed in named:
        _set_instrument(draft, claims, placed, command.instrument, index)
    for placed in similar:
        if not placed.is_grace:
            claims.claim_if_readable(placed, draft.graces_of(placed))
        _unless_refused(_set_instrument, draft, claims, placed, command.instrument, index)


def _set_instrument(
    draft: Draft, claims: Claims, placed: ScoreHit, instrument: InstrumentName, index: int
) -> None:
    if placed.hit.instrument is instrument:
        return
    bar = draft.bar(placed.bar)
    if placed.grace_of is not None:
        check_same_voice(instrument, draft.hit(placed.grace_of))
        draft.touch(1)
        draft.put(_given_to(placed, instrument))
        return
    # Open ↔ closed: the note itself is what stands there.
    there = draft.at(instrument, placed.bar, placed.position)
    if there is not None and there.hit.id != placed.hit.id:
        raise _taken(there, bar)
    graces = draft.graces_of(placed)
    following = [grace for grace in graces if grace.hit.instrument is placed.hit.instrument]
    changed = _given_to(placed, instrument)
    for grace in graces:
        if grace not in following:
            check_same_voice(grace.hit.instrument, changed)
    draft.touch(1 + len(following))
    draft.put(changed)
    for grace in following:
        draft.put(_given_to(grace, instrument))
    claims.claim(bar, changed, index)


def _given_to(placed: ScoreHit, instrument: InstrumentName) -> ScoreHit:
    given = with_hit(placed, instrument=instrument)
    return replace(given, marks=possible_marks(instrument, placed.marks))


def set_velocity(draft: Draft, command: SetVelocity) -> None:
    """Strike notes harder or softer."""
    _change_each(draft, command.ids, command.like, lambda placed: with_hit(placed, velocity=command.velocity))


def add_mark(draft: Draft, command: AddMark) -> None:
    """Mark notes; of ghost, accent and plain, and of right and left, a note has one at most."""

    def marked(placed: ScoreHit) -> ScoreHit:
        check_marks(placed.hit.instrument, {command.mark})
        excluded = next(
            (group for group in (EMPHASIS_MARKS, STICKING_MARKS) if command.mark in group), frozenset()
        )
        return replace(placed, marks=(placed.marks - excluded) | {command.mark})

    _change_each(draft, command.ids, command.like, marked)


def remove_mark(draft: Draft, command: RemoveMark) -> None:
    """Take a mark from notes; those that have it not stay as they are."""
    _change_each(
        draft, command.ids, command.like, lambda placed: replace(placed, marks=placed.marks - {command.mark})
    )


def _change_each(
    draft: Draft, ids: Iterable[str], like: Like | None, change: Callable[[ScoreHit], ScoreHit]
) -> None:
    named = [draft.hit(identifier) for identifier in ids]
    for placed in [*named, *similar_hits(draft, named, like)]:
        changed = change(placed)
        draft.touch(1)
        if changed != placed:
            draft.put(changed)


def _unless_refused(change: Callable[..., None], *arguments: object) -> None:
    """Do to a similar stroke what was done to the one pointed at; where it cannot be, leave that stroke."""
    with suppress(Skipped):
        change(*arguments)


class Skipped(Refused):
    """A reason that is one note's own; "the same everywhere" passes over such a note."""


def check_inside(bar: Bar, position: Fraction) -> None:
    """Refuse a position outside ``bar``."""
    if not 0 <= position < bar.quarters:
        raise Refused(
            f"{bar_name(bar.number)} is {bar.quarters} quarter notes long; position {position} is outside it"
        )


def check_free(draft: Draft, instrument: InstrumentName, bar: Bar, position: Fraction) -> None:
    """Refuse a place at which the same drum or cymbal is struck already."""
    there = draft.at(instrument, bar.number, position)
    if there is not None:
        raise _taken(there, bar)


def _taken(there: ScoreHit, bar: Bar) -> Skipped:
    name = instrument_name(there.hit.instrument)
    return Skipped(
        f"{bar_name(bar.number)}, {beat_name(bar, there.position)}: there is {_article(name)} {name} already"
    )


def _article(word: str) -> str:
    return "an" if word[0] in "aeiou" else "a"


def check_marks(instrument: InstrumentName, marks: Iterable[Mark]) -> None:
    """Refuse marks that exclude one another or that the instrument cannot have."""
    marks = frozenset(marks)
    for group in (EMPHASIS_MARKS, STICKING_MARKS):
        if len(marks & group) > 1:
            raise Refused(f"a note cannot be marked {' and '.join(sorted(marks & group))} at once")
    for mark in sorted(marks - possible_marks(instrument, marks)):
        name = instrument_name(instrument)
        raise Refused(f"{_article(name)} {name} cannot be {mark_words(mark)}")


def check_same_voice(instrument: InstrumentName, main: ScoreHit) -> None:
    """Refuse a grace note of the feet before a note of the hands: it would stand on no stem."""
    if INSTRUMENTS[instrument].voice != INSTRUMENTS[main.hit.instrument].voice:
        grace, note = instrument_name(instrument), instrument_name(main.hit.instrument)
        raise Skipped(
            f"{_article(grace)} {grace} cannot be a grace note before {_article(note)} {note}: "
            "one is played with a foot, the other with a hand"
        )


def where(draft: Draft, placed: ScoreHit) -> str:
    """ "bar 3, 2&": the place of a hit, for a reason."""
    bar = draft.bar(placed.bar)
    return f"{bar_name(bar.number)}, {beat_name(bar, placed.position)}"
