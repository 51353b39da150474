"""The stored form of a score."""

from __future__ import annotations

import json
from copy import deepcopy

import pytest

from notation.core.errors import BadScore
from notation.core.score import score_from_json, score_to_json
from notation.core.tests.songs import SONGS


def test_a_score_comes_back_from_json_unchanged(song):
    score = song.score()

    assert score_from_json(json.loads(json.dumps(score_to_json(score)))) == score


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("schema",), "drumsite.score/9"),
        (("bars",), []),
        (("bars", 0, "beats"), 0),
        (("bars", 0, "beat_type"), 5),
        (("bars", 0, "quarters"), "9"),
        (("bars", 0, "quarters"), "one"),
        (("bars", 0, "quarters"), "1/0"),
        (("bars", 1, "number"), 7),
        (("bars", 0, "beat_times_s"), [0.0]),
        (("hits", 0, "id"), "h2"),
        (("hits", 0, "id"), "<script>"),
        (("hits", 0, "instrument"), "triangle"),
        (("hits", 0, "velocity"), 0),
        (("hits", 0, "marks"), ["loud"]),
        (("hits", 0, "marks"), ["ghost", "accent"]),
        (("hits", 0, "marks"), ["rim_shot"]),
        (("hits", 0, "bar"), 99),
        (("hits", 0, "position"), "4"),
        (("hits", 0, "position"), "-1/4"),
        (("hits", 0, "grace_of"), "h9999"),
        (("hits", 0), None),
        (("tempo_bpm",), None),
    ],
)
def test_a_score_that_contradicts_itself_is_refused(path, value):
    data = deepcopy(score_to_json(SONGS["rock"].score()))
    place = data
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value

    with pytest.raises(BadScore) as refused:
        score_from_json(data)

    assert refused.value.code == "bad_score"


def test_a_missing_field_is_named():
    data = score_to_json(SONGS["rock"].score())
    del data["hits"][3]["velocity"]

    with pytest.raises(BadScore, match="velocity"):
        score_from_json(data)


def test_a_score_of_the_first_schema_is_still_read():
    stored = score_to_json(SONGS["shuffle"].score())
    del stored["swing_marks"]
    for hit in stored["hits"]:
        del hit["marks"]

    score = score_from_json(stored | {"schema": "drumsite.score/1", "swing": "eighth"})

    assert score == SONGS["shuffle"].score()
