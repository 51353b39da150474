from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile

from transcription.core.training.band.general_midi import PROGRAMS
from transcription.core.training.band.note_bank import (
    RATE,
    NoFluidsynth,
    load_note_bank,
    make_note_bank,
)

_SOUNDFONT = Path("/usr/share/sounds/sf2/FluidR3_GM.sf2")
needs_fluidsynth = pytest.mark.skipif(
    shutil.which("fluidsynth") is None or not _SOUNDFONT.exists(),
    reason="needs the Debian packages fluidsynth and fluid-soundfont-gm",
)


@pytest.fixture
def folder(tmp_path) -> Path:
    """Two notes of program 5, at 440 and 880 Hz, in one file."""
    time_s = np.arange(RATE) / RATE
    joined = np.concatenate([0.5 * np.sin(2 * np.pi * hz * time_s) for hz in (440, 880)])
    soundfile.write(tmp_path / "program_005.ogg", joined, RATE, format="OGG", subtype="VORBIS")
    (tmp_path / "notes.csv").write_text(
        "program,name,family,pitch,velocity,start,length,licence\n"
        f"5,electric piano,piano,69,112,0,{RATE},MIT\n"
        f"5,electric piano,piano,81,60,{RATE},{RATE},MIT\n"
    )
    return tmp_path


def frequency_hz(sound: np.ndarray) -> float:
    spectrum = np.abs(np.fft.rfft(sound * np.hanning(len(sound))))
    return float(np.argmax(spectrum) * RATE / len(sound))


def test_a_stored_note_is_what_the_table_says(folder, tmp_path):
    bank = load_note_bank(folder, tmp_path / "cache")

    assert [(note.pitch, note.velocity) for note in bank.notes] == [(69, 112), (81, 60)]
    assert frequency_hz(bank.samples(bank.notes[0], RATE)) == pytest.approx(440, abs=2)
    assert frequency_hz(bank.samples(bank.notes[1], RATE)) == pytest.approx(880, abs=2)


def test_notes_once_decoded_need_their_folder_no_more(folder, tmp_path):
    load_note_bank(folder, tmp_path / "cache")

    bank = load_note_bank(tmp_path / "gone", tmp_path / "cache")

    assert len(bank.notes) == 2


def test_a_folder_without_notes_is_refused(tmp_path):
    with pytest.raises(FileNotFoundError):
        load_note_bank(tmp_path / "nowhere", tmp_path / "cache")


def test_a_note_asked_for_longer_than_it_is_ends_by_itself(folder, tmp_path):
    bank = load_note_bank(folder, tmp_path / "cache")

    assert len(bank.samples(bank.notes[0], 10 * RATE)) == RATE


def test_no_program_is_listed_twice():
    numbers = [program.number for program in PROGRAMS]

    assert len(numbers) == len(set(numbers))


def test_making_without_fluidsynth_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(NoFluidsynth, match="apt install fluidsynth"):
        make_note_bank(_SOUNDFONT, tmp_path / "out")


@needs_fluidsynth
def test_making_without_the_sound_font_says_so(tmp_path):
    with pytest.raises(FileNotFoundError, match="no sound font"):
        make_note_bank(tmp_path / "none.sf2", tmp_path / "out")


@needs_fluidsynth
@pytest.mark.slow
def test_a_made_note_sounds_at_its_pitch_from_its_start(tmp_path):
    flute = next(program for program in PROGRAMS if program.name == "flute")

    make_note_bank(_SOUNDFONT, tmp_path / "notes", (flute,))
    bank = load_note_bank(tmp_path / "notes", tmp_path / "cache")

    assert len(bank.notes) >= 4
    for note in bank.notes:
        sound = bank.samples(note, note.length)
        assert frequency_hz(sound[: RATE // 2]) == pytest.approx(
            440 * 2 ** ((note.pitch - 69) / 12), rel=0.03
        )
        assert np.max(np.abs(sound[: RATE // 10])) > 0.1 * np.max(np.abs(sound))


@needs_fluidsynth
@pytest.mark.slow
def test_making_twice_gives_the_same_files(tmp_path):
    harpsichord = next(program for program in PROGRAMS if program.name == "harpsichord")

    for name in ("first", "second"):
        make_note_bank(_SOUNDFONT, tmp_path / name, (harpsichord,))

    for path in sorted((tmp_path / "first").iterdir()):
        assert path.read_bytes() == (tmp_path / "second" / path.name).read_bytes()


@needs_fluidsynth
@pytest.mark.slow
def test_a_folder_made_anew_is_decoded_anew(tmp_path):
    flute, harpsichord = (
        next(program for program in PROGRAMS if program.name == name) for name in ("flute", "harpsichord")
    )
    make_note_bank(_SOUNDFONT, tmp_path, (flute,))
    load_note_bank(tmp_path, tmp_path)

    make_note_bank(_SOUNDFONT, tmp_path, (harpsichord,))

    assert {note.name for note in load_note_bank(tmp_path, tmp_path).notes} == {"harpsichord"}
