from __future__ import annotations

import pytest

from accounts.tests.factories import UserFactory
from notation.tests.clients import NOTATIONS, api
from notation.tests.factories import NotationFactory

pytestmark = pytest.mark.django_db

OVERVIEW = f"{NOTATIONS}stats/overview/"


def test_charts_minutes_hits_and_tempi_are_counted():
    person = UserFactory()
    NotationFactory(owner=person, duration_s=90.0, tempo_bpm=118.0)
    NotationFactory(owner=person, duration_s=30.0, tempo_bpm=112.0)
    NotationFactory(owner=person, duration_s=60.0, tempo_bpm=95.0)
    NotationFactory()  # somebody else's

    body = api(person).get(OVERVIEW).json()

    assert (body["charts"], body["minutes"], body["hits"], body["bars"]) == (3, 3.0, 12, 3)
    assert body["tempi"] == [
        {"from_bpm": 90, "to_bpm": 100, "charts": 1},
        {"from_bpm": 110, "to_bpm": 120, "charts": 2},
    ]
    assert body["meters"] == [{"meter": "4/4", "charts": 3}]


def test_the_most_used_groove_is_told_with_a_bar_that_shows_it():
    person = UserFactory()
    rock = NotationFactory(owner=person)
    waltz = [{"onset_s": beat / 2, "instrument": "snare" if beat % 3 else "kick"} for beat in range(6)]
    entered = {"title": "Waltz", "tempo_bpm": 120, "meter": "3/4", "events": waltz}
    made = api(person).post(f"{NOTATIONS}from-events/", entered, format="json").json()

    first, second = api(person).get(OVERVIEW).json()["grooves"]

    assert first == {
        "meter": "3/4",
        "strokes": {"kick": ["0"], "snare": ["1", "2"]},
        "bars": 2,
        "charts": 1,
        "example": {"notation": made["id"], "title": "Waltz", "bar": 1},
    }
    assert (second["meter"], second["example"]["notation"]) == ("4/4", str(rock.pk))


def test_who_has_no_charts_gets_noughts():
    body = api(UserFactory()).get(OVERVIEW).json()

    assert (body["charts"], body["minutes"], body["hits"], body["grooves"]) == (0, 0.0, 0, [])
