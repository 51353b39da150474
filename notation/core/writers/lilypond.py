"""LilyPond source: the score as a ``\\drummode`` text that people can go on editing.

A ``.ly`` file is a program, so that nothing of a score's own gets into it but numbers, words of this module,
and quoted strings.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction

from notation.core.engraving.layout import Layout, Measure, lay_out
from notation.core.engraving.page import Paper
from notation.core.instruments import FEET, HANDS, InstrumentName, Notehead
from notation.core.kit_profile import WEINBERG, KitProfile
from notation.core.score import Bar, Mark, Score, Swing, SwingMark, TempoMark
from notation.core.spelling.engraved import Head, SpelledBar
from notation.core.spelling.spell import spell
from notation.core.texts import plain_text, swing_words
from notation.core.writers.lilypond_voices import (
    DRUM_NAMES,
    DURATIONS,
    HALF_OPEN_NAMES,
    RIM_SHOT_NAMES,
    bar_line,
    drum_name,
    length_of,
    quarters,
    shape_tweak,
    silent_graces,
    voice_lines,
)

LILYPOND_VERSION = "2.25.12"

_I = InstrumentName

_HEADS = {
    Notehead.NORMAL: "()",
    Notehead.CROSS: "cross",
    Notehead.CIRCLE_CROSS: "xcircle",
    Notehead.DIAMOND: "diamond",
    Notehead.TRIANGLE: "triangle",
    Notehead.SLASHED: "()",  # LilyPond's own slash is a long bar: the line is added by slashed-head
}
_MIDDLE_LINE = 4  # LilyPond counts staff places from there, MEI from the bottom line
_STAFF_POINTS = 18

_DEFINITIONS = r"""
#(define (slashed-head grob)
   (let* ((head (ly:note-head::print grob))
          (x (ly:stencil-extent head X))
          (y (ly:stencil-extent head Y)))
     (ly:stencil-add
       head
       (make-line-stencil 0.13 (- (car x) 0.3) (- (car y) 0.25) (+ (cdr x) 0.3) (+ (cdr y) 0.25)))))
"""

_PAGE = r"""
\paper {{
  #(set-paper-size "{paper}")
  top-margin = 12\mm
  bottom-margin = 12\mm
  left-margin = 14\mm
  right-margin = 12\mm
  indent = 0
  print-first-page-number = ##f
  system-system-spacing.padding = #3
}}
"""

_KEY = r"""
\score {{
  <<
    \new DrumStaff \with {{
      drumStyleTable = #kit
      \remove Time_signature_engraver
      \magnifyStaff #2/3
    }} {{
      \new DrumVoice = "key" \drummode {{ \cadenzaOn \omit Stem {notes} \bar "|." }}
    }}
    \new Lyrics \with {{ \override LyricText.font-size = #-2 }} \lyricsto "key" {{ {labels} }}
  >>
  \layout {{ ragged-right = ##t }}
}}
"""

_SCORE = r"""
\score {{
  \new DrumStaff \with {{ drumStyleTable = #kit \numericTimeSignature }} <<
    {{ \structure }}
    \new DrumVoice = "hands" {{ \voiceOne \hands }}
    \new DrumVoice = "feet" {{ \voiceTwo \feet }}
  >>
  \layout {{
    \context {{
      \Score
      skipBars = ##t
      \override MultiMeasureRest.staff-position = #0
      \override MultiMeasureRest.expand-limit = #1
      \override Script.avoid-slur = #'outside
    }}
    \context {{
      \DrumVoice
      autoBeaming = ##f
      \override TextScript.font-size = #-2
      \override TupletBracket.bracket-visibility = #'if-no-beam
      \override Beam.concaveness = #10000  % level, however far apart the drums are
    }}
  }}{midi}
}}
"""


def write_lilypond(
    score: Score, profile: KitProfile = WEINBERG, *, paper: Paper = "a4", midi: bool = False
) -> str:
    """Write ``score`` as LilyPond source.

    Args:
        midi: have LilyPond make a MIDI file too, which plays what is written: swing straight, flams in time.
    """
    bars = spell(score, profile)
    measures = lay_out(score, bars, Layout(simile=False))
    return "".join(
        (
            f'\\version "{LILYPOND_VERSION}"\n',
            f"#(set-global-staff-size {_STAFF_POINTS})\n",
            _DEFINITIONS,
            _PAGE.format(paper=paper),
            f"\n{_header(score)}\n",
            f"\n{_kit(profile)}\n",
            "\n".join(_structure(score, measures)),
            "\n".join(voice_lines("hands", HANDS, measures)),
            "\n".join(voice_lines("feet", FEET, measures)),
            _key(bars),
            _SCORE.format(midi="\n  \\midi { }" if midi else ""),
        )
    )


def quoted(text: str) -> str:
    """``text`` as a LilyPond string on one line: within one only ``\\`` and ``"`` mean anything."""
    line = " ".join(plain_text(text).split())
    return '"' + line.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _header(score: Score) -> str:
    lines = [f"  title = {quoted(score.title)}"] if score.title else []
    if score.artist:
        lines.append(f"  composer = {quoted(score.artist)}")
    return "\n".join(["\\header {", *lines, "  tagline = ##f", "}"])


def _kit(profile: KitProfile) -> str:
    """The staff place, head and sign of every drum, by full names: LilyPond's table takes no others."""
    rows: list[tuple[str, InstrumentName, str]]
    rows = [(full, name, "#f") for name, (_, full) in DRUM_NAMES.items() if name is not _I.HIHAT_OPEN]
    rows.append((DRUM_NAMES[_I.HIHAT_OPEN][1], _I.HIHAT_OPEN, "open"))
    rows.append((HALF_OPEN_NAMES[1], _I.HIHAT_OPEN, "halfopen"))
    rows.append((RIM_SHOT_NAMES[1], _I.SNARE, "#f"))
    lines = []
    for full, name, sign in rows:
        written = profile.written(name)
        place = written.staff_loc - _MIDDLE_LINE
        lines.append(f"  ({full} {_HEADS[written.notehead]} {sign} {place})")
    return "\n".join(["kit = #(alist->hash-table '(", *lines, "))", ""])


def _key(bars: Iterable[SpelledBar]) -> str:
    """A small staff that says which head is which drum; nothing when nothing is played."""
    heads: dict[str, Head] = {}
    for event in (event for bar in bars for voice in bar.voices for event in voice.events):
        for head in (*event.heads, *(grace for chord in event.graces for grace in chord)):
            heads.setdefault(drum_name(head), head)
    if not heads:
        return ""
    from_the_top = sorted(heads.items(), key=lambda item: -item[1].written.staff_loc)
    notes = [f"<{shape_tweak(head)}{drum}>4" for drum, head in from_the_top]
    labels = [quoted(_label(head)) for _, head in from_the_top]
    return _KEY.format(notes=' \\bar "" '.join(notes), labels=" ".join(labels))


def _label(head: Head) -> str:
    if head.is_half_open:
        return "Half-open hi-hat"
    return "Rim shot" if Mark.RIM_SHOT in head.marks else head.written.label


def _structure(score: Score, measures: Sequence[Measure]) -> Iterator[str]:
    """Meters, tempi, sections and lines, which belong to no voice."""
    tempi = {mark.bar: mark for mark in score.tempo_marks}
    feels = {mark.bar: mark for mark in score.swing_marks}
    yield "structure = {"
    signature: tuple[int, int] | None = None
    length = Fraction(0)
    for index, measure in enumerate(measures):
        bar = measure.spelled.bar
        words = []
        if index:
            words.append("\\break" if measure.starts_line else "\\noBreak")
        if (bar.meter.beats, bar.meter.beat_type) != signature:
            signature = (bar.meter.beats, bar.meter.beat_type)
            length = bar.meter.bar_quarters
            words.append(f"\\time {signature[0]}/{signature[1]}")
        if index == 0:
            words += _beginning(bar)
        elif bar.quarters != length:
            length = bar.quarters
            words.append(f"\\set Timing.measureLength = #(ly:make-moment {length / 4})")
        if bar.section:
            words.append(f"\\mark \\markup \\box {quoted(bar.section)}")
        words += _tempo(bar, tempi.get(bar.number), feels.get(bar.number))
        words += silent_graces(measure.spelled)
        words.append(f"s{length_of(measure)}")
        yield bar_line(words, bar.number)
    yield '  \\bar "|."'
    yield "}\n"


def _beginning(first: Bar) -> Iterator[str]:
    """The first bar's number, and its length when it is a pickup; LilyPond counts a pickup as no bar."""
    yield f"\\set Score.currentBarNumber = #{first.number + int(first.is_pickup)}"
    if first.is_pickup:
        yield f"\\partial {quarters(first.quarters)}"


def _tempo(bar: Bar, tempo: TempoMark | None, feel: SwingMark | None) -> Iterator[str]:
    if tempo is None and feel is None:
        return
    words = ["\\tempo"]
    if feel is not None:
        words.append(f"\\markup {{ {quoted(swing_words(feel.swing))} {_swing_sign(feel.swing)}}}")
    if tempo is not None:
        beat = bar.meter.printed_beat_quarters
        note = "4." if bar.meter.is_compound else DURATIONS[beat]
        words.append(f"{note} = {bar.meter.printed_bpm(tempo.bpm)}")
    yield " ".join(words)


def _swing_sign(swing: Swing | None) -> str:
    if swing is None:
        return ""
    pair = ("8", "4", "8") if swing is Swing.EIGHTHS else ("16", "8", "16")
    equal, long, short = pair
    swung = f"\\tiny \\rhythm {{ \\tuplet 3/2 {{ {long} {short} }} }}"
    return f"\\tiny \\rhythm {{ {equal}[ {equal}] }} = {swung} "
