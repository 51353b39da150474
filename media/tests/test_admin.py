from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.utils import timezone

from accounts.models import User
from accounts.tests.factories import UserFactory
from media.artifacts import publish_artifact
from media.errors import RecordingDeleted
from media.models import Recording
from media.tests.factories import make_recording


@pytest.fixture
def admin(client: Client, db: None) -> Client:
    client.force_login(UserFactory(admin=True))
    return client


@pytest.fixture
def moderating(client: Client, moderator: User) -> Client:
    client.force_login(moderator)
    return client


def test_recordings_are_shown_with_a_way_to_listen_and_nothing_to_edit(admin: Client, owner: User) -> None:
    recording = make_recording(owner)

    page = admin.get(f"/admin/media/recording/{recording.pk}/change/")

    assert page.status_code == 200
    assert f"/recordings/{recording.pk}/audio" in page.content.decode()
    assert 'name="_save"' not in page.content.decode()
    assert admin.get("/admin/media/recording/", {"q": owner.email}).status_code == 200


def test_artifacts_are_shown_with_an_authorised_download(admin: Client, owner: User, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("{}")
    artifact = publish_artifact(
        path=tmp_path / "a.json", kind="grid", stage="beats", recording=make_recording(owner)
    )

    listed = admin.get("/admin/media/artifact/")
    shown = admin.get(f"/admin/media/artifact/{artifact.pk}/change/")
    file = admin.get(f"/artifacts/{artifact.pk}")

    assert f"/artifacts/{artifact.pk}" in listed.content.decode()
    assert shown.status_code == 200
    assert b"".join(file.streaming_content) == b"{}"


def act(client: Client, action: str, recording: Recording, reason: str = "") -> str:
    """Choose an action of the list and return the page that follows."""
    form = {"action": action, "_selected_action": [str(recording.pk)], "reason": reason}
    return client.post("/admin/media/recording/", form, follow=True).content.decode()


def history(recording: Recording) -> list[str]:
    entries = LogEntry.objects.filter(object_id=str(recording.pk)).order_by("pk")
    return [entry.get_change_message() for entry in entries]


def test_deleting_somebodys_recording_with_a_reason_and_restoring_it_leave_a_trace(
    moderating: Client, owner: User
) -> None:
    recording = make_recording(owner)

    act(moderating, "delete_softly", recording, reason="Asked by its owner.")
    deleted = Recording.objects.get().is_deleted
    act(moderating, "restore", recording, reason="A mistake.")

    assert deleted
    assert not Recording.objects.get().is_deleted
    assert history(recording) == ["deleted: Asked by its owner.", "restored: A mistake."]


def test_deleting_somebodys_recording_without_a_reason_is_refused_with_a_message(
    moderating: Client, owner: User
) -> None:
    recording = make_recording(owner)

    page = act(moderating, "delete_softly", recording, reason="  ")

    assert not Recording.objects.get().is_deleted
    assert "Say why" in page
    assert history(recording) == []


def test_deleting_ones_own_recording_needs_no_reason(client: Client, moderator: User) -> None:
    client.force_login(moderator)
    recording = make_recording(moderator)

    act(client, "delete_softly", recording)

    assert Recording.objects.get().is_deleted
    assert history(recording) == ["deleted"]


def test_a_recording_whose_time_is_over_is_not_restored_and_one_is_told(
    moderating: Client, owner: User
) -> None:
    recording = make_recording(owner)
    past = timezone.now() - timedelta(days=1)
    Recording.objects.update(deleted_at=past, purge_after=past)

    page = act(moderating, "restore", recording)

    assert Recording.objects.get().is_deleted
    assert str(RecordingDeleted()) in page
    assert history(recording) == []
