"""What each player of an accompaniment plays: notes made from a rhythm and the chords beneath it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from transcription.core.training.band.harmony import Chord, Harmony
from transcription.core.training.band.timing import Grid, Hit


@dataclass(frozen=True, slots=True)
class Note:
    """One note to sound: MIDI ``pitch``, ``velocity`` 0..1; ``is_damped`` when a hand rests on the string."""

    onset_s: float
    length_s: float
    pitch: int
    velocity: float
    is_damped: bool = False


@dataclass(frozen=True, slots=True)
class Touch:
    """How one player keeps time: always ``offset_s`` behind the drums, scattering by ``scatter_s``.

    ``gate`` is the share of its place that a note is held for, ``dynamics`` how much velocities differ.
    """

    offset_s: float
    scatter_s: float
    gate: float
    dynamics: float

    @classmethod
    def drawn(cls, rng: np.random.Generator) -> Touch:
        return cls(
            offset_s=float(np.clip(rng.normal(0.001, 0.007), -0.016, 0.022)),
            scatter_s=float(rng.uniform(0.002, 0.011)),
            gate=float(rng.choice((0.25, 0.5, 0.8, 0.95, 1.1), p=(0.1, 0.15, 0.25, 0.25, 0.25))),
            dynamics=float(rng.uniform(0.05, 0.3)),
        )

    def played(self, rng: np.random.Generator, hits: Sequence[Hit]) -> list[Hit]:
        """Return ``hits`` as this player places them."""
        count = len(hits)
        late_s = rng.normal(self.offset_s, self.scatter_s, count)
        louder = 1.0 + rng.normal(0, self.dynamics, count)
        return [
            Hit(
                hit.onset_s + float(late),
                max(0.05, hit.length_s * self.gate),
                float(np.clip(0.85 * hit.accent * loud, 0.15, 1.0)),
                hit.step,
            )
            for hit, late, loud in zip(hits, late_s, louder, strict=True)
        ]


@dataclass(frozen=True, slots=True, eq=False)
class Song:
    """What all players of a clip share."""

    grid: Grid
    harmony: Harmony

    def chords(self, hits: Sequence[Hit]) -> list[Chord]:
        """Return the chord under each of ``hits``; a hit just before a bar already belongs to it."""
        bars_s = self.grid.at([float(bar) for bar in self.grid.bars])
        bars = np.searchsorted(bars_s, np.array([hit.onset_s for hit in hits]) + 0.15 * self.grid.beat_s) - 1
        return [self.harmony.chord(int(bar)) for bar in bars]


Texture = Callable[[np.random.Generator, Song, Sequence[Hit], int], list[Note]]


def bass(rng: np.random.Generator, song: Song, hits: Sequence[Hit], lowest: int) -> list[Note]:
    """Roots, with fifths and octaves now and then."""
    wander = float(rng.choice((0.0, 0.15, 0.4)))
    notes = []
    for hit, chord in zip(hits, song.chords(hits), strict=True):
        root = chord.root_from(lowest)
        up = int(rng.choice((7, 12, 5, -5))) if hit.step and rng.random() < wander else 0
        notes.append(Note(hit.onset_s, hit.length_s, root + up if root + up >= lowest else root, hit.accent))
    return notes


def walking(rng: np.random.Generator, song: Song, hits: Sequence[Hit], lowest: int) -> list[Note]:
    """A root on each change, steps towards the next chord between."""
    notes: list[Note] = []
    chords = song.chords(hits)
    pitch = lowest + 7
    for index, (hit, chord) in enumerate(zip(hits, chords, strict=True)):
        is_change = index == 0 or chords[index - 1] is not chord or hit.step == 0
        if is_change:
            pitch = chord.root_from(lowest)
        else:
            near = [p for p in song.harmony.scale_from(lowest, lowest + 22) if 0 < abs(p - pitch) <= 4]
            pitch = int(rng.choice(near)) if near else pitch
        notes.append(Note(hit.onset_s, hit.length_s, pitch, hit.accent))
    return notes


def strum(rng: np.random.Generator, song: Song, hits: Sequence[Hit], lowest: int) -> list[Note]:
    """A plectrum across four to six strings: down on even places, up and lighter on odd ones, some muted."""
    strings = int(rng.integers(4, 7))
    muted = float(rng.choice((0.0, 0.12, 0.45)))
    down_s = float(rng.uniform(0.008, 0.032))
    notes = []
    for hit, chord in zip(hits, song.chords(hits), strict=True):
        pitches = chord.voiced(lowest, strings)
        is_up = hit.step % 2 == 1
        is_muted = bool(hit.step) and rng.random() < muted
        spread_s = down_s * float(rng.uniform(0.6, 1.3)) * (0.6 if is_up else 1.0)
        if is_up:
            pitches = pitches[: -1 - int(rng.integers(3, 5)) : -1]
        length_s = float(rng.uniform(0.03, 0.07)) if is_muted else hit.length_s
        for number, pitch in enumerate(pitches):
            onset_s = hit.onset_s + spread_s * (number / max(1, len(pitches) - 1) - 0.3)
            velocity = hit.accent * float(rng.uniform(0.75, 1.0))
            notes.append(Note(onset_s, length_s, pitch, velocity, is_muted))
    return notes


def block(rng: np.random.Generator, song: Song, hits: Sequence[Hit], lowest: int) -> list[Note]:
    """Two to four notes struck as one, as on keys or by a section."""
    count = int(rng.integers(2, 5))
    spread_s = float(rng.uniform(0.0, 0.008))
    return [
        Note(hit.onset_s + spread_s * number / count, hit.length_s, pitch, hit.accent)
        for hit, chord in zip(hits, song.chords(hits), strict=True)
        for number, pitch in enumerate(chord.voiced(lowest, count))
    ]


def power(rng: np.random.Generator, song: Song, hits: Sequence[Hit], lowest: int) -> list[Note]:
    """Root, fifth and octave; between the accents some are damped by the palm."""
    palm = float(rng.choice((0.0, 0.0, 0.5, 0.9)))
    notes = []
    for hit, chord in zip(hits, song.chords(hits), strict=True):
        root = chord.root_from(lowest)
        is_palmed = hit.accent < 0.8 and rng.random() < palm
        length_s = min(hit.length_s, 0.09) if is_palmed else hit.length_s
        for number, above in enumerate((0, 7) if is_palmed else (0, 7, 12)):
            notes.append(Note(hit.onset_s + 0.004 * number, length_s, root + above, hit.accent))
    return notes


def arpeggio(rng: np.random.Generator, song: Song, hits: Sequence[Hit], lowest: int) -> list[Note]:
    """The chord's notes one after another, up, down, both or in no order."""
    count = int(rng.integers(3, 7))
    ways = (
        range(count),
        range(count)[::-1],
        (*range(count), *range(1, count - 1)[::-1]),
        rng.permutation(count),
    )
    order = [int(place) for place in ways[int(rng.integers(len(ways)))]]
    ring = float(rng.choice((1.0, 1.0, 2.5)))
    return [
        Note(
            hit.onset_s,
            hit.length_s * ring,
            chord.voiced(lowest, count)[order[index % len(order)]],
            hit.accent,
        )
        for index, (hit, chord) in enumerate(zip(hits, song.chords(hits), strict=True))
    ]


def melody(rng: np.random.Generator, song: Song, hits: Sequence[Hit], lowest: int) -> list[Note]:
    """Steps through the key that lean on the chord, in phrases with rests between."""
    scale = song.harmony.scale_from(lowest, lowest + 19)
    place = len(scale) // 2
    notes: list[Note] = []
    phrase_left = int(rng.integers(3, 12))
    for hit, chord in zip(hits, song.chords(hits), strict=True):
        phrase_left -= 1
        if phrase_left < 0:
            if phrase_left < -int(rng.integers(1, 6)):
                phrase_left = int(rng.integers(3, 14))
            continue
        place = int(np.clip(place + rng.choice((-3, -2, -1, -1, 0, 1, 1, 2, 4)), 0, len(scale) - 1))
        classes = {(chord.root + tone) % 12 for tone in chord.tones}
        if hit.accent > 0.8 and scale[place] % 12 not in classes and place + 1 < len(scale):
            place += 1
        notes.append(Note(hit.onset_s, hit.length_s, scale[place], hit.accent))
    return notes


def riff(rng: np.random.Generator, song: Song, hits: Sequence[Hit], lowest: int) -> list[Note]:
    """The same few low notes over and over, whatever the chord."""
    root = song.harmony.chord(0).root_from(lowest)
    figure = rng.choice((0, 0, 0, 3, 5, 7, 10, 12), int(rng.integers(2, 9)))
    return [
        Note(hit.onset_s, hit.length_s, root + int(figure[index % len(figure)]), hit.accent)
        for index, hit in enumerate(hits)
    ]
