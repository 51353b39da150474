"""LilyPond source: the score as a ``\\drummode`` text that people can go on editing.

A ``.ly`` file is a program, so that nothing of a score's own gets into it but numbers, words of this module,
and quoted strings.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction

from notation.core.engraved import Event, Head, SpelledBar, Voice
from notation.core.instruments import FEET, HANDS, InstrumentName, Notehead
from notation.core.kit_profile import WEINBERG, KitProfile
from notation.core.layout import Layout, Measure, lay_out
from notation.core.musicxml import plain_text, swing_words
from notation.core.page import Paper
from notation.core.score import Bar, Mark, Score, Swing, SwingMark, TempoMark
from notation.core.spell import spell

LILYPOND_VERSION = "2.25.12"

_I = InstrumentName
# Short and full name of each drum in LilyPond (ly/drumpitch-init.ly); their MIDI keys are General MIDI's.
_NAMES: Mapping[InstrumentName, tuple[str, str]] = {
    _I.KICK: ("bd", "bassdrum"),
    _I.SNARE: ("sn", "snare"),
    _I.SIDE_STICK: ("ss", "sidestick"),
    _I.HIHAT_CLOSED: ("hhc", "closedhihat"),
    _I.HIHAT_OPEN: ("hho", "openhihat"),
    _I.HIHAT_PEDAL: ("hhp", "pedalhihat"),
    _I.TOM_HIGH: ("tomh", "hightom"),
    _I.TOM_MID: ("tomml", "lowmidtom"),
    _I.TOM_LOW: ("tomfh", "highfloortom"),
    _I.CRASH: ("cymc", "crashcymbal"),
    _I.RIDE: ("cymr", "ridecymbal"),
    _I.RIDE_BELL: ("rb", "ridebell"),
    _I.CHINA: ("cymch", "chinesecymbal"),
    _I.SPLASH: ("cyms", "splashcymbal"),
    _I.COWBELL: ("cb", "cowbell"),
    _I.TAMBOURINE: ("tamb", "tambourine"),
    _I.CLAP: ("hc", "handclap"),
}
_HALF_OPEN = ("hhho", "halfopenhihat")
_RIM_SHOT = ("sne", "electricsnare")  # on General MIDI's 40, where sample libraries have the rim shot

_HEADS = {
    Notehead.NORMAL: "()",
    Notehead.CROSS: "cross",
    Notehead.CIRCLE_CROSS: "xcircle",
    Notehead.DIAMOND: "diamond",
    Notehead.TRIANGLE: "triangle",
    Notehead.SLASHED: "()",  # LilyPond's own slash is a long bar: the line is added by slashed-head
}
_DURATIONS = {
    Fraction(4): "1",
    Fraction(2): "2",
    Fraction(1): "4",
    Fraction(1, 2): "8",
    Fraction(1, 4): "16",
    Fraction(1, 8): "32",
    Fraction(1, 16): "64",
    Fraction(1, 32): "128",
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
            "\n".join(_voice("hands", HANDS, measures)),
            "\n".join(_voice("feet", FEET, measures)),
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
    rows = [(full, name, "#f") for name, (_, full) in _NAMES.items() if name is not _I.HIHAT_OPEN]
    rows.append((_NAMES[_I.HIHAT_OPEN][1], _I.HIHAT_OPEN, "open"))
    rows.append((_HALF_OPEN[1], _I.HIHAT_OPEN, "halfopen"))
    rows.append((_RIM_SHOT[1], _I.SNARE, "#f"))
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
            heads.setdefault(_drum(head), head)
    if not heads:
        return ""
    from_the_top = sorted(heads.items(), key=lambda item: -item[1].written.staff_loc)
    notes = [f"<{_shape(head)}{drum}>4" for drum, head in from_the_top]
    labels = [quoted(_label(head)) for _, head in from_the_top]
    return _KEY.format(notes=' \\bar "" '.join(notes), labels=" ".join(labels))


def _label(head: Head) -> str:
    if head.is_half_open:
        return "Half-open hi-hat"
    return "Rim shot" if Mark.RIM_SHOT in head.marks else head.written.label


def _quarters(length: Fraction) -> str:
    """A length as LilyPond's multiple of a quarter: ``4*7/2``."""
    return "4" if length == 1 else f"4*{length}"


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
        words += _silent_graces(measure.spelled)
        words.append(f"s{_length(measure)}")
        yield _bar_line(words, bar.number)
    yield '  \\bar "|."'
    yield "}\n"


def _beginning(first: Bar) -> Iterator[str]:
    """The first bar's number, and its length when it is a pickup; LilyPond counts a pickup as no bar."""
    yield f"\\set Score.currentBarNumber = #{first.number + int(first.is_pickup)}"
    if first.is_pickup:
        yield f"\\partial {_quarters(first.quarters)}"


def _length(measure: Measure) -> str:
    times = f"*{measure.bars}" if measure.bars > 1 else ""
    return _quarters(measure.spelled.bar.quarters) + times


def _bar_line(words: Iterable[str], number: int) -> str:
    return f"  {' '.join(words)} | % {number}"


def _tempo(bar: Bar, tempo: TempoMark | None, feel: SwingMark | None) -> Iterator[str]:
    if tempo is None and feel is None:
        return
    words = ["\\tempo"]
    if feel is not None:
        words.append(f"\\markup {{ {quoted(swing_words(feel.swing))} {_swing_sign(feel.swing)}}}")
    if tempo is not None:
        beat = bar.meter.printed_beat_quarters
        note = "4." if bar.meter.is_compound else _DURATIONS[beat]
        words.append(f"{note} = {round(tempo.bpm * float(bar.meter.beat_quarters / beat))}")
    yield " ".join(words)


def _swing_sign(swing: Swing | None) -> str:
    if swing is None:
        return ""
    pair = ("8", "4", "8") if swing is Swing.EIGHTHS else ("16", "8", "16")
    equal, long, short = pair
    swung = f"\\tiny \\rhythm {{ \\tuplet 3/2 {{ {long} {short} }} }}"
    return f"\\tiny \\rhythm {{ {equal}[ {equal}] }} = {swung} "


def _silent_graces(bar: SpelledBar) -> Iterator[str]:
    """Silence for a voice without grace notes where another has some before the barline's first beat.

    LilyPond puts barlines and meters of different voices at different times otherwise.
    """
    counts = [len(event.graces) for voice in bar.voices for event in voice.events[:1]]
    if most := max(counts, default=0):
        yield f"\\grace s{_grace_value(most)}" if most == 1 else f"\\grace {{ s16*{most} }}"


def _grace_value(count: int) -> str:
    return "8" if count == 1 else "16"


def _voice(name: str, number: int, measures: Sequence[Measure]) -> Iterator[str]:
    yield f"{name} = \\drummode {{"
    # On the heads' side: slurs of grace notes would be drawn across the stems otherwise.
    yield f"  \\override Slur.direction = #{'DOWN' if number == HANDS else 'UP'}"
    for measure in measures:
        bar = measure.spelled
        voice = next((voice for voice in bar.voices if voice.number == number), None)
        if voice is None:
            words = [*_silent_graces(bar), f"s{_length(measure)}"]
        elif all(event.fills_bar for event in voice.events):
            words = [*_silent_graces(bar), f"{'R' if voice.events[0].visible else 's'}{_length(measure)}"]
        else:
            words = [] if voice.events[0].graces else list(_silent_graces(bar))
            words += _VoiceWriter(voice, alone=_alone(bar, voice)).words()
        yield _bar_line(words, bar.bar.number)
    yield "}\n"


def _alone(bar: SpelledBar, voice: Voice) -> frozenset[Fraction]:
    """The onsets of rests during which the other voice shows nothing: they stand in the middle."""
    others = [event for other in bar.voices if other is not voice for event in other.events if event.visible]
    return frozenset(
        rest.onset
        for rest in voice.events
        if rest.is_rest
        and not any(
            other.onset < rest.onset + rest.duration and rest.onset < other.onset + other.duration
            for other in others
        )
    )


class _VoiceWriter:
    """Writes one voice of one bar."""

    def __init__(self, voice: Voice, alone: frozenset[Fraction]) -> None:
        self._events = voice.events
        self._alone = alone
        self._beams: dict[int, list[int]] = {}
        for index, event in enumerate(voice.events):
            if event.beam is not None and not event.is_rest:
                self._beams.setdefault(event.beam, []).append(index)

    def words(self) -> Iterator[str]:
        for index, event in enumerate(self._events):
            tuplet = event.tuplet
            if event.graces:
                yield _graces(event)
            if tuplet is not None and event.onset == tuplet.start:
                yield f"\\tuplet {tuplet.actual}/{tuplet.normal} {{"
            yield from self._rest(event) if event.is_rest else self._notes(index)
            if tuplet is not None and event.onset + event.duration == tuplet.start + tuplet.length:
                yield "}"

    def _rest(self, event: Event) -> Iterator[str]:
        if event.onset in self._alone and event.visible:
            yield "\\once \\override Rest.staff-position = #0"
        letter = "r" if event.visible else "s"
        yield letter + (_quarters(event.duration) if event.fills_bar else _value(event))

    def _notes(self, index: int) -> Iterator[str]:
        event = self._events[index]
        group = self._beams.get(event.beam, []) if event.beam is not None else []
        place = group.index(index) if group else 0
        if group and place and self._events[group[place - 1]].beams_after is not None:
            yield f"\\set stemLeftBeamCount = #{self._events[group[place - 1]].beams_after}"
        if event.beams_after is not None:
            yield f"\\set stemRightBeamCount = #{event.beams_after}"
        beam = ""
        if group:
            beam = "[" if place == 0 else "]" if place == len(group) - 1 else ""
        slashes = f":{4 * 2 ** (event.flags + event.slashes)}" if event.slashes else ""
        yield _chord(event.heads) + _value(event) + slashes + beam + _signs(event)


def _value(event: Event) -> str:
    return _DURATIONS[event.base] + "." * event.dots


def _chord(heads: Sequence[Head]) -> str:
    written = [_head(head) for head in heads]
    return written[0] if len(written) == 1 and " " not in written[0] else f"<{' '.join(written)}>"


def _head(head: Head) -> str:
    if head.doubled:
        return f"\\tweak transparent ##t {_drum(head)}"
    return _shape(head) + ("\\parenthesize " if head.ghost else "") + _drum(head)


def _shape(head: Head) -> str:
    return "\\tweak stencil #slashed-head " if head.notehead is Notehead.SLASHED else ""


def _drum(head: Head) -> str:
    if head.is_half_open:
        return _HALF_OPEN[0]
    return _RIM_SHOT[0] if Mark.RIM_SHOT in head.marks else _NAMES[head.hit.instrument][0]


def _signs(event: Event) -> str:
    signs = "->" if event.accented else ""
    if any(head.is_choked for head in event.heads):
        signs += "-!"
    return signs + "".join(f'-"{head.sticking}"' for head in event.heads if head.sticking)


def _graces(event: Event) -> str:
    """A flam is slashed, a drag or ruff is a beamed group; both are slurred to their note."""
    chords = [_chord(chord) for chord in event.graces]
    if len(chords) == 1:
        return f"\\acciaccatura {chords[0]}8"
    first, *middle, last = chords
    return (
        f"\\appoggiatura {{ {' '.join([first + '16[', *(chord + '16' for chord in middle), last + '16]'])} }}"
    )
