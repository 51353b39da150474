"""The keys of drum programs and modules: what is written with a map is read back with it."""

from __future__ import annotations

import io
from collections import Counter
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import mido
import pytest
from hypothesis import given, settings

from notation.core.hits import Hit
from notation.core.instruments import InstrumentName
from notation.core.score import INSTRUMENTS_OF_MARK, Mark, Score, ScoreHit
from notation.core.tests.any_score import scores
from notation.core.tests.charts import CHARTS
from notation.core.tests.songs import SONGS
from notation.core.writers.midi import TICKS_A_QUARTER, write_midi
from notation.core.writers.note_maps import GENERAL_MIDI, NOTE_MAPS, NoteMap

# What can be heard of a mark on one stroke; how loud it is, MIDI says by velocity.
HEARD = frozenset({Mark.HALF_OPEN, Mark.CHOKE, Mark.RIM_SHOT, Mark.ROLL})

Heard = Counter[tuple[int, InstrumentName, int, frozenset[Mark]]]


def read_strokes(data: bytes, note_map: NoteMap) -> Heard:
    """Main and grace notes alike: (tick, instrument, velocity, marks), by the map alone."""
    file = mido.MidiFile(file=io.BytesIO(data), charset="utf-8")
    found, now, pedal = [], 0, 0
    sounding: dict[int, list[dict]] = {}
    for message in file.tracks[1]:
        now += message.time
        if message.type == "control_change":
            assert message.control == 4
            pedal = message.value
        elif message.type == "note_on":
            stroke = {
                "on": now,
                "note": message.note,
                "velocity": message.velocity,
                "pedal": pedal,
                "extra": set(),
            }
            found.append(stroke)
            sounding.setdefault(message.note, []).append(stroke)
        elif message.type == "polytouch":
            sounding[message.note][-1]["extra"].add(Mark.CHOKE)
        elif message.type == "note_off":
            for stroke in sounding.pop(message.note, []):
                stroke["off"] = now
    strokes: Heard = Counter()
    for stroke in found:
        instrument, marks = note_map.stroke_on(stroke["note"])
        if instrument is InstrumentName.HIHAT_OPEN and 0 < stroke["pedal"] < 127:
            stroke["extra"].add(Mark.HALF_OPEN)
        if stroke["off"] - stroke["on"] > 60:
            stroke["extra"].add(Mark.ROLL)
        strokes[stroke["on"], instrument, stroke["velocity"], marks | stroke["extra"]] += 1
    return strokes


def one_of_everything() -> Score:
    """Every instrument with every mark that it can have, an eighth apart."""
    score = SONGS["rock"].score()
    wanted = [(name, frozenset[Mark]()) for name in InstrumentName]
    wanted += [
        (name, frozenset({mark})) for mark, names in INSTRUMENTS_OF_MARK.items() for name in sorted(names)
    ]
    wanted += [(name, frozenset({Mark.ROLL})) for name in InstrumentName]
    wanted.append((InstrumentName.HIHAT_OPEN, frozenset({Mark.HALF_OPEN, Mark.CHOKE})))
    hits = tuple(
        ScoreHit(
            Hit(f"h{place}", place * 0.25, name, 90, 1.0),
            1 + place // 8,
            Fraction(place % 8, 2),
            None,
            marks,
        )
        for place, (name, marks) in enumerate(wanted)
    )
    return Score("Everything", "", score.bars, hits, 120.0)


def written_strokes(score: Score, *, lead_in: int = 0) -> Heard:
    starts, at = {}, Fraction(0)
    for bar in score.bars:
        starts[bar.number] = at
        at += bar.quarters
    return Counter(
        (
            round((starts[placed.bar] + placed.position) * TICKS_A_QUARTER) + lead_in,
            placed.hit.instrument,
            placed.hit.velocity,
            placed.marks & HEARD,
        )
        for placed in score.hits
    )


@pytest.mark.parametrize("name", NOTE_MAPS)
def test_no_two_strokes_share_a_key(name):
    note_map = NOTE_MAPS[name]

    keys = [*note_map.notes.values(), *note_map.marked.values()]

    assert len(set(keys)) == len(keys)
    assert all(0 <= key <= 127 for key in keys)
    assert set(note_map.notes) == set(InstrumentName)


@pytest.mark.parametrize("name", NOTE_MAPS)
def test_every_instrument_and_mark_is_read_back(name):
    score = one_of_everything()

    found = read_strokes(write_midi(score, note_map=NOTE_MAPS[name]), NOTE_MAPS[name])

    assert found == written_strokes(score)


@pytest.mark.parametrize("name", NOTE_MAPS)
def test_no_hit_of_a_song_is_lost_or_sounds_wrong(name, song):
    score = song.score()

    found = read_strokes(write_midi(score, note_map=NOTE_MAPS[name]), NOTE_MAPS[name])

    assert found.total() == len(score.hits)
    assert sounds(found) == sounds(written_strokes(score))


def test_a_choke_is_told_while_its_note_sounds():
    bars = SONGS["rock"].score().bars
    hits = tuple(
        ScoreHit(Hit(f"h{place}", 0.0, InstrumentName.RIDE, 90, 1.0), 1, Fraction(0), None, frozenset(marks))
        for place, marks in enumerate(((), (Mark.ROLL, Mark.CHOKE)))
    )
    note_map = NOTE_MAPS["general-midi"]

    found = read_strokes(write_midi(Score("Twice", "", bars, hits, 120.0), note_map=note_map), note_map)

    assert found.total() == 2


@settings(max_examples=20, deadline=None)
@given(scores())
def test_no_hit_of_any_score_is_lost_or_sounds_wrong(score):
    for note_map in NOTE_MAPS.values():
        found = read_strokes(write_midi(score, note_map=note_map), note_map)

        assert sounds(found) == sounds(written_strokes(score))


@pytest.mark.parametrize("chart", CHARTS)
def test_no_hit_or_mark_of_a_chart_is_lost(chart):
    score = CHARTS[chart]
    mains = replace(score, hits=tuple(placed for placed in score.hits if not placed.is_grace))

    for note_map in NOTE_MAPS.values():
        found = read_strokes(write_midi(score, note_map=note_map), note_map)

        lead_in = (
            120
            if any(placed.is_grace and placed.bar == 1 and placed.position == 0 for placed in score.hits)
            else 0
        )
        assert found.total() == len(score.hits)
        assert not written_strokes(mains, lead_in=lead_in) - found


def sounds(strokes: Heard) -> Counter[tuple[InstrumentName, int]]:
    """What is struck how hard, wherever: grace notes stand before their place."""
    heard: Counter[tuple[InstrumentName, int]] = Counter()
    for (_, instrument, velocity, _), count in strokes.items():
        heard[instrument, velocity] += count
    return heard


def test_a_key_of_no_stroke_is_not_read_as_one():
    assert GENERAL_MIDI.stroke_on(81) is None


def test_general_midi_keeps_the_published_keys():
    published = {
        "kick": 36,
        "side_stick": 37,
        "snare": 38,
        "clap": 39,
        "hihat_closed": 42,
        "crash": 49,
        "ride": 51,
    }

    assert {name: GENERAL_MIDI.notes[InstrumentName(name)] for name in published} == published


def test_the_documented_tables_are_these_maps():
    text = (Path(__file__).parents[3] / "docs" / "exports.md").read_text("utf-8")
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if "|" in line
    ]
    names = next(row for row in rows if row[0] == "`note_map`")[1:]
    documented = {row[0]: row[1:] for row in rows if len(row) == len(names) + 1}

    assert [name.strip("`") for name in names] == list(NOTE_MAPS)
    for place, note_map in enumerate(NOTE_MAPS.values()):
        for instrument, note in note_map.notes.items():
            missing = "°" if instrument in note_map.substitutes else ""
            assert documented[f"`{instrument}`"][place] == f"{note}{missing}"
        for (instrument, mark), note in note_map.marked.items():
            assert documented[f"`{instrument}`, {mark.replace('_', ' ')}"][place] == str(note)
