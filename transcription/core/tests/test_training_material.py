from __future__ import annotations

from pathlib import Path

import mido
import numpy as np
import pytest
import soundfile

from transcription.core.training.drumming.grooves import read_performances
from transcription.core.training.learning.dataset import Source, prepare
from transcription.core.training.sound.material import RATE, load_material


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """One kick, one recording of two channels, one bar of drumming, laid out as the collections are."""
    source = tmp_path / "shared"
    for name in ("drum-samples/kit/kick", "backing/voice", "groove-midi/drummer1"):
        (source / name).mkdir(parents=True)
    kick = 0.5 * np.sin(2 * np.pi * 60 * np.arange(RATE // 10) / RATE)
    soundfile.write(source / "drum-samples/kit/kick/v127_a.wav", kick, RATE)
    (source / "drum-samples/samples.csv").write_text(
        "kit,instrument,file,split,velocity,level_db\nkit,kick,kit/kick/v127_a.wav,train,127,-1.5\n"
    )
    voice = np.stack([np.full(RATE, 0.25), np.full(RATE, -0.05)], axis=1)
    soundfile.write(source / "backing/voice/a_1.wav", voice, RATE)
    (source / "backing/BACKING.csv").write_text("file,kind,split\nvoice/a_1.wav,voice,valid\n")
    song = mido.MidiFile(ticks_per_beat=480)
    track = mido.MidiTrack()
    song.tracks.append(track)
    for note, velocity, ticks in ((36, 100, 0), (36, 0, 10), (22, 64, 470), (26, 70, 480), (99, 90, 0)):
        track.append(mido.Message("note_on", note=note, velocity=velocity, time=ticks))
    song.save(source / "groove-midi/drummer1/1.mid")
    (source / "groove-midi/info.csv").write_text(
        "bpm,beat_type,time_signature,midi_filename,split\n96,beat,6-8,drummer1/1.mid,validation\n"
    )
    return source


def test_sound_is_decoded_once_to_mono_and_mapped(folder: Path, tmp_path: Path) -> None:
    prepare(folder, tmp_path / "cache")
    material = load_material(tmp_path / "cache")

    (shot,), (recording,) = material.one_shots, material.recordings
    assert (shot.kit, shot.instrument, shot.split, shot.level_db) == ("kit", "kick", "train", -1.5)
    assert np.abs(material.samples(shot)).max() == pytest.approx(0.5, abs=0.001)
    assert (recording.kind, recording.split, recording.length) == ("voice", "valid", RATE)
    np.testing.assert_allclose(material.samples(recording, 10, 20), np.full(10, 0.1), atol=1e-3)


def test_sound_at_another_rate_is_refused(folder: Path, tmp_path: Path) -> None:
    soundfile.write(folder / "drum-samples/kit/kick/v127_a.wav", np.zeros(100), 48_000)

    with pytest.raises(ValueError, match="48000"):
        prepare(folder, tmp_path / "cache")


def test_performances_are_read_in_quarters_by_the_drum_modules_own_map(folder: Path) -> None:
    (performance,) = read_performances(folder / "groove-midi")

    assert [(note.position, note.instrument, note.velocity) for note in performance.notes] == [
        (0.0, "kick", 100),
        (1.0, "hihat_closed", 64),
        (2.0, "hihat_open", 70),
    ]
    assert (performance.bar_quarters, performance.beat_quarters) == (3.0, 1.5)
    assert performance.length_quarters == 3.0
    assert (performance.tempo_bpm, performance.is_fill, performance.split) == (96.0, False, "valid")


def test_a_prepared_cache_opens_as_a_renderer(folder: Path, tmp_path: Path) -> None:
    prepare(folder, tmp_path / "cache")
    prepare(folder, tmp_path / "cache")  # the second time there is nothing to do

    assert Source(tmp_path / "cache", split="valid").renderer() is not None
