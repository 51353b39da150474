from __future__ import annotations

import pytest
from django.contrib.admin.models import LogEntry
from django.urls import reverse

from accounts.tests.factories import UserFactory
from transcription.models import Job, JobEvent, StageRun
from transcription.tests.factories import JobFactory

pytestmark = pytest.mark.django_db(transaction=True)
LIST = "admin:transcription_job_changelist"
PEOPLE = "admin:accounts_user_changelist"


@pytest.fixture
def moderating(client, moderator):
    client.force_login(moderator)
    return client


def act(client, action: str, *jobs: Job, reason: str = ""):
    data = {"action": action, "_selected_action": [str(job.pk) for job in jobs], "reason": reason}
    return client.post(reverse(LIST), data, follow=True)


def act_on_person(client, action: str, user, reason: str = ""):
    data = {"action": action, "_selected_action": [str(user.pk)], "reason": reason}
    return client.post(reverse(PEOPLE), data, follow=True)


def test_a_user_does_not_get_into_the_admin(client, user):
    client.force_login(user)

    assert client.get(reverse(LIST)).status_code == 302


def test_a_moderator_sees_everybodys_jobs(moderating):
    job = JobFactory()

    listing = moderating.get(reverse(LIST)).content.decode()
    page = moderating.get(reverse("admin:transcription_job_change", args=[job.pk])).content.decode()

    assert job.requested_by.email in listing
    assert f'data-live-job="{job.pk}"' in listing
    assert "extract" in page


def test_cancelling_with_a_reason_leaves_an_event(moderating, moderator):
    job = JobFactory()

    act(moderating, "cancel", job, reason="Spam.")

    job.refresh_from_db()
    assert job.status == Job.Status.CANCELLED
    event = job.events.get(kind=JobEvent.Kind.CANCELLED)
    assert (event.actor, event.reason) == (moderator, "Spam.")


def test_cancelling_without_a_reason_is_refused_with_a_message(moderating):
    job = JobFactory()

    response = act(moderating, "cancel", job)

    job.refresh_from_db()
    assert job.status == Job.Status.QUEUED
    assert "Say why" in response.content.decode()


def test_a_failed_job_is_retried(moderating):
    job = JobFactory(status=Job.Status.FAILED)

    act(moderating, "retry", job, reason="The disk was full.")

    job.refresh_from_db()
    assert job.status == Job.Status.QUEUED


def test_holding_and_releasing_a_persons_jobs_leaves_events(moderating):
    job = JobFactory()

    act(moderating, "hold", job, reason="Too many.")
    job.requested_by.refresh_from_db()
    assert job.requested_by.jobs_held
    act(moderating, "release", job)

    job.requested_by.refresh_from_db()
    assert not job.requested_by.jobs_held
    assert set(job.events.values_list("kind", flat=True)) >= {JobEvent.Kind.HELD, JobEvent.Kind.RELEASED}


def test_holding_on_the_page_of_people_leaves_an_event_and_a_line_in_the_history(moderating, moderator):
    job = JobFactory()
    person = job.requested_by

    act_on_person(moderating, "hold", person, reason="Too many.")

    person.refresh_from_db()
    assert (person.jobs_held, person.jobs_held_reason) == (True, "Too many.")
    event = job.events.get(kind=JobEvent.Kind.HELD)
    assert (event.actor, event.reason) == (moderator, "Too many.")
    assert "Too many." in LogEntry.objects.get(object_id=str(person.pk)).change_message


def test_releasing_on_the_page_of_people_queues_their_jobs(moderating):
    job = JobFactory()
    person = job.requested_by
    act_on_person(moderating, "hold", person, reason="Too many.")
    assert not job.stage_runs.exclude(queued_at=None).exists()

    act_on_person(moderating, "release", person)

    person.refresh_from_db()
    assert not person.jobs_held
    assert job.events.filter(kind=JobEvent.Kind.RELEASED).exists()
    assert StageRun.objects.filter(job=job).exclude(queued_at=None).exists()


def test_a_person_without_jobs_is_held_too(moderating, user):
    act_on_person(moderating, "hold", user, reason="Spam.")

    user.refresh_from_db()
    assert user.jobs_held


def test_holding_a_person_without_a_reason_is_refused_with_a_message(moderating, user):
    response = act_on_person(moderating, "hold", user, reason=" ")

    user.refresh_from_db()
    assert not user.jobs_held
    assert "Say why" in response.content.decode()
    assert not LogEntry.objects.exists()


def test_a_moderator_is_told_that_an_admins_jobs_cannot_be_held(moderating):
    admin = UserFactory(admin=True)

    response = act_on_person(moderating, "hold", admin, reason="Spam.")

    admin.refresh_from_db()
    assert not admin.jobs_held
    assert "not allowed" in response.content.decode()


def test_deleting_asks_why_and_leaves_an_event(moderating):
    job = JobFactory()

    act(moderating, "delete_with_reason", job, reason="Asked by its owner.")

    job.refresh_from_db()
    assert job.deleted_at is not None
    assert job.events.get(kind=JobEvent.Kind.DELETED).reason == "Asked by its owner."


def test_jobs_cannot_be_edited_or_deleted_without_an_action(client):
    client.force_login(UserFactory(admin=True))
    job = JobFactory()

    assert client.post(reverse("admin:transcription_job_delete", args=[job.pk])).status_code == 403
    page = reverse("admin:transcription_job_change", args=[job.pk])
    assert client.post(page, {"status": "completed"}).status_code == 403


@pytest.mark.parametrize(
    "name", ["notation_hit", "notation_hitset", "notation_notation", "media_recording", "media_artifact"]
)
def test_lists_of_what_the_pipeline_made_can_be_read(moderating, name):
    assert moderating.get(reverse(f"admin:{name}_changelist")).status_code == 200
    assert moderating.get(reverse(f"admin:{name}_add")).status_code == 403
