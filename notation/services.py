"""Writes to notations."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from media.models import Recording
from notation.core.hits import Hit as HeardHit
from notation.models import Hit, HitSet, Notation

_ROWS_AT_ONCE = 500


@transaction.atomic
def save_transcription(
    *,
    owner: User,
    recording: Recording,
    job_id: UUID,
    engine: str,
    hits: tuple[HeardHit, ...],
    score: dict[str, Any],
    meters: list[dict[str, int]],
    title: str,
) -> Notation:
    """Keep what a job heard and wrote; replaces what an earlier run of the same job left."""
    earlier = Notation.objects.filter(job_id=job_id).select_for_update().first()
    if earlier is not None and earlier.hit_set is not None:
        earlier.hit_set.delete()
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
    notation, _ = Notation.objects.update_or_create(
        job_id=job_id,
        defaults={
            "owner": owner,
            "recording": recording,
            "hit_set": hit_set,
            "title": title,
            "tempo_bpm": score["tempo_bpm"],
            "meters": meters,
            "score": score,
            "deleted_at": None,
        },
    )
    return notation


def delete_notation_of_job(*, job_id: UUID) -> None:
    """Take the notation of a deleted job out of every list."""
    Notation.objects.filter(job_id=job_id).update(deleted_at=timezone.now())


@transaction.atomic
def delete_transcription(*, job_id: UUID) -> None:
    """Really delete what a job heard and wrote."""
    for notation in Notation.objects.filter(job_id=job_id).select_related("hit_set"):
        if notation.hit_set is not None:
            notation.hit_set.delete()
        notation.delete()
