"""Requests that want to break something get an answer that says what is wrong, and never a 500."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.tests.factories import UserFactory
from notation.tests.clients import NOTATIONS, api, read, send
from notation.tests.factories import NotationFactory, one_bar_of_rock

pytestmark = pytest.mark.django_db

UNREADABLE = "A\x00\x1b[31m<script>alert(1)</script>"


@pytest.mark.parametrize(
    "command",
    [
        {"op": "set_title", "title": UNREADABLE, "artist": UNREADABLE},
        {"op": "set_section", "bar": 1, "name": UNREADABLE},
        {"op": UNREADABLE},
        {"op": "remove", "ids": [UNREADABLE]},
        {"op": "remove", "ids": [["h1"]]},
        {"op": "set_tempo", "bar": 1, "bpm": 1e308},
        {"op": "set_tempo", "bar": 10**30, "bpm": 100},
        {"op": "add", "bar": 1, "position": "1e999999999", "instrument": "kick"},
        {"op": "add", "bar": 1, "position": "1/99999999999", "instrument": "kick"},
        {"op": "set_velocity", "ids": ["h1"], "velocity": 10**400},
        {"op": "insert_bars", "before": 1, "count": 10**9},
        {"op": "copy_bars", "from": 1, "to": 1, "before": 10**18},
        {},
    ],
)
def test_hostile_commands_are_done_harmlessly_or_refused(command: dict[str, Any]):
    notation = NotationFactory()

    answer = send(notation, "commands/", {"base_revision": 1, "commands": [command]})

    assert answer.status_code in (200, 400), answer.content
    pictures = [read(notation, "svg/"), read(notation, "export/musicxml/"), read(notation, "")]
    assert [picture.status_code for picture in pictures] == [200, 200, 200]
    assert b"<script>" not in pictures[0].content + pictures[1].content


@pytest.mark.parametrize("number", [10**9, 10**18, 10**30])
def test_revisions_beyond_counting_are_not_found_or_stale(number: int):
    notation = NotationFactory()

    answers = [
        send(notation, "commands/", {"base_revision": number, "commands": [{"op": "remove", "ids": ["h1"]}]}),
        read(notation, "svg/", revision=number),
        read(notation, "diff/", **{"from": 1, "to": number}),
    ]

    assert [answer.status_code for answer in answers] == [409, 404, 404]


@pytest.mark.parametrize(
    "kit",
    [
        {"base": UNREADABLE},
        {"name": UNREADABLE},
        {"instruments": {"crash": {"label": UNREADABLE}}},
        {"instruments": {"crash": {"staff_loc": 10**9}}},
        {"hidden": UNREADABLE},
        {"voices": [2]},
    ],
)
def test_hostile_kits_are_stored_harmlessly_or_refused(kit: dict[str, Any]):
    notation = NotationFactory()

    answer = send(notation, "", {"kit_profile": kit}, method="patch")

    assert answer.status_code in (200, 400), answer.content
    assert read(notation, "svg/").status_code == 200
    assert b"<script>" not in read(notation, "drum-key/").content


def test_a_title_with_markup_and_scheme_stays_a_title():
    title = '<b>&amp;"#(system "touch /tmp/x")'

    made = api(UserFactory()).post(
        f"{NOTATIONS}from-events/",
        {"title": title, "tempo_bpm": 120, "events": [{"onset_s": 0, "instrument": "kick"}]},
        format="json",
    )
    page_url = f"{NOTATIONS}{made.json()['id']}/export/"
    person = api(UserFactory(admin=True))

    assert made.json()["title"] == title
    assert b"<b>" not in person.get(f"{page_url}svg/").content
    assert b"&lt;b&gt;" in person.get(f"{page_url}musicxml/").content
    assert '"' not in person.get(f"{page_url}json/")["Content-Disposition"].partition("filename=")[2].strip(
        '"'
    )


def test_a_score_with_numbers_that_json_allows_and_music_does_not_is_refused():
    notation = NotationFactory()
    score = one_bar_of_rock()
    score["hits"][0]["position"] = "1e999999999"

    refused = send(notation, "", {"base_revision": 1, "score": score}, method="put")

    assert (refused.status_code, refused.json()["code"]) == (400, "bad_score")


@pytest.mark.parametrize(
    "body",
    [
        b"[]",
        b'"x"',
        b"{",
        b"null",
        b"\xff",
        b'{"base_revision": 1, "commands": [null]}',
        b'{"base_revision": 1, "commands": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"base_revision": 1, "commands": [{"op": ' + b"[" * 800 + b"]" * 800 + b"}]}",
        b'{"base_revision": NaN, "commands": [{"op": "remove"}]}',
        b'{"base_revision": 1, "commands": [{"op": "\\ud800"}]}',
    ],
)
def test_a_body_that_is_no_object_of_commands_is_refused(body: bytes):
    notation = NotationFactory()
    url = f"{NOTATIONS}{notation.pk}/commands/"

    refused = api(notation.owner).post(url, body, content_type="application/json")

    assert refused.status_code == 400


def test_a_pair_of_halves_is_a_character():
    done = send(NotationFactory(), "", {"title": "\U0001f941"}, method="patch")

    assert (done.status_code, done.json()["title"]) == (200, "\U0001f941")
