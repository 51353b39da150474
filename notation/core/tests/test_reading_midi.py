"""MIDI from elsewhere: written files keep their positions, played ones are quantised."""

from __future__ import annotations

import io
import random
from collections.abc import Sequence
from fractions import Fraction

import mido
import pytest

from notation.core.instruments import InstrumentName
from notation.core.readers import ImportNoDrums, ImportUnsupported, read_score
from notation.core.score import Mark, Score

F = Fraction
_I = InstrumentName
Stroke = tuple[int, int, int]  # tick, key, velocity


def drums(strokes: Sequence[Stroke], *, channel: int = 9, name: str = "") -> mido.MidiTrack:
    events: list[tuple[int, mido.Message]] = []
    for tick, key, velocity in strokes:
        events.append((tick, mido.Message("note_on", channel=channel, note=key, velocity=velocity)))
        events.append((tick + 5, mido.Message("note_off", channel=channel, note=key)))
    return track(events, name=name)


def track(events: Sequence[tuple[int, object]], *, name: str = "") -> mido.MidiTrack:
    made = mido.MidiTrack([mido.MetaMessage("track_name", name=name)] if name else [])
    now = 0
    for tick, message in sorted(events, key=lambda event: event[0]):
        made.append(message.copy(time=tick - now))
        now = tick
    return made


def midi(*tracks: mido.MidiTrack, kind: int = 1, ticks: int = 480) -> bytes:
    file = mido.MidiFile(type=kind, ticks_per_beat=ticks, tracks=list(tracks), charset="utf-8")
    packed = io.BytesIO()
    file.save(file=packed)
    return packed.getvalue()


def places(score: Score) -> list[tuple[int, Fraction, str]]:
    return [(hit.bar, hit.position, hit.hit.instrument.value) for hit in score.hits]


BEAT = [(0, 36, 100), (480, 38, 90), (960, 36, 100), (1440, 38, 90)]


def test_a_written_file_keeps_its_positions_and_velocities():
    score = read_score(midi(drums([*BEAT, (1920, 42, 70), (2080, 42, 60)])), "a b.mid").score

    assert places(score) == [
        (1, F(0), "kick"),
        (1, F(1), "snare"),
        (1, F(2), "kick"),
        (1, F(3), "snare"),
        (2, F(0), "hihat_closed"),
        (2, F(1, 3), "hihat_closed"),
    ]
    assert [hit.hit.velocity for hit in score.hits] == [100, 90, 100, 90, 70, 60]
    assert (score.title, {hit.hit.confidence for hit in score.hits}) == ("a b", {1.0})


@pytest.mark.parametrize("ticks", [24, 96, 100, 120, 192, 220, 384, 480, 960, 1024])
def test_any_resolution_gives_the_same_positions(ticks):
    wanted = [F(0), F(1, 4), F(1, 3), F(1, 2), F(2, 3), F(3, 4), F(7, 4), F(13, 6)]

    score = read_score(
        midi(drums([(round(place * ticks), 42, 80) for place in wanted]), ticks=ticks), "x.mid"
    )

    assert [hit.position for hit in score.score.hits] == wanted


def test_a_played_file_is_quantised_and_this_is_told():
    random_ = random.Random(1)
    strokes = [
        (480 * beat + 240 * half + random_.randint(0, 28), 42 if half else 36, random_.randint(60, 110))
        for beat in range(32)
        for half in (0, 1)
    ]

    imported = read_score(midi(drums(strokes)), "x.mid")

    assert "played" in {finding.code for finding in imported.report}
    assert {hit.position % 1 for hit in imported.score.hits} == {F(0), F(1, 2)}
    onsets = [hit.hit.onset_s for hit in imported.score.hits]
    assert onsets == pytest.approx([tick / 960 for tick, _, _ in strokes])


def test_a_played_buzz_roll_stays_a_roll():
    random_ = random.Random(1)
    beats = [(480 * beat + random_.randint(0, 28), 36, 90) for beat in range(32)]
    buzz = [(480 * 8 + round(21.3 * stroke), 38, 60) for stroke in range(44)]

    score = read_score(midi(drums([*beats, *buzz])), "x.mid").score

    rolled = {hit.hit.id for hit in score.hits if Mark.ROLL in hit.marks}
    within = [hit for hit in score.hits if hit.hit.instrument is _I.SNARE]
    assert rolled
    assert all(hit.hit.id in rolled or hit.grace_of in rolled for hit in within)


def test_tempi_and_meters_follow_the_file():
    turn = 6 * 1440
    conductor = track(
        [
            (0, mido.MetaMessage("set_tempo", tempo=1_000_000)),
            (0, mido.MetaMessage("time_signature", numerator=3, denominator=4)),
            (turn, mido.MetaMessage("time_signature", numerator=6, denominator=8)),
            (turn, mido.MetaMessage("set_tempo", tempo=500_000)),
            (turn, mido.MetaMessage("marker", text="Chorus")),
        ],
        name="Waltz",
    )
    bars = [(1440 * bar, 36, 90) for bar in range(12)]

    score = read_score(midi(conductor, drums(bars)), "x.mid").score

    assert [(meter.bar, meter.beats, meter.beat_type) for meter in score.meters] == [(1, 3, 4), (7, 6, 8)]
    assert [hit.hit.onset_s for hit in score.hits[5:8]] == [15.0, 18.0, 19.5]
    assert [(mark.bar, mark.bpm) for mark in score.tempo_marks] == [(1, 60.0), (7, 80.0)]
    assert (score.title, score.bars[6].section) == ("Waltz", "Chorus")


def test_a_short_first_bar_is_a_pickup():
    conductor = track(
        [
            (0, mido.MetaMessage("time_signature", numerator=1, denominator=4)),
            (480, mido.MetaMessage("time_signature", numerator=4, denominator=4)),
        ]
    )

    score = read_score(midi(conductor, drums([(0, 38, 90), (480, 36, 90)])), "x.mid").score

    assert [(bar.number, bar.quarters) for bar in score.bars] == [(0, 1), (1, 4)]


def test_drums_on_another_channel_are_found_by_the_name_of_their_track():
    bass = drums([(0, 40, 90)], channel=1, name="Bass")

    score = read_score(midi(bass, drums(BEAT, channel=0, name="My Drums")), "x.mid").score

    assert len(score.hits) == 4


def test_a_file_without_drums_is_refused():
    with pytest.raises(ImportNoDrums):
        read_score(midi(drums(BEAT, channel=0, name="Piano")), "x.mid")


def test_one_track_for_all_channels_is_read():
    both = track(
        [
            (0, mido.Message("note_on", channel=0, note=60, velocity=90)),
            (0, mido.Message("note_on", channel=9, note=36, velocity=90)),
        ]
    )

    assert places(read_score(midi(both, kind=0), "x.mid").score) == [(1, F(0), "kick")]


def test_rolands_edges_and_rims_are_read_as_such():
    keys = [22, 26, 55, 52, 58, 50]

    score = read_score(midi(drums([(480 * n, key, 90) for n, key in enumerate(keys)])), "x.mid").score

    assert [hit.hit.instrument.value for hit in score.hits] == [
        "hihat_closed", "hihat_open", "crash", "crash", "tom_low", "tom_high",
    ]  # fmt: skip


def test_general_midis_splash_and_china_stay_what_they_are():
    score = read_score(midi(drums([(0, 55, 90), (480, 52, 90)])), "x.mid").score

    assert [hit.hit.instrument for hit in score.hits] == [_I.SPLASH, _I.CHINA]


def test_a_rim_beside_the_snare_is_a_rim_shot():
    score = read_score(midi(drums([*BEAT, (1920, 40, 120)])), "x.mid").score

    assert [hit.bar for hit in score.hits if Mark.RIM_SHOT in hit.marks] == [2]


def test_unknown_keys_are_told_with_their_count():
    imported = read_score(midi(drums([*BEAT, (0, 81, 90), (480, 81, 90), (960, 60, 90)])), "x.mid")

    assert {(finding.code, finding.count) for finding in imported.report} >= {
        ("instrument_unknown", 2),
        ("instrument_nearest", 1),
    }
    assert len(imported.score.hits) == 5


def test_a_stroke_just_before_another_of_the_drum_is_its_grace_note():
    score = read_score(midi(drums([*BEAT, (1920 - 30, 38, 40), (1920, 38, 90)])), "x.mid").score

    small = next(hit for hit in score.hits if hit.is_grace)
    assert (small.bar, small.position, small.hit.velocity) == (2, F(0), 40)


def test_the_grace_notes_of_a_ruff_keep_their_order():
    ruff = [(1920 - 30 * (3 - n), 38, 40 + n) for n in range(3)]

    score = read_score(midi(drums([*BEAT, *ruff, (1920, 38, 90)])), "x.mid").score

    small = [hit for hit in score.hits if hit.is_grace]
    assert [hit.hit.velocity for hit in small] == [40, 41, 42]
    assert [hit.hit.onset_s for hit in small] == sorted(hit.hit.onset_s for hit in small)


def test_fast_notes_on_the_grid_stay_notes():
    fast = [(60 * n, 36, 90) for n in range(32)]

    score = read_score(midi(drums(fast)), "x.mid").score

    assert [hit.position for hit in score.hits] == [F(n, 8) for n in range(32)]


def test_the_same_stroke_in_two_tracks_is_one():
    imported = read_score(midi(drums(BEAT), drums(BEAT)), "x.mid")

    assert len(imported.score.hits) == 4
    assert {finding.code: finding.count for finding in imported.report}["strokes_joined"] == 4


def test_the_pedal_and_a_grabbed_cymbal_become_marks():
    played = track(
        [
            (0, mido.Message("control_change", channel=9, control=4, value=64)),
            (0, mido.Message("note_on", channel=9, note=46, velocity=90)),
            (480, mido.Message("note_on", channel=9, note=49, velocity=90)),
            (500, mido.Message("polytouch", channel=9, note=49, value=127)),
        ]
    )

    hits = read_score(midi(played), "x.mid").score.hits

    assert [sorted(hit.marks) for hit in hits] == [[Mark.HALF_OPEN], [Mark.CHOKE]]


@pytest.mark.parametrize(("kind", "division"), [(2, 480), (1, 0xE728)])
def test_patterns_and_time_codes_are_refused(kind, division):
    data = bytearray(midi(drums(BEAT)))
    data[8:10] = kind.to_bytes(2, "big")
    data[12:14] = division.to_bytes(2, "big")

    with pytest.raises(ImportUnsupported):
        read_score(bytes(data), "x.mid")


def test_a_file_in_a_riff_wrapper_is_read():
    inner = midi(drums(BEAT))
    wrapped = b"RIFF" + (len(inner) + 12).to_bytes(4, "little") + b"RMIDdata"
    wrapped += len(inner).to_bytes(4, "little") + inner

    assert len(read_score(wrapped, "x.rmi").score.hits) == 4
