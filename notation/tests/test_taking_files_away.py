"""Pictures and downloads: every format, sent again only when something changed."""

from __future__ import annotations

import json
from typing import Any

import pytest

from accounts.tests.factories import UserFactory
from notation.core.writers.exports import ExportFormat
from notation.models import Notation
from notation.tests.clients import NOTATIONS, api, read, send, to_crash
from notation.tests.factories import NotationFactory

pytestmark = pytest.mark.django_db

# LilyPond is a program of its own, which not every place has.
FORMATS = [fmt.value for fmt in ExportFormat if fmt.value != "lilypond-pdf"]


def test_every_format_is_sent_as_a_file():
    notation = NotationFactory(title="Rock: the / best")

    answers = {fmt: read(notation, f"export/{fmt}/") for fmt in FORMATS}

    assert {fmt: answer.status_code for fmt, answer in answers.items()} == dict.fromkeys(FORMATS, 200)
    assert all(answer.content for answer in answers.values())
    assert answers["pdf"].content.startswith(b"%PDF")
    assert answers["pdf"]["Content-Type"] == "application/pdf"
    assert answers["pdf"]["Content-Disposition"] == 'attachment; filename="Rock_ the _ best.pdf"'
    assert json.loads(answers["json"].content)["schema"] == "drumsite.score/2"


def test_paper_kit_note_map_and_revision_can_be_chosen():
    notation = NotationFactory()
    ride = {"op": "set_instrument", "ids": ["h2"], "instrument": "ride"}
    send(notation, "commands/", {"base_revision": 1, "commands": [ride]})

    a4, letter = (read(notation, "export/pdf/", paper=paper).content for paper in ("a4", "letter"))
    ours, berklee = (read(notation, "export/mei/", profile=kit).content for kit in ("weinberg", "berklee"))
    first = json.loads(read(notation, "export/json/", revision=1).content)

    assert a4 != letter
    assert ours != berklee
    assert [hit["instrument"] for hit in first["hits"]] == ["kick", "snare", "kick", "snare"]


@pytest.mark.parametrize(
    ("fmt", "query", "code"),
    [
        ("docx", {}, "unknown_export"),
        ("pdf", {"paper": "a5"}, "unknown_export"),
        ("midi", {"note_map": "kazoo"}, "unknown_export"),
        ("svg", {"width": "watch"}, "unknown_export"),
        ("pdf", {"profile": "klingon"}, "bad_profile"),
        ("pdf", {"revision": "first"}, "invalid_input"),
    ],
)
def test_what_is_unknown_is_refused_by_name(fmt, query, code):
    refused = read(NotationFactory(), f"export/{fmt}/", **query)

    assert (refused.status_code, refused.json()["code"]) == (400, code)


def test_a_site_without_a_pdf_engraver_says_so(settings):
    settings.PDF_BACKEND = "none"

    refused = read(NotationFactory(), "export/pdf/")

    assert (refused.status_code, refused.json()["code"]) == (501, "pdf_backend_missing")


@pytest.mark.parametrize("what", ["svg/", "drum-key/", "timing/", "export/musicxml/"])
def test_what_has_not_changed_is_not_sent_again(what):
    notation = NotationFactory()
    first = read(notation, what)
    same = {"HTTP_IF_NONE_MATCH": first["ETag"]}

    again = _get(notation, what, **same)
    send(notation, "commands/", to_crash("h2"))
    changed = _get(notation, what, **same)

    assert (first.status_code, again.status_code, changed.status_code) == (200, 304, 200)
    assert again.content == b""
    assert first["Cache-Control"] == "private, no-cache"
    assert changed["ETag"] != first["ETag"]


def test_a_picture_is_drawn_for_the_screen_that_is_asked_for():
    notation = NotationFactory()

    phone, desktop = (read(notation, "svg/", width=width) for width in ("phone", "desktop"))

    assert phone["Content-Type"] == "image/svg+xml"
    assert "sandbox" in phone["Content-Security-Policy"]
    assert 'id="h2"' in phone.content.decode()
    assert phone.content != desktop.content


def test_a_browser_that_wants_a_picture_gets_one_and_refusals_are_json():
    notation = NotationFactory()

    picture = _get(notation, "svg/", HTTP_ACCEPT="image/svg+xml")
    refusal = _get(notation, "svg/?width=watch", HTTP_ACCEPT="image/svg+xml")

    assert picture.status_code == 200
    assert (refusal.status_code, refusal.json()["code"]) == (400, "invalid_input")


def test_files_are_written_for_a_person_only_so_often(settings):
    settings.API_RATES = settings.API_RATES | {"writing": "1/min"}
    notation = NotationFactory()

    files = [read(notation, "export/tab/") for _ in range(2)]
    picture = read(notation, "svg/")

    assert [file.status_code for file in files] == [200, 429]
    assert files[1].json()["code"] == "throttled"
    assert picture.status_code == 200


def test_timing_follows_the_edited_score():
    notation = NotationFactory()
    add = {"op": "add", "bar": 1, "position": "1/2", "instrument": "hihat_closed"}
    done = send(notation, "commands/", {"base_revision": 1, "commands": [add]})

    hits = read(notation, "timing/").json()["hits"]

    assert done.status_code == 200
    assert sorted(hits.values()) == pytest.approx([0.0, 0.25, 0.5, 1.0, 1.5])


def test_the_pages_download_is_that_of_the_notation(client):
    notation = NotationFactory()
    client.force_login(notation.owner)

    sent = client.get(f"/scores/{notation.pk}/download/midi/")
    refused = client.get(f"/scores/{notation.pk}/download/docx/")
    client.force_login(UserFactory())
    hidden = client.get(f"/scores/{notation.pk}/download/midi/")

    assert (sent.status_code, sent.content[:4]) == (200, b"MThd")
    assert (refused.status_code, hidden.status_code) == (400, 404)


@pytest.mark.parametrize(
    ("query", "status"), [("revision=abc", 400), ("revision=0", 400), ("revision=99", 404)]
)
def test_the_pages_download_of_a_revision_that_is_not_there_is_refused(client, query, status):
    notation = NotationFactory()
    client.force_login(notation.owner)

    first = client.get(f"/scores/{notation.pk}/download/midi/?revision=1")
    refused = client.get(f"/scores/{notation.pk}/download/midi/?{query}")

    assert (first.status_code, refused.status_code) == (200, status)


def _get(notation: Notation, what: str, **extra: str) -> Any:
    return api(notation.owner).get(f"{NOTATIONS}{notation.pk}/{what}", **extra)
