"""Files meant to do harm, or broken: a clear error or correct work, in bounded time and memory."""

from __future__ import annotations

import io
import json
import random
import resource
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.core.errors import DrumError
from notation.core.beat_grid import Meter
from notation.core.hits import Hit
from notation.core.instruments import InstrumentName
from notation.core.readers import (
    ImportTooLarge,
    ImportUnreadable,
    ImportUnsupported,
    read_score,
)
from notation.core.readers.limits import MAX_FILE_BYTES
from notation.core.score import Bar, Score, ScoreHit, TempoMark, score_from_json, score_to_json
from notation.core.score_limits import MOST_BARS, MOST_HITS
from notation.core.tests.foreign_charts import beat, chart, measure, note, opening, rest
from notation.core.tests.songs import SONGS
from notation.core.writers.exports import export
from notation.core.writers.midi import write_midi
from notation.core.writers.musicxml import write_musicxml, write_mxl


@contextmanager
def bounded(seconds: float, megabytes: int = 400) -> Iterator[None]:
    """Fail when the work takes more processor time or makes the process grow more than this."""
    before_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    started_s = time.process_time()
    yield
    assert time.process_time() - started_s < seconds
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024 - before_mb < megabytes


def changed(old: str, new: str) -> bytes:
    """A plain chart with one thing changed."""
    plain = chart([beat()]).decode()
    assert old in plain
    return plain.replace(old, new).encode()


# XML


LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10 if n else "lol"}">' for n in range(10))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize(
    "declared",
    [
        LAUGHS,
        '<!ENTITY l9 SYSTEM "file:///etc/passwd">',
        '<!ENTITY % p SYSTEM "http://127.0.0.1:9/x"> %p; <!ENTITY l9 "">',
        f'<!ENTITY l9 "{"A" * 50_000}">',
    ],
    ids=["billion laughs", "local file", "over the network", "quadratic"],
)
def test_entities_are_refused_unexpanded(declared, encoding):
    text = f"<!DOCTYPE a [{declared}]><score-partwise><work>{'&l9;' * 10_000}</work></score-partwise>"

    with bounded(1.0, 50), pytest.raises(ImportUnreadable, match="entities"):
        read_score(text.encode(encoding), "bomb.musicxml")


def test_a_document_type_is_not_fetched():
    data = chart([beat()]).replace(b"http://www.musicxml.org", b"http://127.0.0.1:9")

    assert len(read_score(data, "x.xml").score.hits) == 4


def test_nesting_without_end_is_refused():
    with bounded(1.0), pytest.raises(ImportUnreadable):
        read_score(b"<a>" * 100_000, "x.xml")


@pytest.mark.slow
@pytest.mark.parametrize(
    "filling", [b"<note/>" * 1_000_000, b"<a/>" * 4_000_000], ids=["a million notes", "four million tags"]
)
def test_more_notes_than_a_song_has_are_refused(filling):
    data = b'<score-partwise><part id="P1"><measure>' + filling + b"</measure></part></score-partwise>"

    with bounded(5.0), pytest.raises(ImportTooLarge):
        read_score(data, "x.xml")


def test_a_file_over_the_limit_is_refused_unread():
    with bounded(0.5), pytest.raises(ImportTooLarge):
        read_score(b"<" + b" " * MAX_FILE_BYTES, "x.xml")


@pytest.mark.parametrize("duration", ["-4", "nan", "1e999999999", "", "0x10", "٣"])
def test_durations_that_are_no_numbers_are_refused(duration):
    with pytest.raises(ImportUnreadable, match="duration"):
        read_score(changed("<duration>4<", f"<duration>{duration}<"), "x.xml")


@pytest.mark.parametrize("duration", ["999999999", "9" * 100_000])
def test_a_bar_without_end_is_refused(duration):
    with bounded(1.0), pytest.raises(ImportUnsupported):
        read_score(changed("<duration>4<", f"<duration>{duration}<"), "x.xml")


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("<divisions>4</divisions>", "", "divisions_missing"),
        ("<divisions>4<", "<divisions>0<", "divisions_missing"),
        ("<beats>4<", "<beats>0<", "meter_ignored"),
        ("<beats>4<", "<beats>99999<", "meter_ignored"),
        ("<beat-type>4<", "<beat-type>3<", "meter_ignored"),
        ('tempo="120"', 'tempo="0"', "tempo_ignored"),
        ('tempo="120"', 'tempo="99999999"', "tempo_ignored"),
    ],
)
def test_what_can_be_done_without_is_left_out_and_told(old, new, code):
    imported = read_score(changed(old, new), "x.xml")

    assert code in {finding.code for finding in imported.report}
    assert len(imported.score.hits) == 4


@pytest.mark.parametrize("number", ["99999999999999999999", "-5000000", "X1", ""])
def test_any_measure_number_is_read(number):
    imported = read_score(changed('<measure number="1"', f'<measure number="{number}"'), "x.xml")

    assert imported.score.bars[0].number == 1


@pytest.mark.parametrize("actual", ["1000", "999999999999", "0", "-3"])
def test_tuplets_that_cannot_be_are_told_and_the_durations_kept(actual):
    change = (
        f"<time-modification><actual-notes>{actual}</actual-notes><normal-notes>1</normal-notes>"
        "</time-modification>"
    )

    imported = read_score(chart([measure(note("K", after=change) * 4, start=opening())]), "x.xml")

    assert [hit.position for hit in imported.score.hits] == [0, 1, 2, 3]
    assert {finding.code: finding.count for finding in imported.report}["tuplet_ignored"] == 4


def test_notes_a_thousandth_of_a_beat_apart_are_written_somewhere_readable():
    content = "".join(note("S", 1) for _ in range(1000)) + note("K", 3000)
    imported = read_score(chart([measure(content, start=opening(divisions=1000))]), "x.xml")

    with bounded(5.0):
        written = write_musicxml(imported.score)

    assert written.count(b"<unpitched>") == 1001


def test_repeats_upon_repeats_are_bounded():
    repeated = (
        '<barline location="left"><repeat direction="forward"/></barline>'
        + note("K", 16)
        + '<barline location="right"><repeat direction="backward" times="999999"/></barline>'
    )

    with bounded(10.0), pytest.raises(ImportTooLarge):
        read_score(chart([beat()] + [measure(repeated)] * 2_000), "x.xml")


GRACE = note("S", before="<grace/>")
DIVIDED = note("K", 16_000, notations='<ornaments><tremolo type="single">2</tremolo></ornaments>')


def test_a_bar_full_of_lone_grace_notes_is_read_in_bounded_time():
    alone = (note("K", 1) + GRACE + rest(1)) * 1_400
    start = opening(beats=32, beat_type=2, divisions=48)

    with bounded(2.0):
        imported = read_score(chart([measure(alone, start=start)]), "x.xml")

    assert {finding.code: finding.count for finding in imported.report}["grace_alone"] == 1_400
    assert len(imported.score.hits) == 2_800


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (note("K", 1) * 3_001, "notes"),
        ((GRACE + rest(1)) * 3_001, "notes"),
        (DIVIDED + DIVIDED.replace("<note >", "<note><chord/>") * 50, "notes"),
        (GRACE * 501 + note("S", 1), "grace"),
        ((GRACE + rest(0)) * 501 + note("S", 1), "grace"),
    ],
    ids=["notes", "lone graces", "strokes through stems", "graces", "graces before rests"],
)
def test_more_in_a_bar_or_before_a_note_than_can_be_read_is_refused(content, reason):
    with bounded(4.0), pytest.raises(ImportTooLarge, match=reason):
        read_score(chart([measure(content, start=opening(divisions=1_000))]), "x.xml")


def test_a_bar_of_many_thousand_notes_is_refused_while_it_is_read():
    with bounded(3.0), pytest.raises(ImportTooLarge, match="bar 1 "):
        read_score(chart([measure((GRACE + rest(0)) * 20_000 + note("K", 0) * 20_000)]), "x.xml")


def test_a_bar_of_many_tempi_is_timed_in_bounded_time():
    tempi = "".join(f'<sound tempo="{60 + n % 100}"/>' + note("K", 1) for n in range(2_900))
    more = '<sound tempo="120"/>' * 50_000

    with bounded(5.0):
        imported = read_score(chart([measure(more + tempi, start=opening(divisions=1_000))]), "x.xml")

    assert len(imported.score.hits) == 2_900


def test_a_long_text_is_cut():
    head = f"<work><work-title>{'A' * 1_000_000}</work-title></work>"

    assert len(read_score(chart([beat()], head=head), "x.xml").score.title) == 200


# Archives


def archive(entries: dict[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in entries.items():
            file.writestr(name, content)
    return packed.getvalue()


def container(path: str) -> bytes:
    return f'<container><rootfiles><rootfile full-path="{path}"/></rootfiles></container>'.encode()


def test_a_bomb_in_an_archive_is_not_unpacked():
    bomb = archive({"score.musicxml": b"<a>" + b" " * 60_000_000})

    with bounded(3.0, 200), pytest.raises(ImportTooLarge):
        read_score(bomb, "x.mxl")


def test_paths_in_an_archive_lead_nowhere_else():
    inside = archive({"META-INF/container.xml": container("../../x.xml"), "../../x.xml": chart([beat()])})
    outside = archive({"META-INF/container.xml": container("/etc/passwd"), "x.xml": chart([beat()])})

    assert len(read_score(inside, "x.mxl").score.hits) == 4
    with pytest.raises(ImportUnreadable):
        read_score(outside, "x.mxl")


def test_an_archive_of_many_files_is_refused():
    with pytest.raises(ImportTooLarge):
        read_score(archive({f"{number}.xml": b"" for number in range(2_000)}), "x.mxl")


# MIDI


def track(*events: bytes) -> bytes:
    content = b"".join(events) + b"\x00\xff\x2f\x00"
    return b"MTrk" + len(content).to_bytes(4, "big") + content


def midi(*events: bytes, ticks: int = 480) -> bytes:
    return b"MThd\x00\x00\x00\x06\x00\x00\x00\x01" + ticks.to_bytes(2, "big") + track(*events)


KICK = b"\x00\x99\x24\x64"


@pytest.mark.parametrize(
    "data",
    [
        midi(KICK, ticks=0),
        midi(KICK)[:-6],
        b"MThd",
        midi(b"\x00\x24\x64"),  # a running status that never began
        midi(b"\xff" * 2_000_000 + KICK),  # a number without an end
        midi(b"\x00\xff\x58\x00" + KICK),  # an empty time signature
    ],
    ids=["no ticks", "cut off", "header alone", "running status", "endless number", "empty meta"],
)
def test_damaged_midi_is_refused(data):
    with bounded(2.0), pytest.raises(ImportUnreadable):
        read_score(data, "x.mid")


@pytest.mark.parametrize("count", [1_001, 65_000])
def test_more_tracks_than_a_sequencer_has_are_refused(count):
    header = b"MThd\x00\x00\x00\x06\x00\x01" + count.to_bytes(2, "big") + b"\x01\xe0"

    with bounded(1.0), pytest.raises(ImportTooLarge, match="tracks"):
        read_score(header + track(KICK) * count, "x.mid")


def test_a_thousand_long_tracks_that_nearly_say_the_same_are_told_apart_in_bounded_time():
    header = b"MThd\x00\x00\x00\x06\x00\x01" + (1_000).to_bytes(2, "big") + b"\x01\xe0"
    long = b"\x00\xb9\x07\x40" * 100
    drums = track(long, KICK) * 500
    others = track(long, b"\x00\x90\x3c\x64") * 500

    with bounded(4.0):
        imported = read_score(header + drums + others, "x.mid")

    assert len(imported.score.hits) == 1
    assert {finding.code: finding.count for finding in imported.report}["part_left_out"] == 500


def test_a_run_of_strokes_that_lead_to_the_next_is_refused_beyond_what_a_page_holds():
    roll = [b"\x14\x99\x26" + bytes([1 + number % 100]) for number in range(600)]

    with bounded(2.0), pytest.raises(ImportTooLarge, match="grace"):
        read_score(midi(KICK, *roll[:-1], b"\x14\x99\x26\x64", KICK), "x.mid")


def test_a_stroke_after_hours_of_silence_is_too_far():
    with bounded(5.0), pytest.raises(ImportTooLarge):
        read_score(midi(KICK, b"\xff\xff\xff\x7f\x99\x24\x64"), "x.mid")


def test_nine_million_ticks_of_silence_are_bars_of_rest():
    with bounded(10.0):
        imported = read_score(midi(KICK, b"\x84\xa5\xa8\x40\x99\x24\x64"), "x.mid")

    assert len(imported.score.hits) == 2
    assert len(imported.score.bars) == 9_000_000 // 1920 + 1


@pytest.mark.parametrize(
    "meta",
    [b"\x00\xff\x51\x03\x00\x00\x00", b"\x00\xff\x51\x03\x00\x00\x01", b"\x00\xff\x58\x04\x00\x02\x18\x08"],
    ids=["tempo 0", "tempo of a microsecond", "meter of no beats"],
)
def test_tempi_and_meters_that_cannot_be_are_left_out_and_told(meta):
    imported = read_score(midi(meta, KICK), "x.mid")

    assert {finding.code for finding in imported.report} & {"tempo_ignored", "meter_ignored"}


@pytest.mark.slow
def test_as_many_strokes_as_a_score_holds_are_read_and_more_are_refused():
    written = b"\x3c\x99\x24\x64"
    played = [bytes([random.Random(n).randint(1, 127)]) + b"\x99\x24\x64" for n in range(MOST_HITS + 1)]

    with bounded(8.0):
        assert len(read_score(midi(*[written] * MOST_HITS), "x.mid").score.hits) == MOST_HITS
    for strokes in ([written] * (MOST_HITS + 1), [written] * 190_000, played):
        with bounded(8.0), pytest.raises(ImportTooLarge, match="20000 strokes"):
            read_score(midi(*strokes), "x.mid")


def test_strokes_that_two_tracks_both_say_count_once():
    strokes = [b"\x3c\x99\x24\x64"] * (MOST_HITS // 2 + 1)
    header = b"MThd\x00\x00\x00\x06\x00\x01\x00\x02\x01\xe0"

    assert len(read_score(header + track(*strokes) * 2, "x.mid").score.hits) == len(strokes)


# JSON


def test_json_with_numbers_that_take_all_memory_is_refused():
    described = score_to_json(SONGS["sparse"].score())
    described["bars"][0]["quarters"] = "1e999999999"

    with bounded(1.0), pytest.raises(ImportUnreadable):
        read_score(json.dumps(described).encode(), "x.json")


def test_json_without_a_bottom_is_refused():
    with bounded(1.0), pytest.raises(ImportUnreadable):
        read_score(b'{"bars":' + b"[" * 200_000, "x.json")


# Anything


@pytest.mark.parametrize("name", ["chart.gp5", "chart.mscz", "chart", ""])
def test_other_files_are_refused_by_their_kind(name):
    with pytest.raises(ImportUnsupported):
        read_score(b"FICHIER GUITAR PRO v5.00", name)


def _written(write: Callable[..., bytes], name: str) -> bytes:
    return write(SONGS[name].score())


VALID = [
    *(_written(write, "half_time") for write in (write_midi, write_musicxml, write_mxl)),
    _written(write_midi, "pickup"),
    json.dumps(score_to_json(SONGS["sparse"].score())).encode(),
    chart([beat()]),
]
STARTS = st.sampled_from([b"", b"MThd\0\0\0\6", b"<score-partwise>", b"{", b"PK\3\4", b"RIFF"])


def read_or_refuse(data: bytes) -> None:
    """Read ``data``; what comes is a score like any other, or an error for a person."""
    try:
        score = read_score(data, "x").score
    except DrumError:
        return
    assert score_from_json(json.loads(json.dumps(score_to_json(score)))).hits == score.hits


@settings(max_examples=150, deadline=5_000, suppress_health_check=list(HealthCheck))
@given(STARTS, st.binary(max_size=300))
def test_random_bytes_are_refused_or_read(start, rest):
    read_or_refuse(start + rest)


@settings(max_examples=120, deadline=10_000, suppress_health_check=list(HealthCheck))
@given(
    st.sampled_from(VALID),
    st.lists(st.tuples(st.floats(0, 1), st.integers(0, 2), st.binary(max_size=6)), min_size=1, max_size=12),
)
def test_a_damaged_file_is_refused_or_read(valid, damages):
    data = bytearray(valid)
    for share, kind, junk in damages:
        place = int(share * len(data))
        if kind == 0:
            data[place : place + len(junk)] = junk
        elif kind == 1:
            data[place:place] = junk
        else:
            del data[place : place + 3 * len(junk)]
    read_or_refuse(bytes(data))


# Length


def endless(bars: int) -> Score:
    """A stroke in each of so many bars."""
    meter = Meter(1, 4, 4)
    drums = (InstrumentName.KICK, InstrumentName.SNARE, InstrumentName.CRASH)
    return Score(
        "Endless",
        "",
        tuple(
            Bar(
                number,
                meter,
                Fraction(4),
                tuple(2.0 * number + beat / 2 for beat in range(4)),
                2.0 * number + 2,
            )
            for number in range(1, bars + 1)
        ),
        tuple(
            ScoreHit(
                Hit(f"h{number}", 2.0 * number + number % 4 / 2, drums[number * number % 7 % 3], 90, 1.0),
                number,
                Fraction(number % 4),
            )
            for number in range(1, bars + 1)
        ),
        120.0,
        (TempoMark(1, 120.0),),
    )


@pytest.mark.slow
def test_as_many_bars_as_a_score_holds_are_written_and_read_back():
    score = endless(MOST_BARS)

    with bounded(30.0, 600):
        files = [export(score, fmt).content for fmt in ("musicxml", "midi", "mei", "json")]
        back = [read_score(content, "x").score for content in files[:2]]

    assert [len(imported.hits) for imported in back] == [MOST_BARS] * 2
    assert [imported.bars[-1].number for imported in back] == [MOST_BARS] * 2


@pytest.mark.slow
@pytest.mark.parametrize("fmt", ["musicxml", "midi", "json"])
@pytest.mark.parametrize("more", [1, 1_000])
def test_more_bars_than_a_score_holds_are_refused(fmt, more):
    content = export(endless(MOST_BARS + more), fmt).content

    with bounded(8.0), pytest.raises(ImportTooLarge, match=" bars"):
        read_score(content, "x")


@pytest.mark.slow
def test_more_strokes_of_a_page_than_a_score_holds_are_refused():
    full = measure(note("H", 1, kind="32nd") * 2_000, start=opening(beats=32, beat_type=2, divisions=32))

    with bounded(8.0), pytest.raises(ImportTooLarge, match="20000 strokes"):
        read_score(chart([full, *[measure(note("H", 1, kind="32nd") * 2_000)] * 10]), "x.xml")


@pytest.mark.slow
def test_the_longest_score_that_begins_with_a_grace_note_comes_back_from_midi():
    plain = endless(MOST_BARS)
    main = plain.hits[0]
    first = replace(main, position=Fraction(0), hit=replace(main.hit, onset_s=plain.bars[0].start_s))
    small = Hit("g1", first.hit.onset_s - 0.03, first.hit.instrument, 40, 1.0)
    graced = ScoreHit(small, 1, Fraction(0), first.hit.id)

    back = read_score(export(replace(plain, hits=(graced, first, *plain.hits[1:])), "midi").content, "x")

    assert len(back.score.bars) == MOST_BARS
    assert back.score.hits[0].is_grace
