"""What a moderator does on the page of somebody else's job: every act says why."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.http import HttpResponse
from django.test import Client

from accounts.models import User
from media.tests.factories import RecordingFactory
from transcription.models import Job, JobEvent
from transcription.tests.factories import JobFactory

pytestmark = pytest.mark.django_db(transaction=True)

ACTS = [
    ("cancel", Job.Status.QUEUED, JobEvent.Kind.CANCELLED),
    ("retry", Job.Status.FAILED, JobEvent.Kind.RETRIED),
    ("delete", Job.Status.COMPLETED, JobEvent.Kind.DELETED),
]


@pytest.fixture
def moderating(client: Client, moderator: User) -> Client:
    client.force_login(moderator)
    return client


@pytest.fixture
def form_of() -> Callable[[HttpResponse, str], str]:
    """Return the form of a page that does something to its job."""

    def find(page: HttpResponse, act: str) -> str:
        found = re.search(
            rf'<form[^>]*action="[^"]*/{act}/?"[^>]*>.*?</form>', page.content.decode(), re.DOTALL
        )
        assert found, act
        return found[0]

    return find


@pytest.mark.parametrize(("act", "status", "kind"), ACTS)
def test_the_page_asks_for_a_reason_and_the_act_leaves_it(moderating, moderator, form_of, act, status, kind):
    job = JobFactory(status=status)

    form = form_of(moderating.get(f"/jobs/{job.pk}/"), act)
    response = moderating.post(f"/jobs/{job.pk}/{act}/", {"reason": "Asked by its owner."})

    assert re.search(r'<label for="(reason-\w+)">Reason</label>\s*<input[^>]*id="\1"[^>]* required>', form)
    assert response.status_code == 302
    event = job.events.get(kind=kind)
    assert (event.actor, event.reason) == (moderator, "Asked by its owner.")


@pytest.mark.parametrize(("act", "status", "kind"), ACTS)
def test_without_a_reason_it_is_refused(moderating, act, status, kind):
    job = JobFactory(status=status)

    response = moderating.post(f"/jobs/{job.pk}/{act}/", {"reason": " "})

    job.refresh_from_db()
    assert 400 <= response.status_code < 500
    assert "Say why" in response.content.decode()
    assert (job.status, job.deleted_at) == (status, None)
    assert not job.events.filter(kind=kind).exists()


@pytest.mark.parametrize(("act", "status", "kind"), ACTS)
def test_nobody_is_asked_why_about_a_job_of_ones_own(client, user, moderator, form_of, act, status, kind):
    for owner in (user, moderator):
        job = JobFactory(recording__owner=owner, status=status)
        client.force_login(owner)

        form = form_of(client.get(f"/jobs/{job.pk}/"), act)
        client.post(f"/jobs/{job.pk}/{act}/")

        assert 'name="reason"' not in form
        assert job.events.filter(kind=kind).exists()


def test_a_moderator_deletes_somebody_elses_recording_in_the_admin_only(client, moderator):
    recording = RecordingFactory()
    client.force_login(moderator)

    page = client.post(f"/recordings/{recording.pk}/delete/")
    api = client.delete(f"/api/v1/recordings/{recording.pk}/")

    assert (page.status_code, api.status_code) == (403, 403)
    assert api.json()["code"] == "permission_denied"
    recording.refresh_from_db()
    assert recording.deleted_at is None
