from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from notation.core.beat_grid import Beat, BeatGrid, Meter
from notation.core.hits import Hit
from notation.core.instruments import InstrumentName
from notation.core.quantising.quantise import QuantiseConfig, quantise
from transcription.core.hit_list import grid_to_json, hits_to_json
from transcription.core.nets import Nets
from transcription.core.options import JobOptions
from transcription.core.pipeline import Limits, StageContext, notate
from transcription.core.result import build_result

SCHEMA = json.loads((Path(__file__).parents[3] / "docs" / "result.schema.json").read_text("utf-8"))
KICK, SNARE = InstrumentName.KICK, InstrumentName.SNARE
GRID = BeatGrid(
    beats=tuple(Beat(0.5 * number, number // 4 + 1, number % 4 + 1) for number in range(9)),
    meters=(Meter(1, 4, 4),),
    tempo_bpm=120.0,
    unreliable=False,
)


def result(hits: list[Hit], **more: Any) -> dict[str, Any]:
    return build_result(
        score=quantise(tuple(hits), GRID, QuantiseConfig(), title="", artist=""),
        grid=GRID,
        audio={"duration_s": 4.0, "sha256": "0" * 64},
        engines={"detect": "crnn 1.0"},
        warnings=(),
        **more,
    )


def backbeat(confidence: float) -> list[Hit]:
    return [
        Hit(f"h{number + 1}", 0.5 * number, (KICK, SNARE)[number % 2], 100, confidence) for number in range(4)
    ]


@pytest.mark.parametrize("hits", [backbeat(0.8), []])
def test_a_result_is_what_the_schema_says(hits: list[Hit]) -> None:
    jsonschema.validate(result(hits), SCHEMA)


def test_a_result_of_an_earlier_version_is_still_valid() -> None:
    earlier = result(backbeat(0.8))
    del earlier["expected_f"]

    jsonschema.validate(earlier, SCHEMA)


def test_a_result_says_how_right_each_instrument_probably_is() -> None:
    expected = result(backbeat(0.8), missed_mass_by_instrument={SNARE: 2.0})["expected_f"]

    assert expected["counts_missed"]
    assert expected["instruments"]["kick"] == pytest.approx(2 * 1.6 / (2 + 1.6), abs=1e-3)
    assert expected["instruments"]["snare"] == pytest.approx(2 * 1.6 / (2 + 1.6 + 2), abs=1e-3)
    assert expected["overall"] == pytest.approx(2 * 3.2 / (4 + 3.2 + 2), abs=1e-3)


def test_an_expectation_outside_its_range_is_refused_by_the_schema() -> None:
    wrong = result(backbeat(0.8))
    wrong["expected_f"]["overall"] = 1.2

    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(wrong, SCHEMA)


@pytest.mark.parametrize(("stored", "counted"), [({"missed_mass": {"snare": 2.0}}, True), ({}, False)])
def test_missed_strokes_are_counted_where_the_detector_said_how_many(
    tmp_path: Path, stored: dict[str, Any], counted: bool
) -> None:
    files = {
        "hits.json": hits_to_json(backbeat(0.8), engine="crnn 1.0") | stored,
        "beats.json": grid_to_json(GRID),
        "audio.json": {"duration_s": 4.0, "sha256": "0" * 64},
    }
    for name, content in files.items():
        (tmp_path / name).write_text(json.dumps(content))
    inputs = {name: tmp_path / name for name in files}

    notate(StageContext(inputs, tmp_path, JobOptions(), Limits(), Nets(), lambda fraction: None))

    expected = json.loads((tmp_path / "result.json").read_text())["expected_f"]
    assert expected["counts_missed"] is counted
    assert expected["instruments"]["snare"] == pytest.approx(3.2 / (3.6 + 2 * counted), abs=1e-3)
