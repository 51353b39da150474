"""LilyPond source, and what LilyPond itself makes of it."""

from __future__ import annotations

import io
import re
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from fractions import Fraction

import mido
import pypdf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from notation.core.errors import EngravingFailed, PdfBackendMissing
from notation.core.kit_profile import profile_from_json
from notation.core.score import Mark, Score, Swing, SwingMark
from notation.core.spelling.spell import spell
from notation.core.tests.any_score import scores
from notation.core.tests.songs import SONGS, make_song
from notation.core.tests.test_note_maps import one_of_everything
from notation.core.writers import lilypond_pdf
from notation.core.writers.lilypond import quoted, write_lilypond
from notation.core.writers.lilypond_pdf import lilypond_is_installed, run_lilypond, write_lilypond_pdf
from notation.core.writers.note_maps import GENERAL_MIDI

needs_lilypond = pytest.mark.skipif(
    not lilypond_is_installed(),
    reason="LilyPond is optional: pip install -r requirements/lilypond.txt",
)
STRING = re.compile(r'"(?:\\.|[^"\\])*"', re.DOTALL)
HOSTILE = (
    '#(system "touch {path}")',
    '" }} #(system "touch {path}") \\header {{ title = "',
    '\\" }} #(system "touch {path}") %',
    "\\",
    '\\\\" #(system "touch {path}")',
    'two\nlines }} #(system "touch {path}")',
    '%{{ \\include "/etc/passwd" $(exit 1) `touch {path}` \\markup #(exit)',
)


def titled(text: str) -> Score:
    score = make_song([{"h": "x-x-", "k": "x---"}] * 2).score(title=text, artist=text)
    return replace(score, bars=(replace(score.bars[0], section=text), *score.bars[1:]))


def drums(score: Score, name: str = "hands", **options) -> str:
    """The music of a voice, without comments and line breaks."""
    source = write_lilypond(score, **options)
    music = re.search(rf"^{name} = \\drummode {{\n.*?\n(.*?)^}}", source, re.DOTALL | re.MULTILINE)[1]
    return " ".join(re.sub(r"% \d+", "", music).split())


@pytest.mark.parametrize("text", HOSTILE)
def test_of_a_hostile_text_nothing_is_outside_a_string(text):
    harmless, hostile = write_lilypond(titled("Song")), write_lilypond(titled(text.format(path="x")))

    assert STRING.sub('""', hostile) == STRING.sub('""', harmless)


@given(st.text())
def test_any_text_is_one_string_on_one_line(text):
    assert STRING.fullmatch(quoted(text))
    assert len(quoted(text).splitlines()) == 1


def test_a_drum_with_a_hostile_name_is_named_in_a_string():
    profile = profile_from_json({"instruments": {"kick": {"label": '"} #(system "ls") \\'}}})

    source = write_lilypond(titled("Song"), profile)

    assert '\\lyricsto "key" { "Hi-hat" "\\"} #(system \\"ls\\") \\\\" }' in source


def test_a_text_is_kept_as_it_is():
    source = write_lilypond(titled('Say "hi" \\o/ {100 %}'))

    assert source.count('"Say \\"hi\\" \\\\o/ {100 %}"') == 3


def test_a_shuffle_is_written_straight_under_a_swing_mark():
    score = make_song([{"h": "x-xx-xx-xx-x", "k": "x-----x-----"}] * 4).score()
    assert score.swing_marks == (SwingMark(1, Swing.EIGHTHS),)

    assert '\\tempo \\markup { "Swing"' in write_lilypond(score)
    assert drums(score).startswith("hhc8[ hhc8 hhc8 hhc8]")


def test_marks_are_written():
    score = make_song([{"o": "x---", "s": "-x--", "c": "--x-", "1": "---x"}]).score()
    marks = (
        {Mark.HALF_OPEN},
        {Mark.RIM_SHOT, Mark.RIGHT},
        {Mark.CHOKE, Mark.ACCENT},
        {Mark.ROLL, Mark.GHOST},
    )
    marked = replace(
        score,
        hits=tuple(replace(hit, marks=frozenset(own)) for hit, own in zip(score.hits, marks, strict=True)),
    )

    assert drums(marked) == (
        'hhho4 <\\tweak stencil #slashed-head sne>4-"R" cymc4->-! <\\parenthesize tomh>4:32 |'
    )


def test_flams_drags_tuplets_and_beams_are_written():
    score = make_song([{"s": "--- f-- d-- xxx"}]).score()

    assert drums(score) == (
        "\\once \\override Rest.staff-position = #0 r4 \\acciaccatura sn8 sn4 "
        "\\appoggiatura { sn16[ sn16] } sn4 \\tuplet 3/2 { sn8[ sn8 sn8] } |"
    )


def test_32nds_are_parted_at_the_eighth():
    score = make_song([{"s": "xxxxxxxx" + "-" * 24}]).score()

    assert "sn32 \\set stemRightBeamCount = #1 sn32 \\set stemLeftBeamCount = #1 sn32" in drums(score)


def test_a_pickup_is_a_partial_bar_and_bars_keep_their_numbers():
    source = write_lilypond(SONGS["pickup"].score())

    assert "\\set Score.currentBarNumber = #1 \\partial 4 " in source


def test_the_kit_profile_places_the_drums_and_hides_some():
    profile = profile_from_json({"instruments": {"crash": {"staff_loc": 12}}, "hidden": ["hihat_closed"]})

    source = write_lilypond(SONGS["rock"].score(), profile)

    assert "(crashcymbal cross #f 8)" in source
    assert "hhc" not in source
    assert "(snare () #f 1)" in source


def test_without_the_wheel_there_is_no_premium_pdf(monkeypatch):
    monkeypatch.setattr(lilypond_pdf.importlib.util, "find_spec", lambda name: None)

    with pytest.raises(PdfBackendMissing) as refusal:
        write_lilypond_pdf(SONGS["rock"].score())

    assert refusal.value.code == "pdf_backend_missing"


def heard(data: bytes) -> Counter[tuple[int, int]]:
    """The notes of LilyPond's MIDI file, in its ticks of 384 to a quarter."""
    file = mido.MidiFile(file=io.BytesIO(data))
    assert file.ticks_per_beat == 384
    found: Counter[tuple[int, int]] = Counter()
    for track in file.tracks:
        now = 0
        for message in track:
            now += message.time
            if message.type == "note_on" and message.velocity:
                assert message.channel == 9
                found[now, message.note] += 1
    return found


def written(score: Score) -> tuple[Counter[tuple[int, int]], int]:
    """Where the notes are written, and how many grace notes there are beside them."""
    notes: Counter[tuple[int, int]] = Counter()
    graces, start = 0, Fraction(0)
    for bar in spell(score):
        for event in (event for voice in bar.voices for event in voice.events):
            graces += sum(len(chord) for chord in event.graces)
            for head in event.heads:
                key = GENERAL_MIDI.key_of(head.hit.instrument, head.marks)
                notes[int((start + event.onset) * 384), key.note] += 1
        start += bar.bar.quarters
    return notes, graces


@needs_lilypond
@pytest.mark.slow
@pytest.mark.parametrize("name", ["half_time", "odd", "pickup"])
def test_lilypond_plays_every_hit_where_it_is_written(name):
    score = SONGS[name].score()

    played = heard(run_lilypond(write_lilypond(score, midi=True))["score.midi"])

    notes, graces = written(score)
    assert not notes - played
    assert played.total() == notes.total() + graces == len(score.hits)


@needs_lilypond
@pytest.mark.slow
def test_lilypond_plays_every_instrument_and_mark():
    score = one_of_everything()

    assert heard(run_lilypond(write_lilypond(score, midi=True))["score.midi"]) == written(score)[0]


@needs_lilypond
@pytest.mark.slow
@settings(max_examples=3, deadline=None, derandomize=True)
@given(scores())
def test_lilypond_takes_any_score(score):
    made = run_lilypond(write_lilypond(score, midi=True))

    # Of one drum struck twice at once it plays one, and early grace notes move the rest by a little.
    wanted = Counter(key for _, key in written(score)[0])
    played = (
        Counter(key for _, key in heard(made["score.midi"]).elements()) if "score.midi" in made else Counter()
    )
    assert wanted <= played


@needs_lilypond
@pytest.mark.slow
def test_a_hostile_text_is_printed_and_not_run(tmp_path):
    target = tmp_path / "touched"
    text = "   ".join(HOSTILE).format(path=target)

    pdf = write_lilypond_pdf(titled(text))

    assert not target.exists()
    assert "touch" in pypdf.PdfReader(io.BytesIO(pdf)).pages[0].extract_text()


@needs_lilypond
@pytest.mark.slow
def test_a_letter_page_has_its_size_and_a_selectable_title():
    (page,) = pypdf.PdfReader(
        io.BytesIO(write_lilypond_pdf(SONGS["rock"].score(title="Rock"), paper="letter"))
    ).pages

    assert [round(float(side)) for side in page.mediabox[2:]] == [612, 792]
    assert "Rock" in page.extract_text()


@needs_lilypond
@pytest.mark.slow
@pytest.mark.parametrize(
    ("program", "reason"),
    [("#(let loop () (loop))", "took more than"), ("#(exit 3)", "did not accept"), ("", "no PDF")],
)
def test_what_goes_wrong_in_lilypond_is_an_error_of_ours(program, reason):
    with pytest.raises(EngravingFailed, match=reason):
        run_lilypond(program, limit_s=1.5)


@needs_lilypond
@pytest.mark.slow
def test_two_scores_are_engraved_at_once_and_a_third_does_not_wait_for_ever():
    with ThreadPoolExecutor() as pool:
        busy = [pool.submit(run_lilypond, "#(let loop () (loop))", limit_s=1.2) for _ in range(2)]
        time.sleep(0.3)

        with pytest.raises(EngravingFailed, match="too many"):
            run_lilypond("", limit_s=0.2)

        assert all(isinstance(call.exception(), EngravingFailed) for call in busy)


@needs_lilypond
@pytest.mark.slow
def test_lilypond_sees_nothing_of_our_environment(monkeypatch):
    monkeypatch.setenv("SECRET_KEY", "hidden")
    source = write_lilypond(titled("Song"))

    assert "score.pdf" in run_lilypond('#(if (getenv "SECRET_KEY") (exit 1))\n' + source)
