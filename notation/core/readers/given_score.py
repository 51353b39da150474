"""A score that somebody sends as JSON: read with care, because it comes from anybody."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import pairwise
from math import isfinite
from typing import Any

from accounts.core.text import one_line
from notation.core.errors import BadScore
from notation.core.score import Score, score_from_json
from notation.core.score_limits import MOST_BARS, MOST_HITS

# ``Fraction`` also reads "1e999999999", which takes all memory, and many digits, which take all time.
_FRACTION = re.compile(r"\d{1,6}(/[1-9]\d{0,5})?")
_LONGEST_TITLE = 200
_LONGEST_SECTION = 60
_LATEST_S = 86_400.0  # a day: no recording is longer
_FASTEST_BPM = 2_000.0


def read_given_score(
    data: Mapping[str, Any], *, most_hits: int = MOST_HITS, most_bars: int = MOST_BARS
) -> Score:
    """Build the score that ``data`` describes, and see to it that it can be stored, drawn and played.

    Raises:
        BadScore: it is no score, contradicts itself, or has numbers that no music has.
    """
    _check_shape(data, most_hits, most_bars)
    try:
        score = score_from_json(data)
    except OverflowError as error:  # an integer field that says 1e999
        raise BadScore(reason="a number is out of range") from error
    return checked(score)


def checked(score: Score) -> Score:
    """Return ``score`` with texts of one line; raises ``BadScore`` for numbers that no music has."""
    _check_times(score)
    _check_numbers("tempo", [score.tempo_bpm, *(mark.bpm for mark in score.tempo_marks)], 1.0, _FASTEST_BPM)
    _check_numbers("confidence", (placed.hit.confidence for placed in score.hits), 0.0, 1.0)
    first, last = score.bars[0].number, score.bars[-1].number
    marked = [mark.bar for mark in score.tempo_marks] + [mark.bar for mark in score.swing_marks]
    for number in marked:
        if not first <= number <= last:
            raise BadScore(reason=f"a mark stands in bar {number}, which is not there")
    bars = tuple(
        replace(bar, section=one_line(bar.section)[:_LONGEST_SECTION] or None) if bar.section else bar
        for bar in score.bars
    )
    return replace(
        score,
        title=one_line(score.title)[:_LONGEST_TITLE],
        artist=one_line(score.artist)[:_LONGEST_TITLE],
        bars=bars,
    )


def _check_shape(data: Mapping[str, Any], most_hits: int, most_bars: int) -> None:
    for name, most in (("bars", most_bars), ("hits", most_hits)):
        rows = data.get(name)
        if not isinstance(rows, list) or not all(isinstance(row, Mapping) for row in rows):
            raise BadScore(reason=f"{name!r} is not a list of objects")
        if len(rows) > most:
            raise BadScore(reason=f"it has {len(rows)} {name}, more than {most}")
    for row, name in ((row, "quarters") for row in data["bars"]):
        _check_fraction(row, name)
        section = row.get("section")
        if section is not None and not isinstance(section, str):
            raise BadScore(reason="a section's name is not text")
    for row in data["hits"]:
        _check_fraction(row, "position")
        grace_of = row.get("grace_of")
        if grace_of is not None and not isinstance(grace_of, str):
            raise BadScore(reason="'grace_of' is not an id")
    for name in ("title", "artist"):
        if not isinstance(data.get(name), str):
            raise BadScore(reason=f"{name!r} is not text")


def _check_fraction(row: Mapping[str, Any], name: str) -> None:
    text = row.get(name)
    if not isinstance(text, str) or not _FRACTION.fullmatch(text):
        raise BadScore(reason=f"{name!r} is not a fraction such as '3/2'")


def _check_times(score: Score) -> None:
    _check_numbers("onset", (placed.hit.onset_s for placed in score.hits), 0.0, _LATEST_S)
    times = [time_s for bar in score.bars for time_s in bar.beat_times_s]
    # A pickup may be counted from before the recording began.
    _check_numbers("beat", [*times, *(bar.end_s for bar in score.bars)], -_LATEST_S, _LATEST_S)
    if any(later <= earlier for earlier, later in pairwise(times)):
        raise BadScore(reason="its beats are not in order of time")
    if any(bar.end_s <= bar.beat_times_s[-1] for bar in score.bars):
        raise BadScore(reason="a bar ends before its last beat")


def _check_numbers(what: str, values: Iterable[float], lowest: float, highest: float) -> None:
    for value in values:
        if not (isfinite(value) and lowest <= value <= highest):
            raise BadScore(reason=f"the {what} {value:g} lies outside {lowest:g} to {highest:g}")
