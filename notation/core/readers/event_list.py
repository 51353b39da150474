"""A list of strokes with their seconds, as another program hears or plays them, made into a score."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from math import ceil, isfinite
from typing import Any

from notation.core.beat_grid import Beat, BeatGrid, Meter
from notation.core.errors import BadEvents
from notation.core.form.form import find_form, with_sections
from notation.core.hits import Hit
from notation.core.instruments import InstrumentName
from notation.core.quantising.quantise import quantise
from notation.core.quantising.quantise_config import QuantiseConfig
from notation.core.score import Score
from notation.core.score_limits import MOST_BARS, MOST_HITS

_LATEST_S = 7_200.0
_VELOCITY = 96  # of an event that says none: neither a ghost nor an accent
_SHORTEST_BEAT_S = 0.1


@dataclass(frozen=True, slots=True)
class EventList:
    """Strokes on a steady tempo from second 0, or on ``beats`` where the tempo is not steady."""

    hits: tuple[Hit, ...]
    tempo_bpm: float
    meter: tuple[int, int] = (4, 4)
    beats: tuple[Beat, ...] = ()


def read_events(
    events: Sequence[Any], *, tempo_bpm: float, meter: tuple[int, int], beats: Sequence[Any] = ()
) -> EventList:
    """Check what a client sent.

    Args:
        events: objects with ``onset_s``, ``instrument`` and maybe ``velocity``, in any order.
        tempo_bpm: felt beats a minute.
        beats: objects with ``time_s``, ``bar`` and ``beat``; a bar 0 is a pickup.
    Raises:
        BadEvents: something is missing, of the wrong kind or out of range.
    """
    if not events:
        raise BadEvents(reason="there are none")
    if len(events) > MOST_HITS:
        raise BadEvents(reason=f"there are {len(events)}, more than {MOST_HITS}")
    strokes = sorted((_stroke(event, index) for index, event in enumerate(events)), key=lambda row: row[0])
    hits = tuple(
        Hit(f"h{number}", onset_s, instrument, velocity, 1.0)
        for number, (onset_s, instrument, velocity) in enumerate(strokes, start=1)
    )
    given = EventList(hits, tempo_bpm, meter, _beats(beats))
    _refuse_too_many_bars(given)
    return given


def score_of_events(
    given: EventList, config: QuantiseConfig | None = None, *, title: str = "", artist: str = ""
) -> Score:
    """Write the strokes down, and mark the sections."""
    score = quantise(given.hits, _grid_of(given), config, title=title, artist=artist)
    return with_sections(score, find_form(score))


def _stroke(event: Any, index: int) -> tuple[float, InstrumentName, int]:
    if not isinstance(event, Mapping):
        raise BadEvents(reason=f"event {index} is not an object")
    onset_s = _number(event.get("onset_s"), f"event {index} has no 'onset_s'", 0.0, _LATEST_S)
    try:
        instrument = InstrumentName(str(event.get("instrument")))
    except ValueError as error:
        known = ", ".join(InstrumentName)
        raise BadEvents(reason=f"event {index} has no known instrument; known are {known}") from error
    velocity = event.get("velocity")
    if velocity is None:
        velocity = _VELOCITY
    velocity = int(_number(velocity, f"event {index} has no right 'velocity'", 1, 127))
    return onset_s, instrument, velocity


def _number(value: Any, complaint: str, lowest: float, highest: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not lowest <= value <= highest:
        raise BadEvents(reason=f"{complaint} from {lowest:g} to {highest:g}")
    return float(value)


def _beats(rows: Sequence[Any]) -> tuple[Beat, ...]:
    if len(rows) > MOST_HITS:
        raise BadEvents(reason=f"there are {len(rows)} beats, more than {MOST_HITS}")
    beats: list[Beat] = []
    for index, row in enumerate(rows):
        if not isinstance(row, Mapping):
            raise BadEvents(reason=f"beat {index} is not an object")
        time_s = _number(row.get("time_s"), f"beat {index} has no 'time_s'", -_LATEST_S, _LATEST_S)
        bar = int(_number(row.get("bar"), f"beat {index} has no 'bar'", -MOST_BARS, MOST_BARS))
        place = int(_number(row.get("beat"), f"beat {index} has no 'beat'", 1, 32))
        beats.append(Beat(time_s, bar, place))
    for earlier, later in pairwise(beats):
        if later.time_s - earlier.time_s < _SHORTEST_BEAT_S:
            raise BadEvents(
                reason=f"the beat at {later.time_s:g} s is not {_SHORTEST_BEAT_S} s after another"
            )
        if (later.bar, later.beat) not in {(earlier.bar, earlier.beat + 1), (earlier.bar + 1, 1)}:
            raise BadEvents(reason=f"beat {later.beat} of bar {later.bar} does not follow on the one before")
    if len(beats) == 1:
        raise BadEvents(reason="one beat is no tempo")
    return tuple(beats)


def _refuse_too_many_bars(given: EventList) -> None:
    # Beyond the given beats the grid goes on at its own pace, in both directions.
    beat_s = 60 / given.tempo_bpm
    if given.beats:
        beat_s = min(later.time_s - earlier.time_s for earlier, later in pairwise(given.beats))
    bars = ceil(given.hits[-1].onset_s / beat_s / Meter(1, *given.meter).felt_beats)
    if not isfinite(beat_s) or bars > MOST_BARS:
        raise BadEvents(reason=f"they fill some {bars} bars, more than {MOST_BARS}")


def _grid_of(given: EventList) -> BeatGrid:
    meter = Meter(1, *given.meter)
    if given.beats:
        return BeatGrid(given.beats, _meters_of(given.beats, meter), given.tempo_bpm, False)
    period_s = 60 / given.tempo_bpm
    bars = 1 + int(given.hits[-1].onset_s / period_s / meter.felt_beats)
    beats = tuple(
        Beat((bar * meter.felt_beats + place) * period_s, bar + 1, place + 1)
        for bar in range(bars)
        for place in range(meter.felt_beats)
    )
    beats = (*beats, Beat(bars * meter.felt_beats * period_s, bars + 1, 1))
    return BeatGrid(beats, (meter,), given.tempo_bpm, False)


def _meters_of(beats: Sequence[Beat], meter: Meter) -> tuple[Meter, ...]:
    """The meter that each complete bar's beats make; the last bar may go on beyond the given beats."""
    lengths = [(bar, len(list(members))) for bar, members in groupby(beats, key=lambda beat: beat.bar)]
    meters = [Meter(lengths[0][0], meter.beats, meter.beat_type)]
    for bar, felt_beats in lengths[:-1]:
        if bar < 1:
            continue
        count = felt_beats * 3 if meter.is_compound else felt_beats
        if count != meters[-1].beats:
            meters.append(Meter(bar, count, meter.beat_type))
    return tuple(meters)
