from __future__ import annotations

import pytest

from transcription.models import Job
from transcription.tests.factories import JobFactory

pytestmark = pytest.mark.django_db


def test_a_moderators_job_does_not_take_the_place_of_the_owners(client, user, moderator):
    own = JobFactory(recording__owner=user, status=Job.Status.COMPLETED)
    JobFactory(recording=own.recording, requested_by=moderator)
    client.force_login(user)

    rows = client.get("/dashboard/").context["rows"]

    assert [row["job"]["id"] for row in rows] == [str(own.pk)]
