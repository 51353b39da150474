"""A drummer who plays a written style: sections and fills, two hands, two feet, and a person's timing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from transcription.core.training.drumming.fills import fill
from transcription.core.training.drumming.ornaments import taps
from transcription.core.training.drumming.performance import Note, Performance
from transcription.core.training.drumming.style_tabs import (
    METERS,
    TICKS,
    Style,
    Tab,
    TabMeter,
    Written,
    read_tab,
)

# How loud an instrument is played, relative to what is written: a hi-hat is stroked, a snare is struck.
_TOUCH = {
    "kick": 1.0, "snare": 1.0, "snare_rim": 1.05, "side_stick": 0.9,
    "hihat_closed": 0.8, "hihat_open": 0.9, "hihat_pedal": 0.72,
    "tom_high": 1.0, "tom_mid": 1.0, "tom_low": 1.0,
    "crash": 1.0, "china": 1.0, "splash": 0.95, "ride": 0.82, "ride_bell": 0.92,
    "cowbell": 0.9, "tambourine": 0.85, "shaker": 0.75, "clap": 0.95,
}  # fmt: skip
# Which stroke gives way when an instant asks for a third hand: the last of these.
_HANDS = (
    "crash", "china", "splash", "snare_rim", "snare", "side_stick", "tom_low", "tom_mid", "tom_high",
    "hihat_open", "ride_bell", "cowbell", "ride", "hihat_closed",
)  # fmt: skip
# One thing sounds where two are written on one instrument; a foot cannot close a hi-hat that is struck open.
_INSTEAD = (
    ("hihat_open", "hihat_closed"), ("hihat_open", "hihat_pedal"), ("hihat_closed", "hihat_pedal"),
    ("ride_bell", "ride"), ("snare_rim", "snare"), ("snare", "side_stick"), ("snare_rim", "side_stick"),
)  # fmt: skip
_KEEPS_TIME = frozenset(
    {"hihat_closed", "hihat_open", "ride", "ride_bell", "crash", "china", "cowbell", "splash"}
)

_APART_S = 0.014  # a little under the narrowest flam

Bar = dict[tuple[int, str], Written]


def played(rng: np.random.Generator, style: Style, bars: int) -> Performance:
    """Play ``bars`` bars of ``style``, as one song's drummer would: the same groove, never twice the same."""
    meter = METERS[style.meter]
    bar_ticks = round(meter.bar_quarters * TICKS)
    tempo_bpm = float(rng.uniform(*style.tempo_bpm))
    strokes: list[Written] = []
    for number, bar in enumerate(_bars(rng, style, meter, bars, 60.0 / tempo_bpm)):
        strokes += [stroke._replace(tick=stroke.tick + number * bar_ticks) for stroke in _by_limbs(bar)]
    return Performance(
        notes=tuple(_sounded(rng, strokes, style, tempo_bpm, bars * meter.bar_quarters)),
        length_quarters=bars * meter.bar_quarters,
        bar_quarters=meter.bar_quarters,
        beat_quarters=meter.beat_quarters,
        tempo_bpm=tempo_bpm,
        is_fill=False,
        split="any",
        style=style.name,
    )


def _bars(
    rng: np.random.Generator, style: Style, meter: TabMeter, bars: int, quarter_s: float
) -> Iterator[Bar]:
    verse = _section(rng, style)
    chorus = _section(rng, style) if rng.random() < 0.55 else verse
    phrase = 4 if rng.random() < 0.8 else 2
    # A stop: the band breaks off for a bar or two, and the drummer with it.
    silent = range(0)
    if rng.random() < 0.06:
        begin = int(rng.integers(bars))
        silent = range(begin, begin + int(rng.integers(1, 3)))
    filled = False
    for number in range(bars):
        if number in silent:
            yield {}
            continue
        section = verse if number < bars // 2 else chorus
        bar: Bar = {}
        for tab in section:
            for stroke in tab.bar(rng, number):
                bar[stroke.tick, stroke.instrument] = stroke
        if not style.machine and rng.random() < 0.2:
            _embellish(rng, bar)
        starts = number % 4 == 0 and (number > 0 or rng.random() < 0.5)
        if style.cymbals and (starts or filled) and rng.random() < style.crash_chance:
            _crash(rng, style, bar)
        filled = number % phrase == phrase - 1 and rng.random() < style.fill_chance
        if filled:
            _fill_end(rng, style, meter, bar, quarter_s)
        yield bar


def _section(rng: np.random.Generator, style: Style) -> tuple[Tab, ...]:
    """Draw what a verse or a chorus is played from."""
    keeper = style.keepers[int(rng.random() * len(style.keepers))]
    written = [style.grooves[int(rng.random() * len(style.grooves))], keeper]
    for chance, tab in style.extras:
        foot_is_busy = "hihat" in keeper and "hihat_pedal" in tab
        if rng.random() < chance and not foot_is_busy:
            written.append(tab)
    return tuple(read_tab(tab, style.meter).settled(rng) for tab in written)


def _embellish(rng: np.random.Generator, bar: Bar) -> None:
    """Leave out one stroke of what keeps time, or put a kick or a ghost note under it."""
    kept = [stroke for stroke in bar.values() if stroke.instrument in _KEEPS_TIME]
    if not kept:
        return
    stroke = kept[int(rng.random() * len(kept))]
    draw = rng.random()
    if draw < 0.4:
        del bar[stroke.tick, stroke.instrument]
    elif draw < 0.7:
        if stroke.tick % TICKS:  # off the beat: on the beat it would change the style
            bar.setdefault((stroke.tick, "kick"), Written(stroke.tick, "kick", 92))
    elif any(name == "snare" for _, name in bar):
        bar.setdefault((stroke.tick, "snare"), Written(stroke.tick, "snare", 28))


def _crash(rng: np.random.Generator, style: Style, bar: Bar) -> None:
    """Put a cymbal on one, in place of what keeps time there."""
    cymbal = style.cymbals[int(rng.random() * len(style.cymbals))]
    for instrument in _KEEPS_TIME:
        bar.pop((0, instrument), None)
    bar[0, cymbal] = Written(0, cymbal, 112)


def _fill_end(rng: np.random.Generator, style: Style, meter: TabMeter, bar: Bar, quarter_s: float) -> None:
    """Play a fill over the end of ``bar``; the hands leave what they were doing, the kick may go on."""
    groups = len(meter.groups)
    first_group = groups - 1 - int(rng.random() ** 2 * groups)
    begin = round(sum(meter.groups[:first_group]) * TICKS)
    kick_stays = rng.random() < 0.6
    for tick, instrument in list(bar):
        if tick >= begin and (instrument in _HANDS or (instrument == "kick" and not kick_stays)):
            del bar[tick, instrument]
    for stroke in fill(rng, style.fills, meter, first_group, quarter_s):
        bar[stroke.tick, stroke.instrument] = stroke


def _by_limbs(bar: Bar) -> Iterator[Written]:
    """Yield what two hands can play of ``bar``; tambourine, shaker and claps are other people's."""
    instants: dict[int, dict[str, Written]] = {}
    for (tick, instrument), stroke in bar.items():
        instants.setdefault(tick, {})[instrument] = stroke
    for tick in sorted(instants):
        instant = instants[tick]
        if len(instant) > 1:
            for stays, goes in _INSTEAD:
                if stays in instant and goes in instant:
                    del instant[goes]
            hands = [name for name in _HANDS if name in instant]
            ornate = [name for name in hands if instant[name].ornament]  # one drum, both hands
            for name in hands if ornate else hands[2:]:
                if name not in ornate[:1]:
                    del instant[name]
        yield from instant.values()


def _sounded(
    rng: np.random.Generator, strokes: list[Written], style: Style, tempo_bpm: float, length_quarters: float
) -> list[Note]:
    """Turn written strokes into notes: swung, early or late, louder or softer, with their ornaments."""
    if not strokes:
        return []
    quarter_s = 60.0 / tempo_bpm
    ticks = np.array([stroke.tick for stroke in strokes], np.float64)
    names = list(dict.fromkeys(stroke.instrument for stroke in strokes))
    numbers = {name: number for number, name in enumerate(names)}
    which = np.array([numbers[stroke.instrument] for stroke in strokes])
    positions = _swung(rng, ticks / TICKS, style)
    velocities = np.array([stroke.velocity for stroke in strokes], np.float64)
    positions += _looseness_s(rng, positions, which, len(names), style) / quarter_s
    touch = np.array([_TOUCH[name] for name in names]) * rng.normal(1.0, 0.07, len(names))
    velocities *= (touch * rng.uniform(*style.loudness))[which]
    velocities += rng.normal(0.0, 0.8 if style.machine else rng.uniform(2.5, 7.0), len(strokes))
    notes: list[Note] = []
    latest = length_quarters - 1e-4
    for stroke, position, velocity in zip(strokes, positions.tolist(), velocities.tolist(), strict=True):
        sounding: Iterable[tuple[float, float]] = ((0.0, velocity),)
        if stroke.ornament:
            sounding = taps(rng, stroke.ornament, velocity, stroke.ticks / TICKS * quarter_s)
        for after_s, loudness in sounding:
            at = position + after_s / quarter_s
            if at >= 0.0 or after_s >= 0.0:  # no grace note before the first bar
                notes.append(Note(min(max(0.0, at), latest), stroke.instrument, _velocity(loudness)))
    notes.sort(key=lambda note: note.position)
    return list(_apart(notes, _APART_S / quarter_s))


def _apart(notes: list[Note], apart_quarters: float) -> Iterator[Note]:
    """Leave out strokes that follow another of their instrument too soon to be heard as two."""
    latest: dict[str, float] = {}
    for note in notes:
        if note.position - latest.get(note.instrument, -1.0) > apart_quarters:
            latest[note.instrument] = note.position
            yield note


def _swung(rng: np.random.Generator, quarters: NDArray[np.float64], style: Style) -> NDArray[np.float64]:
    late, unit, written = float(rng.uniform(*style.swing)), style.swing_quarters, style.swing_written
    if late == written:
        return quarters
    whole, part = np.divmod(quarters / unit, 1.0)
    warped = np.interp(part, (0.0, written, 1.0), (0.0, late, 1.0))
    return np.asarray((whole + warped) * unit)


def _looseness_s(
    rng: np.random.Generator,
    positions: NDArray[np.float64],
    which: NDArray[np.int64],
    names: int,
    style: Style,
) -> NDArray[np.float64]:
    """How late each stroke comes: the tempo breathes, an instrument sits ahead or behind, a stick slips."""
    if style.machine:
        return np.zeros(len(positions))
    beats = int(positions[-1]) + 2
    breath = np.interp(positions, np.arange(beats), rng.normal(0.0, 0.004, beats))
    slack_s = float(rng.uniform(0.002, 0.009))
    return np.asarray(
        breath + rng.normal(0.0, 0.004, names)[which] + rng.normal(0.0, slack_s, len(positions))
    )


def _velocity(loudness: float) -> int:
    return min(127, max(8, round(loudness)))
