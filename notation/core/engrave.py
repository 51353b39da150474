"""From a score to drawn pages, by Verovio in a guarded child process."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from lxml import etree

from notation.core.errors import EngravingFailed
from notation.core.layout import Layout
from notation.core.mei import used_instruments, write_drum_key_mei, write_mei
from notation.core.page import Paper, compose_page, heading_height, paper_size
from notation.core.playback import bar_id
from notation.core.score import Score
from notation.core.svg import MUSIC_FONT, cleaned, serialise

ScreenWidth = Literal["phone", "tablet", "desktop"]
SCREEN_WIDTHS_PX: Mapping[ScreenWidth, int] = {"phone": 360, "tablet": 768, "desktop": 1200}

TIME_LIMIT_S = 60
_CHILD = Path(__file__).with_name("verovio_child.py")

# Staff size on screens, in per cent of Verovio's 72 px staff.
_SCREEN_SCALES: Mapping[ScreenWidth, int] = {"phone": 45, "tablet": 48, "desktop": 52}
_UNIT = 9  # half a staff space in tenths of a millimetre: a staff of 7.2 mm, usual for parts
_KEY_SHARE = 0.72  # the drum key's size against the music's

_COMMON_OPTIONS: dict[str, Any] = {
    "unit": _UNIT,
    "font": MUSIC_FONT,
    "fontTextLiberation": True,  # so that widths are those of the font in the PDF
    "smuflTextFont": "none",
    "svgFormatRaw": True,
    "xmlIdSeed": 1,
    "footer": "none",
    "svgViewBox": True,
}


@dataclass(frozen=True, slots=True)
class Engraving:
    """Everything drawn for a score: SVG texts, pages in order, screens by their name."""

    pages: tuple[str, ...]
    screens: Mapping[ScreenWidth, str]
    drum_key: str


def engrave_pages(score: Score, paper: Paper = "a4") -> tuple[str, ...]:
    """Draw ``score`` as pages of paper, with title, drum key, page numbers, and repeat-bar signs.

    Raises:
        EngravingFailed: the engraver crashed or took too long.
    """
    pages, key = _render([_page_request(score, paper), _key_request(score)])
    return _compose(score, paper, pages, key[0])


def engrave_screen(score: Score, width: ScreenWidth = "desktop") -> str:
    """Draw ``score`` as one long page for a screen; every hit is a group with its id, every bar ``bar-17``.

    Raises:
        EngravingFailed: the engraver crashed or took too long.
    """
    (drawn,) = _render([_screen_request(score, width)])
    return _screen(score, drawn[0])


def engrave_drum_key(score: Score) -> str:
    """Draw the drum key alone: the heads of the instruments that are played, with their names.

    Raises:
        EngravingFailed: the engraver crashed or took too long.
    """
    (drawn,) = _render([_key_request(score)])
    return serialise(_key(score, drawn[0]))


def engrave_all(
    score: Score,
    *,
    paper: Paper = "a4",
    widths: Sequence[ScreenWidth] = ("phone", "tablet", "desktop"),
) -> Engraving:
    """Draw everything in one child process, which is much cheaper than one by one.

    Raises:
        EngravingFailed: the engraver crashed or took too long.
    """
    requests = [_page_request(score, paper), _key_request(score)]
    requests += [_screen_request(score, width) for width in widths]
    pages, key, *screens = _render(requests)
    return Engraving(
        pages=_compose(score, paper, pages, key[0]),
        screens={width: _screen(score, drawn[0]) for width, drawn in zip(widths, screens, strict=True)},
        drum_key=serialise(_key(score, key[0])),
    )


def _page_request(score: Score, paper: Paper) -> dict[str, Any]:
    width, height = paper_size(paper)
    # Verovio leaves room for our heading above the first system by way of an empty header of its own.
    spacer = _spacer(heading_height(score, with_key=bool(used_instruments(score))))
    mei = write_mei(score, Layout(simile=True, multirests=True, lines=True)).replace(
        "</scoreDef>", f"{spacer}</scoreDef>", 1
    )
    options = {
        **_COMMON_OPTIONS,
        "pageWidth": width,
        "pageHeight": height,
        "pageMarginLeft": 150,
        "pageMarginRight": 130,
        "pageMarginTop": 130,
        "pageMarginBottom": 170,
        "breaks": "line",
        "header": "encoded",
        "spacingSystem": 6,
    }
    return {"mei": mei, "options": options}


def _spacer(height: float) -> str:
    """A header line ``height`` tenths of a millimetre high; measured: 18, and 0.3561 for each per cent."""
    per_cent = max(1, round((height - 18) / 0.3561))
    return f'<pgHead func="first"><rend halign="center" valign="top" fontsize="{per_cent}%">.</rend></pgHead>'


def _screen_request(score: Score, width: ScreenWidth) -> dict[str, Any]:
    lines = width == "desktop"
    scale = _SCREEN_SCALES[width]
    options = {
        **_COMMON_OPTIONS,
        "pageWidth": SCREEN_WIDTHS_PX[width] * 100 // scale,
        "pageHeight": 60000,
        "adjustPageHeight": True,
        "pageMarginLeft": 10,
        "pageMarginRight": 10,
        "pageMarginTop": 20,
        "pageMarginBottom": 20,
        "breaks": "line" if lines else "auto",
        "header": "none",
        "spacingSystem": 6,
    }
    return {"mei": write_mei(score, Layout(simile=False, multirests=True, lines=lines)), "options": options}


def _key_request(score: Score) -> dict[str, Any]:
    options = {
        **_COMMON_OPTIONS,
        "pageWidth": 60000,
        "pageHeight": 1000,
        "adjustPageHeight": True,
        "adjustPageWidth": True,
        "pageMarginLeft": 0,
        "pageMarginRight": 10,
        "pageMarginTop": 5,
        "pageMarginBottom": 5,
        "breaks": "none",
        "header": "none",
    }
    return {"mei": write_drum_key_mei(score), "options": options}


def _render(requests: Sequence[Mapping[str, Any]], *, time_limit_s: int = TIME_LIMIT_S) -> list[list[str]]:
    """Have a child process draw; returns each request's pages.

    Raises:
        EngravingFailed: it died, took too long or drew nothing.
    """
    work = json.dumps({"seconds": time_limit_s, "requests": requests})
    try:
        child = subprocess.run(
            [sys.executable, "-I", str(_CHILD)],
            input=work,
            capture_output=True,
            text=True,
            timeout=time_limit_s,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise EngravingFailed(reason=f"the engraver took more than {time_limit_s} s") from error
    if child.returncode < 0:
        raise EngravingFailed(reason=f"the engraver crashed with signal {-child.returncode}")
    if child.returncode:
        raise EngravingFailed(reason="the engraver did not accept the music")
    drawn: list[list[str]] = json.loads(child.stdout)
    if len(drawn) != len(requests) or not all(drawn):
        raise EngravingFailed(reason="the engraver drew nothing")
    return drawn


def _kept_ids(score: Score) -> frozenset[str]:
    return frozenset(placed.hit.id for placed in score.hits) | frozenset(
        bar_id(bar.number) for bar in score.bars
    )


def _screen(score: Score, drawn: str) -> str:
    return serialise(cleaned(drawn, _kept_ids(score), clickable_bars=True))


def _key(score: Score, drawn: str) -> etree._Element:
    ids = frozenset(f"key-{instrument.name.value}" for instrument in used_instruments(score))
    return cleaned(drawn, ids)


def _compose(score: Score, paper: Paper, pages: Sequence[str], key: str) -> tuple[str, ...]:
    kept = _kept_ids(score)
    return tuple(
        serialise(
            compose_page(
                cleaned(page, kept),
                score,
                paper=paper,
                number=index,
                total=len(pages),
                key=cleaned(key, frozenset()) if index == 1 and used_instruments(score) else None,
                key_share=_KEY_SHARE,
            )
        )
        for index, page in enumerate(pages, start=1)
    )
