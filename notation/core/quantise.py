"""From seconds to positions: which place in the bar each hit was meant for.

The only module that crosses from audio seconds to fractions of a quarter note. For each beat it weighs a
straight against a triplet reading by how well the strokes' timing fits and by how plain the result reads,
given how the rest of the song is played: a slot that the song never uses needs better evidence than one
that it always uses, and neighbouring beats prefer the same kind of grid. The song's own habits (how often
each slot is played, how late it is played, how exact the drummer is) are learnt by repeating the choice a
few times, as in expectation–maximisation.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from math import exp, log, sqrt
from statistics import median

from notation.core.bars import GridBeat, bars_of, beat_index_at, beats_of, tempo_marks_of
from notation.core.beat_grid import BeatGrid
from notation.core.hits import Hit
from notation.core.instruments import FEET, HANDS, INSTRUMENTS, InstrumentName
from notation.core.rhythm import DOTTED_QUARTER, spell_unit
from notation.core.score import Bar, Score, ScoreHit, Swing

_FLAMMED = frozenset(
    {InstrumentName.SNARE, InstrumentName.TOM_HIGH, InstrumentName.TOM_MID, InstrumentName.TOM_LOW}
)
_ZERO = Fraction(0)
_FEWEST_SWUNG = 8  # beats before a song is called swung


class GridChoice(StrEnum):
    """Which subdivisions the score may use; those named by a value are straight and no finer than it."""

    AUTO = "auto"
    EIGHTHS = "8"
    SIXTEENTHS = "16"
    THIRTY_SECONDS = "32"
    TRIPLETS = "triplet"


@dataclass(frozen=True, slots=True)
class QuantiseConfig:
    """How hits become positions. Costs are in nats; all were set by ear and eye on generated grooves."""

    grid: GridChoice = GridChoice.AUTO
    detect_swing: bool = True
    flam_s: float = 0.045  # strokes on one drum nearer than this are a flam or drag
    wide_flam_s: float = 0.062  # so are two on a snare or tom nearer than this, when no other is near
    together_s: float = 0.030  # strokes on several instruments nearer than this were meant as one
    timing_s: float = 0.016  # a drummer's and detector's usual error, before the song has shown its own
    outlier: float = 6.0  # no stroke is taken to be less likely than this: it may be spurious
    song_grid: float = 0.3  # how much the song's share of straight and triplet beats weighs in each
    change_of_grid: float = 1.0  # straight to triplets or back between neighbouring beats
    split_beat: float = 3.0  # an eighth and a triplet of sixteenths in one beat
    strain: float = 3.0  # a reading that costs more a stroke is tried with the drummer late or early
    drift: float = 1.0  # a beat in which the drummer is a step off the grid
    change_of_drift: float = 2.5  # becoming later or earlier by a step
    grids_at_odds: float = 4.0  # hands in triplets against feet straight, or the reverse
    lost_stroke: float = 6.0  # two strokes of one instrument in one place
    passes: int = 4


def quantise(
    hits: Sequence[Hit],
    grid: BeatGrid,
    config: QuantiseConfig | None = None,
    *,
    title: str = "",
    artist: str = "",
) -> Score:
    """Place every hit in a bar of ``grid``; none is lost.

    Strokes of one instrument too near to be two notes become grace notes. Bars after the last hit are left
    out, as is a pickup in which nothing is played.

    Args:
        hits: in any order, ids unique.
    Raises:
        ValueError: the grid has fewer than two beats.
    """
    config = config or QuantiseConfig()
    ordered = sorted(hits, key=lambda hit: (hit.onset_s, hit.id))
    first_s = ordered[0].onset_s if ordered else grid.beats[0].time_s
    last_s = ordered[-1].onset_s if ordered else grid.beats[0].time_s
    bars = bars_of(grid, first_s, last_s)
    beats = beats_of(bars)

    mains, grace_of = _part_flams(ordered, config)
    clusters = _cluster(mains, beats, config)
    places = _Reading(beats, clusters, config).places()
    places, wide = _part_wide_flams(places, config)
    placed, crowded = _keep_apart(places, beats, config)
    grace_of |= wide | crowded

    by_id = {hit.id: hit for hit in ordered}
    score_hits = [
        ScoreHit(by_id[hit_id], bars[bar].number, position) for hit_id, (bar, position) in placed.items()
    ]
    for grace_id, main_id in grace_of.items():
        bar, position = placed[_main_of(main_id, grace_of)]
        score_hits.append(ScoreHit(by_id[grace_id], bars[bar].number, position, _main_of(main_id, grace_of)))
    score_hits.sort(key=lambda hit: (hit.bar, hit.position, hit.hit.onset_s, hit.hit.id))
    kept = _trim(bars, score_hits)
    return Score(
        title=title,
        artist=artist,
        bars=kept,
        hits=tuple(score_hits),
        tempo_bpm=grid.tempo_bpm,
        tempo_marks=tempo_marks_of(kept),
        tempo_unreliable=grid.unreliable,
        swing=_swing_of(kept, score_hits) if config.detect_swing else None,
    )


def _main_of(hit_id: str, grace_of: Mapping[str, str]) -> str:
    while hit_id in grace_of:
        hit_id = grace_of[hit_id]
    return hit_id


def _trim(bars: Sequence[Bar], hits: Sequence[ScoreHit]) -> tuple[Bar, ...]:
    if not hits:
        return tuple(bars[:1])
    last = max(hit.bar for hit in hits)
    first = 1 if bars[0].is_pickup and len(bars) > 1 and hits[0].bar != bars[0].number else 0
    return tuple(bar for bar in bars[first:] if bar.number <= last)


# --- flams ---------------------------------------------------------------------------------------------


def _part_flams(hits: Sequence[Hit], config: QuantiseConfig) -> tuple[list[Hit], dict[str, str]]:
    """Split strokes into those that take a place and those that ornament one: (mains, grace id → main id)."""
    by_instrument: dict[InstrumentName, list[Hit]] = {}
    for hit in hits:
        by_instrument.setdefault(hit.instrument, []).append(hit)
    mains: list[Hit] = []
    grace_of: dict[str, str] = {}
    for strokes in by_instrument.values():
        for run in _runs(strokes, config.flam_s):
            if len(run) > 4:  # a roll: fast notes, not ornaments
                mains += run
                continue
            # The stroke that an ornament leads to comes last, unless what comes after is only its bounce.
            main = run[-1]
            for stroke in run[:-1]:
                if stroke.velocity > main.velocity + 20:
                    main = stroke
            mains.append(main)
            grace_of |= {stroke.id: main.id for stroke in run if stroke is not main}
    return sorted(mains, key=lambda hit: (hit.onset_s, hit.id)), grace_of


def _part_wide_flams(
    places: Sequence[tuple[Hit, int, Fraction]], config: QuantiseConfig
) -> tuple[list[tuple[Hit, int, Fraction]], dict[str, str]]:
    """Read a lone quick pair on a drum as a flam rather than as a 32nd and a leftover.

    A flam played open is as wide as a 32nd at a quick tempo; in a run of such notes it would be one.
    """
    by_instrument: dict[InstrumentName, list[tuple[Hit, int, Fraction]]] = {}
    for place in sorted(places, key=lambda place: place[0].onset_s):
        by_instrument.setdefault(place[0].instrument, []).append(place)
    kept: list[tuple[Hit, int, Fraction]] = []
    grace_of: dict[str, str] = {}
    for instrument, run in by_instrument.items():
        index = 0
        while index < len(run):
            if instrument in _FLAMMED and _is_wide_flam(run, index, config):
                first, second = run[index], run[index + 1]
                plain = first if first[2].denominator <= second[2].denominator else second
                kept.append((second[0], plain[1], plain[2]))
                grace_of[first[0].id] = second[0].id
                index += 2
            else:
                kept.append(run[index])
                index += 1
    return kept, grace_of


def _is_wide_flam(run: Sequence[tuple[Hit, int, Fraction]], index: int, config: QuantiseConfig) -> bool:
    if index + 1 >= len(run):
        return False
    first, second = run[index], run[index + 1]
    gap_s = second[0].onset_s - first[0].onset_s
    if gap_s > config.wide_flam_s or max(first[2].denominator, second[2].denominator) < 8:
        return False
    before_s = first[0].onset_s - run[index - 1][0].onset_s if index else float("inf")
    after_s = run[index + 2][0].onset_s - second[0].onset_s if index + 2 < len(run) else float("inf")
    return min(before_s, after_s) > 1.6 * gap_s


def _runs(strokes: Iterable[Hit], gap_s: float) -> list[list[Hit]]:
    runs: list[list[Hit]] = []
    for stroke in strokes:
        if runs and stroke.onset_s - runs[-1][-1].onset_s <= gap_s:
            runs[-1].append(stroke)
        else:
            runs.append([stroke])
    return runs


# --- strokes that were meant together ------------------------------------------------------------------


class _Cluster:
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


def _cluster(hits: Sequence[Hit], beats: Sequence[GridBeat], config: QuantiseConfig) -> list[_Cluster]:
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
    clusters = [_Cluster(members) for members in together]
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
    clusters: Sequence[_Cluster], beats: Sequence[GridBeat], starts: Sequence[float]
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


# --- the choice of a grid ------------------------------------------------------------------------------


class _Family(StrEnum):
    STRAIGHT = "straight"
    TRIPLET = "triplet"
    AT_ODDS = "at odds"


# Slots of a beat are counted in ticks here, since the search asks for them millions of times.
_BEAT = 24
_Grid = tuple[int, ...]


def _slots(parts: int) -> _Grid:
    return tuple(range(0, _BEAT, _BEAT // parts))


# What reading a slot costs before the song has shown its habits, in nats, by the plainest grid that has it.
_SIMPLE_COST = {1: 0.0, 2: 0.4, 4: 1.2, 8: 6.0, 3: 2.2, 6: 5.5}
_COMPOUND_COST = {1: 0.0, 3: 0.3, 6: 1.2, 12: 6.0, 2: 4.0, 4: 5.0}

# One eighth is a triplet of sixteenths and the other is straight; without the stroke between them these
# would be triplets in disguise.
_SIXTEENTH_TRIPLET_FIRST = (0, 4, 8, 12, 18)
_SIXTEENTH_TRIPLET_LAST = (0, 6, 12, 16, 20)
_HALVED = frozenset({_SIXTEENTH_TRIPLET_FIRST, _SIXTEENTH_TRIPLET_LAST})
_THIRDS = frozenset({4, 8, 16, 20})

_SIMPLE_GRIDS: dict[GridChoice, dict[_Family, tuple[_Grid, ...]]] = {
    GridChoice.AUTO: {
        _Family.STRAIGHT: (_slots(4), _slots(8), _SIXTEENTH_TRIPLET_FIRST, _SIXTEENTH_TRIPLET_LAST),
        _Family.TRIPLET: (_slots(3), _slots(6)),
    },
    GridChoice.EIGHTHS: {_Family.STRAIGHT: (_slots(2),)},
    GridChoice.SIXTEENTHS: {_Family.STRAIGHT: (_slots(4),)},
    GridChoice.THIRTY_SECONDS: {_Family.STRAIGHT: (_slots(4), _slots(8))},
    GridChoice.TRIPLETS: {_Family.TRIPLET: (_slots(3), _slots(6))},
}
_COMPOUND_GRIDS: dict[GridChoice, dict[_Family, tuple[_Grid, ...]]] = {
    GridChoice.AUTO: {
        _Family.STRAIGHT: (_slots(6), _slots(12)),
        _Family.TRIPLET: (_slots(2), _slots(4)),
    },
    GridChoice.EIGHTHS: {_Family.STRAIGHT: (_slots(3),)},
    GridChoice.SIXTEENTHS: {_Family.STRAIGHT: (_slots(6),)},
    GridChoice.THIRTY_SECONDS: {_Family.STRAIGHT: (_slots(6), _slots(12))},
    GridChoice.TRIPLETS: {_Family.STRAIGHT: (_slots(6),)},
}


def _grids_for(beat: GridBeat, choice: GridChoice) -> dict[_Family, tuple[_Grid, ...]]:
    if beat.quarters == DOTTED_QUARTER:
        return _COMPOUND_GRIDS[choice]
    if beat.quarters >= 1:
        return _SIMPLE_GRIDS[choice]
    if choice is GridChoice.EIGHTHS:
        return {_Family.STRAIGHT: (_slots(1),)}
    # The felt beat is an eighth (5/8, 7/8): halves are sixteenths, quarters 32nds.
    straight = (_slots(2), _slots(4)) if choice is not GridChoice.SIXTEENTHS else (_slots(2),)
    return {_Family.STRAIGHT: straight}


def _plain_cost(tick: int, *, compound: bool) -> float:
    costs = _COMPOUND_COST if compound else _SIMPLE_COST
    return costs.get(Fraction(tick, _BEAT).denominator, 5.0)


class _Habits:
    """How this song is played: what each slot costs, how late it is, how far strokes scatter.

    ``cost`` and ``late`` are indexed by tick, the latter in beats; the last entry is the next beat's first.
    """

    def __init__(self, timing_s: float) -> None:
        self.timing_s = timing_s
        self.cost = {
            compound: [_plain_cost(tick % _BEAT, compound=compound) for tick in range(_BEAT + 1)]
            for compound in (False, True)
        }
        self.family = dict.fromkeys(_Family, 0.0)
        self.late = {compound: [0.0] * (_BEAT + 1) for compound in (False, True)}

    def place(self, compound: bool, tick: int) -> float:
        return tick / _BEAT + self.late[compound][tick]


@dataclass(slots=True)
class _Choice:
    cost: float
    ticks: dict[tuple[int, int], int]  # (cluster, voice) → slot, _BEAT being the next beat
    family: _Family = _Family.STRAIGHT
    late: float = 0.0  # by how much of a beat its strokes are taken to be late


# A kind of grid, and by how many steps the drummer is late (or early) against the beat grid.
_State = tuple[_Family, int]
_DRIFT_STEP = 0.055  # of a beat


class _Reading:
    """The search for the likeliest and plainest reading of a song."""

    def __init__(
        self, beats: Sequence[GridBeat], clusters: Sequence[_Cluster], config: QuantiseConfig
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
                beat = min(last, index + tick // _BEAT)
                slot = Fraction(tick % _BEAT, _BEAT)
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
            self._habits.late[False][_BEAT // 2] = usual - 0.5
        elif 0.585 <= usual < 0.715:
            self._habits.late[False][2 * _BEAT // 3] = usual - 2 / 3

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
        grids = _grids_for(self._beats[index], self._config.grid)
        inside = self._inside[index]
        if not inside:
            return {(family, drift): _Choice(0.0, {}, family) for family in grids}
        late = drift * _DRIFT_STEP
        slots = {
            grid: [self._best_slot(self._clusters[item], index, grid, late) for item in inside]
            for candidates in grids.values()
            for grid in candidates
        }

        def best(voices: tuple[int, ...]) -> dict[_Family, _Choice]:
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
            options[(_Family.AT_ODDS, drift)] = min(
                (
                    _Choice(
                        hands[one].cost + feet[other].cost + self._config.grids_at_odds,
                        hands[one].ticks | feet[other].ticks,
                        _Family.AT_ODDS,
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
        self, index: int, voices: tuple[int, ...], grid: _Grid, slots: Sequence[tuple[int, float]]
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
        if grid in _HALVED:
            for voice in voices:
                mine_used = {tick for (_, owner), tick in choice.ticks.items() if owner == voice}
                if mine_used & _THIRDS:
                    choice.cost += self._config.split_beat if _BEAT // 2 in mine_used else float("inf")
        return choice

    def _best_slot(self, cluster: _Cluster, index: int, grid: _Grid, late: float) -> tuple[int, float]:
        """The slot of ``grid`` for a cluster, and what its timing costs there."""
        compound = self._compound[index]
        in_sigmas = self._beats[index].duration_s / self._habits.timing_s
        best, best_cost, best_timing = 0, float("inf"), 0.0
        for tick in (*grid, _BEAT):
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
        families: Counter[_Family] = Counter()
        lates: dict[tuple[bool, int], list[float]] = {}
        errors: list[float] = []
        for index, choice in enumerate(choices):
            compound = self._compound[index]
            if any(tick % _BEAT for tick in choice.ticks.values()):
                families[choice.family] += 1
            for item, tick in {item: tick for (item, _), tick in choice.ticks.items()}.items():
                phase = self._clusters[item].phase - choice.late
                key = (compound, tick % _BEAT)
                counts[key] += 1
                lates.setdefault(key, []).append(phase - tick / _BEAT)
                error_s = (phase - self._habits.place(compound, tick)) * self._beats[index].duration_s
                if abs(error_s) < 3 * self._habits.timing_s:
                    errors.append(error_s)
        total = sum(counts.values())
        faith = 8 + 0.1 * total
        for compound, costs in ((False, _SIMPLE_COST), (True, _COMPOUND_COST)):
            known = {tick for parts in costs for tick in _slots(parts)}
            usual = {tick: exp(-_plain_cost(tick, compound=compound)) for tick in known}
            scale = sum(usual.values())
            for tick in known:
                share = (counts[(compound, tick)] + faith * usual[tick] / scale) / (total + faith)
                self._habits.cost[compound][tick] = -log(share)
            self._habits.cost[compound][_BEAT] = self._habits.cost[compound][0]
        beats = sum(families.values())
        for family in _Family:
            doubt = 3 + 0.04 * beats
            share = (families[family] + doubt) / (beats + 3 * doubt)
            self._habits.family[family] = self._config.song_grid * -log(share)
        for (compound, tick), values in lates.items():
            mean = median(values) * len(values) / (len(values) + 10)
            self._habits.late[compound][tick] = max(-0.06, min(0.085, mean))
        for late in self._habits.late.values():
            late[_BEAT] = late[0]
        if len(errors) >= 16:
            spread = sqrt(sum(error * error for error in errors) / len(errors))
            self._habits.timing_s = max(0.008, min(0.025, spread))


# --- one place, one stroke -----------------------------------------------------------------------------


def _keep_apart(
    places: Sequence[tuple[Hit, int, Fraction]], beats: Sequence[GridBeat], config: QuantiseConfig
) -> tuple[dict[str, tuple[int, Fraction]], dict[str, str]]:
    """Give each stroke a place of its own.

    Returns:
        Hit id → (bar index, position), and grace id → main id for strokes that found no room.
    """
    taken: dict[tuple[InstrumentName, int, Fraction], Hit] = {}
    onsets: dict[tuple[int, int], set[Fraction]] = {}
    grace_of: dict[str, str] = {}
    crowded: list[tuple[Hit, int, Fraction]] = []
    for hit, beat, slot in sorted(places, key=lambda place: (-place[0].velocity, place[0].onset_s)):
        if (hit.instrument, beat, slot) in taken:
            crowded.append((hit, beat, slot))
        else:
            taken[(hit.instrument, beat, slot)] = hit
            onsets.setdefault((INSTRUMENTS[hit.instrument].voice, beat), set()).add(slot)
    for hit, beat, slot in sorted(crowded, key=lambda place: place[0].onset_s):
        rival = taken[(hit.instrument, beat, slot)]
        free = None
        if abs(hit.onset_s - rival.onset_s) > config.wide_flam_s:
            free = _free_place(hit, beat, beats, taken, onsets, config)
        if free is None:
            grace_of[hit.id] = rival.id
            continue
        taken[(hit.instrument, *free)] = hit
        onsets.setdefault((INSTRUMENTS[hit.instrument].voice, free[0]), set()).add(free[1])
    placed = {
        hit.id: (beats[beat].bar, beats[beat].start + slot * beats[beat].quarters)
        for (_, beat, slot), hit in taken.items()
    }
    return placed, grace_of


def _free_place(
    hit: Hit,
    beat: int,
    beats: Sequence[GridBeat],
    taken: Mapping[tuple[InstrumentName, int, Fraction], Hit],
    onsets: Mapping[tuple[int, int], set[Fraction]],
    config: QuantiseConfig,
) -> tuple[int, Fraction] | None:
    """The nearest place that this instrument has free and that its voice's beat can still be written with."""
    options = []
    voice = INSTRUMENTS[hit.instrument].voice
    for near in (beat - 1, beat, beat + 1):
        if not 0 <= near < len(beats):
            continue
        length = beats[near].quarters
        grids = _grids_for(beats[near], config.grid).values()
        for tick in {tick for candidates in grids for grid in candidates for tick in grid}:
            slot = Fraction(tick, _BEAT)
            if (hit.instrument, near, slot) in taken:
                continue
            together = sorted(
                {place * length for place in onsets.get((voice, near), set())} | {slot * length}
            )
            if spell_unit(length, tuple(together)) is None:
                continue
            off_s = abs(beats[near].start_s + float(slot) * beats[near].duration_s - hit.onset_s)
            if off_s < 0.25 * beats[near].duration_s:
                options.append((off_s, near, slot))
    if not options:
        return None
    _, near, slot = min(options)
    return near, slot


# --- swing ---------------------------------------------------------------------------------------------


def _swing_of(bars: Sequence[Bar], hits: Iterable[ScoreHit]) -> Swing | None:
    """Whether off-beat eighths, or every other sixteenth, are late throughout, and triplets the exception."""
    simple = {bar.number for bar in bars if bar.meter.beat_quarters >= 1 and not bar.meter.is_compound}
    by_beat: dict[tuple[int, int], set[Fraction]] = {}
    for hit in hits:
        if hit.bar in simple:
            by_beat.setdefault((hit.bar, int(hit.position)), set()).add(hit.position % 1)
    for swing in Swing:
        swung = straight = other = 0
        for places in by_beat.values():
            if swing.fits(places):
                swung += bool(places & swing.late_places)
            elif {place.denominator for place in places} & {3, 6}:
                other += 1
            else:
                straight += any(place.denominator >= swing.straight_denominator for place in places)
        if swung >= _FEWEST_SWUNG and straight <= 0.1 * swung and other <= 0.1 * swung:
            return swing
    return None
