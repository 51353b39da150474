"""How a song is played: what each slot costs its instruments, how late each is, how far strokes scatter.

The search for a reading starts from what is usual in drum music and learns the song's habits from its own
result: a slot that the song never uses needs better evidence than one that an instrument always uses at that
place of the bar.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import log

import numpy as np
from numpy.typing import NDArray

from notation.core.quantising.quantise_config import QuantiseConfig, SwingChoice
from notation.core.quantising.subdivisions import BeatKind, Family, plain_cost, slot_table

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

HALF, TWO_THIRDS = Fraction(1, 2), Fraction(2, 3)
_FEWEST_LONE = 12  # off-beats before they tell how a song swings
_LATEST_TRIPLET, _HARDEST_SHUFFLE = 0.715, 0.735  # beats; later ones are the last of four sixteenths
_USUAL_SIXTEENTH = 1.2  # nats, as for a straight one
_USUAL_SWUNG = 1.5  # nats, less than a triplet's where nothing swings


@dataclass(frozen=True)
class Played:
    """One stroke's place in a reading: which instrument struck which slot at which place of the bar.

    ``miss`` is by how much of a beat it was late there, ``miss_s`` the same in seconds with the slot's and
    the drummer's usual lateness taken off.
    """

    kind: BeatKind
    place: int
    instruments: Ints
    slots: Ints
    miss: Floats
    miss_s: Floats


class Habits:
    """What the song has shown so far.

    ``late`` maps each kind of beat to how late each slot is played, in beats; ``families`` to what each kind
    of grid costs.
    """

    def __init__(self, config: QuantiseConfig, instruments: int) -> None:
        self._config = config
        self._instruments = instruments
        self.timing_s = config.timing_s
        self.sixteenths_swing = False
        self.families = dict.fromkeys(Family, 0.0)
        self._usual: dict[BeatKind, Floats] = {}
        self._by_instrument: dict[BeatKind, Floats] = {}
        self._by_place: dict[tuple[BeatKind, int], Floats] = {}
        self.late: dict[BeatKind, Floats] = {}
        for kind in BeatKind:
            slots = slot_table(kind)
            costs = np.array([plain_cost(slot % 1, kind) for slot in slots])
            self._usual[kind] = costs
            self._by_instrument[kind] = np.tile(costs, (instruments, 1))
            self.late[kind] = np.zeros(len(slots))

    def costs(self, kind: BeatKind, place: int) -> Floats:
        """What each slot costs each instrument at a place of the bar; shape (instruments, slots)."""
        return self._by_place.get((kind, place), self._by_instrument[kind])

    def start_with_swing(self, lone_eighths: Sequence[float], lone_sixteenths: Sequence[float]) -> None:
        """A lone off-beat at a constant place between a half and two thirds is one of the two, all along.

        Args:
            lone_eighths: where in quarter beats with one stroke off the beat that stroke falls.
            lone_sixteenths: where in the halves of quarter beats with one stroke off the eighth it falls.
        """
        choice = self._config.swing
        late = self.late[BeatKind.QUARTER]
        slots = slot_table(BeatKind.QUARTER)
        hardest = _HARDEST_SHUFFLE if _is_lopsided(lone_eighths) else _LATEST_TRIPLET
        for usual in _usual_places([place for place in lone_eighths if 0.40 < place < 0.76]):
            swings = choice is SwingChoice.EIGHTHS or 0.585 <= usual < hardest
            if swings and choice is not SwingChoice.OFF:
                late[slots.index(TWO_THIRDS)] = usual - 2 / 3
                self._by_instrument[BeatKind.QUARTER][:, slots.index(TWO_THIRDS)] = _USUAL_SWUNG
            elif 0.44 < usual < 0.585 or choice is SwingChoice.OFF:
                late[slots.index(HALF)] = usual - 0.5
        if len(lone_sixteenths) >= _FEWEST_LONE and choice is not SwingChoice.OFF:
            usual = float(np.median(lone_sixteenths))
            alike = np.mean(np.abs(np.array(lone_sixteenths) - usual) < 0.1)
            if choice is SwingChoice.SIXTEENTHS or (0.62 <= usual < 0.715 and alike > 0.8):
                self.sixteenths_swing = True
                for slot in (Fraction(1, 3), Fraction(5, 6)):
                    late[slots.index(slot)] = (usual - 2 / 3) / 2
                    self._by_instrument[BeatKind.QUARTER][:, slots.index(slot)] = _USUAL_SIXTEENTH

    def learn(self, played: Sequence[Played], families: Mapping[Family, int]) -> None:
        """Take the song's habits from a reading, held back by what is usual."""
        total = sum(len(one.slots) for one in played)
        faith = 8 + 0.1 * total
        for kind in {one.kind for one in played}:
            mine = [one for one in played if one.kind is kind]
            self._learn_slots(kind, mine, total, faith)
            self._learn_lateness(kind, mine)
        beats = sum(families.values())
        doubt = 3 + 0.04 * beats
        for family in Family:
            share = (families.get(family, 0) + doubt) / (beats + 3 * doubt)
            self.families[family] = self._config.song_grid * -log(share)
        missed_s = np.concatenate([one.miss_s for one in played]) if played else np.zeros(0)
        missed_s = missed_s[np.abs(missed_s) < 3 * self.timing_s]
        if len(missed_s) >= 16:
            self.timing_s = float(np.clip(np.sqrt(np.mean(missed_s**2)), 0.008, 0.025))

    def _learn_slots(self, kind: BeatKind, played: Sequence[Played], total: int, faith: float) -> None:
        """How likely each slot is: in the song, for each instrument, and for it at each place of the bar."""
        usual = np.exp(-self._usual[kind])
        usual[-1] = 0.0  # the next beat's first is counted as the first
        counts = np.zeros((self._instruments, len(usual)))
        for one in played:
            np.add.at(counts, (one.instruments, one.slots), 1)
        song = (counts.sum(axis=0) + faith * usual / usual.sum()) / (total + faith)
        own = _backed_off(counts, song, self._config.own_slots)
        self._by_instrument[kind] = _as_costs(own)
        for one in played:
            here = np.zeros_like(counts)
            np.add.at(here, (one.instruments, one.slots), 1)
            self._by_place[(kind, one.place)] = _as_costs(_backed_off(here, own, self._config.place_slots))

    def _learn_lateness(self, kind: BeatKind, played: Sequence[Played]) -> None:
        late = self.late[kind]
        slots = np.concatenate([one.slots for one in played])
        miss = np.concatenate([one.miss for one in played])
        for slot in np.unique(slots):
            values = miss[slots == slot]
            mean = float(np.median(values)) * len(values) / (len(values) + 10)
            late[slot] = np.clip(mean, -0.06, 0.085)
        if kind is BeatKind.QUARTER and self._config.swing is SwingChoice.OFF:
            half = slot_table(kind).index(HALF)
            values = miss[slots == half]
            if len(values):
                late[half] = np.clip(np.median(values), -0.06, 0.2)
        late[-1] = late[0]


def _is_lopsided(lone_eighths: Sequence[float]) -> bool:
    """Whether late off-beats come without straight ones, and without the sixteenths that mirror them."""
    places = np.array(lone_eighths)
    late = int(((places > 0.58) & (places < 0.80)).sum())
    half = int(((places > 0.42) & (places < 0.56)).sum())
    mirror = int(((places > 0.18) & (places < 0.30)).sum())
    return late >= 3 * max(half, mirror)


def _usual_places(lone_eighths: Sequence[float]) -> list[float]:
    """Where off-beats usually lie: in one place, or straight in one section and swung in another."""
    places = np.array(lone_eighths)
    if len(places) < _FEWEST_LONE:
        return []
    usual = float(np.median(places))
    if np.mean(np.abs(places - usual) < 0.07) > 0.7:
        return [usual]
    swung = places > 0.585
    return [float(np.median(part)) for part in (places[~swung], places[swung]) if len(part) >= _FEWEST_LONE]


def _backed_off(counts: Floats, usual: Floats, faith: float) -> Floats:
    """Shares of each row, held back by what is usual as by so many strokes."""
    shares: Floats = (counts + faith * usual) / (counts.sum(axis=1, keepdims=True) + faith)
    return shares


def _as_costs(shares: Floats) -> Floats:
    costs: Floats = -np.log(np.maximum(shares, 1e-9))
    costs[:, -1] = costs[:, 0]
    return costs
