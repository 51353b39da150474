"""The documents on commands say what the code does."""

from __future__ import annotations

import json
import re
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from notation.core.edits import BadCommand, apply_commands
from notation.core.edits.application import MOST_COMMANDS
from notation.core.edits.parsing import OPS
from notation.core.instruments import InstrumentName
from notation.core.score import Mark
from notation.core.tests.any_commands import commands_for
from notation.core.tests.songs import SONGS

DOCS = Path(__file__).parents[3] / "docs"
SCHEMA = json.loads((DOCS / "commands.schema.json").read_text("utf-8"))
EDITING = (DOCS / "editing.md").read_text("utf-8")
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
ROCK = SONGS["rock"].score()
EXAMPLES = [(op, example) for op in OPS for example in SCHEMA["$defs"][op]["examples"]]
IN_THE_TEXT = [json.loads(line) for line in re.findall(r"^\{\"op\".*\}$", EDITING, re.MULTILINE)]


def test_the_schema_is_one():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["maxItems"] == MOST_COMMANDS


def test_every_operation_is_described_in_both_documents():
    described = [reference["$ref"].removeprefix("#/$defs/") for reference in SCHEMA["items"]["oneOf"]]

    assert described == list(OPS)
    assert {command["op"] for command in IN_THE_TEXT} == set(OPS)


@pytest.mark.parametrize("op", OPS)
def test_the_schema_has_the_commands_fields_and_no_others(op):
    described = SCHEMA["$defs"][op]
    names = {"from_bar": "from", "to_bar": "to"}
    of_code = {names.get(field.name, field.name): field for field in fields(OPS[op])}

    assert set(described["properties"]) == {"op", *of_code}
    required = {name for name, field in of_code.items() if field.default is MISSING}
    assert set(described["required"]) == {"op", *required}


def test_instruments_and_marks_are_those_of_the_code():
    assert SCHEMA["$defs"]["instrument"]["enum"] == [name.value for name in InstrumentName]
    assert SCHEMA["$defs"]["marking"]["enum"] == [mark.value for mark in Mark]


@pytest.mark.parametrize(("op", "example"), EXAMPLES)
def test_each_example_is_valid_and_can_be_carried_out(op, example):
    VALIDATOR.validate([example])

    apply_commands(ROCK, [example])

    assert example["op"] == op


@pytest.mark.parametrize("command", IN_THE_TEXT, ids=lambda command: command["op"])
def test_each_example_in_the_text_is_valid_and_can_be_carried_out(command):
    VALIDATOR.validate([command])

    apply_commands(ROCK, [command])


@pytest.mark.parametrize(("op", "example"), EXAMPLES)
def test_code_and_schema_refuse_the_same_incomplete_commands(op, example):
    for key in example:
        incomplete = {name: value for name, value in example.items() if name != key}

        assert is_valid(incomplete) == is_read(incomplete), incomplete
    assert not is_valid({**example, "colour": "red"})
    assert not is_read({**example, "colour": "red"})


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_what_is_carried_out_is_valid(data):
    for command in data.draw(commands_for(ROCK, most=8)):
        sent = {
            key: value
            for key, value in command.items()
            if value is not None or key in ("bpm", "name", "swing")
        }
        if is_carried_out(sent):
            VALIDATOR.validate([sent])


def is_valid(command: dict[str, Any]) -> bool:
    return VALIDATOR.is_valid([command])


def is_carried_out(command: dict[str, Any]) -> bool:
    try:
        apply_commands(ROCK, [command])
    except BadCommand:
        return False
    return True


is_read = is_carried_out
