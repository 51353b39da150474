from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import mido
import numpy as np
import pytest
import soundfile
import torch

from media.core.audio import Audio
from notation.core.instruments import DrumClass, InstrumentName
from transcription.core.activations import Activations
from transcription.core.network import INSTRUMENTS_HEARD, DrumNetwork, NetworkShape
from transcription.core.tests.tiny_material import make_collections
from transcription.core.training.__main__ import main
from transcription.core.training.learning.annotated import (
    AnnotatedSong,
    AnnotatedStroke,
    BadAnnotation,
    read_annotated,
)
from transcription.core.training.learning.checkpoints import save_weights
from transcription.core.training.learning.config import Clips, Learning, Machine, TrainingConfig
from transcription.core.training.learning.dataset import prepare
from transcription.core.training.learning.finetune import finetune, labelled_song, share_out

_RATE = 22_050
_COLUMN = {name: column for column, name in enumerate(INSTRUMENTS_HEARD)}


def write_sound(path: Path, seconds: float = 4.0) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(0).normal(0, 0.05, int(seconds * _RATE))
    for second in range(1, int(seconds)):
        noise[second * _RATE :][:500] += 0.5
    soundfile.write(path, noise, _RATE)


def write_midi(path: Path, *struck: tuple[float, int, int], channel: int = 9) -> None:
    """Each of ``struck`` is an onset in seconds, a note and a velocity."""
    song = mido.MidiFile(ticks_per_beat=500)  # a tick is a millisecond, at 120 beats a minute
    track = mido.MidiTrack()
    song.tracks.append(track)
    last = 0
    for onset_s, note, velocity in struck:
        ticks = round(onset_s * 1000)
        track.append(
            mido.Message("note_on", note=note, velocity=velocity, time=ticks - last, channel=channel)
        )
        last = ticks
    song.save(path)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """One song with MIDI, one with a table, one in a folder as MDB Drums has it."""
    folder = tmp_path / "mine"
    write_sound(folder / "a.wav")
    write_midi(folder / "a.mid", (1.0, 36, 100), (2.0, 40, 50), (3.0, 42, 64))
    write_sound(folder / "b.ogg")
    (folder / "b.tsv").write_text("1.0\tkick\t90\n2.0\tsnare\n\n3.0\tcowbell\n")
    write_sound(folder / "c/drums.flac")
    write_sound(folder / "c/mix.flac")
    (folder / "c/class.tsv").write_text("1.0\tKD\n2.0\tHH\n3.0\tOT\n")
    (folder / "c/beats.tsv").write_text("1.0\t1\n")
    return folder


def test_songs_are_read_from_midi_tables_and_folders(folder: Path) -> None:
    a, b, c = read_annotated(folder)

    assert [(s.onset_s, s.instrument, s.velocity) for s in a.strokes] == [
        (pytest.approx(1.0), InstrumentName.KICK, 100),
        (pytest.approx(2.0), InstrumentName.SNARE, 50),
        (pytest.approx(3.0), InstrumentName.HIHAT_CLOSED, 64),
    ]
    assert [(s.instrument, s.velocity) for s in b.strokes] == [
        (InstrumentName.KICK, 90),
        (InstrumentName.SNARE, None),
        (InstrumentName.COWBELL, None),
    ]
    assert [path.name for path in c.sounds] == ["drums.flac", "mix.flac"]
    assert [(s.instrument, s.drum_class) for s in c.strokes] == [
        (InstrumentName.KICK, DrumClass.KICK),
        (None, DrumClass.HIHAT),
        (None, None),
    ]


def test_the_finer_table_is_read_where_both_are_there(folder: Path) -> None:
    (folder / "c/subclass.tsv").write_text("1.0\tKD\n2.0\tOHH\n3.0\tRDB\n")

    c = read_annotated(folder)[2]

    assert [s.instrument for s in c.strokes] == [
        InstrumentName.KICK,
        InstrumentName.HIHAT_OPEN,
        InstrumentName.RIDE_BELL,
    ]


def test_only_the_drum_channel_of_a_whole_band_is_read(folder: Path) -> None:
    song = mido.MidiFile(ticks_per_beat=500)
    for channel, note in ((9, 36), (0, 90)):
        on = mido.Message("note_on", note=note, velocity=80, time=3000, channel=channel)
        song.tracks.append(mido.MidiTrack([on]))
    song.save(folder / "a.mid")

    (stroke,) = read_annotated(folder)[0].strokes

    assert stroke.instrument is InstrumentName.KICK


def no_sound(folder: Path) -> None:
    (folder / "c/drums.flac").unlink()
    (folder / "c/mix.flac").unlink()


def no_annotation(folder: Path) -> None:
    (folder / "a.mid").unlink()


def no_annotation_in_its_folder(folder: Path) -> None:
    (folder / "c/class.tsv").unlink()


def unknown_label(folder: Path) -> None:
    (folder / "c/class.tsv").write_text("1.0\tKD\n3.0\tXX\n")


def no_drum(folder: Path) -> None:
    write_midi(folder / "a.mid", (3.0, 100, 80))


def no_midi(folder: Path) -> None:
    (folder / "a.mid").write_bytes(b"RIFF")


def no_stroke(folder: Path) -> None:
    (folder / "b.tsv").write_text("\n")


def no_time(folder: Path) -> None:
    (folder / "b.tsv").write_text("kick\t1.0\n")


def past_the_end(folder: Path) -> None:
    (folder / "b.tsv").write_text("1.0\tkick\n9.0\tsnare\n")


def half_annotated(folder: Path) -> None:
    (folder / "b.tsv").write_text("1.0\tkick\n")


def unequal_sounds(folder: Path) -> None:
    write_sound(folder / "c/mix.flac", seconds=6)


def broken_sound(folder: Path) -> None:
    (folder / "a.wav").write_bytes(b"RIFF")


def two_annotations(folder: Path) -> None:
    (folder / "c/class.tsv").rename(folder / "c/one.tsv")
    (folder / "c/two.tsv").write_text("1.0\tKD\n")


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (no_sound, "c holds no sound"),
        (no_annotation, r"a\.wav has no annotation beside it"),
        (no_annotation_in_its_folder, "c holds no annotation"),
        (unknown_label, r"class\.tsv, line 2: unknown label 'XX'; known are KD"),
        (no_drum, "note 100 at 3.00 s is no General MIDI drum"),
        (no_midi, r"a\.mid cannot be read as MIDI"),
        (no_stroke, r"b\.tsv holds no stroke"),
        (no_time, "line 1: needs seconds, a tab and a label"),
        (past_the_end, r"b: annotated until 9\.0 s, but its sound ends at 4\.0 s"),
        (half_annotated, r"b: annotated until 1\.0 s only, of 4\.0 s"),
        (unequal_sounds, r"c: its sounds are not equally long: drums\.flac 4\.0 s, mix\.flac 6\.0 s"),
        (broken_sound, r"a\.wav cannot be read as sound"),
        (two_annotations, r"several annotations: one\.tsv, two\.tsv"),
    ],
)
def test_a_folder_that_cannot_be_learnt_from_is_refused(folder: Path, spoil: object, said: str) -> None:
    assert callable(spoil)
    spoil(folder)

    with pytest.raises(BadAnnotation, match=said):
        read_annotated(folder)


def test_a_folder_that_is_not_there_or_empty_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadAnnotation, match="no folder"):
        read_annotated(tmp_path / "nowhere")
    with pytest.raises(BadAnnotation, match="holds no sound"):
        read_annotated(tmp_path)


def heard(seconds: int, **surely: int) -> Activations:
    """A network that hears each instrument of ``surely`` at that second."""
    onsets = np.full((100 * seconds, len(INSTRUMENTS_HEARD)), 0.01, np.float32)
    for name, second in surely.items():
        onsets[100 * second, _COLUMN[InstrumentName(name)]] = 0.9
    nothing = np.zeros(len(onsets), np.float32)
    return Activations(onsets, np.full_like(onsets, 0.25), nothing, nothing.copy())


def silence(seconds: int) -> Audio:
    return Audio(np.zeros((1, seconds * 44_100), np.float32), 44_100)


def test_an_instrument_is_asked_for_where_it_is_annotated() -> None:
    stroke = AnnotatedStroke(1.0, "42", InstrumentName.HIHAT_CLOSED, DrumClass.HIHAT, 127)

    song = labelled_song(silence(3), [stroke], heard(3))

    column = _COLUMN[InstrumentName.HIHAT_CLOSED]
    np.testing.assert_array_equal(song.onsets[98:103, column], [0, 0.5, 1, 0.5, 0])
    assert song.velocities[100, column] == 1
    assert song.onsets.sum() == 2
    assert song.asked.all()


def test_of_a_class_the_network_says_which_instrument_and_the_others_are_not_asked_for() -> None:
    stroke = AnnotatedStroke(1.0, "CY", None, DrumClass.CYMBAL)

    song = labelled_song(silence(3), [stroke], heard(3, ride=1))

    ride, crash, kick = (_COLUMN[InstrumentName(name)] for name in ("ride", "crash", "kick"))
    assert song.onsets[100, ride] == 1
    assert song.velocities[100, ride] == 0.25
    assert (song.asked[100, ride], song.asked[100, crash], song.asked[100, kick]) == (1, 0, 1)
    assert song.asked[120].all()


def test_something_else_that_is_struck_is_neither_right_nor_wrong() -> None:
    song = labelled_song(silence(3), [AnnotatedStroke(1.0, "OT")], heard(3, tambourine=1))

    assert song.onsets.sum() == 0
    assert not song.asked[100, _COLUMN[InstrumentName.TAMBOURINE]]
    assert not song.asked[100, _COLUMN[InstrumentName.SIDE_STICK]]
    assert song.asked[100, _COLUMN[InstrumentName.SNARE]]


def test_some_songs_are_held_out_the_same_ones_every_time() -> None:
    songs = [AnnotatedSong(f"song {number}", (), ()) for number in range(8)]

    learnt, held_out = share_out(songs, 0.25, seed=1)

    assert (len(learnt), len(held_out)) == (6, 2)
    assert {*learnt, *held_out} == {*songs}
    assert share_out(songs, 0.25, seed=1) == (learnt, held_out)


def test_one_song_is_too_few() -> None:
    with pytest.raises(BadAnnotation, match="one song is too few"):
        share_out([AnnotatedSong("only", (), ())], 0.25, seed=1)


@pytest.mark.slow
def test_finetuning_reports_what_it_bought_on_the_song_held_out(folder: Path, tmp_path: Path) -> None:
    prepare(make_collections(tmp_path / "shared"), tmp_path / "cache")
    shape = NetworkShape(channels=(4, 4), local=8, recurrent=4)
    torch.manual_seed(1)
    save_weights(tmp_path / "start.safetensors", DrumNetwork(shape).state_dict(), shape, "1.0")
    config = TrainingConfig(
        learning=Learning(steps=2, batch=4),
        clips=Clips(seconds=2.0, pseudo_share=0.5, validation=2),
        machine=Machine(device="cpu", precision="float32"),
    )

    outcome = finetune(folder, tmp_path / "start.safetensors", tmp_path / "run", tmp_path / "cache", config)

    assert outcome is not None
    assert len(outcome.held_out) == 1
    assert outcome.before.keys() == outcome.after.keys() >= {"micro", "KD"}
    assert json.loads((tmp_path / "run/finetune.json").read_text())["held_out"] == list(outcome.held_out)
    learnt = {path.name for path in (tmp_path / "run/songs").iterdir()}
    assert learnt < {"a-a.npz", "b-b.npz", "c-drums.npz", "c-mix.npz"}
    again = replace(config, learning=replace(config.learning, steps=3))
    with pytest.raises(ValueError, match=r"another learning\.steps"):
        finetune(folder, tmp_path / "start.safetensors", tmp_path / "run", tmp_path / "cache", again)


def test_a_bad_folder_ends_the_command_with_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shared = make_collections(tmp_path / "shared")
    (tmp_path / "mine").mkdir()
    places = ["--pack", shared, "--cache", tmp_path / "cache", "--run", tmp_path / "run"]
    command = ["finetune", "--data", tmp_path / "mine", "--start", tmp_path / "none.safetensors", *places]

    status = main([str(word) for word in command])

    assert status == 2
    assert "holds no sound" in capsys.readouterr().err
