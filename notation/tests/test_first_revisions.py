"""The migrations that bring older notations up to date: their first revision, the second schema."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from accounts.tests.factories import UserFactory
from notation.core.score import score_from_json, score_to_json
from notation.models import Notation
from notation.tests.clients import read
from notation.tests.factories import NotationFactory, one_bar_of_rock

pytestmark = pytest.mark.django_db(transaction=True)

BEFORE, AFTER = "0001_hits_and_notations", "0003_first_revisions"
SECOND_SCHEMA = "0005_second_score_schema"


@pytest.fixture
def migrate_to() -> Iterator[Any]:
    """Return a function that takes the app to a migration; in the end it is at its last again."""

    def migrate(name: str) -> Any:
        executor = MigrationExecutor(connection)
        executor.migrate([("notation", name)])
        return executor.loader.project_state([("notation", name)]).apps

    yield migrate
    executor = MigrationExecutor(connection)
    executor.migrate([node for node in executor.loader.graph.leaf_nodes() if node[0] == "notation"])


def test_an_older_notation_gets_its_first_revision_and_loses_nothing_on_the_way_back(migrate_to):
    owner = UserFactory()
    notation_model = migrate_to(BEFORE).get_model("notation", "Notation")
    old = notation_model.objects.create(
        owner_id=owner.pk, title="Rock", tempo_bpm=120.0, score=one_bar_of_rock()
    )

    apps = migrate_to(AFTER)
    notation = apps.get_model("notation", "Notation").objects.get(pk=old.pk)
    revision = apps.get_model("notation", "Revision").objects.get(notation=notation)
    forth = (notation.revision, notation.hit_count, notation.bar_count, notation.duration_s)
    first = (revision.number, revision.author_id, revision.kind, revision.score == old.score)
    same_day = revision.created_at == notation.created_at
    back = migrate_to(BEFORE).get_model("notation", "Notation").objects.get(pk=old.pk)

    assert forth == (1, 4, 1, 2.0)
    assert first == (1, owner.pk, "imported", True)
    assert same_day
    assert back.score == old.score


def of_first_schema(swing: str | None) -> dict[str, Any]:
    """Return a score as it was stored before there were marks, and several swings in a song."""
    score = one_bar_of_rock() | {"schema": "drumsite.score/1", "swing": swing}
    del score["swing_marks"]
    for hit in score["hits"]:
        del hit["marks"]
    return score


@pytest.mark.parametrize("swing", [None, "eighth"])
def test_a_score_of_the_first_schema_is_handed_out_as_the_second(migrate_to, swing):
    migrate_to("0004_fresh_hit_ids")
    stored = of_first_schema(swing)
    notation = NotationFactory(score=stored)
    before = Notation.objects.get(pk=notation.pk)

    migrate_to(SECOND_SCHEMA)

    given = [read(notation).json()["score"], read(notation, "revisions/1/").json()["score"]]
    assert given == [score_to_json(score_from_json(stored))] * 2
    assert Notation.objects.get(pk=notation.pk).updated_at == before.updated_at
