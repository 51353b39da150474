"""The search for a song's reading: on which grid each beat is played, and where each stroke belongs.

For each beat it weighs a straight against a triplet reading by how well the strokes' timing fits and by how
plain the result reads, given how the rest of the song is played: a slot that the song never uses needs better
evidence than one that it always uses, and neighbouring beats prefer the same kind of grid. The song's own
habits (how often each slot is played, how late it is played, how exact the drummer is) are learnt by
repeating the choice a few times, as in expectation–maximisation.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import exp, log, sqrt
from statistics import median

from notation.core.bars import GridBeat, beat_index_at
from notation.core.hits import Hit
from notation.core.instruments import FEET, HANDS, INSTRUMENTS, InstrumentName
from notation.core.quantise_config import QuantiseConfig
from notation.core.rhythm import DOTTED_QUARTER
from notation.core.subdivisions import (
    BEAT,
    COMPOUND_COST,
    HALVED,
    SIMPLE_COST,
    THIRDS,
    Family,
    Grid,
    grids_for,
    plain_cost,
    slots_of,
)


class Cluster:
    """Strokes meant as one, and where in which beat they fall (``phase``: 0 at the beat, 1 at the next)."""

    def __init__(self, hits: Sequence[Hit]) -> None:
        self.hits = hits
        self.onset_s = sum(hit.onset_s for hit in hits) / len(hits)
        # What may have been misheard must not buy an odd place in the bar.
        self.trust = 0.4 + 0.6 * min(1.0, max(0.0, *(hit.confidence for hit in hits)))
        self.weight = self.trust * (1 + 0.3 * (len(hits) - 1))
        self.by_voice: dict[int, list[Hit]] = {}
        for hit in hits:
            self.by_voice.setdefault(INSTRUMENTS[hit.instrument].voice, []).append(hit)
        self.beat = 0
        self.phase = 0.0


def cluster_strokes(hits: Sequence[Hit], beats: Sequence[GridBeat], config: QuantiseConfig) -> list[Cluster]:
    """Join strokes on several instruments that were meant as one, and say in which beat they fall.

    Args:
        hits: in order of onset, without those that ornament others.
    """
    together: list[list[Hit]] = []
    for hit in hits:
        last = together[-1] if together else None
        if (
            last is not None
            and hit.onset_s - last[0].onset_s <= config.together_s
            and all(hit.instrument != other.instrument for other in last)
        ):
            last.append(hit)
        else:
            together.append([hit])
    clusters = [Cluster(members) for members in together]
    starts = [beat.start_s for beat in beats]
    offsets = _local_offsets(clusters, beats, starts)
    for cluster in clusters:
        near = beat_index_at(starts, cluster.onset_s)
        onset_s = cluster.onset_s - offsets[near]
        cluster.beat = beat_index_at(starts, onset_s)
        beat = beats[cluster.beat]
        cluster.phase = (onset_s - beat.start_s) / beat.duration_s
    return clusters


def _local_offsets(
    clusters: Sequence[Cluster], beats: Sequence[GridBeat], starts: Sequence[float]
) -> list[float]:
    """How late, in seconds, the strokes around each beat fall: a beat tracker's jitter, or a lazy drummer."""
    sums = [0.0] * len(beats)
    counts = [0.0] * len(beats)
    for cluster in clusters:
        index = beat_index_at(starts, cluster.onset_s)
        for near in (index, index + 1):
            if near < len(beats):
                late_s = cluster.onset_s - beats[near].start_s
                if abs(late_s) <= min(0.05, 0.1 * beats[near].duration_s):
                    sums[near] += cluster.weight * late_s
                    counts[near] += cluster.weight
    kernel = {-2: 0.25, -1: 0.5, 0: 1.0, 1: 0.5, 2: 0.25}
    offsets = []
    for index in range(len(beats)):
        total, weight = 0.0, 0.5
        for step, share in kernel.items():
            if 0 <= index + step < len(beats):
                total += share * sums[index + step]
                weight += share * counts[index + step]
        offsets.append(total / weight)
    return offsets


class _Habits:
    """How this song is played: what each slot costs, how late it is, how far strokes scatter.

    ``cost`` and ``late`` are indexed by tick, the latter in beats; the last entry is the next beat's first.
    """

    def __init__(self, timing_s: float) -> None:
        self.timing_s = timing_s
        self.cost = {
            compound: [plain_cost(tick % BEAT, compound=compound) for tick in range(BEAT + 1)]
            for compound in (False, True)
        }
        self.family = dict.fromkeys(Family, 0.0)
        self.late = {compound: [0.0] * (BEAT + 1) for compound in (False, True)}

    def place(self, compound: bool, tick: int) -> float:
        return tick / BEAT + self.late[compound][tick]


@dataclass(slots=True)
class _Choice:
    cost: float
    ticks: dict[tuple[int, int], int]  # (cluster, voice) → slot, BEAT being the next beat
    family: Family = Family.STRAIGHT
    late: float = 0.0  # by how much of a beat its strokes are taken to be late


# A kind of grid, and by how many steps the drummer is late (or early) against the beat grid.
_State = tuple[Family, int]
_DRIFT_STEP = 0.055  # of a beat


class Reading:
    """The search for the likeliest and plainest reading of a song."""

    def __init__(
        self, beats: Sequence[GridBeat], clusters: Sequence[Cluster], config: QuantiseConfig
    ) -> None:
        self._beats = beats
        self._clusters = clusters
        self._config = config
        self._inside: list[list[int]] = [[] for _ in beats]
        for index, cluster in enumerate(clusters):
            self._inside[cluster.beat].append(index)
        self._compound = [beat.quarters == DOTTED_QUARTER for beat in beats]
        self._habits = _Habits(config.timing_s)
        self._start_with_swing()

    def places(self) -> list[tuple[Hit, int, Fraction]]:
        """Every stroke with its beat and slot; a slot at the beat's end has become the next beat's first."""
        choices = self._best_path()
        for _ in range(self._config.passes - 1):
            self._learn(choices)
            choices = self._best_path()
        places: list[tuple[Hit, int, Fraction]] = []
        last = len(self._beats) - 1
        for index, choice in enumerate(choices):
            for (cluster, voice), tick in choice.ticks.items():
                beat = min(last, index + tick // BEAT)
                slot = Fraction(tick % BEAT, BEAT)
                places += [(hit, beat, slot) for hit in self._clusters[cluster].by_voice.get(voice, ())]
        return places

    def _start_with_swing(self) -> None:
        """A lone off-beat at a constant place between a half and two thirds is one of the two, all along."""
        lone = []
        for index, inside in enumerate(self._inside):
            if self._compound[index]:
                continue
            off = [self._clusters[item].phase for item in inside if 0.15 < self._clusters[item].phase < 0.88]
            if len(off) == 1 and 0.40 < off[0] < 0.76:
                lone.append(off[0])
        if len(lone) < 12:
            return
        usual = median(lone)
        if 0.44 < usual < 0.585:
            self._habits.late[False][BEAT // 2] = usual - 0.5
        elif 0.585 <= usual < 0.715:
            self._habits.late[False][2 * BEAT // 3] = usual - 2 / 3

    def _best_path(self) -> list[_Choice]:
        """Viterbi over the beats; the states are the kinds of grid and how late the drummer is."""
        options = self._all_options()
        totals = {state: choice.cost for state, choice in options[0].items()}
        came_from: list[dict[_State, _State]] = []
        for step in options[1:]:
            back: dict[_State, _State] = {}
            reached: dict[_State, float] = {}
            for state, choice in step.items():
                best = min(totals, key=lambda old: totals[old] + self._change(old, state))
                back[state] = best
                reached[state] = totals[best] + self._change(best, state) + choice.cost
            came_from.append(back)
            totals = reached
        path = [min(totals, key=lambda last: totals[last])]
        for back in reversed(came_from):
            path.append(back[path[-1]])
        return [step[chosen] for step, chosen in zip(options, reversed(path), strict=True)]

    def _change(self, old: _State, new: _State) -> float:
        grid = self._config.change_of_grid if old[0] is not new[0] else 0.0
        return grid + self._config.change_of_drift * abs(old[1] - new[1])

    def _all_options(self) -> list[dict[_State, _Choice]]:
        """Each beat's readings; being late or early is weighed only around beats that read badly without."""
        options = [self._options(index, 0) for index in range(len(self._beats))]
        strained = [
            len(self._inside[index]) > 0
            and min(choice.cost for choice in options[index].values())
            > self._config.strain * max(2, len(self._inside[index]))
            for index in range(len(options))
        ]
        for index in range(len(options)):
            if any(strained[max(0, index - 1) : index + 2]):
                for drift in (-2, -1, 1, 2):
                    options[index] |= self._options(index, drift)
        for step in options:
            for (family, drift), choice in step.items():
                choice.cost += self._habits.family[family] + self._config.drift * abs(drift)
        return options

    def _options(self, index: int, drift: int) -> dict[_State, _Choice]:
        grids = grids_for(self._beats[index], self._config.grid)
        inside = self._inside[index]
        if not inside:
            return {(family, drift): _Choice(0.0, {}, family) for family in grids}
        late = drift * _DRIFT_STEP
        slots = {
            grid: [self._best_slot(self._clusters[item], index, grid, late) for item in inside]
            for candidates in grids.values()
            for grid in candidates
        }

        def best(voices: tuple[int, ...]) -> dict[Family, _Choice]:
            chosen = {}
            for family, candidates in grids.items():
                fits = (self._fit(index, voices, grid, slots[grid]) for grid in candidates)
                chosen[family] = min(fits, key=lambda choice: choice.cost)
                chosen[family].family = family
                chosen[family].late = late
            return chosen

        options = {(family, drift): choice for family, choice in best((HANDS, FEET)).items()}
        voices = {voice for item in inside for voice in self._clusters[item].by_voice}
        if len(grids) > 1 and len(voices) > 1 and len(inside) > 1:
            hands, feet = best((HANDS,)), best((FEET,))
            options[(Family.AT_ODDS, drift)] = min(
                (
                    _Choice(
                        hands[one].cost + feet[other].cost + self._config.grids_at_odds,
                        hands[one].ticks | feet[other].ticks,
                        Family.AT_ODDS,
                        late,
                    )
                    for one in grids
                    for other in grids
                    if one is not other
                ),
                key=lambda choice: choice.cost,
            )
        return options

    def _fit(
        self, index: int, voices: tuple[int, ...], grid: Grid, slots: Sequence[tuple[int, float]]
    ) -> _Choice:
        """Put the clusters of a beat at their slots of one grid, and say what reading that costs."""
        costs = self._habits.cost[self._compound[index]]
        choice = _Choice(0.0, {})
        used: set[int] = set()
        struck: set[tuple[InstrumentName, int]] = set()
        for item, (tick, timing) in zip(self._inside[index], slots, strict=True):
            by_voice = self._clusters[item].by_voice
            mine = [voice for voice in voices if voice in by_voice]
            if not mine:
                continue
            choice.cost += timing
            if tick not in used:
                choice.cost += costs[tick]
                used.add(tick)
            for voice in mine:
                choice.ticks[(item, voice)] = tick
                for hit in by_voice[voice]:
                    if (hit.instrument, tick) in struck:
                        choice.cost += self._config.lost_stroke
                    struck.add((hit.instrument, tick))
        if grid in HALVED:
            for voice in voices:
                mine_used = {tick for (_, owner), tick in choice.ticks.items() if owner == voice}
                if mine_used & THIRDS:
                    choice.cost += self._config.split_beat if BEAT // 2 in mine_used else float("inf")
        return choice

    def _best_slot(self, cluster: Cluster, index: int, grid: Grid, late: float) -> tuple[int, float]:
        """The slot of ``grid`` for a cluster, and what its timing costs there."""
        compound = self._compound[index]
        in_sigmas = self._beats[index].duration_s / self._habits.timing_s
        best, best_cost, best_timing = 0, float("inf"), 0.0
        for tick in (*grid, BEAT):
            off = abs(cluster.phase - late - self._habits.place(compound, tick)) * in_sigmas
            timing = min(self._config.outlier * cluster.trust, cluster.weight * 0.5 * off * off)
            # The last term lets the nearer slot win where the cap makes all alike.
            cost = timing + self._habits.cost[compound][tick] + 0.5 * off
            if cost < best_cost:
                best, best_cost, best_timing = tick, cost, timing
        return best, best_timing

    def _learn(self, choices: Sequence[_Choice]) -> None:
        """Take the song's habits from the reading so far, held back by what is usual."""
        counts: Counter[tuple[bool, int]] = Counter()
        families: Counter[Family] = Counter()
        lates: dict[tuple[bool, int], list[float]] = {}
        errors: list[float] = []
        for index, choice in enumerate(choices):
            compound = self._compound[index]
            if any(tick % BEAT for tick in choice.ticks.values()):
                families[choice.family] += 1
            for item, tick in {item: tick for (item, _), tick in choice.ticks.items()}.items():
                phase = self._clusters[item].phase - choice.late
                key = (compound, tick % BEAT)
                counts[key] += 1
                lates.setdefault(key, []).append(phase - tick / BEAT)
                error_s = (phase - self._habits.place(compound, tick)) * self._beats[index].duration_s
                if abs(error_s) < 3 * self._habits.timing_s:
                    errors.append(error_s)
        total = sum(counts.values())
        faith = 8 + 0.1 * total
        for compound, costs in ((False, SIMPLE_COST), (True, COMPOUND_COST)):
            known = {tick for parts in costs for tick in slots_of(parts)}
            usual = {tick: exp(-plain_cost(tick, compound=compound)) for tick in known}
            scale = sum(usual.values())
            for tick in known:
                share = (counts[(compound, tick)] + faith * usual[tick] / scale) / (total + faith)
                self._habits.cost[compound][tick] = -log(share)
            self._habits.cost[compound][BEAT] = self._habits.cost[compound][0]
        beats = sum(families.values())
        for family in Family:
            doubt = 3 + 0.04 * beats
            share = (families[family] + doubt) / (beats + 3 * doubt)
            self._habits.family[family] = self._config.song_grid * -log(share)
        for (compound, tick), values in lates.items():
            mean = median(values) * len(values) / (len(values) + 10)
            self._habits.late[compound][tick] = max(-0.06, min(0.085, mean))
        for late in self._habits.late.values():
            late[BEAT] = late[0]
        if len(errors) >= 16:
            spread = sqrt(sum(error * error for error in errors) / len(errors))
            self._habits.timing_s = max(0.008, min(0.025, spread))
