"""The drum key: which head on which line is which drum, for those that are played."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from lxml import etree

from notation.core.engraving.fonts import text_width
from notation.core.engraving.svg import GLYPH_SCALE, Glyphs, empty_drawing, tag
from notation.core.instruments import INSTRUMENTS, Instrument, InstrumentName, Notehead
from notation.core.kit_profile import WEINBERG, KitProfile
from notation.core.score import Mark, Score

# In the drawing's unit, of which a staff space has 180, as in the music.
_SPACE = 180
_TOP = 620  # room above the staff for the highest head and its circle
_LABEL_DROP = 620
_LABEL_SIZE = 350
_GAP = 300
_CLEF_WIDTH = 560
_UNITS_A_PIXEL = 24

_CLEF = "E069"
_OPEN, _DAMPED = "E5E7", "E638"
_SYMBOL_RISE = 1.9 * _SPACE  # from the head up to the symbol's foot
_SYMBOL_HEIGHT = 1.4 * _SPACE
_HALF_OPEN_SIZE = 300  # ø is text, as in the music
_HEADS = {
    Notehead.NORMAL: "E0A4",
    Notehead.CROSS: "E0A9",
    Notehead.CIRCLE_CROSS: "E0B3",
    Notehead.DIAMOND: "E0DB",
    Notehead.TRIANGLE: "E0AF",  # a plus, as in the music
    Notehead.SLASHED: "E0CF",
}
# Marks that a reader may not know; ghosts, accents, flams and rolls everybody does.
_EXPLAINED = (Mark.HALF_OPEN, Mark.RIM_SHOT, Mark.CHOKE)


@dataclass(frozen=True, slots=True)
class _Entry:
    """One head of the key, and whether it explains a mark beside it."""

    name: str
    staff_loc: int
    notehead: Notehead
    label: str
    is_open: bool = False
    mark: Mark | None = None

    @property
    def has_symbol(self) -> bool:
        return self.is_open or self.mark in (Mark.HALF_OPEN, Mark.CHOKE)


def used_instruments(score: Score, profile: KitProfile = WEINBERG) -> tuple[Instrument, ...]:
    """The instruments that are played and shown, from the top of the staff down."""
    played = {placed.hit.instrument for placed in score.hits if profile.shows(placed.hit.instrument)}
    order = list(InstrumentName)
    return tuple(
        sorted(
            (INSTRUMENTS[name] for name in played),
            key=lambda instrument: (
                -profile.written(instrument.name).staff_loc,
                order.index(instrument.name),
            ),
        )
    )


def _entries(score: Score, profile: KitProfile) -> list[_Entry]:
    """What the key explains: each way of writing once, drums that share a place as one."""
    entries: dict[tuple[object, ...], _Entry] = {}

    def add(entry: _Entry) -> None:
        entries.setdefault((entry.staff_loc, entry.notehead, entry.label, entry.is_open, entry.mark), entry)

    explained: set[Mark] = set()
    for instrument in used_instruments(score, profile):
        written = profile.written(instrument.name)
        strokes = [placed.marks for placed in score.hits if placed.hit.instrument is instrument.name]
        plain = _Entry(instrument.name.value, written.staff_loc, written.notehead, written.label)
        is_open = instrument.name is InstrumentName.HIHAT_OPEN
        if not all(Mark.HALF_OPEN in marks for marks in strokes):
            add(replace(plain, is_open=is_open))
        for mark in _EXPLAINED:
            if mark not in explained and any(mark in marks for marks in strokes):
                explained.add(mark)  # on one cymbal a choke is explained for all
                add(_marked(plain, mark))
    found = list(entries.values())
    return found[::-1] if profile.left_handed else found


def _marked(plain: _Entry, mark: Mark) -> _Entry:
    if mark is Mark.RIM_SHOT:
        changed = replace(plain, notehead=Notehead.SLASHED, label="Rim shot")
    elif mark is Mark.HALF_OPEN:
        changed = replace(plain, label="Half-open hi-hat")
    else:
        changed = replace(plain, label="Choke")
    return replace(changed, name=f"{plain.name}-{mark.value}", mark=mark)


def draw_drum_key(score: Score, profile: KitProfile = WEINBERG) -> etree._Element:
    """Draw a staff with one head for each instrument that is played, and its name below; an SVG tree.

    Half-open hi-hats, rim shots and chokes have an entry of their own where they occur. For a left-handed
    kit the order is mirrored.
    """
    entries = _entries(score, profile)
    widths = [max(_SPACE * 2, text_width(entry.label, _LABEL_SIZE)) + _GAP for entry in entries]
    total = _CLEF_WIDTH + sum(widths)
    drawing, glyphs, body = empty_drawing(total + 20, _TOP + 4 * _SPACE + _LABEL_DROP + 160)
    if (over := _height_over(entries)) > 0:
        # What rises above the usual room; the staff stays where the page expects it.
        drawing.set("viewBox", f"0 {-over:g} {total + 20:g} {_TOP + 4 * _SPACE + _LABEL_DROP + 160 + over:g}")
    # A natural size, a little smaller than the music beside it; style sheets may overrule it.
    drawing.set("width", f"{(total + 20) / _UNITS_A_PIXEL:.0f}")
    for line in range(5):
        _line(body, 0, _TOP + line * _SPACE, total, _TOP + line * _SPACE, 13)
    _line(body, total, _TOP, total, _TOP + 4 * _SPACE, 27)
    glyphs.draw(body, _CLEF, 90, _TOP + 2 * _SPACE, GLYPH_SCALE)
    left = float(_CLEF_WIDTH)
    for entry, width in zip(entries, widths, strict=True):
        _draw_entry(body, glyphs, entry, left + width / 2)
        left += width
    return drawing


def _height_over(entries: Iterable[_Entry]) -> float:
    """How far the highest symbol rises above the drawing's usual top."""
    tops = [
        _SYMBOL_RISE + _SYMBOL_HEIGHT + (entry.staff_loc - 8) * _SPACE / 2
        for entry in entries
        if entry.has_symbol
    ]
    return max(tops, default=0.0) - _TOP


def _draw_entry(body: etree._Element, glyphs: Glyphs, entry: _Entry, x: float) -> None:
    y = _TOP + 4 * _SPACE - entry.staff_loc * _SPACE / 2
    head = _HEADS[entry.notehead]
    half = glyphs.advance(head) * GLYPH_SCALE / 2
    for loc in (*range(10, entry.staff_loc + 1, 2), *range(-2, entry.staff_loc - 1, -2)):
        ledger = _TOP + 4 * _SPACE - loc * _SPACE / 2
        _line(body, x - half - 55, ledger, x + half + 55, ledger, 22)
    note = etree.SubElement(body, tag("g"))
    note.set("id", f"key-{entry.name}")
    glyphs.draw(note, head, x - half, y, GLYPH_SCALE)
    if entry.mark is Mark.HALF_OPEN:
        _text(note, "ø", x, y - _SYMBOL_RISE, _HALF_OPEN_SIZE).set("font-style", "italic")
    elif entry.has_symbol:
        code = _OPEN if entry.is_open else _DAMPED
        width = glyphs.advance(code) * GLYPH_SCALE
        glyphs.draw(note, code, x - width / 2, y - _SYMBOL_RISE, GLYPH_SCALE)
    _text(note, entry.label, x, _TOP + 4 * _SPACE + _LABEL_DROP, _LABEL_SIZE)


def _text(parent: etree._Element, text: str, x: float, y: float, size: float) -> etree._Element:
    element = etree.SubElement(parent, tag("text"))
    element.set("x", f"{x:g}")
    element.set("y", f"{y:g}")
    element.set("font-size", f"{size:g}")
    element.set("text-anchor", "middle")
    element.text = text
    return element


def _line(body: etree._Element, x1: float, y1: float, x2: float, y2: float, width: float) -> None:
    path = etree.SubElement(body, tag("path"))
    path.set("d", f"M{x1:g} {y1:g} L{x2:g} {y2:g}")
    path.set("stroke", "currentColor")
    path.set("stroke-width", f"{width:g}")
