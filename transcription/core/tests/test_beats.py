"""Beat tracking on grooves made in code: where the beats are, and what the bars are called."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest

from notation.core.beat_grid import BeatGrid, Meter
from notation.core.hits import Hit
from notation.core.instruments import InstrumentName
from transcription.core.activations import Activations
from transcription.core.beats import BeatHints, track_beats
from transcription.core.network import INSTRUMENTS_HEARD

Groove = dict[
    InstrumentName, Sequence[float | Fraction]
]  # where in a bar each instrument plays, in felt beats

EIGHTHS = (0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5)
TRIPLETS = [beat + third / 3 for beat in (0, 1) for third in (0, 1, 2)]
ROCK: Groove = {
    InstrumentName.KICK: (0, 2, 2.5),
    InstrumentName.SNARE: (1, 3),
    InstrumentName.HIHAT_CLOSED: EIGHTHS,
}
HALF_TIME: Groove = {
    InstrumentName.KICK: (0, 0.5, 1.5),
    InstrumentName.SNARE: (2,),
    InstrumentName.HIHAT_CLOSED: EIGHTHS,
}
SHUFFLE: Groove = {
    InstrumentName.KICK: (0, 2),
    InstrumentName.SNARE: (1, 3),
    InstrumentName.HIHAT_CLOSED: [beat + late for beat in range(4) for late in (0, 2 / 3)],
}
WALTZ: Groove = {
    InstrumentName.KICK: (0,),
    InstrumentName.SNARE: (1, 2),
    InstrumentName.HIHAT_CLOSED: (0, 0.5, 1, 1.5, 2, 2.5),
}
BALLAD: Groove = {
    InstrumentName.KICK: (0, 2 / 3),
    InstrumentName.SNARE: (1,),
    InstrumentName.HIHAT_CLOSED: TRIPLETS,
}
BLUES: Groove = {
    InstrumentName.KICK: (0, 2, 2 + 2 / 3),
    InstrumentName.SNARE: (1, 3),
    InstrumentName.RIDE: [beat + third / 3 for beat in range(4) for third in (0, 1, 2)],
}
ONE_DROP: Groove = {
    InstrumentName.KICK: (2,),
    InstrumentName.SIDE_STICK: (2,),
    InstrumentName.HIHAT_CLOSED: EIGHTHS,
}
SEVEN: Groove = {
    InstrumentName.KICK: (0, 4),
    InstrumentName.SNARE: (2, 6),
    InstrumentName.HIHAT_CLOSED: range(7),
}
FIVE: Groove = {
    InstrumentName.KICK: (0, 1.5, 3),
    InstrumentName.SNARE: (2, 4),
    InstrumentName.RIDE: (0, 1, 2, 3, 4),
}


def no_network(duration_s: float) -> Activations:
    """Activations in which the network heard nothing, so that only the hits count."""
    frames = int(duration_s * 100)
    return Activations(
        onsets=np.zeros((frames, len(INSTRUMENTS_HEARD)), np.float32),
        velocities=np.zeros((frames, len(INSTRUMENTS_HEARD)), np.float32),
        beats=np.zeros(frames, np.float32),
        downbeats=np.zeros(frames, np.float32),
        fps=100,
    )


def play(
    groove: Groove,
    beats_s: Sequence[float],
    beats_per_bar: int,
    *,
    crash_every: int = 8,
    jitter_s: float = 0.0,
    seed: int = 0,
) -> tuple[Hit, ...]:
    """Play ``groove`` in whole bars over ``beats_s``, whose first is a downbeat; the last only ends it."""
    random = np.random.default_rng(seed)
    times = np.asarray(beats_s)
    strokes: list[tuple[float, InstrumentName]] = []
    for bar, first in enumerate(range(0, len(times) - beats_per_bar, beats_per_bar)):
        for instrument, places in groove.items():
            strokes += [
                (float(np.interp(first + float(p), range(len(times)), times)), instrument) for p in places
            ]
        if bar % crash_every == 0:
            strokes.append((float(times[first]), InstrumentName.CRASH))
    return as_hits(
        [(time + random.normal(0, jitter_s) if jitter_s else time, name) for time, name in strokes]
    )


def as_hits(strokes: Sequence[tuple[float, InstrumentName]]) -> tuple[Hit, ...]:
    return tuple(
        Hit(id=f"h{number}", onset_s=max(0.0, time), instrument=name, velocity=90, confidence=0.9)
        for number, (time, name) in enumerate(sorted(strokes), start=1)
    )


def steady(bpm: float, beats: int, start_s: float = 0.5) -> np.ndarray:
    return start_s + np.arange(beats + 1) * 60 / bpm


def track(hits: tuple[Hit, ...], hints: BeatHints | None = None, after_s: float = 1.0) -> BeatGrid:
    duration_s = hits[-1].onset_s + after_s
    return track_beats(no_network(duration_s), hits, hints or BeatHints(), duration_s)


def errors_s(grid: BeatGrid, beats_s: np.ndarray) -> np.ndarray:
    """How far each true beat is from the nearest in the grid."""
    found = np.array([beat.time_s for beat in grid.beats])
    return np.abs(found[:, None] - beats_s[None, :]).min(axis=0)


def downbeats_s(grid: BeatGrid) -> list[float]:
    return [beat.time_s for beat in grid.beats if beat.beat == 1]


def test_a_rock_groove_has_its_beats_and_bars_to_the_millisecond() -> None:
    beats_s = steady(112, 64)

    grid = track(play(ROCK, beats_s, 4))

    assert grid.meters == (Meter(1, 4, 4),)
    assert grid.tempo_bpm == pytest.approx(112, abs=0.1)
    assert errors_s(grid, beats_s[:-1]).max() < 0.003
    assert downbeats_s(grid)[:16] == pytest.approx(list(beats_s[:-1:4]), abs=0.003)
    assert not grid.unreliable


def test_a_tempo_that_drifts_is_followed() -> None:
    lengths_s = 60 / np.linspace(100, 112, 128)
    beats_s = 0.3 + np.concatenate([[0], np.cumsum(lengths_s)])

    grid = track(play(ROCK, beats_s, 4, jitter_s=0.005))

    assert errors_s(grid, beats_s[:-1]).max() < 0.020
    assert downbeats_s(grid)[:32] == pytest.approx(list(beats_s[:-1:4]), abs=0.020)


def test_a_waltz_is_in_three_four() -> None:
    beats_s = steady(132, 72)

    grid = track(play(WALTZ, beats_s, 3))

    assert grid.meters == (Meter(1, 3, 4),)
    assert downbeats_s(grid)[:24] == pytest.approx(list(beats_s[:-1:3]), abs=0.005)


def test_a_ballad_in_six_eight_has_two_felt_beats_a_bar() -> None:
    beats_s = steady(54, 32)

    grid = track(play(BALLAD, beats_s, 2))

    assert grid.meters == (Meter(1, 6, 8),)
    assert grid.tempo_bpm == pytest.approx(54, abs=0.2)
    assert max(beat.beat for beat in grid.beats) == 2
    assert downbeats_s(grid)[:16] == pytest.approx(list(beats_s[:-1:2]), abs=0.005)


def test_triplets_all_through_with_two_backbeats_are_in_twelve_eight() -> None:
    beats_s = steady(58, 48)

    grid = track(play(BLUES, beats_s, 4, crash_every=4))

    assert grid.meters == (Meter(1, 12, 8),)
    assert grid.tempo_bpm == pytest.approx(58, abs=0.2)
    assert downbeats_s(grid)[:12] == pytest.approx(list(beats_s[:-1:4]), abs=0.005)


def test_five_four_is_found() -> None:
    beats_s = steady(124, 80)

    grid = track(play(FIVE, beats_s, 5, crash_every=4))

    assert grid.meters == (Meter(1, 5, 4),)
    assert downbeats_s(grid)[:16] == pytest.approx(list(beats_s[:-1:5]), abs=0.005)


def test_seven_eight_is_found() -> None:
    beats_s = steady(260, 210)

    grid = track(play(SEVEN, beats_s, 7, crash_every=4))

    assert grid.meters == (Meter(1, 7, 8),)
    assert downbeats_s(grid)[:30] == pytest.approx(list(beats_s[:-1:7]), abs=0.005)


def test_one_drop_reggae_has_its_stroke_on_three() -> None:
    beats_s = steady(76, 64)

    grid = track(play(ONE_DROP, beats_s, 4))

    assert grid.tempo_bpm == pytest.approx(76, abs=0.2)
    assert downbeats_s(grid)[:16] == pytest.approx(list(beats_s[:-1:4]), abs=0.005)


def test_a_meter_that_changes_is_followed() -> None:
    fours_s, threes_s = steady(120, 64), steady(120, 48, start_s=0.5 + 32.0)
    hits = [(hit.onset_s, hit.instrument) for hit in (*play(ROCK, fours_s, 4), *play(WALTZ, threes_s, 3))]

    grid = track(as_hits(hits))

    assert grid.meters == (Meter(1, 4, 4), Meter(17, 3, 4))
    starts = [*fours_s[:-1:4], *threes_s[:-1:3]]
    assert downbeats_s(grid)[: len(starts)] == pytest.approx(starts, abs=0.02)


def test_a_song_that_starts_within_a_bar_keeps_its_downbeats() -> None:
    beats_s = steady(118, 64, start_s=-0.9)
    hits = as_hits(
        [(h.onset_s, h.instrument) for h in play(ROCK, beats_s, 4, crash_every=2) if h.onset_s > 0]
    )

    grid = track(hits)

    assert downbeats_s(grid)[1:12] == pytest.approx(list(beats_s[8:52:4]), abs=0.01)


def test_a_long_silence_is_unreliable() -> None:
    beats_s = steady(120, 128)
    hits = as_hits([(h.onset_s, h.instrument) for h in play(ROCK, beats_s, 4) if not 20 < h.onset_s < 45])

    grid = track(hits)

    assert grid.unreliable


def test_rubato_is_unreliable() -> None:
    lengths_s = 0.6 * np.exp(np.random.default_rng(5).normal(0, 0.25, 96))
    beats_s = 0.5 + np.concatenate([[0], np.cumsum(lengths_s)])

    grid = track(play(ROCK, beats_s, 4))

    assert grid.unreliable


def test_half_time_keeps_its_downbeats() -> None:
    beats_s = steady(148, 64)

    grid = track(play(HALF_TIME, beats_s, 4))

    assert grid.tempo_bpm == pytest.approx(74, abs=0.5) or grid.tempo_bpm == pytest.approx(148, abs=0.5)
    starts = np.array(downbeats_s(grid))
    assert np.abs(starts[:, None] - beats_s[None, ::4]).min(axis=1)[:6].max() < 0.005


def test_a_shuffle_keeps_the_beat_of_its_backbeat() -> None:
    beats_s = steady(120, 64)

    grid = track(play(SHUFFLE, beats_s, 4))

    assert grid.meters == (Meter(1, 4, 4),)
    assert grid.tempo_bpm == pytest.approx(120, abs=0.2)
    assert errors_s(grid, beats_s[:-1]).max() < 0.005


def test_a_pickup_is_bar_nought_and_begins_with_its_beat() -> None:
    beats_s = steady(100, 64, start_s=2.0)
    snare = InstrumentName.SNARE
    pickup = [(2.0 - 0.6, snare), (2.0 - 0.3, snare)]
    groove = [(hit.onset_s, hit.instrument) for hit in play(ROCK, beats_s, 4)]

    grid = track(as_hits(pickup + groove))

    assert [(beat.bar, beat.beat) for beat in grid.beats[:3]] == [(0, 4), (1, 1), (1, 2)]
    assert grid.meters == (Meter(0, 4, 4),)
    assert grid.beats[0].time_s == pytest.approx(1.4, abs=0.01)


def test_bars_are_counted_from_the_first_stroke_after_a_silence() -> None:
    beats_s = steady(96, 32, start_s=11.0)

    grid = track(play(ROCK, beats_s, 4))

    assert (grid.beats[0].bar, grid.beats[0].beat) == (1, 1)
    assert grid.beats[0].time_s == pytest.approx(11.0, abs=0.005)


def test_beats_run_on_through_a_silence_at_the_end() -> None:
    beats_s = steady(120, 32)

    grid = track(play(ROCK, beats_s, 4), after_s=8.0)

    assert grid.beats[-1].time_s > 0.5 + 16 + 7
    assert np.diff([beat.time_s for beat in grid.beats[-12:]]) == pytest.approx(0.5, abs=0.005)


def test_a_hinted_tempo_is_kept() -> None:
    hits = play(ROCK, steady(80, 64), 4)

    grid = track(hits, BeatHints(tempo_bpm=160))

    assert grid.tempo_bpm == pytest.approx(160, abs=0.5)


@pytest.mark.parametrize(
    ("beats_per_bar", "beat_type", "felt"), [(3, 4, 3), (2, 4, 2), (7, 8, 7), (12, 8, 4)]
)
def test_a_hinted_meter_is_kept(beats_per_bar: int, beat_type: int, felt: int) -> None:
    hits = play(ROCK, steady(110, 48), 4)

    grid = track(hits, BeatHints(beats_per_bar=beats_per_bar, beat_type=beat_type))

    assert (grid.meters[0].beats, grid.meters[0].beat_type) == (beats_per_bar, beat_type)
    assert max(beat.beat for beat in grid.beats) == felt


def test_five_four_is_found_when_it_is_hinted() -> None:
    beats_s = steady(140, 80)

    grid = track(play(FIVE, beats_s, 5, crash_every=2), BeatHints(beats_per_bar=5, beat_type=4))

    assert grid.tempo_bpm == pytest.approx(140, abs=0.5)
    assert downbeats_s(grid)[:16] == pytest.approx(list(beats_s[:-1:5]), abs=0.005)


def test_a_hinted_tempo_counts_quarters_where_the_felt_beat_is_an_eighth() -> None:
    hits = play(SEVEN, steady(260, 70), 7)

    grid = track(hits, BeatHints(tempo_bpm=130, beats_per_bar=7, beat_type=8))

    assert grid.tempo_bpm == pytest.approx(260, abs=1)


def test_a_hinted_first_downbeat_is_kept() -> None:
    beats_s = steady(110, 48)
    third_beat_s = float(beats_s[2])

    grid = track(play(ROCK, beats_s, 4), BeatHints(first_downbeat_s=third_beat_s))

    assert min(abs(time - third_beat_s) for time in downbeats_s(grid)) < 0.01


@pytest.mark.parametrize("strokes", [0, 1, 3])
def test_hardly_any_hits_make_a_plain_grid(strokes: int) -> None:
    hits = as_hits([(1.0 + number, InstrumentName.SNARE) for number in range(strokes)])

    grid = track_beats(no_network(10.0), hits, BeatHints(), 10.0)

    assert grid.unreliable
    assert grid.tempo_bpm == pytest.approx(120)
    assert grid.meters[0].beats == 4
    assert grid.beats[-1].time_s > 10.0
    assert (grid.beats[0].bar, grid.beats[0].beat) == (1, 1)


def test_no_hits_with_hints_follow_the_hints() -> None:
    hints = BeatHints(tempo_bpm=90, beats_per_bar=3, beat_type=4, first_downbeat_s=1.0)

    grid = track_beats(no_network(10.0), (), hints, 10.0)

    assert grid.tempo_bpm == pytest.approx(90)
    assert grid.meters[0].beats == 3
    assert min(abs(time - 1.0) for time in downbeats_s(grid)) < 1e-6


def test_strokes_at_random_are_unreliable() -> None:
    random = np.random.default_rng(3)
    names = [InstrumentName.KICK, InstrumentName.SNARE, InstrumentName.TOM_LOW]
    hits = as_hits([(float(time), names[int(random.integers(3))]) for time in random.uniform(0, 40, 150)])

    grid = track(hits)

    assert grid.unreliable


GROOVES: list[tuple[str, Callable[[], tuple[Hit, ...]]]] = [
    ("jittered rock", lambda: play(ROCK, steady(118, 64), 4, jitter_s=0.012)),
    ("jittered waltz", lambda: play(WALTZ, steady(150, 60), 3, jitter_s=0.012)),
    ("shuffle from the first sample", lambda: play(SHUFFLE, steady(90, 32, start_s=0.0), 4)),
    ("random", lambda: as_hits([(t / 7 % 9, InstrumentName.SNARE) for t in range(40)])),
]


@pytest.mark.parametrize("make", [make for _, make in GROOVES], ids=[name for name, _ in GROOVES])
def test_every_grid_rises_covers_the_hits_and_counts_without_gaps(
    make: Callable[[], tuple[Hit, ...]],
) -> None:
    hits = make()

    grid = track(hits)

    times = [beat.time_s for beat in grid.beats]
    assert all(before < after for before, after in pairwise(times))
    assert times[0] <= hits[0].onset_s
    assert times[-1] > hits[-1].onset_s
    felt = grid.meters[0].felt_beats
    for before, after in pairwise(grid.beats):
        assert (after.bar, after.beat) in {(before.bar, before.beat + 1), (before.bar + 1, 1)}
        assert after.beat != 1 or before.beat == felt
    assert grid.beats[0].bar in (0, 1)


def test_loose_playing_does_not_make_the_tempo_jitter() -> None:
    hits = play(ROCK, steady(118, 64), 4, jitter_s=0.012)

    grid = track(hits)

    lengths_s = np.diff([beat.time_s for beat in grid.beats])
    assert np.abs(lengths_s - 60 / 118).max() < 0.012


def test_the_same_hits_give_the_same_grid() -> None:
    hits = play(ROCK, steady(118, 32), 4, jitter_s=0.012)

    assert track(hits) == track(hits)


@pytest.mark.slow
def test_a_song_of_seven_minutes_is_tracked_to_its_end() -> None:
    beats_s = steady(124, 868)

    grid = track(play(ROCK, beats_s, 4, jitter_s=0.006))

    assert grid.tempo_bpm == pytest.approx(124, abs=0.2)
    assert errors_s(grid, beats_s[:-1]).max() < 0.015
    assert downbeats_s(grid)[:210] == pytest.approx(list(beats_s[:840:4]), abs=0.015)
