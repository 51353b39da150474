"""Revisions: the one way in which a notation's music changes, and the lock that keeps writers apart.

The lock is optimistic. A writer names the revision that it saw; the row moves on only if it still is at that
one, by a conditional UPDATE, which means the same on SQLite and PostgreSQL. Who comes second is told what
the first one did, and nothing of either is lost.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import OuterRef, Subquery
from django.utils import timezone

from accounts.core.text import one_line
from accounts.models import User
from notation.core.edits.ids import first_fresh_number
from notation.core.score import Score, score_to_json
from notation.core.score_limits import MOST_BARS, MOST_HITS
from notation.errors import NotationMissing, RevisionConflict, ScoreTooLarge
from notation.models import Notation, Revision
from notation.scores import keep_score

_CHANGES_TOLD = 50  # of those that a writer missed, the newest
_TITLE_LENGTH = 200


@dataclass(frozen=True, slots=True)
class Change:
    """What a revision will say of itself."""

    kind: Revision.Kind
    summary: Sequence[str]
    changed_bars: Collection[int] = ()
    of_number: int | None = None


@transaction.atomic
def start_notation(*, owner: User, score: Score, change: Change, title: str = "", **fields: Any) -> Notation:
    """Store a new notation with ``score`` as its revision 1.

    Raises:
        ScoreTooLarge: more hits or bars than are accepted.
    """
    refuse_too_large(score)
    columns = columns_of(score)
    columns["title"] = columns["title"] or title_of(title) or "Untitled"
    fields["fresh_from"] = max(fields.get("fresh_from", 1), first_fresh_number(score))
    notation = Notation.objects.create(owner=owner, **columns, **fields)
    _record(notation, 1, columns["score"], owner, change)
    keep_score(notation.pk, 1, score)
    return notation


@transaction.atomic
def write_revision(
    notation: Notation,
    *,
    base_revision: int,
    score: Score,
    author: User | None,
    change: Change,
    **fields: Any,
) -> Revision:
    """Make ``score`` the music of ``notation``, if that is still at ``base_revision``.

    Args:
        fields: other columns of the notation that change with it.
    Raises:
        RevisionConflict: somebody was faster; nothing is written.
        NotationMissing: it was deleted meanwhile; nothing is written.
        ScoreTooLarge: more hits or bars than are accepted.
    """
    refuse_too_large(score)
    number = base_revision + 1
    columns = columns_of(score) | fields
    # A score that was given, not edited, may bring ids that a later one lacks.
    columns["fresh_from"] = max(notation.fresh_from, fields.get("fresh_from", 1), first_fresh_number(score))
    columns["title"] = columns["title"] or notation.title
    stored = columns.pop("score")
    moved = Notation.objects.filter(pk=notation.pk, revision=base_revision, deleted_at=None).update(
        **columns, revision=number, updated_at=timezone.now()
    )
    if not moved:
        raise conflict_since(notation.pk, base_revision)
    revision = _record(notation, number, stored, author, change)
    # Copied within the database: to send and parse 250 KB once more takes five times as long.
    copied = Revision.objects.filter(notation=OuterRef("pk"), number=number).values("score")
    Notation.objects.filter(pk=notation.pk).update(score=Subquery(copied))
    for name, value in columns.items():
        setattr(notation, name, value)
    notation.score, notation.revision = stored, number
    keep_score(notation.pk, number, score)
    return revision


def check_base(notation: Notation, base_revision: int) -> None:
    """Raise ``RevisionConflict`` at once if ``notation`` has moved on; the write itself checks again.

    Raises:
        NotationMissing: it is not at the revision, and was deleted meanwhile.
    """
    if notation.revision != base_revision:
        raise conflict_since(notation.pk, base_revision)


def conflict_since(notation_id: UUID, base_revision: int) -> RevisionConflict | NotationMissing:
    """Return the error that tells a writer what happened since ``base_revision``."""
    rows = Notation.objects.filter(pk=notation_id, deleted_at=None)
    current = rows.values_list("revision", flat=True).first()
    if current is None:  # no revision to name would ever be the right one
        return NotationMissing()
    missed = (
        Revision.objects.filter(notation_id=notation_id, number__gt=base_revision)
        .select_related("author")
        .defer("score")[:_CHANGES_TOLD]
    )
    changes = [describe_change(revision) for revision in reversed(missed)]
    return RevisionConflict(current_revision=current, changes=changes)


def describe_change(revision: Revision) -> dict[str, Any]:
    """Return who changed what, in plain JSON values."""
    return {
        "revision": revision.number,
        "author": author_name(revision),
        "created_at": revision.created_at.isoformat(),
        "kind": revision.kind,
        "summary": revision.summary,
        "changed_bars": revision.changed_bars,
    }


def author_name(revision: Revision) -> str:
    """Return who made ``revision``, for people; empty when the account is gone or closed."""
    author = revision.author
    return "" if author is None or author.deleted_at is not None else author.name


def refuse_too_large(score: Score) -> None:
    """Raise ``ScoreTooLarge`` for more than this site draws in reasonable time."""
    if len(score.hits) > MOST_HITS or len(score.bars) > MOST_BARS:
        raise ScoreTooLarge(
            hits=len(score.hits), bars=len(score.bars), most_hits=MOST_HITS, most_bars=MOST_BARS
        )


def title_of(text: str) -> str:
    """Return ``text`` as a title that can be stored."""
    return one_line(text)[:_TITLE_LENGTH].strip()


def columns_of(score: Score) -> dict[str, Any]:
    """Return ``score`` and what the other columns of a notation say of it."""
    return {
        "score": score_to_json(score),
        "title": title_of(score.title),
        "artist": title_of(score.artist),
        "tempo_bpm": score.tempo_bpm,
        "meters": [
            {"bar": meter.bar, "beats": meter.beats, "beat_type": meter.beat_type} for meter in score.meters
        ],
        "hit_count": len(score.hits),
        "bar_count": len(score.bars),
        "duration_s": max(0.0, score.bars[-1].end_s - score.bars[0].start_s),
    }


def _record(
    notation: Notation, number: int, score: dict[str, Any], author: User | None, change: Change
) -> Revision:
    return Revision.objects.create(
        notation=notation,
        number=number,
        author=author,
        kind=change.kind,
        of_number=change.of_number,
        summary=list(change.summary),
        changed_bars=sorted(change.changed_bars),
        score=score,
    )
