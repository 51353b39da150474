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
from notation.core.engraving.layout import Layout, Measure, lay_out
from notation.core.engraving.mei_notes import MEI, XML_ID, LayerWriter, add
from notation.core.kit_profile import WEINBERG, KitProfile
from notation.core.playback import bar_id
from notation.core.score import Score, SwingMark, TempoMark
from notation.core.spelling.spell import SpelledBar, spell
from notation.core.texts import plain_text, swing_words

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
        if layout.lines and measure.starts_line:  # the first too: without any Verovio breaks lines itself
            add(section, "sb")
        if (bar.meter.beats, bar.meter.beat_type) != (meter.beats, meter.beat_type):
            meter = bar.meter
            _write_meter(add(section, "scoreDef"), meter)
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
    section[-1].set("n", "")  # or it is printed
    return _serialise(section)


def write_excerpt_mei(bars: Sequence[SpelledBar], *, repeated: bool) -> str:
    """Write some bars without what stands above them; ``repeated``: with a clef, between repeat signs."""
    section = _excerpt(bars[0], clef=repeated, meter=False)
    for bar in bars:
        bare = replace(bar, bar=replace(bar.bar, section=None))
        _write_measure(section, Measure(bare), tempo=None, feel=None, last=False)
        section[-1].set("n", "")  # or it is printed
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
        for staff in score[0].iter(f"{{{MEI}}}staffDef"):
            staff.set("clef.visible", "false")
    return section


def _document(title: str) -> tuple[etree._Element, etree._Element]:
    root = etree.Element(f"{{{MEI}}}mei", nsmap={None: MEI}, meiversion="5.0")
    file = add(add(root, "meiHead"), "fileDesc")
    add(add(file, "titleStmt"), "title", title)
    add(file, "pubStmt")
    score = add(add(add(add(root, "music"), "body"), "mdiv"), "score")
    section = add(score, "section")
    return section, score


def _serialise(element: etree._Element) -> str:
    tree = element.getroottree()
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + str(etree.tostring(tree, encoding="unicode"))


def _write_definition(score: etree._Element, meter: Meter) -> None:
    definition = add(score, "scoreDef")
    score.remove(definition)
    score.insert(0, definition)
    _write_meter(definition, meter)
    add(add(definition, "staffGrp"), "staffDef", n="1", lines="5", clef_shape="perc")


def _write_meter(definition: etree._Element, meter: Meter) -> None:
    definition.set("meter.count", str(meter.beats))
    definition.set("meter.unit", str(meter.beat_type))


def _write_measure(
    section: etree._Element, measure: Measure, *, tempo: TempoMark | None, feel: SwingMark | None, last: bool
) -> None:
    bar = measure.spelled.bar
    element = add(section, "measure", n=str(bar.number))
    element.set(XML_ID, bar_id(bar.number))
    if bar.is_pickup:
        element.set("metcon", "false")
    if last:
        element.set("right", "end")
    staff = add(element, "staff", n="1")
    if measure.is_long_rest:
        # Verovio's own long rest is tiny; below a tempo its number must not look like a part of that.
        width = "24vu" if tempo is None and feel is None else "48vu"
        add(add(staff, "layer", n="1"), "multiRest", num=str(measure.bars), block="true", width=width)
    elif measure.second is not None:
        # Verovio draws both bars, the barline between them and a "2" in this one measure.
        add(add(staff, "layer", n="1"), "mRpt2")
    elif measure.is_simile:
        repeat = add(add(staff, "layer", n="1"), "mRpt")
        if measure.count is None:
            repeat.set("num.visible", "false")
        else:
            repeat.set("num", str(measure.count))
    else:
        for voice in measure.spelled.voices:
            layer = add(staff, "layer", n=str(voice.number))
            under_text = bool(bar.section) or tempo is not None or feel is not None
            LayerWriter(voice, element, under_text=under_text).write(layer)
    if bar.section:
        mark = add(element, "reh", tstamp="1", staff="1", place="above")
        add(mark, "rend", plain_text(bar.section), rend="box")
    if tempo is not None:
        _write_tempo(element, bar.meter, tempo, feel=feel)
    elif feel is not None:
        add(element, "tempo", swing_words(feel.swing), tstamp="1", staff="1", place="above")


def metronome_note(meter: Meter) -> str:
    """The note that a tempo mark counts, as symbols of the music font (SMuFL)."""
    beat = meter.printed_beat_quarters
    return _METRONOME[beat * 2 / 3] + _METRONOME_DOT if meter.is_compound else _METRONOME[beat]


def _write_tempo(measure: etree._Element, meter: Meter, mark: TempoMark, *, feel: SwingMark | None) -> None:
    # What is printed is text to other programs; this is what they play by, in quarters a minute.
    quarters = f"{mark.bpm * float(meter.beat_quarters):.2f}"
    tempo = add(measure, "tempo", tstamp="1", staff="1", place="above", midi_bpm=quarters)
    # The glyph is text in the music font, far too large beside the words unless it is scaled down.
    note = add(tempo, "rend", metronome_note(meter), fontfam="smufl", fontsize="70%")
    note.tail = f"\u00a0= {meter.printed_bpm(mark.bpm)}" + (
        f"\u00a0\u00a0\u00a0{swing_words(feel.swing)}" if feel else ""
    )
