"""Verovio's SVG, made fit for our pages and for the PDF writer.

What comes out has no style element or attribute (a strict content security policy forbids both), no font of
its own and no id but ours; it is drawn in ``currentColor``, so that a page's theme colours it. Music symbols
are paths, also those that Verovio sets as text.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

from lxml import etree

MUSIC_FONT = "Leland"
GLYPH_SCALE = 0.72  # from the font's unit (250 a staff space) to the drawing's (180)
TEXT_FONTS = "Liberation Serif, Times New Roman, Times, serif"

_SVG = "http://www.w3.org/2000/svg"
_HREF = "{http://www.w3.org/1999/xlink}href"
_GROUP, _USE, _TEXT, _RECT = (f"{{{_SVG}}}{name}" for name in ("g", "use", "text", "rect"))
_SHAPES = frozenset(f"{{{_SVG}}}{name}" for name in ("path", "polygon", "polyline", "rect", "ellipse"))
_SHAPE_ATTRIBUTES = (
    "d", "points", "x", "y", "width", "height", "rx", "ry", "cx", "cy", "transform", "stroke-width",
    "stroke-linecap", "stroke-linejoin", "stroke-dasharray", "fill-opacity",
)  # fmt: skip
_KEPT_GROUPS = ("measure", "note")
_BOLD = {"tempo", "reh"}
_ITALIC = {"mNum", "dir"}
_TEXT_GLYPH_GAP = 40  # before a dot and after a note, in the music font's unit
_FIRST_MUSIC_GLYPH, _LAST_MUSIC_GLYPH = "\ue000", "\uf8ff"


@dataclass(frozen=True, slots=True)
class _Run:
    text: str
    size: float
    music: bool


@dataclass(frozen=True, slots=True)
class _Type:
    bold: bool = False
    italic: bool = False


def tag(name: str) -> str:
    """An SVG element's name with its namespace."""
    return f"{{{_SVG}}}{name}"


def parse(text: str) -> etree._Element:
    """Parse SVG that we or Verovio wrote; entities and network are off."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True, remove_comments=True)
    return etree.fromstring(text.encode(), parser)


def serialise(root: etree._Element) -> str:
    """Write an SVG tree as text without an XML declaration, ready to stand inside HTML."""
    return str(etree.tostring(root, encoding="unicode"))


def empty_drawing(width: float, height: float) -> tuple[etree._Element, Glyphs, etree._Element]:
    """Start a drawing: its root, its symbols, and the group to draw in."""
    root = etree.Element(tag("svg"), nsmap={None: _SVG})
    root.set("viewBox", f"0 0 {width:g} {height:g}")
    root.set("class", "drum-score")
    root.set("fill", "currentColor")
    root.set("font-family", TEXT_FONTS)
    glyphs = Glyphs(etree.SubElement(root, tag("defs")))
    return root, glyphs, etree.SubElement(root, tag("g"))


def cleaned(verovio_svg: str, kept_ids: frozenset[str], *, clickable_bars: bool = False) -> etree._Element:
    """Rebuild one page of Verovio's SVG.

    Args:
        kept_ids: ids of notes and measures that stay; all others go.
        clickable_bars: lay an invisible area over each measure, so that a click anywhere in it counts.
    """
    source = parse(verovio_svg)
    inner = source.find(tag("svg"))
    assert inner is not None
    _, _, width, height = (float(value) for value in inner.get("viewBox", "").split())
    root, glyphs, page = empty_drawing(width, height)
    glyphs.take(source)
    margin = inner.find(tag("g"))
    assert margin is not None
    page.set("transform", margin.get("transform", ""))
    _copy(margin, page, _Type(), kept_ids, glyphs, clickable_bars)
    return root


def stacked(drawings: Sequence[etree._Element]) -> etree._Element:
    """Put drawings below one another in the first."""
    first, *others = drawings
    _, _, width, height = (float(value) for value in first.get("viewBox").split())
    defs = first.find(tag("defs"))
    known = {symbol.get("id") for symbol in defs}
    for drawing in others:
        group = etree.SubElement(first, tag("g"))
        group.set("transform", f"translate(0, {height:g})")
        for child in list(drawing):
            if child.tag == tag("defs"):
                new = [symbol for symbol in child if symbol.get("id") not in known]
                known.update(symbol.get("id") for symbol in new)
                defs.extend(new)
            else:
                group.append(child)
        height += float(drawing.get("viewBox").split()[3])
    first.set("viewBox", f"0 0 {width:g} {height:g}")
    return first


def _copy(
    source: etree._Element,
    target: etree._Element,
    type_: _Type,
    kept_ids: frozenset[str],
    glyphs: Glyphs,
    clickable_bars: bool,
) -> None:
    # A long song has tens of thousands of elements: attributes are set together, which halves the time.
    for child in source:
        name = child.tag
        if name == _GROUP:
            class_, transform = child.get("class") or "", child.get("transform")
            classes = class_.split()
            if "placeholder" in classes or "pgHead" in classes:
                for nested in child.iterchildren(_GROUP):  # a placeholder may wrap real content
                    _copy(nested, target, type_, kept_ids, glyphs, clickable_bars)
                continue
            group = target
            kept = next((kind for kind in _KEPT_GROUPS if kind in classes), None)
            if kept or transform:
                attributes = {"class": kept} if kept else {}
                if child.get("id") in kept_ids:
                    attributes["id"] = child.get("id")
                if transform:
                    attributes["transform"] = transform
                group = etree.SubElement(target, _GROUP, attributes)
            if child.get("visibility") == "hidden":
                continue  # its id stays, so that everything that is played has a place
            if clickable_bars and kept == "measure":
                _add_area(child, group)
            inner = type_
            if not (_BOLD.isdisjoint(classes) and _ITALIC.isdisjoint(classes)):
                inner = _Type(
                    type_.bold or not _BOLD.isdisjoint(classes),
                    type_.italic or not _ITALIC.isdisjoint(classes),
                )
            _copy(child, group, inner, kept_ids, glyphs, clickable_bars)
        elif name == _USE:
            glyphs.copy_use(target, child)
        elif name in _SHAPES:
            given = child.attrib
            attributes = {key: given[key] for key in _SHAPE_ATTRIBUTES if key in given}
            if given.get("stroke-width"):
                attributes["stroke"] = "currentColor"
            if given.get("fill") == "none" or (name == _RECT and given.get("fill-opacity") == "0"):
                attributes["fill"] = "none"
            etree.SubElement(target, name, attributes)
        elif name == _TEXT:
            _copy_text(child, target, type_, glyphs)


def _add_area(measure: etree._Element, group: etree._Element) -> None:
    """Cover the measure's staff and what stands near it; the staff lines are the staff's first paths."""
    staff = next((g for g in measure if g.get("class") == "staff"), None)
    if staff is None:
        return
    lines = [
        path.get("d", "").replace("M", "").replace("L", "").split() for path in staff.findall(tag("path"))
    ]
    if len(lines) < 5:
        return
    left, top, right, _ = (float(value) for value in lines[0])
    bottom = float(lines[4][1])
    room = 1.1 * (bottom - top)
    area = etree.SubElement(group, tag("rect"))
    area.set("class", "bar-area")
    area.set("x", f"{left:g}")
    area.set("y", f"{top - room:g}")
    area.set("width", f"{right - left:g}")
    area.set("height", f"{bottom - top + 2 * room:g}")
    area.set("fill", "none")
    area.set("pointer-events", "all")
    # Where the staff lies, so that a click's height says which line it means.
    group.set("data-staff-top", f"{top:g}")
    group.set("data-staff-bottom", f"{bottom:g}")


def _copy_text(source: etree._Element, target: etree._Element, type_: _Type, glyphs: Glyphs) -> None:
    runs = [run for run in _runs(source, 0.0, music=False) if run.text and run.size > 0]
    if not runs:
        return
    x = float(source.get("x") or 0)
    y = source.get("y") or "0"
    while runs and runs[0].music:
        run = runs.pop(0)
        for letter in run.text.strip():
            code = f"{ord(letter):04X}"
            glyphs.draw(target, code, x, float(y), run.size / 1000)
            x += (glyphs.advance(code) + _TEXT_GLYPH_GAP) * run.size / 1000
    if not runs:
        return
    text = etree.SubElement(target, tag("text"))
    text.set("x", f"{x:g}")
    text.set("y", y)
    text.set("font-size", f"{runs[0].size:g}")
    if source.get("text-anchor"):
        text.set("text-anchor", source.get("text-anchor"))
    if type_.bold:
        text.set("font-weight", "bold")
    if type_.italic:
        text.set("font-style", "italic")
    text.text = "".join(run.text for run in runs if not run.music)


def _runs(element: etree._Element, size: float, *, music: bool) -> Iterator[_Run]:
    own = element.get("font-size")
    size = float(own.removesuffix("px")) if own else size
    family = element.get("font-family")
    music = music or (family is not None and MUSIC_FONT in family)
    if element.text and element.text.strip("\n\r\t "):
        is_glyph = all(_FIRST_MUSIC_GLYPH <= letter <= _LAST_MUSIC_GLYPH for letter in element.text.strip())
        yield _Run(element.text, size, music and is_glyph)
    for child in element:
        yield from _runs(child, size, music=music)
        if child.tail and child.tail.strip():
            yield _Run(child.tail, size, music)


class Glyphs:
    """The music symbols that a drawing uses, each defined once."""

    def __init__(self, defs: etree._Element) -> None:
        self._defs = defs
        self._names: dict[str, str] = {}
        self._defined: set[str] = set()

    def take(self, source: etree._Element) -> None:
        """Define the symbols of another drawing."""
        for symbol in source.iterfind(f"{tag('defs')}/{tag('g')}"):
            name = symbol.get("id", "")
            path = symbol.find(tag("path"))
            if path is not None:
                self._names[name] = self._define(name.split("-")[0], path.get("d", ""))

    def copy_use(self, target: etree._Element, source: etree._Element) -> None:
        """Use a symbol where the drawing it was taken from uses it."""
        name = self._names.get((source.get(_HREF) or source.get("href") or "").removeprefix("#"))
        if name is not None:
            etree.SubElement(target, _USE, {"href": f"#{name}", "transform": source.get("transform", "")})

    def draw(self, target: etree._Element, code: str, x: float, y: float, scale: float) -> None:
        """Draw the symbol with SMuFL code point ``code`` (hexadecimal) at its origin; blank when unknown."""
        outline = _glyph(code).outline
        if outline:
            use = etree.SubElement(target, tag("use"))
            use.set("href", f"#{self._define(code, outline)}")
            use.set("transform", f"translate({x:g}, {y:g}) scale({scale:g}, {scale:g})")

    def advance(self, code: str) -> float:
        """How far a symbol moves the pen, in its own unit, of which a staff space has 250."""
        return _glyph(code).advance

    def _define(self, code: str, outline: str) -> str:
        name = f"glyph-{code}"
        if name not in self._defined:
            self._defined.add(name)
            path = etree.SubElement(self._defs, tag("path"))
            path.set("id", name)
            path.set("transform", "scale(1,-1)")
            path.set("d", outline)
        return name


@dataclass(frozen=True, slots=True)
class _Glyph:
    outline: str
    advance: float


@lru_cache(maxsize=64)
def _glyph(code: str) -> _Glyph:
    """A symbol of the music font, from the files that come with Verovio; what it lacks is Bravura's, as
    Verovio has it."""
    spec = find_spec("verovio")
    if spec is None or spec.origin is None:
        return _Glyph("", 0.0)
    for font in (MUSIC_FONT, "Bravura"):
        outline_file = Path(spec.origin).parent / "data" / font / f"{code}.xml"
        if outline_file.is_file():
            path = etree.parse(str(outline_file)).getroot().find("path")
            outline = path.get("d", "") if path is not None else ""
            return _Glyph(outline, _advances(font).get(code, 250.0))
    return _Glyph("", 250.0)


@lru_cache(maxsize=2)
def _advances(font: str) -> dict[str, float]:
    spec = find_spec("verovio")
    assert spec is not None
    assert spec.origin is not None
    metrics = etree.parse(str(Path(spec.origin).parent / "data" / f"{font}.xml")).getroot()
    return {glyph.get("c", ""): float(glyph.get("h-a-x", "0")) for glyph in metrics.iter("g")}
