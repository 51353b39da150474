from __future__ import annotations

import pytest
from django.urls import reverse

from accounts.tests.factories import UserFactory
from notation.models import Revision
from notation.tests.factories import NotationFactory

pytestmark = pytest.mark.django_db


def test_moderators_read_revisions_and_change_none(client):
    notation = NotationFactory(title="Rock")
    revision = Revision.objects.get(notation=notation)
    client.force_login(UserFactory(moderator=True))

    listed = client.get(reverse("admin:notation_revision_changelist"))
    shown = client.get(reverse("admin:notation_revision_change", args=[revision.pk]))
    changed = client.post(reverse("admin:notation_revision_change", args=[revision.pk]), {"kind": "edited"})
    deleted = client.post(reverse("admin:notation_revision_delete", args=[revision.pk]))

    assert (listed.status_code, shown.status_code) == (200, 200)
    assert (changed.status_code, deleted.status_code) == (403, 403)
    assert "Rock" in listed.content.decode()
