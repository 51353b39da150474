"""MusicXML 4.0, for MuseScore, Sibelius, Dorico, Finale and everybody else.

Every bar is written out: programs disagree about repeat-bar signs in percussion parts, and a note that is
only implied is lost in most of them. The traps are noted where they are stepped around.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Sequence
from fractions import Fraction
from math import lcm

from lxml import etree

from notation.core.instruments import INSTRUMENTS, Instrument, InstrumentName, Notehead
from notation.core.kit_profile import WEINBERG, KitProfile, Written
from notation.core.score import Bar, Score, Swing, SwingMark, TempoMark
from notation.core.spell import Event, Head, SpelledBar, Voice, beam_states, spell

_DOCTYPE = (
    '<!DOCTYPE score-partwise PUBLIC "-//Recordare//DTD MusicXML 4.0 Partwise//EN" '
    '"http://www.musicxml.org/dtds/partwise.dtd">'
)
_TYPES = {
    Fraction(4): "whole",
    Fraction(2): "half",
    Fraction(1): "quarter",
    Fraction(1, 2): "eighth",
    Fraction(1, 4): "16th",
    Fraction(1, 8): "32nd",
    Fraction(1, 16): "64th",
    Fraction(1, 32): "128th",
}
# MusicXML's note dynamics are a percentage of this MIDI velocity.
_FORTE_VELOCITY = 90
_CONTROL_CHARACTERS = re.compile(r"[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


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


def plain_text(text: str) -> str:
    """``text`` without the characters that XML cannot hold."""
    return _CONTROL_CHARACTERS.sub("", text).strip()


def swing_words(swing: Swing | None) -> str:
    """What stands beside the tempo where a feel begins."""
    if swing is None:
        return "Straight"
    return "Swing" if swing is Swing.EIGHTHS else "Swing 16ths"


def _add(parent: etree._Element, tag: str, text: object = None, **attributes: str) -> etree._Element:
    named = {name.rstrip("_").replace("_", "-"): value for name, value in attributes.items()}
    child = etree.SubElement(parent, tag, named)
    if text is not None:
        child.text = str(text)
    return child


def _instrument_id(name: InstrumentName) -> str:
    return f"P1-{name.value}"


def _write_header(
    root: etree._Element, score: Score, used: Sequence[Instrument], profile: KitProfile
) -> None:
    if title := plain_text(score.title):
        _add(_add(root, "work"), "work-title", title)
        _add(root, "movement-title", title)
    identification = _add(root, "identification")
    if artist := plain_text(score.artist):
        _add(identification, "creator", artist, type="composer")
    encoding = _add(identification, "encoding")
    _add(encoding, "software", "drumsite")
    for element in ("accidental", "beam", "stem"):
        _add(encoding, "supports", element=element, type="yes")
    part = _add(_add(root, "part-list"), "score-part", id="P1")
    _add(part, "part-name", "Drums", print_object="no")
    for instrument in used:
        entry = _add(part, "score-instrument", id=_instrument_id(instrument.name))
        # The name of the drum itself, also where it shares its place with another.
        _add(entry, "instrument-name", plain_text(profile.instruments[instrument.name].label))
        _add(entry, "instrument-sound", instrument.instrument_sound)
    # All score-instruments must come before the first midi-instrument.
    for instrument in used:
        entry = _add(part, "midi-instrument", id=_instrument_id(instrument.name))
        _add(entry, "midi-channel", 10)
        _add(entry, "midi-program", 1)
        _add(entry, "midi-unpitched", instrument.gm_note + 1)  # 1-based, unlike MIDI itself


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
    measure = _add(part, "measure", number=str(bar.number))
    if bar.is_pickup:
        measure.set("implicit", "yes")
    _write_attributes(measure, bars[index - 1].bar if index else None, bar, divisions)
    if bar.section:
        _add(_add(_direction(measure), "direction-type"), "rehearsal", plain_text(bar.section))
    tempo = next((mark for mark in score.tempo_marks if mark.bar == bar.number), None)
    feel = next((mark for mark in score.swing_marks if mark.bar == bar.number), None)
    if tempo or feel:
        _write_tempo(measure, bar, tempo, feel)
    for place, voice in enumerate(spelled.voices):
        if place:
            _add(_add(measure, "backup"), "duration", int(bar.quarters * divisions))
        _write_voice(measure, voice, divisions)
    if index == len(bars) - 1:
        _add(_add(measure, "barline", location="right"), "bar-style", "light-heavy")


def _write_attributes(measure: etree._Element, previous: Bar | None, bar: Bar, divisions: int) -> None:
    signature = (bar.meter.beats, bar.meter.beat_type)
    if previous is not None and (previous.meter.beats, previous.meter.beat_type) == signature:
        return
    attributes = _add(measure, "attributes")
    if previous is None:
        _add(attributes, "divisions", divisions)
    time = _add(attributes, "time")
    _add(time, "beats", bar.meter.beats)
    _add(time, "beat-type", bar.meter.beat_type)
    if previous is None:
        _add(_add(attributes, "clef"), "sign", "percussion")
        _add(_add(attributes, "staff-details"), "staff-lines", 5)


def _direction(measure: etree._Element) -> etree._Element:
    return _add(measure, "direction", placement="above")


def _write_tempo(measure: etree._Element, bar: Bar, tempo: TempoMark | None, feel: SwingMark | None) -> None:
    direction = _direction(measure)
    if tempo is not None:
        metronome = _add(_add(direction, "direction-type"), "metronome", parentheses="no")
        beat = bar.meter.printed_beat_quarters
        _add(metronome, "beat-unit", _TYPES[beat * 2 / 3 if bar.meter.is_compound else beat])
        if bar.meter.is_compound:
            _add(metronome, "beat-unit-dot")
        _add(metronome, "per-minute", round(tempo.bpm * float(bar.meter.beat_quarters / beat)))
    if feel is not None:
        _add(_add(direction, "direction-type"), "words", swing_words(feel.swing))
    sound = _add(direction, "sound")
    if tempo is not None:
        sound.set("tempo", f"{tempo.bpm * float(bar.meter.beat_quarters):.2f}")
    if feel is not None:
        ratio = _add(sound, "swing")
        if feel.swing is None:
            _add(ratio, "straight")
            return
        _add(ratio, "first", 2)
        _add(ratio, "second", 1)
        _add(ratio, "swing-type", feel.swing.value)


def _write_voice(measure: etree._Element, voice: Voice, divisions: int) -> None:
    beams = beam_states(voice.events)
    for index, event in enumerate(voice.events):
        if event.is_rest:
            _write_rest(measure, voice, index, divisions)
            continue
        for chord in event.graces:
            for place, head in enumerate(chord):
                _write_grace(measure, voice, event, chord, head, place)
        for place, head in enumerate(event.heads):
            _write_note(measure, voice, index, head, place, divisions, beams.get(index, ()))


def _write_rest(measure: etree._Element, voice: Voice, index: int, divisions: int) -> None:
    event = voice.events[index]
    note = _add(measure, "note")
    if not event.visible:
        note.set("print-object", "no")
    rest = _add(note, "rest")
    if event.fills_bar:
        rest.set("measure", "yes")
    _add(note, "duration", int(event.duration * divisions))
    _add(note, "voice", voice.number)
    if not event.fills_bar:
        _write_value(note, event)
    notations = _tuplet_notations(voice, index)
    if notations is not None:
        note.append(notations)


def _write_value(note: etree._Element, event: Event) -> None:
    _add(note, "type", _TYPES[event.base])
    for _ in range(event.dots):
        _add(note, "dot")
    if event.tuplet is not None:
        change = _add(note, "time-modification")
        _add(change, "actual-notes", event.tuplet.actual)
        _add(change, "normal-notes", event.tuplet.normal)
        if event.tuplet.base != event.base or event.dots:
            _add(change, "normal-type", _TYPES[event.tuplet.base])


def _write_place(note: etree._Element, written: Written) -> None:
    unpitched = _add(note, "unpitched")
    _add(unpitched, "display-step", written.display_step)
    _add(unpitched, "display-octave", written.display_octave)


def _write_head(note: etree._Element, head: Head, voice: Voice) -> None:
    _add(note, "stem", "up" if voice.number == 1 else "down")
    if head.ghost:
        _add(note, "notehead", head.notehead.value, parentheses="yes")
    elif head.notehead is not Notehead.NORMAL:
        _add(note, "notehead", head.notehead.value)


def _start_note(measure: etree._Element, head: Head) -> etree._Element:
    return _add(
        measure,
        "note",
        id=head.hit.id,
        dynamics=f"{100 * head.hit.velocity / _FORTE_VELOCITY:.2f}",
    )


def _write_note(
    measure: etree._Element,
    voice: Voice,
    index: int,
    head: Head,
    place: int,
    divisions: int,
    beams: tuple[str, ...],
) -> None:
    event = voice.events[index]
    note = _start_note(measure, head)
    if place:
        _add(note, "chord")
    _write_place(note, head.written)
    _add(note, "duration", int(event.duration * divisions))
    _add(note, "instrument", id=_instrument_id(head.hit.instrument))
    _add(note, "voice", voice.number)
    _write_value(note, event)
    _write_head(note, head, voice)
    if place == 0:
        for level, state in enumerate(beams, start=1):
            _add(note, "beam", state, number=str(level))
    notations = _tuplet_notations(voice, index) if place == 0 else None
    if notations is None:
        notations = etree.Element("notations")
    if any(
        grace.hit.instrument is head.hit.instrument for grace in (event.graces[-1] if event.graces else ())
    ):
        _add(notations, "slur", type="stop", number=str(place + 1))
    _write_marks(notations, voice, event, head, first=place == 0)
    if len(notations):
        note.append(notations)


def _write_marks(notations: etree._Element, voice: Voice, event: Event, head: Head, *, first: bool) -> None:
    """What is marked on a note; what a chord has once (roll, accent) stands on its ``first`` head."""
    outside = "above" if voice.number == 1 else "below"
    if first and event.slashes:
        _add(_add(notations, "ornaments"), "tremolo", event.slashes, type="single")
    technical = etree.Element("technical")
    if head.sticking:
        # As a fingering: programs keep its text, and draw it beside the note.
        _add(technical, "fingering", head.sticking, placement=outside)
    if head.is_open_hihat:
        # <open/> belongs to wind instruments and shows nothing; open-string draws the small circle.
        _add(technical, "open-string")
    if head.is_half_open:
        _add(technical, "half-muted")
    if len(technical):
        notations.append(technical)
    articulations = etree.Element("articulations")
    if first and event.accented:
        _add(articulations, "accent", placement=outside)
    if head.is_choked:
        # MusicXML has no choke, and its damping mark is no note's; a wedge stays with the note everywhere.
        _add(articulations, "staccatissimo", placement=outside)
    if len(articulations):
        notations.append(articulations)


def _write_grace(
    measure: etree._Element,
    voice: Voice,
    event: Event,
    chord: tuple[Head, ...],
    head: Head,
    place: int,
) -> None:
    note = _start_note(measure, head)
    single = len(event.graces) == 1
    grace = _add(note, "grace")
    if single:
        grace.set("slash", "yes")
    if place:
        _add(note, "chord")
    _write_place(note, head.written)
    _add(note, "instrument", id=_instrument_id(head.hit.instrument))
    _add(note, "voice", voice.number)
    _add(note, "type", "eighth" if single else "16th")
    _write_head(note, head, voice)
    step = event.graces.index(chord)
    if not single and place == 0:
        state = "begin" if step == 0 else "end" if step == len(event.graces) - 1 else "continue"
        for level in (1, 2):
            _add(note, "beam", state, number=str(level))
    target = next(
        (at for at, main in enumerate(event.heads) if main.hit.instrument is head.hit.instrument), None
    )
    notations = etree.Element("notations")
    if step == len(event.graces) - 1 and target is not None:
        # On the head's side: programs draw it across the stems otherwise.
        side = {"placement": "below", "orientation": "under"}
        if voice.number == 2:
            side = {"placement": "above", "orientation": "over"}
        _add(notations, "slur", type="start", number=str(target + 1), **side)
    if head.sticking:
        outside = "above" if voice.number == 1 else "below"
        _add(_add(notations, "technical"), "fingering", head.sticking, placement=outside)
    if len(notations):
        note.append(notations)


def _tuplet_notations(voice: Voice, index: int) -> etree._Element | None:
    """The start or end of a tuplet's bracket, which belongs on its first and last event."""
    event = voice.events[index]
    tuplet = event.tuplet
    if tuplet is None:
        return None
    starts = event.onset == tuplet.start
    ends = event.onset + event.duration == tuplet.start + tuplet.length
    if not starts and not ends:
        return None
    notations = etree.Element("notations")
    if starts:
        members = [other for other in voice.events if other.tuplet == tuplet]
        beamed = all(member.beam is not None and member.beam == members[0].beam for member in members)
        _add(
            notations,
            "tuplet",
            type="start",
            number="1",
            bracket="no" if beamed else "yes",
            placement="above" if voice.number == 1 else "below",
        )
    if ends:
        _add(notations, "tuplet", type="stop", number="1")
    return notations
