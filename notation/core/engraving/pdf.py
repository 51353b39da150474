"""PDF from engraved pages: vectors, selectable text, embedded fonts, no system library.

Takes only the SVG that ``engrave`` makes: groups, symbols, shapes and one-line texts.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

from lxml import etree
from reportlab import rl_config
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from notation.core.engraving.fonts import has_letter, liberation_serif
from notation.core.engraving.page import Paper, paper_size
from notation.core.engraving.svg import parse
from notation.core.score import Score
from notation.core.texts import plain_text

rl_config.useA85 = 0  # plain binary streams: a fifth smaller

_POINTS_PER_TENTH_MM = 72 / 254
_COMMAND = re.compile(r"([A-Za-z])|(-?\d*\.?\d+(?:[eE][-+]?\d+)?)")
_TRANSFORM = re.compile(r"(translate|scale)\(([^)]*)\)")

_JAPANESE, _KOREAN = "HeiseiMin-W3", "HYSMyeongJo-Medium"  # each has the Chinese letters too

# One drawing step: an operator and its numbers, absolute.
_Step = tuple[str, tuple[float, ...]]


def write_pdf(score: Score, pages: Sequence[str], paper: Paper = "a4") -> bytes:
    """Write drawn ``pages`` of ``score``, on ``paper``, as a PDF."""
    width, height = (side * _POINTS_PER_TENTH_MM for side in paper_size(paper))
    packed = io.BytesIO()
    # Named at once, or every page declares Helvetica, which is not embedded.
    first_font = _font(bold=False, italic=False)
    canvas = Canvas(
        packed, pagesize=(width, height), pageCompression=1, invariant=1, initialFontName=first_font
    )
    canvas.setTitle(plain_text(score.title) or "Drum score")
    canvas.setAuthor(plain_text(score.artist))
    canvas.setCreator("drumsite")
    canvas.setSubject("Drum score")
    for page in pages:
        _Page(canvas, parse(page), width, height).draw()
        canvas.showPage()
    canvas.save()
    return packed.getvalue()


def _font(*, bold: bool, italic: bool) -> str:
    name = "DrumScoreSerif" + ("Bold" if bold else "") + ("Italic" if italic else "")
    if name not in pdfmetrics.getRegisteredFontNames():
        pdfmetrics.registerFont(TTFont(name, io.BytesIO(liberation_serif(bold=bold, italic=italic))))
    return name


class _Page:
    """Draws one SVG page on the canvas.

    Shapes are written as PDF operators of our own, since the canvas' formatting of numbers would take most
    of the time; the canvas keeps fonts, texts and the file.
    """

    def __init__(self, canvas: Canvas, root: etree._Element, width: float, height: float) -> None:
        self._canvas = canvas
        self._root = root
        _, _, view_width, view_height = (float(value) for value in root.get("viewBox").split())
        self._scale = (width / view_width, height / view_height)
        self._height = height
        self._symbols: dict[str, str] = {
            symbol.get("id"): symbol.get("d") for symbol in root.iter("{*}path") if symbol.get("id")
        }

    def draw(self) -> None:
        for name, outline in self._symbols.items():
            _define_symbol(self._canvas, name, outline)
        self._canvas.saveState()
        self._canvas.transform(self._scale[0], 0, 0, -self._scale[1], 0, self._height)
        self._children(self._root)
        self._canvas.restoreState()

    def _children(self, element: etree._Element) -> None:
        for child in element:
            kind = child.tag.rpartition("}")[2]
            if kind == "g":
                self._group(child)
            elif kind == "use":
                self._use(child)
            elif kind == "text":
                self._text(child)
            elif kind != "defs":
                self._shape(kind, child)

    def _group(self, group: etree._Element) -> None:
        transform = group.get("transform")
        if not transform:
            self._children(group)
            return
        self._canvas.addLiteral(f"q {_matrix(transform)} cm")
        self._children(group)
        self._canvas.addLiteral("Q")

    def _use(self, use: etree._Element) -> None:
        name = (use.get("href") or "").removeprefix("#")
        if name in self._symbols:
            self._canvas.addLiteral(f"q {_matrix(use.get('transform') or '')} cm")
            self._canvas.doForm(name)
            self._canvas.addLiteral("Q")

    def _shape(self, kind: str, shape: etree._Element) -> None:
        fill = shape.get("fill") != "none"
        stroke = shape.get("stroke") is not None
        if kind == "path":
            steps: Sequence[_Step] = _path_steps(shape.get("d") or "")
            fill = fill and any(operator != "L" for operator, _ in steps[1:])  # a line has no inside
        elif kind == "rect":
            steps = _rectangle_steps(shape)
        elif kind == "ellipse":
            steps = _ellipse_steps(shape)
        else:
            steps = _polygon_steps(shape.get("points") or "", closed=kind == "polygon")
            fill = fill and kind == "polygon"
        if not fill and not stroke:
            return
        style = ""
        if stroke:
            rounded = int(shape.get("stroke-linecap") == "round")
            style = f"{shape.get('stroke-width') or 1} w {rounded} J {rounded} j "
        self._canvas.addLiteral(f"{style}{_operators(steps)} {_PAINT[(fill, stroke)]}")

    def _text(self, text: etree._Element) -> None:
        size = float(text.get("font-size") or 0)
        bold, italic = text.get("font-weight") == "bold", text.get("font-style") == "italic"
        runs = _runs(text.text or "", bold=bold, italic=italic)
        widths = [pdfmetrics.stringWidth(content, font, size) for font, content in runs]
        x = -sum(widths) * {"middle": 0.5, "end": 1.0}.get(text.get("text-anchor") or "start", 0.0)
        canvas = self._canvas
        canvas.saveState()
        canvas.translate(float(text.get("x") or 0), float(text.get("y") or 0))
        canvas.scale(1, -1)
        for (font, content), width in zip(runs, widths, strict=True):
            canvas.setFont(font, size)
            canvas.drawString(x, 0, content)
            x += width
        canvas.restoreState()


def _runs(content: str, *, bold: bool, italic: bool) -> list[tuple[str, str]]:
    """Cut a text into (font, text): Liberation Serif, or an Asian font for what that lacks."""
    runs: list[tuple[str, str]] = []
    asian = _KOREAN if any("\uac00" <= letter <= "\ud7a3" for letter in content) else _JAPANESE
    for letter in content:
        covered = has_letter(letter, bold=bold, italic=italic)
        if not covered and not "\u2e80" <= letter <= "\uffef":
            continue  # no font for it here; the file's title still has it
        font = _font(bold=bold, italic=italic) if covered else _asian_font(asian)
        if runs and runs[-1][0] == font:
            runs[-1] = (font, runs[-1][1] + letter)
        else:
            runs.append((font, letter))
    return runs


def _asian_font(name: str) -> str:
    """A font that PDF readers bring along, so that it is not embedded: megabytes for one title."""
    if name not in pdfmetrics.getRegisteredFontNames():
        pdfmetrics.registerFont(UnicodeCIDFont(name))
    return name


_PAINT = {(True, False): "f", (False, True): "S", (True, True): "B"}
_PDF_OPERATORS = {"M": "m", "L": "l", "C": "c", "Z": "h"}


def _define_symbol(canvas: Canvas, name: str, outline: str) -> None:
    """Store a music symbol once for the whole file, upright in the page's downward coordinates."""
    if canvas.hasForm(name):
        return
    canvas.beginForm(name, -2000, -4000, 4000, 4000)
    canvas.addLiteral(f"1 0 0 -1 0 0 cm {_operators(_path_steps(outline))} f")
    canvas.endForm()


def _matrix(transform: str) -> str:
    """A chain of translations and scalings as the six numbers of a PDF matrix."""
    a, d, e, f = 1.0, 1.0, 0.0, 0.0
    for name, arguments in _TRANSFORM.findall(transform):
        numbers = [float(value) for value in arguments.replace(",", " ").split()]
        if name == "translate":
            e += a * numbers[0]
            f += d * (numbers[1] if len(numbers) > 1 else 0.0)
        else:
            a *= numbers[0]
            d *= numbers[-1]
    return f"{a:.6g} 0 0 {d:.6g} {e:.6g} {f:.6g}"


def _operators(steps: Iterable[_Step]) -> str:
    return " ".join(
        " ".join([*(f"{number:.6g}" for number in numbers), _PDF_OPERATORS[operator]])
        for operator, numbers in steps
    )


def _polygon_steps(points: str, *, closed: bool) -> list[_Step]:
    numbers = [float(value) for value in points.replace(",", " ").split()]
    steps: list[_Step] = [
        ("L" if index else "M", (numbers[index], numbers[index + 1]))
        for index in range(0, len(numbers) - 1, 2)
    ]
    return [*steps, ("Z", ())] if closed else steps


def _rectangle_steps(shape: etree._Element) -> list[_Step]:
    x, y, width, height = (float(shape.get(name) or 0) for name in ("x", "y", "width", "height"))
    corners = f"{x},{y} {x + width},{y} {x + width},{y + height} {x},{y + height}"
    return _polygon_steps(corners, closed=True)


def _ellipse_steps(shape: etree._Element) -> list[_Step]:
    cx, cy, rx, ry = (float(shape.get(name) or 0) for name in ("cx", "cy", "rx", "ry"))
    kx, ky = 0.5523 * rx, 0.5523 * ry  # the usual cubic approximation of a quarter circle
    return [
        ("M", (cx + rx, cy)),
        ("C", (cx + rx, cy + ky, cx + kx, cy + ry, cx, cy + ry)),
        ("C", (cx - kx, cy + ry, cx - rx, cy + ky, cx - rx, cy)),
        ("C", (cx - rx, cy - ky, cx - kx, cy - ry, cx, cy - ry)),
        ("C", (cx + kx, cy - ry, cx + rx, cy - ky, cx + rx, cy)),
        ("Z", ()),
    ]


@lru_cache(maxsize=512)
def _path_steps(data: str) -> tuple[_Step, ...]:
    """Read SVG path data into absolute moves, lines and cubic curves."""
    steps: list[_Step] = []
    tokens = [command or float(number) for command, number in _COMMAND.findall(data)]
    x = y = start_x = start_y = 0.0
    control: tuple[float, float] | None = None  # of the last curve, which S continues
    command = "M"
    index = 0
    while index < len(tokens):
        token = tokens[index]
        if isinstance(token, str):
            command = token
            index += 1
        upper = command.upper()
        if upper == "Z":
            steps.append(("Z", ()))
            x, y, control = start_x, start_y, None
            continue
        count = {"M": 2, "L": 2, "H": 1, "V": 1, "C": 6, "S": 4, "Q": 4, "T": 2}[upper]
        numbers = [float(value) for value in tokens[index : index + count]]
        index += count
        relative = command.islower()
        if upper == "H":
            numbers = [numbers[0] + (x if relative else 0), y]
        elif upper == "V":
            numbers = [x, numbers[0] + (y if relative else 0)]
        elif relative:
            numbers = [value + (y if place % 2 else x) for place, value in enumerate(numbers)]
        if upper == "M":
            steps.append(("M", (numbers[0], numbers[1])))
            start_x, start_y = numbers
            command = "l" if relative else "L"
            control = None
        elif upper in "LHV":
            steps.append(("L", (numbers[0], numbers[1])))
            control = None
        elif upper in "CS":
            if upper == "S":
                first = (2 * x - control[0], 2 * y - control[1]) if control else (x, y)
                numbers = [*first, *numbers]
            steps.append(("C", tuple(numbers)))
            control = (numbers[2], numbers[3])
        else:  # a quadratic curve is a cubic with its handles two thirds of the way
            if upper == "T":
                corner = (2 * x - control[0], 2 * y - control[1]) if control else (x, y)
                numbers = [*corner, *numbers]
            qx, qy, end_x, end_y = numbers
            steps.append(
                (
                    "C",
                    (
                        x + 2 / 3 * (qx - x),
                        y + 2 / 3 * (qy - y),
                        end_x + 2 / 3 * (qx - end_x),
                        end_y + 2 / 3 * (qy - end_y),
                        end_x,
                        end_y,
                    ),
                )
            )
            control = (qx, qy)
        x, y = numbers[-2], numbers[-1]
    return tuple(steps)
