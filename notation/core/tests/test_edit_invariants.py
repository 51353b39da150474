"""What holds after any commands on any score."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from notation.core.edits import BadCommand, apply_commands, compare
from notation.core.score import Score, score_from_json, score_to_json
from notation.core.spelling.spell import spell
from notation.core.tests.any_commands import commands_for
from notation.core.tests.any_score import scores
from notation.core.tests.songs import SONGS

PLAIN = [SONGS[name].score() for name in ("rock", "shuffle", "six_eight", "pickup", "odd")]


def carry_out_one_by_one(score: Score, commands, **options):
    """Apply what can be applied; yield the score before, what came of it, and the score after."""
    fresh_from = None
    for command in commands:
        try:
            edited = apply_commands(score, [command], fresh_from=fresh_from, **options)
        except BadCommand:
            continue
        yield score, edited
        score, fresh_from = edited.score, edited.fresh_from


def check_sound(score: Score) -> None:
    assert score_from_json(json.loads(json.dumps(score_to_json(score)))) == score
    order = [(placed.bar, placed.position) for placed in score.hits]
    assert order == sorted(order)
    assert all(placed.hit.onset_s >= 0 for placed in score.hits)
    marked = [mark.bar for mark in (*score.tempo_marks, *score.swing_marks)]
    assert all(score.bars[0].number <= bar <= score.bars[-1].number for bar in marked)


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data(), st.booleans())
def test_a_song_stays_a_song_whatever_is_done_to_it(data, has_recording):
    score = data.draw(st.sampled_from(PLAIN))
    ever_used = {placed.hit.id for placed in score.hits}

    for before, edited in carry_out_one_by_one(
        score, data.draw(commands_for(score)), has_recording=has_recording
    ):
        check_sound(edited.score)
        ids = {placed.hit.id for placed in edited.score.hits}
        assert not (ids - {placed.hit.id for placed in before.hits}) & ever_used
        ever_used |= ids
        times = [time for bar in edited.score.bars for time in (*bar.beat_times_s, bar.end_s)]
        assert all(earlier <= later + 1e-9 for earlier, later in pairwise(times))
        numbers = {bar.number for bar in edited.score.bars}
        assert edited.changed_bars <= numbers
        assert bool(edited.summary) == (edited.score != before) or has_only_other_times(before, edited.score)


def has_only_other_times(before: Score, after: Score) -> bool:
    return not compare(before, after).changed_bars


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data(), scores().map(score_to_json).map(score_from_json))
def test_even_an_unreadable_score_can_be_edited(data, score):
    for _, edited in carry_out_one_by_one(score, data.draw(commands_for(score, most=3))):
        check_sound(edited.score)
        assert sum(1 for _ in spell(edited.score)) == len(edited.score.bars)


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_commands_sent_together_do_what_they_do_one_by_one(data):
    score = data.draw(st.sampled_from(PLAIN))
    commands = data.draw(commands_for(score))
    done = list(carry_out_one_by_one(score, commands))
    accepted = [command for command in commands if is_accepted(score, command)]

    if len(done) == len(commands) == len(accepted):
        together = apply_commands(score, commands)

        assert together.score == done[-1][1].score


def is_accepted(score: Score, command) -> bool:
    try:
        apply_commands(score, [command])
    except BadCommand:
        return False
    return True


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_only_the_bars_that_are_named_look_different(data):
    score = data.draw(st.sampled_from(PLAIN))

    for before, edited in carry_out_one_by_one(score, data.draw(commands_for(score, most=3))):
        if edited.diff.rebuilt:
            continue
        old, new = spell(before), spell(edited.score)
        differing = {b.bar.number for a, b in zip(old, new, strict=True) if a.voices != b.voices}
        assert differing <= edited.changed_bars


@pytest.mark.parametrize("command", [None, 7, "add", [], {}, {"op": []}, {"op": "add", "bar": "1"}])
def test_what_is_no_command_is_refused_with_its_place(command):
    with pytest.raises(BadCommand) as refused:
        apply_commands(PLAIN[0], [{"op": "set_title", "title": "x"}, command])

    assert refused.value.details["index"] == 1
