"""MIDI files."""

from __future__ import annotations

import io
from collections import Counter
from fractions import Fraction

import mido
import pytest

from notation.core.instruments import INSTRUMENTS, InstrumentName
from notation.core.midi import TICKS_A_QUARTER, write_midi
from notation.core.tests.songs import ROCK, SONGS, Player, make_song


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
