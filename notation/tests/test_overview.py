from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.tests.factories import UserFactory
from notation import overview
from notation.core.form.bar_grooves import count_grooves
from notation.models import Notation
from notation.tests.clients import NOTATIONS, api, send, to_crash
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


def test_grooves_are_looked_for_in_the_newest_charts_only(monkeypatch):
    monkeypatch.setattr(overview, "_CHARTS_READ", 2)
    person = UserFactory()
    charts = NotationFactory.create_batch(3, owner=person)
    for days, chart in enumerate(charts):  # the first is the newest
        Notation.objects.filter(pk=chart.pk).update(created_at=timezone.now() - timedelta(days=days))

    body = api(person).get(OVERVIEW).json()

    (groove,) = body["grooves"]
    assert (body["charts"], body["bars"]) == (3, 3)
    assert (groove["charts"], groove["bars"]) == (2, 2)
    assert groove["example"]["notation"] == str(charts[0].pk)


def test_grooves_are_kept_until_the_chart_or_the_code_changes(monkeypatch):
    chart = NotationFactory()
    read = []
    monkeypatch.setattr(overview, "count_grooves", lambda score: read.append(score) or count_grooves(score))

    def times_read_after_asking() -> int:
        api(chart.owner).get(OVERVIEW)
        return len(read)

    first, again = times_read_after_asking(), times_read_after_asking()
    send(chart, "commands/", to_crash("h2"))
    edited = times_read_after_asking()
    monkeypatch.setattr(overview, "writers_version", lambda: "the-next-version")
    released = times_read_after_asking()

    assert (first, again, edited, released) == (1, 1, 2, 3)
