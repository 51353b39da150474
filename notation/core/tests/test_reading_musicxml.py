"""MusicXML from elsewhere: read as a drummer would play it, with a report of what was changed."""

from __future__ import annotations

from fractions import Fraction

import pytest

from notation.core.instruments import InstrumentName
from notation.core.readers import ImportNoDrums, read_score
from notation.core.score import Mark, Score, Swing, SwingMark, TempoMark
from notation.core.tests.foreign_charts import beat, chart, measure, note, opening, rest, score_part

F = Fraction
_I = InstrumentName


def strokes(score: Score, bar: int = 1) -> list[tuple[Fraction, str]]:
    return [(hit.position, hit.hit.instrument.value) for hit in score.hits if hit.bar == bar]


def codes(data: bytes) -> dict[str, int]:
    return {finding.code: finding.count for finding in read_score(data, "chart.musicxml").report}


def test_a_plain_beat_is_read_with_its_tempo_and_times():
    imported = read_score(chart([beat(tempo=60)]), "My_Song.musicxml")

    score = imported.score
    assert strokes(score) == [(F(0), "kick"), (F(1), "snare"), (F(2), "kick"), (F(3), "snare")]
    assert [hit.hit.onset_s for hit in score.hits] == [0.0, 1.0, 2.0, 3.0]
    assert score.tempo_marks == (TempoMark(1, 60.0),)
    assert (score.title, imported.report) == ("My Song", ())


def test_title_and_composer_come_from_the_file():
    head = (
        "<work><work-title>Fünf &lt;b&gt;</work-title></work>"
        '<identification><creator type="composer">Bo</creator></identification>'
    )

    score = read_score(chart([beat()], head=head), "x.xml").score

    assert (score.title, score.artist) == ("Fünf <b>", "Bo")


def test_two_voices_stand_in_one_bar():
    hands = note("H", 2, kind="eighth") * 8
    feet = note("K", voice=2) + rest(8, 2) + note("K", voice=2)

    score = read_score(
        chart([measure(f"{hands}<backup><duration>16</duration></backup>{feet}", start=opening())]), "x.xml"
    ).score

    assert [place for place, drum in strokes(score) if drum == "hihat_closed"] == [F(n, 2) for n in range(8)]
    assert [place for place, drum in strokes(score) if drum == "kick"] == [F(0), F(3)]


def test_chords_are_struck_together():
    content = note("K") + note("C", before="<chord/>") + rest(12)

    assert strokes(read_score(chart([measure(content, start=opening())]), "x.xml").score) == [
        (F(0), "kick"),
        (F(0), "crash"),
    ]


def test_the_drums_are_found_among_other_parts():
    piano = (
        '<part id="P0"><measure number="1"><note><pitch><step>C</step><octave>4</octave></pitch>'
        "<duration>16</duration></note></measure></part>"
    )
    declared = '<score-part id="P0"><part-name>Piano</part-name></score-part>' + score_part()

    imported = read_score(chart([beat()], parts=piano, declared=declared), "x.xml")

    assert len(imported.score.hits) == 4
    assert [finding.message for finding in imported.report] == ["The part 'Piano' was left out."]


def test_a_file_without_drums_is_refused():
    piano = (
        '<part id="P1"><measure number="1"><note><pitch><step>C</step><octave>4</octave></pitch>'
        "<duration>16</duration></note></measure></part>"
    )
    declared = '<score-part id="P1"><part-name>Piano</part-name></score-part>'

    with pytest.raises(ImportNoDrums):
        read_score(
            f"<score-partwise><part-list>{declared}</part-list>{piano}</score-partwise>".encode(), "x.xml"
        )


def test_without_sounds_the_page_tells_the_drums_apart():
    cross = "<notehead>x</notehead>"
    content = (
        note("F4", sound=False) + note("C5", sound=False)
        + note("G5", sound=False, head=cross) + note("C5", sound=False, head=cross)
    )  # fmt: skip
    data = chart([measure(content, start=opening())], declared=score_part(sounds=()))

    assert strokes(read_score(data, "x.xml").score) == [
        (F(0), "kick"),
        (F(1), "snare"),
        (F(2), "hihat_closed"),
        (F(3), "side_stick"),
    ]
    assert codes(data)["instrument_by_place"] == 1


def test_one_sound_for_the_whole_kit_is_not_believed():
    content = "".join(
        note(place, sound=False, attributes=f'id="n{index}"').replace(
            "<voice>", '<instrument id="P1-K"/><voice>'
        )
        for index, place in enumerate(("F4", "C5", "E5", "A4"))
    )
    data = chart([measure(content, start=opening())], declared=score_part(sounds=("K",)))

    assert [drum for _, drum in strokes(read_score(data, "x.xml").score)] == [
        "kick",
        "snare",
        "tom_high",
        "tom_low",
    ]


def test_drums_written_as_pitches_are_read_by_their_keys():
    def pitched(step: str, octave: int, alter: int = 0) -> str:
        return (
            f"<note><pitch><step>{step}</step><alter>{alter}</alter><octave>{octave}</octave></pitch>"
            "<duration>8</duration></note>"
        )

    data = chart(
        [measure(pitched("C", 2) + pitched("F", 2, 1), start=opening())], declared=score_part(sounds=())
    )

    assert strokes(read_score(data, "x.xml").score) == [(F(0), "kick"), (F(2), "hihat_closed")]


def test_what_no_kit_has_becomes_the_nearest_drum_and_is_told():
    data = chart([measure(note("B", 8) + note("T", 8), start=opening())])

    assert strokes(read_score(data, "x.xml").score)[0] == (F(0), "tom_high")
    assert codes(data)["instrument_nearest"] == 1


def test_two_crashes_at_once_are_one_stroke_and_are_told():
    data = chart([measure(note("C", 16) + note("C2", 16, before="<chord/>"), start=opening())])

    assert strokes(read_score(data, "x.xml").score) == [(F(0), "crash")]
    assert codes(data)["strokes_joined"] == 1


def test_grace_notes_belong_to_the_note_that_they_lead_to():
    grace = note("S", before='<grace slash="yes"/>', kind="eighth")

    score = read_score(chart([measure(note("K") + grace + note("S", 12), start=opening())]), "x.xml").score

    small = next(hit for hit in score.hits if hit.is_grace)
    main = next(hit for hit in score.hits if hit.hit.id == small.grace_of)
    assert (main.position, main.hit.instrument) == (F(1), _I.SNARE)
    assert 0 < main.hit.onset_s - small.hit.onset_s < 0.05


def test_a_grace_note_before_the_barline_leads_over_it():
    bars = [
        measure(note("K", 16) + note("S", before="<grace/>"), start=opening()),
        measure(note("S", 16), 2),
    ]

    small = next(hit for hit in read_score(chart(bars), "x.xml").score.hits if hit.is_grace)

    assert (small.bar, small.position) == (2, F(0))


def test_tuplets_stand_where_they_are_meant_though_their_durations_are_rounded():
    triplet = (
        "<time-modification><actual-notes>3</actual-notes><normal-notes>2</normal-notes></time-modification>"
    )
    content = "".join(note("S", 1, kind="eighth", after=triplet) for _ in range(3)) + rest(9)

    score = read_score(chart([measure(content, start=opening(divisions=3))]), "x.xml").score
    rounded = read_score(
        chart([measure(content.replace("<duration>1<", "<duration>43<"), start=opening(divisions=128))]),
        "x.xml",
    ).score

    assert [place for place, _ in strokes(score)] == [F(0), F(1, 3), F(2, 3)]
    assert [place for place, _ in strokes(rounded)] == [F(0), F(1, 3), F(2, 3)]


def test_tied_notes_are_one_stroke():
    content = note("C", 8, after='<tie type="start"/>') + note("C", 8, after='<tie type="stop"/>')

    assert strokes(read_score(chart([measure(content, start=opening())]), "x.xml").score) == [(F(0), "crash")]


def repeat(direction: str, location: str, ending: str = "") -> str:
    return f'<barline location="{location}">{ending}<repeat direction="{direction}"/></barline>'


def ending(number: str, kind: str) -> str:
    return f'<ending number="{number}" type="{kind}"/>'


def test_repeats_with_endings_are_written_out():
    bars = [
        beat(),
        measure(repeat("forward", "left") + note("H", 16), 2),
        measure(
            f'<barline location="left">{ending("1", "start")}</barline>' + note("S", 16)
            + repeat("backward", "right", ending("1", "stop")), 3,
        ),
        measure(
            f'<barline location="left">{ending("2", "start")}</barline>' + note("C", 16)
            + f'<barline location="right">{ending("2", "stop")}</barline>', 4,
        ),
        measure(note("K", 16), 5),
    ]  # fmt: skip

    imported = read_score(chart(bars), "x.xml")

    second = [strokes(imported.score, bar)[0][1] for bar in range(2, 7)]
    assert second == ["hihat_closed", "snare", "hihat_closed", "crash", "kick"]
    assert "repeats_written_out" in {finding.code for finding in imported.report}
    assert imported.score.hits[-1].hit.onset_s == pytest.approx(10.0)


def test_a_repeat_without_a_beginning_goes_back_to_the_start():
    score = read_score(
        chart([beat(), measure(note("C", 16) + repeat("backward", "right"), 2)]), "x.xml"
    ).score

    assert [strokes(score, bar)[0][1] for bar in (1, 2, 3, 4)] == ["kick", "crash", "kick", "crash"]


def test_jumps_to_the_sign_and_the_coda_are_written_out():
    bars = [
        beat(),
        measure('<direction><sound segno="a"/></direction>' + note("H", 16), 2),
        measure(note("S", 16) + '<sound tocoda="c"/>', 3),
        measure(note("K", 16) + '<sound dalsegno="a"/>', 4),
        measure('<sound coda="c"/>' + note("C", 16), 5),
    ]

    score = read_score(chart(bars), "x.xml").score

    order = [strokes(score, bar.number)[0][1] for bar in score.bars]
    assert order == ["kick", "hihat_closed", "snare", "kick", "hihat_closed", "snare", "crash"]


def test_bars_with_a_repeat_sign_are_written_out():
    def style(kind: str, text: str = "1") -> str:
        return (
            f'<attributes><measure-style><measure-repeat type="{kind}">{text}</measure-repeat>'
            "</measure-style></attributes>"
        )

    bars = [
        beat(),
        measure(rest(16), 2, start=style("start")),
        measure(rest(16), 3),
        measure(rest(16), 4, start=style("stop", "")),
    ]

    score = read_score(chart(bars), "x.xml").score

    assert strokes(score, 1) == strokes(score, 2) == strokes(score, 3)
    assert strokes(score, 4) == []


def test_a_pickup_bar_is_bar_zero():
    bars = [measure(note("S"), 0, start=opening(), attributes='implicit="yes"'), measure(note("K", 16))]

    score = read_score(chart(bars), "x.xml").score

    assert [(bar.number, bar.quarters) for bar in score.bars] == [(0, 1), (1, 4)]
    assert strokes(score, 0) == [(F(0), "snare")]


def test_a_pickup_of_half_a_beat_begins_with_a_rest():
    bars = [measure(note("S", 2), 0, start=opening(), attributes='implicit="yes"'), measure(note("K", 16))]

    score = read_score(chart(bars), "x.xml").score

    assert (score.bars[0].quarters, strokes(score, 0)) == (1, [(F(1, 2), "snare")])


def test_a_short_bar_in_the_middle_has_a_meter_of_its_own():
    bars = [beat(), measure(note("S") * 3, 2, attributes='implicit="yes"'), measure(note("K", 16), 3)]

    score = read_score(chart(bars), "x.xml").score

    assert [(bar.meter.beats, bar.meter.beat_type) for bar in score.bars] == [(4, 4), (3, 4), (4, 4)]


def test_sections_meters_and_tempi_are_kept():
    metronome = (
        "<direction><direction-type><metronome><beat-unit>quarter</beat-unit><beat-unit-dot/>"
        "<per-minute>c. 80</per-minute></metronome></direction-type></direction>"
    )
    section = "<direction><direction-type><rehearsal>B</rehearsal></direction-type></direction>"
    bars = [beat(), measure(section + metronome + note("K", 12), 2, start=opening(6, 8))]

    score = read_score(chart(bars), "x.xml").score

    assert (score.bars[1].section, score.bars[1].meter.beats) == ("B", 6)
    assert score.tempo_marks == (TempoMark(1, 120.0), TempoMark(2, 80.0))
    assert score.bars[1].end_s == pytest.approx(2.0 + 2 * 60 / 80)


@pytest.mark.parametrize("beats", ["3+2+2", "7"])
def test_added_up_meters_are_read(beats):
    score = read_score(chart([measure(note("K", 14), start=opening(beats, 8))]), "x.xml").score

    assert (score.bars[0].meter.beats, score.bars[0].meter.beat_type) == (7, 8)


def test_under_a_swing_mark_written_eighths_are_played_late():
    swing = (
        "<direction><sound><swing><first>2</first><second>1</second><swing-type>eighth</swing-type></swing>"
        "</sound></direction>"
    )
    content = note("H", 2, kind="eighth") * 2 + rest(12)

    score = read_score(chart([measure(swing + content, start=opening())]), "x.xml").score

    assert score.swing_marks == (SwingMark(1, Swing.EIGHTHS),)
    assert [place for place, _ in strokes(score)] == [F(0), F(2, 3)]
    assert score.hits[1].hit.onset_s == pytest.approx(1 / 3)


def test_ghosts_accents_and_dynamics_become_velocities_and_marks():
    loud = "<direction><direction-type><dynamics><f/></dynamics></direction-type></direction>"
    content = (
        note("S", head='<notehead parentheses="yes">normal</notehead>')
        + note("S", notations="<articulations><accent/></articulations>")
        + loud + note("S", 8)
    )  # fmt: skip

    hits = read_score(chart([measure(content, start=opening())]), "x.xml").score.hits

    velocities = [hit.hit.velocity for hit in hits]
    assert velocities[0] < 45 < 80 < velocities[1]
    assert velocities[2] == 96
    assert Mark.PLAIN not in hits[2].marks


def test_signs_above_the_hi_hat_say_how_far_it_is_open():
    def hat(sign: str) -> str:
        return note("H", notations=f"<technical><{sign}/></technical>")

    content = hat("open-string") + hat("stopped") + hat("half-muted") + hat("open")

    hits = read_score(chart([measure(content, start=opening())]), "x.xml").score.hits

    opened = [hit.hit.instrument is _I.HIHAT_OPEN for hit in hits]
    assert opened == [True, False, True, True]
    assert [Mark.HALF_OPEN in hit.marks for hit in hits] == [False, False, True, False]


def test_a_sign_above_a_chord_is_for_its_cymbal():
    opened = note("S", notations="<technical><open-string/></technical>") + note("H", before="<chord/>")
    choked = note("S", 12, notations="<articulations><staccatissimo/></articulations>")
    choked += note("C", 12, before="<chord/>")

    hits = read_score(chart([measure(opened + choked, start=opening())]), "x.xml").score.hits

    assert [(hit.hit.instrument.value, set(hit.marks)) for hit in hits] == [
        ("snare", set()),
        ("hihat_open", set()),
        ("snare", set()),
        ("crash", {Mark.CHOKE}),
    ]


@pytest.mark.parametrize(
    ("kind", "slashes", "count", "rolls"), [("quarter", 1, 2, False), ("quarter", 3, 1, True)]
)
def test_strokes_through_the_stem_are_notes_or_a_roll(kind, slashes, count, rolls):
    tremolo = f'<ornaments><tremolo type="single">{slashes}</tremolo></ornaments>'

    hits = read_score(
        chart([measure(note("S", 4, kind=kind, notations=tremolo) + rest(12), start=opening())]), "x.xml"
    ).score.hits

    assert [hit.position for hit in hits] == [F(n, 2) for n in range(count)]
    assert (Mark.ROLL in hits[0].marks) is rolls


def test_sticking_is_read_from_fingerings_and_lyrics():
    content = note("S", 8, notations="<technical><fingering>R</fingering></technical>") + note(
        "S", 8, after=""
    ).replace("</note>", "<lyric><text>L</text></lyric></note>")

    hits = read_score(chart([measure(content, start=opening())]), "x.xml").score.hits

    assert [sorted(hit.marks) for hit in hits] == [[Mark.RIGHT], [Mark.LEFT]]


def test_texts_that_are_not_kept_are_told_once_with_their_count():
    words = "<direction><direction-type><words>Fill</words></direction-type></direction>"

    imported = read_score(chart([beat(), measure(words * 3 + note("K", 16), 2)]), "x.xml")

    found = next(finding for finding in imported.report if finding.code == "text_left_out")
    assert (found.bar, found.count) == (2, 3)


def test_bars_in_which_each_part_is_written_in_turn_are_read():
    timewise = (
        f'<score-timewise><part-list>{score_part()}</part-list><measure number="1"><part id="P1">'
        f'{opening()}{note("K", 16)}</part></measure><measure number="2"><part id="P1">'
        f"{note('S', 16)}</part></measure></score-timewise>"
    ).encode()

    score = read_score(timewise, "x.xml").score

    assert [(hit.bar, hit.hit.instrument) for hit in score.hits] == [(1, _I.KICK), (2, _I.SNARE)]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "iso-8859-1"])
def test_any_usual_encoding_is_read(encoding):
    head = "<work><work-title>Für</work-title></work>"
    declared = {"utf-8-sig": "utf-8", "utf-16-le": "utf-16"}.get(encoding, encoding)
    text = chart([beat()], head=head).decode().replace('encoding="UTF-8"', f'encoding="{declared}"')

    assert read_score(text.encode(encoding), "x.xml").score.title == "Für"


def test_a_default_namespace_is_no_hindrance():
    data = chart([beat()]).replace(b"<score-partwise ", b'<score-partwise xmlns="http://x.org/y" ')

    assert len(read_score(data, "x.xml").score.hits) == 4
