"""What chords an accompaniment goes through: a key, a mode and a progression."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

_MODES = {
    "major": (0, 2, 4, 5, 7, 9, 11), "minor": (0, 2, 3, 5, 7, 8, 10), "dorian": (0, 2, 3, 5, 7, 9, 10),
    "mixolydian": (0, 2, 4, 5, 7, 9, 10), "phrygian": (0, 1, 3, 5, 7, 8, 10),
    "lydian": (0, 2, 4, 6, 7, 9, 11),
    "harmonic_minor": (0, 2, 3, 5, 7, 8, 11),
}  # fmt: skip
# Degrees from 0, one a bar; common in their styles.
_PROGRESSIONS = {
    "major": (
        (0, 4, 5, 3), (0, 5, 3, 4), (5, 3, 0, 4), (0, 3, 4, 3), (0, 3, 0, 4), (0, 2, 3, 4), (1, 4, 0, 0),
        (0, 5, 1, 4), (0, 4, 5, 2, 3, 0, 3, 4), (3, 4, 2, 5), (0, 1, 3, 0), (0,),
    ),
    "minor": (
        (0, 5, 2, 6), (0, 6, 5, 6), (0, 3, 4, 0), (0, 5, 6, 0), (0, 6, 5, 4), (0, 3, 6, 2), (0, 0, 5, 6),
        (0,),
    ),
    "dorian": ((0, 3), (0, 3, 0, 4), (0, 1), (0,)),
    "mixolydian": ((0, 6, 3, 0), (0, 3, 6, 3), (0, 4, 3, 0, 0, 0, 3, 4),
        (0, 0, 0, 0, 3, 3, 0, 0, 4, 3, 0, 4)),
    "phrygian": ((0, 1), (0, 1, 2, 1), (0, 0, 0, 1)),
    "lydian": ((0, 1), (0, 4, 1, 0)),
    "harmonic_minor": ((0, 3, 4, 0), (0, 5, 3, 4), (1, 4, 0, 0)),
}  # fmt: skip
_MODE_WEIGHTS = {
    "major": 0.34, "minor": 0.28, "dorian": 0.1, "mixolydian": 0.14, "phrygian": 0.05, "lydian": 0.03,
    "harmonic_minor": 0.06,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Chord:
    """``root`` is a pitch class, 0 is C; ``tones`` are semitones above it, ascending from 0."""

    root: int
    tones: tuple[int, ...]

    def voiced(self, lowest: int, count: int) -> list[int]:
        """Return ``count`` MIDI pitches of the chord, ascending, the first at or next above ``lowest``."""
        classes = {(self.root + tone) % 12 for tone in self.tones}
        pitches = (pitch for pitch in range(lowest, lowest + 12 * count + 12) if pitch % 12 in classes)
        return [pitch for pitch, _ in zip(pitches, range(count), strict=False)]

    def root_from(self, lowest: int) -> int:
        """Return the root's MIDI pitch at or next above ``lowest``."""
        return lowest + (self.root - lowest) % 12


@dataclass(frozen=True, slots=True)
class Harmony:
    """A key with the chord of each bar, repeated; ``scale`` holds the key's seven pitch classes."""

    scale: tuple[int, ...]
    chords: tuple[Chord, ...]

    def chord(self, bar: int) -> Chord:
        return self.chords[bar % len(self.chords)]

    def scale_from(self, lowest: int, highest: int) -> list[int]:
        """Return the key's MIDI pitches within ``lowest`` … ``highest``."""
        return [pitch for pitch in range(lowest, highest + 1) if pitch % 12 in self.scale]


def drawn_harmony(rng: np.random.Generator) -> Harmony:
    """Draw a key, a mode, a progression and how rich its chords are."""
    modes = list(_MODES)
    mode = modes[int(rng.choice(len(modes), p=[_MODE_WEIGHTS[name] for name in modes]))]
    key = int(rng.integers(12))
    progressions = _PROGRESSIONS[mode]
    degrees: Sequence[int] = progressions[int(rng.integers(len(progressions)))]
    begin = int(rng.integers(len(degrees)))
    degrees = (*degrees[begin:], *degrees[:begin])
    thirds = int(rng.choice((3, 4, 5), p=(0.62, 0.28, 0.10)))
    dominant = rng.random() < 0.1
    chords = []
    for degree in degrees:
        steps = [degree + 2 * third for third in range(thirds)]
        pitches = [_MODES[mode][step % 7] + 12 * (step // 7) for step in steps]
        tones = (0, 4, 7, 10) if dominant else tuple(pitch - pitches[0] for pitch in pitches)
        chords.append(Chord((key + pitches[0]) % 12, tones))
    if rng.random() < 0.15:
        chords = [chord for chord in chords for _ in range(2)]
    return Harmony(tuple((key + step) % 12 for step in _MODES[mode]), tuple(chords))
