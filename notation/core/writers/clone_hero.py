"""Charts for the game Clone Hero: a ``notes.chart`` with Expert Pro Drums.

Source: the .chart format as documented in github.com/TheNathannator/GuitarGame_ChartFormats. The game has a
pedal and four lanes; three of the lanes tell cymbals from drums.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum

from notation.core.instruments import InstrumentName
from notation.core.score import Mark, Score
from notation.core.spelling.emphasis import Emphasis, emphasis_of
from notation.core.texts import plain_text
from notation.core.writers.ticks import TICKS_A_QUARTER, Ticked, TickedStroke, ticked

# A chart marks every second kick as optional where they come faster than one pedal can: 5 to 6 a second.
_FASTEST_ONE_PEDAL_S = 1 / 5.5

_KICK, _SECOND_KICK = 0, 32
_ACCENT, _GHOST, _CYMBAL = 33, 39, 64  # added to a lane's number
_ROLL = 65  # a phrase, not a note


class _Lane(IntEnum):
    RED = 1
    YELLOW = 2
    BLUE = 3
    GREEN = 4


@dataclass(frozen=True, slots=True)
class Gem:
    """One thing to hit: a lane, and whether it is the lane's cymbal. The kick's lane is 0."""

    lane: int
    is_cymbal: bool = False


_I = InstrumentName
# Where each instrument is charted. The game has one place for what a kit has three or four of.
GEMS: Mapping[InstrumentName, Gem] = {
    _I.KICK: Gem(_KICK),
    _I.SNARE: Gem(_Lane.RED),
    _I.SIDE_STICK: Gem(_Lane.RED),
    _I.CLAP: Gem(_Lane.RED),
    _I.HIHAT_CLOSED: Gem(_Lane.YELLOW, is_cymbal=True),
    _I.HIHAT_OPEN: Gem(_Lane.YELLOW, is_cymbal=True),
    _I.HIHAT_PEDAL: Gem(_Lane.YELLOW, is_cymbal=True),
    _I.TAMBOURINE: Gem(_Lane.YELLOW, is_cymbal=True),
    _I.TOM_HIGH: Gem(_Lane.YELLOW),
    _I.TOM_MID: Gem(_Lane.BLUE),
    _I.TOM_LOW: Gem(_Lane.GREEN),
    _I.RIDE: Gem(_Lane.BLUE, is_cymbal=True),
    _I.RIDE_BELL: Gem(_Lane.BLUE, is_cymbal=True),
    _I.COWBELL: Gem(_Lane.BLUE, is_cymbal=True),
    _I.CRASH: Gem(_Lane.GREEN, is_cymbal=True),
    _I.CHINA: Gem(_Lane.GREEN, is_cymbal=True),
    _I.SPLASH: Gem(_Lane.GREEN, is_cymbal=True),
}


@dataclass(frozen=True, slots=True)
class _ChartedStroke:
    """A stroke and the gem it became."""

    stroke: TickedStroke
    gem: Gem


def write_clone_hero(score: Score) -> bytes:
    """Write ``score`` as a ``notes.chart``, UTF-8."""
    music = ticked(score)
    sections = {
        "Song": _song(score, music),
        "SyncTrack": _sync_track(music),
        "Events": _events(music),
        "ExpertDrums": _drums(music, emphasis_of(score.hits)),
    }
    lines: list[str] = []
    for name, entries in sections.items():
        lines += [f"[{name}]", "{", *(f"  {entry}" for entry in entries), "}"]
    return ("\n".join(lines) + "\n").encode()


def _charted(strokes: Iterable[TickedStroke]) -> list[_ChartedStroke]:
    """Give each stroke its lane.

    A lane holds one gem at a tick: of two cymbals struck together, or a tom and the cymbal of its colour, one
    goes to the nearest free lane. Two hands and a hi-hat foot always fit; more share a gem.
    """
    charted: list[_ChartedStroke] = []
    together: list[TickedStroke] = []
    for stroke in strokes:
        if together and together[0].tick != stroke.tick:
            charted += _chord(together)
            together = []
        together.append(stroke)
    return charted + (_chord(together) if together else [])


def _chord(strokes: list[TickedStroke]) -> list[_ChartedStroke]:
    taken: dict[int, Gem] = {}
    charted = []
    # Drums first: a cymbal on another lane is still a cymbal, a snare on another lane is no snare.
    for stroke in sorted(strokes, key=lambda stroke: GEMS[stroke.placed.hit.instrument].is_cymbal):
        wanted = GEMS[stroke.placed.hit.instrument]
        free = [gem for gem in _choices(wanted) if gem.lane not in taken]
        gem = free[0] if free else taken.get(wanted.lane, wanted)
        taken[gem.lane] = gem
        charted.append(_ChartedStroke(stroke, gem))
    return charted


def _choices(wanted: Gem) -> Iterator[Gem]:
    """The gem itself, then the same kind on the lanes beside it, the nearest first."""
    yield wanted
    if wanted.lane == _KICK:
        return
    others = (lane for lane in (_Lane.YELLOW, _Lane.BLUE, _Lane.GREEN) if lane != wanted.lane)
    for lane in sorted(others, key=lambda lane: abs(lane - wanted.lane)):
        yield Gem(lane, wanted.is_cymbal)
    if wanted.lane != _Lane.RED:
        yield Gem(_Lane.RED)


def _song(score: Score, music: Ticked) -> Iterator[str]:
    first = music.bars[0]
    offset_s = first.bar.start_s - first.quarter_s * music.lead_in / TICKS_A_QUARTER
    yield f'Name = "{_quotable(score.title) or "Drums"}"'
    if artist := _quotable(score.artist):
        yield f'Artist = "{artist}"'
    yield 'Charter = "drumsite"'
    yield f"Resolution = {TICKS_A_QUARTER}"
    yield f"Offset = {offset_s:.3f}"


def _quotable(text: str) -> str:
    """``text`` on one line without quotation marks, which the format has no way to escape."""
    return " ".join(plain_text(text).replace('"', "'").split())


def _sync_track(music: Ticked) -> Iterator[str]:
    last = None
    if music.lead_in:
        last = (1, 4 * TICKS_A_QUARTER // music.lead_in)
        yield f"0 = TS {_signature(last)}"
        yield f"0 = B {_milli_bpm(music.bars[0].quarter_s)}"
    for bar in music.bars:
        if bar.signature != last:
            last = bar.signature
            yield f"{bar.tick} = TS {_signature(last)}"
        yield f"{bar.tick} = B {_milli_bpm(bar.quarter_s)}"


def _signature(signature: tuple[int, int]) -> str:
    """The denominator is a power of two; 2, a quarter, is what the format takes for granted."""
    beats, beat_type = signature
    return f"{beats}" if beat_type == 4 else f"{beats} {beat_type.bit_length() - 1}"


def _milli_bpm(quarter_s: float) -> int:
    return max(1, round(60_000 / quarter_s))


def _events(music: Ticked) -> Iterator[str]:
    for bar in music.bars:
        if name := _quotable(bar.bar.section or ""):
            yield f'{bar.tick} = E "section {name}"'
    yield f'{music.end} = E "end"'


def _drums(music: Ticked, emphasis: Emphasis) -> Iterator[str]:
    charted = _charted(music.strokes)
    doubled = _second_pedal(charted, music)
    written: set[str] = set()
    for entry in charted:
        stroke, gem = entry.stroke, entry.gem
        hit_id = stroke.placed.hit.id
        notes = [_SECOND_KICK if stroke.tick in doubled and gem.lane == _KICK else gem.lane]
        if gem.is_cymbal:
            notes.append(gem.lane + _CYMBAL)
        # A kick can be neither.
        if hit_id in emphasis.accents and gem.lane != _KICK:
            notes.append(gem.lane + _ACCENT)
        elif (hit_id in emphasis.ghosts or stroke.placed.is_grace) and gem.lane != _KICK:
            notes.append(gem.lane + _GHOST)
        lines = [f"{stroke.tick} = N {note} 0" for note in notes]
        if Mark.ROLL in stroke.placed.marks and stroke.roll_ticks and gem.lane != _KICK:
            lines.append(f"{stroke.tick} = S {_ROLL} {stroke.roll_ticks}")
        for line in lines:
            if line not in written:  # strokes that share a gem
                written.add(line)
                yield line


def _second_pedal(charted: Iterable[_ChartedStroke], music: Ticked) -> frozenset[int]:
    """The ticks of every second kick of those too fast for one pedal."""
    starts = [bar.tick for bar in music.bars]
    times: dict[int, float] = {}
    place = 0
    for entry in charted:
        if entry.gem.lane == _KICK:
            tick = entry.stroke.tick
            while place + 1 < len(starts) and starts[place + 1] <= tick:
                place += 1
            bar = music.bars[place]
            times[tick] = bar.bar.start_s + (tick - bar.tick) / TICKS_A_QUARTER * bar.quarter_s
    doubled: set[int] = set()
    last_tick, last_s = -1, float("-inf")
    for tick, time_s in times.items():
        if time_s - last_s < _FASTEST_ONE_PEDAL_S and last_tick not in doubled:
            doubled.add(tick)
        last_tick, last_s = tick, time_s
    return frozenset(doubled)
