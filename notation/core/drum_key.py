"""The drum key: which head on which line is which drum, for those that are played."""

from __future__ import annotations

from lxml import etree

from notation.core.fonts import text_width
from notation.core.instruments import INSTRUMENTS, Instrument, InstrumentName, Notehead
from notation.core.score import Score
from notation.core.svg import GLYPH_SCALE, Glyphs, empty_drawing, tag

# In the drawing's unit, of which a staff space has 180, as in the music.
_SPACE = 180
_TOP = 620  # room above the staff for the highest head and its circle
_LABEL_DROP = 620
_LABEL_SIZE = 350
_GAP = 300
_CLEF_WIDTH = 560
_UNITS_A_PIXEL = 24

_CLEF, _OPEN = "E069", "E5E7"
_HEADS = {
    Notehead.NORMAL: "E0A4",
    Notehead.CROSS: "E0A9",
    Notehead.CIRCLE_CROSS: "E0B3",
    Notehead.DIAMOND: "E0DB",
    Notehead.TRIANGLE: "E0AF",  # a plus, as in the music
    Notehead.SLASHED: "E0CF",
}


def used_instruments(score: Score) -> tuple[Instrument, ...]:
    """The instruments that are played, from the top of the staff down."""
    played = {placed.hit.instrument for placed in score.hits}
    order = list(InstrumentName)
    return tuple(
        sorted(
            (INSTRUMENTS[name] for name in played),
            key=lambda instrument: (-instrument.staff_loc, order.index(instrument.name)),
        )
    )


def draw_drum_key(score: Score) -> etree._Element:
    """Draw a staff with one head for each instrument that is played, and its name below; an SVG tree."""
    instruments = used_instruments(score)
    widths = [max(_SPACE * 2, text_width(instrument.label, _LABEL_SIZE)) + _GAP for instrument in instruments]
    total = _CLEF_WIDTH + sum(widths)
    drawing, glyphs, body = empty_drawing(total + 20, _TOP + 4 * _SPACE + _LABEL_DROP + 160)
    # A natural size, a little smaller than the music beside it; style sheets may overrule it.
    drawing.set("width", f"{(total + 20) / _UNITS_A_PIXEL:.0f}")
    for line in range(5):
        _line(body, 0, _TOP + line * _SPACE, total, _TOP + line * _SPACE, 13)
    _line(body, total, _TOP, total, _TOP + 4 * _SPACE, 27)
    glyphs.draw(body, _CLEF, 90, _TOP + 2 * _SPACE, GLYPH_SCALE)
    left = float(_CLEF_WIDTH)
    for instrument, width in zip(instruments, widths, strict=True):
        _draw_instrument(body, glyphs, instrument, left + width / 2)
        left += width
    return drawing


def _draw_instrument(body: etree._Element, glyphs: Glyphs, instrument: Instrument, x: float) -> None:
    y = _TOP + 4 * _SPACE - instrument.staff_loc * _SPACE / 2
    head = _HEADS[instrument.notehead]
    half = glyphs.advance(head) * GLYPH_SCALE / 2
    for loc in range(10, instrument.staff_loc + 1, 2):
        ledger = _TOP + 4 * _SPACE - loc * _SPACE / 2
        _line(body, x - half - 55, ledger, x + half + 55, ledger, 22)
    note = etree.SubElement(body, tag("g"))
    note.set("id", f"key-{instrument.name.value}")
    glyphs.draw(note, head, x - half, y, GLYPH_SCALE)
    if instrument.name is InstrumentName.HIHAT_OPEN:
        circle = glyphs.advance(_OPEN) * GLYPH_SCALE
        glyphs.draw(note, _OPEN, x - circle / 2, y - 1.9 * _SPACE, GLYPH_SCALE)
    label = etree.SubElement(note, tag("text"))
    label.set("x", f"{x:g}")
    label.set("y", f"{_TOP + 4 * _SPACE + _LABEL_DROP:g}")
    label.set("font-size", f"{_LABEL_SIZE:g}")
    label.set("text-anchor", "middle")
    label.text = instrument.label


def _line(body: etree._Element, x1: float, y1: float, x2: float, y2: float, width: float) -> None:
    path = etree.SubElement(body, tag("path"))
    path.set("d", f"M{x1:g} {y1:g} L{x2:g} {y2:g}")
    path.set("stroke", "currentColor")
    path.set("stroke-width", f"{width:g}")
