from __future__ import annotations

import shutil
import threading
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection, transaction

from accounts.models import User
from media.artifacts import (
    delete_artifacts_of_job,
    open_artifact_locally,
    open_recording_locally,
    publish_artifact,
    share_artifact,
)
from media.core.errors import StorageFull
from media.core.tests.full_disk import no_file_over
from media.errors import FileMissing, RecordingDeleted
from media.models import Artifact
from media.selectors import artifact_of_job, artifacts_of_job
from media.services import delete_recording
from media.storage import local_path
from media.tests.conftest import files_under
from media.tests.factories import make_recording, song

pytestmark = pytest.mark.django_db(transaction=True)  # files go when a change is committed


@pytest.fixture
def grid(tmp_path: Path) -> Path:
    path = tmp_path / "grid.json"
    path.write_text('{"beats": []}')
    return path


def test_a_published_file_is_read_back_whole_and_described(grid: Path) -> None:
    job_id = uuid4()

    artifact = publish_artifact(
        path=grid, kind="grid", stage="beats", job_id=job_id, made_by="bar-pointer 1.0"
    )

    assert artifact_of_job(job_id, "grid") == artifact
    assert artifact.content_type == "application/json"
    assert artifact.bytes == grid.stat().st_size
    assert artifact.made_by == "bar-pointer 1.0"
    with open_artifact_locally(artifact) as path:
        assert path.read_bytes() == grid.read_bytes()
    assert grid.exists()


def test_publishing_again_replaces_the_row_and_removes_the_old_file(grid: Path, media_root: Path) -> None:
    job_id = uuid4()
    first = publish_artifact(path=grid, kind="grid", stage="beats", job_id=job_id)
    grid.write_text('{"beats": [1]}')

    second = publish_artifact(path=grid, kind="grid", stage="beats", job_id=job_id)

    assert second.pk == first.pk
    assert second.sha256 != first.sha256
    assert artifacts_of_job(job_id).count() == 1
    assert [path.read_text() for path in files_under(media_root)] == ['{"beats": [1]}']


def test_the_old_file_stays_when_the_change_is_not_committed(grid: Path) -> None:
    job_id = uuid4()
    publish_artifact(path=grid, kind="grid", stage="beats", job_id=job_id)
    grid.write_text("new")

    with transaction.atomic():
        publish_artifact(path=grid, kind="grid", stage="beats", job_id=job_id)
        transaction.set_rollback(True)

    artifact = artifact_of_job(job_id, "grid")
    assert artifact is not None
    with open_artifact_locally(artifact) as path:
        assert path.read_text() == '{"beats": []}'


def test_an_artifact_of_a_recording_is_one_of_its_kind(grid: Path, owner: User) -> None:
    recording = make_recording(owner)

    first = publish_artifact(path=grid, kind="grid", stage="beats", recording=recording)
    second = publish_artifact(path=grid, kind="grid", stage="beats", recording=recording)
    publish_artifact(path=grid, kind="grid", stage="beats", recording=recording, job_id=uuid4())

    assert first.pk == second.pk
    assert recording.artifacts.get(job_id=None) == second
    assert recording.artifacts.count() == 2


def test_an_artifact_belongs_somewhere(grid: Path) -> None:
    with pytest.raises(ValueError, match="belongs"):
        publish_artifact(path=grid, kind="grid", stage="beats")


def test_two_who_publish_at_once_leave_one_row_and_one_file(tmp_path: Path, media_root: Path) -> None:
    job_id, failures = uuid4(), []

    def publish(number: int) -> None:
        path = tmp_path / f"{number}.json"
        path.write_text(str(number))
        try:
            publish_artifact(path=path, kind="grid", stage="beats", job_id=job_id)
        except Exception as error:
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=publish, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []
    artifact = Artifact.objects.get(job_id=job_id)
    assert files_under(media_root) == [Path(artifact.file.path)]


def test_a_full_disk_leaves_the_earlier_artifact_and_nothing_else(
    grid: Path, tmp_path: Path, tiny_disk: Path
) -> None:
    job_id = uuid4()
    publish_artifact(path=grid, kind="grid", stage="beats", job_id=job_id)
    large = tmp_path / "large.json"
    large.write_bytes(b"1" * 500_000)

    with pytest.raises(StorageFull):
        publish_artifact(path=large, kind="grid", stage="beats", job_id=job_id)

    assert [path.read_text() for path in files_under(tiny_disk)] == ['{"beats": []}']
    assert Artifact.objects.get().bytes == grid.stat().st_size


def test_no_room_by_the_systems_limit_is_a_full_disk_too(tmp_path: Path, media_root: Path) -> None:
    large = tmp_path / "large.json"
    large.write_bytes(b"1" * 500_000)

    with no_file_over(100_000), pytest.raises(StorageFull):
        publish_artifact(path=large, kind="grid", stage="beats", job_id=uuid4())

    assert not files_under(media_root)
    assert not Artifact.objects.exists()


def test_sharing_gives_another_job_a_file_of_its_own(grid: Path) -> None:
    artifact = publish_artifact(path=grid, kind="grid", stage="beats", job_id=uuid4(), made_by="x 1")

    copy = share_artifact(artifact, job_id=uuid4())
    delete_artifacts_of_job(artifact.job_id)

    assert copy.made_by == "x 1"
    assert copy.sha256 == artifact.sha256
    with open_artifact_locally(copy) as path:
        assert path.exists()


def test_deleting_a_jobs_artifacts_takes_files_and_folders(grid: Path, media_root: Path) -> None:
    job_id = uuid4()
    publish_artifact(path=grid, kind="grid", stage="beats", job_id=job_id)
    publish_artifact(path=grid, kind="hits", stage="detect", job_id=job_id)

    assert delete_artifacts_of_job(job_id, kinds=["hits"]) == 1
    assert delete_artifacts_of_job(job_id) == 1

    assert not files_under(media_root)
    assert not list((media_root / "artifacts").rglob(f"*{job_id.hex}*"))


def test_a_file_that_is_gone_is_said_to_be_gone(grid: Path, media_root: Path) -> None:
    artifact = publish_artifact(path=grid, kind="grid", stage="beats", job_id=uuid4())
    shutil.rmtree(media_root)

    with pytest.raises(FileMissing), open_artifact_locally(artifact):
        pass


def test_a_recording_is_read_where_it_lies_until_it_is_deleted(owner: User) -> None:
    recording = make_recording(owner)
    with open_recording_locally(recording) as path:
        assert path.read_bytes() == song()
    delete_recording(recording=type(recording).objects.get(pk=recording.pk))

    with pytest.raises(RecordingDeleted), open_recording_locally(recording):
        pass


def test_a_crash_while_writing_leaves_no_file_under_a_real_name(media_root: Path) -> None:
    class Breaks(ContentFile):
        def chunks(self, chunk_size: Any = None) -> Any:
            yield b"half"
            raise RuntimeError

    with pytest.raises(RuntimeError):
        default_storage.save("recordings/x/original.mp3", Breaks(b"halfhalf"))

    assert not files_under(media_root)


def test_the_files_of_this_machine_have_a_path(owner: User) -> None:
    recording = make_recording(owner)

    assert local_path(default_storage, recording.file.name) == Path(recording.file.path)
