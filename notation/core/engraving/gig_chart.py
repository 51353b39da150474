"""The gig chart: a song on one page to glance at on a stand, drawn from the same score as the full part.

Each section is a row: its letter, how many bars to play, its groove written once between repeat signs, and
the fills, hits and stops at their places. A song too long for a page is set smaller, down to a staff of 7 mm;
then fills are only said, not drawn; then it takes a second page, and the pages are numbered.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from lxml import etree

from notation.core.engraving.engrave import Excerpt, engrave_excerpts
from notation.core.engraving.fonts import text_width
from notation.core.engraving.gig_rows import Row, gig_rows
from notation.core.engraving.mei import metronome_note
from notation.core.engraving.page import Paper, draw_text, fitted, paper_size
from notation.core.engraving.pdf import write_pdf
from notation.core.engraving.svg import Glyphs, empty_drawing, serialise, tag
from notation.core.form.form import find_form
from notation.core.kit_profile import WEINBERG, KitProfile
from notation.core.score import Score
from notation.core.spelling.spell import spell
from notation.core.texts import plain_text, swing_words

# All in tenths of a millimetre, as on the other pages; drawings count in hundredths.
_MARGIN, _TOP, _BOTTOM = 140.0, 110.0, 130.0
_TITLE_SIZE, _SMALLEST_TITLE, _INFO_SIZE = 82.0, 46.0, 50.0
_HEADING = 150.0
_NAME_COLUMN = 230.0
_NAME_SIZE, _BARS_SIZE, _PLAY_SIZE, _NOTE_SIZE, _LABEL_SIZE = 62.0, 32.0, 50.0, 42.0, 32.0
_LINE = 62.0  # a line of words
_BOX = 70.0  # a section's name
_FEWEST_FOR_WORDS = 420.0  # room beside a groove in which its words can be read
_MOST_SPARE_GAP = 34.0  # between rows, if the page has room to spare
_CUE_GAP = 40.0
_CUE_COLUMN = 640.0  # from the right edge, so that cues stand below one another
_MOST_CUES = 2
_CUE_SHARE = 0.8  # a cue's size against the groove's
_ENGRAVED_STAFF_MM = 7.2


@dataclass(frozen=True, slots=True)
class _Size:
    """How a chart is set: the groove's staff, cues a section at most, room between rows.

    ``beside`` puts the words beside the groove and not above it.
    """

    staff_mm: float
    cues: int
    gap: float
    beside: bool = False

    @property
    def scale(self) -> float:
        return self.staff_mm / _ENGRAVED_STAFF_MM


# From what is read best to the smallest that is read on a stand.
_SIZES = (
    _Size(8.0, _MOST_CUES, 34.0),
    _Size(8.0, 1, 34.0),
    _Size(7.5, 1, 26.0),
    _Size(7.0, 1, 20.0),
    _Size(7.0, 1, 14.0, beside=True),
    _Size(7.0, 0, 14.0, beside=True),
)


def write_gig_chart(score: Score, paper: Paper = "a4", profile: KitProfile = WEINBERG) -> bytes:
    """Write the gig chart of ``score`` as a PDF: one page, more for a very long song.

    Raises:
        EngravingFailed: the engraver crashed or took too long.
    """
    return write_pdf(score, draw_gig_chart(score, paper, profile), paper)


def draw_gig_chart(score: Score, paper: Paper = "a4", profile: KitProfile = WEINBERG) -> tuple[str, ...]:
    """Draw the gig chart of ``score`` as SVG pages.

    Raises:
        EngravingFailed: the engraver crashed or took too long.
    """
    rows = gig_rows(score, find_form(score))
    drawings = _engraved(score, rows, profile)
    for size in _SIZES:
        pages = _paginated([_Block(row, drawings, size, paper) for row in rows], size.gap, paper)
        if len(pages) == 1:
            break
    return tuple(
        serialise(_draw_page(score, paper, page, size.gap, (number, len(pages))))
        for number, page in enumerate(pages, start=1)
    )


class _Drawings:
    """The grooves and cues, engraved; a groove of two bars is one drawing."""

    def __init__(self, grooves: Mapping[tuple[int, ...], Excerpt], cues: Mapping[int, Excerpt]) -> None:
        self.grooves = grooves
        self.cues = cues


def _engraved(score: Score, rows: Sequence[Row], profile: KitProfile) -> _Drawings:
    grooves = list(dict.fromkeys(row.groove_bars for row in rows if row.groove_bars))
    cues = list(dict.fromkeys(cue.bar for row in rows for cue in row.cues[:_MOST_CUES]))
    needed = {number for bars in grooves for number in bars} | set(cues)
    spelled = {bar.bar.number: bar for bar in spell(score, profile, only=needed)}
    drawn = engrave_excerpts(
        [
            *(([spelled[number] for number in bars], True) for bars in grooves),
            *(([spelled[number]], False) for number in cues),
        ]
    )
    return _Drawings(
        dict(zip(grooves, drawn, strict=False)), dict(zip(cues, drawn[len(grooves) :], strict=True))
    )


@dataclass(frozen=True, slots=True)
class _Placed:
    """A drawing in a row: where its left edge stands, at what scale, and the words above it."""

    excerpt: Excerpt
    x: float
    scale: float
    label: str = ""

    @property
    def above(self) -> float:
        """How far it reaches above its staff's top line, words included."""
        return self.excerpt.staff_top * self.scale + (_LABEL_SIZE + 8 if self.label else 0)

    @property
    def below(self) -> float:
        return (self.excerpt.height - self.excerpt.staff_top) * self.scale


class _Block:
    """One section's row, measured before it is drawn."""

    def __init__(self, row: Row, drawings: _Drawings, size: _Size, paper: Paper) -> None:
        self._row = row
        self._left = _MARGIN + _NAME_COLUMN
        self._right = paper_size(paper)[0] - _MARGIN
        self._placed: list[_Placed] = []
        x = self._left
        if row.groove_bars:
            groove = drawings.grooves[row.groove_bars]
            scale = min(size.scale, (self._right - self._left) / groove.width)
            self._placed.append(_Placed(groove, x, scale))
            x += groove.width * scale + _CUE_GAP
        # Without a groove of its own a row has its words and its cues on one line.
        beside = not row.groove_bars or (size.beside and self._right - x >= _FEWEST_FOR_WORDS)
        self._words_x = x if beside else self._left
        room = self._right - self._words_x
        cues = self._cues(drawings, size)
        if beside and cues:
            room -= min(sum(cue.excerpt.width * cue.scale + _CUE_GAP for cue in cues), room / 2)
        self._words = _wrapped(row.play, row.notes, room)
        if beside:
            x = self._words_x + max(_words_width(line) for line in self._words) + _CUE_GAP
        self._place(cues, x)
        words = _LINE * len(self._words)
        above = max((one.above for one in self._placed), default=0.0)
        below = max((one.below for one in self._placed), default=0.0)
        self._staff_y = above if beside else words + above
        name = 0.0 if not row.name else _BOX if self._bars_beside_name else _BOX + 1.4 * _BARS_SIZE
        self.height = max(words, self._staff_y + below, name)

    def _cues(self, drawings: _Drawings, size: _Size) -> list[_Placed]:
        chosen = sorted(self._row.cues[: size.cues], key=lambda cue: cue.bar)
        scale = size.scale * _CUE_SHARE
        return [_Placed(drawings.cues[cue.bar], 0.0, scale, cue.label) for cue in chosen]

    def _place(self, cues: Sequence[_Placed], x: float) -> None:
        """Put the cues right of ``x`` into a column of their own, as many as there is room for."""
        total = sum(cue.excerpt.width * cue.scale + _CUE_GAP for cue in cues)
        x = max(x, self._right - max(_CUE_COLUMN, total))
        for cue in cues:
            width = cue.excerpt.width * cue.scale
            if x + width <= self._right:
                self._placed.append(replace(cue, x=x))
                x += width + _CUE_GAP

    @property
    def _bars_beside_name(self) -> bool:
        return self._name_box()[2] + 16 + text_width(self._bars, _BARS_SIZE, italic=True) < _NAME_COLUMN

    @property
    def _bars(self) -> str:
        row = self._row
        return f"{row.first}" if row.first == row.last else f"{row.first}–{row.last}"

    def _name_box(self) -> tuple[str, float, float]:
        """The section's name, its size, and the width of its box; 0 if it has none."""
        if not self._row.name:
            return "", _NAME_SIZE, 0.0
        name, size = fitted(self._row.name, _NAME_SIZE, _BARS_SIZE, _NAME_COLUMN - 60, bold=True)
        return name, size, max(text_width(name, size, bold=True), 40) + 28

    def draw(self, page: etree._Element, y: float) -> None:
        """Draw it with its top at ``y``."""
        name, size, width = self._name_box()
        if name:
            _box(page, _MARGIN, y, width, _BOX)
            draw_text(
                page, name, _MARGIN + width / 2, y + _BOX / 2 + 0.33 * size, size, anchor="middle", bold=True
            )
        beside = self._bars_beside_name
        x, drop = (
            (_MARGIN + width + 16 if name else _MARGIN, 46.0) if beside else (_MARGIN, _BOX + _BARS_SIZE)
        )
        draw_text(page, self._bars, x, y + drop, _BARS_SIZE, anchor="start", italic=True)
        for index, line in enumerate(self._words):
            x = self._words_x
            for words, size, bold in line:
                draw_text(page, words, x, y + 46 + index * _LINE, size, anchor="start", bold=bold)
                x += text_width(words, size, bold=bold)
        for one in self._placed:
            top = y + self._staff_y - one.excerpt.staff_top * one.scale
            one.excerpt.draw(page, one.x, top, one.scale)
            if one.label:
                draw_text(page, one.label, one.x, top - 8, _LABEL_SIZE, anchor="start", italic=True)


_Words = list[tuple[str, float, bool]]


def _wrapped(play: str, notes: Sequence[str], room: float) -> list[_Words]:
    """The words of a row in lines: what to play in bold, then what happens where."""
    lines: list[_Words] = [[(play, _PLAY_SIZE, True)]]
    for note in notes:
        words = ("   " + note, _NOTE_SIZE, False)
        if _words_width([*lines[-1], words]) > room:
            lines.append([(note, _NOTE_SIZE, False)])
        else:
            lines[-1].append(words)
    return lines


def _words_width(line: _Words) -> float:
    return sum(text_width(words, size, bold=bold) for words, size, bold in line)


def _paginated(blocks: Sequence[_Block], gap: float, paper: Paper) -> list[list[_Block]]:
    room = paper_size(paper)[1] - _TOP - _HEADING - _BOTTOM
    pages: list[list[_Block]] = [[]]
    used = 0.0
    for block in blocks:
        if pages[-1] and used + block.height > room:
            pages.append([])
            used = 0.0
        pages[-1].append(block)
        used += block.height + gap
    return pages


def _draw_page(
    score: Score, paper: Paper, blocks: Sequence[_Block], gap: float, number_of: tuple[int, int]
) -> etree._Element:
    width, height = paper_size(paper)
    page, glyphs, body = empty_drawing(10 * width, 10 * height)
    _draw_heading(body, glyphs, score, width)
    y = _TOP + _HEADING
    # What room is left is shared out, so that a short song is not crowded at the top.
    spare = height - _BOTTOM - y - sum(block.height + gap for block in blocks)
    gap += min(_MOST_SPARE_GAP, max(0.0, spare) / max(1, len(blocks) - 1))
    for block in blocks:
        block.draw(page, y)
        y += block.height + gap
    number, total = number_of
    if total > 1:
        words = f"page {number} of {total}"
        draw_text(page, words, width / 2, height - 80, _BARS_SIZE, anchor="middle")
    return page


def _draw_heading(body: etree._Element, glyphs: Glyphs, score: Score, width: int) -> None:
    """Title and artist on the left; tempo, meter and feel on the right."""
    first = score.bars[0]
    meter = first.meter
    tempo = next((mark.bpm for mark in score.tempo_marks if mark.bar == first.number), score.tempo_bpm)
    feel = score.swing_at(first.number)
    words = f"= {meter.printed_bpm(tempo)}    {meter.beats}/{meter.beat_type}"
    if feel is not None:
        words += f"    {swing_words(feel)}"
    baseline = _TOP + 55
    x = width - _MARGIN - text_width(words, _INFO_SIZE, bold=True)
    draw_text(body, words, x, baseline, _INFO_SIZE, anchor="start", bold=True)
    note = metronome_note(meter)
    for letter in reversed(note):
        code = f"{ord(letter):04X}"
        scale = _INFO_SIZE / 100
        x -= glyphs.advance(code) * scale / 10 + 6
        glyphs.draw(body, code, 10 * x, 10 * baseline, scale)
    title, size = fitted(plain_text(score.title), _TITLE_SIZE, _SMALLEST_TITLE, x - _MARGIN - 60, bold=True)
    draw_text(body, title, _MARGIN, baseline, size, anchor="start", bold=True)
    artist, size = fitted(plain_text(score.artist), _NOTE_SIZE, _BARS_SIZE, width - 2 * _MARGIN, italic=True)
    draw_text(body, artist, _MARGIN, baseline + 52, size, anchor="start", italic=True)


def _box(page: etree._Element, x: float, y: float, width: float, height: float) -> None:
    box = etree.SubElement(page, tag("rect"))
    for name, value in (("x", x), ("y", y), ("width", width), ("height", height)):
        box.set(name, f"{10 * value:g}")
    box.set("fill", "none")
    box.set("stroke", "currentColor")
    box.set("stroke-width", "35")
