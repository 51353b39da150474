from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from notation.core.errors import BadEvents
from notation.core.readers.event_list import read_events, score_of_events

KICK = {"onset_s": 0.5, "instrument": "kick", "velocity": 100}


def test_strokes_on_a_steady_tempo_stand_where_their_seconds_say():
    events = [{"onset_s": 0.5 * beat, "instrument": "snare"} for beat in (5, 1, 0)]

    score = score_of_events(read_events(events, tempo_bpm=120.0, meter=(4, 4)), title="Three strokes")

    assert score.title == "Three strokes"
    assert [(placed.hit.id, placed.bar, placed.position) for placed in score.hits] == [
        ("h1", 1, Fraction(0)),
        ("h2", 1, Fraction(1)),
        ("h3", 2, Fraction(1)),
    ]


def test_beats_that_are_given_decide_where_the_bars_are():
    beats = [{"time_s": 10 + 0.6 * beat, "bar": 1 + beat // 3, "beat": 1 + beat % 3} for beat in range(7)]
    events = [{"onset_s": 10 + 0.6 * beat, "instrument": "kick"} for beat in range(6)]

    score = score_of_events(read_events(events, tempo_bpm=100.0, meter=(3, 4), beats=beats))

    assert [(meter.beats, meter.beat_type) for meter in score.meters] == [(3, 4)]
    assert score.bars[0].start_s == pytest.approx(10.0)
    assert [(placed.bar, placed.position) for placed in score.hits] == [
        (1 + beat // 3, Fraction(beat % 3)) for beat in range(6)
    ]


def test_a_bar_with_other_beats_has_a_meter_of_its_own():
    beats, time_s = [], 0.0
    for bar, length in ((1, 4), (2, 3), (3, 4), (4, 4)):
        for place in range(1, length + 1):
            beats.append({"time_s": time_s, "bar": bar, "beat": place})
            time_s += 0.5
    events = [{"onset_s": 0.5 * beat, "instrument": "kick"} for beat in range(15)]

    score = score_of_events(read_events(events, tempo_bpm=120.0, meter=(4, 4), beats=beats))

    assert [(meter.bar, meter.beats) for meter in score.meters] == [(1, 4), (2, 3), (3, 4)]


@pytest.mark.parametrize(
    ("events", "beats", "reason"),
    [
        ([], [], "there are none"),
        ([7], [], "event 0 is not an object"),
        ([KICK, {"instrument": "kick"}], [], "event 1 has no 'onset_s'"),
        ([KICK | {"onset_s": float("nan")}], [], "event 0 has no 'onset_s'"),
        ([KICK | {"onset_s": 1e9}], [], "event 0 has no 'onset_s'"),
        ([KICK | {"onset_s": True}], [], "event 0 has no 'onset_s'"),
        ([KICK | {"instrument": "gong"}], [], "event 0 has no known instrument"),
        ([KICK | {"instrument": ["kick"]}], [], "event 0 has no known instrument"),
        ([KICK | {"velocity": 0}], [], "event 0 has no right 'velocity'"),
        ([KICK | {"velocity": 10**400}], [], "event 0 has no right 'velocity'"),
        ([KICK] * 20_001, [], "there are 20001"),
        ([KICK], [{"time_s": 0, "bar": 1, "beat": 1}], "one beat is no tempo"),
        (
            [KICK],
            [{"time_s": 0, "bar": 1, "beat": 1}, {"time_s": 0, "bar": 1, "beat": 2}],
            "not 0.1 s after another",
        ),
        ([KICK], [{"time_s": 0, "bar": 1, "beat": 1}, {"time_s": 1, "bar": 3, "beat": 1}], "does not follow"),
        (
            [KICK | {"onset_s": 7000}],
            [{"time_s": 0, "bar": 1, "beat": 1}, {"time_s": 0.1, "bar": 1, "beat": 2}],
            "bars, more than 5000",
        ),
    ],
)
def test_what_is_not_music_is_refused_with_a_reason(events: list[Any], beats: list[Any], reason: str):
    with pytest.raises(BadEvents, match=reason):
        read_events(events, tempo_bpm=120.0, meter=(4, 4), beats=beats)
