from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from asgiref.sync import async_to_sync
from channels.db import database_sync_to_async
from django.conf import settings
from django.db import connection
from django.utils import timezone

from media.core.tests.link_server import TRAP, Asked, Server, running
from media.models import LinkImport, Recording
from media.selectors import cover_of
from media.services import purge_deleted
from media.tests.factories import song
from transcription.links.recovery import purge_old_links, recover_lost_links
from transcription.links.running import NextFetch, run_link_import
from transcription.links.services import cancel_link_import, delete_link_import
from transcription.models import Job
from transcription.tests.factories import LinkImportFactory
from transcription.tests.test_websockets import opened

pytestmark = pytest.mark.django_db(transaction=True)

PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)


@pytest.fixture
def server(settings, tmp_path) -> Iterator[Server]:
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.FILE_UPLOAD_TEMP_DIR = tmp_path / "uploads"
    settings.LINK_ALLOWED_NETWORKS = ["127.0.0.1/32"]
    settings.LINK_TIME_LIMIT_S = 30.0
    with running() as server:
        settings.LINK_ALLOWED_PORTS = [server.port]
        yield server


def left_behind() -> list[Path]:
    return list(Path(settings.FILE_UPLOAD_TEMP_DIR).iterdir())


def fetched(link: LinkImport) -> LinkImport:
    run_link_import(link.pk)
    link.refresh_from_db()
    return link


def hang(asked: Asked) -> None:
    asked.begin(200, {"Content-Type": "audio/mpeg", "Content-Length": "4000000"})
    asked.wfile.write(b"ID3" + bytes(600_000))
    asked.wfile.flush()
    time.sleep(10)


def in_background(link: LinkImport) -> threading.Thread:
    def run() -> None:
        try:
            run_link_import(link.pk)
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def until(link: LinkImport, is_so) -> None:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        link.refresh_from_db()
        if is_so(link):
            return
        time.sleep(0.05)
    pytest.fail(f"still {link.state}, {link.bytes_done} bytes")


def test_a_song_becomes_a_recording_and_a_job_with_the_options_asked_for(server):
    url = server.serves("/My_waltz.mp3", song())
    options = {"meter": "3/4", "artist": "The Backbeats"}

    link = fetched(LinkImportFactory(url=url, options=options, artist="The Backbeats"))

    assert (link.state, link.progress, link.failure_code) == ("done", 1.0, "")
    assert link.artist == "The Backbeats"
    recording = link.recording
    assert (recording.source, recording.source_url) == (Recording.Source.LINK, url)
    assert (recording.title, recording.artist, recording.owner) == ("My waltz", "The Backbeats", link.owner)
    job = Job.objects.get(pk=link.job_id)
    assert (job.recording, job.requested_by, job.options["meter"]) == (recording, link.owner, "3/4")
    assert job.options["artist"] == "The Backbeats"
    assert left_behind() == []


@pytest.mark.slow
def test_a_page_gives_its_title_and_its_picture(server, settings, api):
    server.serves("/song.mp3", song())
    server.serves("/cover.png", PNG, "image/png")
    head = "".join(
        f'<meta property="og:{name}" content="{value}">'
        for name, value in (
            ("title", "Blue bossa"),
            ("video", server.url("/song.mp3")),
            ("image", server.url("/cover.png")),
        )
    )
    url = server.serves("/page", f"<!doctype html><html><head>{head}</head></html>".encode(), "text/html")

    link = fetched(LinkImportFactory(url=url))

    assert (link.state, link.title, link.recording.title) == ("done", "Blue bossa", "Blue bossa")
    cover = cover_of(link.recording)
    assert (cover.content_type, cover.bytes) == ("image/png", len(PNG))
    shown = api(link.owner).get(f"/api/v1/recordings/{link.recording_id}/cover")
    assert (shown["Content-Type"], b"".join(shown.streaming_content)) == ("image/png", PNG)
    Recording.objects.update(deleted_at=timezone.now(), purge_after=timezone.now())
    purge_deleted()
    assert not LinkImport.objects.exists()
    assert [path for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file()] == []


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/words", "link_not_media"),
        ("/not-there", "link_removed"),
        ("/private", "link_address_not_allowed"),
    ],
)
def test_a_link_that_comes_to_nothing_says_why_and_leaves_nothing(server, path, code):
    server.serves("/words", b"only words " * 100, "text/plain")
    server.redirects("/private", f"http://{TRAP}:{server.port}/secret.mp3")

    link = fetched(LinkImportFactory(url=server.url(path)))

    assert (link.state, link.failure_code) == ("failed", code)
    assert link.failure_message
    assert link.failure_hint
    assert not Recording.objects.exists()
    assert left_behind() == []


def test_a_song_that_is_too_short_is_refused_as_when_it_is_uploaded(server, settings):
    settings.RECORDING_MIN_S = 5.0
    url = server.serves("/song.mp3", song())

    assert fetched(LinkImportFactory(url=url)).failure_code == "audio_too_short"


def test_where_links_have_been_switched_off_waiting_ones_fail(server, settings):
    settings.LINK_IMPORTS = False

    assert fetched(LinkImportFactory()).failure_code == "links_off"


@pytest.mark.parametrize("act", [cancel_link_import, delete_link_import])
def test_an_import_is_stopped_in_the_middle_within_two_seconds(server, act):
    server.routes["/song.mp3"] = hang
    link = LinkImportFactory(url=server.url("/song.mp3"))
    worker = in_background(link)
    until(link, lambda link: link.bytes_done > 0)

    began = time.monotonic()
    act(link=link, by=link.owner)
    worker.join(timeout=5)

    assert time.monotonic() - began < 2
    assert not worker.is_alive()
    assert not LinkImport.objects.exclude(state="cancelled").exists()
    assert not Recording.objects.exists()
    assert left_behind() == []


def test_progress_is_saved_while_bytes_come(server):
    server.routes["/song.mp3"] = hang
    link = LinkImportFactory(url=server.url("/song.mp3"))
    worker = in_background(link)

    until(link, lambda link: 0.0 < link.progress < 0.5 and link.bytes_total == 4_000_000)

    cancel_link_import(link=link, by=link.owner)
    worker.join(timeout=5)


def take(link: LinkImport, holder: str = "elsewhere:1:1") -> LinkImport | None:
    return LinkImport.take(link.pk, holder=holder, lease_s=30)


def test_an_import_that_is_held_cannot_be_taken_again_until_its_holder_is_silent():
    link = LinkImportFactory()
    first = take(link)
    assert take(link) is None

    LinkImport.objects.filter(pk=link.pk).update(heartbeat_at=timezone.now() - timedelta(seconds=31))
    second = take(link)

    assert second.attempt == 2
    assert first.beat() is False
    assert first.release(state=LinkImport.State.FAILED) is False
    assert second.beat() is True


def test_an_import_of_a_person_on_hold_waits():
    link = LinkImportFactory(owner__jobs_held=True)

    assert take(link) is None
    assert recover_lost_links(at_start=True) == []


def test_an_import_whose_worker_is_gone_is_recovered():
    dead = subprocess.Popen(["true"])
    dead.wait()
    link = LinkImportFactory()
    take(link, f"{os.uname().nodename}:{dead.pid}:1")

    assert recover_lost_links() == [link.pk]
    link.refresh_from_db()
    assert link.state == LinkImport.State.PENDING


def test_an_import_whose_worker_lives_is_left_alone():
    take(LinkImportFactory(), f"{os.uname().nodename}:{os.getpid()}:1")

    assert recover_lost_links(at_start=True) == []


def test_a_message_lost_before_the_broker_is_queued_again():
    link = LinkImportFactory()
    LinkImportFactory(queued_at=timezone.now())

    assert recover_lost_links() == [link.pk]


def test_an_import_that_breaks_again_and_again_fails(server, settings, monkeypatch):
    settings.STAGE_ATTEMPTS = 2
    monkeypatch.setattr("media.core.links.link_process.sys.executable", "/bin/false")
    link = LinkImportFactory(url=server.url("/song.mp3"))

    again = run_link_import(link.pk)

    assert again == (NextFetch(link.pk, 10.0),)
    assert run_link_import(link.pk) == ()
    link.refresh_from_db()
    assert (link.state, link.failure_code) == ("failed", "internal_error")


def test_imports_that_came_to_nothing_are_forgotten_in_time(settings):
    long_ago = timezone.now() - timedelta(days=settings.RETENTION_DAYS + 1)
    LinkImportFactory(state="failed", finished_at=long_ago)
    kept = [LinkImportFactory(state="failed", finished_at=timezone.now()), LinkImportFactory()]

    assert purge_old_links() == 1
    assert set(LinkImport.objects.all()) == set(kept)


def test_the_feed_begins_with_ones_own_imports_and_tells_their_news():
    link = LinkImportFactory()
    owner = link.owner
    LinkImportFactory()

    async def watch() -> tuple[dict, dict]:
        feed = await opened("/ws/feed/", owner)
        snapshot = await feed.receive_json_from(timeout=5)
        await database_sync_to_async(cancel_link_import)(link=link, by=owner)
        news = await feed.receive_json_from(timeout=5)
        await feed.disconnect()
        return snapshot, news

    snapshot, news = async_to_sync(watch)()

    assert [one["id"] for one in snapshot["data"]["links"]] == [str(link.pk)]
    assert (news["type"], news["data"]["state"]) == ("link.updated", "cancelled")
    assert news["seq"] > snapshot["seq"]
