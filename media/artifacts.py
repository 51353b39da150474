"""Publishing what stages make, and getting it back as a file."""

from __future__ import annotations

import hashlib
import logging
import mimetypes
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.core.files.base import File
from django.core.files.storage import Storage, default_storage
from django.db import transaction
from django.db.models.fields.files import FieldFile
from django.utils import timezone

from media.errors import FileMissing, RecordingDeleted, StorageUnavailable
from media.models import Artifact, Recording
from media.storage import artifact_key, copy_to, local_path

logger = logging.getLogger(__name__)

# What the system's own table lacks or calls differently from machine to machine.
_CONTENT_TYPES = {
    ".flac": "audio/flac",
    ".json": "application/json",
    ".mid": "audio/midi",
    ".mxl": "application/vnd.recordare.musicxml",
    ".musicxml": "application/vnd.recordare.musicxml+xml",
    ".npz": "application/octet-stream",
    ".pdf": "application/pdf",
    ".svg": "image/svg+xml",
    ".svgz": "image/svg+xml",
    ".wav": "audio/wav",
    ".zip": "application/zip",
}


def publish_artifact(
    *,
    path: Path,
    kind: str,
    stage: str,
    job_id: UUID | None = None,
    recording: Recording | None = None,
    content_type: str = "",
    made_by: str = "",
) -> Artifact:
    """Store the file at ``path`` as the artifact ``kind`` of a job, or of a recording if ``job_id`` is None.

    The file is written under a fresh key and measured there; only then does the row point to it. An earlier
    artifact of the same kind is replaced: same row, and its old file goes once the change is committed.

    Args:
        path: stays where it is and belongs to the caller.
        recording: give it for a job's artifact too, so that purging the recording finds it.
        content_type: guessed from the name at ``path`` if empty.
        made_by: the engine and its version, for people.
    Raises:
        StorageFull, StorageUnavailable: nothing is left behind, an earlier artifact is untouched.
    """
    owner_id = job_id or (recording.pk if recording else None)
    if owner_id is None:
        raise ValueError("An artifact belongs to a job or to a recording.")
    name, sha256, size = _store(path, artifact_key(owner_id, kind, path.suffix.lower()))
    values = {
        "stage": stage,
        "file": name,
        "sha256": sha256,
        "bytes": size,
        "content_type": content_type or content_type_of(path.name),
        "made_by": made_by,
    }
    # A recording's own artifact has no job; a job's artifact is found by its job alone.
    key = (
        {"job_id": job_id, "kind": kind} if job_id else {"recording": recording, "job_id": None, "kind": kind}
    )
    try:
        with transaction.atomic():
            artifact, is_new = Artifact.objects.select_for_update().get_or_create(
                **key, defaults={**values, "recording": recording}
            )
            if not is_new:
                old_name = artifact.file.name
                for field, value in values.items():
                    setattr(artifact, field, value)
                artifact.recording = recording or artifact.recording
                artifact.replaced_at = timezone.now()
                artifact.save()
                transaction.on_commit(lambda: delete_file(default_storage, old_name))
    except BaseException:
        delete_file(default_storage, name)
        raise
    return artifact


def share_artifact(artifact: Artifact, *, job_id: UUID, recording: Recording | None = None) -> Artifact:
    """Publish a copy of ``artifact`` for another job, for a stage that need not run again."""
    with open_artifact_locally(artifact) as path:
        return publish_artifact(
            path=path,
            kind=artifact.kind,
            stage=artifact.stage,
            job_id=job_id,
            recording=recording or artifact.recording,
            content_type=artifact.content_type,
            made_by=artifact.made_by,
        )


@contextmanager
def open_artifact_locally(artifact: Artifact) -> Iterator[Path]:
    """Give a path to read ``artifact`` from: its own place, or a temporary copy fetched from afar.

    Never write to it. Raises ``FileMissing`` when the file is gone or, fetched, is not what was published.
    """
    with _open_locally(artifact.file, artifact.sha256) as path:
        yield path


@contextmanager
def open_recording_locally(recording: Recording) -> Iterator[Path]:
    """Give a path to read what was uploaded; otherwise as :func:`open_artifact_locally`.

    Raises:
        RecordingDeleted: it was deleted, now or since ``recording`` was read.
        FileMissing: the file is gone.
    """
    still_there = Recording.objects.filter(pk=recording.pk, deleted_at__isnull=True).exists()
    if not still_there:
        raise RecordingDeleted
    with _open_locally(recording.file, recording.sha256) as path:
        yield path


def delete_artifacts(artifacts: Iterable[Artifact]) -> int:
    """Delete rows and, once that is committed, their files; return how many."""
    found = list(artifacts)
    with transaction.atomic():
        for artifact in found:
            name = artifact.file.name
            Artifact.objects.filter(pk=artifact.pk).delete()
            transaction.on_commit(lambda name=name: delete_file(default_storage, name))
    return len(found)


def delete_artifacts_of_job(job_id: UUID, *, kinds: Iterable[str] | None = None) -> int:
    """Delete a job's artifacts, or only those of ``kinds``; return how many."""
    artifacts = Artifact.objects.filter(job_id=job_id)
    if kinds is not None:
        artifacts = artifacts.filter(kind__in=list(kinds))
    return delete_artifacts(artifacts)


def delete_file(storage: Storage, name: str) -> bool:
    """Delete a stored file that no row points to any more.

    A failure is only logged: the sweep of orphans finds the file later.
    """
    try:
        storage.delete(name)
    except (OSError, StorageUnavailable):
        logger.warning("A stored file could not be deleted: %s", name, exc_info=True)
        return False
    return True


def content_type_of(file_name: str) -> str:
    """Return the content type for a name that we chose ourselves."""
    ending = Path(file_name).suffix.lower()
    return _CONTENT_TYPES.get(ending) or mimetypes.guess_type(file_name)[0] or "application/octet-stream"


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file's content, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _store(path: Path, key: str) -> tuple[str, str, int]:
    sha256, size = sha256_of(path), path.stat().st_size
    with path.open("rb") as file:
        name = default_storage.save(key, File(file))
    if default_storage.size(name) != size:
        delete_file(default_storage, name)
        raise StorageUnavailable
    return name, sha256, size


@contextmanager
def _open_locally(file: FieldFile, sha256: str) -> Iterator[Path]:
    storage, name = file.storage, file.name or ""
    here = local_path(storage, name)
    if here is not None:
        if not here.is_file():
            raise FileMissing
        yield here
        return
    folder = settings.FILE_UPLOAD_TEMP_DIR
    Path(folder).mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="fetched-", dir=folder) as temporary:
        path = Path(temporary) / Path(name).name
        try:
            copy_to(storage, name, path)
        except FileNotFoundError as error:
            raise FileMissing from error
        if sha256_of(path) != sha256:
            raise FileMissing
        yield path
