from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from notation.core.instruments import DrumClass
from transcription.core.evaluation import (
    Counts,
    count_matches,
    evaluate_results,
    main,
    read_reference,
    read_result,
    table,
)


def times(**by_class: list[float]) -> dict[DrumClass, np.ndarray]:
    return {cls: np.array(by_class.get(cls.value, []), np.float64) for cls in DrumClass}


@pytest.fixture
def songs(tmp_path: Path) -> Path:
    folder = tmp_path / "songs"
    (folder / "Waltz").mkdir(parents=True)
    (folder / "Waltz" / "class.tsv").write_text("0.50\tKD\n1.00\tSD\n1.50\tHH\n1.50\tOT\n2.00\tKD\n")
    (folder / "Waltz" / "beats.tsv").write_text("0.5\t1\n1.0\t2\n1.5\t3\n2.0\t1\n")
    for source, pitch in (("drums", 200), ("mix", 300)):
        sound = 0.1 * np.sin(2 * np.pi * pitch * np.arange(3 * 44_100) / 44_100)
        soundfile.write(folder / "Waltz" / f"{source}.flac", sound, 44_100)
    return folder


def result(**changes: object) -> dict[str, object]:
    hits = [(0.51, "kick"), (1.0, "side_stick"), (1.52, "hihat_open"), (2.2, "kick"), (2.3, "cowbell")]
    return {
        "schema": "drumsite.transcription/1",
        "audio": {"duration_s": 3.0, "sha256": "0" * 64},
        "hits": [{"onset_s": onset_s, "instrument": instrument} for onset_s, instrument in hits],
        "beats": [{"time_s": 0.5 * n, "bar": (n - 1) // 3 + 1, "beat": (n - 1) % 3 + 1} for n in range(1, 5)],
        "engines": {"detect": "crnn 1.0"},
    } | changes


def test_strokes_within_fifty_milliseconds_match_one_to_one() -> None:
    counts = count_matches(times(KD=[1.0, 2.0]), times(KD=[1.049, 1.02, 2.051], SD=[1.0]))

    assert counts[DrumClass.KICK] == Counts(matched=1, reference=2, estimated=3)
    assert counts[DrumClass.SNARE] == Counts(matched=0, reference=0, estimated=1)


def test_pooled_counts_give_precision_recall_and_f() -> None:
    pooled = Counts(8, 10, 9) + Counts(0, 0, 1)

    assert pooled.precision == pytest.approx(0.8)
    assert pooled.recall == pytest.approx(0.8)
    assert pooled.f_measure == pytest.approx(0.8)


def test_other_percussion_is_left_out_of_the_reference(songs: Path) -> None:
    reference = read_reference(songs / "Waltz")

    assert {cls.value: len(found) for cls, found in reference.onsets_s.items()} == {
        "KD": 2, "SD": 1, "TT": 0, "HH": 1, "CY": 0,
    }  # fmt: skip
    assert reference.downbeats_s.tolist() == [0.5, 2.0]


def test_results_are_scored_by_the_class_of_their_instruments(songs: Path, tmp_path: Path) -> None:
    path = tmp_path / "Waltz.mix.json"
    path.write_text(json.dumps(result()))

    report = evaluate_results(songs, path, ["mix"])

    (song,) = report.scores
    assert song.micro == Counts(matched=3, reference=4, estimated=4)
    assert song.beat_f == pytest.approx(1.0)
    assert song.downbeat_f == pytest.approx(1.0)
    assert report.engine == "crnn 1.0"


def test_a_result_finds_its_song_by_the_sound_it_was_made_from(songs: Path, tmp_path: Path) -> None:
    sha256 = hashlib.sha256((songs / "Waltz" / "drums.flac").read_bytes()).hexdigest()
    path = tmp_path / "unnamed.json"
    path.write_text(json.dumps(result(audio={"sha256": sha256})))

    (song,) = evaluate_results(songs, path, ["drums", "mix"]).scores

    assert (song.song, song.source) == ("Waltz", "drums")


def test_a_result_of_no_known_song_is_refused(songs: Path, tmp_path: Path) -> None:
    path = tmp_path / "stranger.json"
    path.write_text(json.dumps(result()))

    with pytest.raises(ValueError, match="no song"):
        evaluate_results(songs, path, ["mix"])


def test_other_documents_are_no_results() -> None:
    with pytest.raises(ValueError, match="schema"):
        read_result({"schema": "something/else"})


def test_the_table_has_a_line_for_each_song_and_one_for_all(songs: Path, tmp_path: Path) -> None:
    path = tmp_path / "Waltz.mix.json"
    path.write_text(json.dumps(result()))

    lines = table(evaluate_results(songs, path, ["mix"])).splitlines()

    assert lines[0].startswith("| song | source | KD | SD | TT | HH | CY | micro |")
    assert [line.split("|")[1].strip() for line in lines[2:]] == ["Waltz", "**all**"]


def test_a_missing_folder_is_said_and_ends_with_two(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status = main([str(tmp_path / "nowhere")])

    assert status == 2
    assert "holds no annotated songs" in capsys.readouterr().err


def test_results_given_on_the_command_line_are_scored(
    songs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "Waltz.drums.json").write_text(json.dumps(result()))

    status = main([str(songs), "--json", str(tmp_path / "Waltz.drums.json")])

    assert status == 0
    assert "| Waltz | drums |" in capsys.readouterr().out


@pytest.mark.slow
def test_the_pipelines_figures_are_written_where_asked(songs: Path, tmp_path: Path) -> None:
    status = main([str(songs), "--source", "drums", "--json", str(tmp_path / "figures.json")])

    document = json.loads((tmp_path / "figures.json").read_text())
    assert status == 0
    assert document["schema"] == "drumsite.evaluation/1"
    assert document["pooled"]["drums"]["micro"]["reference"] == 4
