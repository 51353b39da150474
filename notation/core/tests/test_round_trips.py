"""What is written is read back: by our own readers, and by programs that share no code with us.

Known limits of others, which are not ours to mend: music21 loses the sound of each note; MuseScore and
Verovio move a note that has grace notes before it; none of them plays swing.
"""

from __future__ import annotations

import io
import json
import os
import random
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from fractions import Fraction

import mido
import pytest
from hypothesis import HealthCheck, given, settings
from lxml import etree

from notation.core.engraving.layout import Layout
from notation.core.engraving.mei import write_mei
from notation.core.instruments import INSTRUMENTS, InstrumentName
from notation.core.kit_profile import BERKLEE, KitProfile
from notation.core.readers import read_score
from notation.core.score import (
    EMPHASIS_MARKS,
    INSTRUMENTS_OF_MARK,
    Bar,
    Mark,
    Score,
    ScoreHit,
    Swing,
    SwingMark,
    TempoMark,
    score_to_json,
)
from notation.core.spelling.spell import spell
from notation.core.tests.any_score import scores
from notation.core.tests.musicxml_schema import musicxml_schema
from notation.core.tests.songs import HALF_TIME, ROCK, SONGS, make_song
from notation.core.writers.midi import write_midi
from notation.core.writers.musicxml import write_musicxml, write_mxl

MUSESCORE = next(filter(None, map(shutil.which, ("mscore4", "mscore3", "musescore3", "mscore"))), None)
GRACELESS = sorted(name for name, song in SONGS.items() if not any(hit.is_grace for hit in song.score().hits))


def bar_starts(bars: Iterable[Bar]) -> dict[int, Fraction]:
    """Quarters from the beginning of the song."""
    starts, at = {}, Fraction(0)
    for bar in bars:
        starts[bar.number] = at
        at += bar.quarters
    return starts


def written_onsets(score: Score) -> Iterator[tuple[ScoreHit, Fraction]]:
    """Each hit with where it is written, in quarters from the beginning."""
    placed = {hit.hit.id: hit for hit in score.hits}
    starts = bar_starts(score.bars)
    for bar in spell(score):
        for event in (event for voice in bar.voices for event in voice.events):
            for head in (*event.heads, *(small for chord in event.graces for small in chord)):
                yield placed[head.hit.id], starts[bar.bar.number] + event.onset


def essence(score: Score) -> dict[str, tuple[object, ...]]:
    """What of each hit must come back, by its id."""
    return {
        hit.hit.id: (hit.bar, hit.position, hit.hit.instrument, hit.hit.velocity, hit.grace_of, hit.marks)
        for hit in score.hits
    }


def frame(score: Score) -> tuple[object, ...]:
    """What of the bars must come back."""
    bars = tuple((bar.number, bar.meter, bar.quarters, bar.section) for bar in score.bars)
    return bars, score.title, score.artist, score.swing_marks, score.tempo_marks


def with_everything() -> Score:
    """A song with every mark, every instrument, sections, a change of tempo and of feel."""
    names = list(InstrumentName)
    score = make_song(ROCK + HALF_TIME + ROCK).score(title='A "B" & <C>', artist="D")
    hits = []
    for index, placed in enumerate(score.hits):
        name = names[index % len(names)]
        if placed.is_grace or any(other.grace_of == placed.hit.id for other in score.hits):
            hits.append(placed)
            continue
        marks = {mark for mark, suited in INSTRUMENTS_OF_MARK.items() if name in suited and index % 3 == 0}
        marks |= {Mark.RIGHT} if index % 5 == 0 else {Mark.LEFT} if index % 5 == 1 else set()
        hits.append(replace(placed, hit=replace(placed.hit, instrument=name), marks=frozenset(marks)))
    bars = tuple(replace(bar, section={1: "Intro", 9: "Verse <1>"}.get(bar.number)) for bar in score.bars)
    return replace(
        score,
        hits=tuple(hits),
        bars=bars,
        tempo_marks=(TempoMark(1, 120.0), TempoMark(9, 88.5)),
        swing_marks=(SwingMark(9, Swing.EIGHTHS), SwingMark(17, None)),
    )


# Our own readers


def test_a_song_comes_back_from_musicxml_as_it_was(song):
    score = song.score()

    imported = read_score(write_musicxml(score), "song.musicxml")

    assert essence(imported.score) == essence(score)
    assert frame(imported.score) == frame(score)
    assert imported.report == ()


def test_a_song_read_back_is_written_the_same_byte_for_byte(song):
    written = write_musicxml(song.score())

    assert write_musicxml(read_score(written, "song.musicxml").score) == written


@pytest.mark.parametrize("name", ["rock", "half_time", "metal"])
def test_notes_marked_by_hand_are_written_the_same_when_read_back(name):
    random_ = random.Random(3)
    score = SONGS[name].score()
    hits = []
    for placed in score.hits:
        marks = {random_.choice(sorted(EMPHASIS_MARKS))} if random_.random() < 0.3 else set()
        marks |= {Mark.ROLL} if random_.random() < 0.1 else set()
        hits.append(placed if placed.is_grace else replace(placed, marks=frozenset(marks)))
    written = write_musicxml(replace(score, hits=tuple(hits)))

    assert write_musicxml(read_score(written, "song.musicxml").score) == written


def test_everything_that_a_score_says_comes_back_from_compressed_musicxml():
    score = with_everything()

    imported = read_score(write_mxl(score), "song.mxl")

    assert essence(imported.score) == essence(score)
    assert frame(imported.score) == frame(score)


@pytest.mark.parametrize("profile", [BERKLEE, replace(BERKLEE, voices=1, toms=2)], ids=["two", "one voice"])
def test_the_kit_profile_of_a_file_does_not_change_what_is_struck(profile: KitProfile):
    score = SONGS["rock"].score()

    imported = read_score(write_musicxml(score, profile), "song.musicxml")

    assert essence(imported.score) == essence(score)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(scores().filter(lambda score: score.hits))
def test_any_score_comes_back_where_it_is_written(score):
    straight = replace(score, swing_marks=())  # under a swing mark a written place has two readings

    imported = read_score(write_musicxml(straight), "any.musicxml").score

    starts = bar_starts(score.bars)
    came_back = {
        hit.hit.id: (starts[hit.bar] + hit.position, hit.hit.instrument, hit.hit.velocity, hit.is_grace)
        for hit in imported.hits
    }
    assert came_back == {
        placed.hit.id: (onset, placed.hit.instrument, placed.hit.velocity, placed.is_grace)
        for placed, onset in written_onsets(straight)
    }


def test_a_song_comes_back_from_midi_as_it_was(song):
    score = song.score()

    imported = read_score(write_midi(score), "song.mid")

    def strokes(score: Score) -> Counter[tuple[object, ...]]:
        return Counter(
            (hit.bar, hit.position, hit.hit.instrument, hit.hit.velocity, hit.is_grace) for hit in score.hits
        )

    assert strokes(imported.score) == strokes(score)
    assert [bar.meter for bar in imported.score.bars] == [bar.meter for bar in score.bars]
    assert imported.score.tempo_marks == score.tempo_marks
    assert imported.report == ()


def test_a_performance_comes_back_from_midi_at_its_own_times():
    score = SONGS["played"].score()

    imported = read_score(write_midi(score, performed=True), "song.mid").score

    first_s = score.bars[0].start_s
    heard = sorted(max(0.0, hit.hit.onset_s - first_s) for hit in score.hits)
    assert sorted(hit.hit.onset_s for hit in imported.hits) == pytest.approx(heard, abs=0.003)


def test_a_score_comes_back_from_json_whole():
    score = with_everything()

    assert read_score(json.dumps(score_to_json(score)).encode(), "song.json").score == score


@pytest.mark.slow
@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(scores())
def test_two_hundred_scores_are_valid_and_complete(score):
    root = etree.fromstring(write_musicxml(score))

    _SCHEMA.assertValid(root)
    written = Counter(note.get("id") for note in root.iterfind("part/measure/note[@id]"))
    assert written == Counter(placed.hit.id for placed in score.hits)


_SCHEMA = musicxml_schema()


# Readers of others


def test_verovio_places_every_note_within_a_millisecond():
    verovio = pytest.importorskip("verovio")
    for name in GRACELESS:
        score = SONGS[name].score()
        if len(score.tempo_marks) > 1 or not score.tempo_marks:
            continue
        toolkit = verovio.toolkit()
        toolkit.loadData(write_mei(score, Layout(simile=False, multirests=False, lines=False)))

        sounded = {
            identifier: entry["tstamp"]
            for entry in toolkit.renderToTimemap({})
            for identifier in entry.get("on", ())
        }

        quarter_ms = 60_000 / score.tempo_marks[0].bpm / float(score.bars[0].meter.beat_quarters)
        wanted = {placed.hit.id: float(onset) * quarter_ms for placed, onset in written_onsets(score)}
        assert sounded == pytest.approx(wanted, abs=1.0), name


@pytest.mark.slow
@pytest.mark.parametrize("name", ["rock", "half_time", "six_eight", "odd", "pickup", "metal"])
def test_music21_reads_every_onset_place_and_head(name):
    from music21 import chord, converter, note  # slow to import

    score = SONGS[name].score()

    read = converter.parseData(write_musicxml(score), format="musicxml")

    heard: Counter[tuple[object, ...]] = Counter()
    for element in read.recurse().getElementsByClass((note.Unpitched, chord.ChordBase)):
        onset = Fraction(element.getOffsetInHierarchy(read)).limit_denominator(96)
        for member in element.notes if isinstance(element, chord.ChordBase) else (element,):
            heard[(onset, f"{member.displayStep}{member.displayOctave}", member.notehead)] += 1
    wanted: Counter[tuple[object, ...]] = Counter()
    for placed, onset in written_onsets(score):
        instrument = INSTRUMENTS[placed.hit.instrument]
        place = f"{instrument.display_step}{instrument.display_octave}"
        wanted[(onset, place, instrument.notehead.value)] += 1
    assert heard == wanted


@pytest.mark.slow
@pytest.mark.parametrize("name", ["half_time", "pickup"])
def test_what_music21_writes_is_read_by_the_page_alone(name):
    from music21 import converter
    from music21.musicxml.m21ToXml import GeneralObjectExporter

    score = SONGS[name].score()
    stream = converter.parseData(write_musicxml(score), format="musicxml")

    imported = read_score(GeneralObjectExporter(stream).parse(), "song.musicxml")

    def strokes(score: Score) -> Counter[tuple[object, ...]]:
        # The open hi-hat differs by a sign that music21 does not keep.
        closed = {InstrumentName.HIHAT_OPEN: InstrumentName.HIHAT_CLOSED}
        return Counter(
            (hit.bar, hit.position, closed.get(hit.hit.instrument, hit.hit.instrument), hit.is_grace)
            for hit in score.hits
        )

    assert strokes(imported.score) == strokes(score)
    assert {finding.code for finding in imported.report} == {"instrument_by_place"}


@pytest.fixture(scope="module")
def musescore(tmp_path_factory):
    """Every song through MuseScore: its MIDI, and its MusicXML, by the song's name."""
    if MUSESCORE is None:
        pytest.skip("MuseScore is not installed (Debian: musescore3)")
    folder = tmp_path_factory.mktemp("musescore")
    jobs = []
    for name, song in SONGS.items():
        (folder / f"{name}.musicxml").write_bytes(write_musicxml(song.score()))
        out = [str(folder / f"{name}.mid"), str(folder / f"{name}-back.musicxml")]
        jobs.append({"in": str(folder / f"{name}.musicxml"), "out": out})
    (folder / "jobs.json").write_text(json.dumps(jobs))
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "HOME": str(folder)}
    environment |= {"XDG_RUNTIME_DIR": str(folder)}
    subprocess.run(
        [MUSESCORE, "-j", str(folder / "jobs.json")],
        env=environment, check=True, timeout=300, capture_output=True,
    )  # fmt: skip
    return {
        name: ((folder / f"{name}.mid").read_bytes(), (folder / f"{name}-back.musicxml").read_bytes())
        for name in SONGS
    }


@pytest.mark.slow
def test_musescore_plays_every_hit_with_its_own_sound(musescore):
    for name, (midi, _) in musescore.items():
        score = SONGS[name].score()
        file = mido.MidiFile(file=io.BytesIO(midi))
        heard: list[tuple[int, float]] = []
        for track in file.tracks:
            now = 0
            for message in track:
                now += message.time
                if message.type == "note_on" and message.velocity:
                    heard.append((message.note, now / file.ticks_per_beat))
        wanted = [
            (INSTRUMENTS[placed.hit.instrument].gm_note, float(onset))
            for placed, onset in written_onsets(score)
        ]

        assert Counter(key for key, _ in heard) == Counter(key for key, _ in wanted), name
        # A note with grace notes comes a little later there; a sixteenth of a quarter at most.
        pairs = zip(sorted(heard), sorted(wanted), strict=True)
        late = [abs(at - meant) for (_, at), (_, meant) in pairs]
        allowed = 0.12 if any(hit.is_grace for hit in score.hits) else 0.002
        assert max(late) <= allowed, name


@pytest.mark.slow
def test_what_musescore_writes_comes_back_as_it_was(musescore):
    for name, (_, musicxml) in musescore.items():
        score = SONGS[name].score()

        imported = read_score(musicxml, "song.musicxml").score

        def strokes(score: Score) -> Counter[tuple[object, ...]]:
            return Counter(
                (hit.bar, hit.position, hit.hit.instrument, hit.hit.velocity, hit.is_grace)
                for hit in score.hits
            )

        assert strokes(imported) == strokes(score), name
        assert imported.tempo_marks == score.tempo_marks, name
