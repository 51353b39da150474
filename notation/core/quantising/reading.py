"""The search for a song's reading: on which grid each beat is played, and where each stroke belongs.

For each beat it weighs the kinds of grid by how well the strokes' timing fits and by how plain the result
reads, given how the rest of the song is played (``habits``); neighbouring beats prefer the same kind of grid
and a drummer who is as late or early as before. The choice is repeated a few times, as in
expectation–maximisation: each reading teaches the song's habits, how late each instrument is, and where the
drummer's own beat lies. ``fits`` weighs the single beats.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from fractions import Fraction

import numpy as np

from notation.core.hits import Hit
from notation.core.instruments import InstrumentName
from notation.core.quantising.bars import GridBeat
from notation.core.quantising.clusters import cluster_strokes, smoothed, steady_offsets
from notation.core.quantising.fits import DRIFTS, FAMILIES, BeatFits, Strokes, fit_beats
from notation.core.quantising.habits import Floats, Habits, Ints, Played
from notation.core.quantising.quantise_config import QuantiseConfig
from notation.core.quantising.subdivisions import BeatKind, Family, kind_of, slot_table

INSTRUMENT_ROWS = {name: row for row, name in enumerate(InstrumentName)}


class Reading:
    """The search for the likeliest and plainest reading of a song."""

    def __init__(self, beats: Sequence[GridBeat], hits: Sequence[Hit], config: QuantiseConfig) -> None:
        self._beats = beats
        self._hits = hits
        self._config = config
        self._starts = [beat.start_s for beat in beats]
        self._lengths = np.array([beat.duration_s for beat in beats])
        self._kinds = [kind_of(beat) for beat in beats]
        self._places = _places_in_bar(beats)
        self._habits = Habits(config, len(INSTRUMENT_ROWS))
        self._lags_s: dict[InstrumentName, float] = {}
        self._clusters = cluster_strokes(hits, config)
        self._offsets_s = steady_offsets(self._clusters, beats)
        self._settle()
        self._habits.start_with_swing(self._lone_off_beats(1), self._lone_off_beats(2))

    def places(self) -> list[tuple[Hit, int, Fraction]]:
        """Every stroke with its beat and slot; a slot at the beat's end has become the next beat's first."""
        if not self._clusters:
            return []
        path, fits = self._best_path()
        for _ in range(self._config.passes - 1):
            self._learn(path, fits)
            path, fits = self._best_path()
        places: list[tuple[Hit, int, Fraction]] = []
        last = len(self._beats) - 1
        for kind, inside in fits.items():
            table = slot_table(kind)
            slots = inside.slots_on(path)
            for row, cluster in enumerate(inside.strokes.clusters):
                beat = int(inside.strokes.beats[row])
                for voice, hits in self._clusters[cluster].by_voice.items():
                    slot = table[slots[voice][row]]
                    places += [(hit, min(last, beat + int(slot)), slot % 1) for hit in hits]
        return places

    def _settle(self) -> None:
        """Say in which beat each cluster falls, and where in it: 0 at the beat, 1 at the next."""
        self._inside = np.zeros(len(self._clusters), dtype=np.int64)
        self._phases = np.zeros(len(self._clusters))
        for row, cluster in enumerate(self._clusters):
            near = max(0, bisect_right(self._starts, cluster.onset_s) - 1)
            onset_s = cluster.onset_s - self._offsets_s[near]
            beat = max(0, bisect_right(self._starts, onset_s) - 1)
            self._inside[row] = beat
            self._phases[row] = (onset_s - self._starts[beat]) / self._lengths[beat]
        # What belongs together in one beat must follow in order there.
        order = np.lexsort((self._phases, self._inside))
        self._clusters = [self._clusters[row] for row in order]
        self._inside, self._phases = self._inside[order], self._phases[order]

    def _lone_off_beats(self, parts: int) -> list[float]:
        """Where the only stroke inside each half (or whole) quarter beat falls in it, 0.15 to 0.88."""
        off: dict[tuple[int, int], list[float]] = {}
        for beat, phase in zip(self._inside, self._phases, strict=True):
            part, place = divmod(phase * parts, 1)
            if 0.15 < place < 0.88 and self._kinds[beat] is BeatKind.QUARTER:
                off.setdefault((int(beat), int(part)), []).append(float(place))
        return [places[0] for places in off.values() if len(places) == 1]

    def _strokes(self, kind: BeatKind) -> Strokes:
        """The clusters in beats of one kind, as arrays."""
        rows = np.array(
            [row for row, beat in enumerate(self._inside) if self._kinds[beat] is kind], dtype=int
        )
        struck = np.zeros((len(rows), len(INSTRUMENT_ROWS)), dtype=bool)
        for index, row in enumerate(rows):
            for name in self._clusters[row].instruments:
                struck[index, INSTRUMENT_ROWS[name]] = True
        beats = self._inside[rows]
        places = self._places[beats]
        costs = np.zeros((len(rows), len(slot_table(kind))))
        share = struck / struck.sum(axis=1, keepdims=True)
        for place in np.unique(places):
            here = places == place
            costs[here] = share[here] @ self._habits.costs(kind, int(place))
        return Strokes(
            kind=kind,
            clusters=rows,
            beats=beats,
            phases=self._phases[rows],
            weights=np.array([self._clusters[row].weight for row in rows]),
            trusts=np.array([self._clusters[row].trust for row in rows]),
            struck=struck,
            costs=costs,
            in_sigmas=self._lengths[beats] / self._habits.timing_s,
        )

    def _best_path(self) -> tuple[Ints, dict[BeatKind, BeatFits]]:
        """Viterbi over the beats: for each its state, which is a kind of grid and a drift."""
        states = len(FAMILIES) * len(DRIFTS)
        costs = np.zeros((len(self._beats), len(FAMILIES), len(DRIFTS)))
        fits = {}
        for kind in dict.fromkeys(self._kinds[beat] for beat in self._inside):
            found = fit_beats(
                self._strokes(kind),
                self._habits.late[kind],
                self._config,
                sixteenths_swing=self._habits.sixteenths_swing,
            )
            costs[found.beats] = found.costs
            fits[kind] = found
        busy = np.unique(self._inside)
        costs[busy] += np.array([self._habits.families[family] for family in FAMILIES])[:, None]
        costs[busy] += self._config.drift * np.abs(np.arange(len(DRIFTS)) - len(DRIFTS) // 2)
        # An empty beat may be of any kind that has no more to say than that.
        empty = np.setdiff1d(np.arange(len(self._beats)), busy)
        costs[empty[:, None], [FAMILIES.index(Family.AT_ODDS), FAMILIES.index(Family.QUINTUPLET)]] = np.inf
        drift_change = self._config.change_of_drift * np.abs(np.subtract.outer(DRIFTS, DRIFTS)) / DRIFTS[-1]
        drift_change *= len(DRIFTS) // 2
        grid_change = self._config.change_of_grid * (1 - np.eye(len(FAMILIES)))
        change = (grid_change[:, None, :, None] + drift_change[None, :, None, :]).reshape(states, states)
        flat = costs.reshape(len(self._beats), states)
        total = flat[0]
        came_from = np.zeros((len(flat), states), dtype=np.int64)
        everyone = np.arange(states)
        for beat in range(1, len(flat)):
            through = total[:, None] + change
            came_from[beat] = through.argmin(axis=0)
            total = through[came_from[beat], everyone] + flat[beat]
        path = np.zeros(len(flat), dtype=np.int64)
        path[-1] = int(total.argmin())
        for beat in range(len(flat) - 1, 0, -1):
            path[beat - 1] = came_from[beat, path[beat]]
        return path, fits

    def _learn(self, path: Ints, fits: dict[BeatKind, BeatFits]) -> None:
        """Take from a reading the song's habits, each instrument's lateness and the drummer's own beat."""
        played: list[Played] = []
        late_s: dict[int, list[float]] = {}
        sums, counts = [0.0] * len(self._beats), [0.0] * len(self._beats)
        families: Counter[Family] = Counter()
        for kind, inside in fits.items():
            strokes = inside.strokes
            slots = inside.slots_on(path)
            drifts = DRIFTS[path[strokes.beats] % len(DRIFTS)]
            first = np.where(strokes.has_voice(1), slots[1], slots[2])
            table = np.array([float(slot) for slot in slot_table(kind)])
            raw = strokes.phases - table[first]
            miss = raw - drifts
            lengths = self._lengths[strokes.beats]
            miss_s = (miss - self._habits.late[kind][first]) * lengths
            folded = np.where(first == len(table) - 1, 0, first)
            self._note_lateness(strokes, miss_s, late_s)
            for beat, cluster, own_s in zip(
                strokes.beats, strokes.clusters, (raw - self._habits.late[kind][first]) * lengths, strict=True
            ):
                weight = self._clusters[cluster].weight
                sums[beat] += weight * float(np.clip(own_s, -0.08, 0.08))
                counts[beat] += weight
            places = self._places[strokes.beats]
            for place in np.unique(places):
                rows, names = np.nonzero(strokes.struck & (places == place)[:, None])
                played.append(Played(kind, int(place), names, folded[rows], miss[rows], miss_s[rows]))
            off = np.unique(strokes.beats[(folded > 0)])
            families.update(FAMILIES[state] for state in path[off] // len(DRIFTS))
        self._habits.learn(played, families)
        self._offsets_s = [
            old + new for old, new in zip(self._offsets_s, smoothed(sums, counts), strict=True)
        ]
        self._lags_s = self._lags(late_s)
        self._clusters = cluster_strokes(self._hits, self._config, self._lags_s)
        self._settle()

    def _note_lateness(self, strokes: Strokes, miss_s: Floats, late_s: dict[int, list[float]]) -> None:
        """Remember by how much each single stroke missed its slot, as played and without its lag."""
        for row, cluster in enumerate(strokes.clusters):
            joined = self._clusters[cluster]
            for hit in joined.hits:
                own_s = hit.onset_s - joined.onset_s + float(miss_s[row])
                late_s.setdefault(INSTRUMENT_ROWS[hit.instrument], []).append(own_s)

    def _lags(self, late_s: dict[int, list[float]]) -> dict[InstrumentName, float]:
        """How late each instrument is throughout, as far as its strokes agree on it."""
        everyone = np.concatenate([np.array(values) for values in late_s.values()])
        middle = float(np.median(everyone))
        lags = {}
        for name, row in INSTRUMENT_ROWS.items():
            values = np.array(late_s.get(row, ()))
            if len(values) < 8:
                continue
            lag_s = (float(np.median(values)) - middle) * len(values) / (len(values) + 8)
            lags[name] = float(np.clip(lag_s, -self._config.most_lag_s, self._config.most_lag_s))
        return lags


def _places_in_bar(beats: Sequence[GridBeat]) -> Ints:
    """Which beat of its bar each is, from 0; a pickup's beats are a bar's last."""
    places = np.zeros(len(beats), dtype=np.int64)
    for index in range(1, len(beats)):
        places[index] = 0 if beats[index].bar != beats[index - 1].bar else places[index - 1] + 1
    return places
