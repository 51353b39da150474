"""Two evaluations side by side: what got better, what got worse."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from transcription.core.evaluation.matching import WIDEST_MS
from transcription.core.evaluation.tables import Cell, Table, signed

# Changes within what another processor's rounding makes: half a point, or a tenth of a millisecond.
_NOISE = 0.005
_NOISE_MS = 0.1


@dataclass(frozen=True, slots=True, order=True)
class Metric:
    """One figure of a document: of all songs together where ``song`` is empty."""

    source: str
    song: str
    name: str

    @property
    def less_is_better(self) -> bool:
        """Whether the figure is an error."""
        return self.name.startswith(("ECE", "onset error"))

    @property
    def noise(self) -> float:
        """A change that says nothing."""
        return _NOISE_MS if self.name.endswith("ms") and self.less_is_better else _NOISE


@dataclass(frozen=True, slots=True)
class Change:
    """A figure before and after; None where one evaluation does not have it."""

    metric: Metric
    before: float | None
    after: float | None

    @property
    def difference(self) -> float | None:
        """After less before."""
        return None if self.before is None or self.after is None else self.after - self.before

    @property
    def verdict(self) -> str:
        """``better``, ``worse``, or nothing where it is neither."""
        difference = self.difference
        if difference is None or abs(difference) < self.metric.noise:
            return ""
        return "better" if (difference < 0) is self.metric.less_is_better else "worse"


def compare(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Change]:
    """Pair the figures of two documents (``report.as_json``), in the order of the first."""
    old, new = dict(_metrics(before)), dict(_metrics(after))
    return [Change(metric, old.get(metric), new.get(metric)) for metric in dict.fromkeys([*old, *new])]


def comparison_tables(changes: list[Change]) -> list[Table]:
    """All songs together; song by song; and a line on how many figures went which way."""
    head = ("figure", "source", "before", "after", "change", "")
    pooled = [change for change in changes if not change.metric.song]
    songs = [change for change in changes if change.metric.song and change.difference is not None]
    one_sided = sorted(
        {change.metric.song for change in changes if change.metric.song and change.difference is None}
        - {change.metric.song for change in songs}
    )
    note = f"Only in one of the two: {', '.join(one_sided)}." if one_sided else ""
    return [
        Table("All songs", head, [_row(change, change.metric.name) for change in pooled], words=2),
        Table(
            "Song by song",
            ("song", *head),
            [(change.metric.song, *_row(change, change.metric.name)) for change in songs],
            note,
            words=3,
        ),
    ]


def tally(changes: list[Change]) -> str:
    """Which songs got better and which worse, by micro F."""
    songs = [change for change in changes if change.metric.song and change.metric.name == "micro F"]
    better = [f"{c.metric.song} ({c.metric.source})" for c in songs if c.verdict == "better"]
    worse = [f"{c.metric.song} ({c.metric.source})" for c in songs if c.verdict == "worse"]
    return f"Better: {', '.join(better) or 'no song'}. Worse: {', '.join(worse) or 'no song'}."


def _row(change: Change, name: str) -> tuple[Cell, ...]:
    return (
        name,
        change.metric.source,
        change.before,
        change.after,
        signed(change.difference),
        change.verdict,
    )


def _metrics(document: Mapping[str, Any]) -> Iterator[tuple[Metric, float]]:
    for source, figures in document["pooled"].items():
        yield from _known(source, "", _pooled_figures(figures))
    for song in document["songs"]:
        yield from _known(song["source"], song["song"], _song_figures(song))


def _known(
    source: str, song: str, figures: Iterator[tuple[str, float | None]]
) -> Iterator[tuple[Metric, float]]:
    for name, value in figures:
        if value is not None:
            yield Metric(source, song, name), float(value)


def _pooled_figures(figures: Mapping[str, Any]) -> Iterator[tuple[str, float | None]]:
    widest = str(WIDEST_MS)
    for ms, classes in figures["classes"].items():
        yield "micro F" if ms == widest else f"micro F ±{ms} ms", classes["micro"]["f"]
    yield "macro F", figures["classes"][widest]["macro_f"]
    yield from _f_of_kinds(figures["classes"][widest])
    yield from _f_of_kinds(figures["instruments"].get(widest, {}))
    yield from figures["contrasts"].items()
    yield "ghost strokes, recall", figures["ghost_recall"]
    errors = figures["matched"]["all"]["onset_error_ms"]
    yield "onset error, median, ms", errors["median"]
    yield "onset error, 90 %, ms", errors["p90"]
    yield "velocity, Spearman", figures["matched"]["all"]["velocity_spearman"]
    yield "ECE", figures["calibration"]["classes"]["ece"]
    yield from _beat_figures(figures["beats"])


def _song_figures(figures: Mapping[str, Any]) -> Iterator[tuple[str, float | None]]:
    classes = figures["classes"][str(WIDEST_MS)]
    yield "micro F", classes["micro"]["f"]
    yield from _f_of_kinds(classes)
    yield from _beat_figures(figures["beats"])


def _f_of_kinds(kinds: Mapping[str, Any]) -> Iterator[tuple[str, float | None]]:
    for kind, counts in kinds.items():
        if kind not in {"micro", "macro_f"}:
            yield f"{kind} F", counts["f"]


def _beat_figures(beats: Mapping[str, Any] | None) -> Iterator[tuple[str, float | None]]:
    if beats is not None:
        yield "beat F", beats["beat_f"]
        yield "downbeat F", beats["downbeat_f"]
        yield "tempos right", beats["tempo_right"]
        yield "meters right", beats["meter_right"]
