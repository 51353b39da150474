"""From seconds to positions."""

from __future__ import annotations

import random
from collections import Counter
from fractions import Fraction

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from notation.core.beat_grid import Beat, BeatGrid, Meter
from notation.core.hits import Hit
from notation.core.instruments import INSTRUMENTS, InstrumentName
from notation.core.quantising.quantise import GridChoice, QuantiseConfig, SwingChoice, quantise
from notation.core.score import Mark, Swing, score_from_json, score_to_json
from notation.core.spelling.rhythm import spell_unit, units_of
from notation.core.spelling.spell import spell
from notation.core.tests.songs import HALF_TIME, ROCK, SHUFFLE, Player, make_song

F = Fraction


def grid_of(beats: int, *, bpm: float = 120, per_bar: int = 4, start_s: float = 0.0) -> BeatGrid:
    meter = Meter(1, per_bar, 4)
    times = tuple(
        Beat(start_s + index * 60 / bpm, index // per_bar + 1, index % per_bar + 1) for index in range(beats)
    )
    return BeatGrid(times, (meter,), bpm, False)


def hit(number: int, onset_s: float, instrument: str = "snare", velocity: int = 95) -> Hit:
    return Hit(f"h{number}", onset_s, InstrumentName(instrument), velocity, 0.9)


def places(score) -> list[tuple[int, Fraction]]:
    return [(placed.bar, placed.position) for placed in score.hits if not placed.is_grace]


def written(bars, **keywords) -> list[tuple[int, Fraction, str]]:
    """Where the step strings say that the strokes belong."""
    from notation.core.tests.songs import LETTERS

    return sorted(
        (number, F(4 * place, len(steps)), LETTERS[letter].value)
        for number, bar in enumerate(bars, start=1)
        for letter, steps in bar.items()
        for place, step in enumerate(steps)
        if step != "-"
    )


def test_every_hit_is_placed_once(song):
    score = song.score()

    assert Counter(placed.hit.id for placed in score.hits) == Counter(hit.id for hit in song.hits)


@pytest.mark.parametrize("bars", [ROCK, SHUFFLE, HALF_TIME], ids=["rock", "shuffle", "half time"])
@pytest.mark.parametrize("bpm", [70, 120, 165])
def test_a_clean_groove_comes_back_as_written(bars, bpm):
    score = make_song(bars, bpm=bpm).score()

    got = sorted(
        (placed.bar, placed.position, placed.hit.instrument.value)
        for placed in score.hits
        if not placed.is_grace
    )
    assert got == written(bars)


@pytest.mark.parametrize("bars", [ROCK, SHUFFLE, HALF_TIME], ids=["rock", "shuffle", "half time"])
@pytest.mark.parametrize("seed", range(3))
def test_human_timing_and_detector_jitter_hardly_move_a_note(bars, seed):
    player = Player(jitter_s=0.011, beat_jitter_s=0.008, seed=seed)

    score = make_song(bars * 2, bpm=105, player=player).score()

    wanted = Counter(written(bars * 2))
    got = Counter(
        (placed.bar, placed.position, placed.hit.instrument.value)
        for placed in score.hits
        if not placed.is_grace
    )
    assert (wanted & got).total() >= 0.985 * wanted.total()


def test_a_steadily_late_drummer_is_written_on_the_beat():
    song = make_song(ROCK)
    late = [Hit(h.id, h.onset_s + 0.025, h.instrument, h.velocity, h.confidence) for h in song.hits]

    score = quantise(late, song.grid)

    assert places(score) == places(song.score())


@pytest.mark.parametrize("drag", [0.11, -0.11])
def test_a_fill_that_drags_or_rushes_is_written_even(drag):
    song = make_song(ROCK * 2, bpm=110)
    fill_s = song.grid.beats[28].time_s, song.grid.beats[32].time_s
    span_s = fill_s[1] - fill_s[0]
    hits = [
        Hit(
            h.id,
            h.onset_s + drag * span_s / 4 * (h.onset_s - fill_s[0]) / span_s
            if fill_s[0] < h.onset_s < fill_s[1] - 0.05
            else h.onset_s,
            h.instrument,
            h.velocity,
            h.confidence,
        )
        for h in song.hits
    ]

    score = quantise(hits, song.grid)

    assert places(score) == places(song.score())


def test_a_stroke_just_before_the_barline_is_the_next_bars_first():
    score = quantise([hit(1, 0.0), hit(2, 1.98)], grid_of(12))

    assert places(score) == [(1, F(0)), (2, F(0))]


def test_a_last_stroke_rounded_up_gets_a_bar():
    score = quantise([hit(1, 0.0), hit(2, 1.99)], grid_of(4))

    assert places(score) == [(1, F(0)), (2, F(0))]
    assert [bar.number for bar in score.bars] == [1, 2]


def test_strokes_before_the_first_beat_get_a_pickup():
    score = quantise([hit(1, 0.5), hit(2, 1.0), hit(3, 2.0)], grid_of(8, start_s=1.0))

    assert score.bars[0].number == 0
    assert score.bars[0].is_pickup
    assert places(score) == [(0, F(0)), (1, F(0)), (1, F(2))]


def test_a_pickup_without_strokes_is_left_out():
    beats = (Beat(0.5, 0, 1), *(Beat(1 + index / 2, index // 4 + 1, index % 4 + 1) for index in range(8)))
    grid = BeatGrid(beats, (Meter(0, 4, 4),), 120, False)

    score = quantise([hit(1, 1.0)], grid)

    assert [bar.number for bar in score.bars] == [1]


def test_bars_after_the_last_hit_are_left_out():
    score = quantise([hit(1, 0.0)], grid_of(40))

    assert len(score.bars) == 1


def test_silence_is_one_empty_bar():
    score = quantise([], grid_of(16))

    assert len(score.bars) == 1
    assert score.hits == ()


def test_a_grid_of_one_beat_is_a_bug_of_the_caller():
    with pytest.raises(ValueError, match="two beats"):
        quantise([hit(1, 0.0)], grid_of(1))


def test_a_bar_with_a_beat_too_many_gets_its_own_meter():
    numbers = [1] * 4 + [2] * 5 + [3] * 4
    beats = tuple(Beat(index / 2, bar, 1) for index, bar in enumerate(numbers))

    score = quantise([hit(1, 0.0), hit(2, 6.0)], BeatGrid(beats, (Meter(1, 4, 4),), 120, False))

    assert [(meter.bar, meter.beats) for meter in score.meters] == [(1, 4), (2, 5), (3, 4)]


def test_two_strokes_thirty_milliseconds_apart_are_a_flam():
    score = quantise([hit(1, 0.97, velocity=50), hit(2, 1.0), hit(3, 1.5)], grid_of(8))

    grace, main, _ = sorted(score.hits, key=lambda placed: placed.hit.id)
    assert grace.grace_of == "h2"
    assert (grace.bar, grace.position) == (main.bar, main.position) == (1, F(2))


def test_an_open_flam_on_a_drum_is_no_thirty_second():
    score = quantise([hit(1, 1.0), hit(2, 1.055), hit(3, 2.0)], grid_of(8))

    assert [placed.grace_of for placed in score.hits] == ["h2", None, None]


def test_a_run_of_thirty_seconds_is_written_out():
    steps = "x---------------xxxxxxxx--------"
    score = make_song([{"s": steps, "k": "x-x-x-x-"}] * 4, bpm=90).score()

    snare = [placed for placed in score.hits if placed.hit.instrument is InstrumentName.SNARE]
    assert not any(placed.is_grace for placed in snare)
    assert F(17, 8) in {placed.position for placed in snare}


def test_a_bounce_keeps_the_loud_stroke_as_the_note():
    score = quantise([hit(1, 1.0, velocity=110), hit(2, 1.02, velocity=40)], grid_of(8))

    assert {placed.hit.id: placed.grace_of for placed in score.hits} == {"h1": None, "h2": "h1"}


def test_crowded_strokes_on_a_coarse_grid_keep_places_of_their_own():
    hits = [hit(index, index * 0.125) for index in range(8)]

    score = quantise(hits, grid_of(8), QuantiseConfig(grid=GridChoice.EIGHTHS))

    taken = Counter((placed.bar, placed.position) for placed in score.hits if not placed.is_grace)
    assert len(score.hits) == 8
    assert max(taken.values()) == 1


@pytest.mark.parametrize(
    ("choice", "finest"),
    [
        (GridChoice.EIGHTHS, {1, 2}),
        (GridChoice.SIXTEENTHS, {1, 2, 4}),
        (GridChoice.THIRTY_SECONDS, {1, 2, 4, 8}),
        (GridChoice.TRIPLETS, {1, 2, 3, 6}),
    ],
)
def test_a_chosen_grid_is_kept_to(choice, finest):
    player = Player(jitter_s=0.03, spurious=0.1)

    score = make_song(ROCK, player=player).score(QuantiseConfig(grid=choice))

    assert {placed.position.denominator for placed in score.hits} <= finest


def test_triplets_are_heard_in_a_straight_song():
    fill = {"s": "xxxxxxxxxxxx", "k": "x---x---x---x---"}
    score = make_song([*ROCK[:3], fill] * 2).score()

    assert F(1, 3) in {placed.position for placed in score.hits if placed.bar == 4}
    assert not score.swing_marks


@pytest.mark.parametrize("ratio", [0.62, 0.667, 0.7])
def test_a_shuffle_is_marked_as_swing(ratio):
    beat_s, hits = 0.5, []
    for beat in range(32):
        for onset_s in (beat * beat_s, (beat + ratio) * beat_s):
            hits.append(hit(len(hits) + 1, onset_s, "ride"))

    score = quantise(hits, grid_of(36))

    assert score.swing_at(1) is Swing.EIGHTHS
    assert {placed.position % 1 for placed in score.hits} == {F(0), F(2, 3)}


@pytest.mark.parametrize("ratio", [0.63, 0.667, 0.7])
def test_swung_sixteenths_are_marked(ratio):
    beat_s, hits = 0.65, []
    for half in range(64):
        for onset_s in (half * beat_s / 2, (half + ratio) * beat_s / 2):
            hits.append(hit(len(hits) + 1, onset_s, "hihat_closed"))

    score = quantise(hits, grid_of(36, bpm=60 / beat_s))

    assert score.swing_at(1) is Swing.SIXTEENTHS


def test_slightly_late_sixteenths_are_straight():
    beat_s, hits = 0.65, []
    for half in range(64):
        for onset_s in (half * beat_s / 2, (half + 0.56) * beat_s / 2):
            hits.append(hit(len(hits) + 1, onset_s, "hihat_closed"))

    score = quantise(hits, grid_of(36, bpm=60 / beat_s))

    assert not score.swing_marks
    assert {placed.position % 1 for placed in score.hits} == {F(0), F(1, 4), F(1, 2), F(3, 4)}


def test_late_off_beats_are_still_straight_eighths():
    beat_s, hits = 0.5, []
    for beat in range(32):
        for onset_s in (beat * beat_s, (beat + 0.56) * beat_s):
            hits.append(hit(len(hits) + 1, onset_s, "hihat_closed"))

    score = quantise(hits, grid_of(36))

    assert not score.swing_marks
    assert {placed.position % 1 for placed in score.hits} == {F(0), F(1, 2)}


def test_triplets_written_out_are_no_swing():
    assert not make_song(HALF_TIME).score().swing_marks


SWUNG = {"r": "x--x-xx--x-x", "k": "x-----x-----", "s": "---x-----x--"}
STRAIGHT = {"h": "xxxxxxxx", "k": "x---x---", "s": "--x---x-"}


def test_swing_is_a_feel_of_a_section():
    song = make_song([SWUNG] * 8 + [STRAIGHT] * 8 + [SWUNG] * 8, bpm=110, player=Player(jitter_s=0.01))

    score = song.score()

    assert [(mark.bar, mark.swing) for mark in score.swing_marks] == [
        (1, Swing.EIGHTHS),
        (9, None),
        (17, Swing.EIGHTHS),
    ]
    assert {placed.position % 1 for placed in score.hits if 9 <= placed.bar < 17} == {F(0), F(1, 2)}


def test_a_triplet_fill_does_not_end_a_swung_section():
    fill = {"s": "xxxxxxxxxxxx", "k": "x--x--x--x--"}

    score = make_song([*[SWUNG] * 15, fill, *[SWUNG] * 8], bpm=110).score()

    assert [(mark.bar, mark.swing) for mark in score.swing_marks] == [(1, Swing.EIGHTHS)]
    assert F(1, 3) in {placed.position % 1 for placed in score.hits if placed.bar == 16}


def test_a_person_may_have_a_shuffle_written_as_triplets():
    score = make_song(SHUFFLE).score(QuantiseConfig(swing=SwingChoice.TRIPLETS))

    assert not score.swing_marks
    assert score.hits == make_song(SHUFFLE).score().hits


def test_swing_off_takes_late_off_beats_for_straight_ones():
    score = make_song([SWUNG] * 8, player=Player(jitter_s=0.008)).score(QuantiseConfig(swing=SwingChoice.OFF))

    assert not score.swing_marks
    assert {placed.position % 1 for placed in score.hits} == {F(0), F(1, 2)}


def test_swing_off_leaves_real_triplets():
    fill = {"s": "xxxxxxxxxxxx", "k": "x---x---x---x---"}

    score = make_song([*ROCK[:3], fill]).score(QuantiseConfig(swing=SwingChoice.OFF))

    assert {F(1, 3), F(2, 3)} <= {placed.position % 1 for placed in score.hits if placed.bar == 4}


def test_swing_said_by_a_person_holds_from_the_first_bar():
    score = make_song([STRAIGHT] * 8, player=Player(jitter_s=0.008)).score(
        QuantiseConfig(swing=SwingChoice.EIGHTHS)
    )

    assert [(mark.bar, mark.swing) for mark in score.swing_marks] == [(1, Swing.EIGHTHS)]
    assert {placed.position % 1 for placed in score.hits} == {F(0), F(2, 3)}


def test_quintuplets_are_heard():
    fill = {"s": "x" * 20, "k": "x---x---x---x---"}

    score = make_song([*ROCK[:3], fill] * 2, bpm=84, player=Player(jitter_s=0.006)).score()

    snare = [p.position % 1 for p in score.hits if p.bar == 4 and p.hit.instrument is InstrumentName.SNARE]
    assert Counter(snare) == Counter({F(step, 5): 4 for step in range(5)})


@pytest.mark.parametrize("lag_s", [-0.03, -0.02, 0.025, 0.035])
@pytest.mark.parametrize("instrument", ["hihat_closed", "snare"])
def test_an_instrument_that_pushes_or_drags_is_written_with_the_others(instrument, lag_s):
    song = make_song(
        [{"h": "x" * 16, "k": "x-x---x-x-x---x-", "s": "----x-------x--x"}] * 8,
        bpm=100,
        player=Player(jitter_s=0.008),
    )
    hits = [
        Hit(
            h.id,
            h.onset_s + (lag_s if h.instrument.value == instrument else 0),
            h.instrument,
            h.velocity,
            h.confidence,
        )
        for h in song.hits
    ]

    score = quantise(hits, song.grid)

    def named(score):
        return {placed.hit.id: (placed.bar, placed.position) for placed in score.hits}

    assert named(score) == named(song.score())


def test_a_doubtful_stroke_buys_no_odd_place_and_keeps_its_time():
    sure = make_song(ROCK).hits
    doubtful = Hit("d1", 2.5 + 0.155, InstrumentName.TOM_LOW, 60, 0.1)

    score = quantise([*sure, doubtful], make_song(ROCK).grid)

    placed = next(placed for placed in score.hits if placed.hit.id == "d1")
    assert placed.position.denominator <= 4
    assert placed.hit.onset_s == 2.655


def test_a_roll_faster_than_32nds_is_one_marked_note_in_each_beat():
    roll = [hit(index, 2.0 + index * 0.03, velocity=60) for index in range(33)]
    rest = [hit(100 + beat, beat * 0.5, "kick") for beat in range(12)]

    score = quantise([*roll, *rest], grid_of(12))

    rolled = [placed for placed in score.hits if Mark.ROLL in placed.marks]
    assert [(placed.bar, placed.position) for placed in rolled] == [(2, F(0)), (2, F(1))]
    folded = [placed for placed in score.hits if placed.grace_of in {one.hit.id for one in rolled}]
    assert len(rolled) + len(folded) == 33
    drawn = {head.hit.id for bar in spell(score) for voice in bar.voices for event in voice.events
             for chord in (event.heads, *event.graces) for head in chord}  # fmt: skip
    assert drawn == {placed.hit.id for placed in score.hits} - {placed.hit.id for placed in folded}
    assert score_from_json(score_to_json(score)) == score


def test_a_roll_into_an_accent_leaves_the_accent_a_note():
    roll = [hit(index, 2.5 + index * 0.035, velocity=45) for index in range(8)]
    accent = hit(50, 2.5 + 8 * 0.035, velocity=120)

    score = quantise([*roll, accent, hit(60, 3.5, "kick")], grid_of(12))

    notes = {placed.hit.id: placed.position for placed in score.hits if not placed.is_grace}
    assert set(notes) == {"h0", "h50", "h60"}
    assert notes["h0"] == 1
    assert notes["h50"] == F(3, 2)


@pytest.mark.parametrize(("gap_s", "velocity"), [(0.07, 10), (0.095, 18)])
def test_a_kick_that_bounces_has_no_second_note(gap_s, velocity):
    hits = [hit(1, 1.0, "kick", 90), hit(2, 1.0 + gap_s, "kick", velocity), hit(3, 2.0, "kick", 90)]

    score = quantise(hits, grid_of(8))

    assert {placed.hit.id: placed.grace_of for placed in score.hits} == {"h1": None, "h2": "h1", "h3": None}


def test_a_soft_kick_that_is_no_bounce_is_a_note():
    hits = [hit(1, 1.0, "kick", 90), hit(2, 1.125, "kick", 18), hit(3, 2.0, "kick", 90)]

    score = quantise(hits, grid_of(8))

    assert all(placed.grace_of is None for placed in score.hits)


def test_an_even_run_early_to_the_click_is_sextuplets():
    beat_s = 60 / 92
    straight = [hit(index, index * beat_s / 4, "hihat_closed") for index in range(16)]
    # As played in the Groove MIDI Dataset: drummer3/session2/25, bar 8.
    phases = (-0.206, -0.031, 0.104, 0.273, 0.423, 0.594, 0.750, 0.923)
    fill = [hit(20 + index, (5 + phase) * beat_s, "tom_low") for index, phase in enumerate(phases)]

    score = quantise([*straight, *fill], grid_of(12, bpm=92))

    toms = [
        4 * (placed.bar - 1) + placed.position - 5
        for placed in score.hits
        if placed.hit.instrument is InstrumentName.TOM_LOW
    ]
    assert toms == [F(part, 6) for part in range(-1, 7)]


def test_a_pattern_helps_to_read_its_badly_played_bar():
    bars = [{"h": "x-x-x-x-x-x-x-x-", "s": "----x-------x---", "k": "x-----xx--x-----"}] * 8
    song = make_song(bars, bpm=100)
    late = next(h for h in song.hits if h.instrument is InstrumentName.KICK and h.onset_s > 7.3)
    hits = [h for h in song.hits if h is not late]
    hits.append(Hit(late.id, late.onset_s + 0.05, late.instrument, late.velocity, late.confidence))

    score = quantise(hits, song.grid)

    assert places(score) == places(song.score())


def test_the_same_hits_give_the_same_score():
    song = make_song(HALF_TIME, player=Player(jitter_s=0.012, spurious=0.05))

    scores = [quantise(hits, song.grid) for hits in (song.hits, song.hits[::-1], song.hits)]

    assert scores[0] == scores[1] == scores[2]


def test_tempo_is_marked_at_the_start_and_where_it_changes_for_good():
    times, now = [], 0.0
    for index in range(64):
        times.append(Beat(now, index // 4 + 1, index % 4 + 1))
        now += 0.5 if index < 32 else 0.4
    hits = [hit(index, beat.time_s) for index, beat in enumerate(times)]

    score = quantise(hits, BeatGrid(tuple(times), (Meter(1, 4, 4),), 120, False))

    assert [(mark.bar, round(mark.bpm)) for mark in score.tempo_marks] == [(1, 120), (9, 150)]


def test_a_human_tempo_has_one_mark():
    random_ = random.Random(3)
    times, now = [], 0.0
    for index in range(96):
        times.append(Beat(now, index // 4 + 1, index % 4 + 1))
        now += 0.5 * (1 + 0.03 * random_.uniform(-1, 1)) + 0.0002 * index
    hits = [hit(index, beat.time_s) for index, beat in enumerate(times)]

    score = quantise(hits, BeatGrid(tuple(times), (Meter(1, 4, 4),), 118, False))

    assert len(score.tempo_marks) == 1


onsets = st.lists(
    st.tuples(st.floats(0, 20, allow_nan=False), st.sampled_from(list(InstrumentName)), st.integers(1, 127)),
    max_size=80,
)
meters = st.sampled_from([(4, 4), (3, 4), (6, 8), (7, 8), (12, 8), (2, 2), (5, 8), (3, 8), (5, 4)])


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(onsets, meters, st.floats(0.15, 1.2), st.floats(0, 6), st.sampled_from(list(GridChoice)))
def test_whatever_is_heard_nothing_is_lost(heard, meter, period_s, start_s, choice):
    in_force = Meter(1, *meter)
    count = in_force.felt_beats
    beats = tuple(
        Beat(start_s + index * period_s, index // count + 1, index % count + 1)
        for index in range(2 * count + 1)
    )
    hits = [hit(index, onset_s, name, velocity) for index, (onset_s, name, velocity) in enumerate(heard)]

    score = quantise(hits, BeatGrid(beats, (in_force,), 60 / period_s, False), QuantiseConfig(grid=choice))

    assert Counter(placed.hit.id for placed in score.hits) == Counter(h.id for h in hits)
    lengths = {bar.number: bar.quarters for bar in score.bars}
    mains = {placed.hit.id: placed for placed in score.hits if not placed.is_grace}
    taken = Counter((p.hit.instrument, p.bar, p.position) for p in mains.values())
    assert all(0 <= placed.position < lengths[placed.bar] for placed in score.hits)
    assert max(taken.values(), default=1) == 1
    for bar in score.bars:
        start = F(0)
        for length in units_of(bar.meter, bar.quarters):
            for voice in (1, 2):
                onsets = {
                    placed.position - start
                    for placed in mains.values()
                    if placed.bar == bar.number
                    and start <= placed.position < start + length
                    and INSTRUMENTS[placed.hit.instrument].voice == voice
                }
                if bar.meter.beat_quarters >= 1:
                    assert spell_unit(length, tuple(sorted(onsets))) is not None
            start += length
    for placed in score.hits:
        if placed.grace_of is not None:
            main = mains[placed.grace_of]
            assert (main.bar, main.position, main.hit.instrument) == (
                placed.bar,
                placed.position,
                placed.hit.instrument,
            )
