"""From a score to engraved events: voices, values, rests, beams, tuplets, grace notes, marks.

Every writer (MusicXML, MEI) starts from what is decided here, so that all of them say the same. The rules
are common practice: Weinberg, "Guidelines for Drumset Notation" (PAS, 1998); Gould, "Behind Bars" (2011).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise

from notation.core.beat_grid import Meter
from notation.core.instruments import FEET, HANDS, InstrumentName
from notation.core.kit_profile import WEINBERG, KitProfile
from notation.core.score import Bar, Mark, Score, ScoreHit, Swing
from notation.core.spelling.bar_rhythm import bar_rhythm, writable_places
from notation.core.spelling.beams import beam_states
from notation.core.spelling.emphasis import Emphasis, emphasis_of
from notation.core.spelling.engraved import Event, Head, SpelledBar, Voice
from notation.core.spelling.rhythm import QUARTER, Value, units_of

_HIHATS = frozenset({InstrumentName.HIHAT_CLOSED, InstrumentName.HIHAT_OPEN, InstrumentName.HIHAT_PEDAL})

__all__ = ["Event", "Head", "SpelledBar", "Voice", "beam_states", "spell"]


def spell(
    score: Score, profile: KitProfile = WEINBERG, *, only: Collection[int] | None = None
) -> tuple[SpelledBar, ...]:
    """Write out every bar of ``score``, or those whose numbers are in ``only``, for the kit ``profile``.

    Each hit is one head, or one grace note, exactly once; hits of hidden instruments are left out, and grace
    notes that lead to them. So are the strokes after the first of a roll: its mark stands for them.
    """
    marks = _Marks(emphasis_of(score.hits), _closing(score.hits) if profile.closed_marks else frozenset())
    grouped = score.hits_by_bar()
    return tuple(
        _BarSpeller(bar, grouped.get(bar.number, []), profile, marks, score.swing_at(bar.number)).spelled()
        for bar in score.bars
        if only is None or bar.number in only
    )


def _closing(hits: Iterable[ScoreHit]) -> frozenset[str]:
    """The ids of closed hi-hat strokes that follow an open one."""
    hats = [hit.hit for hit in hits if hit.hit.instrument in _HIHATS and not hit.is_grace]
    return frozenset(
        after.id
        for before, after in pairwise(hats)
        if before.instrument is InstrumentName.HIHAT_OPEN and after.instrument is InstrumentName.HIHAT_CLOSED
    )


@dataclass(frozen=True, slots=True)
class _Marks:
    """What is marked because of other notes: ghost notes, accents, a hi-hat that closes."""

    emphasis: Emphasis
    closing: frozenset[str]


def _is_rolled(hit: ScoreHit, main: ScoreHit) -> bool:
    """Whether ``hit`` is one of the strokes that a roll's note stands for; what leads to it comes before."""
    return Mark.ROLL in main.marks and hit.hit.onset_s > main.hit.onset_s


class _BarSpeller:
    """Spells one bar."""

    def __init__(
        self,
        bar: Bar,
        placed: Sequence[ScoreHit],
        profile: KitProfile,
        marks: _Marks,
        swing: Swing | None,
    ) -> None:
        self._bar = bar
        self._meter = Meter(0, bar.meter.beats, bar.meter.beat_type)  # the same for all bars that are alike
        self._profile = profile
        self._marks = marks
        mains = {hit.hit.id: hit for hit in placed if not hit.is_grace}
        # A grace note goes with the stroke that it leads to, in its voice, and is hidden with it.
        leads_to = {hit.hit.id: mains[hit.grace_of] if hit.grace_of else hit for hit in placed}
        self._placed = [
            hit
            for hit in placed
            if profile.shows(hit.hit.instrument)
            and profile.shows(leads_to[hit.hit.id].hit.instrument)
            and not _is_rolled(hit, leads_to[hit.hit.id])
        ]
        self._voices = {name: profile.written(main.hit.instrument).voice for name, main in leads_to.items()}
        self._places = self._written_positions(swing)

    def spelled(self) -> SpelledBar:
        by_voice = {number: self._of(number, self._placed) for number in (HANDS, FEET)}
        if self._profile.unison_fills and self._is_unison(by_voice):
            by_voice = {HANDS: self._placed, FEET: []}
        voices = []
        for number, hits in by_voice.items():
            if hits or (number == HANDS and not self._placed):
                voices.append(Voice(number, self._events(hits)))
        if len(voices) == 2:
            voices[1] = _hide_shared_rests(voices[0], voices[1])
        return SpelledBar(self._bar, tuple(voices))

    def _of(self, number: int, hits: Iterable[ScoreHit]) -> list[ScoreHit]:
        return [hit for hit in hits if self._voices[hit.hit.id] == number]

    def _is_unison(self, by_voice: Mapping[int, Sequence[ScoreHit]]) -> bool:
        hands, feet = (
            {self._places[hit.hit.id] for hit in by_voice[number] if not hit.is_grace}
            for number in (HANDS, FEET)
        )
        return hands == feet

    def _written_positions(self, swing: Swing | None) -> dict[str, Fraction]:
        """Where each hit is written: its position, but a swung off-beat as a straight eighth, and what cannot
        be spelled at the nearest place that can."""
        written = {hit.hit.id: hit.position for hit in self._placed}
        if swing:
            self._write_straight(written, swing)
        for number in (HANDS, FEET):
            mine = [hit.hit.id for hit in self._of(number, self._placed)]
            onsets = tuple(sorted({written[name] for name in mine}))
            places = writable_places(self._meter, self._bar.quarters, onsets)
            written |= {name: places[written[name]] for name in mine}
        return written

    def _write_straight(self, written: dict[str, Fraction], swing: Swing) -> None:
        start = Fraction(0)
        for length in units_of(self._meter, self._bar.quarters):
            inside = [hit for hit in self._placed if start <= hit.position < start + length]
            if length == QUARTER and swing.fits({hit.position - start for hit in inside}):
                for hit in inside:
                    written[hit.hit.id] = start + swing.written(hit.position - start)
            start += length

    def _events(self, hits: Iterable[ScoreHit]) -> tuple[Event, ...]:
        chords = self._chords(hits)
        values = bar_rhythm(self._meter, self._bar.quarters, tuple(sorted(chords)))
        return tuple(_event(value, chords) for value in values)

    def _chords(self, hits: Iterable[ScoreHit]) -> dict[Fraction, _Chord]:
        mains: dict[Fraction, list[ScoreHit]] = {}
        graces: dict[Fraction, dict[str, list[ScoreHit]]] = {}
        for hit in hits:
            place = self._places[hit.hit.id]
            if hit.grace_of is None:
                mains.setdefault(place, []).append(hit)
            else:
                graces.setdefault(place, {}).setdefault(hit.grace_of, []).append(hit)
        chords = {}
        for place, strokes in mains.items():
            # Two drums flammed together: their grace notes are aligned at the stroke that they lead to.
            runs = [
                sorted(run, key=lambda hit: hit.hit.onset_s)[::-1] for run in graces.get(place, {}).values()
            ]
            steps = max((len(run) for run in runs), default=0)
            small = tuple(
                self._heads([run[step] for run in runs if step < len(run)]) for step in reversed(range(steps))
            )
            chords[place] = _Chord(self._heads(strokes), small)
        return chords

    def _heads(self, strokes: Iterable[ScoreHit]) -> tuple[Head, ...]:
        """The heads of one chord, the lowest first; of equal ones the loudest is seen."""
        heads = [self._head(hit) for hit in strokes]
        heads.sort(key=lambda head: (head.written.staff_loc, head.notehead, -head.hit.velocity))
        seen: set[tuple[int, str]] = set()
        for index, head in enumerate(heads):
            look = (head.written.staff_loc, head.notehead.value)
            heads[index] = replace(head, doubled=look in seen)
            seen.add(look)
        return tuple(heads)

    def _head(self, placed: ScoreHit) -> Head:
        return Head(
            placed.hit,
            self._profile.written(placed.hit.instrument),
            placed.hit.id in self._marks.emphasis.ghosts,
            placed.hit.id in self._marks.emphasis.accents,
            placed.marks - {Mark.ROLL} if placed.is_grace else placed.marks,
            self._profile.sticking(placed.marks),
            placed.hit.id in self._marks.closing,
        )


@dataclass(frozen=True, slots=True)
class _Chord:
    heads: tuple[Head, ...]
    graces: tuple[tuple[Head, ...], ...]


_SILENCE = _Chord((), ())


def _event(value: Value, chords: Mapping[Fraction, _Chord]) -> Event:
    chord = _SILENCE if value.is_rest else chords[value.onset]
    return Event(
        value.onset,
        value.duration,
        value.base,
        value.dots,
        chord.heads,
        chord.graces,
        value.tuplet,
        value.beam,
        value.beams_after,
        fills_bar=value.fills_bar,
    )


def _hide_shared_rests(hands: Voice, feet: Voice) -> Voice:
    """Where both voices are silent the hands' rest stands for both."""
    silent = [(event.onset, event.onset + event.duration) for event in hands.events if event.is_rest]

    def covered(event: Event) -> bool:
        place, end = event.onset, event.onset + event.duration
        for start, stop in silent:
            if start <= place < stop:
                place = stop
        return place >= end

    return Voice(
        feet.number,
        tuple(
            replace(event, visible=False) if event.is_rest and covered(event) else event
            for event in feet.events
        ),
    )
