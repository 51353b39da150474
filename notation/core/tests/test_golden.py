"""What the writers write is what was last looked at; ``script/draw_charts`` accepts a change."""

from __future__ import annotations

import pytest

from notation.core.score import score_from_json, score_to_json
from notation.core.tests.charts import CHARTS
from notation.core.tests.golden import FORMATS, golden_file
from notation.core.writers.exports import ExportFormat, export


@pytest.mark.parametrize("fmt", FORMATS)
@pytest.mark.parametrize("name", CHARTS)
def test_a_chart_is_written_as_it_was(name: str, fmt: ExportFormat):
    written = export(CHARTS[name], fmt).content.decode()

    assert written == golden_file(name, fmt).read_text("utf-8"), "if it is better so: script/draw_charts"


@pytest.mark.parametrize("name", CHARTS)
def test_a_chart_is_a_sound_score(name: str):
    assert score_from_json(score_to_json(CHARTS[name])) == CHARTS[name]
