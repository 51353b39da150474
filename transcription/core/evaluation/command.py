"""Measure the shipped pipeline, or results it wrote, against annotated songs; or compare two measurements.

DIR holds a folder for each song with drums.flac, mix.flac and class.tsv (seconds and KD, SD, TT, HH, CY or
OT) and, if known, subclass.tsv (seconds and MDB Drums' label of the instrument) and beats.tsv (seconds and
the beat's number in its bar). See docs/accuracy.md.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from accounts.core.errors import DrumError
from notation.core.instruments import DrumClass
from transcription.core.detection import Detector, load_detector
from transcription.core.evaluation import presentation
from transcription.core.evaluation.comparison import compare, comparison_tables, tally
from transcription.core.evaluation.docs import fill_document
from transcription.core.evaluation.labels import CONTRASTS
from transcription.core.evaluation.presentation import Goal, goal_table
from transcription.core.evaluation.reference import UnusableInput
from transcription.core.evaluation.report import Report, as_json, mean, reached_f, read_report
from transcription.core.evaluation.songs import SOURCES, evaluate_pipeline, evaluate_results, is_result
from transcription.core.evaluation.tables import Cell, Table, rendered
from transcription.core.keras_cnn.engine import SHIPPED_NETWORK, KerasCnn, load_keras_cnn

_HI_HAT, _CYMBAL = CONTRASTS
_MICRO = {"drums": Goal("micro F", 0.93), "mix": Goal("micro F", 0.90)}
_TOMS = Goal("toms, F", 0.60)
_CYMBALS = Goal("cymbals, F", 0.93)
_WORST_SONG = Goal("worst song, micro F", 0.75)
_NARROW = Goal("micro F ±50 ms less ±20 ms", 0.06, is_ceiling=True)
_CONTRAST_GOALS = (Goal(_HI_HAT, 0.75), Goal(_CYMBAL, 0.80))
_BEAT = Goal("beat F", 0.95)
_DOWNBEAT = Goal("downbeat F", 0.88)
_TEMPO = Goal("share of tempos right", 1.0)
_METER = Goal("share of meters right", 1.0)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line; returns the exit status: 2 when there is nothing to measure."""
    options = _parser().parse_args(arguments)
    try:
        if options.compare:
            _compare(*options.compare, markdown=options.markdown)
        else:
            _evaluate(options)
    except UnusableInput as error:
        print(f"script/evaluate: {error}.", file=sys.stderr)
        return 2
    except DrumError as error:
        print(f"script/evaluate: {error}", file=sys.stderr)
        return 2
    return 0


def write_report(report: Report, path: Path) -> None:
    """Write ``report`` as JSON; raises UnusableInput when ``path`` cannot be written."""
    try:
        path.write_text(json.dumps(as_json(report), indent=1, allow_nan=False) + "\n", "utf-8")
    except OSError as error:
        raise UnusableInput(f"{path} cannot be written: {error.strerror or error}") from error


def introduction(report: Report) -> str:
    """What was measured, in a line."""
    return f"Engine {report.engine}; {report.material}."


def print_tables(report: Report, tables: Sequence[Table], *, markdown: bool) -> None:
    """Print ``tables`` under a line on what was measured."""
    print(f"{introduction(report)}\n")
    print(rendered([table for table in tables if table.rows], markdown=markdown))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="script/evaluate", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, metavar="DIR", nargs="?", help="annotated songs")
    parser.add_argument(
        "--json",
        type=Path,
        metavar="FILE",
        help="where the figures are written; a result (drumsite.transcription/1), or a folder of them, is "
        "scored instead of running the pipeline, as with --results",
    )
    parser.add_argument("--results", type=Path, help="results to score instead of running the pipeline")
    parser.add_argument("--source", choices=(*SOURCES, "both"), default="both", help="what to listen to")
    parser.add_argument(
        "--engine", choices=("crnn", "keras-cnn"), default="crnn", help="what hears; default: %(default)s"
    )
    parser.add_argument("--weights", type=Path, help="other weights than those shipped")
    parser.add_argument(
        "--errors", action="store_true", help="also print what false hits and misses coincide with"
    )
    parser.add_argument("--markdown", action="store_true", help="print the tables as Markdown")
    parser.add_argument("--docs", type=Path, help="also put the tables in this document: docs/accuracy.md")
    parser.add_argument(
        "--compare",
        nargs=2,
        type=Path,
        metavar=("A.json", "B.json"),
        help="compare two files that --json wrote",
    )
    return parser


def _evaluate(options: argparse.Namespace) -> None:
    if options.folder is None:
        raise UnusableInput("a folder of annotated songs is needed, or --compare with two files")
    sources = SOURCES if options.source == "both" else (options.source,)
    results, out = options.results, options.json
    if options.docs is not None and not options.docs.is_file():
        raise UnusableInput(f"{options.docs} is no document")
    if results is None and out is not None and (out.is_dir() or is_result(out)):
        results, out = out, None
    if results is not None:
        if not results.exists():
            raise UnusableInput(f"{results} is not there")
        report = evaluate_results(options.folder, results, sources)
    else:
        if out is not None and not out.parent.is_dir():
            raise UnusableInput(f"{out} cannot be written: {out.parent} is no folder")
        if options.engine == "crnn":
            detector: Detector | KerasCnn = load_detector(options.weights)
        else:
            detector = load_keras_cnn(options.weights or SHIPPED_NETWORK)
        report = evaluate_pipeline(options.folder, sources, detector, _progress)
    if out is not None:
        write_report(report, out)
    print_tables(report, _tables(report, errors=options.errors), markdown=options.markdown)
    if options.docs is not None:
        errors = presentation.error_tables(report, by_song=False)
        fill_document(options.docs, "songs", introduction(report), [*_tables(report, errors=False), *errors])


def _tables(report: Report, *, errors: bool) -> list[Table]:
    return [
        presentation.class_table(report),
        presentation.tolerance_table(report),
        presentation.instrument_table(report),
        presentation.contrast_table(report),
        presentation.heard_as_table(report),
        presentation.beat_table(report),
        presentation.onset_table(report),
        presentation.reliability_table(report),
        presentation.expectation_table(report),
        *(presentation.error_tables(report) if errors else ()),
        goal_table(_goal_rows(report)),
    ]


def _goal_rows(report: Report) -> list[Sequence[Cell]]:
    rows: list[Sequence[Cell]] = []
    for source in report.sources:
        figures = report.pooled(source)
        micro_f = figures.micro().f_measure
        rows.append(_MICRO[source].row(source, micro_f))
        rows.append(_TOMS.row(source, reached_f(figures, DrumClass.TOM)))
        rows.append(_CYMBALS.row(source, reached_f(figures, DrumClass.CYMBAL)))
        worst = min(score.figures.micro().f_measure for score in report.songs(source))
        rows.append(_WORST_SONG.row(source, worst))
        rows.append(_NARROW.row(source, micro_f - figures.micro(20).f_measure))
        rows += [goal.row(source, figures.contrast_f(goal.what)) for goal in _CONTRAST_GOALS]
        beats = figures.beats
        if beats:
            rows.append(_BEAT.row(source, mean(score.beat_f for score in beats)))
            rows.append(_DOWNBEAT.row(source, mean(score.downbeat_f for score in beats)))
            rows.append(_TEMPO.row(source, mean(float(score.tempo == "right") for score in beats)))
            rows.append(_METER.row(source, mean(float(score.meter_is_right) for score in beats)))
    return rows


def _compare(before: Path, after: Path, *, markdown: bool) -> None:
    old, new = read_report(before), read_report(after)
    if old["material"] != new["material"]:
        print(f"Not the same material: {old['material']} and {new['material']}.\n", file=sys.stderr)
    changes = compare(old, new)
    print(f"{before.name}: {old['engine']}. {after.name}: {new['engine']}. {tally(changes)}\n")
    print(rendered(comparison_tables(changes), markdown=markdown))


def _progress(what: str) -> None:
    print(f"hearing {what}", file=sys.stderr)
