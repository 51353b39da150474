"""What the figures look like, table by table."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from notation.core.instruments import INSTRUMENTS, DrumClass
from transcription.core.evaluation.calibration import expected_calibration_error, expected_f, reliability
from transcription.core.evaluation.confusion import DOUBLE, MISSED, NOTHING
from transcription.core.evaluation.labels import CONTRASTS, MEANINGS
from transcription.core.evaluation.matching import WIDEST_MS, WINDOWS_MS, Counts
from transcription.core.evaluation.report import Report, mean, reached_f
from transcription.core.evaluation.scoring import Figures, total
from transcription.core.evaluation.tables import Cell, Table, milliseconds

_MOST_NAMED = 5


@dataclass(frozen=True, slots=True)
class Goal:
    """A figure to reach: at least ``value``, or at most where ``is_ceiling``."""

    what: str
    value: float
    is_ceiling: bool = False

    def row(self, source: str, reached: float) -> tuple[Cell, ...]:
        """The figure, the goal and whether it is met."""
        met = reached <= self.value if self.is_ceiling else reached >= self.value
        sign = "≤" if self.is_ceiling else "≥"
        verdict = None if math.isnan(reached) else "yes" if met else "no"
        return (self.what, source, reached, f"{sign} {self.value:g}", verdict)


def goal_table(rows: Sequence[Sequence[Cell]]) -> Table:
    """Goals and what was reached."""
    return Table("Goals", ("figure", "source", "reached", "goal", "met"), rows, words=2)


def class_table(report: Report, *, by_song: bool = True) -> Table:
    """Five classes: every song, unless not ``by_song``, and all of them."""
    tolerances = [f"±{ms}" for ms in WINDOWS_MS[:-1]]
    head = ("song", "source", *DrumClass, "micro", "macro", "P", "R", *tolerances)
    rows: list[Sequence[Cell]] = []
    for source in report.sources:
        for score in report.songs(source) if by_song else ():
            rows.append((score.song, source, *_class_cells(score.figures)))
        rows.append(("**all**", source, *_class_cells(report.pooled(source))))
    return Table(
        "Five classes",
        [str(word) for word in head],
        rows,
        f"F within ±{WIDEST_MS} ms; the last columns are micro F within narrower windows. **all** pools "
        "every stroke of every song; macro is the mean of the classes that are annotated.",
        words=2,
    )


def tolerance_table(report: Report) -> Table:
    """Five classes at every tolerance."""
    rows: list[Sequence[Cell]] = []
    for source in report.sources:
        figures = report.pooled(source)
        for ms in WINDOWS_MS:
            by_class = [counts.f_measure for counts in figures.classes[ms].values()]
            rows.append((source, f"±{ms}", *by_class, figures.micro(ms).f_measure, figures.macro_f(ms)))
    head = ["source", "ms", *(drum_class.value for drum_class in DrumClass), "micro", "macro"]
    return Table("Tolerance", head, rows, "F of all strokes pooled.", words=2)


def instrument_table(report: Report) -> Table:
    """Our own instruments, all songs pooled."""
    rows: list[Sequence[Cell]] = []
    for source in report.sources:
        figures = report.pooled(source)
        by_name = figures.instruments[WIDEST_MS]
        for name, counts in by_name.items():
            if counts.reference or counts.estimated:
                narrow = figures.instruments[WINDOWS_MS[0]][name]
                rows.append((INSTRUMENTS[name].label, source, *_prf(counts), narrow.f_measure))
        micro = total(figures.instruments[WINDOWS_MS[0]]).f_measure
        rows.append(("**all, micro**", source, *_prf(total(by_name)), micro))
    head = ("instrument", "source", "F", "P", "R", "annotated", "heard", f"F ±{WINDOWS_MS[0]}")
    return Table(
        "Own classes", head, rows, f"The very instrument has to be right, within ±{WIDEST_MS} ms.", words=2
    )


def contrast_table(report: Report) -> Table:
    """Instruments that must not be taken for each other."""
    rows: list[Sequence[Cell]] = []
    for source in report.sources:
        figures = report.pooled(source)
        for contrast, sides in CONTRASTS.items():
            for side in sides:
                rows.append((side, source, *_prf(figures.sides.get(side, Counts()))))
            rows.append((f"**{contrast}, macro F**", source, figures.contrast_f(contrast), "", "", "", ""))
        rows.append(("**ghost strokes, recall**", source, "", "", figures.ghost_recall, "", ""))
    return Table(
        "Contrasts",
        ("side", "source", "F", "P", "R", "annotated", "heard"),
        rows,
        "Each side judged as one.",
        words=2,
    )


def heard_as_table(report: Report) -> Table:
    """What each annotated label was heard as."""
    rows: list[Sequence[Cell]] = []
    for source in report.sources:
        found = report.pooled(source).heard_as
        known = [label for label in MEANINGS if label in found]
        for label in [*known, *sorted(set(found) - set(known))]:
            others = found[label]
            rows.append((label, source, _listed(others.most_common()), others.total()))
    return Table("Heard as", ("label", "source", "heard as", "annotated"), rows, words=3)


def beat_table(report: Report) -> Table:
    """Beats, tempo and meter, song by song."""
    rows: list[Sequence[Cell]] = []
    for source in report.sources:
        for song in report.songs(source):
            for score in song.figures.beats:
                rows.append(
                    (
                        song.song,
                        source,
                        score.beat_f,
                        score.downbeat_f,
                        f"{score.tempo_reference_bpm:.1f}",
                        f"{score.tempo_estimated_bpm:.1f}",
                        score.tempo.value,
                        score.meter_reference,
                        score.meter_estimated,
                        "right" if score.meter_is_right else "wrong",
                    )
                )
        beats = report.pooled(source).beats
        if beats:
            tempos = sum(score.tempo == "right" for score in beats)
            meters = sum(score.meter_is_right for score in beats)
            means = mean(score.beat_f for score in beats), mean(score.downbeat_f for score in beats)
            shares = f"{tempos} of {len(beats)}", f"{meters} of {len(beats)}"
            rows.append(("**all**", source, *means, "", "", shares[0], "", "", shares[1]))
    return Table(
        "Beats and bars",
        ("song", "source", "beat F", "downbeat F", "bpm", "heard", "tempo", "in a bar", "heard", "meter"),
        rows,
        "Beats within ±70 ms, means of the songs. Tempo within 2 %: right, octave (twice or half) or wrong.",
        words=2,
    )


def onset_table(report: Report) -> Table:
    """Errors of the onsets that matched."""
    rows: list[Sequence[Cell]] = []
    for source in report.sources:
        figures = report.pooled(source)
        named = [(cls.value, matched) for cls, matched in figures.matched.items()]
        for name, matched in [*named, ("**all**", figures.all_matched)]:
            errors = [matched.error_percentile_ms(percentile) for percentile in (50, 90)]
            cells = [milliseconds(value) for value in (*errors, matched.bias_ms)]
            rows.append((name, source, *cells, len(matched.error_s)))
    head = ("class", "source", "median, ms", "90 %, ms", "bias, ms", "matches")
    note = "Absolute error of matched hits; the bias is the median with its sign, early being negative."
    return Table("Onsets", head, rows, note, words=2)


def velocity_table(report: Report) -> Table:
    """How well loudness was ranked."""
    rows: list[Sequence[Cell]] = []
    for source in report.sources:
        figures = report.pooled(source)
        by_class = [matched.velocity_spearman for matched in figures.matched.values()]
        pooled, of_songs = figures.all_matched.velocity_spearman, report.mean_velocity_spearman(source)
        rows.append((source, *by_class, pooled, of_songs, report.velocity_spearman_within(source)))
    head = ["source", *(drum_class.value for drum_class in DrumClass), "all", "mean of songs", "within"]
    note = (
        "Spearman's rank correlation over matched hits; within: of how far each stroke is from the mean of "
        "its class in its song, all pooled."
    )
    return Table("Velocity", head, rows, note)


def reliability_table(report: Report) -> Table:
    """Confidence beside the share of right hits."""
    rows: list[Sequence[Cell]] = []
    for source in report.sources:
        figures = report.pooled(source)
        for part in reliability(figures.all_judged):
            span = f"{part.low:.1f}–{part.high:.1f}"
            rows.append((span, source, part.hits, part.confidence, part.right))
        for word, judged in (("", figures.all_judged), (" of the instrument", figures.judged_instruments)):
            error = expected_calibration_error(judged)
            rows.append((f"**error (ECE){word}**", source, len(judged.confidence), "", error))
    head = ("confidence", "source", "hits", "mean confidence", "share right")
    note = "Right means right in its class; in a source's last line, that the very instrument is right."
    return Table("Calibration", head, rows, note, words=2)


def expectation_table(report: Report) -> Table:
    """The F that confidences promise, and what was reached."""
    rows: list[Sequence[Cell]] = []
    for source in report.sources:
        figures = report.pooled(source)
        for cls, judged in figures.judged.items():
            rows.append((cls.value, source, expected_f(judged), reached_f(figures, cls)))
        rows.append(("**all**", source, expected_f(figures.all_judged), figures.micro().f_measure))
    head = ("class", "source", "expected F", "reached F")
    return Table("Expected F", head, rows, "From the hits' confidences, as if none were missed.", words=2)


def error_tables(report: Report, *, by_song: bool = True) -> list[Table]:
    """What false hits coincide with, and what is heard where strokes are missed."""
    songs = ("song",) if by_song else ()
    parts = list(_parts(report, by_song))
    return [
        Table(
            "False hits",
            ("hit", "source", *songs, "coincides with", "hits", "in place of", "double", "beside", "nothing"),
            [
                (hit, *part, _listed(others.most_common()), others.total(), *_kinds(others))
                for part, figures in parts
                for hit, others in sorted(figures.false_hits.items(), key=lambda item: -item[1].total())
            ],
            f"By what lies within ±{WIDEST_MS} ms. In place of: a stroke there was missed. Double: a second "
            "hit on a stroke of its own class. Beside: only strokes of other classes, which were found.",
            words=3 + len(songs),
        ),
        Table(
            "Missed strokes",
            ("label", "source", *songs, "heard at that instant", "strokes", "nothing"),
            [
                (label, *part, _listed(others.most_common()), others.total(), others[NOTHING])
                for part, figures in parts
                for label, others in sorted(figures.missed.items(), key=lambda item: -item[1].total())
            ],
            words=3 + len(songs),
        ),
    ]


def _parts(report: Report, by_song: bool) -> Iterator[tuple[tuple[str, ...], Figures]]:
    """Each source's songs together, then, if ``by_song``, each alone; with what says so in a row."""
    for source in report.sources:
        yield (source, "**all**") if by_song else (source,), report.pooled(source)
        if by_song:
            yield from (((source, score.song), score.figures) for score in report.songs(source))


def _kinds(coincidences: Counter[str]) -> tuple[int, int, int, int]:
    """How many false hits stand in a missed stroke's place, are doubles, lie beside others, or alone."""
    kinds: Counter[str] = Counter()
    for words, count in coincidences.items():
        kinds[next((kind for kind in (MISSED, DOUBLE, NOTHING) if kind in words), "")] += count
    return kinds[MISSED], kinds[DOUBLE], kinds[""], kinds[NOTHING]


def _listed(counted: Sequence[tuple[str, int]]) -> str:
    named = [f"{word} {count}" for word, count in counted[:_MOST_NAMED]]
    rest = sum(count for _, count in counted[_MOST_NAMED:])
    return ", ".join([*named, f"… {rest}"] if rest else named)


def _class_cells(figures: Figures) -> tuple[Cell, ...]:
    micro = figures.micro()
    return (
        *(counts.f_measure for counts in figures.classes[WIDEST_MS].values()),
        micro.f_measure,
        figures.macro_f(),
        micro.precision,
        micro.recall,
        *(figures.micro(ms).f_measure for ms in WINDOWS_MS[:-1]),
    )


def _prf(counts: Counts) -> tuple[Cell, ...]:
    return counts.f_measure, counts.precision, counts.recall, counts.reference, counts.estimated
