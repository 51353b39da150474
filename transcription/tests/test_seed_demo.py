"""``manage.py seed_demo``."""

from __future__ import annotations

import io
import time

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from accounts.models import User
from media.models import Recording
from media.services import delete_recording
from notation.models import Notation
from transcription.demo import EMAIL, PASSWORD
from transcription.models import Job, StageRun

pytestmark = pytest.mark.django_db(transaction=True)


def _seed(*arguments: str) -> str:
    output = io.StringIO()
    call_command("seed_demo", *arguments, stdout=output)
    return output.getvalue()


@pytest.mark.slow
def test_the_demo_account_has_a_song_and_its_score_and_a_second_run_changes_nothing(client: Client) -> None:
    said = _seed()

    job = Job.objects.get()
    assert job.status == Job.Status.COMPLETED
    assert job.recording.source == Recording.Source.DEMO
    assert PASSWORD in said
    assert client.login(email=EMAIL, password=PASSWORD)
    assert client.get(f"/scores/{Notation.objects.get().pk}/").status_code == 200

    began = time.monotonic()
    assert _seed() == f"Demo account: {EMAIL}, password: {PASSWORD}\n"
    assert time.monotonic() - began < 1.0
    assert (User.objects.count(), Recording.objects.count(), Job.objects.count()) == (1, 1, 1)

    # Broken off in the middle: the next run goes on where it stopped.
    Notation.objects.all().delete()
    Job.objects.update(status=Job.Status.RUNNING, finished_at=None)
    StageRun.objects.filter(stage="engrave").update(status="pending")
    _seed()
    assert Job.objects.get().status == Job.Status.COMPLETED
    assert StageRun.objects.get(stage="detect").attempt == 1

    # Whoever deletes the song does not find it there again.
    delete_recording(recording=Recording.objects.get())
    _seed()
    assert Recording.objects.filter(deleted_at=None).count() == 0


def test_a_production_site_gets_no_account_whose_password_is_known(settings) -> None:  # type: ignore[no-untyped-def]
    settings.PRODUCTION = True

    with pytest.raises(CommandError, match="production"):
        _seed()

    assert not User.objects.exists()
