"""MusicXML 4.0, for MuseScore, Sibelius, Dorico, Finale and everybody else.

Every bar is written out: programs disagree about repeat-bar signs in percussion parts, and a note that is
only implied is lost in most of them. The traps are noted where they are stepped around.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from math import lcm

from lxml import etree

from notation.core.instruments import INSTRUMENTS, Instrument, InstrumentName
from notation.core.kit_profile import WEINBERG, KitProfile
from notation.core.score import Bar, Score, SwingMark, TempoMark
from notation.core.spelling.spell import SpelledBar, spell
from notation.core.texts import plain_text, swing_words
from notation.core.writers.musicxml_notes import VALUE_TYPES, add, instrument_id, write_voice

_DOCTYPE = (
    '<!DOCTYPE score-partwise PUBLIC "-//Recordare//DTD MusicXML 4.0 Partwise//EN" '
    '"http://www.musicxml.org/dtds/partwise.dtd">'
)


def write_musicxml(score: Score, profile: KitProfile = WEINBERG) -> bytes:
    """Write ``score`` as a MusicXML 4.0 file; each note's ``id`` is its hit's.

    The profile decides places, heads and voices; hits of instruments that it hides are written all the same,
    and every note keeps its own sound.
    """
    root = etree.Element("score-partwise", version="4.0")
    bars = spell(score, profile.showing_all())
    used = [
        INSTRUMENTS[name] for name in InstrumentName if any(hit.hit.instrument is name for hit in score.hits)
    ]
    _write_header(root, score, used, profile)
    part = etree.SubElement(root, "part", id="P1")
    divisions = _divisions(bars)
    for index, bar in enumerate(bars):
        _write_bar(part, score, bars, index, bar, divisions)
    return bytes(
        etree.tostring(root, xml_declaration=True, encoding="UTF-8", doctype=_DOCTYPE, pretty_print=True)
    )


def write_mxl(score: Score, profile: KitProfile = WEINBERG) -> bytes:
    """Write ``score`` as compressed MusicXML (.mxl)."""
    container = (
        '<?xml version="1.0" encoding="UTF-8"?>\n<container><rootfiles>'
        '<rootfile full-path="score.musicxml" media-type="application/vnd.recordare.musicxml+xml"/>'
        "</rootfiles></container>\n"
    )
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        # A fixed date keeps equal scores equal byte for byte.
        for name, content, method in (
            ("mimetype", b"application/vnd.recordare.musicxml", zipfile.ZIP_STORED),
            ("META-INF/container.xml", container.encode(), zipfile.ZIP_DEFLATED),
            ("score.musicxml", write_musicxml(score, profile), zipfile.ZIP_DEFLATED),
        ):
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            archive.writestr(entry, content, compress_type=method)
    return packed.getvalue()


def _write_header(
    root: etree._Element, score: Score, used: Sequence[Instrument], profile: KitProfile
) -> None:
    if title := plain_text(score.title):
        add(add(root, "work"), "work-title", title)
        add(root, "movement-title", title)
    identification = add(root, "identification")
    if artist := plain_text(score.artist):
        add(identification, "creator", artist, type="composer")
    encoding = add(identification, "encoding")
    add(encoding, "software", "drumsite")
    for element in ("accidental", "beam", "stem"):
        add(encoding, "supports", element=element, type="yes")
    part = add(add(root, "part-list"), "score-part", id="P1")
    add(part, "part-name", "Drums", print_object="no")
    for instrument in used:
        entry = add(part, "score-instrument", id=instrument_id(instrument.name))
        # The name of the drum itself, also where it shares its place with another.
        add(entry, "instrument-name", plain_text(profile.instruments[instrument.name].label))
        add(entry, "instrument-sound", instrument.instrument_sound)
    # All score-instruments must come before the first midi-instrument.
    for instrument in used:
        entry = add(part, "midi-instrument", id=instrument_id(instrument.name))
        add(entry, "midi-channel", 10)
        add(entry, "midi-program", 1)
        add(entry, "midi-unpitched", instrument.gm_note + 1)  # 1-based, unlike MIDI itself


def _divisions(bars: Sequence[SpelledBar]) -> int:
    times = {
        time
        for bar in bars
        for voice in bar.voices
        for event in voice.events
        for time in (event.duration, event.onset)
    }
    return lcm(*(time.denominator for time in times), *(bar.bar.quarters.denominator for bar in bars))


def _write_bar(
    part: etree._Element,
    score: Score,
    bars: Sequence[SpelledBar],
    index: int,
    spelled: SpelledBar,
    divisions: int,
) -> None:
    bar = spelled.bar
    measure = add(part, "measure", number=str(bar.number))
    if bar.is_pickup:
        measure.set("implicit", "yes")
    _write_attributes(measure, bars[index - 1].bar if index else None, bar, divisions)
    if bar.section:
        add(add(_direction(measure), "direction-type"), "rehearsal", plain_text(bar.section))
    tempo = next((mark for mark in score.tempo_marks if mark.bar == bar.number), None)
    feel = next((mark for mark in score.swing_marks if mark.bar == bar.number), None)
    if tempo or feel:
        _write_tempo(measure, bar, tempo, feel)
    for place, voice in enumerate(spelled.voices):
        if place:
            add(add(measure, "backup"), "duration", int(bar.quarters * divisions))
        write_voice(measure, voice, divisions)
    if index == len(bars) - 1:
        add(add(measure, "barline", location="right"), "bar-style", "light-heavy")


def _write_attributes(measure: etree._Element, previous: Bar | None, bar: Bar, divisions: int) -> None:
    signature = (bar.meter.beats, bar.meter.beat_type)
    if previous is not None and (previous.meter.beats, previous.meter.beat_type) == signature:
        return
    attributes = add(measure, "attributes")
    if previous is None:
        add(attributes, "divisions", divisions)
    time = add(attributes, "time")
    add(time, "beats", bar.meter.beats)
    add(time, "beat-type", bar.meter.beat_type)
    if previous is None:
        add(add(attributes, "clef"), "sign", "percussion")
        add(add(attributes, "staff-details"), "staff-lines", 5)


def _direction(measure: etree._Element) -> etree._Element:
    return add(measure, "direction", placement="above")


def _write_tempo(measure: etree._Element, bar: Bar, tempo: TempoMark | None, feel: SwingMark | None) -> None:
    direction = _direction(measure)
    if tempo is not None:
        metronome = add(add(direction, "direction-type"), "metronome", parentheses="no")
        beat = bar.meter.printed_beat_quarters
        add(metronome, "beat-unit", VALUE_TYPES[beat * 2 / 3 if bar.meter.is_compound else beat])
        if bar.meter.is_compound:
            add(metronome, "beat-unit-dot")
        add(metronome, "per-minute", bar.meter.printed_bpm(tempo.bpm))
    if feel is not None:
        add(add(direction, "direction-type"), "words", swing_words(feel.swing))
    sound = add(direction, "sound")
    if tempo is not None:
        sound.set("tempo", f"{tempo.bpm * float(bar.meter.beat_quarters):.2f}")
    if feel is not None:
        ratio = add(sound, "swing")
        if feel.swing is None:
            add(ratio, "straight")
            return
        add(ratio, "first", 2)
        add(ratio, "second", 1)
        add(ratio, "swing-type", feel.swing.value)
