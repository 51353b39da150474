"""Rendered songs are the same whenever they are asked for, and are scored as real ones are."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from notation.core.hits import Hit
from transcription.core.evaluation import Estimate, score
from transcription.core.tests.tiny_material import make_collections
from transcription.core.training.measuring.rendered_songs import (
    RenderedSong,
    SongSet,
    rendered_songs,
    set_name,
)
from transcription.core.training.measuring.validation import main

pytestmark = pytest.mark.slow

_SONGS = SongSet(count=2, seconds=3.0, seed=3)


@pytest.fixture(scope="module")
def material(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_collections(tmp_path_factory.mktemp("material"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, material: Path) -> Path:
    return tmp_path_factory.mktemp("store") / set_name(material, _SONGS)


@pytest.fixture(scope="module")
def songs(material: Path, folder: Path) -> list[RenderedSong]:
    return list(rendered_songs(material, folder, _SONGS))


def test_every_song_comes_as_drums_alone_and_as_mix(songs: list[RenderedSong]) -> None:
    assert [(song.name, song.source) for song in songs] == [
        ("001", "drums"),
        ("001", "mix"),
        ("002", "drums"),
        ("002", "mix"),
    ]
    assert all(song.audio.duration_s == pytest.approx(3.0) for song in songs)


def test_both_sources_hold_the_same_strokes_in_other_sound(songs: list[RenderedSong]) -> None:
    drums, mix = songs[:2]

    assert [s.onset_s for s in drums.reference.own_strokes] == [s.onset_s for s in mix.reference.own_strokes]
    assert not np.array_equal(drums.audio.samples, mix.audio.samples)


def test_songs_already_rendered_are_read_and_not_rendered_again(
    material: Path, folder: Path, songs: list[RenderedSong]
) -> None:
    written = {path: path.stat().st_mtime_ns for path in folder.iterdir()}

    again = list(rendered_songs(material, folder, _SONGS))

    assert {path: path.stat().st_mtime_ns for path in folder.iterdir()} == written
    assert [song.reference.own_strokes for song in again] == [song.reference.own_strokes for song in songs]


def test_a_larger_set_begins_with_the_same_songs(
    material: Path, songs: list[RenderedSong], tmp_path: Path
) -> None:
    (alone, _) = rendered_songs(material, tmp_path / "set-one", SongSet(count=1, seconds=3.0, seed=3))

    np.testing.assert_array_equal(alone.audio.samples, songs[0].audio.samples)


def test_a_song_that_was_left_half_written_is_rendered_again(
    material: Path, folder: Path, songs: list[RenderedSong]
) -> None:
    (folder / "002.json").unlink()
    (folder / "002.mix.flac").write_bytes(b"half")

    again = list(rendered_songs(material, folder, _SONGS))

    np.testing.assert_array_equal(again[3].audio.samples, songs[3].audio.samples)


@pytest.mark.parametrize(
    "other", [SongSet(2, 3.0, seed=4), SongSet(2, 4.0, seed=3)], ids=["other seed", "other length"]
)
def test_other_songs_have_another_name(material: Path, other: SongSet) -> None:
    assert set_name(material, other) != set_name(material, _SONGS)


@pytest.mark.parametrize(
    ("module", "is_part"),
    [
        ("training/render.py", True),
        ("drumming/compose.py", True),
        ("band/amplifiers.py", True),
        ("sound/effects.py", True),
        ("learning/train.py", False),
    ],
)
def test_only_a_change_of_what_renders_makes_other_songs(
    material: Path, monkeypatch: pytest.MonkeyPatch, module: str, is_part: bool
) -> None:
    before, read_bytes = set_name(material, _SONGS), Path.read_bytes
    monkeypatch.setattr(
        Path, "read_bytes", lambda path: read_bytes(path) + b"\n" * path.as_posix().endswith(f"/{module}")
    )

    assert (set_name(material, _SONGS) != before) is is_part


def test_sets_of_old_renderers_are_removed_but_for_the_newest(material: Path, tmp_path: Path) -> None:
    for number in range(5):
        (tmp_path / f"set-{number}").mkdir()

    list(rendered_songs(material, tmp_path / "set-now", SongSet(count=1, seconds=2.0)))

    kept = {path.name for path in tmp_path.glob("set-*")}
    assert "set-now" in kept
    assert len(kept) == 3


def test_playing_what_was_rendered_scores_fully(songs: list[RenderedSong]) -> None:
    for song in songs:
        hits = tuple(
            Hit(f"h{number}", stroke.onset_s, stroke.instrument, stroke.velocity or 1, 1.0)
            for number, stroke in enumerate(song.reference.own_strokes)
            if stroke.instrument is not None
        )

        figures = score(song.reference, Estimate(hits))

        assert figures.micro().f_measure == 1.0
        assert figures.all_matched.velocity_spearman > 0.99


def test_the_command_writes_the_figures_of_both_sources(
    material: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["--material", str(material), "--songs", "1", "--seconds", "3", "--store", str(tmp_path)]

    status = main([*arguments, "--json", str(tmp_path / "figures.json")])

    document = json.loads((tmp_path / "figures.json").read_text())
    assert status == 0
    assert list(document["pooled"]) == ["drums", "mix"]
    assert "velocity_spearman_of_songs" in document["pooled"]["mix"]
    assert "Velocity" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--material", "nowhere"], "nowhere is no material to render from"),
        (["--material", "nowhere", "--songs", "0"], "at least one song"),
        (["--material", "nowhere", "--json", "nowhere/figures.json"], "nowhere is no folder"),
    ],
)
def test_what_cannot_be_measured_is_said(
    capsys: pytest.CaptureFixture[str], arguments: list[str], complaint: str
) -> None:
    status = main(arguments)

    assert status == 2
    assert complaint in capsys.readouterr().err
