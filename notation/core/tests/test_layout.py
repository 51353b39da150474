"""What stands on which line, and what is written as a sign."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import HealthCheck, given, settings

from notation.core.engraving.layout import Layout, lay_out
from notation.core.score import Score
from notation.core.spelling.spell import spell
from notation.core.tests.any_score import scores
from notation.core.tests.songs import ROCK, make_song

GROOVE = ROCK[1]
ANSWER = {**GROOVE, "k": "--x---x-x-x-----"}
FILL = ROCK[7]


def laid_out(bars, sections=()):
    score = make_song(bars).score()
    return lay_out_with(score, sections)


def lay_out_with(score: Score, sections):
    names = dict(sections)
    score = replace(score, bars=tuple(replace(bar, section=names.get(bar.number)) for bar in score.bars))
    return lay_out(score, spell(score), Layout())


def line_lengths(measures):
    lengths = []
    for measure in measures:
        if measure.starts_line:
            lengths.append(0)
        lengths[-1] += measure.bars
    return lengths


def test_signs_are_numbered_every_four_times_over_the_lines():
    measures = laid_out([GROOVE] * 12)

    assert [measure.count for measure in measures if measure.is_simile] == [
        None,
        None,
        4,
        None,
        None,
        8,
        None,
        None,
        12,
    ]


def test_the_count_begins_anew_after_another_bar_and_at_a_section():
    measures = laid_out([GROOVE] * 4 + [FILL] + [GROOVE] * 11, sections=[(9, "B")])

    counts = {measure.number: measure.count for measure in measures if measure.count}
    assert counts == {4: 4, 12: 4, 16: 8}


def test_a_two_bar_pattern_is_repeated_by_a_sign_for_two_bars():
    measures = laid_out([GROOVE, ANSWER] * 4)

    signs = [measure for measure in measures if measure.second is not None]
    assert [(sign.number, sign.bars) for sign in signs] == [(3, 2), (7, 2)]
    assert line_lengths(measures) == [4, 4]


def test_two_bars_with_another_end_are_written_out():
    measures = laid_out([GROOVE, ANSWER, GROOVE, FILL] * 2)

    assert not any(measure.second for measure in measures)


def test_a_fill_is_never_a_sign():
    measures = laid_out([*[GROOVE] * 6, FILL, FILL])

    assert [measure.is_simile for measure in measures if measure.number in (7, 8)] == [False, False]


def test_a_section_starts_a_line_with_a_written_bar():
    measures = laid_out([GROOVE] * 8, sections=[(1, "A"), (4, "B")])

    starts = [measure for measure in measures if measure.starts_line]
    assert 4 in [measure.number for measure in starts]
    assert not any(measure.is_simile for measure in starts)


def test_the_songs_last_bar_is_not_alone_on_its_line():
    assert line_lengths(laid_out([*[GROOVE] * 8, FILL])) == [4, 3, 2]


def test_ghost_notes_take_room():
    kicks = ("x----x-----x", "x--x-------x", "x-------x--x", "x-----x----x")
    plain = [{"h": "xxxxxxxxxxxx", "k": kick} for kick in kicks]
    ghosted = [{"h": "x-xx-xx-xx-x", "s": "-g--g-xg--g-", "k": kick} for kick in kicks]

    assert line_lengths(laid_out(plain)) == [4]
    assert line_lengths(laid_out(ghosted)) == [2, 2]


def test_a_lonely_bar_at_a_sections_end_takes_another_to_its_line():
    measures = laid_out([*[GROOVE] * 8, FILL, *[GROOVE] * 8], sections=[(10, "B")])

    assert line_lengths(measures) == [4, 3, 2, 4, 4]


def test_a_long_rest_stands_on_the_line_before_it():
    measures = laid_out([*[GROOVE] * 3, *[{}] * 6, *[GROOVE] * 4], sections=[(10, "B")])

    assert [measure.number for measure in measures if measure.starts_line] == [1, 10]


def test_every_bar_stands_on_the_page_once():
    measures = laid_out([GROOVE, ANSWER] * 5 + [FILL] + [{}] * 5 + [GROOVE] * 6)

    covered = [
        number for measure in measures for number in range(measure.number, measure.number + measure.bars)
    ]
    assert covered == list(range(1, 23))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(scores())
def test_any_score_has_every_bar_on_the_page_once_and_no_line_begins_with_a_sign(score):
    measures = lay_out(score, spell(score), Layout())

    covered = [
        number for measure in measures for number in range(measure.number, measure.number + measure.bars)
    ]
    assert covered == [bar.number for bar in score.bars]
    assert measures[0].starts_line
    assert not any(measure.is_simile for measure in measures if measure.starts_line)
    assert all(measure.spelled.is_empty for measure in measures if measure.is_long_rest)
