"""What it costs to read each beat on each grid: all of a song's beats at once, in arrays.

Costs are in nats: how unlikely the strokes' timing is there, and how hard the result is to read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from notation.core.instruments import FEET, HANDS, INSTRUMENTS
from notation.core.quantising.habits import HALF, TWO_THIRDS, Floats, Ints
from notation.core.quantising.quantise_config import QuantiseConfig, SwingChoice
from notation.core.quantising.subdivisions import BeatKind, Family, Grid, grids_for, slot_table

Bools = NDArray[np.bool_]

FAMILIES = (Family.STRAIGHT, Family.TRIPLET, Family.QUINTUPLET, Family.AT_ODDS)
DRIFTS = np.linspace(-0.16, 0.16, 9)  # how late the drummer may be in a beat, in beats
_VOICE_OF = np.array([instrument.voice for instrument in INSTRUMENTS.values()])
_AT_ONCE = 4096  # clusters weighed at once, so that a very long song needs no more memory for it
_LIKE_QUINTUPLETS = 4  # of its five slots a voice must strike
_SEXTUPLET = 6
_SIXTEENTHS_SWUNG = frozenset({Fraction(0), Fraction(1, 3), HALF, Fraction(5, 6)})
_NOT_LATE_SIXTEENTHS = frozenset({Fraction(1, 6), TWO_THIRDS})
_SIXTEENTHS_WRITTEN = frozenset({Fraction(0), Fraction(1, 4), HALF, Fraction(3, 4)})


@dataclass(frozen=True)
class Strokes:
    """Clusters in beats of one kind, in order of beat and phase.

    ``clusters`` and ``beats`` are indices; ``struck`` has shape (clusters, instruments), ``costs`` (clusters,
    slots): what each slot costs its instruments; ``in_sigmas`` is the beat's length in usual errors.
    """

    kind: BeatKind
    clusters: Ints
    beats: Ints
    phases: Floats
    weights: Floats
    trusts: Floats
    struck: Bools
    costs: Floats
    in_sigmas: Floats

    def has_voice(self, voice: int) -> Bools:
        """Which clusters have a stroke of ``voice``."""
        return np.asarray(self.struck[:, voice == _VOICE_OF].any(axis=1), dtype=bool)


class BeatFits:
    """The beats of one kind and what each of their readings costs.

    ``beats`` are indices of those with strokes; ``costs`` has shape (beats, families, drifts).
    """

    def __init__(self, strokes: Strokes, grids: Sequence[Grid]) -> None:
        self.strokes = strokes
        self.beats, self._rows = np.unique(strokes.beats, return_inverse=True)
        shape = (len(self.beats), len(FAMILIES), len(DRIFTS))
        self.costs = np.full(shape, np.inf)
        # Which grid each voice is written on, for each beat, family and drift.
        self.chosen = {voice: np.zeros(shape, dtype=np.int64) for voice in (HANDS, FEET)}
        # (grids, clusters, drifts): each cluster's slot.
        self.slots = np.zeros((len(grids), len(strokes.beats), len(DRIFTS)), dtype=np.int64)

    def slots_on(self, path: Ints) -> Mapping[int, Ints]:
        """Each cluster's slot for each voice, when every beat is in the state that ``path`` says."""
        families, drifts = path[self.strokes.beats] // len(DRIFTS), path[self.strokes.beats] % len(DRIFTS)
        everyone = np.arange(len(self.strokes.beats))
        return {
            voice: self.slots[chosen[self._rows, families, drifts], everyone, drifts]
            for voice, chosen in self.chosen.items()
        }


def fit_beats(
    strokes: Strokes, late: Floats, config: QuantiseConfig, *, sixteenths_swing: bool = False
) -> BeatFits:
    """Weigh every beat on every grid.

    Args:
        late: how late each slot is usually played, in beats.
        sixteenths_swing: whether every other sixteenth is known to be late.
    """
    grids = grids_for(strokes.kind, config.grid)
    fits = BeatFits(strokes, grids)
    table = slot_table(strokes.kind)
    columns = [np.array([*(table.index(slot) for slot in grid.slots), len(table) - 1]) for grid in grids]
    missed = np.zeros(fits.slots.shape)
    for start in range(0, len(strokes.beats), _AT_ONCE):
        _place(fits, missed, slice(start, start + _AT_ONCE), columns, late, config)
    voices: dict[tuple[int, ...], Bools] = {(HANDS, FEET): np.ones(len(strokes.beats), dtype=bool)}
    voices |= {(voice,): strokes.has_voice(voice) for voice in (HANDS, FEET)}
    by_voices: dict[tuple[int, ...], Floats] = {
        key: np.zeros((len(grids), len(fits.beats), len(DRIFTS))) for key in voices
    }
    for number, grid in enumerate(grids):
        nearest = fits.slots[number]
        price = np.take_along_axis(strokes.costs, nearest, axis=1)
        for key, has in voices.items():
            by_voices[key][number] = _costs_of(fits, has, key, nearest, missed[number], price, config)
            by_voices[key][number] += _unwritable(fits, has, key, nearest, grid, config, sixteenths_swing)
    _choose(fits, grids, by_voices, voices, config)
    return fits


def _place(
    fits: BeatFits, missed: Floats, rows: slice, columns: Sequence[Ints], late: Floats, config: QuantiseConfig
) -> None:
    """Find each cluster's slot on every grid, and what its timing costs there (``missed``)."""
    strokes = fits.strokes
    table = slot_table(strokes.kind)
    places = np.array([float(slot) for slot in table]) + late
    off = np.abs((strokes.phases[rows, None] - DRIFTS)[:, :, None] - places)
    off *= strokes.in_sigmas[rows, None, None]
    timing = np.minimum(
        (config.outlier * strokes.trusts[rows])[:, None, None],
        (0.5 * strokes.weights[rows])[:, None, None] * off**2,
    )
    # The last term lets the nearer slot win where the cap makes all alike.
    wanted = timing + strokes.costs[rows, None, :] + 0.5 * off
    if config.swing is SwingChoice.EIGHTHS and strokes.kind is BeatKind.QUARTER:
        # A straight off-beat is as far from a triplet's second stroke as from the third, which is meant.
        wanted[:, :, table.index(Fraction(1, 3))] += 2 * config.early_triplet
    for number, mine in enumerate(columns):
        nearest = mine[wanted[:, :, mine].argmin(axis=2)]
        fits.slots[number, rows] = nearest
        missed[number, rows] = np.take_along_axis(timing, nearest[:, :, None], axis=2)[:, :, 0]


def _costs_of(
    fits: BeatFits,
    has: Bools,
    voices: tuple[int, ...],
    nearest: Ints,
    missed: Floats,
    price: Floats,
    config: QuantiseConfig,
) -> Floats:
    """What the strokes of some voices cost in each beat and drift: each slot in use is read once."""
    rows = np.flatnonzero(has)
    costs = np.zeros((len(fits.beats), len(DRIFTS)))
    if not len(rows):
        return costs
    each = missed[rows]
    beat = fits._rows[rows]
    again = np.zeros_like(each, dtype=bool)
    again[1:] = (nearest[rows[1:]] == nearest[rows[:-1]]) & (beat[1:] == beat[:-1])[:, None]
    each = each + np.where(again, 0.0, price[rows])
    mine = fits.strokes.struck[rows] & np.isin(_VOICE_OF, voices)
    rivals = (mine[1:] & mine[:-1]).sum(axis=1)
    each[1:] += config.lost_stroke * (again[1:] * rivals[:, None])
    np.add.at(costs, beat, each)
    return costs


def _used(fits: BeatFits, has: Bools, nearest: Ints, slots: int) -> Bools:
    """Which slots are struck in each beat; shape (beats, drifts, slots), the next beat's first left out."""
    rows = np.flatnonzero(has)
    used = np.zeros((len(fits.beats), len(DRIFTS), slots), dtype=bool)
    used[fits._rows[rows][:, None], np.arange(len(DRIFTS)), nearest[rows]] = True
    return used[:, :, :-1]


def _unwritable(
    fits: BeatFits,
    has: Bools,
    voices: tuple[int, ...],
    nearest: Ints,
    grid: Grid,
    config: QuantiseConfig,
    sixteenths_swing: bool,
) -> Floats:
    """What is to be paid where a grid may be another in disguise: infinite where it is, or where it breaks
    what a person said of the swing."""
    table = slot_table(fits.strokes.kind)
    extra = np.zeros((len(fits.beats), len(DRIFTS)))

    def strikes(mine: Bools, wanted: frozenset[Fraction]) -> Bools:
        columns = [index for index, slot in enumerate(table[:-1]) if slot in wanted]
        return np.asarray(mine[:, :, columns].any(axis=2), dtype=bool)

    if grid.thirds:
        for voice in voices:
            mine = _used(fits, has & fits.strokes.has_voice(voice), nearest, len(table))
            split = strikes(mine, grid.thirds)
            extra += np.where(split, config.split_beat, 0.0)
            columns = [index for index, slot in enumerate(table[:-1]) if slot in grid.thirds]
            extra += np.where(mine[:, :, columns].sum(axis=2) == 1, config.one_third, 0.0)
            extra[split & ~strikes(mine, frozenset({HALF}))] = np.inf
    if grid.family is Family.QUINTUPLET:
        used = _used(fits, has, nearest, len(table))
        extra[used.sum(axis=2) < _LIKE_QUINTUPLETS] = np.inf
    if fits.strokes.kind is not BeatKind.QUARTER:
        return extra
    used = _used(fits, has, nearest, len(table))
    if len(grid.slots) == _SEXTUPLET:
        extra -= np.where(used.sum(axis=2) >= _SEXTUPLET - 1, config.full_sextuplet, 0.0)
    if grid.family is Family.TRIPLET and not sixteenths_swing:
        # Without its last stroke a triplet, and without its thirds a sextuplet, may be late sixteenths.
        cut_short = strikes(used, frozenset({Fraction(1, 3)})) & ~strikes(used, frozenset({TWO_THIRDS}))
        extra[cut_short] += config.early_triplet
        late = strikes(used, frozenset({HALF, Fraction(5, 6)})) & ~strikes(used, _NOT_LATE_SIXTEENTHS)
        extra[late] += config.late_sixteenths
    if config.swing in (SwingChoice.AUTO, SwingChoice.TRIPLETS):
        return extra
    within = {
        name: ~strikes(used, frozenset(table[:-1]) - slots)
        for name, slots in (
            ("swung eighths", frozenset({Fraction(0), TWO_THIRDS})),
            ("swung sixteenths", _SIXTEENTHS_SWUNG),
            ("eighths", frozenset({Fraction(0), HALF})),
            ("sixteenths", _SIXTEENTHS_WRITTEN),
        )
    }
    off_beat = used[:, :, 1:].any(axis=2)
    if config.swing is SwingChoice.OFF:
        swung = frozenset({Fraction(1, 3), TWO_THIRDS, Fraction(5, 6)})
        forbidden = (within["swung eighths"] | within["swung sixteenths"]) & strikes(used, swung)
    elif config.swing is SwingChoice.EIGHTHS:
        forbidden = within["eighths"] & off_beat
    else:
        forbidden = within["sixteenths"] & ~within["eighths"]
    extra[forbidden] = np.inf
    return extra


def _choose(
    fits: BeatFits,
    grids: Sequence[Grid],
    by_voices: Mapping[tuple[int, ...], Floats],
    voices: Mapping[tuple[int, ...], Bools],
    config: QuantiseConfig,
) -> None:
    """Take the cheapest grid of each family, and of all pairs in which hands and feet differ."""
    numbers = {
        family: np.array([number for number, grid in enumerate(grids) if grid.family is family])
        for family in dict.fromkeys(grid.family for grid in grids)
    }
    best: dict[tuple[int, ...], dict[Family, tuple[Ints, Floats]]] = {}
    for key, costs in by_voices.items():
        best[key] = {}
        for family, mine in numbers.items():
            which = costs[mine].argmin(axis=0)
            best[key][family] = mine[which], np.take_along_axis(costs[mine], which[None], axis=0)[0]
    for family, (which, costs) in best[(HANDS, FEET)].items():
        row = FAMILIES.index(family)
        fits.costs[:, row] = costs
        for chosen in fits.chosen.values():
            chosen[:, row] = which
    row = FAMILIES.index(Family.AT_ODDS)
    both = np.ones(len(fits.beats), dtype=bool)
    for voice in (HANDS, FEET):
        struck = np.zeros(len(fits.beats), dtype=bool)
        struck[fits._rows[voices[(voice,)]]] = True
        both &= struck
    both &= np.bincount(fits._rows, minlength=len(fits.beats)) > 1
    for one, (hands, hands_cost) in best[(HANDS,)].items():
        for other, (feet, feet_cost) in best[(FEET,)].items():
            if one is other:
                continue
            costs = hands_cost + feet_cost + config.grids_at_odds
            better = (costs < fits.costs[:, row]) & both[:, None]
            fits.costs[:, row][better] = costs[better]
            fits.chosen[HANDS][:, row][better] = hands[better]
            fits.chosen[FEET][:, row][better] = feet[better]
