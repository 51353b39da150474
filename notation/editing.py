"""Changes of a notation's music that a person asks for: each makes a revision, or is refused whole.

Every function names the revision that its writer saw; see ``notation.revisions`` for what happens when that
is no longer the newest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db import transaction

from accounts.core.errors import DrumError
from accounts.errors import NotAllowed
from accounts.models import User
from notation.core.edits import BadCommand, ScoreDiff, apply_commands, compare
from notation.core.edits import Edited as Applied
from notation.core.errors import BadScore
from notation.core.form.form import find_form, with_sections
from notation.core.quantising.quantise import quantise
from notation.core.quantising.quantise_config import GridChoice, QuantiseConfig, SwingChoice
from notation.core.quantising.regrid import GridChanges, grid_of, regrid
from notation.core.readers.given_score import read_given_score
from notation.core.score import Score
from notation.errors import NothingToWrite, ScoreTooLarge
from notation.models import Notation, Revision
from notation.revisions import Change, check_base, refuse_too_large, write_revision
from notation.scores import score_of
from notation.selectors import heard_hits_of, may_edit, unedited_revision_of
from notation.services import change_kit

_NO_CHANGES = GridChanges()


@dataclass(frozen=True, slots=True)
class Edited:
    """What came of a change: the revision that the notation is at now, and what differs from the one before.

    ``changed_bars`` are the numbers that the bars have now. ``rebuilt`` says that bars came, went or were
    cut anew, so that the whole is to be drawn again.
    """

    revision: int
    summary: tuple[str, ...]
    changed_bars: tuple[int, ...]
    rebuilt: bool


def edit(
    *, notation: Notation, by: User, base_revision: int, commands: Sequence[Mapping[str, Any]]
) -> Edited:
    """Apply ``commands``, all or none (see ``notation.core.edits``).

    Raises:
        NotAllowed: ``by`` may only read it.
        RevisionConflict: somebody was faster.
        BadCommand: one of the commands cannot be done; nothing is changed.
        ScoreTooLarge: it would have more hits or bars than are accepted.
    """
    _check(notation, by, base_revision)
    edited = _applied(notation, commands)
    kind = Revision.Kind.EDITED
    return _write(notation, by, base_revision, edited.score, kind, edited.diff, fresh_from=edited.fresh_from)


def change_details(
    *,
    notation: Notation,
    by: User,
    title: str | None = None,
    artist: str | None = None,
    kit_profile: Mapping[str, Any] | None = None,
) -> None:
    """Change what is said about the music, whatever revision it is at; a new title makes a revision.

    Raises:
        NotAllowed: ``by`` may only read it.
        BadProfile, BadCommand: the kit or the title is refused; nothing is changed.
    """
    said = {"title": title, "artist": artist}
    command = {"op": "set_title"} | {name: text for name, text in said.items() if text is not None}
    with transaction.atomic():
        if kit_profile is not None:
            change_kit(notation=notation, by=by, kit_profile=kit_profile)
        if len(command) > 1:
            edit(notation=notation, by=by, base_revision=notation.revision, commands=[command])


def replace_score(*, notation: Notation, by: User, base_revision: int, score: Mapping[str, Any]) -> Edited:
    """Put a whole score (schema ``drumsite.score/2``) in the place of the current one.

    Raises:
        NotAllowed: ``by`` may only read it.
        RevisionConflict: somebody was faster.
        BadScore, ScoreTooLarge: it is not music, or too much of it.
    """
    _check(notation, by, base_revision)
    given = read_given_score(score)
    difference = compare(score_of(notation), given)
    return _write(notation, by, base_revision, given, Revision.Kind.REPLACED, difference)


def requantise(
    *,
    notation: Notation,
    by: User,
    base_revision: int,
    grid: GridChoice = GridChoice.AUTO,
    swing: SwingChoice = SwingChoice.AUTO,
    changes: GridChanges = _NO_CHANGES,
) -> Edited:
    """Write the hits down anew, as they were heard; what was edited by hand stays in earlier revisions.

    The beats are those on which the score was last written without a person's edits, changed as ``changes``
    says. Title and artist stay.

    Raises:
        NotAllowed: ``by`` may only read it.
        RevisionConflict: somebody was faster.
        BadGridChange: no such tempo, meter, bar one or pickup.
        NothingToWrite: there are no hits.
    """
    _check(notation, by, base_revision)
    current = score_of(notation)
    hits = heard_hits_of(notation) or tuple(placed.hit for placed in score_of(notation, 1).hits)
    if not hits:
        raise NothingToWrite
    beats = regrid(grid_of(score_of(notation, unedited_revision_of(notation))), changes)
    config = QuantiseConfig(grid=grid, swing=swing)
    written = quantise(hits, beats, config, title=current.title, artist=current.artist)
    written = with_sections(written, find_form(written))
    difference = replace(compare(current, written), sentences=(_in_words(grid, swing, changes),))
    return _write(notation, by, base_revision, written, Revision.Kind.REQUANTISED, difference)


def restore_revision(*, notation: Notation, by: User, base_revision: int, number: int) -> Edited:
    """Go back to revision ``number``; what came after it stays among the revisions.

    Raises:
        NotAllowed: ``by`` may only read it.
        RevisionConflict: somebody was faster.
        Revision.DoesNotExist: there is no such revision.
    """
    _check(notation, by, base_revision)
    earlier = score_of(notation, number)
    difference = compare(score_of(notation), earlier)
    difference = replace(difference, sentences=(f"back to revision {number}", *difference.sentences))
    kind = Revision.Kind.RESTORED
    return _write(notation, by, base_revision, earlier, kind, difference, of_number=number)


def faults_of(
    notation: Notation,
    *,
    commands: Sequence[Mapping[str, Any]] | None = None,
    score: Mapping[str, Any] | None = None,
) -> list[DrumError]:
    """Return why ``commands`` could not be done now, or ``score`` not be stored; changes nothing."""
    try:
        if commands is not None:
            refuse_too_large(_applied(notation, commands).score)
        if score is not None:
            refuse_too_large(read_given_score(score))
    except (BadCommand, BadScore, ScoreTooLarge) as fault:
        return [fault]
    return []


def _check(notation: Notation, by: User, base_revision: int) -> None:
    if not may_edit(by, notation):
        raise NotAllowed
    check_base(notation, base_revision)


def _applied(notation: Notation, commands: Sequence[Mapping[str, Any]]) -> Applied:
    return apply_commands(
        score_of(notation),
        commands,
        has_recording=notation.recording_id is not None,
        fresh_from=notation.fresh_from,
    )


def _write(
    notation: Notation,
    by: User,
    base_revision: int,
    score: Score,
    kind: Revision.Kind,
    difference: ScoreDiff,
    of_number: int | None = None,
    **fields: Any,
) -> Edited:
    if score == score_of(notation):
        return Edited(base_revision, (), (), False)
    numbers = {bar.number for bar in score.bars}
    changed_bars = tuple(sorted(numbers & difference.changed_bars))
    change = Change(kind, difference.sentences, changed_bars, of_number)
    write_revision(notation, base_revision=base_revision, score=score, author=by, change=change, **fields)
    return Edited(notation.revision, difference.sentences, changed_bars, difference.rebuilt)


def _in_words(grid: GridChoice, swing: SwingChoice, changes: GridChanges) -> str:
    words = []
    if grid is not GridChoice.AUTO:
        words.append(_GRID_WORDS[grid])
    if swing is not SwingChoice.AUTO:
        words.append(_SWING_WORDS[swing])
    if changes.tempo_bpm is not None:
        words.append(f"{changes.tempo_bpm:g} bpm")
    if changes.meter is not None:
        words.append("{}/{}".format(*changes.meter))
    if changes.bar_one_s is not None:
        words.append(f"bar 1 at {changes.bar_one_s:.2f} s")
    if changes.pickup_beats is not None:
        words.append(f"{changes.pickup_beats} beats of pickup")
    return "written anew" + (f": {', '.join(words)}" if words else "")


_GRID_WORDS = {
    GridChoice.EIGHTHS: "eighths at most",
    GridChoice.SIXTEENTHS: "sixteenths at most",
    GridChoice.THIRTY_SECONDS: "thirty-seconds at most",
    GridChoice.TRIPLETS: "triplets",
}
_SWING_WORDS = {
    SwingChoice.OFF: "no swing",
    SwingChoice.EIGHTHS: "swung eighths",
    SwingChoice.SIXTEENTHS: "swung sixteenths",
    SwingChoice.TRIPLETS: "swing as triplets",
}
