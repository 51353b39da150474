"""The notes of one voice in MusicXML: values, heads, beams, tuplets, grace notes, marks.

The order of a note's children is strict; the functions below follow it from top to bottom.
"""

from __future__ import annotations

from fractions import Fraction

from lxml import etree

from notation.core.instruments import InstrumentName, Notehead
from notation.core.kit_profile import Written
from notation.core.spelling.beams import beam_states
from notation.core.spelling.engraved import Event, Head, Voice

VALUE_TYPES = {
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


def add(parent: etree._Element, tag: str, text: object = None, **attributes: str) -> etree._Element:
    """Append an element; in the names of attributes an underscore stands for a hyphen, one at the end for
    nothing."""
    named = {name.rstrip("_").replace("_", "-"): value for name, value in attributes.items()}
    child = etree.SubElement(parent, tag, named)
    if text is not None:
        child.text = str(text)
    return child


def instrument_id(name: InstrumentName) -> str:
    """The id of an instrument of the part."""
    return f"P1-{name.value}"


def write_voice(measure: etree._Element, voice: Voice, divisions: int) -> None:
    """Append one voice's notes and rests to a measure; ``divisions`` is how many a quarter has."""
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
    note = add(measure, "note")
    if not event.visible:
        note.set("print-object", "no")
    rest = add(note, "rest")
    if event.fills_bar:
        rest.set("measure", "yes")
    add(note, "duration", int(event.duration * divisions))
    add(note, "voice", voice.number)
    if not event.fills_bar:
        _write_value(note, event)
    notations = _tuplet_notations(voice, index)
    if notations is not None:
        note.append(notations)


def _write_value(note: etree._Element, event: Event) -> None:
    add(note, "type", VALUE_TYPES[event.base])
    for _ in range(event.dots):
        add(note, "dot")
    if event.tuplet is not None:
        change = add(note, "time-modification")
        add(change, "actual-notes", event.tuplet.actual)
        add(change, "normal-notes", event.tuplet.normal)
        if event.tuplet.base != event.base or event.dots:
            add(change, "normal-type", VALUE_TYPES[event.tuplet.base])


def _write_place(note: etree._Element, written: Written) -> None:
    unpitched = add(note, "unpitched")
    add(unpitched, "display-step", written.display_step)
    add(unpitched, "display-octave", written.display_octave)


def _write_head(note: etree._Element, head: Head, voice: Voice) -> None:
    add(note, "stem", "up" if voice.number == 1 else "down")
    if head.ghost:
        add(note, "notehead", head.notehead.value, parentheses="yes")
    elif head.notehead is not Notehead.NORMAL:
        add(note, "notehead", head.notehead.value)


def _start_note(measure: etree._Element, head: Head) -> etree._Element:
    return add(
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
        add(note, "chord")
    _write_place(note, head.written)
    add(note, "duration", int(event.duration * divisions))
    add(note, "instrument", id=instrument_id(head.hit.instrument))
    add(note, "voice", voice.number)
    _write_value(note, event)
    _write_head(note, head, voice)
    if place == 0:
        for level, state in enumerate(beams, start=1):
            add(note, "beam", state, number=str(level))
    notations = _tuplet_notations(voice, index) if place == 0 else None
    if notations is None:
        notations = etree.Element("notations")
    for number, (_, end) in enumerate(event.slurs, start=1):
        if end is head:
            add(notations, "slur", type="stop", number=str(number))
    _write_marks(notations, voice, event, head)
    if len(notations):
        note.append(notations)


def _write_marks(notations: etree._Element, voice: Voice, event: Event, head: Head) -> None:
    """What is marked on a note; a roll or an accent stands once in a chord, on the first head that has it."""
    outside = "above" if voice.number == 1 else "below"
    if event.slashes and head is next(other for other in event.heads if other.is_rolled):
        add(add(notations, "ornaments"), "tremolo", event.slashes, type="single")
    technical = etree.Element("technical")
    if head.sticking:
        # As a fingering: programs keep its text, and draw it beside the note.
        add(technical, "fingering", head.sticking, placement=outside)
    if head.is_open_hihat:
        # <open/> belongs to wind instruments and shows nothing; open-string draws the small circle.
        add(technical, "open-string")
    if head.closes:
        add(technical, "stopped")  # programs draw a +
    if head.is_half_open:
        add(technical, "half-muted")
    if len(technical):
        notations.append(technical)
    articulations = etree.Element("articulations")
    if head.accent and head is next(other for other in event.heads if other.accent):
        add(articulations, "accent", placement=outside)
    if head.is_choked:
        # MusicXML has no choke, and its damping mark is no note's; a wedge stays with the note everywhere.
        add(articulations, "staccatissimo", placement=outside)
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
    grace = add(note, "grace")
    if single:
        grace.set("slash", "yes")
    if place:
        add(note, "chord")
    _write_place(note, head.written)
    add(note, "instrument", id=instrument_id(head.hit.instrument))
    add(note, "voice", voice.number)
    add(note, "type", "eighth" if single else "16th")
    _write_head(note, head, voice)
    step = event.graces.index(chord)
    if not single and place == 0:
        state = "begin" if step == 0 else "end" if step == len(event.graces) - 1 else "continue"
        for level in (1, 2):
            add(note, "beam", state, number=str(level))
    notations = etree.Element("notations")
    for number, (start, _) in enumerate(event.slurs, start=1):
        if start is head:
            # On the head's side: programs draw it across the stems otherwise.
            side = {"placement": "below", "orientation": "under"}
            if voice.number == 2:
                side = {"placement": "above", "orientation": "over"}
            add(notations, "slur", type="start", number=str(number), **side)
    if head.sticking:
        outside = "above" if voice.number == 1 else "below"
        add(add(notations, "technical"), "fingering", head.sticking, placement=outside)
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
        add(
            notations,
            "tuplet",
            type="start",
            number="1",
            bracket="no" if beamed else "yes",
            placement="above" if voice.number == 1 else "below",
        )
    if ends:
        add(notations, "tuplet", type="stop", number="1")
    return notations
