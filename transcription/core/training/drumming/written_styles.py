"""The styles that can be written, and how often each is."""

from __future__ import annotations

from itertools import accumulate

import numpy as np

from transcription.core.training.drumming.style_tabs import Style
from transcription.core.training.drumming.tabs import (
    electronic,
    groove_music,
    jazz_latin,
    metal,
    meters,
    rock,
)

# Weighted so that plain rock and pop make a quarter, and so that no drum or cymbal is rare: see the tests.
_STYLES: dict[str, Style] = {
    style.name: style
    for style in (
        *rock.STYLES,
        *metal.STYLES,
        *groove_music.STYLES,
        *jazz_latin.STYLES,
        *electronic.STYLES,
        *meters.STYLES,
    )
}
STYLES: tuple[str, ...] = tuple(_STYLES)
_UP_TO = np.array(list(accumulate(style.weight for style in _STYLES.values())))


def style_named(name: str) -> Style:
    """Return the style ``name``, one of ``STYLES``; raises ValueError where there is none."""
    if name not in _STYLES:
        raise ValueError(f"No such style: {name!r}")
    return _STYLES[name]


def drawn_style(rng: np.random.Generator) -> Style:
    """Draw a style by the styles' weights."""
    place = int(np.searchsorted(_UP_TO, rng.random() * _UP_TO[-1], side="right"))
    return _STYLES[STYLES[place]]
