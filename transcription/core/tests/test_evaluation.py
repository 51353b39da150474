"""``script/evaluate``: what it reads, prints, writes, compares and refuses."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from notation.core.instruments import DrumClass, InstrumentName
from transcription.core.evaluation import UnusableInput, evaluate_results, read_reference, read_result
from transcription.core.evaluation.command import main
from transcription.core.evaluation.matching import Counts
from transcription.core.tests.evaluation_songs import waltz_result, write_waltz


@pytest.fixture
def songs(tmp_path: Path) -> Path:
    return write_waltz(tmp_path / "songs")


@pytest.fixture
def result(tmp_path: Path) -> Path:
    path = tmp_path / "Waltz.mix.json"
    path.write_text(json.dumps(waltz_result()))
    return path


def figures_of(songs: Path, result: Path, to: Path, **changes: object) -> Path:
    result.write_text(json.dumps(waltz_result(**changes)))
    assert main([str(songs), "--results", str(result), "--json", str(to)]) == 0
    return to


def test_other_percussion_is_left_out_of_the_classes(songs: Path) -> None:
    reference = read_reference(songs / "Waltz")

    assert [stroke.drum_class for stroke in reference.class_strokes if stroke.label == "OT"] == [None]
    assert reference.downbeats_s.tolist() == [0.5, 2.0]


def test_sub_classes_are_read_as_our_instruments(songs: Path) -> None:
    reference = read_reference(songs / "Waltz")

    assert [(stroke.label, stroke.instrument) for stroke in reference.own_strokes] == [
        ("KD", InstrumentName.KICK),
        ("SDG", InstrumentName.SNARE),
        ("OHH", InstrumentName.HIHAT_OPEN),
        ("TMB", InstrumentName.TAMBOURINE),
        ("KD", InstrumentName.KICK),
    ]


def test_results_are_scored_by_the_class_of_their_instruments(songs: Path, result: Path) -> None:
    report = evaluate_results(songs, result, ["mix"])

    (song,) = report.scores
    assert song.figures.micro() == Counts(matched=3, reference=4, estimated=4)
    assert song.figures.instruments[50][InstrumentName.COWBELL] == Counts(0, 0, 1)
    assert song.figures.beats[0].beat_f == pytest.approx(1.0)
    assert report.engine == "crnn 1.0"


def test_a_result_finds_its_song_by_the_sound_it_was_made_from(songs: Path, tmp_path: Path) -> None:
    sha256 = hashlib.sha256((songs / "Waltz" / "drums.flac").read_bytes()).hexdigest()
    path = tmp_path / "unnamed.json"
    path.write_text(json.dumps(waltz_result(audio={"sha256": sha256})))

    (song,) = evaluate_results(songs, path, ["drums", "mix"]).scores

    assert (song.song, song.source) == ("Waltz", "drums")


def test_a_song_annotated_by_class_alone_is_scored_too(
    songs: Path, result: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (songs / "Waltz" / "subclass.tsv").unlink()
    (songs / "Waltz" / "beats.tsv").unlink()

    status = main([str(songs), "--results", str(result)])

    assert status == 0
    assert "Beats and bars" not in capsys.readouterr().out


def test_a_result_of_no_known_song_is_refused(songs: Path, tmp_path: Path) -> None:
    path = tmp_path / "stranger.json"
    path.write_text(json.dumps(waltz_result()))

    with pytest.raises(UnusableInput, match="no song"):
        evaluate_results(songs, path, ["mix"])


def test_other_documents_are_no_results() -> None:
    with pytest.raises(UnusableInput, match="schema"):
        read_result({"schema": "something/else"})


def test_results_with_a_piece_missing_are_refused() -> None:
    with pytest.raises(UnusableInput, match="velocity"):
        read_result(
            waltz_result(hits=[{"id": "h1", "onset_s": 1.0, "instrument": "kick", "confidence": 1.0}])
        )


@pytest.mark.parametrize(
    ("file", "content", "complaint"),
    [
        ("class.tsv", "", "no stroke is annotated"),
        ("class.tsv", "0.5\tKD\n1.0\tXX\n", "line 2: unknown class 'XX'"),
        ("class.tsv", "soon\tKD\n", "line 1: 'soon' is no time"),
        ("class.tsv", "nan\tKD\n", "line 1: 'nan' is no time"),
        ("class.tsv", "0.5 KD\n", "needs seconds, a tab and a label"),
        ("subclass.tsv", "0.5\tGONG\n", "unknown label 'GONG'"),
        ("beats.tsv", "0.5\tone\n", "'one' is no beat's number"),
    ],
)
def test_annotations_that_make_no_sense_are_refused_by_line(
    songs: Path, result: Path, capsys: pytest.CaptureFixture[str], file: str, content: str, complaint: str
) -> None:
    (songs / "Waltz" / file).write_text(content)

    status = main([str(songs), "--results", str(result)])

    assert status == 2
    assert complaint in capsys.readouterr().err


@pytest.mark.parametrize("made", [False, True])
def test_a_folder_without_songs_is_said_and_ends_with_two(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], made: bool
) -> None:
    if made:
        (tmp_path / "nowhere").mkdir()

    status = main([str(tmp_path / "nowhere")])

    assert status == 2
    assert "holds no annotated songs" in capsys.readouterr().err


def test_a_song_without_its_sound_is_said(songs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (songs / "Waltz" / "mix.flac").unlink()

    status = main([str(songs)])

    assert status == 2
    assert "has no mix.flac" in capsys.readouterr().err


def test_a_sound_that_is_none_is_said(songs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (songs / "Waltz" / "drums.flac").write_text("no sound")

    status = main([str(songs), "--source", "drums"])

    assert status == 2
    assert "cannot be read as sound" in capsys.readouterr().err


def test_a_place_that_cannot_be_written_is_said_before_the_work(
    songs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status = main([str(songs), "--json", str(tmp_path / "nowhere" / "figures.json")])

    assert status == 2
    assert "hearing" not in capsys.readouterr().err


def test_a_result_given_as_json_is_scored(
    songs: Path, result: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = result.read_bytes()

    status = main([str(songs), "--json", str(result)])

    assert status == 0
    assert result.read_bytes() == before
    assert "Waltz    mix" in capsys.readouterr().out


def test_a_folder_of_results_is_scored(songs: Path, result: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (result.parent / "score.json").write_text("{}")

    status = main([str(songs), "--json", str(result.parent)])

    assert status == 0
    assert "Waltz" in capsys.readouterr().out


def test_figures_are_written_by_class_instrument_and_window(
    songs: Path, result: Path, tmp_path: Path
) -> None:
    document = json.loads(figures_of(songs, result, tmp_path / "figures.json").read_text())

    assert document["schema"] == "drumsite.evaluation/2"
    figures = document["pooled"]["mix"]
    assert figures["classes"]["50"]["micro"] == {
        "f": 0.75, "precision": 0.75, "recall": 0.75, "matched": 3, "reference": 4, "estimated": 4,
    }  # fmt: skip
    assert figures["classes"]["20"][DrumClass.HIHAT]["f"] == 1.0
    assert figures["instruments"]["50"]["tambourine"]["reference"] == 1
    assert figures["contrasts"]["open vs closed/pedal hi-hat"] == 1.0
    assert figures["ghost_recall"] == 1.0
    assert figures["calibration"]["classes"]["ece"] == 0.0
    assert figures["beats"] == {
        "beat_f": 1.0, "downbeat_f": 1.0, "tempo_right": 1, "tempo_octave": 0, "meter_right": 1, "songs": 1,
        "tempo": "right", "tempo_reference_bpm": 120.0, "tempo_estimated_bpm": 120.0,
        "meter_reference": 3, "meter_estimated": "3/4",
    }  # fmt: skip
    assert figures["false_hits"] == {"kick": {"nothing": 1}}
    assert figures["missed"] == {"KD": {"nothing": 1}}


def test_tables_are_printed_as_markdown_for_the_docs(
    songs: Path, result: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main([str(songs), "--results", str(result), "--markdown"])

    lines = capsys.readouterr().out.splitlines()
    assert "### Five classes" in lines
    assert any(
        line.startswith("| song | source | KD | SD | TT | HH | CY | micro | macro |") for line in lines
    )
    assert any(line.startswith("| **all** | mix | 0.500 | 1.000 | – | 1.000 | – | 0.750 |") for line in lines)


def test_tables_are_put_where_a_document_wants_them(songs: Path, result: Path, tmp_path: Path) -> None:
    document = tmp_path / "accuracy.md"
    document.write_text(
        "# Accuracy\n<!-- songs: introduction -->\nold\n<!-- end -->\nwords between\n"
        "<!-- songs: Beats and bars -->\n<!-- end -->\n<!-- rendered: Velocity -->\nkept\n<!-- end -->\n"
    )

    status = main([str(songs), "--results", str(result), "--docs", str(document)])

    text = document.read_text()
    assert status == 0
    assert "old" not in text
    assert "Engine crnn 1.0" in text
    assert "words between" in text
    assert "| Waltz | mix | 1.000 | 1.000 | 120.0 | 120.0 | right | 3 | 3/4 | right |" in text
    assert "<!-- rendered: Velocity -->\nkept\n<!-- end -->" in text


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (None, "is no document"),
        ("# Accuracy", "has no place"),
        ("<!-- songs: Luck -->\n<!-- end -->", "a place for Luck"),
    ],
)
def test_documents_without_the_right_places_are_refused(
    songs: Path,
    result: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    text: str | None,
    complaint: str,
) -> None:
    document = tmp_path / "accuracy.md"
    if text is not None:
        document.write_text(text)

    status = main([str(songs), "--results", str(result), "--docs", str(document)])

    assert status == 2
    assert complaint in capsys.readouterr().err


def test_errors_are_printed_when_asked(songs: Path, result: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main([str(songs), "--results", str(result), "--errors"])

    out = capsys.readouterr().out
    (false, *_) = [line.split() for line in out.splitlines() if line.startswith("kick ")]
    assert false == ["kick", "mix", "**all**", "nothing", "1", "1", "0", "0", "0", "1"]
    assert "Missed strokes" in out


def test_two_evaluations_are_compared(
    songs: Path, result: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = figures_of(songs, result, tmp_path / "before.json")
    after = figures_of(songs, result, tmp_path / "after.json", hits=waltz_result()["hits"][:3])
    capsys.readouterr()

    status = main(["--compare", str(before), str(after)])

    out = capsys.readouterr().out
    assert status == 0
    assert "Better: Waltz (mix). Worse: no song." in out
    assert "micro F" in out
    assert "+0.107  better" in out


def test_a_larger_error_is_worse(
    songs: Path, result: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    hits = waltz_result()["hits"]
    late = [hit | {"onset_s": hit["onset_s"] + 0.02} for hit in hits]
    before = figures_of(songs, result, tmp_path / "before.json")
    after = figures_of(songs, result, tmp_path / "after.json", hits=late)
    capsys.readouterr()

    main(["--compare", str(before), str(after)])

    (line,) = [row for row in capsys.readouterr().out.splitlines() if row.startswith("onset error, median")]
    assert line.endswith("+20.000  worse")


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (None, "cannot be read"),
        ("{", "is no JSON"),
        ("{}", "is no result of an evaluation"),
        ("[]", "schema is None"),
    ],
)
def test_only_evaluations_are_compared(
    songs: Path,
    result: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    content: str | None,
    complaint: str,
) -> None:
    good, other = figures_of(songs, result, tmp_path / "good.json"), tmp_path / "other.json"
    if content is not None:
        other.write_text(content)

    status = main(["--compare", str(good), str(other)])

    assert status == 2
    assert complaint in capsys.readouterr().err


@pytest.mark.slow
def test_the_pipeline_is_measured_where_no_results_are_given(songs: Path, tmp_path: Path) -> None:
    status = main([str(songs), "--source", "drums", "--json", str(tmp_path / "figures.json")])

    document = json.loads((tmp_path / "figures.json").read_text())
    assert status == 0
    assert document["pooled"]["drums"]["classes"]["50"]["micro"]["reference"] == 4
