"""Where a careful musician would write the strokes of a human performance: a reference for the quantiser.

Independent of ``notation.core``: it knows the click that the drummer heard, sees the whole performance, and
asks of each beat for the coarsest subdivision that explains it. ``docs/quantising.md`` states it in words,
with its limits.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np

from benchmarks.groove_strokes import FIRST, Rules, Stroke, mains_of

# Eighths explain a beat when no stroke misses them by more than this, sixteenths and triplets when none does
# by more than that, and neither by more than so much of a beat.
EXPLAINED_S, FARTHEST_S = 0.045, 0.055
EXPLAINED_BEATS = 0.115
# Any grid explains a beat when its strokes miss it by no more than this (root mean square).
MEAN_MISS_S = 0.032
MEAN_MISS_BEATS = 0.06
# The drummer's own beat lies about so far from the click's, at most so far, and moves so much in a beat.
USUAL_DRIFT_S, MOST_DRIFT_S, DRIFT_A_BEAT_S = 0.030, 0.088, 0.006
# Strokes on several drums nearer than this were meant as one.
TOGETHER_S = 0.035
# Strokes of one drum this near to one another in their bars are the same stroke of a pattern; of so many the
# usual place counts for this share of where each was meant.
ALIKE_BEATS, FEWEST_ALIKE, OF_THE_USUAL = 0.07, 5, 0.7
# The foot that closes the hi-hat is less exact than any stick: what it misses counts half.
FOOT = frozenset({"hihat_pedal"})
# One grid fits clearly better than another when its mean miss is smaller by this factor.
CLEARLY = 1.5
# A performance of so many strokes whose phases point nowhere more than this is not to its click.
FEWEST_TELLING, OFF_CLICK = 100, 0.25
# Later off-beats than this, in beats, are the last of four sixteenths.
HARDEST_SHUFFLE = 0.735
# Of 32nds and sextuplets the nearer is read: neither is usual.
FINE_CLEARLY = 1.1
# Where strokes fall in a beat, straight and in triplets, and what each place costs (nats) when the drummer's
# own beat is looked for.
DRIFT_GRIDS = (
    (np.arange(8) / 8, np.array([0.0, 4.0, 1.5, 4.0, 0.5, 4.0, 1.5, 4.0])),
    (np.arange(6) / 6, np.array([0.0, 4.0, 1.5, 2.0, 1.5, 4.0])),
)
OTHER_KIND = 4.0  # what a beat costs there that is not of the performance's own kind
# A stroke this much before a beat belongs to it.
EARLY_BEATS = 0.1
# So many strokes whose gaps differ by no more than this share from their mean are a run of equal notes, if
# they are no later on its grid than this.
FEWEST_EVEN, EVENLY, MOST_LATE_BEATS = 5, 0.2, 0.07


@dataclass(frozen=True)
class Event:
    """Strokes on several drums meant as one; ``at`` is in beats, ``strokes`` are their indices."""

    at: float
    strokes: tuple[int, ...]
    instruments: frozenset[str]


@dataclass(frozen=True)
class Reference:
    """``places`` in beats, one for each stroke; ``is_swung`` says what the performance leans to."""

    places: tuple[Fraction, ...]
    is_swung: bool
    drift_beats: float  # how far the drummer's beat ever was from the click's


def reference_of(
    strokes: Sequence[Stroke],
    bpm: float,
    style: str = "",
    *,
    tolerance: float = 1.0,
    rules: Rules = FIRST,
) -> Reference:
    """Write ``strokes``, which are in order of position.

    Args:
        tolerance: how many times as much a grid may be missed before it no longer explains a beat; the
            reference is meant at 1, and what changes a little below or above could be written either way.
        rules: those that were refined after the first measurement, as they were or as they are.
    """
    beat_s = 60.0 / bpm
    played = np.array([stroke.position for stroke in strokes])
    lag = _own_lag(strokes, played)
    drift = _drift(played - lag, beat_s, _is_swung(played - lag, style))
    steady = played - lag - drift[np.clip(np.round(played - lag).astype(int), 0, len(drift) - 1)]
    shuffle = _shuffle_at(steady)
    if shuffle is not None:  # its feel is taken off, as an instrument's lag is
        steady = np.where((steady % 1 > 0.58) & (steady % 1 < 0.80), steady - shuffle + 2 / 3, steady)
    main = mains_of(strokes, beat_s, rules)
    leads = [index for index in range(len(strokes)) if main[index] == index]
    swung = _is_swung(steady[leads], style)
    events = _as_usual(_events(strokes, steady, leads, beat_s), rules)
    even = _even_beats(events) if rules.even_runs else {}
    beats: dict[int, list[Event]] = defaultdict(list)
    for event in events:
        beats[int(np.floor(event.at + EARLY_BEATS))].append(event)
    places: dict[int, Fraction] = {}
    for beat, inside in beats.items():
        parts, late = even.get(beat) or (_grid_of(beat, inside, beat_s, swung, tolerance), 0.0)
        for event in inside:
            place = beat + Fraction(int(np.round((event.at - beat - late) * parts)), parts)
            places |= dict.fromkeys(event.strokes, place)
    return Reference(
        tuple(places[main[index]] for index in range(len(strokes))), swung, float(np.abs(drift).max())
    )


def keeps_to_click(strokes: Sequence[Stroke]) -> bool:
    """Whether the performance has anything to do with its click.

    Its strokes' phases, for beats and their usual parts, must point somewhere: the longest mean vector of a
    performance that ignores the click is short. Few strokes cannot tell.
    """
    phases = 2j * np.pi * np.array([stroke.position for stroke in strokes])
    longest = max(abs(complex(np.exp(parts * phases).mean())) for parts in (1, 2, 3, 4, 6, 8))
    return len(strokes) < FEWEST_TELLING or longest >= OFF_CLICK


def _own_lag(strokes: Sequence[Stroke], played: np.ndarray) -> np.ndarray:
    """How late, in beats, each stroke's instrument usually is: the median of its strokes near a beat."""
    off = played - np.round(played)
    near = np.abs(off) < 0.09
    names = np.array([stroke.instrument for stroke in strokes])
    usual = float(np.median(off[near])) if near.any() else 0.0
    lag = np.full(len(played), usual)
    for name in set(names):
        mine = near & (names == name)
        if mine.sum() >= 8:
            lag[names == name] = np.median(off[mine])
    return lag


def _drift(played: np.ndarray, beat_s: float, swung: bool) -> np.ndarray:
    """The drummer's beat against the click's, in beats at each beat: the likeliest slow path (Viterbi)."""
    steps = np.arange(-MOST_DRIFT_S, MOST_DRIFT_S + 0.001, 0.004) / beat_s
    count = int(np.ceil(played.max())) + 2
    beats = np.clip(np.round(played).astype(int), 0, count - 1)
    sigma = 0.018 / beat_s
    cost = np.tile(0.25 * (steps * beat_s / USUAL_DRIFT_S) ** 2, (count, 1))
    for beat in range(count):
        phases = played[beats == beat][:, None] - steps
        if not len(phases):
            continue
        readings = []
        for places, price in DRIFT_GRIDS:
            off = np.abs((phases[:, :, None] - places + 0.5) % 1 - 0.5)
            readings.append(np.minimum(0.5 * (off / sigma) ** 2 + price, 6.0).min(axis=2).sum(axis=0))
        mine, other = (readings[1], readings[0]) if swung else readings
        cost[beat] += np.minimum(mine, other + OTHER_KIND)
    change = 0.5 * ((steps[:, None] - steps) * beat_s / DRIFT_A_BEAT_S) ** 2
    total, back = cost[0], []
    for beat in range(1, count):
        through = total[:, None] + change
        back.append(through.argmin(axis=0))
        total = through.min(axis=0) + cost[beat]
    path = [int(total.argmin())]
    for came_from in reversed(back):
        path.append(int(came_from[path[-1]]))
    return steps[np.array(path[::-1])]


def _is_swung(steady: np.ndarray, style: str) -> bool:
    """Whether what lies between the eighths lies on thirds of the beat rather than on quarters of it."""
    phases = steady % 1
    off = phases[(np.abs(phases - 0.5) > 0.09) & (phases > 0.12) & (phases < 0.88)]
    thirds = np.abs(off[:, None] - np.array([1 / 3, 2 / 3])).min(axis=1, initial=1)
    quarters = np.abs(off[:, None] - np.array([1 / 4, 3 / 4])).min(axis=1, initial=1)
    named = any(word in style for word in ("shuffle", "swing", "bembe"))
    lean = int((thirds < quarters).sum()) - int((thirds > quarters).sum())
    if _shuffle_at(steady) is not None:
        return True
    return lean > 0.2 * len(off) if not named else lean > -0.2 * len(off)


def _shuffle_at(steady: np.ndarray) -> float | None:
    """Where the late off-beats of a shuffle lie in the beat, if it is one.

    It is when they are many, and neither the straight off-beat nor the sixteenth that mirrors them is played.
    """
    phases = steady % 1
    late = phases[(phases > 0.58) & (phases < 0.80)]
    half = int(((phases > 0.42) & (phases < 0.56)).sum())
    mirror = int(((phases > 0.18) & (phases < 0.30)).sum())
    if len(late) < max(8, 0.08 * len(phases)) or len(late) < 3 * max(half, mirror):
        return None
    usual = float(np.median(late))
    return usual if usual < HARDEST_SHUFFLE else None


def _events(
    strokes: Sequence[Stroke], steady: np.ndarray, leads: Sequence[int], beat_s: float
) -> list[Event]:
    """Join strokes on several drums that were meant as one."""
    groups: list[list[int]] = []
    for index in sorted(leads, key=lambda index: steady[index]):
        last = groups[-1] if groups else []
        near = last and (steady[index] - steady[last[0]]) * beat_s <= TOGETHER_S
        if near and strokes[index].instrument not in {strokes[other].instrument for other in last}:
            last.append(index)
        else:
            groups.append([index])
    return [
        Event(
            float(np.mean(steady[group])),
            tuple(group),
            frozenset(strokes[index].instrument for index in group),
        )
        for group in groups
    ]


def _as_usual(events: Sequence[Event], rules: Rules) -> list[Event]:
    """Move each stroke towards where its like is usually played: the drum at that place of other bars."""
    at = np.array([event.at for event in events])
    in_bar = (at + EARLY_BEATS) % 4
    moved = []
    for index, event in enumerate(events):
        near = np.flatnonzero(np.abs((in_bar - in_bar[index] + 2) % 4 - 2) <= ALIKE_BEATS)
        like = [other for other in near if events[other].instruments & event.instruments]
        if len(like) < FEWEST_ALIKE:
            moved.append(event)
            continue
        off = float(np.median((in_bar[like] - in_bar[index] + 2) % 4 - 2))
        if rules.one_to_a_place and _another_is_nearer(events, index, event.at + off):
            moved.append(event)
            continue
        moved.append(replace(event, at=event.at + OF_THE_USUAL * off))
    return moved


def _another_is_nearer(events: Sequence[Event], index: int, usual: float) -> bool:
    """Whether another stroke of the same drum lies nearer to the usual place, so that it is meant."""
    mine = abs(events[index].at - usual)
    for step in (-1, 1):
        other = index + step
        while 0 <= other < len(events) and abs(events[other].at - usual) < mine:
            if events[other].instruments & events[index].instruments:
                return True
            other += step
    return False


def _even_beats(events: Sequence[Event]) -> dict[int, tuple[int, float]]:
    """Beats filled by evenly spaced strokes: in how many parts these divide them, and how late they are.

    A run of them is heard as equal notes, however it lies to the click.
    """
    at = np.array([event.at for event in events])
    even: dict[int, tuple[int, float]] = {}
    start = 0
    for end in range(2, len(at) + 1):
        gaps = np.diff(at[start : end + 1])
        if end < len(at) and np.abs(gaps / gaps.mean() - 1).max() <= EVENLY:
            continue
        run, start = at[start:end], end - 1
        if len(run) < FEWEST_EVEN:
            continue
        parts = min((6, 8), key=lambda parts: abs(np.log(np.diff(run).mean() * parts)))
        late = float(np.angle(np.exp(2j * np.pi * parts * run).mean()) / (2 * np.pi * parts))
        if abs(np.log(np.diff(run).mean() * parts)) > EVENLY / 2 or abs(late) > MOST_LATE_BEATS:
            continue
        for beat in np.unique(np.floor(run + EARLY_BEATS)):
            inside = at[np.floor(at + EARLY_BEATS) == beat]
            if len(inside) >= parts - 1 and np.isin(inside, run).all():
                even[int(beat)] = parts, late
    return even


def _grid_of(beat: int, events: Sequence[Event], beat_s: float, swung: bool, tolerance: float) -> int:
    """In how many parts a beat is to be read."""
    fits = {parts: _miss(beat, events, parts, beat_s, tolerance) for parts in (1, 2, 3, 4, 6, 8)}
    explains = {parts: miss for parts, (miss, explained) in fits.items() if explained}
    # A lone late off-beat of a swung song is no straight eighth.
    swings = swung and 3 in explains and explains[3] < explains.get(2, 1.0)
    for parts in (1, 2):
        if parts in explains and not (parts == 2 and swings):
            return parts
    plain = _better(explains, 4, 3, swung, CLEARLY)
    if plain:
        return plain
    # Finer notes are read where two strokes say so, or one far from any plainer place: one stroke a little
    # early or late is no 32nd.
    own = 3 if swung else 4
    far = _farthest(beat, events, own) * beat_s > tolerance * EXPLAINED_S
    fine = {
        parts: miss
        for parts, miss in explains.items()
        if parts > 4 and (far or fits[own][0] > CLEARLY * miss or _telling_slots(beat, events, parts) > 1)
    }
    finer = _better(fine, 8, 6, swung, FINE_CLEARLY)
    if finer:
        return finer
    # Nothing explains it: the nearest, and rather plain and of the song's own kind.
    price = {4: 1.0, 8: 1.4, 3: CLEARLY, 6: 1.4 * CLEARLY}
    if swung:
        price = {4: CLEARLY, 8: 1.4 * CLEARLY, 3: 1.0, 6: 1.4}
    return min(price, key=lambda parts: price[parts] * fits[parts][0])


def _better(
    explains: Mapping[int, float], straight: int, ternary: int, swung: bool, clearly: float
) -> int | None:
    """Of two grids the one that explains a beat; of both the clearly nearer, or the song's own kind."""
    mine, other = (ternary, straight) if swung else (straight, ternary)
    if mine in explains and other in explains:
        return other if explains[mine] > clearly * explains[other] else mine
    return next((parts for parts in (mine, other) if parts in explains), None)


def _telling_slots(beat: int, events: Sequence[Event], parts: int) -> int:
    """How many strokes fall on slots that the grid of half as many parts lacks."""
    return sum(int(np.round((event.at - beat) * parts)) % 2 for event in events)


def _farthest(beat: int, events: Sequence[Event], parts: int) -> float:
    """By how much of a beat the worst of the strokes misses a grid."""
    phases = np.array([event.at - beat for event in events if event.instruments != FOOT])
    return float(np.abs(phases - np.round(phases * parts) / parts).max(initial=0.0))


def _miss(
    beat: int, events: Sequence[Event], parts: int, beat_s: float, tolerance: float
) -> tuple[float, bool]:
    """By how many seconds the strokes miss a grid (root mean square), and whether it explains them.

    A second stroke of one drum in one place misses it by a whole step: it belongs to another.
    """
    phases = np.array([event.at - beat for event in events])
    slots = np.round(phases * parts)
    off_s = np.abs(phases - slots / parts) * beat_s
    off_s[[event.instruments == FOOT for event in events]] /= 2
    taken: set[tuple[str, float]] = set()
    for index, event in enumerate(events):
        mine = {(name, float(slots[index])) for name in event.instruments}
        if mine & taken:
            off_s[index] = beat_s / parts
        taken |= mine
    miss = float(np.sqrt(np.mean(off_s**2)))
    farthest_s = FARTHEST_S if parts > 2 else EXPLAINED_S
    near = parts > 4 or bool((off_s <= tolerance * min(farthest_s, EXPLAINED_BEATS * beat_s)).all())
    return miss, near and miss <= tolerance * min(MEAN_MISS_S, MEAN_MISS_BEATS * beat_s)
