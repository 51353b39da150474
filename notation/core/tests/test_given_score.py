from __future__ import annotations

from typing import Any

import pytest

from notation.core.errors import BadScore
from notation.core.readers.event_list import read_events, score_of_events
from notation.core.readers.given_score import read_given_score
from notation.core.score import score_to_json


def two_bars() -> dict[str, Any]:
    events = [{"onset_s": 0.5 * beat, "instrument": "kick"} for beat in range(8)]
    return score_to_json(
        score_of_events(read_events(events, tempo_bpm=120.0, meter=(4, 4)), title="Two bars")
    )


def test_what_was_written_is_read_back():
    assert score_to_json(read_given_score(two_bars())) == two_bars()


def test_texts_are_made_to_be_one_line_that_can_be_stored():
    data = two_bars() | {"title": "A\x00 title\nof two lines", "artist": " "}
    data["bars"][1]["section"] = "B\x00"

    score = read_given_score(data)

    assert (score.title, score.artist, score.bars[1].section) == ("A title of two lines", "", "B")


@pytest.mark.parametrize(
    ("where", "field", "value", "reason"),
    [
        ("", "hits", None, "'hits' is not a list"),
        ("", "hits", [1], "'hits' is not a list"),
        ("", "bars", [], "no bars"),
        ("", "title", 7, "'title' is not text"),
        ("", "schema", "other", "schema"),
        ("", "tempo_bpm", 1e999, "the tempo inf lies outside"),
        ("", "tempo_bpm", 0, "the tempo 0 lies"),
        ("", "tempo_marks", [{"bar": 9, "bpm": 100}], "a mark stands in bar 9"),
        ("hits", "position", "1e999999999", "'position' is not a fraction"),
        ("hits", "position", "1/0", "'position' is not a fraction"),
        ("hits", "position", 1, "'position' is not a fraction"),
        ("hits", "onset_s", float("nan"), "the onset nan lies"),
        ("hits", "onset_s", -1.0, "the onset -1 lies"),
        ("hits", "velocity", 1e999, "out of range"),
        ("hits", "confidence", 2.0, "the confidence 2 lies"),
        ("hits", "grace_of", ["h1"], "'grace_of' is not an id"),
        ("bars", "quarters", "9" * 5000, "'quarters' is not a fraction"),
        ("bars", "section", 5, "a section's name is not text"),
        ("bars", "end_s", -5.0, "a bar ends before its last beat"),
        ("bars", "beat_times_s", [3.0, 2.0, 1.0, 0.0], "not in order of time"),
    ],
)
def test_what_no_score_says_is_refused_with_a_reason(where: str, field: str, value: Any, reason: str):
    data = two_bars()
    target = data[where][0] if where else data
    target[field] = value

    with pytest.raises(BadScore, match=reason):
        read_given_score(data)


def test_more_than_is_accepted_is_refused():
    with pytest.raises(BadScore, match="it has 8 hits, more than 7"):
        read_given_score(two_bars(), most_hits=7)
    with pytest.raises(BadScore, match="it has 2 bars, more than 1"):
        read_given_score(two_bars(), most_bars=1)
