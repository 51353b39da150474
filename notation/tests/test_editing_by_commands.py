"""Editing over HTTP: a change makes a revision, a stale one is refused with what happened since."""

from __future__ import annotations

import pytest

from accounts.tests.factories import UserFactory
from notation.models import Notation, Revision
from notation.tests.clients import NOTATIONS, api, instruments_of, read, send, to_crash
from notation.tests.factories import NotationFactory, one_bar_of_rock

pytestmark = pytest.mark.django_db


def test_a_command_makes_a_revision_that_says_who_changed_what():
    notation = NotationFactory()

    body = send(notation, "commands/", to_crash("h2")).json()

    revision = Revision.objects.get(notation=notation, number=2)
    assert (body["revision"], body["summary"], body["changed_bars"]) == (2, ["bar 1: snare → crash"], [1])
    assert instruments_of(notation) == ["kick", "crash", "kick", "snare"]
    assert (notation.revision, notation.score) == (2, revision.score)
    assert (revision.author, revision.kind, revision.summary) == (
        notation.owner,
        "edited",
        ["bar 1: snare → crash"],
    )


def test_a_change_comes_with_its_bars_drawn_anew():
    notation = NotationFactory()

    body = send(notation, "commands/", to_crash("h2")).json()

    assert list(body["bars"]) == ["1"]
    assert body["bars"]["1"].startswith("<svg")
    assert 'id="h2"' in body["bars"]["1"]
    assert body["rebuilt"] is False


def test_the_second_writer_is_refused_with_the_firsts_change_and_nothing_is_lost():
    notation = NotationFactory()
    admin = UserFactory(admin=True, display_name="Ada")
    send(notation, "commands/", to_crash("h2"), by=admin)

    refused = send(notation, "commands/", to_crash("h4"))

    details = refused.json()["details"]
    assert (refused.status_code, refused.json()["code"]) == (409, "revision_conflict")
    assert details["current_revision"] == 2
    assert [
        (change["revision"], change["author"], change["summary"], change["changed_bars"])
        for change in details["changes"]
    ] == [(2, "Ada", ["bar 1: snare → crash"], [1])]
    assert instruments_of(notation) == ["kick", "crash", "kick", "snare"]
    assert notation.revisions.count() == 2


def test_the_refused_change_can_be_made_on_the_newest_revision():
    notation = NotationFactory()
    send(notation, "commands/", to_crash("h2"))
    current = send(notation, "commands/", to_crash("h4")).json()["details"]["current_revision"]

    done = send(notation, "commands/", to_crash("h4", base_revision=current))

    assert (done.status_code, done.json()["revision"]) == (200, 3)
    assert instruments_of(notation) == ["kick", "crash", "kick", "crash"]


def test_one_bad_command_refuses_them_all():
    notation = NotationFactory()
    body = to_crash("h2")
    body["commands"].append({"op": "remove", "ids": ["nobody"]})

    refused = send(notation, "commands/", body)

    assert (refused.status_code, refused.json()["code"]) == (400, "bad_command")
    assert refused.json()["details"]["index"] == 1
    assert instruments_of(notation) == ["kick", "snare", "kick", "snare"]
    assert notation.revisions.count() == 1


def test_commands_that_change_nothing_make_no_revision():
    notation = NotationFactory()
    command = {"op": "set_instrument", "ids": ["h2"], "instrument": "snare"}

    done = send(notation, "commands/", {"base_revision": 1, "commands": [command]})

    assert (done.status_code, done.json()["revision"], done.json()["summary"]) == (200, 1, [])
    assert notation.revisions.count() == 1


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"base_revision": 1, "commands": []},
        {"base_revision": 1, "commands": ["remove"]},
        {"base_revision": 0, "commands": [{"op": "remove", "ids": ["h1"]}]},
        {"base_revision": 1, "commands": [{"op": "remove", "ids": ["h1"]}] * 501},
    ],
)
def test_a_body_without_revision_or_commands_is_invalid(body):
    refused = send(NotationFactory(), "commands/", body)

    assert (refused.status_code, refused.json()["code"]) == (400, "invalid_input")


def test_a_moderator_may_read_but_not_edit_and_an_admin_may_edit():
    notation = NotationFactory()

    moderated = send(notation, "commands/", to_crash("h2"), by=UserFactory(moderator=True))
    administered = send(notation, "commands/", to_crash("h2"), by=UserFactory(admin=True))

    assert (moderated.status_code, moderated.json()["code"]) == (403, "permission_denied")
    assert administered.status_code == 200


@pytest.mark.parametrize(
    ("method", "what", "body"),
    [
        ("post", "commands/", to_crash("h2")),
        ("put", "", {"base_revision": 1, "score": {}}),
        ("patch", "", {"title": "Mine now"}),
        ("post", "requantise/", {"base_revision": 1}),
        ("post", "validate/", to_crash("h2")),
        ("get", "revisions/", {}),
        ("get", "revisions/1/", {}),
        ("post", "revisions/1/restore/", {"base_revision": 1}),
        ("get", "svg/", {}),
        ("get", "drum-key/", {}),
        ("get", "timing/", {}),
        ("get", "export/json/", {}),
        ("post", "duplicate/", {}),
        ("delete", "", {}),
        ("post", "undelete/", {}),
    ],
)
def test_nothing_of_somebody_elses_notation_is_found(method, what, body):
    notation = NotationFactory()
    if method == "get":
        response = read(notation, what, by=UserFactory())
    else:
        response = send(notation, what, body, by=UserFactory(), method=method)

    assert (response.status_code, response.json()["code"]) == (404, "not_found")
    assert instruments_of(notation) == ["kick", "snare", "kick", "snare"]


@pytest.mark.parametrize(
    ("method", "what", "body"),
    [
        ("post", "commands/", to_crash("h4", base_revision=2)),
        ("put", "", {"base_revision": 2, "score": one_bar_of_rock()}),
        ("post", "requantise/", {"base_revision": 2, "meter": "2/4"}),
        ("post", "revisions/1/restore/", {"base_revision": 2}),
    ],
)
def test_the_same_change_sent_twice_with_its_key_is_made_once(method, what, body):
    notation = NotationFactory()
    send(notation, "commands/", to_crash("h2"))
    change = getattr(api(notation.owner), method)
    url = f"{NOTATIONS}{notation.pk}/{what}"

    first, again = (change(url, body, format="json", headers={"Idempotency-Key": "once"}) for _ in range(2))

    assert (first.status_code, first.json()["revision"]) == (200, 3)
    assert first.json() == again.json()
    assert again.headers["Idempotent-Replayed"] == "true"
    assert notation.revisions.count() == 3


def test_ids_of_removed_hits_are_never_used_again():
    notation = NotationFactory()
    add = {"op": "add", "bar": 1, "position": "1/2", "instrument": "hihat_closed"}
    send(notation, "commands/", {"base_revision": 1, "commands": [add]})
    (added,) = {hit["id"] for hit in Notation.objects.get(pk=notation.pk).score["hits"]} - {
        "h1",
        "h2",
        "h3",
        "h4",
    }
    send(notation, "commands/", {"base_revision": 2, "commands": [{"op": "remove", "ids": [added]}]})

    send(notation, "commands/", {"base_revision": 3, "commands": [add]})

    ids = {hit["id"] for hit in Notation.objects.get(pk=notation.pk).score["hits"]}
    assert len(ids) == 5
    assert added not in ids


def test_ids_that_a_given_score_brought_and_a_later_one_lacks_are_never_used_again():
    notation = NotationFactory()
    given = one_bar_of_rock()
    given["hits"][1]["id"] = "e7"
    add = {"op": "add", "bar": 1, "position": "1/2", "instrument": "hihat_closed"}

    send(notation, "", {"base_revision": 1, "score": given}, method="put")
    send(notation, "", {"base_revision": 2, "score": one_bar_of_rock()}, method="put")
    send(notation, "commands/", {"base_revision": 3, "commands": [add]})

    notation.refresh_from_db()
    assert {hit["id"] for hit in notation.score["hits"]} == {"h1", "h2", "h3", "h4", "e8"}
