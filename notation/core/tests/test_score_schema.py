"""The JSON of a score against its published schema."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from jsonschema import Draft202012Validator

from notation.core.instruments import InstrumentName
from notation.core.score import INSTRUMENTS_OF_MARK, SCORE_SCHEMA, Mark, score_from_json, score_to_json
from notation.core.tests.any_score import scores
from notation.core.tests.songs import SONGS
from notation.core.writers.exports import ExportFormat, export

SCHEMA = json.loads((Path(__file__).parents[3] / "docs" / "score.schema.json").read_text("utf-8"))
VALIDATOR = Draft202012Validator(SCHEMA)


def test_the_schema_is_one():
    Draft202012Validator.check_schema(SCHEMA)

    assert SCHEMA["$id"] == SCORE_SCHEMA


def test_a_song_is_valid_and_read_back_whole(song):
    score = song.score()

    data = json.loads(export(score, ExportFormat.JSON).content)

    VALIDATOR.validate(data)
    assert score_from_json(data) == score


@settings(max_examples=20, deadline=None)
@given(scores())
def test_any_score_is_valid_and_read_back_whole(score):
    data = json.loads(export(score, ExportFormat.JSON).content)

    VALIDATOR.validate(data)
    assert score_to_json(score_from_json(data)) == data


def test_the_schema_knows_every_instrument_and_mark():
    hit = SCHEMA["$defs"]["hit"]["properties"]

    assert hit["instrument"]["enum"] == [name.value for name in InstrumentName]
    assert hit["marks"]["items"]["enum"] == [mark.value for mark in Mark]
    assert set(SCHEMA["$defs"]["choke_is_a_cymbal"]["then"]["properties"]["instrument"]["enum"]) == {
        name.value for name in INSTRUMENTS_OF_MARK[Mark.CHOKE]
    }


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("schema",), "drumsite.score/1"),
        (("bars",), []),
        (("bars", 0, "beat_type"), 5),
        (("bars", 0, "quarters"), "4/0"),
        (("hits", 0, "id"), "h 1"),
        (("hits", 0, "velocity"), 0),
        (("hits", 0, "position"), "-1/2"),
        (("hits", 0, "instrument"), "gong"),
        (("hits", 0, "marks"), ["rim_shot"]),
        (("hits", 0, "marks"), ["roll", "roll"]),
    ],
)
def test_what_is_no_score_is_not_valid(place, value):
    data = copy.deepcopy(score_to_json(SONGS["metal"].score()))
    assert data["hits"][0]["instrument"] != "snare"
    *way, last = place
    target = data
    for step in way:
        target = target[step]
    target[last] = value

    assert not VALIDATOR.is_valid(data)
