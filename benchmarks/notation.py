"""How long writing takes: 100 bars with 1,600 hits, from seconds to every file, beside music21 and LilyPond.

    python -m benchmarks.notation [--bars 100] [--rounds 5] [--json FILE]

The song is made in code: a rock groove in sixteenths with fills, played with a human's timing. Everything
runs in this process and its engraver's child; LilyPond is left out, and named, where it is not installed
(requirements/lilypond.txt). Figures are medians of the rounds; a first, unmeasured round warms everything.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from notation.core.edits import apply_commands
from notation.core.engraving.engrave import engrave_bars, engrave_pages, engrave_screen
from notation.core.engraving.layout import Layout
from notation.core.engraving.mei import write_mei
from notation.core.engraving.pdf import write_pdf
from notation.core.errors import PdfBackendMissing
from notation.core.instruments import INSTRUMENTS
from notation.core.quantising.quantise import quantise
from notation.core.score import Score, score_to_json
from notation.core.spelling.spell import Event, spell
from notation.core.tests.songs import Player, Song, make_song
from notation.core.writers.exports import ExportFormat, ExportOptions, export
from notation.core.writers.midi import write_midi
from notation.core.writers.musicxml import write_musicxml

_GROOVE = {"h": "x-x-x-x-x-x-x-x-", "s": "--g-x--g-g--X---", "k": "x--x--x---x-----"}
_OPENED = {"h": "xxxxxxxxxxxx----", "o": "--------------x-", "s": "----x-------X--g", "k": "x--x--x---x-----"}
_FILL = {"s": "xxxxxx----------", "1": "------xxxx------", "3": "----------xxxxxx", "k": "x---x---x---x---"}


@dataclass(frozen=True)
class Row:
    """One line of the table: median seconds on the clock and of the processor, and what is asked."""

    name: str
    wall_s: float
    cpu_s: float
    at_most_s: float | None = None


def main() -> int:
    """Measure, print a table in Markdown; 1 when a target is missed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--bars", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", type=Path, metavar="FILE")
    asked = parser.parse_args()
    song = song_of(asked.bars)
    score = song.score()
    load = f"load {os.getloadavg()[0]:.1f} before the start"
    print(f"{len(score.bars)} bars, {len(score.hits)} hits; median of {asked.rounds} rounds; {load}\n")
    rows = measure_all(song, score, asked.rounds)
    print("| | s | processor, s | at most, s |\n| --- | ---: | ---: | ---: |")
    for row in rows:
        at_most = "" if row.at_most_s is None else f"{row.at_most_s:g}"
        print(f"| {row.name} | {row.wall_s:.3f} | {row.cpu_s:.3f} | {at_most} |")
    if asked.json:
        asked.json.write_text(json.dumps([asdict(row) for row in rows], indent=1), "utf-8")
    missed = [row.name for row in rows if row.at_most_s is not None and row.wall_s > row.at_most_s]
    if missed:
        print(f"\nMissed: {', '.join(missed)}")
    return 1 if missed else 0


def song_of(bars: int) -> Song:
    """A rock song, as a person plays it: some 16 hits a bar."""
    phrase = [_GROOVE, _GROOVE, _GROOVE, _OPENED, _GROOVE, _GROOVE, _OPENED, _FILL]
    player = Player(jitter_s=0.008, beat_jitter_s=0.004, seed=7)
    return make_song((phrase * (bars // len(phrase) + 1))[:bars], bpm=104, player=player)


def measure_all(song: Song, score: Score, rounds: int) -> list[Row]:
    """Every step, ours first."""
    middle = score.bars[len(score.bars) // 2].number
    in_the_middle = [placed.hit.id for placed in score.hits if placed.bar == middle]
    swap = [{"op": "set_instrument", "ids": in_the_middle[:1], "instrument": "ride"}]

    def edit() -> None:
        edited = apply_commands(score, swap)
        engrave_bars(edited.score, sorted(edited.changed_bars))

    def files() -> None:
        write_musicxml(score)
        write_mei(score, Layout())
        write_midi(score)
        json.dumps(score_to_json(score))

    rows = [
        _row("quantise", lambda: quantise(song.hits, song.grid), rounds, 0.5),
        _row("spell alone", lambda: spell(score), rounds),
        _row("MusicXML + MEI + MIDI + JSON", files, rounds, 0.5),
        _row("SVG, one width", lambda: engrave_screen(score), rounds, 0.3),
        _row(
            "PDF, with its pages' SVG",
            lambda: write_pdf(score, engrave_pages(score)),
            rounds,
            1.0,
        ),
        _row("one edit, with its bar's SVG", edit, rounds, 0.1),
        _row("MusicXML alone", lambda: write_musicxml(score), rounds),
    ]
    with TemporaryDirectory() as folder:
        target = Path(folder) / "song.musicxml"
        rows.append(
            _row("music21: MusicXML of the same events", lambda: _music21(score, target), min(rounds, 3))
        )
    try:
        lilypond = lambda: export(score, ExportFormat.LILYPOND_PDF, ExportOptions())  # noqa: E731
        rows.append(_row("LilyPond: PDF of the same score", lilypond, min(rounds, 3)))
    except PdfBackendMissing:
        print("LilyPond is not installed: left out.\n")
    return rows


def _row(name: str, act: Callable[[], object], rounds: int, at_most_s: float | None = None) -> Row:
    act()
    walls, processors = [], []
    for _ in range(rounds):
        begun, spent = time.perf_counter(), _processor_s()
        act()
        walls.append(time.perf_counter() - begun)
        processors.append(_processor_s() - spent)
    return Row(name, median(walls), median(processors), at_most_s)


def _processor_s() -> float:
    """Of this process and of the children that have ended."""
    usages = (resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def _music21(score: Score, target: Path) -> None:
    """Hand music21 our events as they are, and have it write them."""
    from music21 import duration, meter, note, percussion, stream

    def written(event: Event) -> note.GeneralNote:
        length = duration.Duration(event.duration)
        heads = []
        for head in event.heads:
            drum = INSTRUMENTS[head.hit.instrument]
            struck = note.Unpitched(displayName=f"{drum.display_step}{drum.display_octave}", duration=length)
            struck.notehead = drum.notehead.value
            heads.append(struck)
        if not heads:
            return note.Rest(duration=length)
        return heads[0] if len(heads) == 1 else percussion.PercussionChord(heads, duration=length)

    part = stream.Part()
    for spelled in spell(score):
        measure = stream.Measure(number=spelled.bar.number)
        if spelled.bar is score.bars[0]:
            measure.append(meter.TimeSignature(f"{spelled.bar.meter.beats}/{spelled.bar.meter.beat_type}"))
        for voice in spelled.voices:
            line = stream.Voice(id=str(voice.number))
            for event in voice.events:
                line.insert(event.onset, written(event))
            measure.insert(0, line)
        part.append(measure)
    stream.Score([part]).write("musicxml", fp=target, makeNotation=False)


if __name__ == "__main__":
    raise SystemExit(main())
