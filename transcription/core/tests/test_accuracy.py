"""That the shipped engine still hears as well as docs/accuracy.md says."""

from __future__ import annotations

from pathlib import Path

import pytest

from notation.core.instruments import DrumClass
from transcription.core.detection import load_detector
from transcription.core.evaluation import Figures, evaluate_pipeline
from transcription.core.evaluation.report import mean, reached_f

SONGS = Path(__file__).resolve().parents[4] / "shared" / "mdb-drums"
SOURCES = ("drums", "mix")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not SONGS.is_dir(), reason="the annotated songs are not beside this checkout"),
]


@pytest.fixture(scope="module")
def figures() -> dict[str, Figures]:
    report = evaluate_pipeline(SONGS, SOURCES, load_detector())
    return {source: report.pooled(source) for source in SOURCES}


# Floors lie a little below what was measured: another processor rounds otherwise.
@pytest.mark.parametrize(("source", "floor"), [("drums", 0.93), ("mix", 0.91)])
def test_real_songs_are_heard_as_well_as_promised(
    figures: dict[str, Figures], source: str, floor: float
) -> None:
    assert figures[source].micro().f_measure >= floor


@pytest.mark.parametrize(
    ("source", "drum_class", "floor"),
    [
        ("drums", DrumClass.KICK, 0.97),
        ("drums", DrumClass.SNARE, 0.91),
        ("drums", DrumClass.TOM, 0.66),
        ("drums", DrumClass.HIHAT, 0.91),
        ("drums", DrumClass.CYMBAL, 0.93),
        ("mix", DrumClass.KICK, 0.94),
        ("mix", DrumClass.SNARE, 0.86),
        ("mix", DrumClass.TOM, 0.61),
        ("mix", DrumClass.HIHAT, 0.90),
        ("mix", DrumClass.CYMBAL, 0.93),
    ],
)
def test_no_class_falls_behind(
    figures: dict[str, Figures], source: str, drum_class: DrumClass, floor: float
) -> None:
    assert reached_f(figures[source], drum_class) >= floor


@pytest.mark.parametrize("source", SOURCES)
def test_onsets_are_exact(figures: dict[str, Figures], source: str) -> None:
    heard = figures[source]

    assert heard.micro(50).f_measure - heard.micro(20).f_measure <= 0.06
    assert heard.all_matched.error_percentile_ms(50) <= 10


@pytest.mark.parametrize("source", SOURCES)
def test_the_beat_is_found_in_every_song(figures: dict[str, Figures], source: str) -> None:
    beats = figures[source].beats

    assert mean(score.beat_f for score in beats) >= 0.95
    assert all(score.tempo == "right" for score in beats)
