"""What people do with recordings: bring, rename, delete, restore; and what retention does afterwards."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from uuid import uuid4

from django.conf import settings
from django.core.files.base import File
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils import timezone

from accounts.core.errors import DrumError
from accounts.core.text import one_line
from accounts.errors import NotAllowed
from accounts.models import User
from media.artifacts import delete_file
from media.core.errors import AudioTooShort, EmptyFile
from media.core.peaks import Waveform
from media.core.probing import MediaInfo, probe_in_child
from media.errors import RecordingDeleted, StorageUnavailable
from media.models import IdempotencyKey, Recording
from media.storage import recording_key
from media.uploads import ReceivedFile, remove_stale_files

logger = logging.getLogger(__name__)

_TITLE_LENGTH = 200
_NAME_LENGTH = 255
_URL_LENGTH = 2048
_DAY_S = 86_400.0
# A header's "0.2 s" is believed of a small file only: of a large one it is more likely wrong.
_SHORT_FILE_BYTES = 2_000_000


def create_recording(
    *,
    owner: User,
    upload: ReceivedFile,
    title: str | None = None,
    source: str = Recording.Source.UPLOAD,
    source_url: str = "",
    artist: str = "",
) -> Recording:
    """Check and store a received file as a new recording of ``owner``; ``upload`` is closed.

    Its headers are read in a child process; its sound is decoded later, by the first stage of a job. The same
    content may be brought twice: each is a recording of its own, see ``selectors.earlier_upload_of``.

    Raises:
        EmptyFile, NotAudio, NoSound, UndecodableAudio, UnsupportedAudio, AudioTooLong, AudioTooShort:
            the content is refused.
        StorageFull, StorageUnavailable: it cannot be stored; nothing is left behind.
    """
    with upload:
        if not upload.size:
            raise EmptyFile
        info = probe_in_child(upload.path, max_duration_s=settings.RECORDING_MAX_S)
        _refuse_too_short(info, upload.size)
        recording = Recording(
            id=uuid4(),
            owner=owner,
            source=source,
            source_url=source_url[:_URL_LENGTH],
            artist=_title(artist),
            original_name=one_line(upload.name or "")[-_NAME_LENGTH:],
            sha256=upload.sha256,
            bytes=upload.size,
            container=info.container,
            codec=info.codec,
            duration_s=info.duration_s,
            channels=info.channels,
            sample_rate=info.rate,
            has_video=info.has_video,
            tracks=[track.as_dict() for track in info.tracks],
        )
        recording.title = _title(title) or _title_from_name(recording.original_name)
        upload.seek(0)
        name = default_storage.save(recording_key(recording.id, info.container), File(upload.file))
    try:
        if default_storage.size(name) != recording.bytes:
            raise StorageUnavailable
        recording.file.name = name
        recording.save(force_insert=True)
    except BaseException:
        delete_file(default_storage, name)
        raise
    return recording


def discard_recording(*, recording: Recording) -> None:
    """Undo :func:`create_recording`, where what the recording was for has failed; nothing of it is left."""
    name = recording.file.name
    recording.delete()
    delete_file(default_storage, name)


def rename_recording(*, recording: Recording, title: str) -> Recording:
    """Give ``recording`` another title; an empty one brings back the name of its file."""
    title = _title(title) or _title_from_name(recording.original_name)
    if not Recording.objects.filter(pk=recording.pk, deleted_at__isnull=True).update(title=title):
        raise RecordingDeleted
    recording.title = title
    return recording


def delete_recording(*, recording: Recording) -> Recording:
    """Hide ``recording`` and set the day on which its files go; deleting it again changes nothing."""
    now = timezone.now()
    Recording.objects.filter(pk=recording.pk, deleted_at__isnull=True).update(
        deleted_at=now, purge_after=now + timedelta(days=settings.RETENTION_DAYS)
    )
    recording.refresh_from_db(fields=["deleted_at", "purge_after"])
    return recording


def delete_own_recording(*, recording: Recording, by: User) -> Recording:
    """Delete ``recording`` at its owner's wish.

    Raises:
        NotAllowed: ``by`` is not the owner; moderators delete in the admin, which asks why and notes it.
    """
    if recording.owner_id != by.pk:
        raise NotAllowed
    return delete_recording(recording=recording)


def restore_recording(*, recording: Recording) -> Recording:
    """Undo :func:`delete_recording`; raises ``RecordingDeleted`` once the day of purging has come."""
    if recording.is_deleted:
        still_kept = Recording.objects.filter(pk=recording.pk, purge_after__gt=timezone.now())
        if not still_kept.update(deleted_at=None, purge_after=None):
            raise RecordingDeleted
        recording.refresh_from_db(fields=["deleted_at", "purge_after"])
    return recording


def record_decoding(
    *, recording: Recording, duration_s: float, waveform: Waveform, warnings: Sequence[dict[str, object]] = ()
) -> None:
    """Note what decoding found: the true length, the waveform, and what the owner should know."""
    Recording.objects.filter(pk=recording.pk).update(
        state=Recording.State.READY,
        failure_code="",
        duration_s=duration_s,
        peaks=waveform,
        warnings=list(warnings),
    )
    recording.refresh_from_db()


def record_decoding_failure(*, recording: Recording, error: DrumError) -> None:
    """Note that the sound cannot be used; a recording that was decoded before stays ready."""
    Recording.objects.filter(pk=recording.pk).exclude(state=Recording.State.READY).update(
        state=Recording.State.FAILED, failure_code=error.code
    )
    recording.refresh_from_db()


@dataclass(slots=True)
class Purged:
    """What a purge removed."""

    recordings: int = 0
    files: int = 0
    bytes: int = 0
    stale_files: int = 0
    idempotency_keys: int = 0


def purge_deleted(*, now: datetime | None = None) -> Purged:
    """Really delete every recording whose ``purge_after`` has passed, and what was left lying about.

    What a closed account owned goes at once: nobody is left who could restore it.

    Files go before their row: should this stop half-way, the row is still there and the next purge goes on.
    Safe to run at any time, from several processes.
    """
    now = now or timezone.now()
    purged = Purged()
    Recording.objects.filter(owner__deleted_at__isnull=False, purge_after__isnull=True).update(
        deleted_at=now, purge_after=now
    )
    for pk in list(Recording.objects.filter(purge_after__lte=now).values_list("pk", flat=True)):
        try:
            _purge(pk, now, purged)
        except StorageUnavailable:
            logger.warning("Purging recording %s has to wait: storage is unavailable", pk, exc_info=True)
    purged.stale_files = remove_stale_files(older_than_s=_DAY_S, now_s=time.time())
    purged.idempotency_keys, _ = IdempotencyKey.objects.filter(
        created_at__lt=now - timedelta(days=1)
    ).delete()
    if any(asdict(purged).values()):
        logger.info("Purged: %s", asdict(purged))
    return purged


@transaction.atomic
def _purge(pk: object, now: datetime, purged: Purged) -> None:
    # The lock keeps a restore from coming between.
    recording = Recording.objects.select_for_update().filter(pk=pk, purge_after__lte=now).first()
    if recording is None:
        return
    artifacts = list(recording.artifacts.all())
    for name, size in [(recording.file.name, recording.bytes), *((a.file.name, a.bytes) for a in artifacts)]:
        default_storage.delete(name)
        purged.files += 1
        purged.bytes += size
    recording.delete()
    purged.recordings += 1


def _refuse_too_short(info: MediaInfo, size: int) -> None:
    if info.duration_s is None or size > _SHORT_FILE_BYTES:
        return
    if info.duration_s < settings.RECORDING_MIN_S - 0.05:  # headers round; decoding decides what is near
        raise AudioTooShort(duration_s=round(info.duration_s, 3), minimum_s=settings.RECORDING_MIN_S)


def _title(text: str | None) -> str:
    return one_line(text or "")[:_TITLE_LENGTH].strip()


def _title_from_name(name: str) -> str:
    stem = Path(name.replace("\\", "/")).stem.replace("_", " ")
    return _title(stem) or "Untitled"
