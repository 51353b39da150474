"""Revisions: read, compared, gone back to."""

from __future__ import annotations

import pytest

from accounts.services import close_account
from accounts.tests.factories import UserFactory
from notation.models import Notation
from notation.tests.clients import instruments_of, read, send, to_crash
from notation.tests.factories import NotationFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def edited() -> Notation:
    """A notation with two edits after its first revision."""
    notation = NotationFactory()
    assert send(notation, "commands/", to_crash("h2")).status_code == 200
    assert send(notation, "commands/", to_crash("h4", base_revision=2)).status_code == 200
    return notation


def test_the_history_says_who_changed_what_newest_first_and_holds_no_scores(edited):
    results = read(edited, "revisions/").json()["results"]

    assert [(row["revision"], row["kind"], row["author"], row["summary"]) for row in results] == [
        (3, "edited", "Drummer", ["bar 1: snare → crash"]),
        (2, "edited", "Drummer", ["bar 1: snare → crash"]),
        (1, "imported", "Drummer", []),
    ]
    assert "score" not in results[0]


def test_a_history_outlives_the_account_of_its_author():
    notation = NotationFactory()
    admin = UserFactory(admin=True)
    UserFactory(admin=True)  # the last one could not go
    send(notation, "commands/", to_crash("h2"), by=admin)

    close_account(user=admin)
    closed = [row["author"] for row in read(notation, "revisions/").json()["results"]]
    admin.delete()
    gone = [row["author"] for row in read(notation, "revisions/").json()["results"]]

    assert closed == gone == ["", "Drummer"]


def test_an_earlier_revision_is_read_with_its_score(edited):
    body = read(edited, "revisions/2/").json()

    assert [hit["instrument"] for hit in body["score"]["hits"]] == ["kick", "crash", "kick", "snare"]


def test_going_back_makes_a_new_revision_and_loses_nothing(edited):
    done = send(edited, "revisions/1/restore/", {"base_revision": 3}).json()

    assert (done["revision"], done["changed_bars"]) == (4, [1])
    assert done["summary"][0] == "back to revision 1"
    assert instruments_of(edited) == ["kick", "snare", "kick", "snare"]
    newest = read(edited, "revisions/").json()["results"][0]
    assert (newest["kind"], newest["of_revision"]) == ("restored", 1)
    assert [hit["instrument"] for hit in read(edited, "revisions/3/").json()["score"]["hits"]] == [
        "kick",
        "crash",
        "kick",
        "crash",
    ]


def test_going_back_from_a_stale_revision_is_refused(edited):
    refused = send(edited, "revisions/1/restore/", {"base_revision": 2})

    assert (refused.status_code, refused.json()["code"]) == (409, "revision_conflict")
    assert instruments_of(edited) == ["kick", "crash", "kick", "crash"]


def test_a_revision_that_never_was_is_not_found(edited):
    answers = [
        read(edited, "revisions/9/"),
        read(edited, "svg/", revision=9),
        read(edited, "export/json/", revision=9),
        read(edited, "diff/", **{"from": 1, "to": 9}),
        send(edited, "revisions/9/restore/", {"base_revision": 3}),
    ]

    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [(404, "not_found")] * 5


def test_two_revisions_are_compared_in_musical_words(edited):
    forth = read(edited, "diff/", **{"from": 1, "to": 3}).json()
    back = read(edited, "diff/", **{"from": 3, "to": 1}).json()

    assert (forth["changed"], forth["changed_bars"], forth["added"]) == (["h2", "h4"], [1], [])
    assert "snare → crash" in forth["summary"][0]
    assert "crash → snare" in back["summary"][0]


def test_a_comparison_needs_two_revisions(edited):
    refused = read(edited, "diff/", to=2)

    assert (refused.status_code, refused.json()["code"]) == (400, "invalid_input")


def test_the_picture_of_an_earlier_revision_is_its_own(edited):
    now, then = (read(edited, "svg/", **query).content for query in ({}, {"revision": 1}))

    assert now != then
    assert then == read(NotationFactory(), "svg/").content
