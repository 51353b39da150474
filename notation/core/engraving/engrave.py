"""From a score to drawn pages, by Verovio in a guarded child process."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from lxml import etree

from notation.core.engraving.drum_key import draw_drum_key, used_instruments
from notation.core.engraving.guarded_engraver import ENGRAVER
from notation.core.engraving.layout import Layout
from notation.core.engraving.mei import write_bar_mei, write_excerpt_mei, write_mei
from notation.core.engraving.page import Paper, compose_page, heading_height, paper_size, place_drawing
from notation.core.engraving.svg import MUSIC_FONT, cleaned, serialise, stacked, tag
from notation.core.kit_profile import WEINBERG, KitProfile
from notation.core.playback import bar_id
from notation.core.score import Score
from notation.core.spelling.spell import SpelledBar, spell

ScreenWidth = Literal["phone", "tablet", "desktop"]
SCREEN_WIDTHS_PX: Mapping[ScreenWidth, int] = {"phone": 360, "tablet": 768, "desktop": 1200}

TIME_LIMIT_S = 60.0
LONGEST_TIME_LIMIT_S = 300.0  # measured: 10,000 bars take 36 s on a screen
TIME_LIMIT_A_BAR_S = 0.1  # a page of four bars takes some 10 ms, but a busy machine may be ten times slower

# Staff size on screens, in per cent of Verovio's 72 px staff.
_SCREEN_SCALES: Mapping[ScreenWidth, int] = {"phone": 45, "tablet": 48, "desktop": 52}
_UNIT = 9.0  # half a staff space in tenths of a millimetre: a staff of 7.2 mm, usual for parts
# Unit and room between systems, from the usual to the tightest that is read at arm's length (a 6 mm staff).
_PAGE_SPACINGS = ((_UNIT, 6), (_UNIT, 3), (8.5, 3), (8, 2), (7.5, 2))

_COMMON_OPTIONS: dict[str, Any] = {
    "unit": _UNIT,
    "font": MUSIC_FONT,
    "fontTextLiberation": True,  # so that widths are those of the font in the PDF
    "smuflTextFont": "none",
    "svgFormatRaw": True,
    "xmlIdSeed": 1,
    "footer": "none",
    "svgViewBox": True,
    "spacingSystem": 6,
    "tupletAngledOnBeams": True,  # brackets over rests stay level
}

_EXCERPT_OPTIONS: dict[str, Any] = {
    **_COMMON_OPTIONS,
    "spacingSystem": 0,
    "spacingStaff": 0,  # no room but what the notes need
    "adjustPageWidth": True,
    "adjustPageHeight": True,
    "pageMarginLeft": 10,
    "pageMarginRight": 10,
    "pageMarginTop": 20,
    "pageMarginBottom": 20,
    "breaks": "none",
    "header": "none",
}


def engrave_pages(score: Score, paper: Paper = "a4", *, profile: KitProfile = WEINBERG) -> tuple[str, ...]:
    """Draw ``score`` as pages of paper, with title, drum key, page numbers, and repeat-bar signs.

    Raises:
        EngravingFailed: the engraver crashed or took too long.
    """
    (pages,) = _render([_page_request(score, paper, spell(score, profile), profile)])
    return _compose(score, paper, pages, profile)


def engrave_screen(score: Score, width: ScreenWidth = "desktop", *, profile: KitProfile = WEINBERG) -> str:
    """Draw ``score`` as one long page for a screen; every hit is a group with its id, every bar ``bar-17``.

    Raises:
        EngravingFailed: the engraver crashed or took too long.
    """
    (drawn,) = _render(_screen_requests(score, [width], spell(score, profile)))
    return _screen(score, drawn)


def engrave_bars(
    score: Score, numbers: Collection[int], *, profile: KitProfile = WEINBERG
) -> Mapping[int, str]:
    """Draw the bars ``numbers``, each alone and as on a desktop screen; what the score lacks is left out.

    Raises:
        EngravingFailed: the engraver crashed or took too long.
    """
    bars = spell(score, profile, only=frozenset(numbers))
    drawn = _render([{"mei": write_bar_mei(score, bar), "options": _EXCERPT_OPTIONS} for bar in bars])
    kept = _kept_ids(score)
    return {
        bar.bar.number: serialise(cleaned(page, kept, clickable_bars=True))
        for bar, (page,) in zip(bars, drawn, strict=True)
    }


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A few bars drawn to stand on a page of ours; measures in tenths of a millimetre at full size."""

    drawing: etree._Element
    width: float
    height: float
    staff_top: float

    def draw(self, page: etree._Element, x: float, y: float, scale: float) -> None:
        """Copy it onto ``page`` with its corner at ``x``, ``y``."""
        place_drawing(page, self.drawing, x, y, scale)


def engrave_excerpts(excerpts: Sequence[tuple[Sequence[SpelledBar], bool]]) -> list[Excerpt]:
    """Draw excerpts, each some bars and whether they stand with a clef between repeat signs.

    Raises:
        EngravingFailed: the engraver crashed or took too long.
    """
    if not excerpts:
        return []
    drawn = _render(
        [
            {"mei": write_excerpt_mei(bars, repeated=repeated), "options": _EXCERPT_OPTIONS}
            for bars, repeated in excerpts
        ]
    )
    return [_excerpt(page) for (page,) in drawn]


def _excerpt(page: str) -> Excerpt:
    drawing = cleaned(page, frozenset(), clickable_bars=True)
    _, _, width, height = (float(value) / 10 for value in drawing.get("viewBox").split())
    measure = next(group for group in drawing.iter(tag("g")) if group.get("data-staff-top"))
    return Excerpt(
        drawing, width, height, float(measure.get("data-staff-top")) / 10 + _EXCERPT_OPTIONS["pageMarginTop"]
    )


def engrave_drum_key(score: Score, *, profile: KitProfile = WEINBERG) -> str:
    """Draw the drum key alone: the heads of the instruments that are played, with their names."""
    return serialise(draw_drum_key(score, profile))


def _page_request(
    score: Score, paper: Paper, bars: Sequence[SpelledBar], profile: KitProfile
) -> dict[str, Any]:
    width, height = paper_size(paper)
    mei = write_mei(score, Layout(), bars=bars)
    heading = heading_height(score, with_key=bool(used_instruments(score, profile)))

    def request(unit: float, spacing: int) -> dict[str, Any]:
        # Verovio leaves room for our heading above the first system by way of an empty header of its own.
        spacer = _spacer(heading * _UNIT / unit)
        options = {
            **_COMMON_OPTIONS,
            "unit": unit,
            "spacingSystem": spacing,
            "pageWidth": width,
            "pageHeight": height,
            "adjustPageHeight": False,
            "pageMarginLeft": 150,
            "pageMarginRight": 130,
            "pageMarginTop": 110,
            "pageMarginBottom": 120,
            "breaks": "line",
            "header": "encoded",
        }
        return {"mei": mei.replace("</scoreDef>", f"{spacer}</scoreDef>", 1), "options": options}

    roomy, *tighter = (request(unit, spacing) for unit, spacing in _PAGE_SPACINGS)
    return {**roomy, "tighter": tighter}


def _spacer(height: float) -> str:
    """A header line ``height`` tenths of a millimetre high for the usual unit, with which it grows.

    Measured: 18, and 0.3561 for each per cent.
    """
    per_cent = max(1, round((height - 18) / 0.3561))
    return f'<pgHead func="first"><rend halign="center" valign="top" fontsize="{per_cent}%">.</rend></pgHead>'


def _screen_requests(
    score: Score, widths: Sequence[ScreenWidth], bars: Sequence[SpelledBar]
) -> list[dict[str, Any]]:
    """A wide screen has the page's lines; on others as many bars go on a line as fit."""
    music: dict[bool, str] = {}
    requests = []
    for width in widths:
        lines = width == "desktop"
        if lines not in music:
            music[lines] = write_mei(score, Layout(simile=False, lines=lines), bars=bars)
        options = {
            **_COMMON_OPTIONS,
            "pageWidth": SCREEN_WIDTHS_PX[width] * 100 // _SCREEN_SCALES[width],
            "pageHeight": 60000,
            "adjustPageHeight": True,
            "pageMarginLeft": 28,  # half of a bar number hangs over the edge
            "pageMarginRight": 10,
            "pageMarginTop": 20,
            "pageMarginBottom": 20,
            "breaks": "line" if lines else "auto",
            "header": "none",
        }
        requests.append({"mei": music[lines], "options": options})
    return requests


def _render(requests: Sequence[Mapping[str, Any]]) -> list[list[str]]:
    """Have a child process draw; returns each request's pages."""
    bars = sum(request["mei"].count("<measure ") for request in requests)
    return ENGRAVER.draw(requests, min(TIME_LIMIT_S + TIME_LIMIT_A_BAR_S * bars, LONGEST_TIME_LIMIT_S))


def _kept_ids(score: Score) -> frozenset[str]:
    return frozenset(placed.hit.id for placed in score.hits) | frozenset(
        bar_id(bar.number) for bar in score.bars
    )


def _screen(score: Score, drawn: Sequence[str]) -> str:
    """One long drawing; Verovio's tallest page holds some 200 lines, so a long song comes as several."""
    kept = _kept_ids(score)
    drawing = stacked([cleaned(page, kept, clickable_bars=True) for page in drawn])
    _count_bars(drawing, score)
    return serialise(drawing)


def _count_bars(drawing: etree._Element, score: Score) -> None:
    """Say on each measure how many bars it stands for: a long rest is one measure with its first bar's id."""
    measures = {measure.get("id"): measure for measure in drawing.iter(tag("g")) if measure.get("id")}
    current: etree._Element | None = None
    count = 0
    for bar in score.bars:
        found = measures.get(bar_id(bar.number))
        current, count = (found, 1) if found is not None else (current, count + 1)
        if current is not None:
            current.set("data-bars", str(count))


def _compose(score: Score, paper: Paper, pages: Sequence[str], profile: KitProfile) -> tuple[str, ...]:
    kept = _kept_ids(score)
    key = draw_drum_key(score, profile) if used_instruments(score, profile) else None
    composed = []
    for number, page in enumerate(pages, start=1):
        drawing = cleaned(page, kept)
        compose_page(
            drawing, score, paper=paper, number=number, total=len(pages), key=key if number == 1 else None
        )
        composed.append(serialise(drawing))
    return tuple(composed)
