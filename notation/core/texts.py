"""Words on a score, as every writer puts them."""

from __future__ import annotations

import re

from notation.core.score import Swing

_CONTROL_CHARACTERS = re.compile(r"[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def plain_text(text: str) -> str:
    """``text`` without the characters that XML cannot hold."""
    return _CONTROL_CHARACTERS.sub("", text).strip()


def swing_words(swing: Swing | None) -> str:
    """What stands beside the tempo where a feel begins."""
    if swing is None:
        return "Straight"
    return "Swing" if swing is Swing.EIGHTHS else "Swing 16ths"
