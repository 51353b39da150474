"""Carry out commands: all of them or none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, assert_never

from notation.core.edits import bar_lines, bars, moves, notes, tempo
from notation.core.edits.claims import Claims, Unreadable
from notation.core.edits.commands import (
    NOTE_COMMANDS,
    Add,
    AddMark,
    Command,
    CopyBars,
    DeleteBars,
    InsertBars,
    Move,
    Remove,
    RemoveMark,
    SetBarOne,
    SetInstrument,
    SetMeter,
    SetSection,
    SetSwing,
    SetTempo,
    SetTitle,
    SetVelocity,
)
from notation.core.edits.diff import ScoreDiff, compare
from notation.core.edits.draft import Draft
from notation.core.edits.parsing import parse_command
from notation.core.edits.refused import Refused
from notation.core.errors import BadCommand
from notation.core.score import Score

MOST_COMMANDS = 500


@dataclass(frozen=True, slots=True)
class Edited:
    """What came of commands.

    ``changed_bars`` and ``summary`` are those of ``diff``, for a revision. ``fresh_from`` is to be handed in
    with the next commands, so that no id of a removed hit is used again.
    """

    score: Score
    diff: ScoreDiff
    fresh_from: int

    @property
    def changed_bars(self) -> frozenset[int]:
        """The numbers of the bars that are drawn differently now."""
        return self.diff.changed_bars

    @property
    def summary(self) -> tuple[str, ...]:
        """What changed, in musical words; empty when nothing did."""
        return self.diff.sentences


def apply_commands(
    score: Score,
    commands: Sequence[Mapping[str, Any]],
    *,
    has_recording: bool = True,
    fresh_from: int | None = None,
) -> Edited:
    """Carry out ``commands``, each on what the one before left; ``score`` itself is never changed.

    Args:
        commands: JSON objects with an ``op``, as ``docs/commands.schema.json`` describes them.
        has_recording: whether there is a sound whose times the score keeps to. Without one, bars can be
            inserted anywhere and a tempo sets the times.
        fresh_from: the number after which no hit of this song was ever called ``e…``.
    Raises:
        BadCommand: with the ``index`` of the command that cannot be carried out and the ``reason``.
    """
    if len(commands) > MOST_COMMANDS:
        raise BadCommand(
            index=MOST_COMMANDS,
            reason=f"{len(commands)} commands were sent; {MOST_COMMANDS} at once are allowed",
        )
    parsed: list[Command] = []
    for index, data in enumerate(commands):
        try:
            parsed.append(parse_command(data))
        except Refused as refused:
            raise BadCommand(index=index, reason=refused.reason) from refused
    draft = Draft(score, has_recording=has_recording, fresh_from=fresh_from)
    claims = Claims()
    for index, command in enumerate(parsed):
        try:
            _carry_out(draft, claims, command, index)
        except Unreadable as refused:
            raise BadCommand(index=refused.index, reason=refused.reason) from refused
        except Refused as refused:
            raise BadCommand(index=index, reason=refused.reason) from refused
    try:
        claims.check(draft)
    except Unreadable as refused:
        raise BadCommand(index=refused.index, reason=refused.reason) from refused
    settled = draft.settled()
    return Edited(settled, compare(score, settled), draft.next_number)


def _carry_out(draft: Draft, claims: Claims, command: Command, index: int) -> None:
    if not isinstance(command, NOTE_COMMANDS):
        claims.check(draft)  # while bars still have the numbers that were claimed
    match command:
        case Add():
            notes.add(draft, claims, command, index)
        case Remove():
            notes.remove(draft, command)
        case Move():
            moves.move(draft, claims, command, index)
        case SetInstrument():
            notes.set_instrument(draft, claims, command, index)
        case SetVelocity():
            notes.set_velocity(draft, command)
        case AddMark():
            notes.add_mark(draft, command)
        case RemoveMark():
            notes.remove_mark(draft, command)
        case SetTempo():
            tempo.set_tempo(draft, command)
        case SetSwing():
            tempo.set_swing(draft, command)
        case SetTitle():
            tempo.set_title(draft, command)
        case SetMeter():
            bar_lines.set_meter(draft, command)
        case SetBarOne():
            bar_lines.set_bar_one(draft, command)
        case InsertBars():
            bars.insert_bars(draft, command)
        case DeleteBars():
            bars.delete_bars(draft, command)
        case CopyBars():
            bars.copy_bars(draft, command)
        case SetSection():
            bars.set_section(draft, command)
        case _ as never:
            assert_never(never)
