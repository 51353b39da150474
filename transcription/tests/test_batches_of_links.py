"""Many songs from links at once: asked for by services, API and page, fetched by the worker."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from accounts.models import User
from media.core.errors import TooManyFiles
from media.core.links.errors import LinkSchemeNotAllowed
from media.core.tests.link_server import Server, running
from media.errors import BatchEmpty, RightsNotConfirmed
from media.models import LinkImport
from media.tests.factories import song
from transcription.batches import cancel_batch
from transcription.core.options import JobOptions
from transcription.links.batches import create_batch_of_links
from transcription.links.running import run_link_import
from transcription.models import Batch, Job
from transcription.progress import describe_batch_with_songs
from transcription.selectors import running_batches_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def server(settings, tmp_path) -> Iterator[Server]:
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.FILE_UPLOAD_TEMP_DIR = tmp_path / "uploads"
    settings.LINK_ALLOWED_NETWORKS = ["127.0.0.1/32"]
    settings.LINK_TIME_LIMIT_S = 30.0
    with running() as server:
        settings.LINK_ALLOWED_PORTS = [server.port]
        yield server


def asked(owner: User, *urls: str, **fields) -> Batch:
    return create_batch_of_links(
        owner=owner, urls=urls, rights_confirmed=True, options=JobOptions(meter="3/4"), **fields
    )


def fetch_all(batch: Batch) -> None:
    """Do what the worker does until nothing of the batch is to be fetched."""
    while waiting := LinkImport.objects.filter(batch_id=batch.pk, state="pending").first():
        run_link_import(waiting.pk)


def test_each_link_becomes_a_job_of_the_batch(server, user):
    urls = [server.serves(f"/{name}.mp3", song()) for name in ("One", "Two")]
    batch = asked(user, *urls)
    before = describe_batch_with_songs(batch)

    fetch_all(batch)

    after = describe_batch_with_songs(Batch.objects.get(pk=batch.pk))
    assert (before["total"], before["status"], before["items"]) == (2, "running", [])
    assert (after["total"], after["status"]) == (2, "running")
    assert sorted(item["title"] for item in after["items"]) == ["One", "Two"]
    assert {job.options["meter"] for job in Job.objects.filter(batch=batch)} == {"3/4"}


def test_a_link_that_leads_to_no_song_is_kept_with_its_reason_and_stops_no_other(server, user):
    good = server.serves("/song.mp3", song())
    batch = asked(user, server.serves("/words.txt", b"only words " * 100, "text/plain"), good)

    fetch_all(batch)

    batch.refresh_from_db()
    assert [refusal["code"] for refusal in batch.refused] == ["link_not_media"]
    assert Job.objects.filter(batch=batch).count() == 1


def test_what_can_be_no_link_is_refused_at_once_beside_the_others(server, user):
    batch = asked(user, "ftp://music.example/a.mp3", server.serves("/song.mp3", song()))

    assert [refusal["code"] for refusal in batch.refused] == ["link_scheme_not_allowed"]
    assert LinkImport.objects.filter(batch_id=batch.pk).count() == 1


@pytest.mark.parametrize(
    ("urls", "error"),
    [
        ((), BatchEmpty),
        (("ftp://music.example/a.mp3",), LinkSchemeNotAllowed),
        (("ftp://music.example/a.mp3", "file:///etc/passwd"), BatchEmpty),
    ],
)
def test_a_batch_without_one_link_that_can_be_followed_is_refused(user, urls, error):
    with pytest.raises(error):
        asked(user, *urls)

    assert not Batch.objects.exists()


def test_nothing_is_fetched_before_its_rights_are_confirmed(user):
    with pytest.raises(RightsNotConfirmed):
        create_batch_of_links(
            owner=user, urls=["https://music.example/a.mp3"], rights_confirmed=False, options=JobOptions()
        )


def test_no_more_links_wait_than_a_batch_may_have(user, settings):
    settings.BATCH_MAX_FILES = 2
    asked(user, "https://music.example/a.mp3")

    with pytest.raises(TooManyFiles):
        asked(user, "https://music.example/b.mp3", "https://music.example/c.mp3")


def test_the_same_link_twice_is_one_song(user):
    batch = asked(user, "https://music.example/a.mp3", "https://music.example/a.mp3")

    assert LinkImport.objects.filter(batch_id=batch.pk).count() == 1


@pytest.mark.slow
def test_a_playlist_stands_for_its_songs_where_that_was_asked_for(server, user):
    for name in ("one", "two"):
        server.serves(f"/{name}.mp3", song())
    body = b'<html><body><audio src="/one.mp3"></audio><audio src="/two.mp3"></audio></body></html>'
    page = server.serves("/album", body, "text/html")
    refused, taken = asked(user, page), asked(user, page, takes_playlists=True)

    fetch_all(refused)
    fetch_all(taken)

    refused.refresh_from_db()
    assert [refusal["code"] for refusal in refused.refused] == ["link_is_playlist"]
    assert Job.objects.filter(batch=taken).count() == 2
    assert not LinkImport.objects.filter(batch_id=taken.pk, takes_playlist=True).exists()


def test_a_batch_that_is_stopped_fetches_no_more(user):
    batch = asked(user, "https://music.example/a.mp3")

    cancel_batch(batch=batch, by=user)

    assert LinkImport.objects.get(batch_id=batch.pk).state == "cancelled"
    assert batch not in running_batches_of(user)


def test_links_are_brought_together_by_the_api(api, user, server):
    body = {"links": [server.url("/a.mp3"), server.url("/b.mp3")], "rights_confirmed": True, "title": "Set"}

    response = api(user).post("/api/v1/batches/", body, format="json")

    assert response.status_code == 201
    assert (response.json()["title"], response.json()["total"]) == ("Set", 2)


def test_without_a_word_about_rights_the_api_fetches_nothing(api, user):
    response = api(user).post("/api/v1/batches/", {"links": ["https://music.example/a.mp3"]}, format="json")

    assert (response.status_code, response.json()["code"]) == (400, "rights_not_confirmed")
    assert not LinkImport.objects.exists()


def test_several_links_pasted_on_the_page_become_a_batch(client, user, server):
    client.force_login(user)
    pasted = f"{server.url('/a.mp3')}\r\n{server.url('/b.mp3')}"

    response = client.post("/links/", {"url": pasted, "rights_confirmed": "on"})

    batch = Batch.objects.get(owner=user)
    assert (response.status_code, response.url) == (302, f"/batches/{batch.pk}/")
    assert client.get(response.url).status_code == 200
