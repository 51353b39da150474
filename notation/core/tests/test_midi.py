"""MIDI files."""

from __future__ import annotations

import io
from collections import Counter
from dataclasses import replace
from fractions import Fraction

import mido
import pytest

from notation.core.instruments import INSTRUMENTS, InstrumentName
from notation.core.tests.songs import ROCK, SONGS, Player, make_song
from notation.core.writers.midi import TICKS_A_QUARTER, write_midi


def read(data: bytes) -> mido.MidiFile:
    return mido.MidiFile(file=io.BytesIO(data), charset="utf-8")


def strokes(file: mido.MidiFile) -> list[tuple[int, mido.Message]]:
    found, now = [], 0
    for message in file.tracks[1]:
        now += message.time
        if message.type == "note_on":
            found.append((now, message))
    return found


def test_notes_lie_where_they_are_written(song):
    score = song.score()
    starts, at = {}, Fraction(0)
    for bar in score.bars:
        starts[bar.number] = at
        at += bar.quarters

    found = Counter((tick, message.note) for tick, message in strokes(read(write_midi(score))))

    wanted = Counter(
        (
            round((starts[placed.bar] + placed.position) * TICKS_A_QUARTER),
            INSTRUMENTS[placed.hit.instrument].gm_note,
        )
        for placed in score.hits
        if not placed.is_grace
    )
    assert not wanted - found
    assert found.total() == len(score.hits)


def test_everything_is_on_the_drum_channel_with_its_velocity():
    score = make_song([{"k": "x---", "s": "--g-"}]).score()

    found = [message for _, message in strokes(read(write_midi(score)))]

    assert {message.channel for message in found} == {9}
    assert [(m.note, m.velocity) for m in found] == [(36, 95), (38, 30)]


def test_grace_notes_come_just_before_their_note():
    score = make_song([{"s": "x-f-"}]).score()

    ticks = [tick for tick, _ in strokes(read(write_midi(score)))]

    assert len(ticks) == 3
    assert 0 < ticks[2] - ticks[1] <= 60


@pytest.mark.parametrize("performed", [False, True])
def test_the_file_keeps_in_step_with_the_recording(performed):
    song = make_song(ROCK, player=Player(jitter_s=0.008, beat_jitter_s=0.01))
    score = song.score()
    onsets = sorted(hit.onset_s - score.bars[0].start_s for hit in song.hits)

    now, heard = 0.0, []
    for message in read(write_midi(score, performed=performed)):
        now += message.time
        if message.type == "note_on" and message.velocity:
            heard.append(now)

    allowed_s = 0.003 if performed else 0.06
    assert sorted(heard) == pytest.approx([max(0.0, onset) for onset in onsets], abs=allowed_s)


def test_meters_are_written():
    file = read(write_midi(SONGS["odd"].score()))

    signatures = [(m.numerator, m.denominator) for m in file.tracks[0] if m.type == "time_signature"]
    assert signatures == [(7, 8), (5, 8), (5, 4)]


def test_any_title_can_be_written():
    file = read(write_midi(make_song([{"k": "x---"}]).score(title="太鼓\x00")))

    assert file.tracks[0].name == "太鼓"


def test_every_instrument_has_a_sound_of_its_own():
    assert len({INSTRUMENTS[name].gm_note for name in InstrumentName}) == len(InstrumentName)


def test_a_shuffle_is_played_swung_although_it_is_written_straight():
    score = make_song([{"h": "x-xx-xx-xx-x", "k": "x-----x-----"}] * 4).score()
    assert any(mark.swing for mark in score.swing_marks)

    found = {
        tick % TICKS_A_QUARTER for tick, message in strokes(read(write_midi(score))) if message.note == 42
    }

    assert found == {0, 320}


def test_a_pickup_has_a_time_signature_of_its_own_length():
    file = read(write_midi(SONGS["pickup"].score()))

    now, signatures = 0, []
    for message in file.tracks[0]:
        now += message.time
        if message.type == "time_signature":
            signatures.append((now, message.numerator, message.denominator))
    assert signatures == [(0, 1, 4), (TICKS_A_QUARTER, 4, 4)]


def test_a_flam_on_the_first_beat_is_kept_by_a_sixteenth_of_silence():
    file = read(write_midi(make_song([{"s": "d---", "k": "x-x-"}]).score()))

    found = [(tick, message.note) for tick, message in strokes(file)]
    assert found == [(60, 38), (90, 38), (120, 38), (120, 36), (120 + 2 * TICKS_A_QUARTER, 36)]
    assert [(m.numerator, m.denominator) for m in file.tracks[0] if m.type == "time_signature"] == [
        (1, 16),
        (4, 4),
    ]


def test_sections_are_markers():
    score = make_song([{"k": "x---"}] * 3).score()
    named = replace(score, bars=tuple(replace(bar, section=f"Part {bar.number}") for bar in score.bars))

    now, markers = 0, []
    for message in read(write_midi(named)).tracks[0]:
        now += message.time
        if message.type == "marker":
            markers.append((now, message.text))

    assert markers == [(0, "Part 1"), (4 * TICKS_A_QUARTER, "Part 2"), (8 * TICKS_A_QUARTER, "Part 3")]


def test_a_note_ends_before_the_next_of_its_key(song):
    for now, message, sounding in held_notes(read(write_midi(song.score()))):
        assert message.type != "note_on" or message.note not in sounding, f"cut off at tick {now}"


def held_notes(file: mido.MidiFile):
    now, sounding = 0, set()
    for message in file.tracks[1]:
        now += message.time
        yield now, message, frozenset(sounding)
        if message.type == "note_on":
            sounding.add(message.note)
        elif message.type == "note_off":
            sounding.discard(message.note)
