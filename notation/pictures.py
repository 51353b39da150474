"""Drawings of a notation at one of its revisions, made when they are first asked for and then kept a day."""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Callable, Collection
from functools import cache
from pathlib import Path

from django.core.cache import caches

from notation import core
from notation.core.engraving.engrave import ScreenWidth, engrave_bars, engrave_drum_key, engrave_screen
from notation.core.kit_profile import PROFILES, WEINBERG, KitProfile, profile_from_json
from notation.models import Notation
from notation.scores import score_of

MOST_BARS_ALONE = 16  # beyond that the whole drawing comes sooner than the single bars
_KEPT_S = 86_400


def kit_of(notation: Notation, name: str = "") -> KitProfile:
    """Return the kit that ``notation`` is to be drawn for.

    Args:
        name: one of ``PROFILES``, instead of what its owner chose.
    Raises:
        BadProfile: there is no such profile.
    """
    if name:
        return profile_from_json({"base": name})
    return profile_from_json(notation.kit_profile) if notation.kit_profile else WEINBERG


def screen_svg(notation: Notation, width: ScreenWidth, *, number: int | None = None, kit: str = "") -> str:
    """Return ``notation``, or its revision ``number``, as one long drawing for a screen.

    Raises:
        EngravingFailed: the engraver crashed or took too long.
        Revision.DoesNotExist: there is no such revision.
        BadProfile: there is no such kit.
    """
    profile = kit_of(notation, kit)
    return _kept(
        version_of(notation, width, number=number, kit=kit),
        lambda: engrave_screen(score_of(notation, number), width, profile=profile),
    )


def drum_key_svg(notation: Notation, *, kit: str = "") -> str:
    """Return the drum key of ``notation``: which head stands for which instrument."""
    profile = kit_of(notation, kit)
    return _kept(
        version_of(notation, "drum-key", kit=kit),
        lambda: engrave_drum_key(score_of(notation), profile=profile),
    )


def bar_svgs(notation: Notation, bars: Collection[int]) -> dict[int, str]:
    """Return drawings of single bars of the current revision; none at all when they are too many.

    Raises:
        EngravingFailed: the engraver crashed or took too long.
    """
    if not 0 < len(bars) <= MOST_BARS_ALONE:
        return {}
    return dict(engrave_bars(score_of(notation), bars, profile=kit_of(notation)))


def version_of(notation: Notation, *choices: str, number: int | None = None, kit: str = "") -> str:
    """Return a name for what ``choices`` make of a revision: equal names, equal bytes."""
    said = [
        str(notation.pk),
        notation.revision if number is None else number,
        {"base": kit} if kit in PROFILES else notation.kit_profile,
        choices,
        writers_version(),
    ]
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:40]


@cache
def writers_version() -> str:
    """Return a name for the code itself: a new version of the site may read or draw a score otherwise."""
    digest = hashlib.sha256()
    for path in sorted(Path(core.__path__[0]).rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _kept(key: str, draw: Callable[[], str]) -> str:
    kept = caches["scores"].get(key)
    if kept is None:
        drawing = draw()
        caches["scores"].set(key, zlib.compress(drawing.encode(), 1), _KEPT_S)  # a tenth of its size
        return drawing
    return zlib.decompress(kept).decode()
