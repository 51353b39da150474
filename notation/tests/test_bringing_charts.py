"""Charts that come from elsewhere: as a list of strokes, or as a file of another program."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from accounts.models import User
from accounts.tests.factories import UserFactory
from notation.core.score import score_from_json
from notation.core.writers.midi import write_midi
from notation.core.writers.musicxml import write_musicxml
from notation.models import Notation
from notation.tests.clients import NOTATIONS, api
from notation.tests.factories import one_bar_of_rock

pytestmark = pytest.mark.django_db

BACKBEAT = [
    {"onset_s": 0.5 * beat, "instrument": "snare" if beat % 2 else "kick", "velocity": 100}
    for beat in range(8)
]


def bring(person: User, content: bytes, name: str, **headers: str) -> Any:
    file = SimpleUploadedFile(name, content)
    return api(person).post(f"{NOTATIONS}from-file/", {"file": file}, format="multipart", headers=headers)


def enter(person: User, **body: Any) -> Any:
    return api(person).post(f"{NOTATIONS}from-events/", {"tempo_bpm": 120, **body}, format="json")


def test_a_list_of_strokes_becomes_a_notation():
    person = UserFactory()

    made = enter(person, title="Back  beat", artist="Nobody", events=BACKBEAT)

    body = made.json()
    assert made.status_code == 201
    assert made["Location"].endswith(f"{NOTATIONS}{body['id']}")
    assert (body["title"], body["artist"], body["revision"]) == ("Back beat", "Nobody", 1)
    assert (body["hit_count"], body["bar_count"], body["duration_s"]) == (8, 2, pytest.approx(4.0))
    assert [hit["position"] for hit in body["score"]["hits"]][:4] == ["0", "1", "2", "3"]
    assert Notation.objects.get(pk=body["id"]).revisions.get().author == person


def test_beats_and_meter_are_taken_as_given():
    beats = [{"time_s": 1 + 0.5 * beat, "bar": 1 + beat // 3, "beat": 1 + beat % 3} for beat in range(4)]

    body = enter(
        UserFactory(), meter="3/4", beats=beats, events=[{"onset_s": 2.5, "instrument": "kick"}]
    ).json()

    assert body["meters"] == [{"bar": 1, "beats": 3, "beat_type": 4}]
    assert [(hit["bar"], hit["position"]) for hit in body["score"]["hits"]] == [(2, "0")]


def test_triplets_are_written_where_they_are_asked_for():
    thirds = [{"onset_s": third / 6, "instrument": "snare"} for third in range(12)]

    body = enter(UserFactory(), events=thirds, grid="triplet", swing="triplets").json()

    assert [hit["position"] for hit in body["score"]["hits"]][:3] == ["0", "1/3", "2/3"]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"events": []}, "bad_events"),
        ({"events": [{"onset_s": -1, "instrument": "kick"}]}, "bad_events"),
        ({"events": "kick"}, "invalid_input"),
        ({"events": BACKBEAT, "tempo_bpm": 0}, "invalid_input"),
        ({"events": BACKBEAT, "meter": "5/3"}, "invalid_input"),
        ({"events": BACKBEAT, "grid": "12"}, "invalid_input"),
        ({}, "invalid_input"),
    ],
)
def test_what_cannot_be_written_down_is_refused(body, code):
    refused = enter(UserFactory(), **body)

    assert (refused.status_code, refused.json()["code"]) == (400, code)
    assert not Notation.objects.exists()


def test_a_body_beyond_the_limit_is_refused_unread(settings):
    settings.SCORE_BODY_MAX_MB = 1
    person = UserFactory()

    refused = enter(person, title="x" * 1_100_000, events=BACKBEAT)

    assert (refused.status_code, refused.json()["code"]) == (413, "request_too_large")
    assert refused.json()["details"]["maximum_mb"] == 1


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("rock.musicxml", lambda score: write_musicxml(score_from_json(score))),
        ("rock.mid", lambda score: write_midi(score_from_json(score))),
        ("rock.json", lambda score: json.dumps(score).encode()),
    ],
)
def test_a_file_becomes_a_notation_with_a_report(name, write):
    made = bring(UserFactory(), write(one_bar_of_rock()), name)

    body = made.json()
    assert made.status_code == 201
    assert [hit["instrument"] for hit in body["score"]["hits"]] == ["kick", "snare", "kick", "snare"]
    assert [hit["position"] for hit in body["score"]["hits"]] == ["0", "1", "2", "3"]
    assert isinstance(body["report"], list)
    assert Notation.objects.get(pk=body["id"]).revisions.get().summary == [f"read from {name}"]


def test_the_report_names_what_was_not_kept():
    xml = write_musicxml(score_from_json(one_bar_of_rock())).decode()
    extra = '<direction><direction-type><wedge type="crescendo"/></direction-type></direction></measure>'

    body = bring(UserFactory(), xml.replace("</measure>", extra, 1).encode(), "rock.musicxml").json()

    assert all(set(finding) == {"code", "message", "bar", "count"} for finding in body["report"])
    assert body["report"]


def test_a_file_without_a_title_is_called_by_its_name():
    body = bring(
        UserFactory(), json.dumps(one_bar_of_rock() | {"title": ""}).encode(), "Fat groove.json"
    ).json()

    assert body["title"] == "Fat groove"


@pytest.mark.parametrize(
    ("content", "name", "status", "code"),
    [
        (b"\x89PNG\r\n", "score.png", 415, "import_unsupported"),
        (b"{", "score.json", 400, "import_unreadable"),
        (b"MThd\x00\x00", "broken.mid", 400, "import_unreadable"),
    ],
)
def test_a_file_that_is_no_chart_is_refused(content, name, status, code):
    refused = bring(UserFactory(), content, name)

    assert (refused.status_code, refused.json()["code"]) == (status, code)
    assert not Notation.objects.exists()


def test_a_file_of_our_own_kind_with_impossible_numbers_is_refused():
    score = one_bar_of_rock()
    score["hits"][0]["onset_s"] = -4.0

    refused = bring(UserFactory(), json.dumps(score).encode(), "rock.json")

    assert (refused.status_code, refused.json()["code"]) == (400, "import_unreadable")


def test_a_request_without_a_file_is_refused():
    refused = api(UserFactory()).post(f"{NOTATIONS}from-file/", {}, format="multipart")

    assert (refused.status_code, refused.json()["code"]) == (400, "invalid_input")


def test_a_file_beyond_the_limit_is_refused_unread(settings):
    settings.SCORE_FILE_MAX_MB = 1

    refused = bring(UserFactory(), b"x" * 2_200_000, "big.mid")

    assert (refused.status_code, refused.json()["code"]) == (413, "file_too_large")


def test_the_same_upload_with_its_key_makes_one_notation():
    person = UserFactory()
    content = json.dumps(one_bar_of_rock()).encode()

    first, again = (bring(person, content, "rock.json", **{"Idempotency-Key": "chart-1"}) for _ in range(2))

    assert first.json()["id"] == again.json()["id"]
    assert Notation.objects.count() == 1


def test_bringing_charts_needs_a_sign_in(client):
    assert client.post(f"{NOTATIONS}from-events/", {}, content_type="application/json").status_code == 401
    assert client.post(f"{NOTATIONS}from-file/", {}).status_code == 401


def test_ids_that_a_file_brought_are_not_used_again():
    chart = one_bar_of_rock()
    chart["hits"][0]["id"] = "e7"

    made = bring(UserFactory(), json.dumps(chart).encode(), "rock.json").json()

    assert Notation.objects.get(pk=made["id"]).fresh_from == 8
