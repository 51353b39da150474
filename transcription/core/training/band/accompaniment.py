"""A band that plays along with rendered drums, in time with them, in as many styles as its parts allow."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace

import numpy as np

from transcription.core.training.band import amplifiers
from transcription.core.training.band.harmony import drawn_harmony
from transcription.core.training.band.note_bank import NoteBank
from transcription.core.training.band.parts import Song, Touch
from transcription.core.training.band.sounds import (
    Instrument,
    SampledInstrument,
    SynthInstrument,
)
from transcription.core.training.band.styles import ROLES, SINGER, STYLES, SYNTH, Role
from transcription.core.training.band.timing import Hit, grid_of, rhythm
from transcription.core.training.band.voice import Singer
from transcription.core.training.drumming.compose import Composition
from transcription.core.training.sound.effects import Sound, gain, level
from transcription.core.training.sound.material import RATE

_MOST_PLAYERS = 6
# How far apart the players of a mix lie in level.
_BALANCE_DB = 3.5


class Band:
    """Plays accompaniments on the notes of a bank, as the generator handed in chooses."""

    def __init__(self, bank: NoteBank) -> None:
        self._bank = bank
        self._families: dict[str, list[int]] = defaultdict(list)
        for note in bank.notes:
            if note.program not in self._families[note.family]:
                self._families[note.family].append(note.program)
        self._picked = {note.program for note in bank.notes if note.family in ("guitar", "pluck", "bass")}
        self._programs = {note.program for note in bank.notes}

    def play(
        self, rng: np.random.Generator, composition: Composition, length: int, style: str | None = None
    ) -> Sound:
        """Play along with ``composition`` for ``length`` samples.

        Args:
            style: one of ``STYLES``, or one of ``ROLES`` to be played alone; drawn when None.
        Returns:
            Shape (length,) at 44.1 kHz, of RMS 1 where it sounds; all zero when nobody has anything to play.
        """
        total = np.zeros(length, np.float32)
        if not length:
            return total
        song = Song(grid_of(rng, composition, length / RATE), drawn_harmony(rng))
        cents = float(rng.normal(0, 12))
        for name in _players(rng, style):
            role = ROLES[name]
            sound = self._layer(rng, role, song, composition, cents, length)
            loudness = level(sound)
            if loudness:
                gain_db = role.level_db + float(rng.normal(0, _BALANCE_DB))
                total += sound * np.float32(gain(gain_db) / loudness)
        loudness = level(total)
        return total * np.float32(1 / loudness) if loudness else total

    def _layer(
        self,
        rng: np.random.Generator,
        role: Role,
        song: Song,
        composition: Composition,
        cents: float,
        length: int,
    ) -> Sound:
        kind = role.rhythms[int(rng.integers(len(role.rhythms)))]
        touch = Touch.drawn(rng)
        hits = rhythm(rng, song.grid, composition.strokes, kind)
        hits = [hit for hit in hits if -hit.length_s < hit.onset_s < length / RATE]
        hits = touch.played(rng, _with_rests(rng, hits, song))
        texture = role.textures[int(rng.integers(len(role.textures)))]
        notes = texture(rng, song, hits, int(rng.integers(role.lowest[0], role.lowest[1] + 1)))
        if rng.random() < role.short:
            longest_s = float(rng.uniform(0.05, 0.16))
            notes = [replace(note, length_s=min(note.length_s, longest_s)) for note in notes]
        sound = np.zeros(length, np.float32)
        self._instrument(rng, role, cents).play(rng, notes, sound)
        return _with_effects(rng, sound, role, song, composition)

    def _instrument(self, rng: np.random.Generator, role: Role, cents: float) -> Instrument:
        wanted = role.sounds[int(rng.integers(len(role.sounds)))]
        if wanted == SINGER:
            return Singer(rng, cents)
        if wanted == SYNTH:
            return SynthInstrument(rng, cents)
        if isinstance(wanted, str) and self._families.get(wanted):
            programs = self._families[wanted]
        elif wanted in self._programs:
            programs = [int(wanted)]
        else:
            programs = sorted(self._programs)
        if not programs:
            return SynthInstrument(rng, cents)
        program = programs[int(rng.integers(len(programs)))]
        is_picked = program in self._picked and rng.random() < 0.5
        plectrum = float(np.exp(rng.uniform(np.log(0.02), np.log(0.5)))) if is_picked else 0.0
        return SampledInstrument(self._bank, program, cents + float(rng.normal(0, 4)), plectrum)


def _players(rng: np.random.Generator, style: str | None) -> list[str]:
    if style in ROLES:
        return [str(style)]
    names = list(STYLES)
    chances = STYLES[style or names[int(rng.integers(len(names)))]]
    players = [name for name, chance in chances.items() if rng.random() < chance]
    if not players:
        players = [max(chances, key=lambda name: chances[name])]
    if rng.random() < 0.12:
        players = players[:1]
    return [players[place] for place in rng.permutation(len(players))[:_MOST_PLAYERS]]


def _with_rests(rng: np.random.Generator, hits: list[Hit], song: Song) -> list[Hit]:
    """Sometimes a player sits out whole bars, or enters late."""
    if rng.random() < 0.75 or len(song.grid.bars) < 4:
        return hits
    bars_s = song.grid.at([float(bar) for bar in song.grid.bars])
    plays = rng.random(len(bars_s) + 1) < 0.65
    bars = np.searchsorted(bars_s, [hit.onset_s for hit in hits], side="right")
    return [hit for hit, bar in zip(hits, bars, strict=True) if plays[bar]] or hits


def _with_effects(
    rng: np.random.Generator, sound: Sound, role: Role, song: Song, composition: Composition
) -> Sound:
    if rng.random() < role.drive:
        drive = float(np.exp(rng.uniform(np.log(1.5), np.log(30))))
        sound = amplifiers.overdriven(sound, drive, float(rng.uniform(3_000, 7_500)))
    if rng.random() < 0.5:
        edge_hz = float(np.exp(rng.uniform(np.log(300), np.log(6_000))))
        low_db, high_db = rng.normal((0, 1), (4, 5.5))
        sound = amplifiers.tilted(sound, edge_hz, 10 ** (low_db / 20), 10 ** (high_db / 20))
    if rng.random() < role.bright:
        sound = amplifiers.tilted(sound, float(rng.uniform(2_500, 6_000)), 1.0, float(rng.uniform(1.5, 6.0)))
    if rng.random() < role.pumps:
        kicks_s = [stroke.onset_s for stroke in composition.strokes if stroke.instrument == "kick"]
        sound = amplifiers.pumped(
            sound, kicks_s, float(rng.uniform(0.4, 0.95)), float(rng.uniform(0.05, 0.2))
        )
    if rng.random() < 0.12:
        delay_s = song.grid.beat_s * float(rng.choice((0.5, 0.75, 1.0, 0.25)))
        sound = amplifiers.echoed(sound, delay_s, float(rng.uniform(0.15, 0.5)))
    if rng.random() < 0.3:
        sound = amplifiers.roomy(rng, sound, float(rng.uniform(0.1, 0.4)))
    if rng.random() < 0.06:
        sound = amplifiers.trembling(sound, float(rng.uniform(2, 8)), float(rng.uniform(0.3, 0.9)))
    return sound
