"""How well hits become notes: human performances on a known click, and how fast it goes.

    python -m benchmarks.quantising [GROOVES] [--split test] [--bars 16] [--judge N] [--json FILE]

GROOVES is the folder of the Groove MIDI Dataset (``info.csv`` and the MIDI files). Each performance is cut
into pieces of at most ``--bars`` bars, each quantised by itself with the click as its beat grid, and compared
with ``benchmarks.groove_reference``, which sees the whole performance, by its rules as they were first and as
they are; and with snapping to the nearest sixteenth.
``--judge N`` prints N beats with what was played, the reference and the score, to be judged by eye; half of
them are beats on which the two differ. Then 100 bars with 1,600 hits are timed. Exit status 1: a target is
missed; 2: the grooves are not there.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import random
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence, Set
from dataclasses import asdict, dataclass
from fractions import Fraction
from itertools import pairwise
from math import ceil
from pathlib import Path

import mido

from benchmarks.groove_reference import keeps_to_click, reference_of
from benchmarks.groove_strokes import FIRST, REFINED, Rules, Stroke
from notation.core.beat_grid import Beat, BeatGrid, Meter
from notation.core.hits import Hit
from notation.core.instruments import INSTRUMENTS, InstrumentName
from notation.core.quantising.quantise import quantise
from notation.core.score import Score, Swing

# The reference is also taken a little stricter and looser; a beat that it reads alike each time is firm.
TOLERANCES = (0.8, 1.25)
TARGET_HITS, TARGET_KIND, TARGET_PIECES, TARGET_S = 0.97, 0.95, 200, 0.5
# The kit on which the grooves were played (Roland TD-11); its own pitches, not General MIDI's.
TD11 = {
    36: "kick", 38: "snare", 40: "snare", 37: "side_stick",
    42: "hihat_closed", 22: "hihat_closed", 46: "hihat_open", 26: "hihat_open", 44: "hihat_pedal",
    48: "tom_high", 50: "tom_high", 45: "tom_mid", 47: "tom_mid", 43: "tom_low", 58: "tom_low",
    49: "crash", 55: "crash", 57: "crash", 52: "crash",
    51: "ride", 59: "ride", 53: "ride_bell",
}  # fmt: skip


@dataclass(frozen=True)
class BeatOf:
    """One beat of a piece: what was played, where the reference has it, where the score has it."""

    performance: str
    style: str
    bpm: float
    beat: int
    strokes: tuple[Stroke, ...]
    reference: tuple[Fraction, ...]
    written: tuple[Fraction, ...]
    voices: tuple[int, ...]
    is_firm: bool  # whether the reference reads it alike with other tolerances
    is_to_click: bool

    @property
    def right(self) -> int:
        return sum(want == got for want, got in zip(self.reference, self.written, strict=True))

    @property
    def nearest_sixteenth(self) -> int:
        return sum(
            want == Fraction(round(stroke.position * 4), 4)
            for stroke, want in zip(self.strokes, self.reference, strict=True)
        )


@dataclass(frozen=True)
class Piece:
    """The beats of one piece against the reference by its first rules and by the refined ones."""

    first: list[BeatOf]
    refined: list[BeatOf]


@dataclass
class Figures:
    """What one way of placing hits got right."""

    hits: int = 0
    hits_right: int = 0
    pieces: int = 0
    mean_of_pieces: float = 0.0
    telling_beats: int = 0
    kinds_right: int = 0
    crowded_beats: int = 0
    firm_hits: int = 0
    firm_hits_right: int = 0
    hits_to_click: int = 0
    hits_to_click_right: int = 0


def main() -> int:
    """Measure, print the tables, and say whether the targets are met."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("grooves", type=Path, nargs="?", default=Path("../shared/groove-midi"))
    parser.add_argument("--split", default="test", choices=["test", "validation", "train"])
    parser.add_argument("--bars", type=int, default=16, help="cut performances into pieces of so many bars")
    parser.add_argument("--judge", type=int, default=0, metavar="N", help="print N beats to judge by eye")
    parser.add_argument("--json", type=Path, help="also write the figures there")
    options = parser.parse_args()
    if not (options.grooves / "info.csv").is_file():
        print(
            f"The Groove MIDI Dataset is not in {options.grooves}: no info.csv there. Nothing was measured.",
            file=sys.stderr,
        )
        return 2
    read = list(read_pieces(options.grooves, options.split, options.bars))
    pieces = [piece.refined for piece in read]
    ours, nearest = figures_of(pieces), figures_of(pieces, nearest_sixteenth=True)
    by_first_rules = figures_of([piece.first for piece in read])
    print_tables(pieces, ours, by_first_rules, nearest, options)
    if options.judge:
        print_beats(pieces, options.judge)
    seconds = time_song()
    print(
        f"\n100 bars, 1,600 hits: {seconds['cpu_s']:.2f} s of CPU, {seconds['wall_s']:.2f} s on the clock, "
        f"best of {seconds['runs']:.0f}; load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores."
    )
    if options.json:
        options.json.write_text(
            json.dumps(
                {
                    "ours": asdict(ours),
                    "by_first_rules": asdict(by_first_rules),
                    "nearest_sixteenth": asdict(nearest),
                    "speed": seconds,
                },
                indent=1,
            )
        )
    return 0 if meets_targets(ours, seconds["cpu_s"]) else 1


def read_pieces(folder: Path, split: str, bars: int) -> Iterator[Piece]:
    """Quantise every piece of the split's performances in 4/4, and pair it with the reference."""
    with (folder / "info.csv").open(newline="") as table:
        rows = [row for row in csv.DictReader(table) if row["split"] == split]
    for row in rows:
        if row["time_signature"] != "4-4":
            continue
        strokes = read_strokes(folder / row["midi_filename"])
        bpm = float(row["bpm"])
        readings = [_reading(strokes, bpm, row["style"], rules) for rules in (FIRST, REFINED)]
        is_to_click = keeps_to_click(strokes)
        for start, end in cut(strokes[-1].position, bars):
            inside = [
                index for index, stroke in enumerate(strokes) if start - 0.1 <= stroke.position < end - 0.1
            ]
            if inside:
                written = quantise_piece([strokes[index] for index in inside], bpm, start, end)
                yield Piece(
                    *(
                        _by_beat(row, bpm, strokes, inside, places, written, open_beats, is_to_click)
                        for places, open_beats in readings
                    )
                )


def _reading(
    strokes: Sequence[Stroke], bpm: float, style: str, rules: Rules
) -> tuple[Sequence[Fraction], Set[int]]:
    """The reference's places, and the beats that it writes otherwise with other tolerances."""
    places = reference_of(strokes, bpm, style, rules=rules).places
    others = [reference_of(strokes, bpm, style, rules=rules, tolerance=much).places for much in TOLERANCES]
    return places, {
        int(place // 1)
        for other in others
        for place, elsewhere in zip(places, other, strict=True)
        if place != elsewhere
    }


def read_strokes(path: Path) -> list[Stroke]:
    """The strokes of a performance, in order, in beats of the click."""
    song = mido.MidiFile(path)
    ticks, strokes = 0, []
    for message in mido.merge_tracks(song.tracks):
        ticks += message.time
        if message.type == "note_on" and message.velocity > 0 and message.note in TD11:
            strokes.append(Stroke(ticks / song.ticks_per_beat, TD11[message.note], message.velocity))
    return sorted(strokes, key=lambda stroke: stroke.position)


def cut(last_position: float, bars: int) -> list[tuple[int, int]]:
    """Where pieces begin and end, in beats; a last one of a single bar stays with the one before."""
    count = max(1, ceil((last_position + 0.1) / 4))
    edges = list(range(0, count, bars))
    if len(edges) > 1 and count - edges[-1] < 2:
        edges.pop()
    return [(4 * start, 4 * end) for start, end in pairwise([*edges, count + 1])]


def quantise_piece(strokes: Sequence[Stroke], bpm: float, start: int, end: int) -> list[Fraction]:
    """Where our score writes each stroke, in beats from the performance's start."""
    beat_s = 60.0 / bpm
    hits = [
        Hit(f"h{index}", stroke.position * beat_s, InstrumentName(stroke.instrument), stroke.velocity, 0.95)
        for index, stroke in enumerate(strokes)
    ]
    beats = tuple(
        Beat((start + step) * beat_s, step // 4 + 1, step % 4 + 1) for step in range(end - start + 1)
    )
    score = quantise(hits, BeatGrid(beats, (Meter(1, 4, 4),), bpm, False))
    places = written_places(score)
    return [start + places[hit.id] for hit in hits]


def written_places(score: Score) -> dict[str, Fraction]:
    """The quarter at which each hit stands, bar 1 beginning at 0.

    Sixteenths under their swing mark stand where they are written: the reference calls them sixteenths too.
    """
    by_beat: dict[tuple[int, int], list[tuple[str, Fraction]]] = defaultdict(list)
    for placed in score.hits:
        beat = int(placed.position)
        by_beat[(placed.bar, beat)].append((placed.hit.id, placed.position - beat))
    places = {}
    for (number, beat), inside in by_beat.items():
        bar = score.bars[number - score.bars[0].number]
        missing = bar.meter.bar_quarters - bar.quarters if bar.is_pickup else Fraction(0)
        swing = score.swing_at(number)
        written = swing is Swing.SIXTEENTHS and swing.fits({place for _, place in inside})
        for name, place in inside:
            place = swing.written(place) if written and swing else place
            places[name] = 4 * (number - 1) + missing + beat + place
    return places


def _by_beat(
    row: dict[str, str],
    bpm: float,
    strokes: Sequence[Stroke],
    inside: Sequence[int],
    reference: Sequence[Fraction],
    written: Sequence[Fraction],
    open_beats: Set[int],
    is_to_click: bool,
) -> list[BeatOf]:
    by_beat: dict[int, list[int]] = defaultdict(list)
    for piece_index, index in enumerate(inside):
        by_beat[int(reference[index] // 1)].append(piece_index)
    return [
        BeatOf(
            row["id"],
            row["style"],
            bpm,
            beat,
            tuple(strokes[inside[item]] for item in members),
            tuple(reference[inside[item]] for item in members),
            tuple(written[item] for item in members),
            tuple(INSTRUMENTS[InstrumentName(strokes[inside[item]].instrument)].voice for item in members),
            beat not in open_beats,
            is_to_click,
        )
        for beat, members in sorted(by_beat.items())
    ]


def kinds_of(places: Sequence[Fraction]) -> set[str]:
    """What a beat with strokes there is divided into; eighths and the beat itself say nothing."""
    kinds = set()
    for place in places:
        denominator = (place % 1).denominator
        if denominator in (3, 6):
            kinds.add("triplet")
        elif denominator in (4, 8):
            kinds.add("straight")
        elif denominator > 2:
            kinds.add(str(denominator))
    return kinds


def figures_of(pieces: Sequence[Sequence[BeatOf]], *, nearest_sixteenth: bool = False) -> Figures:
    """Count what agrees with the reference."""
    figures = Figures(pieces=len(pieces))
    for piece in pieces:
        hits = right = 0
        for beat in piece:
            hits += len(beat.strokes)
            found = beat.nearest_sixteenth if nearest_sixteenth else beat.right
            right += found
            if beat.is_to_click:
                figures.hits_to_click += len(beat.strokes)
                figures.hits_to_click_right += found
            if beat.is_firm and beat.is_to_click:
                figures.firm_hits += len(beat.strokes)
                figures.firm_hits_right += found
            got = (
                [Fraction(round(stroke.position * 4), 4) for stroke in beat.strokes]
                if nearest_sixteenth
                else beat.written
            )
            if all(place.denominator == 1 for place in (*beat.reference, *got)):
                continue
            figures.telling_beats += 1
            figures.kinds_right += ("triplet" in kinds_of(beat.reference)) == ("triplet" in kinds_of(got))
        figures.hits += hits
        figures.hits_right += right
        figures.mean_of_pieces += right / hits / len(pieces)
    if not nearest_sixteenth:
        figures.crowded_beats = crowded_beats(pieces)
    return figures


def crowded_beats(pieces: Sequence[Sequence[BeatOf]]) -> int:
    """In how many written beats some voice has more than two kinds of subdivision."""
    crowded = 0
    for piece in pieces:
        by_beat: dict[tuple[int, int], list[Fraction]] = defaultdict(list)
        for beat in piece:
            for place, voice in zip(beat.written, beat.voices, strict=True):
                by_beat[(int(place // 1), voice)].append(place)
        crowded += sum(len(kinds_of(places)) > 2 for places in by_beat.values())
    return crowded


def print_tables(
    pieces: Sequence[Sequence[BeatOf]],
    ours: Figures,
    by_first_rules: Figures,
    nearest: Figures,
    options: argparse.Namespace,
) -> None:
    """Print what was measured as Markdown tables."""
    print(f"{options.split} split, {ours.pieces} pieces of at most {options.bars} bars, {ours.hits:,} hits\n")
    off_click = len({beat.performance for piece in pieces for beat in piece if not beat.is_to_click})
    print("| | this quantiser | by the reference's first rules | nearest sixteenth |")
    print("| --- | ---: | ---: | ---: |")
    columns = (ours, by_first_rules, nearest)
    rows = [
        ("hits on the reference's place", "hits_right", "hits"),
        ("triplet or straight as in the reference, of beats with a stroke off the beat", "kinds_right",
         "telling_beats"),
        (f"hits in place, without performances that are not to their click ({off_click})",
         "hits_to_click_right", "hits_to_click"),
        (f"of these, hits in beats whose reference is firm ({ours.firm_hits / ours.hits_to_click:.0%})",
         "firm_hits_right", "firm_hits"),
    ]  # fmt: skip
    for name, right, whole in rows:
        shares = [f"{getattr(one, right) / getattr(one, whole):.1%}" for one in columns]
        print(f"| {name} | {' | '.join(shares)} |")
    if off_click:
        apart = [(one.hits_right - one.hits_to_click_right, one.hits - one.hits_to_click) for one in columns]
        shares = " | ".join(f"{right / whole:.1%}" for right, whole in apart)
        print(f"| hits in place in those that are not to their click ({apart[0][1]:,}) | {shares} |")
    means = " | ".join(f"{one.mean_of_pieces:.1%}" for one in columns)
    print(f"| hits in place, mean of the pieces | {means} |")
    crowded = f"{ours.crowded_beats} | {by_first_rules.crowded_beats} | 0"
    print(f"| beats with more than two kinds of subdivision in a voice | {crowded} |")
    print("\n| style | hits | this quantiser | nearest sixteenth |\n| --- | ---: | ---: | ---: |")
    styles: dict[str, list[BeatOf]] = defaultdict(list)
    for piece in pieces:
        for beat in piece:
            styles[beat.style.split("/")[0]].append(beat)
    for style, beats in sorted(styles.items(), key=lambda item: -sum(len(b.strokes) for b in item[1])):
        count = sum(len(beat.strokes) for beat in beats)
        right = sum(beat.right for beat in beats) / count
        snapped = sum(beat.nearest_sixteenth for beat in beats) / count
        print(f"| {style} | {count:,} | {right:.1%} | {snapped:.1%} |")
    confused = Counter(
        (_kind_name(beat.reference), _kind_name(beat.written)) for piece in pieces for beat in piece
    )
    print("\nBeats, reference → score: ", end="")
    print(", ".join(f"{want} → {got} {count}" for (want, got), count in confused.most_common(12)))


def _kind_name(places: Sequence[Fraction]) -> str:
    return " and ".join(sorted(kinds_of(places))) or "plain"


def print_beats(pieces: Sequence[Sequence[BeatOf]], count: int) -> None:
    """Print beats to judge by eye: half of them where score and reference differ."""
    random_ = random.Random(4)
    beats = [beat for piece in pieces for beat in piece if len(beat.strokes) > 1]
    differ = [beat for beat in beats if beat.right < len(beat.strokes)]
    agree = [beat for beat in beats if beat.right == len(beat.strokes) and kinds_of(beat.reference)]
    print()
    for beat in random_.sample(differ, count // 2) + random_.sample(agree, count - count // 2):
        place = f"bar {beat.beat // 4 + 1} beat {beat.beat % 4 + 1}"
        print(f"{beat.performance} ({beat.style}, {beat.bpm:g}), {place}")
        for stroke, want, got in zip(beat.strokes, beat.reference, beat.written, strict=True):
            score = "" if want == got else f"   score {got - beat.beat}"
            print(
                f"    {stroke.instrument:13} v{stroke.velocity:<4} "
                f"played {stroke.position - beat.beat:+.3f}  reference {want - beat.beat}{score}"
            )


def time_song() -> dict[str, float]:
    """Quantise 100 bars with 1,600 hits, played as a person does, several times over."""
    random_ = random.Random(1)
    pattern = [
        (Fraction(step, 2), "hihat_closed") for step in range(8)
    ] + [
        (Fraction(0), "kick"), (Fraction(1), "snare"), (Fraction(5, 4), "snare"), (Fraction(2), "kick"),
        (Fraction(5, 2), "kick"), (Fraction(3), "snare"), (Fraction(13, 4), "snare"),
        (Fraction(15, 4), "snare"),
    ]  # fmt: skip
    strokes = sorted(
        (0.5 * (4 * bar + float(place)) + random_.gauss(0, 0.010), name)
        for bar in range(100)
        for place, name in pattern
    )
    hits = [
        Hit(f"h{index}", onset_s, InstrumentName(name), 90, 0.95)
        for index, (onset_s, name) in enumerate(strokes)
    ]
    beats = tuple(Beat(0.5 * step, step // 4 + 1, step % 4 + 1) for step in range(401))
    grid = BeatGrid(beats, (Meter(1, 4, 4),), 120.0, False)
    cpu_s, wall_s = [], []
    for _ in range(5):
        began_s, began_cpu_s = time.perf_counter(), time.process_time()
        score = quantise(hits, grid)
        wall_s.append(time.perf_counter() - began_s)
        cpu_s.append(time.process_time() - began_cpu_s)
        assert len(score.hits) == len(hits) == 1600
    return {"cpu_s": min(cpu_s), "wall_s": min(wall_s), "runs": float(len(cpu_s))}


def meets_targets(ours: Figures, cpu_s: float) -> bool:
    """Print each target beside what was measured; say whether all are met."""
    targets = [
        ("pieces", ours.pieces, TARGET_PIECES, ours.pieces >= TARGET_PIECES),
        ("hits in place", f"{ours.hits_right / ours.hits:.2%}", f"{TARGET_HITS:.0%}",
         ours.hits_right / ours.hits >= TARGET_HITS),
        ("triplet or straight", f"{ours.kinds_right / ours.telling_beats:.2%}", f"{TARGET_KIND:.0%}",
         ours.kinds_right / ours.telling_beats >= TARGET_KIND),
        ("beats with more than two kinds", ours.crowded_beats, 0, ours.crowded_beats == 0),
        ("seconds of CPU", f"{cpu_s:.2f}", TARGET_S, cpu_s <= TARGET_S),
    ]  # fmt: skip
    print()
    for name, measured, wanted, met in targets:
        print(f"{name}: {measured} (target {wanted}): {'met' if met else 'missed'}")
    return all(met for *_, met in targets)


if __name__ == "__main__":
    sys.exit(main())
