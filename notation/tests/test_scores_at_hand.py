"""Parsed scores are kept between requests, and never those of a change that did not come to be."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.db import transaction

from accounts.tests.factories import UserFactory
from notation.editing import edit
from notation.models import Notation
from notation.scores import ScoreShelf, score_of
from notation.tests.clients import to_crash
from notation.tests.factories import NotationFactory

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_score_is_read_once(django_assert_num_queries):
    notation = NotationFactory()
    first = score_of(notation)

    with django_assert_num_queries(0):
        again = score_of(notation)

    assert again is first


def test_a_change_that_is_rolled_back_leaves_nothing_at_hand():
    notation = NotationFactory()
    crash = to_crash("h2")["commands"]
    ride = [crash[0] | {"instrument": "ride"}]
    with transaction.atomic():
        edit(notation=notation, by=notation.owner, base_revision=1, commands=crash)
        transaction.set_rollback(True)
    fresh = Notation.objects.get(pk=notation.pk)

    edit(notation=fresh, by=UserFactory(admin=True), base_revision=1, commands=ride)

    fresh.refresh_from_db()
    assert [placed.hit.instrument for placed in score_of(fresh).hits] == ["kick", "ride", "kick", "snare"]


def test_the_shelf_lets_go_of_what_nobody_asked_for():
    notation = NotationFactory()
    score = score_of(notation)  # four hits and a bar
    shelf = ScoreShelf(hits_kept=10)

    for number in (1, 2):
        shelf.put(notation.pk, number, score)
    shelf.get(notation.pk, 1)
    shelf.put(notation.pk, 3, replace(score, title="third"))

    assert shelf.get(notation.pk, 2) is None
    assert shelf.get(notation.pk, 1) is score
    assert shelf.get(notation.pk, 3) is not None
