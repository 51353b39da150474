"""MEI, as the engraver (Verovio) reads it best.

Verovio's import of MusicXML loses repeat-bar signs, flams and some heads, so it is given MEI of our own. Ids
are the hits' ids and ``bar-17`` for bars; both come out again as ids of groups in the SVG.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

from lxml import etree

from notation.core.beat_grid import Meter
from notation.core.instruments import HANDS, Notehead
from notation.core.kit_profile import WEINBERG, KitProfile
from notation.core.layout import Layout, Measure, lay_out
from notation.core.musicxml import plain_text, swing_words
from notation.core.playback import bar_id
from notation.core.score import Score, SwingMark, TempoMark
from notation.core.spell import Event, Head, SpelledBar, Voice, spell

_MEI = "http://www.music-encoding.org/ns/mei"
_XML_ID = "{http://www.w3.org/XML/1998/namespace}id"

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
# SMuFL's "metronome" notes, which are drawn as text.
_METRONOME = {
    Fraction(2): "\ue1d3",
    Fraction(1): "\ue1d5",
    Fraction(1, 2): "\ue1d7",
    Fraction(1, 4): "\ue1d9",
}
_METRONOME_DOT = "\ue1e7"


def write_mei(
    score: Score,
    layout: Layout | None = None,
    *,
    bars: Sequence[SpelledBar] | None = None,
    profile: KitProfile = WEINBERG,
) -> str:
    """Write ``score`` as MEI.

    Args:
        bars: what ``spell`` returned for the score, if it has been called already; ``profile`` has been
            heeded then.
        layout: what to fold; by default repeat-bar signs, long rests and line breaks, as on paper. Without
            ``simile`` every hit is a note of its own.
    """
    layout = layout or Layout()
    measures = lay_out(score, spell(score, profile) if bars is None else bars, layout)
    section, body_score = _document(plain_text(score.title))
    _write_definition(body_score, measures[0].spelled.bar.meter)
    body_score.append(section)
    marks = {mark.bar: mark for mark in score.tempo_marks}
    feels = {mark.bar: mark for mark in score.swing_marks}
    meter = measures[0].spelled.bar.meter
    for index, measure in enumerate(measures):
        bar = measure.spelled.bar
        if index and layout.lines and measure.starts_line:
            _add(section, "sb")
        if (bar.meter.beats, bar.meter.beat_type) != (meter.beats, meter.beat_type):
            meter = bar.meter
            _write_meter(_add(section, "scoreDef"), meter)
        _write_measure(
            section,
            measure,
            tempo=marks.get(bar.number),
            feel=feels.get(bar.number),
            last=index == len(measures) - 1,
        )
    return _serialise(section)


def write_bar_mei(score: Score, bar: SpelledBar) -> str:
    """Write one bar alone, without a clef; a time signature is shown where it changes."""
    number = bar.bar.number
    starts_meter = number in {meter.bar for meter in score.meters}
    section = _excerpt(bar, clef=False, meter=starts_meter)
    _write_measure(
        section,
        Measure(bar),
        tempo=next((mark for mark in score.tempo_marks if mark.bar == number), None),
        feel=next((mark for mark in score.swing_marks if mark.bar == number), None),
        last=number == score.bars[-1].number,
    )
    return _serialise(section)


def write_excerpt_mei(bars: Sequence[SpelledBar], *, repeated: bool) -> str:
    """Write some bars without what stands above them; ``repeated``: with a clef, between repeat signs."""
    section = _excerpt(bars[0], clef=repeated, meter=repeated)
    for bar in bars:
        bare = replace(bar, bar=replace(bar.bar, section=None))
        _write_measure(section, Measure(bare), tempo=None, feel=None, last=False)
    if repeated:
        section[0].set("left", "rptstart")
        section[-1].set("right", "rptend")
    return _serialise(section)


def _excerpt(first: SpelledBar, *, clef: bool, meter: bool) -> etree._Element:
    section, score = _document("")
    _write_definition(score, first.bar.meter)
    score.append(section)
    if not meter:
        score[0].set("meter.visible", "false")
    if not clef:
        for staff in score[0].iter(f"{{{_MEI}}}staffDef"):
            staff.set("clef.visible", "false")
    return section


def _add(parent: etree._Element, tag: str, text: str | None = None, **attributes: str) -> etree._Element:
    named = {name.replace("_", "."): value for name, value in attributes.items()}
    child = etree.SubElement(parent, f"{{{_MEI}}}{tag}", named)
    if text is not None:
        child.text = text
    return child


def _document(title: str) -> tuple[etree._Element, etree._Element]:
    root = etree.Element(f"{{{_MEI}}}mei", nsmap={None: _MEI}, meiversion="5.0")
    file = _add(_add(root, "meiHead"), "fileDesc")
    _add(_add(file, "titleStmt"), "title", title)
    _add(file, "pubStmt")
    score = _add(_add(_add(_add(root, "music"), "body"), "mdiv"), "score")
    section = _add(score, "section")
    return section, score


def _serialise(element: etree._Element) -> str:
    tree = element.getroottree()
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + str(etree.tostring(tree, encoding="unicode"))


def _write_definition(score: etree._Element, meter: Meter) -> None:
    definition = _add(score, "scoreDef")
    score.remove(definition)
    score.insert(0, definition)
    _write_meter(definition, meter)
    _add(_add(definition, "staffGrp"), "staffDef", n="1", lines="5", clef_shape="perc")


def _write_meter(definition: etree._Element, meter: Meter) -> None:
    definition.set("meter.count", str(meter.beats))
    definition.set("meter.unit", str(meter.beat_type))


def _write_measure(
    section: etree._Element, measure: Measure, *, tempo: TempoMark | None, feel: SwingMark | None, last: bool
) -> None:
    bar = measure.spelled.bar
    element = _add(section, "measure", n=str(bar.number))
    element.set(_XML_ID, bar_id(bar.number))
    if bar.is_pickup:
        element.set("metcon", "false")
    if last:
        element.set("right", "end")
    staff = _add(element, "staff", n="1")
    if measure.is_long_rest:
        # Verovio's own long rest is tiny.
        _add(_add(staff, "layer", n="1"), "multiRest", num=str(measure.bars), block="true", width="24vu")
    elif measure.second is not None:
        # Verovio draws both bars, the barline between them and a "2" in this one measure.
        _add(_add(staff, "layer", n="1"), "mRpt2")
    elif measure.is_simile:
        repeat = _add(_add(staff, "layer", n="1"), "mRpt")
        if measure.count is None:
            repeat.set("num.visible", "false")
        else:
            repeat.set("num", str(measure.count))
    else:
        for voice in measure.spelled.voices:
            layer = _add(staff, "layer", n=str(voice.number))
            _Layer(voice, element).write(layer)
    if bar.section:
        mark = _add(element, "reh", tstamp="1", staff="1", place="above")
        _add(mark, "rend", plain_text(bar.section), rend="box")
    if tempo is not None:
        _write_tempo(element, bar.meter, tempo, feel=feel)
    elif feel is not None:
        _add(element, "tempo", swing_words(feel.swing), tstamp="1", staff="1", place="above")


def metronome_note(meter: Meter) -> str:
    """The note that a tempo mark counts, as symbols of the music font (SMuFL)."""
    beat = meter.printed_beat_quarters
    return _METRONOME[beat * 2 / 3] + _METRONOME_DOT if meter.is_compound else _METRONOME[beat]


def printed_bpm(meter: Meter, bpm: float) -> int:
    """The number of a tempo mark, for a tempo in felt beats a minute."""
    return round(bpm * float(meter.beat_quarters / meter.printed_beat_quarters))


def _write_tempo(measure: etree._Element, meter: Meter, mark: TempoMark, *, feel: SwingMark | None) -> None:
    tempo = _add(measure, "tempo", tstamp="1", staff="1", place="above")
    # The glyph is text in the music font, far too large beside the words unless it is scaled down.
    note = _add(tempo, "rend", metronome_note(meter), fontfam="smufl", fontsize="70%")
    note.tail = f"\u00a0= {printed_bpm(meter, mark.bpm)}" + (
        f"\u00a0\u00a0\u00a0{swing_words(feel.swing)}" if feel else ""
    )


class _Layer:
    """Writes one voice of one bar, nesting its beams and tuplets; what hangs on notes goes to the measure."""

    def __init__(self, voice: Voice, measure: etree._Element) -> None:
        self._voice = voice
        self._events = voice.events
        self._measure = measure
        self._up = voice.number == HANDS
        self._outside = "above" if self._up else "below"  # the stems' side
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
                element = _add(parent, "beam")
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
        element = _add(parent, "tuplet", num=str(tuplet.actual), numbase=str(tuplet.normal))
        element.set("num.place", place)
        element.set("bracket.place", place)
        element.set("bracket.visible", "false" if beamed else "true")
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
            parent = _add(parent, "bTrem", unitdur=str(4 * 2 ** (event.flags + event.slashes)))
        if len(event.heads) == 1:
            element = self._note(parent, event.heads[0])
        else:
            element = _add(parent, "chord")
            for head in event.heads:
                self._note(element, head)
        for name, value in duration.items():
            element.set(name, value)
        element.set("stem.dir", stem)
        if event.beams_after is not None:
            element.set("breaksec", str(event.beams_after))
        if any(head.is_open_hihat for head in event.heads):
            _add(element, "artic", artic="open", place="above")
        if any(head.is_choked for head in event.heads):
            _add(element, "artic", artic="damp", place="above")
        if event.accented:
            _add(element, "artic", artic="acc", place=self._outside)

    def _write_rest(self, parent: etree._Element, event: Event) -> None:
        if event.fills_bar:
            _add(parent, "mRest" if event.visible else "mSpace")
            return
        element = _add(parent, "rest" if event.visible else "space", dur=_DURATIONS[event.base])
        if event.dots:
            element.set("dots", str(event.dots))

    def _note(self, parent: etree._Element, head: Head) -> etree._Element:
        note = _add(parent, "note", loc=str(head.written.staff_loc))
        note.set(_XML_ID, head.hit.id)
        if shape := _HEADS.get(head.notehead):
            note.set("head.shape", shape)
        if head.ghost:
            note.set("head.mod", "paren")
        if head.doubled:
            note.set("visible", "false")
        here = {"startid": f"#{head.hit.id}", "staff": "1", "place": self._outside}
        if head.is_half_open:
            _add(_add(self._measure, "dir", **here), "rend", "ø", fontstyle="normal")
        if head.sticking:
            _add(self._measure, "fing", head.sticking, **here)
        return note

    def _write_graces(self, parent: etree._Element, index: int) -> None:
        event = self._events[index]
        if not event.graces or index in self._graced:
            return
        self._graced.add(index)
        single = len(event.graces) == 1
        holder = parent if single else _add(parent, "beam")
        for chord in event.graces:
            element = holder if len(chord) == 1 else _add(holder, "chord")
            notes = [self._note(element, head) for head in chord]
            marked = notes[0] if len(chord) == 1 else element
            marked.set("grace", "unacc")
            marked.set("dur", "8" if single else "16")
            marked.set("stem.dir", "up" if self._up else "down")
            if single:
                marked.set("stem.mod", "1slash")
        for head in event.graces[-1]:
            for main in event.heads:
                if main.hit.instrument is head.hit.instrument:
                    direction = "below" if self._up else "above"
                    slur = _add(self._measure, "slur", curvedir=direction)
                    slur.set("startid", f"#{event.graces[0][0].hit.id}")
                    slur.set("endid", f"#{main.hit.id}")
