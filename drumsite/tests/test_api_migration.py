"""What ``docs/api-migration.md`` says of other systems' endpoints, and that ours beside them are there."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import fields

import pytest
from django.conf import settings

from drumsite.tests.api_migration import (
    NOTHING,
    OurRoutes,
    Row,
    document,
    named,
    quoted,
    routes_in,
    rows,
    words,
)
from media.core.formats import accepted_formats
from notation.core.instruments import InstrumentName
from notation.core.readers.gm import GENERAL_MIDI
from transcription.core.operations import OPERATIONS
from transcription.core.options import JobOptions
from transcription.core.stages import Stage
from transcription.models import Job

# As counted in their code in November 2026 (method and path; framework pages left out): DrumScore and its
# successor GrooveSheet, DrumScribe with its one outgoing call, Drum Notation's current (140), earlier and
# merely documented endpoints, Music Assistant as described and its later generations.
EXPECTED_ROWS = {"DS": 13, "GS": 6, "DSC": 9, "DN": 140, "DNo": 21, "DNx": 30, "MA": 6, "MAl": 30}
# What at least one of them took (their extensions); their largest limit was 500 MB.
THEIR_EXTENSIONS = {
    *(".wav", ".mp3", ".flac", ".ogg", ".m4a", ".aac", ".wma", ".aiff"),
    *(".mp4", ".mov", ".avi", ".mkv", ".webm"),
}


@pytest.fixture(scope="module")
def ours() -> OurRoutes:
    return OurRoutes.generated()


@pytest.fixture(scope="module")
def known_settings() -> set[str]:
    example = (settings.BASE_DIR / ".env.example").read_text(encoding="utf-8")
    return set(re.findall(r"^# ([A-Z0-9_]+)=", example, re.MULTILINE))


def extensions_read_here() -> set[str]:
    return {extension for known in accepted_formats() for extension in known.extensions}


def test_every_endpoint_of_every_system_has_its_row() -> None:
    counts = Counter(row.system for row in rows().values())

    assert counts == EXPECTED_ROWS
    for system, count in EXPECTED_ROWS.items():
        assert [f"{system}-{number:02d}" for number in range(1, count + 1)] == [
            row.id for row in rows().values() if row.system == system
        ]


@pytest.mark.parametrize("row", rows().values(), ids=lambda row: row.id)
def test_ours_is_named_or_there_is_a_reason(row: Row) -> None:
    assert row.method.split()[0] in {"GET", "POST", "PUT", "PATCH", "DELETE", "WS"}
    if row.ours != NOTHING:
        assert row.routes
        assert row.ours == ", ".join(f"`{route}`" for route in row.routes)
        return
    assert len(row.how.split()) > 1
    if pointer := re.match(r"As ([\w-]+)\.$", row.how):
        assert not rows()[pointer[1]].how.startswith("As ")


def test_every_route_that_is_named_is_there(ours: OurRoutes) -> None:
    named_routes = dict.fromkeys(routes_in(document()))
    assert len(named_routes) > 60

    faults = {route: ours.fault_of(route) for route in named_routes}

    assert {route: fault for route, fault in faults.items() if fault} == {}


@pytest.mark.parametrize(
    ("route", "fault"),
    [
        ("GET /api/v1/songs/", "not in the API's description"),
        ("PUT /api/v1/jobs/", "not in the API's description"),
        ("GET /api/v1/jobs/{id}/download/mp3/", "not in the API's description"),
        ("GET /api/v1/jobs/{id}/download/pdf/", None),
        ("GET /api/v1/jobs/?colour=red", "no parameter colour"),
        ("GET /api/v1/jobs/?status=failed", None),
        ("WS /ws/songs/{id}/", "no such websocket"),
        ("WS /ws/jobs/{id}/", None),
        ("GET /admin/accounts/song/", "no such page"),
        ("POST /account/email/", "no such page"),
        ("GET /account/email/", None),
    ],
)
def test_a_route_that_is_not_there_is_noticed(ours: OurRoutes, route: str, fault: str | None) -> None:
    assert ours.fault_of(route) == fault


@pytest.mark.parametrize(
    "removed",
    ["/api/v1/jobs/{id}/result/", "/api/v1/recordings/formats/", "/api/v1/notations/{id}/export/{fmt}/"],
)
def test_without_one_of_our_addresses_rows_would_fail(ours: OurRoutes, removed: str) -> None:
    fewer = OurRoutes({path: methods for path, methods in ours.paths.items() if path != removed})

    missing = [row.id for row in rows().values() if any(fewer.fault_of(route) for route in row.routes)]

    assert len(missing) > 1


def test_every_operation_that_is_named_is_one() -> None:
    found = set(named("operation", document()))

    assert found == {operation.value for operation in OPERATIONS} - {"beats"}  # nobody had the beat alone


def test_every_option_that_is_named_is_one() -> None:
    found = set(named("option", document()))

    assert len(found) > 10
    assert found <= {field.name for field in fields(JobOptions)}


def test_states_are_translated_into_ours() -> None:
    known = {*Job.Status.values, *(stage.value for stage in Stage), "failure.code"}

    translated = {word for *_, cell in words("States of a job") for word in quoted(cell)}

    assert translated <= known
    assert set(Job.Status.values) <= translated


def test_instruments_are_translated_into_ours() -> None:
    names = {name.value for name in InstrumentName}

    pairs = [(theirs.split(", "), quoted(ours)) for *_, theirs, ours in words("Instruments")]

    assert {name for _, ours in pairs for name in ours} <= names
    by_key = {int(key): ours[0] for keys, ours in pairs for key in keys if key.isdigit()}
    assert by_key == {key: GENERAL_MIDI[key].value for key in by_key}
    assert len(by_key) > 10


def test_settings_are_translated_into_ours(known_settings: set[str]) -> None:
    translated = {
        name for _, cell in words("Settings") for name in quoted(cell) if re.fullmatch(r"[A-Z0-9_]+", name)
    }

    assert len(translated) > 12
    assert translated <= known_settings
    assert [row for row in words("Settings") if not quoted(row[1]) and NOTHING not in row[1]] == []


def test_every_file_that_they_took_is_taken() -> None:
    assert extensions_read_here() >= THEIR_EXTENSIONS


def test_the_limit_that_is_told_is_the_default() -> None:
    assert f"`UPLOAD_MAX_MB` ({settings.UPLOAD_MAX_MB}; 500" in document()
