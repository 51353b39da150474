"""LilyPond source for the music of a voice: notes, rests, tuplets, beams, grace notes and signs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction

from notation.core.engraving.layout import Measure
from notation.core.instruments import HANDS, InstrumentName, Notehead
from notation.core.score import Mark
from notation.core.spelling.engraved import Event, Head, SpelledBar, Voice

_I = InstrumentName
# Short and full name of each drum in LilyPond (ly/drumpitch-init.ly); their MIDI keys are General MIDI's.
DRUM_NAMES: Mapping[InstrumentName, tuple[str, str]] = {
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
HALF_OPEN_NAMES = ("hhho", "halfopenhihat")
RIM_SHOT_NAMES = ("sne", "electricsnare")  # on General MIDI's 40, where sample libraries have the rim shot

DURATIONS = {
    Fraction(4): "1",
    Fraction(2): "2",
    Fraction(1): "4",
    Fraction(1, 2): "8",
    Fraction(1, 4): "16",
    Fraction(1, 8): "32",
    Fraction(1, 16): "64",
    Fraction(1, 32): "128",
}


def voice_lines(name: str, number: int, measures: Sequence[Measure]) -> Iterator[str]:
    """Write the hands' (1) or the feet's (2) music as the variable ``name``, a line a bar."""
    yield f"{name} = \\drummode {{"
    # On the heads' side: slurs of grace notes would be drawn across the stems otherwise.
    yield f"  \\override Slur.direction = #{'DOWN' if number == HANDS else 'UP'}"
    for measure in measures:
        bar = measure.spelled
        voice = next((voice for voice in bar.voices if voice.number == number), None)
        if voice is None:
            words = [*silent_graces(bar), f"s{length_of(measure)}"]
        elif all(event.fills_bar for event in voice.events):
            words = [*silent_graces(bar), f"{'R' if voice.events[0].visible else 's'}{length_of(measure)}"]
        else:
            words = [] if voice.events[0].graces else list(silent_graces(bar))
            words += _VoiceWriter(voice, alone=_alone(bar, voice)).words()
        yield bar_line(words, bar.bar.number)
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
        yield letter + (quarters(event.duration) if event.fills_bar else _value(event))

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
    return DURATIONS[event.base] + "." * event.dots


def _chord(heads: Sequence[Head]) -> str:
    written = [_head(head) for head in heads]
    return written[0] if len(written) == 1 and " " not in written[0] else f"<{' '.join(written)}>"


def _head(head: Head) -> str:
    if head.doubled:
        return f"\\tweak transparent ##t {drum_name(head)}"
    return shape_tweak(head) + ("\\parenthesize " if head.ghost else "") + drum_name(head)


def shape_tweak(head: Head) -> str:
    """What gives a head its slash; LilyPond's table of drums has no such shape."""
    return "\\tweak stencil #slashed-head " if head.notehead is Notehead.SLASHED else ""


def drum_name(head: Head) -> str:
    """The short name of what is struck, and how."""
    if head.is_half_open:
        return HALF_OPEN_NAMES[0]
    return RIM_SHOT_NAMES[0] if Mark.RIM_SHOT in head.marks else DRUM_NAMES[head.hit.instrument][0]


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


def silent_graces(bar: SpelledBar) -> Iterator[str]:
    """Silence for a voice without grace notes where another has some before the barline's first beat.

    LilyPond puts barlines and meters of different voices at different times otherwise.
    """
    counts = [len(event.graces) for voice in bar.voices for event in voice.events[:1]]
    if most := max(counts, default=0):
        yield f"\\grace s{_grace_value(most)}" if most == 1 else f"\\grace {{ s16*{most} }}"


def _grace_value(count: int) -> str:
    return "8" if count == 1 else "16"


def length_of(measure: Measure) -> str:
    """The length of a bar, or of the bars that a long rest stands for."""
    times = f"*{measure.bars}" if measure.bars > 1 else ""
    return quarters(measure.spelled.bar.quarters) + times


def quarters(length: Fraction) -> str:
    """A length as LilyPond's multiple of a quarter: ``4*7/2``."""
    return "4" if length == 1 else f"4*{length}"


def bar_line(words: Iterable[str], number: int) -> str:
    """A bar on a line of its own, with a bar check and its number."""
    return f"  {' '.join(words)} | % {number}"
