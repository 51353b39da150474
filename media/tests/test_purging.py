from __future__ import annotations

import os
import time
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.core.management import call_command
from django.utils import timezone

from accounts.models import User
from accounts.services import close_account
from media.artifacts import publish_artifact
from media.models import Artifact, IdempotencyKey, Recording
from media.orphans import remove_orphans
from media.services import delete_recording, purge_deleted, restore_recording
from media.tests.conftest import files_under
from media.tests.factories import make_recording

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def grid(tmp_path: Path) -> Path:
    path = tmp_path / "grid.json"
    path.write_text("{}")
    return path


def test_purging_removes_the_rows_and_every_file(owner: User, grid: Path, media_root: Path) -> None:
    recording = make_recording(owner)
    publish_artifact(path=grid, kind="audio", stage="extract", recording=recording)
    publish_artifact(path=grid, kind="grid", stage="beats", recording=recording, job_id=uuid4())
    delete_recording(recording=recording)

    purged = purge_deleted(now=timezone.now() + timedelta(days=31))

    assert (purged.recordings, purged.files) == (1, 3)
    assert not Recording.objects.exists()
    assert not Artifact.objects.exists()
    assert not files_under(media_root)


def test_what_is_still_kept_or_not_deleted_at_all_stays(owner: User, media_root: Path) -> None:
    make_recording(owner)
    delete_recording(recording=make_recording(owner))

    purged = purge_deleted(now=timezone.now() + timedelta(days=29))

    assert purged.recordings == 0
    assert len(files_under(media_root)) == 2


def test_the_days_come_from_the_settings(owner: User, settings: Any) -> None:
    settings.RETENTION_DAYS = 2

    recording = delete_recording(recording=make_recording(owner))

    assert recording.purge_after - recording.deleted_at == timedelta(days=2)


def test_deleting_again_does_not_move_the_day(owner: User) -> None:
    recording = delete_recording(recording=make_recording(owner))
    first_day = recording.purge_after

    assert delete_recording(recording=recording).purge_after == first_day


def test_a_restored_recording_is_not_purged(owner: User, media_root: Path) -> None:
    restore_recording(recording=delete_recording(recording=make_recording(owner)))

    assert purge_deleted(now=timezone.now() + timedelta(days=99)).recordings == 0
    assert len(files_under(media_root)) == 1


def test_a_file_already_gone_does_not_stop_the_purge(owner: User, media_root: Path) -> None:
    delete_recording(recording=make_recording(owner))
    files_under(media_root)[0].unlink()

    assert purge_deleted(now=timezone.now() + timedelta(days=31)).recordings == 1


def test_what_crashed_uploads_left_goes_after_a_day(media_root: Path) -> None:
    folder = media_root.parent / "uploads"
    folder.mkdir()
    for name in ("received-old", "received-new"):
        (folder / name).write_bytes(b"x")
    os.utime(folder / "received-old", (time.time() - 90_000,) * 2)

    purged = purge_deleted()

    assert purged.stale_files == 1
    assert [path.name for path in files_under(folder)] == ["received-new"]


def test_old_idempotency_keys_are_forgotten(owner: User) -> None:
    for key in ("old", "new"):
        IdempotencyKey.objects.create(user=owner, endpoint="POST /x", key=key, request_hash="0")
    IdempotencyKey.objects.filter(key="old").update(created_at=timezone.now() - timedelta(days=2))

    assert purge_deleted().idempotency_keys == 1
    assert IdempotencyKey.objects.get().key == "new"


def test_files_that_no_row_knows_go_after_a_day(owner: User, grid: Path, media_root: Path) -> None:
    recording = make_recording(owner)
    publish_artifact(path=grid, kind="grid", stage="beats", recording=recording)
    for name in ("recordings/ab/x/original.mp3", "artifacts/ab/x/.grid.json.part"):
        (media_root / name).parent.mkdir(parents=True)
        (media_root / name).write_bytes(b"half")

    too_early = remove_orphans(now=timezone.now())
    removed = remove_orphans(now=timezone.now() + timedelta(days=2))

    assert (too_early, removed) == (0, 2)
    assert len(files_under(media_root)) == 2


def test_what_a_closed_account_owned_goes_at_once(owner: User, media_root: Path) -> None:
    make_recording(owner)
    close_account(user=owner)

    purged = purge_deleted()

    assert purged.recordings == 1
    assert not Recording.objects.exists()


def test_the_command_says_what_went(owner: User, capsys: pytest.CaptureFixture[str]) -> None:
    delete_recording(recording=make_recording(owner))
    Recording.objects.update(purge_after=timezone.now())

    call_command("purge_deleted", "--orphans")

    said = capsys.readouterr().out
    assert "Purged 1 recordings (1 files" in said
    assert "Removed 0 files" in said
