"""The notes of one voice of one bar in MEI: beams, tuplets, heads, grace notes, and what hangs on them."""

from __future__ import annotations

from fractions import Fraction

from lxml import etree

from notation.core.instruments import HANDS, Notehead
from notation.core.spelling.engraved import Event, Head, Voice

MEI = "http://www.music-encoding.org/ns/mei"
XML_ID = "{http://www.w3.org/XML/1998/namespace}id"

_DURATIONS = {
    Fraction(4): "1",
    Fraction(2): "2",
    Fraction(1): "4",
    Fraction(1, 2): "8",
    Fraction(1, 4): "16",
    Fraction(1, 8): "32",
    Fraction(1, 16): "64",
    Fraction(1, 32): "128",
}
# Only these: an unknown shape crashes Verovio 6.4. Its fonts have no triangle, so a cowbell is a plus.
_HEADS = {
    Notehead.CROSS: "x",
    Notehead.CIRCLE_CROSS: "U+E0B3",
    Notehead.DIAMOND: "diamond",
    Notehead.TRIANGLE: "+",
    Notehead.SLASHED: "U+E0CF",
}

_TEXT_QUARTERS = 2  # how far a tempo mark reaches into its bar


def add(parent: etree._Element, tag: str, text: str | None = None, **attributes: str) -> etree._Element:
    """Append an MEI element; in the names of attributes an underscore stands for a point."""
    named = {name.replace("_", "."): value for name, value in attributes.items()}
    child = etree.SubElement(parent, f"{{{MEI}}}{tag}", named)
    if text is not None:
        child.text = text
    return child


class LayerWriter:
    """Writes one voice of one bar, nesting its beams and tuplets; what hangs on notes goes to the measure.

    ``under_text`` says that a tempo or section stands above the bar.
    """

    def __init__(self, voice: Voice, measure: etree._Element, *, under_text: bool = False) -> None:
        self._voice = voice
        self._events = voice.events
        self._measure = measure
        self._up = voice.number == HANDS
        self._outside = "above" if self._up else "below"  # the stems' side
        self._under_text = under_text
        self._graced: set[int] = set()

    def write(self, layer: etree._Element) -> None:
        self._write_range(layer, 0, len(self._events), in_tuplet=False, in_beam=False)

    def _write_range(
        self, parent: etree._Element, start: int, stop: int, *, in_tuplet: bool, in_beam: bool
    ) -> None:
        index = start
        while index < stop:
            tuplet_stop = index if in_tuplet else self._group_stop(index, "tuplet")
            beam_stop = index if in_beam else self._group_stop(index, "beam")
            if tuplet_stop > index and tuplet_stop >= beam_stop:
                # Inside, a grace note would shrink the tuplet's number.
                self._write_graces(parent, index)
                element = self._tuplet(parent, index, tuplet_stop)
                self._write_range(element, index, tuplet_stop, in_tuplet=True, in_beam=in_beam)
                index = tuplet_stop
            elif beam_stop > index:
                # A grace note at the start of a beam stands before it, or its own flag is lost.
                self._write_graces(parent, index)
                element = add(parent, "beam")
                self._write_range(element, index, beam_stop, in_tuplet=in_tuplet, in_beam=True)
                index = beam_stop
            else:
                self._write_event(parent, index)
                index += 1

    def _group_stop(self, index: int, kind: str) -> int:
        group = getattr(self._events[index], kind)
        if group is None:
            return index
        stop = index
        while stop < len(self._events) and getattr(self._events[stop], kind) == group:
            stop += 1
        return stop

    def _tuplet(self, parent: etree._Element, start: int, stop: int) -> etree._Element:
        members = self._events[start:stop]
        tuplet = members[0].tuplet
        assert tuplet is not None
        beamed = all(member.beam is not None and member.beam == members[0].beam for member in members)
        place = self._outside
        element = add(parent, "tuplet", num=str(tuplet.actual), numbase=str(tuplet.normal))
        element.set("num.place", place)
        element.set("bracket.place", place)
        element.set("bracket.visible", "false" if beamed else "true")
        if self._up and self._under_text and tuplet.start < _TEXT_QUARTERS:
            # Verovio sets a tempo over a tuplet's number; a blank word takes the room that the number needs.
            struck = next(member for member in members if member.heads)
            add(
                self._measure, "dir", "\u00a0", startid=f"#{struck.heads[0].hit.id}", staff="1", place="above"
            )
        return element

    def _write_event(self, parent: etree._Element, index: int) -> None:
        event = self._events[index]
        if event.is_rest:
            self._write_rest(parent, event)
            return
        self._write_graces(parent, index)
        duration = {"dur": _DURATIONS[event.base]}
        if event.dots:
            duration["dots"] = str(event.dots)
        stem = "up" if self._up else "down"
        if event.slashes:
            # Verovio counts the slashes from this, less the flags.
            parent = add(parent, "bTrem", unitdur=str(4 * 2 ** (event.flags + event.slashes)))
        if len(event.heads) == 1:
            element = self._note(parent, event.heads[0])
        else:
            element = add(parent, "chord")
            for head in event.heads:
                self._note(element, head)
        for name, value in duration.items():
            element.set(name, value)
        element.set("stem.dir", stem)
        if event.beams_after is not None:
            element.set("breaksec", str(event.beams_after))
        if any(head.is_open_hihat for head in event.heads):
            add(element, "artic", artic="open", place="above")
        if any(head.closes for head in event.heads):
            add(element, "artic", artic="stop", place="above")
        if any(head.is_choked for head in event.heads):
            add(element, "artic", artic="damp", place="above")
        if event.accented:
            add(element, "artic", artic="acc", place=self._outside)

    def _write_rest(self, parent: etree._Element, event: Event) -> None:
        if event.fills_bar:
            add(parent, "mRest" if event.visible else "mSpace")
            return
        element = add(parent, "rest" if event.visible else "space", dur=_DURATIONS[event.base])
        if event.dots:
            element.set("dots", str(event.dots))

    def _note(self, parent: etree._Element, head: Head) -> etree._Element:
        note = add(parent, "note", loc=str(head.written.staff_loc))
        note.set(XML_ID, head.hit.id)
        if shape := _HEADS.get(head.notehead):
            note.set("head.shape", shape)
        if head.ghost:
            note.set("head.mod", "paren")
        if head.doubled:
            note.set("visible", "false")
        here = {"startid": f"#{head.hit.id}", "staff": "1", "place": self._outside}
        if head.is_half_open:
            # As large as the circle of an open one.
            add(add(self._measure, "dir", **here), "rend", "ø", fontstyle="normal", fontsize="75%")
        if head.sticking:
            add(self._measure, "fing", head.sticking, **here)
        return note

    def _write_graces(self, parent: etree._Element, index: int) -> None:
        event = self._events[index]
        if not event.graces or index in self._graced:
            return
        self._graced.add(index)
        single = len(event.graces) == 1
        holder = parent if single else add(parent, "beam")
        for chord in event.graces:
            element = holder if len(chord) == 1 else add(holder, "chord")
            notes = [self._note(element, head) for head in chord]
            marked = notes[0] if len(chord) == 1 else element
            marked.set("grace", "unacc")
            marked.set("dur", "8" if single else "16")
            marked.set("stem.dir", "up" if self._up else "down")
            if single:
                marked.set("stem.mod", "1slash")
        for start, end in event.slurs:
            slur = add(self._measure, "slur", curvedir="below" if self._up else "above")
            slur.set("startid", f"#{start.hit.id}")
            slur.set("endid", f"#{end.hit.id}")
