"""The table that the player lights notes up by."""

from __future__ import annotations

import json

import pytest

from notation.core.playback import timing_table
from notation.core.tests.songs import SONGS, make_song


def test_every_hit_has_its_second_as_heard(song):
    table = timing_table(song.score())

    assert table["hits"] == {hit.id: pytest.approx(hit.onset_s, abs=1e-3) for hit in song.hits}


def test_bars_follow_one_another_with_the_ids_of_the_drawing():
    table = timing_table(SONGS["pickup"].score())

    assert [bar["id"] for bar in table["bars"][:3]] == ["bar-0", "bar-1", "bar-2"]
    for bar, following in zip(table["bars"], table["bars"][1:], strict=False):
        assert bar["end_s"] == following["start_s"]


def test_beats_are_counted_within_the_bar():
    table = timing_table(make_song([{"k": "x-----"}, {"k": "x-----"}], meter=(6, 8), bpm=60).score())

    assert [(beat["bar"], beat["beat"], beat["time_s"]) for beat in table["beats"]] == [
        (1, 1, 0.5),
        (1, 2, 1.5),
        (2, 1, 2.5),
        (2, 2, 3.5),
    ]


def test_the_table_is_plain_json():
    table = timing_table(SONGS["played"].score())

    assert json.loads(json.dumps(table)) == table
