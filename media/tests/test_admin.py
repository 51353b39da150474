from __future__ import annotations

from pathlib import Path

import pytest
from django.test import Client

from accounts.models import User
from accounts.tests.factories import UserFactory
from media.artifacts import publish_artifact
from media.models import Recording
from media.tests.factories import make_recording


@pytest.fixture
def admin(client: Client, db: None) -> Client:
    client.force_login(UserFactory(admin=True))
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


def test_recordings_are_deleted_and_restored_as_by_their_owner(admin: Client, owner: User) -> None:
    recording = make_recording(owner)
    form = {"action": "delete_softly", "_selected_action": [str(recording.pk)]}

    admin.post("/admin/media/recording/", form)
    deleted = Recording.objects.get().is_deleted
    admin.post("/admin/media/recording/", {**form, "action": "restore"})

    assert deleted
    assert not Recording.objects.get().is_deleted
