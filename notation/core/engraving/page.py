"""What a printed page has besides the music: title, artist, drum key, page number."""

from __future__ import annotations

from copy import deepcopy
from typing import Literal

from lxml import etree

from notation.core.engraving.fonts import text_width
from notation.core.engraving.svg import tag
from notation.core.score import Score
from notation.core.texts import plain_text

Paper = Literal["a4", "letter"]

_SIZES: dict[Paper, tuple[int, int]] = {"a4": (2100, 2970), "letter": (2159, 2794)}
# All in tenths of a millimetre, as Verovio's pages; the drawing itself counts in hundredths.
_MARGIN = 150
_TOP = 130
_TITLE_SIZE, _SMALLEST_TITLE = 82, 46
_ARTIST_SIZE = 42
_NUMBER_SIZE = 34
_KEY_HEIGHT = 165
_KEY_SHARE = 0.72  # the drum key's size against the music's


def paper_size(paper: Paper) -> tuple[int, int]:
    """Width and height in tenths of a millimetre."""
    return _SIZES[paper]


def heading_height(score: Score, *, with_key: bool) -> float:
    """How much room title, artist and drum key take above the first staff, in tenths of a millimetre."""
    height = 20.0
    if plain_text(score.title):
        height += 95
    if plain_text(score.artist):
        height += 50
    if with_key:
        height += _KEY_HEIGHT
    return height


def compose_page(
    page: etree._Element,
    score: Score,
    *,
    paper: Paper,
    number: int,
    total: int,
    key: etree._Element | None,
) -> None:
    """Add heading (first page), drum key, running title and page number to a cleaned page."""
    width, height = paper_size(paper)
    title, artist = plain_text(score.title), plain_text(score.artist)
    room = width - 2.0 * _MARGIN
    y = float(_TOP)
    if number == 1:
        if title:
            y += 62
            words, size = fitted(title, _TITLE_SIZE, _SMALLEST_TITLE, room, bold=True)
            draw_text(page, words, width / 2, y, size, anchor="middle", bold=True)
            y += 33
        if artist:
            y += 28
            words, size = fitted(artist, _ARTIST_SIZE, _NUMBER_SIZE, room, italic=True)
            draw_text(page, words, width - _MARGIN, y, size, anchor="end", italic=True)
            y += 22
        if key is not None:
            _place_key(page, key, y, room)
    footer = f"{number}" if total > 1 else ""
    if number > 1 and title:
        words, size = fitted(title, _NUMBER_SIZE, _NUMBER_SIZE, room, italic=True)
        draw_text(page, words, width / 2, 90, size, anchor="middle", italic=True)
    if footer:
        draw_text(page, footer, width / 2, height - 90, _NUMBER_SIZE, anchor="middle")


def fitted(text: str, size: float, smallest: float, room: float, **face: bool) -> tuple[str, float]:
    """``text`` and the size at which it fits ``room``; cut off when it does not at the smallest."""
    natural = text_width(text, size, **face)
    if natural <= room:
        return text, size
    fitting = size * room / natural
    if fitting >= smallest:
        return text, fitting
    while text and text_width(text + "…", smallest, **face) > room:
        text = text[:-1]
    return text.rstrip() + "…", smallest


def draw_text(
    page: etree._Element,
    content: str,
    x: float,
    y: float,
    size: float,
    *,
    anchor: str,
    bold: bool = False,
    italic: bool = False,
) -> None:
    """Write one line at ``x``, ``y`` (its baseline) in tenths of a millimetre."""
    text = etree.SubElement(page, tag("text"))
    text.set("x", f"{10 * x:g}")
    text.set("y", f"{10 * y:g}")
    text.set("font-size", f"{10 * size:g}")
    text.set("text-anchor", anchor)
    if bold:
        text.set("font-weight", "bold")
    if italic:
        text.set("font-style", "italic")
    text.text = content


def _place_key(page: etree._Element, key: etree._Element, y: float, room: float) -> None:
    _, _, width, _ = (float(value) for value in (key.get("viewBox") or "0 0 1 1").split())
    share = min(_KEY_SHARE, 10 * room / width)
    place_drawing(page, key, _MARGIN, y, share)


def place_drawing(page: etree._Element, drawing: etree._Element, x: float, y: float, scale: float) -> None:
    """Put a drawing on a page, its corner at ``x``, ``y`` in tenths of a millimetre; it is copied."""
    group = etree.SubElement(page, tag("g"))
    group.set("transform", f"translate({10 * x:g}, {10 * y:g}) scale({scale:g}, {scale:g})")
    defs = page.find(tag("defs"))
    known = {symbol.get("id") for symbol in defs}
    for child in drawing:
        if etree.QName(child).localname == "defs":
            defs.extend([deepcopy(symbol) for symbol in child if symbol.get("id") not in known])
        else:
            group.append(deepcopy(child))
