"""Measure on rendered songs: ``python -m transcription.core.training.measuring.validation``.

The songs' kits, grooves and recordings are of the validation split: none was trained on. Velocities are
known here, which no annotated recording tells.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from accounts.core.errors import DrumError
from transcription.core.detection import Detector, load_detector
from transcription.core.evaluation import presentation
from transcription.core.evaluation.calibration import expected_calibration_error
from transcription.core.evaluation.command import introduction, print_tables, write_report
from transcription.core.evaluation.docs import fill_document
from transcription.core.evaluation.estimate import heard
from transcription.core.evaluation.presentation import Goal, goal_table
from transcription.core.evaluation.reference import UnusableInput
from transcription.core.evaluation.report import Report, SongScore
from transcription.core.evaluation.scoring import score
from transcription.core.evaluation.tables import Cell, Table
from transcription.core.training.measuring.rendered_songs import (
    DEFAULT_SECONDS,
    DEFAULT_SEED,
    SongSet,
    rendered_songs,
    set_name,
)

_VELOCITY = Goal("velocity, Spearman", 0.8)
_CALIBRATION = Goal("calibration error (ECE)", 0.05, is_ceiling=True)
_ONSET = Goal("onset error, median, ms", 5.0, is_ceiling=True)


def validate(
    material: Path,
    store: Path,
    songs: SongSet,
    detector: Detector,
    progress: Callable[[str], None] = lambda what: None,
) -> Report:
    """Transcribe ``songs``, drums alone and in the mix, and score them; one song is in memory at a time."""
    scores = []
    name = set_name(material, songs)
    for song in rendered_songs(material, store / name, songs):
        progress(f"{song.name} of {songs.count}, {song.source}")
        estimate = heard(song.audio, detector, beats=False)
        scores.append(SongScore(song.name, song.source, score(song.reference, estimate)))
    scores.sort(key=lambda scored: (scored.source, scored.song))
    what = f"{songs.count} rendered songs of {songs.seconds:g} s ({name})"
    return Report(detector.label, what, tuple(scores))


def tables(report: Report, *, errors: bool = False) -> list[Table]:
    """Return all that is printed."""
    return [
        presentation.class_table(report, by_song=False),
        presentation.tolerance_table(report),
        presentation.instrument_table(report),
        presentation.contrast_table(report),
        presentation.velocity_table(report),
        presentation.onset_table(report),
        presentation.reliability_table(report),
        presentation.expectation_table(report),
        *(presentation.error_tables(report, by_song=False) if errors else ()),
        goal_table(_goal_rows(report)),
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line; returns the exit status: 2 when there is nothing to measure."""
    options = _parser().parse_args(arguments)
    try:
        _validate(options)
    except (UnusableInput, DrumError) as error:
        print(f"validation: {error}", file=sys.stderr)
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m transcription.core.training.measuring.validation", description=__doc__
    )
    parser.add_argument(
        "--material",
        type=Path,
        required=True,
        help="a pack, or a folder with drum-samples, groove-midi, backing",
    )
    parser.add_argument("--songs", type=int, default=60, help="how many; %(default)s")
    parser.add_argument("--seconds", type=float, default=DEFAULT_SECONDS, help="of each song; %(default)s")
    parser.add_argument(
        "--seed", type=int, default=DEFAULT_SEED, help="another seed, other songs; %(default)s"
    )
    parser.add_argument("--store", type=Path, default=Path("data/validation"), help="where songs are kept")
    parser.add_argument("--weights", type=Path, help="other weights than those shipped")
    parser.add_argument("--json", type=Path, metavar="FILE", help="where the figures are written")
    parser.add_argument(
        "--errors", action="store_true", help="also print what false hits and misses coincide with"
    )
    parser.add_argument("--markdown", action="store_true", help="print the tables as Markdown")
    parser.add_argument("--docs", type=Path, help="also put the tables in this document: docs/accuracy.md")
    return parser


def _validate(options: argparse.Namespace) -> None:
    if options.songs < 1 or options.seconds < 1:
        raise UnusableInput("at least one song of at least one second is needed")
    if options.json is not None and not options.json.parent.is_dir():
        raise UnusableInput(f"{options.json} cannot be written: {options.json.parent} is no folder")
    if options.docs is not None and not options.docs.is_file():
        raise UnusableInput(f"{options.docs} is no document")
    songs = SongSet(options.songs, options.seconds, options.seed)
    detector = load_detector(options.weights)
    try:
        report = validate(options.material, options.store, songs, detector, _progress)
    except FileNotFoundError as error:
        raise UnusableInput(f"{options.material} is no material to render from: {error}") from error
    if options.json is not None:
        write_report(report, options.json)
    print_tables(report, tables(report, errors=options.errors), markdown=options.markdown)
    if options.docs is not None:
        fill_document(options.docs, "rendered", introduction(report), tables(report, errors=True))


def _goal_rows(report: Report) -> list[Sequence[Cell]]:
    rows: list[Sequence[Cell]] = []
    for source in report.sources:
        figures = report.pooled(source)
        rows.append(_VELOCITY.row(source, figures.all_matched.velocity_spearman))
        rows.append(_CALIBRATION.row(source, expected_calibration_error(figures.all_judged)))
        rows.append(_ONSET.row(source, figures.all_matched.error_percentile_ms(50)))
    return rows


def _progress(what: str) -> None:
    print(f"hearing {what}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
