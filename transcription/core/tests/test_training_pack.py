from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
import soundfile

from transcription.core.tests.tiny_material import INSTRUMENTS, make_collections
from transcription.core.training.band.note_bank import load_note_bank
from transcription.core.training.drumming.groove_tables import load_performances
from transcription.core.training.drumming.grooves import read_performances
from transcription.core.training.learning.dataset import Source, example, prepare
from transcription.core.training.learning.pack import Squeezing, make_pack, without_silent_tail
from transcription.core.training.sound.material import RATE, load_material


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Holds the collections in ``shared`` and the pack made of them in ``pack``."""
    folder = tmp_path_factory.mktemp("packing")
    make_pack(make_collections(folder / "shared"), folder / "pack", squeezing=Squeezing(recording_s=2.0))
    return folder


def test_a_pack_sounds_like_what_it_was_made_of(folder: Path, tmp_path: Path) -> None:
    for name in ("shared", "pack"):
        prepare(folder / name, tmp_path / name)
    original, packed = (load_material(tmp_path / name) for name in ("shared", "pack"))

    assert len(packed.one_shots) == 2 * len(INSTRUMENTS)
    for before, after in zip(original.one_shots, packed.one_shots, strict=True):
        assert (before.kit, before.instrument, before.split, before.level_db) == (
            after.kit,
            after.instrument,
            after.split,
            after.level_db,
        )
        expected, found = original.samples(before, 0, after.length), packed.samples(after)
        assert np.corrcoef(expected, found)[0, 1] > 0.97
        assert np.std(found) == pytest.approx(np.std(expected), rel=0.1)


def test_recordings_are_all_kept_and_cut(folder: Path, tmp_path: Path) -> None:
    prepare(folder / "pack", tmp_path)
    recordings = load_material(tmp_path).recordings

    assert [(r.kind, r.split, r.length) for r in recordings] == [
        ("voice", "train", 2 * RATE),
        ("voice", "valid", 2 * RATE),
    ]


def test_performances_come_out_of_a_pack_as_they_were_played(folder: Path) -> None:
    assert load_performances(folder / "pack" / "grooves.npz") == read_performances(
        folder / "shared" / "groove-midi"
    )


def test_a_pack_alone_renders_examples(folder: Path, tmp_path: Path) -> None:
    prepare(folder / "pack", tmp_path)
    renderer = Source(tmp_path, seconds=2.0).renderer()
    rng = np.random.default_rng(1)

    row = example(renderer.mix(rng, renderer.drums(rng)))

    assert row.picture.shape == (200, 168)


def test_licences_go_with_the_sounds(folder: Path) -> None:
    kits = (folder / "pack" / "drum-samples-KITS.csv").read_text()
    sounds = list(csv.DictReader((folder / "pack" / "sounds.csv").open()))

    assert "kit_train,CC0 1.0" in kits
    assert {row["kit"] for row in sounds if row["is"] == "one-shot"} == {"kit_train", "kit_valid"}
    assert "CC0 1.0" in (folder / "pack" / "backing-BACKING.csv").read_text()


def test_a_pack_is_not_written_over(folder: Path) -> None:
    with pytest.raises(FileExistsError):
        make_pack(folder / "shared", folder / "pack")


def test_other_material_is_decoded_anew_into_the_same_cache(folder: Path, tmp_path: Path) -> None:
    prepare(folder / "shared", tmp_path)
    long = load_material(tmp_path).recordings[0].length
    prepare(folder / "pack", tmp_path)

    assert (long, load_material(tmp_path).recordings[0].length) == (3 * RATE, 2 * RATE)


def test_a_silent_tail_is_cut_and_a_sounding_one_kept() -> None:
    stroke = np.sin(np.arange(RATE) / 10).astype(np.float32)
    tail = np.full(RATE, 1e-4, np.float32)

    assert len(without_silent_tail(np.concatenate([stroke, tail]))) == pytest.approx(RATE, abs=0.03 * RATE)
    assert len(without_silent_tail(stroke)) == RATE


def test_the_bands_notes_are_decoded_anew_when_they_are_others(folder: Path, tmp_path: Path) -> None:
    for name, seconds in (("first", 1), ("second", 2)):
        (tmp_path / name).mkdir()
        soundfile.write(tmp_path / name / "program_000.ogg", np.zeros(seconds * RATE), RATE)
        (tmp_path / name / "notes.csv").write_text(
            "program,name,family,pitch,velocity,start,length,licence\n"
            f"0,piano,piano,60,100,0,{seconds * RATE},CC0 1.0\n"
        )

    lengths = []
    for name in ("first", "first", "second"):
        prepare(folder / "pack", tmp_path / "cache", tmp_path / name)
        bank = load_note_bank(tmp_path / name, tmp_path / "cache" / "accompaniment-notes")
        lengths.append(len(bank.sound))

    assert lengths == [RATE, RATE, 2 * RATE]


def test_a_folder_of_something_else_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="is no pack, nor a folder with drum-samples"):
        prepare(tmp_path, tmp_path / "cache")
