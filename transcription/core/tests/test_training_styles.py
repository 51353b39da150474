from __future__ import annotations

import itertools
from collections import Counter
from functools import cache

import numpy as np
import pytest

from transcription.core.training.drumming.fills import FILLS, fill
from transcription.core.training.drumming.grooves import Note, Performance, write_performance
from transcription.core.training.drumming.ornaments import taps
from transcription.core.training.drumming.style_tabs import METERS, TICKS, read_tab
from transcription.core.training.drumming.written_styles import STYLES

_FEET = {"kick", "hihat_pedal"}
_OTHER_PLAYERS = {"tambourine", "shaker", "clap"}
_HANDS = {
    "snare", "snare_rim", "side_stick", "hihat_closed", "hihat_open", "tom_high", "tom_mid", "tom_low",
    "crash", "china", "splash", "ride", "ride_bell", "cowbell",
}  # fmt: skip
_CYMBALS = {"crash", "china", "splash", "ride", "ride_bell", "hihat_closed", "hihat_open", "hihat_pedal"}
_SEEDS = range(12)


@cache
def songs(style: str) -> tuple[Performance, ...]:
    return tuple(write_performance(np.random.default_rng(seed), style=style) for seed in _SEEDS)


def strokes_at(performance: Performance, quarter: float, bar: int | None = None) -> list[Note]:
    """The strokes within a 32nd of ``quarter``, counted from the start of each bar or of one."""
    found = []
    for note in performance.notes:
        number, position = divmod(note.position + 0.125, performance.bar_quarters)
        if abs(position - 0.125 - quarter) < 0.125 and bar in (None, number):
            found.append(note)
    return found


def share_of_bars(style: str, instrument: str, quarter: float) -> float:
    """The share of bars, over all songs, in which ``instrument`` is struck at ``quarter``."""
    bars = {
        (song, int((note.position + 0.125) // performance.bar_quarters))
        for song, performance in enumerate(songs(style))
        for note in strokes_at(performance, quarter)
        if note.instrument == instrument
    }
    return len(bars) / sum(p.length_quarters / p.bar_quarters for p in songs(style))


@pytest.mark.parametrize("style", STYLES)
def test_a_style_strikes_what_was_sampled_in_order_within_its_length(style: str) -> None:
    for performance in songs(style):
        positions = [note.position for note in performance.notes]

        assert performance.style == style
        assert {note.instrument for note in performance.notes} <= _HANDS | _FEET | _OTHER_PLAYERS
        assert positions == sorted(positions)
        assert all(0.0 <= position < performance.length_quarters for position in positions)
        assert all(1 <= note.velocity <= 127 for note in performance.notes)


@pytest.mark.parametrize("style", STYLES)
def test_a_style_asks_for_no_third_hand_and_no_third_foot(style: str) -> None:
    for performance in songs(style):
        instant_quarters = 0.010 * performance.tempo_bpm / 60.0
        for limbs in (_HANDS, _FEET):
            positions = [note.position for note in performance.notes if note.instrument in limbs]

            assert all(
                third - first > instant_quarters
                for first, third in zip(positions, positions[2:], strict=False)
            )


@pytest.mark.parametrize("style", STYLES)
def test_no_two_songs_of_a_style_are_alike(style: str) -> None:
    played = {tuple((round(n.position * 8), n.instrument) for n in song.notes) for song in songs(style)}

    assert len(played) == len(_SEEDS)


@pytest.mark.parametrize(
    ("style", "bar_quarters", "beat_quarters"),
    [
        ("waltz", 3.0, 1.0),
        ("jazz waltz", 3.0, 1.0),
        ("pop rock", 4.0, 1.0),
        ("take five", 5.0, 1.0),
        ("6/8 ballad", 3.0, 1.5),
        ("9/8", 4.5, 1.5),
        ("12/8 blues", 6.0, 1.5),
        ("7/8 two two three", 3.5, 0.5),
        ("7/8 three two two", 3.5, 0.5),
    ],
)
def test_a_meter_has_its_bar_and_its_felt_beat(style: str, bar_quarters: float, beat_quarters: float) -> None:
    (performance, *_) = songs(style)

    assert (performance.bar_quarters, performance.beat_quarters) == (bar_quarters, beat_quarters)


def test_one_drop_drops_on_three_and_leaves_one_alone() -> None:
    assert share_of_bars("one drop", "kick", 2.0) > 0.7
    assert share_of_bars("one drop", "side_stick", 2.0) > 0.7
    assert share_of_bars("one drop", "kick", 0.0) == 0.0


def test_d_beat_has_its_kicks() -> None:
    for quarter in (0.0, 1.5, 2.5):
        assert share_of_bars("d-beat", "kick", quarter) > 0.7
    for quarter in (0.5, 1.0, 2.0, 3.0):
        assert share_of_bars("d-beat", "kick", quarter) < 0.2


def test_swing_closes_the_hi_hat_on_two_and_four() -> None:
    for quarter in (1.0, 3.0):
        assert share_of_bars("swing", "hihat_pedal", quarter) > 0.7
    for quarter in (0.0, 2.0):
        assert share_of_bars("swing", "hihat_pedal", quarter) < 0.2


def test_a_blast_beat_sets_the_snare_between_the_kicks() -> None:
    for song in songs("blast beat"):
        strokes = [n.instrument for n in song.notes if n.instrument in {"kick", "snare"}]
        alternates = sum(a != b for a, b in itertools.pairwise(strokes))

        assert alternates > 0.6 * len(strokes)


def test_bossa_nova_has_its_side_stick_and_its_dotted_kick() -> None:
    for quarter in (0.0, 1.5, 2.0, 3.5):
        assert share_of_bars("bossa nova", "kick", quarter) > 0.7
    assert all(any(note.instrument == "side_stick" for note in song.notes) for song in songs("bossa nova"))


def test_steppers_keep_the_kick_on_every_beat() -> None:
    for quarter in (0.0, 1.0, 2.0):
        assert share_of_bars("steppers", "kick", quarter) > 0.8


def test_a_waltz_has_its_kick_on_one_and_a_snare_or_stick_on_three() -> None:
    assert share_of_bars("waltz", "kick", 0.0) > 0.8
    assert share_of_bars("waltz", "snare", 2.0) + share_of_bars("waltz", "side_stick", 2.0) > 0.6


@pytest.mark.parametrize(
    ("style", "quarters"), [("motown", (0.0, 1.0, 2.0, 3.0)), ("half-time shuffle", (2.0,))]
)
def test_the_backbeat_is_where_the_style_has_it(style: str, quarters: tuple[float, ...]) -> None:
    for quarter in quarters:
        assert share_of_bars(style, "snare", quarter) > 0.6


def test_disco_opens_the_hi_hat_off_the_beat_over_four_kicks() -> None:
    for quarter in (0.0, 1.0, 2.0):
        assert share_of_bars("disco", "kick", quarter) > 0.8
    assert share_of_bars("disco", "hihat_open", 1.5) > 0.6


def test_songs_without_cymbals_have_none() -> None:
    struck = {note.instrument for song in songs("no cymbals") for note in song.notes}

    assert {"kick", "snare"} <= struck
    assert not struck & _CYMBALS


def test_a_drum_machine_keeps_to_its_grid() -> None:
    for song in songs("techno"):
        for note in song.notes:
            assert note.position * 8 == pytest.approx(round(note.position * 8), abs=0.01)


def test_a_drummer_keeps_near_the_grid_but_not_on_it() -> None:
    off_s = [
        abs(note.position * 4 - round(note.position * 4)) / 4 * 60 / song.tempo_bpm
        for song in songs("metal double kick")
        for note in song.notes
        if note.instrument == "kick"
    ]

    assert 0.002 < float(np.mean(off_s)) < 0.012


def test_ghost_notes_are_far_softer_than_the_backbeat() -> None:
    velocities = [
        (note.velocity, abs(note.position % 4 - 2) < 0.1)
        for song in songs("half-time shuffle")
        for note in song.notes
        if note.instrument == "snare" and note.position % 16 < 12  # clear of fills
    ]
    backbeats = [velocity for velocity, on_three in velocities if on_three]
    ghosts = [velocity for velocity, on_three in velocities if not on_three]

    assert np.median(ghosts) < 0.4 * np.median(backbeats)


def test_no_drum_or_cymbal_is_rare_and_plain_rock_is_a_quarter() -> None:
    rng = np.random.default_rng(5)
    written = [write_performance(rng) for _ in range(500)]
    heard_in = Counter(name for song in written for name in {note.instrument for note in song.notes})
    plain = sum(song.style in {"pop rock", "sixteenth rock", "half-time rock"} for song in written)

    assert 0.21 < plain / len(written) < 0.29
    at_least = {
        **dict.fromkeys(("tom_high", "tom_mid", "tom_low", "crash"), 0.35),
        **dict.fromkeys(("ride", "hihat_closed", "hihat_open", "hihat_pedal"), 0.16),
        **dict.fromkeys(("china", "splash", "side_stick"), 0.10),
        **dict.fromkeys(("ride_bell", "cowbell", "tambourine", "clap"), 0.04),
    }
    assert {name for name, share in at_least.items() if heard_in[name] < share * len(written)} == set()


def test_a_crash_marks_the_start_of_a_section_rather_than_any_bar() -> None:
    crashes = Counter(
        bar
        for seed in range(60)
        for performance in [write_performance(np.random.default_rng(seed), style="pop rock")]
        for bar in range(8)
        if any(note.instrument in {"crash", "china", "splash"} for note in strokes_at(performance, 0.0, bar))
    )

    assert crashes[4] > 2 * crashes[5]
    assert crashes[4] > 2 * crashes[7]


def test_the_band_breaks_off_now_and_then_for_a_bar_or_two() -> None:
    silent = [
        sum(not any(bar <= note.position / 4 + 0.05 < bar + 1 for note in song.notes) for bar in range(8))
        for seed in range(100)
        for song in [write_performance(np.random.default_rng(seed), style="sixteenth rock")]
    ]

    assert 0 < sum(bars > 0 for bars in silent) < 20
    assert max(silent) <= 2


@pytest.mark.parametrize("kind", FILLS)
@pytest.mark.parametrize("meter", ["4/4", "6/8", "7/8 2+2+3"])
def test_a_fill_keeps_within_its_bar_and_to_what_hands_can_play(kind: str, meter: str) -> None:
    quarter_s = 0.3
    for seed in range(20):
        strokes = list(fill(np.random.default_rng(seed), kind, METERS[meter], 1, quarter_s))
        ticks = [stroke.tick for stroke in strokes]

        assert METERS[meter].groups[0] * TICKS <= ticks[0]
        assert ticks[-1] < METERS[meter].bar_quarters * TICKS
        assert min(np.diff(ticks), default=TICKS) * quarter_s / TICKS >= 0.054


def test_a_flam_is_one_softer_stroke_15_to_45_ms_before() -> None:
    rng = np.random.default_rng(1)
    for _ in range(50):
        (main_s, main), (grace_s, grace) = taps(rng, "flam", 100.0, 0.2)

        assert (main_s, main) == (0.0, 100.0)
        assert -0.045 <= grace_s <= -0.015
        assert 20.0 < grace < 75.0


def test_a_press_roll_fills_its_time_and_fades() -> None:
    rolled = list(taps(np.random.default_rng(1), "buzz", 80.0, 0.3))
    times_s, velocities = zip(*rolled, strict=True)

    assert 7 <= len(rolled) <= 13
    assert times_s[0] == 0.0
    assert 0.25 < times_s[-1] < 0.3
    assert list(velocities) == sorted(velocities, reverse=True)


def test_a_tab_is_read_beat_by_beat() -> None:
    (bar,) = read_tab("kick X--- x-x --- x | hihat_closed o", "4/4").fixed

    kicks = [(stroke.tick / TICKS, stroke.velocity) for stroke in bar if stroke.instrument == "kick"]
    assert kicks == [(0.0, 114), (1.0, 90), (pytest.approx(1 + 2 / 3), 90), (3.0, 90)]
    assert [stroke.tick / TICKS for stroke in bar if stroke.instrument == "hihat_open"] == [0, 1, 2, 3]


@pytest.mark.parametrize("tab", ["kick x- x- x-", "kick x------ x- x- x-", "kick x- x- x- x-/3-"])
def test_a_tab_that_does_not_fit_is_refused(tab: str) -> None:
    with pytest.raises(ValueError, match="kick"):
        read_tab(tab, "4/4")


def test_chance_is_settled_once_a_song() -> None:
    tab = read_tab("kick 5555 5555 5555 5555", "4/4").settled(np.random.default_rng(2))
    rng = np.random.default_rng(3)

    first, second = (list(tab.bar(rng, number)) for number in (0, 1))

    assert 2 < len(first) < 14
    assert first == second
