"""MusicXML as other programs write it, made in code."""

from __future__ import annotations

from collections.abc import Sequence

# Sounds as MuseScore declares them: id → (name, midi-unpitched, which counts from 1).
SOUNDS = {
    "K": ("Bass Drum 1", 37), "S": ("Acoustic Snare", 39), "H": ("Closed Hi-Hat", 43),
    "C": ("Crash Cymbal 1", 50), "C2": ("Crash Cymbal 2", 58), "T": ("Triangle", 82), "B": ("High Bongo", 61),
}  # fmt: skip
PLACES = {
    "K": "F4", "S": "C5", "H": "G5", "C": "A5", "C2": "B5", "T": "C6", "B": "E5",
}  # fmt: skip


def note(
    drum: str,
    duration: int = 4,
    *,
    kind: str = "quarter",
    head: str = "",
    before: str = "",
    notations: str = "",
    voice: int = 1,
    attributes: str = "",
    sound: bool = True,
    after: str = "",
) -> str:
    """One unpitched note; ``before`` goes first in it (chord, grace), ``after`` after its type."""
    place = PLACES.get(drum, drum)
    length = "" if "<grace" in before else f"<duration>{duration}</duration>"
    named = f'<instrument id="P1-{drum}"/>' if sound and drum in SOUNDS else ""
    return (
        f"<note {attributes}>{before}<unpitched><display-step>{place[0]}</display-step>"
        f"<display-octave>{place[1]}</display-octave></unpitched>{length}{named}<voice>{voice}</voice>"
        f"<type>{kind}</type>{after}{head}"
        + (f"<notations>{notations}</notations>" if notations else "")
        + "</note>"
    )


def rest(duration: int = 4, voice: int = 1) -> str:
    """A rest."""
    return f"<note><rest/><duration>{duration}</duration><voice>{voice}</voice></note>"


def measure(content: str, number: object = 1, *, start: str = "", attributes: str = "") -> str:
    """One measure; ``start`` is put before its notes."""
    return f'<measure number="{number}" {attributes}>{start}{content}</measure>'


def opening(beats: object = 4, beat_type: object = 4, divisions: object = 4) -> str:
    """What a first measure begins with."""
    return (
        f"<attributes><divisions>{divisions}</divisions><time><beats>{beats}</beats>"
        f"<beat-type>{beat_type}</beat-type></time><clef><sign>percussion</sign></clef></attributes>"
    )


def score_part(identifier: str = "P1", name: str = "Drumset", sounds: Sequence[str] = tuple(SOUNDS)) -> str:
    """What the list of parts says of a drum part."""
    declared = "".join(
        f'<score-instrument id="{identifier}-{key}"><instrument-name>{SOUNDS[key][0]}</instrument-name>'
        "</score-instrument>"
        for key in sounds
    )
    played = "".join(
        f'<midi-instrument id="{identifier}-{key}"><midi-channel>10</midi-channel>'
        f"<midi-unpitched>{SOUNDS[key][1]}</midi-unpitched></midi-instrument>"
        for key in sounds
    )
    return f'<score-part id="{identifier}"><part-name>{name}</part-name>{declared}{played}</score-part>'


def chart(measures: Sequence[str], *, parts: str = "", declared: str | None = None, head: str = "") -> bytes:
    """A whole file with ``measures`` as its drum part; ``parts`` and ``declared`` add others."""
    declared = score_part() if declared is None else declared
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<!DOCTYPE score-partwise PUBLIC "-//Recordare//DTD MusicXML 3.1 Partwise//EN" '
        '"http://www.musicxml.org/dtds/partwise.dtd">'
        f'<score-partwise version="3.1">{head}<part-list>{declared}</part-list>{parts}'
        f'<part id="P1">{"".join(measures)}</part></score-partwise>'
    ).encode()


def beat(*, tempo: int = 120) -> str:
    """A first measure of four quarters, kick and snare by turns, with a tempo."""
    return measure(
        note("K") + note("S") + note("K") + note("S"),
        start=opening() + f'<direction><sound tempo="{tempo}"/></direction>',
    )
