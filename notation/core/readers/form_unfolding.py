"""Repeats, endings and jumps, written out: the order in which a player plays the bars of the page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from notation.core.readers.limits import check_bars


@dataclass(slots=True)
class BarForm:
    """What a bar of the page says about the order of bars.

    ``repeat_times`` is how often all in all a repeat that ends here is played, 0 where none ends.
    ``endings`` are the passes for which it is there, empty for all of them. ``da_capo`` and ``dal_segno``
    jump at the bar's end, ``to_coda`` and ``fine`` only count after a jump.
    """

    starts_repeat: bool = False
    repeat_times: int = 0
    endings: frozenset[int] = field(default_factory=frozenset)
    segno: bool = False
    coda: bool = False
    da_capo: bool = False
    dal_segno: bool = False
    to_coda: bool = False
    fine: bool = False


def playing_order(page: Sequence[BarForm]) -> tuple[int, ...]:
    """The indexes of the page's bars in the order in which they are played.

    After a jump repeats are not taken again, and the last ending is played. There is one jump at most.

    Raises:
        ImportTooLarge: written out, it has too many bars.
    """
    last_passes = _last_passes(page)
    order: list[int] = []
    start, passing, index = 0, 1, 0
    jumped = False
    while index < len(page):
        bar = page[index]
        if bar.starts_repeat and index != start:
            start, passing = index, 1
        last = last_passes[index]
        goes_on = index + 1
        if bar.endings and (last if jumped else passing) not in bar.endings:
            if goes_on == len(page) or not page[goes_on].endings:
                start, passing = goes_on, 1
            index = goes_on
            continue
        order.append(index)
        check_bars(len(order))
        if bar.repeat_times and not jumped and passing < (last or bar.repeat_times):
            passing += 1
            index = start
            continue
        if jumped and bar.fine:
            break
        if jumped and bar.to_coda:
            coda = next((later for later in range(goes_on, len(page)) if page[later].coda), None)
            if coda is not None:
                index = coda
                continue
        if not jumped and (bar.da_capo or bar.dal_segno):
            jumped = True
            earlier = range(index, -1, -1) if bar.dal_segno else ()
            index = next((place for place in earlier if page[place].segno), 0)
            start, passing = index, 1
            continue
        if bar.repeat_times or (bar.endings and (goes_on == len(page) or not page[goes_on].endings)):
            start, passing = goes_on, 1
        index = goes_on
    return tuple(order)


def _last_passes(page: Sequence[BarForm]) -> list[int]:
    """For each bar the last pass that the endings around it speak of; 0 outside endings."""
    last = [0] * len(page)
    index = 0
    while index < len(page):
        end = index
        while end < len(page) and page[end].endings:
            end += 1
        if end == index:
            index += 1
            continue
        brackets = {bar.endings for bar in page[index:end]}
        highest = max(number for numbers in brackets for number in numbers)
        # A first ending alone: the second pass goes on after it.
        if len(brackets) == 1 and any(bar.repeat_times for bar in page[index:end]):
            highest += 1
        last[index:end] = [highest] * (end - index)
        index = end
    return last
