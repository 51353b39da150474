"""The demo song: a short piece for drums, bass and electric piano, rendered wholly by code.

It shows the site without anybody's recording, and it is a song for tests whose every stroke is known.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from media.core.audio import Audio
from notation.core.beat_grid import Beat, BeatGrid, Meter
from notation.core.hits import Hit
from notation.core.instruments import InstrumentName
from transcription.core.demo_sounds import RATE, VOICES, Sound, bass_note, piano_chord

TITLE = "Sixteen Bars for Anyone"
ARTIST = "drumsite"
TEMPO_BPM = 104.0
BARS = 16
LEAD_IN_S = 0.5
_TAIL_S = 3.2
_BEATS = 4
_STEPS = 16  # a bar's sixteenths
_STEP_S = 60.0 / TEMPO_BPM / 4
_TIMING_SPREAD_S = 0.003  # of a good drummer's strokes around the click

_I = InstrumentName
# MIDI velocity of each sign: accent, normal, soft, ghost.
_VELOCITY = {"X": 116, "x": 96, "o": 74, "g": 36}

Bar = dict[InstrumentName, str]

# A character a sixteenth, as drummers write tablature.
_VERSE: Bar = {
    _I.HIHAT_CLOSED: "x-o-x-o-x-o-x-o-",
    _I.SNARE:        "----X--g-g--X---",
    _I.KICK:         "X-----x-X-x-----",
}  # fmt: skip
_VERSE_LIFT: Bar = {
    _I.HIHAT_CLOSED: "x-o-x-o-x-o-x---",
    _I.HIHAT_OPEN:   "--------------X-",
    _I.SNARE:        "----X--g-g--X--g",
    _I.KICK:         "X--x----X-x---x-",
}  # fmt: skip
_SIXTEENTHS: Bar = {
    _I.HIHAT_CLOSED: "xoxoxoxoxoxoxoxo",
    _I.SNARE:        "----X-------X---",
    _I.KICK:         "X-----x---x-----",
}  # fmt: skip
_CHORUS: Bar = {
    _I.RIDE:  "X-x-X-x-X-x-X-x-",
    _I.SNARE: "----X-------X--g",
    _I.KICK:  "X---x--xX---x---",
}  # fmt: skip
_CHORUS_BELL: Bar = {
    _I.RIDE_BELL: "X-------X-------",
    _I.RIDE:      "----x-x-----x-x-",
    _I.SNARE:     "----X--g-g--X---",
    _I.KICK:      "X--x--x---x-----",
}  # fmt: skip
_FILL: Bar = {
    _I.HIHAT_CLOSED: "x-o-x-o---------",
    _I.SNARE:        "----X---XxXx----",
    _I.TOM_HIGH:     "------------Xx--",
    _I.TOM_MID:      "--------------X-",
    _I.TOM_LOW:      "---------------X",
    _I.KICK:         "X-----x-X-------",
}  # fmt: skip
_BIG_FILL: Bar = {
    _I.SNARE:    "XxXx------------",
    _I.TOM_HIGH: "----XxXx--------",
    _I.TOM_MID:  "--------XxXx----",
    _I.TOM_LOW:  "------------XxXx",
    _I.KICK:     "X---X---X---X---",
}  # fmt: skip

_FORM: tuple[Bar, ...] = (
    _VERSE, _VERSE, _VERSE, _VERSE_LIFT,
    _SIXTEENTHS, _SIXTEENTHS, _SIXTEENTHS, _FILL,
    _CHORUS, _CHORUS, _CHORUS_BELL, _CHORUS,
    _VERSE, _VERSE_LIFT, _VERSE, _BIG_FILL,
)  # fmt: skip
_CRASHES_AT = (0, 8, 12)  # bars that begin with a crash in place of the hi-hat or ride
_LAST: Bar = {_I.CRASH: "X---------------", _I.KICK: "X---------------"}

# Bass note and chord of each bar, four bars round: A minor, F, C, G.
_HARMONY = (
    (33, (57, 60, 64)),
    (29, (57, 60, 65)),
    (36, (55, 60, 64)),
    (31, (55, 59, 62)),
)
_BASS_STEPS = (0, 6, 8, 11)

# Place of each drum between left (-1) and right (+1), and its share of the mix, as a sound engineer sets it.
_PLACE = {
    _I.KICK: (0.0, 0.95), _I.SNARE: (0.05, 0.80), _I.SIDE_STICK: (0.05, 0.8),
    _I.HIHAT_CLOSED: (0.35, 0.62), _I.HIHAT_OPEN: (0.35, 0.62), _I.HIHAT_PEDAL: (0.35, 0.7),
    _I.TOM_HIGH: (0.25, 0.85), _I.TOM_MID: (-0.1, 0.85), _I.TOM_LOW: (-0.4, 0.9),
    _I.CRASH: (0.5, 0.75), _I.RIDE: (-0.45, 0.75), _I.RIDE_BELL: (-0.45, 0.75),
}  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class DemoSong:
    """The rendered piece with what was played in it: ``hits`` and ``grid`` are the truth, not an estimate."""

    title: str
    artist: str
    audio: Audio
    hits: tuple[Hit, ...]
    grid: BeatGrid


def render_demo_song(*, bars: int = BARS, seed: int = 104, backing: float = 1.0) -> DemoSong:
    """Render the piece; equal arguments give equal samples.

    Args:
        bars: its length; a last stroke of crash and kick follows on the one after it. 16 bars are 41 s.
        seed: of the drummer's small deviations and of the noise in the sounds.
        backing: level of bass and piano; 0 leaves the drums alone.
    Returns:
        Stereo at 44.1 kHz.
    """
    rng = np.random.default_rng(seed)
    hits = _played(bars, rng)
    duration_s = LEAD_IN_S + (bars * _STEPS) * _STEP_S + _TAIL_S
    drums = _with_room(_drums(hits, duration_s, rng), rng)
    mix = drums + backing * _backing(bars, duration_s)
    # As a mastering limiter would: the loudest strokes are rounded, nothing is cut off.
    samples = np.tanh(mix / np.abs(mix).max() * 1.3) * 0.9
    return DemoSong(
        title=TITLE,
        artist=ARTIST,
        audio=Audio(samples=samples.astype(np.float32), rate=RATE),
        hits=hits,
        grid=_grid(bars),
    )


def _played(bars: int, rng: np.random.Generator) -> tuple[Hit, ...]:
    """Every stroke as the drummer plays it: near the grid, never twice equally hard."""
    hits: list[Hit] = []
    for number in range(bars + 1):
        for instrument, steps in _bar(number, bars).items():
            for step, sign in enumerate(steps):
                if sign == "-":
                    continue
                late_s = float(np.clip(rng.normal(0.0, _TIMING_SPREAD_S), -0.008, 0.008))
                velocity = int(np.clip(_VELOCITY[sign] + rng.integers(-5, 6), 1, 127))
                onset_s = LEAD_IN_S + (number * _STEPS + step) * _STEP_S + late_s
                hits.append(Hit("", onset_s, instrument, velocity, 1.0))
    hits.sort(key=lambda hit: (hit.onset_s, hit.instrument))
    return tuple(replace(hit, id=f"h{count}") for count, hit in enumerate(hits, start=1))


def _bar(number: int, bars: int) -> Bar:
    if number == bars:
        return _LAST
    if number == bars - 1:
        return _BIG_FILL
    bar = _FORM[number % len(_FORM)]
    if number % len(_FORM) not in _CRASHES_AT:
        return bar
    crashed = {_I.CRASH: "X" + "-" * (_STEPS - 1)}
    for instrument, steps in bar.items():
        leads = instrument in (_I.HIHAT_CLOSED, _I.RIDE)
        crashed[instrument] = "-" + steps[1:] if leads else steps
    return crashed


def _drums(hits: tuple[Hit, ...], duration_s: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """The strokes placed in the stereo picture, shape (2, samples)."""
    sound = np.zeros((2, round(duration_s * RATE)))
    hats = [hit.onset_s for hit in hits if hit.instrument in (_I.HIHAT_CLOSED, _I.HIHAT_PEDAL)]
    for hit in hits:
        stroke = VOICES[hit.instrument]((hit.velocity / 127) ** 1.5, rng)
        if hit.instrument is _I.HIHAT_OPEN:
            stroke = _closed_by_the_next(stroke, hit.onset_s, hats)
        place, level = _PLACE[hit.instrument]
        _add(sound, stroke * level, hit.onset_s, place)
    return sound


def _closed_by_the_next(stroke: Sound, onset_s: float, closing_s: list[float]) -> Sound:
    later = [time_s for time_s in closing_s if time_s > onset_s]
    samples = round((min(later) - onset_s) * RATE) if later else len(stroke)
    if samples >= len(stroke):
        return stroke
    stroke = stroke.copy()
    stroke[samples:] *= np.exp(-np.arange(len(stroke) - samples) / (0.012 * RATE))
    return stroke


def _with_room(sound: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    """Add a small room: a few early echoes and a short, dark tail, different left and right."""
    samples = round(0.35 * RATE)
    time_s = np.arange(samples) / RATE
    tail = rng.standard_normal((2, samples)) * np.exp(-time_s / 0.07)
    tail = np.cumsum(tail, axis=1) * 0.02 + tail * 0.4
    tail *= 1 - np.exp(-time_s / 0.008)
    tail /= np.sqrt(np.sum(tail**2, axis=1, keepdims=True))
    # A power of two: the length itself may have large prime factors, five times the time (measured).
    length = 1 << (sound.shape[1] + samples - 1).bit_length()
    wet = np.fft.irfft(np.fft.rfft(sound, length) * np.fft.rfft(tail, length), length)
    return np.asarray(sound + 0.16 * wet[:, : sound.shape[1]])


def _backing(bars: int, duration_s: float) -> NDArray[np.float64]:
    """Bass and piano, shape (2, samples)."""
    sound = np.zeros((2, round(duration_s * RATE)))
    for number in range(bars + 1):
        root, chord = _HARMONY[number % len(_HARMONY)] if number < bars else _HARMONY[0]
        begin_s = LEAD_IN_S + number * _STEPS * _STEP_S
        if number == bars:
            _add(sound, 0.42 * bass_note(root, 2.2), begin_s, 0.0)
            _add(sound, 0.5 * piano_chord(chord, 2.4), begin_s, -0.3)
            continue
        for step, until in zip(_BASS_STEPS, (*_BASS_STEPS[1:], _STEPS), strict=True):
            note = bass_note(root + (12 if step == 11 else 0), (until - step) * _STEP_S)
            _add(sound, 0.34 * note, begin_s + step * _STEP_S, 0.0)
        _add(sound, 0.42 * piano_chord(chord, _STEPS * _STEP_S), begin_s, -0.3)
    return sound


def _add(into: NDArray[np.float64], sound: Sound, at_s: float, place: float) -> None:
    """Mix ``sound`` in at ``at_s``, ``place`` from left (-1) to right (+1), at constant power."""
    begin = round(at_s * RATE)
    sound = sound[: into.shape[1] - begin]
    angle = (place + 1) * np.pi / 4
    into[0, begin : begin + len(sound)] += np.cos(angle) * sound
    into[1, begin : begin + len(sound)] += np.sin(angle) * sound


def _grid(bars: int) -> BeatGrid:
    beats = tuple(
        Beat(LEAD_IN_S + (bar * _BEATS + beat) * 60.0 / TEMPO_BPM, bar + 1, beat + 1)
        for bar in range(bars + 1)
        for beat in range(_BEATS)
    )
    return BeatGrid(beats, (Meter(1, _BEATS, 4),), TEMPO_BPM, unreliable=False)
