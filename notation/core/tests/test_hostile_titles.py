"""Titles, artists and section names are people's words: in every format text, never markup or code."""

from __future__ import annotations

import io
import json
import re
from dataclasses import replace

import mido
import pytest
from lxml import etree

from notation.core.readers import read_score
from notation.core.score import Score
from notation.core.tests.songs import SONGS
from notation.core.writers.exports import ExportFormat, export

WORDS = (
    '</script><script>alert(1)</script> & "q" \'a\' ]]> <!ENTITY e> {reason} %{ %} #(system "touch x") '
    '\\include "/etc/passwd" $(id) \x00\x1b\u202e\n[Events]\n}\nMTrk \U0001f941'
)


@pytest.fixture
def score() -> Score:
    """A short song whose every text is ``WORDS``."""
    plain = SONGS["sparse"].score(title=WORDS, artist=WORDS)
    bars = tuple(replace(bar, section=WORDS if bar.number in (1, 5) else None) for bar in plain.bars)
    return replace(plain, bars=bars)


@pytest.mark.parametrize("fmt", [ExportFormat.MUSICXML, ExportFormat.MEI, ExportFormat.SVG])
def test_xml_holds_them_as_text(score, fmt):
    root = etree.fromstring(export(score, fmt).content)

    assert not [element.tag for element in root.iter("{*}script")]
    assert "alert(1)" in "".join(root.itertext())
    assert not re.search(r"[\x00-\x08\x0b-\x1f]", "".join(root.itertext()))


@pytest.mark.parametrize("fmt", [ExportFormat.PDF, ExportFormat.GIG_CHART])
def test_pages_are_drawn_with_them(score, fmt):
    assert export(score, fmt).content.startswith(b"%PDF-")


@pytest.mark.parametrize("fmt", [ExportFormat.MIDI, ExportFormat.MIDI_PERFORMED])
def test_midi_holds_them_as_names(score, fmt):
    file = mido.MidiFile(file=io.BytesIO(export(score, fmt).content), charset="utf-8")

    assert len(file.tracks) == 2
    assert file.tracks[0].name.startswith("</script>")
    assert sum(message.type == "note_on" for message in file.tracks[1]) == len(score.hits)


def test_lilypond_holds_them_in_strings(score):
    source = export(score, ExportFormat.LILYPOND).content.decode()

    # Without its strings, in which a backslash takes the next character with it, no word of them is left.
    code = re.sub(r'"(?:\\.|[^"\\])*"', '""', source, flags=re.DOTALL)
    assert "alert" in source
    assert not re.search(r"alert|system \W*touch|include|passwd|Events", code)


def test_game_charts_hold_them_in_one_line(score):
    lines = export(score, ExportFormat.CLONE_HERO).content.decode().splitlines()

    assert [line for line in lines if line.startswith("[")].count("[Events]") <= 1
    assert sum("alert(1)" in line for line in lines) >= 2
    name = next(line for line in lines if line.strip().startswith("Name"))
    assert name.count('"') == 2


def test_json_brings_them_back_readable(score):
    described = json.loads(export(score, ExportFormat.JSON).content)

    assert described["title"] == WORDS
    read = read_score(json.dumps(described).encode(), "x.json").score
    assert read.title.isprintable()


@pytest.mark.parametrize("fmt", [ExportFormat.MUSICXML, ExportFormat.MXL, ExportFormat.MIDI])
def test_what_was_written_with_them_is_read_back_whole(score, fmt):
    imported = read_score(export(score, fmt).content, "x").score

    assert len(imported.hits) == len(score.hits)
    assert "alert(1)" in imported.title
