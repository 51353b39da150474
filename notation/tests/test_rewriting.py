"""A score replaced as a whole, written down anew from its hits, or checked without being changed."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from accounts.tests.factories import UserFactory
from media.tests.factories import RecordingFactory
from notation.core.hits import Hit as HeardHit
from notation.core.instruments import InstrumentName
from notation.models import Notation
from notation.services import save_transcription
from notation.tests.clients import NOTATIONS, api, instruments_of, read, send, to_crash
from notation.tests.factories import NotationFactory, one_bar_of_rock

pytestmark = pytest.mark.django_db


@pytest.fixture
def transcribed() -> Notation:
    """A notation that a job heard: one bar of rock."""
    score = one_bar_of_rock()
    recording = RecordingFactory()
    return save_transcription(
        owner=recording.owner,
        recording=recording,
        job_id=uuid4(),
        engine="crnn 2.0",
        hits=tuple(
            HeardHit(row["id"], row["onset_s"], InstrumentName(row["instrument"]), row["velocity"], 0.9)
            for row in score["hits"]
        ),
        score=score,
        title="Rock",
    )


def test_a_whole_score_takes_the_place_of_the_current_one():
    notation = NotationFactory()
    score = one_bar_of_rock()
    score["hits"][1]["instrument"] = "crash"

    done = send(notation, "", {"base_revision": 1, "score": score}, method="put")

    assert (done.status_code, done.json()["revision"]) == (200, 2)
    assert done.json()["summary"] == ["bar 1: snare → crash"]
    assert instruments_of(notation) == ["kick", "crash", "kick", "snare"]
    assert notation.revisions.get(number=2).kind == "replaced"


@pytest.mark.parametrize("score", [{}, {"schema": "drumsite.score/2"}, one_bar_of_rock() | {"bars": []}])
def test_what_is_no_score_is_refused(score):
    notation = NotationFactory()

    refused = send(notation, "", {"base_revision": 1, "score": score}, method="put")

    assert (refused.status_code, refused.json()["code"]) == (400, "bad_score")
    assert notation.revisions.count() == 1


def test_replacing_a_stale_revision_is_refused():
    notation = NotationFactory()
    send(notation, "commands/", to_crash("h2"))

    refused = send(notation, "", {"base_revision": 1, "score": one_bar_of_rock()}, method="put")

    assert refused.status_code == 409
    assert instruments_of(notation) == ["kick", "crash", "kick", "snare"]


def test_title_and_artist_are_changed_in_the_score_as_well():
    notation = NotationFactory()

    body = send(notation, "", {"title": "Roll", "artist": "The Bees"}, method="patch").json()

    notation.refresh_from_db()
    assert (body["title"], body["artist"], body["revision"]) == ("Roll", "The Bees", 2)
    assert (notation.score["title"], notation.score["artist"]) == ("Roll", "The Bees")


def test_an_empty_title_is_refused():
    refused = send(NotationFactory(), "", {"title": ""}, method="patch")

    assert (refused.status_code, refused.json()["code"]) == (400, "invalid_input")


def test_another_kit_draws_the_same_music_otherwise():
    notation = NotationFactory()
    before = read(notation, "svg/")

    body = send(
        notation, "", {"kit_profile": {"base": "berklee", "hidden": ["snare"]}}, method="patch"
    ).json()
    after = read(notation, "svg/")

    assert (body["revision"], body["kit_profile"]["hidden"]) == (1, ["snare"])
    assert 'id="h2"' in before.content.decode()
    assert 'id="h2"' not in after.content.decode()
    assert before["ETag"] != after["ETag"]


@pytest.mark.parametrize(
    ("details", "code"),
    [
        ({"title": "Roll", "kit_profile": {"toms": 99}}, "bad_profile"),
        ({"title": " \t ", "kit_profile": {"toms": 2}}, "invalid_input"),
        ({"title": "Roll\x07", "kit_profile": {"toms": 2}}, "bad_command"),
    ],
)
def test_an_impossible_kit_or_title_is_refused_and_so_is_what_stands_beside_it(details, code):
    notation = NotationFactory()

    refused = send(notation, "", details, method="patch")

    notation.refresh_from_db()
    assert (refused.status_code, refused.json()["code"]) == (400, code)
    assert (notation.title, notation.kit_profile, notation.revision) == ("Rock", {}, 1)


def test_a_moderator_changes_no_title():
    refused = send(NotationFactory(), "", {"title": "Roll"}, by=UserFactory(moderator=True), method="patch")

    assert (refused.status_code, refused.json()["code"]) == (403, "permission_denied")


def test_hits_are_written_down_anew_as_they_were_heard(transcribed):
    send(transcribed, "commands/", to_crash("h2"))

    done = send(transcribed, "requantise/", {"base_revision": 2, "meter": "2/4"}).json()

    transcribed.refresh_from_db()
    assert done["revision"] == 3
    assert done["summary"] == ["written anew: 2/4"]
    assert instruments_of(transcribed) == ["kick", "snare", "kick", "snare"]
    assert [(hit["bar"], hit["position"]) for hit in transcribed.score["hits"]] == [
        (1, "0"),
        (1, "1"),
        (2, "0"),
        (2, "1"),
    ]
    assert transcribed.meters == [{"bar": 1, "beats": 2, "beat_type": 4}]
    crash = [hit["instrument"] for hit in transcribed.revisions.get(number=2).score["hits"]]
    assert crash == ["kick", "crash", "kick", "snare"]


def test_the_tempo_is_halved(transcribed):
    send(transcribed, "requantise/", {"base_revision": 1, "tempo_bpm": 60})

    transcribed.refresh_from_db()
    assert transcribed.tempo_bpm == pytest.approx(60.0)
    assert [hit["position"] for hit in transcribed.score["hits"]] == ["0", "1/2", "1", "3/2"]


def test_a_chart_without_a_recording_is_written_anew_from_the_strokes_it_came_with():
    events = [{"onset_s": 0.5 * beat, "instrument": "kick"} for beat in range(4)]
    person = UserFactory()
    made = api(person).post(f"{NOTATIONS}from-events/", {"tempo_bpm": 120, "events": events}, format="json")
    notation = Notation.objects.get(pk=made.json()["id"])

    send(notation, "requantise/", {"base_revision": 1, "tempo_bpm": 60})

    notation.refresh_from_db()
    assert [hit["position"] for hit in notation.score["hits"]] == ["0", "1/2", "1", "3/2"]


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"tempo_bpm": 1000}, "bad_grid_change"),
        ({"pickup_beats": 7}, "bad_grid_change"),
        ({"meter": "4/3"}, "invalid_input"),
        ({"grid": "7"}, "invalid_input"),
        ({"swing": "a lot"}, "invalid_input"),
    ],
)
def test_a_grid_that_no_music_has_is_refused(transcribed, said, code):
    refused = send(transcribed, "requantise/", {"base_revision": 1, **said})

    assert (refused.status_code, refused.json()["code"]) == (400, code)
    assert transcribed.revisions.count() == 1


def test_a_score_without_hits_cannot_be_written_anew():
    empty = one_bar_of_rock() | {"hits": []}

    refused = send(NotationFactory(score=empty), "requantise/", {"base_revision": 1})

    assert (refused.status_code, refused.json()["code"]) == (400, "no_hits")


def _faults(notation: Notation, body: dict[str, Any]) -> Any:
    return send(notation, "validate/", body).json()


def test_checking_says_what_is_wrong_and_changes_nothing():
    notation = NotationFactory()
    wrong = {"commands": [{"op": "remove", "ids": ["nobody"]}]}

    bad_commands, bad_score = _faults(notation, wrong), _faults(notation, {"score": {}})
    good_commands = _faults(notation, {"commands": to_crash("h2")["commands"]})
    good_score = _faults(notation, {"score": one_bar_of_rock()})

    assert [fault["code"] for fault in bad_commands["errors"]] == ["bad_command"]
    assert [fault["code"] for fault in bad_score["errors"]] == ["bad_score"]
    assert good_commands == good_score == {"valid": True, "errors": []}
    assert instruments_of(notation) == ["kick", "snare", "kick", "snare"]
    assert notation.revisions.count() == 1


def test_there_must_be_one_thing_to_check():
    refused = send(NotationFactory(), "validate/", {})

    assert (refused.status_code, refused.json()["code"]) == (400, "invalid_input")


def test_a_job_that_is_run_again_leaves_edits_among_the_revisions(transcribed):
    send(transcribed, "commands/", to_crash("h2"))
    otherwise = one_bar_of_rock()
    otherwise["hits"][1]["instrument"] = "ride"
    again = {
        "owner": transcribed.owner,
        "recording": transcribed.recording,
        "job_id": transcribed.job_id,
        "engine": "crnn 2.0",
        "hits": (),
        "title": "Rock",
    }

    save_transcription(**again, score=one_bar_of_rock())  # what it wrote before: nothing changes
    unchanged = instruments_of(transcribed)
    save_transcription(**again, score=otherwise)

    assert unchanged == ["kick", "crash", "kick", "snare"]
    assert instruments_of(transcribed) == ["kick", "ride", "kick", "snare"]
    kinds = [revision.kind for revision in transcribed.revisions.all()]
    assert kinds == ["transcribed", "edited", "transcribed"]
