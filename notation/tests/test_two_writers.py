"""Several people change one notation at the same time, over HTTP: nobody overwrites anybody."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from accounts.tests.factories import UserFactory
from accounts.tokens import issue_tokens
from notation.models import Notation
from notation.tests.factories import NotationFactory

pytestmark = pytest.mark.django_db(transaction=True)

COLOURS = ("crash", "ride", "china", "splash", "cowbell", "hihat_open")


class Writer:
    """A person at a program of their own."""

    def __init__(self, server: LiveServer, person: User) -> None:
        self._server = server
        self._token = issue_tokens(person).access

    def change(self, notation: Notation, base_revision: int, ident: str, instrument: str) -> tuple[int, Any]:
        """Send one command; return the status and what was answered."""
        command = {"op": "set_instrument", "ids": [ident], "instrument": instrument}
        body = json.dumps({"base_revision": base_revision, "commands": [command]}).encode()
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"}
        url = f"{self._server.url}/api/v1/notations/{notation.pk}/commands/"
        try:
            with urlopen(Request(url, body, headers), timeout=60) as answer:
                return answer.status, json.load(answer)
        except HTTPError as refusal:
            return refusal.code, json.load(refusal)


def test_the_second_writer_hears_of_the_firsts_change_and_can_then_make_theirs(live_server):
    notation = NotationFactory(owner=UserFactory(display_name="Olu"))
    owner = Writer(live_server, notation.owner)
    admin = Writer(live_server, UserFactory(admin=True, display_name="Ada"))

    first = owner.change(notation, 1, "h2", "crash")
    refused = admin.change(notation, 1, "h4", "ride")
    again = admin.change(notation, refused[1]["details"]["current_revision"], "h4", "ride")

    assert (first[0], refused[0], again[0]) == (200, 409, 200)
    (change,) = refused[1]["details"]["changes"]
    assert (change["author"], change["summary"]) == ("Olu", ["bar 1: snare → crash"])
    notation.refresh_from_db()
    assert [hit["instrument"] for hit in notation.score["hits"]] == ["kick", "crash", "kick", "ride"]


def test_of_writers_at_the_same_moment_one_wins_and_the_others_are_told(live_server):
    notation = NotationFactory()
    writers = [Writer(live_server, notation.owner) for _ in COLOURS]
    together = Barrier(len(writers))

    def change(writer: Writer, instrument: str) -> tuple[int, Any]:
        together.wait(timeout=60)
        return writer.change(notation, 1, "h2", instrument)

    with ThreadPoolExecutor(len(writers)) as threads:
        answers = list(threads.map(change, writers, COLOURS))

    winners = [colour for colour, (status, _) in zip(COLOURS, answers, strict=True) if status == 200]
    refusals = [body for status, body in answers if status == 409]
    notation.refresh_from_db()
    assert len(winners) == 1
    assert len(refusals) == len(COLOURS) - 1
    assert all(
        [change["revision"] for change in refusal["details"]["changes"]] == [2] for refusal in refusals
    )
    assert (notation.revision, notation.revisions.count()) == (2, 2)
    assert notation.score["hits"][1]["instrument"] == winners[0]


def test_everybodys_change_is_there_in_the_end_when_each_tries_again(live_server):
    notation = NotationFactory()
    changes = {"h1": "tom_low", "h2": "crash", "h3": "tom_mid", "h4": "ride"}
    writers = [Writer(live_server, notation.owner) for _ in changes]
    together = Barrier(len(changes))

    def change_until_done(writer: Writer, ident: str) -> int:
        base_revision = 1
        together.wait(timeout=60)
        for _ in range(len(changes)):
            status, body = writer.change(notation, base_revision, ident, changes[ident])
            if status == 200:
                return int(body["revision"])
            base_revision = body["details"]["current_revision"]
        raise AssertionError("refused more often than there are other writers")

    with ThreadPoolExecutor(len(changes)) as threads:
        revisions = list(threads.map(change_until_done, writers, changes))

    notation.refresh_from_db()
    assert sorted(revisions) == [2, 3, 4, 5]
    assert {hit["id"]: hit["instrument"] for hit in notation.score["hits"]} == changes
    newest = notation.revisions.get(number=5)
    assert newest.score == notation.score
