"""What became of the song as a whole, in words: bars, meters, tempos, sections, feel, title."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from notation.core.edits.alignment import Alignment, Rebarred
from notation.core.edits.words import bar_name, bars_name, counted, runs_of
from notation.core.score import Bar, Score, Swing, TempoMark

_FEELS: Mapping[Swing | None, str] = {
    Swing.EIGHTHS: "swung eighths",
    Swing.SIXTEENTHS: "swung 16ths",
    None: "straight",
}


def song_sentences(old: Score, new: Score, alignment: Alignment) -> Iterator[str]:
    """Say what changed beside the notes, the largest change first."""
    yield from _bar_sentences(old, new, alignment)
    yield from _meter_sentences(old, new, alignment)
    yield from _tempo_sentences(old, new, alignment)
    yield from _section_sentences(old, new, alignment)
    yield from _feel_sentences(old, new, alignment)
    if old.title != new.title:
        yield f"title “{old.title}” → “{new.title}”"
    if old.artist != new.artist:
        yield f"artist “{old.artist}” → “{new.artist}”"


def _bar_sentences(old: Score, new: Score, alignment: Alignment) -> Iterator[str]:
    for first, last in runs_of(alignment.deleted):
        yield f"{bars_name(range(first, last + 1))} deleted"
    counts = new.hits_by_bar()
    for first, last in runs_of(alignment.inserted):
        hits = sum(len(counts.get(number, ())) for number in range(first, last + 1))
        content = f" with {counted(hits, 'hit')}" if hits else ", empty"
        yield f"{bars_name(range(first, last + 1))} inserted{content}"
    moved = [run for run in alignment.rebarred if not _signatures_differ(old, new, run)]
    only_renumbered = not alignment.inserted and not alignment.deleted and alignment.renumbered
    if moved or (only_renumbered and not alignment.rebarred):
        yield _bar_one_sentence(old, new)


def _bar_one_sentence(old: Score, new: Score) -> str:
    """Where bar 1 begins now, in the old score's bars and beats."""
    one = next((bar for bar in new.bars if bar.number >= 1), new.bars[0])
    beats = [(abs(time - one.start_s), bar.number, beat) for bar in old.bars for beat, time in _beats(bar)]
    _, number, beat = min(beats)
    if (number, beat) == (one.number, 1):
        return f"bar lines moved from {bar_name(one.number)} on"
    place = bar_name(number) if beat == 1 else f"{bar_name(number)}, beat {beat},"
    return f"{place} is now {bar_name(one.number)}"


def _beats(bar: Bar) -> list[tuple[int, float]]:
    return list(enumerate(bar.beat_times_s, start=1))


def _signatures_differ(old: Score, new: Score, run: Rebarred) -> bool:
    return bool(run.old) and bool(run.new) and _signature(old, run.old[0]) != _signature(new, run.new[0])


def _signature(score: Score, number: int) -> str:
    meter = score.bars[number - score.bars[0].number].meter
    return f"{meter.beats}/{meter.beat_type}"


def _meter_sentences(old: Score, new: Score, alignment: Alignment) -> Iterator[str]:
    for run in alignment.rebarred:
        if _signatures_differ(old, new, run):
            was, now = _signature(old, run.old[0]), _signature(new, run.new[0])
            yield f"meter {was} → {now} from {bar_name(run.new[0])}"


def _printed_bpm(score: Score, mark: TempoMark) -> str:
    return str(score.bars[mark.bar - score.bars[0].number].meter.printed_bpm(mark.bpm))


def _tempo_sentences(old: Score, new: Score, alignment: Alignment) -> Iterator[str]:
    before, after = _tempos(old), _tempos(new)
    shown_before = {mark.bar for mark in old.tempo_marks}
    shown_after = {mark.bar for mark in new.tempo_marks}
    said = ("", "")
    for bar in new.bars:
        if bar.number not in alignment.old_of:
            continue
        was = alignment.old_of[bar.number]
        tempos = (before[was], after[bar.number])
        if tempos[0] != tempos[1] and tempos != said:
            change = " → ".join(tempo for tempo in tempos if tempo)
            yield f"tempo {change} from {bar_name(bar.number)}"
        elif tempos[0] == tempos[1] and was == bar.number and not alignment.renumbered:
            if bar.number in shown_after - shown_before:
                yield f"tempo {tempos[1]} printed at {bar_name(bar.number)} too"
            elif bar.number in shown_before - shown_after:
                yield f"tempo {tempos[1]} no longer printed at {bar_name(bar.number)}"
        said = tempos


def _tempos(score: Score) -> dict[int, str]:
    """The tempo in force in each bar, as it is printed; empty before the first."""
    marks = {mark.bar: mark for mark in score.tempo_marks}
    tempos: dict[int, str] = {}
    current = ""
    for bar in score.bars:
        if bar.number in marks:
            current = _printed_bpm(score, marks[bar.number])
        tempos[bar.number] = current
    return tempos


def _section_sentences(old: Score, new: Score, alignment: Alignment) -> Iterator[str]:
    sections = {bar.number: bar.section for bar in old.bars}
    for bar in new.bars:
        if bar.number not in alignment.old_of:
            continue
        was = sections[alignment.old_of[bar.number]]
        if was == bar.section:
            continue
        if bar.section is None:
            yield f"section {was} at {bar_name(bar.number)} removed"
        elif was is None:
            yield f"section {bar.section} at {bar_name(bar.number)}"
        else:
            yield f"section {was} → {bar.section} at {bar_name(bar.number)}"
    for run in alignment.rebarred:
        before = Counter(bar.section for bar in old.bars if bar.number in run.old and bar.section)
        after = Counter(bar.section for bar in new.bars if bar.number in run.new and bar.section)
        for bar in new.bars:
            if bar.number in run.new and bar.section in after - before:
                yield f"section {bar.section} at {bar_name(bar.number)}"
        for name in before - after:
            yield f"section {name} removed"


def _feel_sentences(old: Score, new: Score, alignment: Alignment) -> Iterator[str]:
    said: tuple[Swing | None, Swing | None] = (None, None)
    old_feels, new_feels = _feels(old), _feels(new)
    for bar in new.bars:
        if bar.number not in alignment.old_of:
            continue
        feels = (old_feels[alignment.old_of[bar.number]], new_feels[bar.number])
        if feels[0] != feels[1] and feels != said:
            yield f"feel {_FEELS[feels[0]]} → {_FEELS[feels[1]]} from {bar_name(bar.number)}"
        said = feels


def _feels(score: Score) -> dict[int, Swing | None]:
    marks = {mark.bar: mark.swing for mark in score.swing_marks}
    feels: dict[int, Swing | None] = {}
    current: Swing | None = None
    for bar in score.bars:
        current = marks.get(bar.number, current)
        feels[bar.number] = current
    return feels
