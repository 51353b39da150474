"""A user's own annotated songs: sound with MIDI, or with tables of seconds and labels."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import mido
import soundfile

from notation.core.instruments import INSTRUMENTS, DrumClass, InstrumentName
from transcription.core.evaluation.labels import MEANINGS, OTHER
from transcription.core.network import INSTRUMENTS_HEARD
from transcription.core.training.errors import CannotTrain

_SOUNDS = (".flac", ".wav", ".ogg", ".mp3")
_MIDI = (".mid", ".midi")
# In a song's own folder the first of these that is there is read; beats.tsv is not about strokes.
_TABLES = ("subclass.tsv", "class.tsv")
_DRUM_CHANNEL = 9  # General MIDI's tenth
_PERCUSSION = range(27, 88)  # General MIDI 2's percussion keys
_SLACK_S = 0.1

# General MIDI keys that mean the same instrument as another key of ours.
_ALSO: dict[int, InstrumentName] = {
    35: InstrumentName.KICK,
    40: InstrumentName.SNARE,
    41: InstrumentName.TOM_LOW,
    45: InstrumentName.TOM_MID,
    48: InstrumentName.TOM_HIGH,
    57: InstrumentName.CRASH,
    59: InstrumentName.RIDE,
}
_KEYS = {entry.gm_note: entry.name for entry in INSTRUMENTS.values()} | _ALSO
_NAMES = {name.value: name for name in INSTRUMENTS_HEARD}


class BadAnnotation(CannotTrain):
    """A folder of songs that nothing can be learnt from; says which file and why."""


@dataclass(frozen=True, slots=True)
class AnnotatedStroke:
    """One stroke: its instrument, or only its class; neither where something else was struck.

    ``velocity`` is 1–127, None where no loudness is known.
    """

    onset_s: float
    label: str
    instrument: InstrumentName | None = None
    drum_class: DrumClass | None = None
    velocity: int | None = None


@dataclass(frozen=True, slots=True)
class AnnotatedSong:
    """One song in one or more sound files, such as the drums alone and the mix."""

    name: str
    sounds: tuple[Path, ...]
    strokes: tuple[AnnotatedStroke, ...]


def read_annotated(folder: Path) -> tuple[AnnotatedSong, ...]:
    """Read every song of ``folder``, in order of name.

    A song is a folder with sound files and ``subclass.tsv``, ``class.tsv``, another ``.tsv`` or a MIDI file,
    or a sound file with a ``.mid`` or ``.tsv`` of its name beside it.

    Raises:
        BadAnnotation: there is no song; a song lacks sound or annotation, or both do not belong together; a
            label is unknown.
    """
    if not folder.is_dir():
        raise BadAnnotation(f"there is no folder {folder}")
    inside = [_in_own_folder(path) for path in sorted(folder.iterdir()) if path.is_dir()]
    beside = [_beside(path) for path in sorted(folder.iterdir()) if path.suffix.lower() in _SOUNDS]
    songs = sorted((*inside, *beside), key=lambda song: song.name)
    if not songs:
        raise BadAnnotation(f"{folder} holds no sound ({', '.join(_SOUNDS)}) and no folder with any")
    for song in songs:
        _check_lengths(song)
    return tuple(songs)


def _in_own_folder(folder: Path) -> AnnotatedSong:
    files = sorted(path for path in folder.iterdir() if path.is_file())
    sounds = tuple(path for path in files if path.suffix.lower() in _SOUNDS)
    if not sounds:
        raise BadAnnotation(f"{folder} holds no sound ({', '.join(_SOUNDS)})")
    named = [folder / name for name in _TABLES if (folder / name).is_file()]
    others = [path for path in files if path.suffix.lower() in (*_MIDI, ".tsv") and path.name != "beats.tsv"]
    if not named and len(others) > 1:
        raise BadAnnotation(f"{folder} holds several annotations: {', '.join(path.name for path in others)}")
    if not named and not others:
        raise BadAnnotation(f"{folder} holds no annotation (.mid, {', '.join(_TABLES)} or another .tsv)")
    return AnnotatedSong(folder.name, sounds, _strokes((named or others)[0]))


def _beside(sound: Path) -> AnnotatedSong:
    for suffix in (*_MIDI, ".tsv"):
        annotation = sound.with_suffix(suffix)
        if annotation.is_file():
            return AnnotatedSong(sound.stem, (sound,), _strokes(annotation))
    raise BadAnnotation(f"{sound} has no annotation beside it ({sound.stem}.mid or {sound.stem}.tsv)")


def _strokes(path: Path) -> tuple[AnnotatedStroke, ...]:
    read = _from_midi(path) if path.suffix.lower() in _MIDI else _from_table(path)
    strokes = sorted(read, key=lambda stroke: stroke.onset_s)
    if not strokes:
        raise BadAnnotation(f"{path} holds no stroke")
    return tuple(strokes)


def _from_midi(path: Path) -> Iterator[AnnotatedStroke]:
    try:
        song = mido.MidiFile(path)
        events = list(song)
    except (OSError, EOFError, ValueError, KeyError) as error:
        raise BadAnnotation(f"{path} cannot be read as MIDI: {error}") from error
    struck = [event.type == "note_on" and event.velocity > 0 for event in events]
    on_tenth = any(
        is_struck and event.channel == _DRUM_CHANNEL for event, is_struck in zip(events, struck, strict=True)
    )
    time_s = 0.0
    for event, is_struck in zip(events, struck, strict=True):
        time_s += event.time
        if not is_struck or (on_tenth and event.channel != _DRUM_CHANNEL):
            continue
        if event.note not in _PERCUSSION:
            raise BadAnnotation(f"{path}: note {event.note} at {time_s:.2f} s is no General MIDI drum")
        name = _KEYS.get(event.note)
        yield AnnotatedStroke(time_s, str(event.note), name, _class_of(name), event.velocity)


def _from_table(path: Path) -> Iterator[AnnotatedStroke]:
    try:
        lines = path.read_text("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise BadAnnotation(f"{path} is no text") from error
    for number, line in enumerate(lines, start=1):
        cells = [cell.strip() for cell in line.split("\t")]
        if not any(cells):
            continue
        try:
            onset_s, label = float(cells[0]), cells[1]
            velocity = int(cells[2]) if len(cells) > 2 and cells[2] else None
        except (IndexError, ValueError) as error:
            raise BadAnnotation(
                f"{path}, line {number}: needs seconds, a tab and a label; a velocity may follow"
            ) from error
        if not math.isfinite(onset_s) or onset_s < 0 or not 1 <= (velocity or 1) <= 127:
            raise BadAnnotation(f"{path}, line {number}: {line!r} is out of range")
        yield AnnotatedStroke(onset_s, label, *_meaning(label, f"{path}, line {number}"), velocity)


def _meaning(label: str, place: str) -> tuple[InstrumentName | None, DrumClass | None]:
    name = _NAMES.get(label) or (MEANINGS[label].instrument if label in MEANINGS else None)
    if name is not None:
        return name, _class_of(name)
    if label in {drum_class.value for drum_class in DrumClass}:
        return None, DrumClass(label)
    if label == OTHER:
        return None, None
    known = [*(drum_class.value for drum_class in DrumClass), OTHER, *MEANINGS, *_NAMES]
    raise BadAnnotation(f"{place}: unknown label {label!r}; known are {', '.join(dict.fromkeys(known))}")


def _class_of(name: InstrumentName | None) -> DrumClass | None:
    return None if name is None else INSTRUMENTS[name].drum_class


def _check_lengths(song: AnnotatedSong) -> None:
    lengths_s = {path: _length_s(path) for path in song.sounds}
    shortest_s, longest_s = min(lengths_s.values()), max(lengths_s.values())
    if longest_s - shortest_s > _SLACK_S:
        spoken = ", ".join(f"{path.name} {length_s:.1f} s" for path, length_s in lengths_s.items())
        raise BadAnnotation(f"{song.name}: its sounds are not equally long: {spoken}")
    last_s = song.strokes[-1].onset_s
    if last_s > shortest_s + _SLACK_S:
        raise BadAnnotation(
            f"{song.name}: annotated until {last_s:.1f} s, but its sound ends at {shortest_s:.1f} s"
        )
    if last_s < shortest_s / 2:
        raise BadAnnotation(
            f"{song.name}: annotated until {last_s:.1f} s only, of {shortest_s:.1f} s; cut its sound there"
        )


def _length_s(path: Path) -> float:
    try:
        return float(soundfile.info(path).duration)
    except soundfile.LibsndfileError as error:
        raise BadAnnotation(f"{path} cannot be read as sound: {error}") from error
