"""MusicXML: valid, complete, and read back by others as it was meant."""

from __future__ import annotations

import io
import zipfile
from collections import Counter
from fractions import Fraction

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from notation.core.instruments import INSTRUMENTS
from notation.core.kit_profile import WEINBERG, profile_from_json
from notation.core.tests.any_score import scores
from notation.core.tests.charts import CHARTS
from notation.core.tests.musicxml_schema import musicxml_schema
from notation.core.tests.songs import SONGS, Song, make_song
from notation.core.writers.musicxml import write_musicxml, write_mxl

PROFILES = [WEINBERG, profile_from_json({"base": "berklee", "voices": 1, "toms": 1, "hidden": ["kick"]})]


@pytest.fixture(scope="module")
def schema() -> etree.XMLSchema:
    return musicxml_schema()


def parsed(song: Song) -> etree._Element:
    return etree.fromstring(write_musicxml(song.score()))


def test_a_song_is_valid_against_the_schema(song, schema):
    schema.assertValid(parsed(song))


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(scores(), st.sampled_from(PROFILES))
def test_any_score_is_valid_and_complete_for_any_kit(schema, score, profile):
    root = etree.fromstring(write_musicxml(score, profile))

    schema.assertValid(root)
    written = Counter(note.get("id") for note in root.iterfind("part/measure/note[@id]"))
    assert written == Counter(placed.hit.id for placed in score.hits)


@pytest.mark.parametrize("name", sorted(CHARTS))
def test_a_chart_is_valid_against_the_schema(name, schema):
    schema.assertValid(etree.fromstring(write_musicxml(CHARTS[name])))


def test_a_broken_file_is_not_valid(schema):
    root = parsed(SONGS["rock"])

    root.find("part/measure/note/duration").tag = "length"

    assert not schema.validate(root)


def test_every_hit_is_one_note_with_its_own_sound(song):
    root = parsed(song)

    notes = root.findall("part/measure/note[@id]")
    assert Counter(note.get("id") for note in notes) == Counter(hit.id for hit in song.hits)
    wanted = {hit.id: hit.instrument for hit in song.hits}
    for note in notes:
        instrument = INSTRUMENTS[wanted[note.get("id")]]
        assert note.find("instrument").get("id") == f"P1-{instrument.name.value}"
        assert note.findtext("unpitched/display-step") == instrument.display_step


def test_midi_unpitched_counts_from_one():
    root = parsed(make_song([{"k": "x---"}]))

    assert root.findtext("part-list/score-part/midi-instrument/midi-unpitched") == "37"


def test_every_voice_of_every_measure_is_full(song):
    score = song.score()
    root = etree.fromstring(write_musicxml(score))

    divisions = int(root.findtext(".//divisions"))
    for bar, measure in zip(score.bars, root.findall("part/measure"), strict=True):
        lengths = Counter()
        for note in measure.findall("note"):
            if note.find("chord") is None and note.find("grace") is None:
                lengths[note.findtext("voice")] += Fraction(int(note.findtext("duration")), divisions)
        assert set(lengths.values()) == {bar.quarters}


def test_titles_may_hold_any_character(schema):
    score = make_song([{"k": "x---"}]).score(title="Ün<&>\x00\x1b \U0001f941 太鼓", artist='"Bo" & <Co>')

    root = etree.fromstring(write_musicxml(score))

    schema.assertValid(root)
    assert root.findtext("work/work-title") == "Ün<&> \U0001f941 太鼓"


def test_an_mxl_holds_the_same_file():
    score = SONGS["rock"].score()

    archive = zipfile.ZipFile(io.BytesIO(write_mxl(score)))

    assert archive.namelist()[0] == "mimetype"
    assert archive.read("score.musicxml") == write_musicxml(score)
    assert b'full-path="score.musicxml"' in archive.read("META-INF/container.xml")
    assert write_mxl(score) == write_mxl(score)
