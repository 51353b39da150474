from __future__ import annotations

import asyncio
from typing import Any

import pytest
from channels.db import database_sync_to_async
from channels.testing import WebsocketCommunicator
from django.test import Client

from accounts.models import User
from accounts.tests.factories import UserFactory
from accounts.tokens import issue_tokens
from drumsite.asgi import application
from transcription.batches import cancel_batch, delete_batch
from transcription.models import Job
from transcription.services import cancel_job, delete_job
from transcription.tests.factories import JobFactory, make_batch

pytestmark = pytest.mark.django_db(transaction=True)


@database_sync_to_async
def make(factory: Any, **fields: Any) -> Any:
    return factory(**fields)


@database_sync_to_async
def session_cookie(user: User) -> list[tuple[bytes, bytes]]:
    client = Client()
    client.force_login(user)
    return [
        (b"cookie", f"sessionid={client.cookies['sessionid'].value}".encode()),
        (b"origin", b"http://localhost"),
    ]


async def opened(path: str, user: User | None = None, headers: list | None = None) -> WebsocketCommunicator:
    communicator = WebsocketCommunicator(
        application, path, headers or (await session_cookie(user) if user else [])
    )
    connected, _ = await communicator.connect(timeout=5)
    assert connected
    return communicator


async def closed_with(communicator: WebsocketCommunicator) -> int:
    output = await communicator.receive_output(timeout=5)
    assert output["type"] == "websocket.close"
    return output["code"]


async def test_the_feed_begins_with_a_snapshot_of_ones_own_jobs():
    job = await make(JobFactory)
    await make(JobFactory)

    feed = await opened("/ws/feed/", await database_sync_to_async(lambda: job.requested_by)())
    snapshot = await feed.receive_json_from(timeout=5)

    assert snapshot["type"] == "snapshot"
    assert [item["id"] for item in snapshot["data"]["jobs"]] == [str(job.pk)]
    await feed.disconnect()


async def test_news_of_a_job_reach_its_page_and_the_feed_with_a_growing_seq():
    job = await make(JobFactory)
    owner = await database_sync_to_async(lambda: job.requested_by)()
    feed, page = await opened("/ws/feed/", owner), await opened(f"/ws/jobs/{job.pk}/", owner)
    first = await page.receive_json_from(timeout=5)
    await feed.receive_json_from(timeout=5)

    await database_sync_to_async(cancel_job)(job=job, by=owner)

    for socket in (feed, page):
        news = await socket.receive_json_from(timeout=5)
        assert (news["type"], news["data"]["status"]) == ("job.updated", "cancelled")
        assert news["seq"] > first["seq"]
        await socket.disconnect()


async def test_the_feed_says_that_a_job_was_deleted():
    job = await make(JobFactory)
    owner = await database_sync_to_async(lambda: job.requested_by)()
    feed = await opened("/ws/feed/", owner)
    await feed.receive_json_from(timeout=5)

    await database_sync_to_async(delete_job)(job=job, by=owner)

    news = await feed.receive_json_from(timeout=5)
    assert (news["type"], news["data"]) == ("job.deleted", {"id": str(job.pk)})
    await feed.disconnect()


async def test_the_feed_tells_of_running_batches_and_of_every_change_to_their_songs():
    user = await make(UserFactory)
    batch = await database_sync_to_async(make_batch)(user)
    feed = await opened("/ws/feed/", user)
    snapshot = await feed.receive_json_from(timeout=5)
    assert [item["id"] for item in snapshot["data"]["batches"]] == [str(batch.pk)]

    job = await database_sync_to_async(batch.jobs.first)()
    await database_sync_to_async(cancel_job)(job=job, by=user)

    about_the_job, news = [await feed.receive_json_from(timeout=5) for _ in range(2)]
    assert about_the_job["type"] == "job.updated"
    assert (news["type"], news["data"]["id"]) == ("batch.updated", str(batch.pk))
    assert (news["data"]["total"], news["data"]["cancelled"], news["data"]["progress"]) == (2, 1, 0.5)
    assert news["seq"] >= about_the_job["seq"] > snapshot["seq"]
    await feed.disconnect()


async def test_the_feed_says_that_a_batch_was_deleted_and_a_later_snapshot_is_newer():
    user = await make(UserFactory)
    batch = await database_sync_to_async(make_batch)(user)
    await database_sync_to_async(cancel_batch)(batch=batch, by=user)
    feed = await opened("/ws/feed/", user)
    snapshot = await feed.receive_json_from(timeout=5)
    assert snapshot["data"]["batches"] == []

    await database_sync_to_async(delete_batch)(batch=batch, by=user)

    news = await feed.receive_json_from(timeout=5)
    assert (news["type"], news["data"]) == ("batch.deleted", {"id": str(batch.pk)})
    await feed.send_json_to({"type": "resume", "seq": snapshot["seq"]})
    assert (await feed.receive_json_from(timeout=5))["seq"] == news["seq"]
    await feed.disconnect()


async def test_a_token_in_the_first_message_opens_the_feed():
    user = await make(UserFactory)
    tokens = await database_sync_to_async(issue_tokens)(user)
    feed = await opened("/ws/feed/")

    await feed.send_json_to({"type": "authenticate", "token": tokens.access})

    assert (await feed.receive_json_from(timeout=5))["type"] == "snapshot"
    await feed.disconnect()


@pytest.mark.parametrize(
    "first_message", [{"type": "authenticate", "token": "wrong"}, {"type": "resume", "seq": 1}, ["what"]]
)
async def test_without_a_good_token_the_socket_is_closed(first_message):
    feed = await opened("/ws/feed/")

    await feed.send_json_to(first_message)

    assert await closed_with(feed) == 4401


async def test_a_first_message_that_is_no_json_closes_the_socket():
    feed = await opened("/ws/feed/")

    await feed.send_to(text_data="hello")

    assert await closed_with(feed) == 4401


async def test_somebody_elses_job_is_closed_as_not_found():
    job = await make(JobFactory)

    page = await opened(f"/ws/jobs/{job.pk}/", await make(UserFactory))

    assert await closed_with(page) == 4404


async def test_a_page_of_another_site_cannot_open_a_socket():
    headers = [(b"cookie", b"sessionid=x"), (b"origin", b"http://evil.example")]

    connected, _ = await WebsocketCommunicator(application, "/ws/feed/", headers).connect(timeout=5)

    assert not connected


async def test_who_resumes_gets_a_snapshot_only_after_missing_something():
    job = await make(JobFactory, seq=5)
    owner = await database_sync_to_async(lambda: job.requested_by)()
    page = await opened(f"/ws/jobs/{job.pk}/", owner)
    snapshot = await page.receive_json_from(timeout=5)

    await page.send_json_to({"type": "resume", "seq": snapshot["seq"]})
    assert await page.receive_nothing(timeout=0.3)
    await database_sync_to_async(Job.objects.filter(pk=job.pk).update)(seq=6, status=Job.Status.FAILED)
    await page.send_json_to({"type": "resume", "seq": 5})

    assert (await page.receive_json_from(timeout=5))["data"]["status"] == "failed"
    await page.disconnect()
    await asyncio.sleep(0)
