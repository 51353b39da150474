"""What a person asks of many songs at once."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import PurePosixPath

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils import timezone

from accounts.core.errors import DrumError
from accounts.core.text import one_line
from accounts.errors import NotAllowed
from accounts.models import User
from media.arrivals import Arrival, arrivals
from media.core.errors import StorageFull
from media.errors import BatchEmpty, StorageUnavailable
from media.models import LinkImport, Recording
from media.services import create_recording, discard_recording
from transcription.core.operations import OPERATIONS, Operation
from transcription.core.options import JobOptions
from transcription.errors import (
    BatchNotCancellable,
    BatchNotRetryable,
    JobNotCancellable,
    JobNotRetryable,
    SourceJobRequired,
)
from transcription.models import Batch, Job
from transcription.progress import announce_batch, announce_batch_deleted, next_seq
from transcription.selectors import jobs_of_batch, standing_of
from transcription.services import cancel_job, check_can_be_run, create_job, retry_job

_LONGEST_TITLE = 200
_LONGEST_NAME = 255


def create_batch(
    *,
    owner: User,
    uploads: Sequence[UploadedFile],
    options: JobOptions,
    operation: Operation = Operation.TRANSCRIBE,
    title: str = "",
) -> Batch:
    """Store the songs of ``uploads``, and of the archives among them, and queue an operation on each.

    A file that is refused stops no other; the batch keeps its name and the reason. ``options`` hold for every
    song, but for the title. Checking takes about a third of a second a song.

    Raises:
        TooManyFiles: they are more than may be sent at once.
        SourceJobRequired, OnsetsRequired: the operation wants something of each single song.
        UnknownModel, EngineUnavailable: what is to hear or to separate cannot be used here.
        BatchEmpty: there was no file, or none of several was a song; of a single one its own error is raised.
        StorageFull, StorageUnavailable: they cannot be stored; nothing is left behind.
    """
    if OPERATIONS[operation].follows_a_job:
        raise SourceJobRequired(operation=operation.value)
    check_can_be_run(operation, options)
    stored: list[Recording] = []
    try:
        refused = _store(owner, uploads, stored)
    except BaseException:
        for recording in stored:
            discard_recording(recording=recording)
        raise
    return _begin(
        owner=owner,
        recordings=stored,
        refused=refused,
        options=replace(options, title=""),
        operation=operation,
        title=one_line(title)[:_LONGEST_TITLE] or _title_of(uploads, stored),
    )


@transaction.atomic
def cancel_batch(*, batch: Batch, by: User, reason: str = "") -> Batch:
    """Stop every song that is not finished, fetched or not; raises BatchNotCancellable."""
    stopped = LinkImport.objects.filter(batch_id=batch.pk, state__in=LinkImport.UNFINISHED).update(
        state=LinkImport.State.CANCELLED, finished_at=timezone.now(), seq=next_seq()
    )
    for job in jobs_of_batch(batch).filter(status__in=Job.UNFINISHED):
        with suppress(JobNotCancellable):  # it has just ended
            cancel_job(job=job, by=by, reason=reason)
            stopped += 1
    if not stopped:
        raise BatchNotCancellable
    transaction.on_commit(partial(announce_batch, batch))
    return batch


@transaction.atomic
def retry_batch(*, batch: Batch, by: User, reason: str = "", cancelled_too: bool = False) -> Batch:
    """Try the songs that failed again, each from where it failed; those that were stopped only if asked to.

    Raises:
        BatchNotRetryable: there are none.
    """
    ends = [Job.Status.FAILED, *([Job.Status.CANCELLED] if cancelled_too else [])]
    retried = 0
    for job in jobs_of_batch(batch).filter(status__in=ends):
        with suppress(JobNotRetryable):
            retry_job(job=job, by=by, reason=reason)
            retried += 1
    if not retried:
        raise BatchNotRetryable
    batch.clock_from = timezone.now()
    batch.done_before = standing_of([batch])[batch.pk].progress
    batch.save(update_fields=["clock_from", "done_before"])
    return batch


@transaction.atomic
def delete_batch(*, batch: Batch, by: User) -> None:
    """Take the batch out of every list and stop what is not finished; songs and their scores stay.

    Raises:
        NotAllowed: ``by`` is not the owner; for others there is nothing in it but songs, each by itself.
    """
    if batch.owner_id != by.pk:
        raise NotAllowed
    with suppress(BatchNotCancellable):
        cancel_batch(batch=batch, by=by)
    Batch.objects.filter(pk=batch.pk).update(deleted_at=timezone.now(), seq=next_seq())
    batch.refresh_from_db()
    transaction.on_commit(partial(announce_batch_deleted, batch))


def refusal(name: str, error: DrumError) -> dict[str, str]:
    """Return how a batch keeps what it did not take, and why."""
    return {"name": name, "code": error.code, "message": str(error), "hint": error.hint}


def _store(owner: User, uploads: Sequence[UploadedFile], stored: list[Recording]) -> list[dict[str, str]]:
    """Add each song's recording to ``stored``; return what was refused.

    Raises:
        And whatever stops the whole batch.
    """
    refused: list[dict[str, str]] = []
    error: DrumError = BatchEmpty()
    for arrival in arrivals(uploads):
        try:
            stored.append(_recording(owner, arrival))
        except (StorageFull, StorageUnavailable):
            raise
        except DrumError as reason:
            error = reason
            refused.append(refusal(one_line(arrival.name)[-_LONGEST_NAME:], error))
    if not stored:
        raise BatchEmpty(refused=refused) if len(refused) > 1 else error
    return refused


def _recording(owner: User, arrival: Arrival) -> Recording:
    if arrival.file is None:
        raise arrival.error or BatchEmpty()
    return create_recording(owner=owner, upload=arrival.file)


@transaction.atomic
def _begin(
    *,
    owner: User,
    recordings: Sequence[Recording],
    refused: list[dict[str, str]],
    options: JobOptions,
    operation: Operation,
    title: str,
) -> Batch:
    """Write the batch and its jobs at once: nobody ever sees a part of them."""
    batch = Batch.objects.create(owner=owner, title=title, refused=refused)
    Batch.objects.filter(pk=batch.pk).update(seq=next_seq())
    batch.refresh_from_db()
    for recording in recordings:
        create_job(recording=recording, requested_by=owner, options=options, operation=operation, batch=batch)
    transaction.on_commit(partial(announce_batch, batch))
    return batch


def _title_of(uploads: Sequence[UploadedFile], recordings: Sequence[Recording]) -> str:
    """Return the name of the archive, if it is one alone; else that of the first song."""
    if len(uploads) == 1:
        stem = PurePosixPath((uploads[0].name or "").replace("\\", "/")).stem.replace("_", " ")
        if one_line(stem):
            return one_line(stem)[:_LONGEST_TITLE]
    more = f" and {len(recordings) - 1} more" if len(recordings) > 1 else ""
    return recordings[0].title[: _LONGEST_TITLE - len(more)] + more
