"""The ids of hits that people add: ``e1``, ``e2`` …, none of them ever used twice in a song."""

from __future__ import annotations

import re

from notation.core.score import Score

_ADDED = re.compile(r"e([0-9]{1,9})")


def first_fresh_number(score: Score) -> int:
    """The number after the highest that a hit of ``score`` has.

    A score does not tell of hits that were removed: whoever keeps its history hands in ``Edited.fresh_from``
    of the revision before.
    """
    used = (_ADDED.fullmatch(placed.hit.id) for placed in score.hits if placed.hit.id[0] == "e")
    return max((int(match[1]) for match in used if match), default=0) + 1
