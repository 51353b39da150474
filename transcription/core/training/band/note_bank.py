"""Single notes of General MIDI instruments, from which an accompaniment that keeps time is played.

``python -m transcription.core.training.band.note_bank --soundfont FluidR3_GM.sf2 --out FOLDER`` renders them
with the ``fluidsynth`` program (Debian: ``apt install fluidsynth fluid-soundfont-gm``); playing them needs
neither.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from transcription.core.training.band.general_midi import PROGRAMS, Program
from transcription.core.training.sound.material import RATE, as_float32, as_int16
from transcription.core.training.sound.vorbis_files import write_vorbis

_LICENCE = "MIT (FluidR3_GM, Frank Wen)"
# A note is shifted by up to half of this when played: further, and the shift itself is heard.
_SPACING_SEMITONES = 7
_LOUD, _SOFT = 112, 60
_RELEASE_S = 0.30
# Silence between stored notes, so that the codec's smear before an attack stays out of the note before.
_GAP_S = 0.06
_PEAK = 0.9
_HEARD = 0.04
# Of 0 (best) … 1 in libsndfile's scale: about 50 kbit/s for these sounds.
_COMPRESSION = 0.75


@dataclass(frozen=True, slots=True)
class BankNote:
    """One stored note: ``start`` and ``length`` in samples, ``pitch`` and ``velocity`` as in MIDI."""

    program: int
    name: str
    family: str
    pitch: int
    velocity: int
    start: int
    length: int


@dataclass(frozen=True, slots=True, eq=False)
class NoteBank:
    """All stored notes; ``sound`` is int16 at 44.1 kHz and usually mapped from disk."""

    sound: NDArray[np.int16]
    notes: tuple[BankNote, ...]

    def samples(self, note: BankNote, length: int) -> NDArray[np.float32]:
        """Return the first ``length`` samples of ``note``, fewer when it is shorter, as float32 in -1..1."""
        stop = note.start + min(length, note.length)
        return as_float32(self.sound[note.start : stop])


class NoFluidsynth(RuntimeError):
    """The ``fluidsynth`` program is not installed."""


def load_note_bank(folder: Path, cache: Path) -> NoteBank:
    """Map the notes of ``folder``, decoded into ``cache`` the first time.

    Raises:
        FileNotFoundError: ``folder`` has no ``notes.csv``, or lacks a file it names, and ``cache`` is empty.
    """
    if not (cache / "notes.json").exists():
        _decode(folder, cache)
    notes = tuple(BankNote(**row) for row in json.loads((cache / "notes.json").read_text()))
    return NoteBank(np.memmap(cache / "notes.i16", dtype=np.int16, mode="r"), notes)


def make_note_bank(soundfont: Path, folder: Path, programs: tuple[Program, ...] = PROGRAMS) -> None:
    """Render ``programs`` of ``soundfont`` into ``folder``: an Ogg Vorbis file each, and ``notes.csv``.

    Raises:
        NoFluidsynth: the program that renders them is not installed.
        FileNotFoundError: there is no such sound font.
    """
    if shutil.which("fluidsynth") is None:
        raise NoFluidsynth("fluidsynth is not installed (Debian: apt install fluidsynth fluid-soundfont-gm)")
    if not soundfont.exists():
        raise FileNotFoundError(f"no sound font at {soundfont} (Debian: apt install fluid-soundfont-gm)")
    folder.mkdir(parents=True, exist_ok=True)
    # A folder may be its own cache; what was decoded from older notes is not what lies here now.
    (folder / "notes.json").unlink(missing_ok=True)
    with (folder / "notes.csv").open("w", newline="") as table:
        writer = csv.writer(table, lineterminator="\n")
        writer.writerow(("program", "name", "family", "pitch", "velocity", "start", "length", "licence"))
        for program in programs:
            sound, notes = _rendered(soundfont, program)
            write_vorbis(folder / _file_name(program.number), sound, RATE, _COMPRESSION)
            writer.writerows((*asdict(note).values(), _LICENCE) for note in notes)


def _decode(folder: Path, cache: Path) -> None:
    """Decode ``folder`` into ``cache``; each file appears whole or not at all, as workers may race here."""
    with (folder / "notes.csv").open(newline="") as table:
        rows = list(csv.DictReader(table))
    offsets: dict[int, int] = {}
    parts: list[NDArray[np.int16]] = []
    position = 0
    for program in dict.fromkeys(int(row["program"]) for row in rows):
        sound, rate = soundfile.read(folder / _file_name(program), dtype="float32")
        if rate != RATE:
            raise ValueError(f"{_file_name(program)} is at {rate} Hz, not {RATE}")
        parts.append(as_int16(sound))
        offsets[program] = position
        position += len(sound)
    notes = [
        {
            "program": int(row["program"]),
            "name": row["name"],
            "family": row["family"],
            "pitch": int(row["pitch"]),
            "velocity": int(row["velocity"]),
            "start": offsets[int(row["program"])] + int(row["start"]),
            "length": int(row["length"]),
        }
        for row in rows
    ]
    cache.mkdir(parents=True, exist_ok=True)
    _put(cache / "notes.i16", np.concatenate(parts).tobytes())
    _put(cache / "notes.json", json.dumps(notes).encode())


def _put(path: Path, content: bytes) -> None:
    part = path.with_name(f"{path.name}.{os.getpid()}")
    part.write_bytes(content)
    part.replace(path)


def _file_name(program: int) -> str:
    return f"program_{program:03}.ogg"


def _rendered(soundfont: Path, program: Program) -> tuple[NDArray[np.float32], list[BankNote]]:
    wanted = list(_wanted(program))
    # Rendered far enough apart that no note rings into the next.
    spacing_s = program.seconds + _RELEASE_S + 3.0
    with tempfile.TemporaryDirectory() as scratch:
        song, wave = Path(scratch) / "notes.mid", Path(scratch) / "notes.wav"
        _write_song(song, program, wanted, spacing_s)
        command = ["fluidsynth", "-ni", "-q", "-R", "0", "-C", "0", "-r", str(RATE), "-g", "0.5"]
        command += ["-o", "synth.dynamic-sample-loading=1", "-T", "wav", "-O", "float", "-F", str(wave)]
        subprocess.run([*command, str(soundfont), str(song)], check=True, capture_output=True)
        stereo, _ = soundfile.read(wave, dtype="float32", always_2d=True)
    mono = stereo.mean(axis=1)
    length = int((program.seconds + _RELEASE_S) * RATE)
    gap = np.zeros(int(_GAP_S * RATE), np.float32)
    rise = np.linspace(0, 1, RATE // 700, dtype=np.float32)
    fade = np.linspace(1, 0, RATE // 20, dtype=np.float32)
    parts, notes, position, peak = [gap], [], len(gap), 0.0
    for number, (pitch, velocity) in enumerate(wanted):
        begin = int(number * spacing_s * RATE)
        begin += _lead(mono[begin : begin + length])
        sound = np.pad(mono, (0, max(0, begin + length - len(mono))))[begin : begin + length].copy()
        sound[: len(rise)] *= rise
        sound[-len(fade) :] *= fade
        if velocity == _SOFT:  # kept for its tone; whoever plays it sets its level
            sound *= peak / max(float(np.max(np.abs(sound))), 1e-9)
        peak = float(np.max(np.abs(sound)))
        parts += [sound, gap]
        notes.append(
            BankNote(program.number, program.name, program.family, pitch, velocity, position, length)
        )
        position += length + len(gap)
    joined = np.concatenate(parts)
    return joined * np.float32(_PEAK / max(float(np.max(np.abs(joined))), 1e-9)), notes


def _lead(sound: NDArray[np.float32]) -> int:
    """Return how many samples go by before ``sound`` is heard: some fonts' basses start 20 ms late."""
    loud = np.abs(sound) > _HEARD * np.max(np.abs(sound), initial=0.0)
    return max(0, int(np.argmax(loud)) - RATE // 500) if loud.any() else 0


def _wanted(program: Program) -> Iterator[tuple[int, int]]:
    """Pitches evenly over the range, each loud first; every other one soft as well where touch matters."""
    steps = max(1, -(-(program.highest - program.lowest - _SPACING_SEMITONES // 2) // _SPACING_SEMITONES))
    first = (program.lowest + program.highest - _SPACING_SEMITONES * (steps - 1)) // 2
    for step in range(steps):
        yield first + step * _SPACING_SEMITONES, _LOUD
        if step % 2 and program.feels_touch:
            yield first + step * _SPACING_SEMITONES, _SOFT


def _write_song(path: Path, program: Program, wanted: list[tuple[int, int]], spacing_s: float) -> None:
    import mido  # here, so that playing the notes does not need it

    song = mido.MidiFile(ticks_per_beat=1000)
    track = mido.MidiTrack()
    song.tracks.append(track)
    track.append(mido.MetaMessage("set_tempo", tempo=1_000_000))  # a tick is a millisecond
    track.append(mido.Message("program_change", program=program.number))
    for number, (pitch, velocity) in enumerate(wanted):
        wait = 0 if number == 0 else int((spacing_s - program.seconds) * 1000)
        track.append(mido.Message("note_on", note=pitch, velocity=velocity, time=wait))
        track.append(mido.Message("note_off", note=pitch, time=int(program.seconds * 1000)))
    song.save(path)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--soundfont", type=Path, default=Path("/usr/share/sounds/sf2/FluidR3_GM.sf2"))
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    try:
        make_note_bank(arguments.soundfont, arguments.out)
    except (NoFluidsynth, FileNotFoundError) as error:
        raise SystemExit(str(error)) from error


if __name__ == "__main__":
    main()
