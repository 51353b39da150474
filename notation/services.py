"""What people do with notations as wholes: bring, name, copy, delete, restore; and what jobs leave behind.

Changes of the music itself are in ``notation.editing``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import PurePath
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from accounts.core.text import one_line
from accounts.errors import NotAllowed
from accounts.models import User
from media.models import Recording
from notation.core.hits import Hit as HeardHit
from notation.core.kit_profile import profile_from_json, profile_to_json
from notation.core.quantising.quantise_config import GridChoice, QuantiseConfig, SwingChoice
from notation.core.readers import ImportFinding, read_score
from notation.core.readers.event_list import read_events, score_of_events
from notation.core.score import score_from_json
from notation.errors import NotationGone
from notation.models import Hit, HitSet, Notation, Revision
from notation.revisions import Change, start_notation, title_of, write_revision
from notation.scores import score_of
from notation.selectors import kept_since, may_edit

_ROWS_AT_ONCE = 500
_NAME_LENGTH = 120


def create_from_events(
    *,
    owner: User,
    events: Sequence[Any],
    tempo_bpm: float,
    meter: tuple[int, int] = (4, 4),
    beats: Sequence[Any] = (),
    grid: str = "auto",
    swing: str = "auto",
    title: str = "",
    artist: str = "",
) -> Notation:
    """Write down strokes that another program heard or played; see ``notation.core.readers.event_list``.

    Raises:
        BadEvents: they are not strokes, or the beats are no beats.
        ScoreTooLarge: more hits or bars than are accepted.
    """
    given = read_events(events, tempo_bpm=tempo_bpm, meter=meter, beats=beats)
    config = QuantiseConfig(grid=GridChoice(grid), swing=SwingChoice(swing))
    score = score_of_events(given, config, title=one_line(title), artist=one_line(artist))
    change = Change(Revision.Kind.IMPORTED, [f"written down from {len(events)} events"])
    return start_notation(owner=owner, score=score, change=change)


def create_from_file(
    *, owner: User, data: bytes, file_name: str
) -> tuple[Notation, tuple[ImportFinding, ...]]:
    """Make a notation of a chart that another program wrote, and say what of it could not be kept.

    Raises:
        ImportUnreadable, ImportTooLarge, ImportNoDrums, ImportUnsupported: see ``notation.core.readers``.
        BadScore: it has numbers that no music has.
        ScoreTooLarge: more hits or bars than are accepted.
    """
    imported = read_score(data, file_name)
    name = one_line(file_name)[-_NAME_LENGTH:]
    change = Change(Revision.Kind.IMPORTED, [f"read from {name}" if name else "read from a file"])
    notation = start_notation(owner=owner, score=imported.score, change=change, title=PurePath(name).stem)
    return notation, imported.report


@transaction.atomic
def save_transcription(
    *,
    owner: User,
    recording: Recording,
    job_id: UUID,
    engine: str,
    hits: tuple[HeardHit, ...],
    score: Mapping[str, Any],
    title: str,
) -> Notation:
    """Keep what a job heard and wrote.

    A job that is run again writes another revision, so that what was edited since stays among the earlier
    ones; if it wrote the same once more, nothing changes.
    """
    written = score_from_json(score)
    hit_set = _save_hits(recording, engine, hits)
    change = Change(Revision.Kind.TRANSCRIBED, [f"transcribed by {engine}"])
    notation = Notation.objects.filter(job_id=job_id).select_for_update().first()
    if notation is None:
        return start_notation(
            owner=owner,
            score=written,
            change=change,
            title=title,
            job_id=job_id,
            recording=recording,
            hit_set=hit_set,
        )
    earlier_hits = notation.hit_set
    Notation.objects.filter(pk=notation.pk).update(hit_set=hit_set, deleted_at=None, deleted_with_job=False)
    _delete_hits_if_unused(earlier_hits)
    notation.refresh_from_db()
    last = notation.revisions.filter(kind=Revision.Kind.TRANSCRIBED).first()
    if last is None or score_of(notation, last.number) != written:
        write_revision(notation, base_revision=notation.revision, score=written, author=owner, change=change)
    return notation


def change_kit(*, notation: Notation, by: User, kit_profile: Mapping[str, Any]) -> Notation:
    """Have ``notation`` drawn for another kit; its music and its revision stay.

    Raises:
        NotAllowed: ``by`` may only read it.
        BadProfile: the profile says something impossible.
    """
    if not may_edit(by, notation):
        raise NotAllowed
    stored = profile_to_json(profile_from_json(kit_profile)) if kit_profile else {}
    Notation.objects.filter(pk=notation.pk).update(kit_profile=stored, updated_at=timezone.now())
    notation.kit_profile = stored
    return notation


def duplicate_notation(*, notation: Notation, by: User, title: str = "") -> Notation:
    """Make a copy that goes its own way, with the same recording and kit; its history begins anew.

    Raises:
        NotAllowed: ``by`` is not the owner.
    """
    if notation.owner_id != by.pk:
        raise NotAllowed
    change = Change(
        Revision.Kind.DUPLICATED, [f"copied from “{notation.title}”, revision {notation.revision}"]
    )
    return start_notation(
        owner=by,
        score=replace(score_of(notation), title=title_of(title or f"{notation.title} (copy)")),
        change=change,
        recording=notation.recording,
        hit_set=notation.hit_set,
        kit_profile=notation.kit_profile,
        fresh_from=notation.fresh_from,
    )


def delete_notation(*, notation: Notation, by: User) -> None:
    """Take ``notation`` out of every list; it can be restored as long as deleted things are kept.

    Raises:
        NotAllowed: ``by`` may only read it.
    """
    if not may_edit(by, notation):
        raise NotAllowed
    Notation.objects.filter(pk=notation.pk, deleted_at=None).update(deleted_at=timezone.now())


def undelete_notation(*, notation: Notation, by: User) -> Notation:
    """Undo :func:`delete_notation`; one that is not deleted stays as it is.

    Raises:
        NotAllowed: ``by`` may only read it.
        NotationGone: it went with its transcription, or is about to be purged.
    """
    if not may_edit(by, notation):
        raise NotAllowed
    if notation.deleted_at is not None:
        kept = Notation.objects.filter(pk=notation.pk, deleted_at__gt=kept_since(), deleted_with_job=False)
        if not kept.update(deleted_at=None):
            raise NotationGone
        notation.deleted_at = None
    return notation


def delete_notation_of_job(*, job_id: UUID) -> None:
    """Take the notation of a deleted job out of every list."""
    Notation.objects.filter(job_id=job_id).update(deleted_at=timezone.now(), deleted_with_job=True)


@transaction.atomic
def delete_transcription(*, job_id: UUID) -> None:
    """Really delete what a job heard and wrote."""
    for notation in Notation.objects.filter(job_id=job_id).select_related("hit_set"):
        _delete(notation)


def purge_deleted_notations(*, now: datetime | None = None) -> int:
    """Really delete notations that were deleted longer ago than they are kept; return how many.

    Those that went with their jobs are purged with these. What a closed account owned goes at once: nobody
    is left who could restore it.
    """
    old = Notation.objects.filter(
        Q(deleted_at__lt=kept_since(now), deleted_with_job=False) | Q(owner__deleted_at__isnull=False)
    )
    purged = 0
    for pk in list(old.values_list("pk", flat=True)):
        with transaction.atomic():
            # The lock keeps a restore from coming between.
            notation = old.select_for_update(of=("self",)).filter(pk=pk).first()
            if notation is not None:
                _delete(notation)
                purged += 1
    return purged


def _save_hits(recording: Recording, engine: str, hits: tuple[HeardHit, ...]) -> HitSet:
    hit_set = HitSet.objects.create(recording=recording, engine=engine)
    Hit.objects.bulk_create(
        (
            Hit(
                hit_set=hit_set,
                ident=hit.id,
                onset_s=max(0.0, hit.onset_s),
                instrument=hit.instrument.value,
                velocity=hit.velocity,
                confidence=hit.confidence,
            )
            for hit in hits
        ),
        batch_size=_ROWS_AT_ONCE,
    )
    return hit_set


def _delete(notation: Notation) -> None:
    hit_set = notation.hit_set
    notation.delete()
    _delete_hits_if_unused(hit_set)


def _delete_hits_if_unused(hit_set: HitSet | None) -> None:
    """A copy of a notation shares its hits."""
    if hit_set is not None and not hit_set.notations.exists():
        hit_set.delete()
