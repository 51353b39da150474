"""Which part of a MusicXML file is the drums."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lxml import etree

from accounts.core.text import one_line
from notation.core.readers.errors import ImportNoDrums, ImportUnreadable
from notation.core.readers.gm import DRUM_NAME
from notation.core.readers.limits import check_bars, check_notes
from notation.core.readers.report import Findings

_DRUM_CHANNEL = "10"
_LONGEST_NAME = 40


@dataclass(frozen=True, slots=True)
class Part:
    """One part: what the list of parts says of it, and its bars."""

    declared: etree._Element | None
    measures: Sequence[etree._Element]

    @property
    def notes(self) -> list[etree._Element]:
        """The notes that are struck, in order."""
        return [
            note
            for measure in self.measures
            for note in measure.iterfind("note")
            if note.find("unpitched") is not None or note.find("pitch") is not None
        ]

    @property
    def name(self) -> str:
        """The part's name, as far as a report shows it."""
        text = self.declared.findtext("part-name") if self.declared is not None else None
        return one_line((text or "")[: 10 * _LONGEST_NAME])[:_LONGEST_NAME]

    def drum_notes(self) -> int:
        """How many notes would be drums; 0 where the part is another instrument."""
        notes = self.notes
        unpitched = sum(note.find("unpitched") is not None for note in notes)
        signs = {sign.text for measure in self.measures for sign in measure.iterfind("attributes/clef/sign")}
        if "percussion" in signs:
            return len(notes)
        if unpitched or self.declared is None:
            return unpitched
        channels = {channel.text for channel in self.declared.iterfind("midi-instrument/midi-channel")}
        return len(notes) if _DRUM_CHANNEL in channels or DRUM_NAME.search(self.name) else 0


def drum_part(root: etree._Element, findings: Findings) -> Part:
    """The part with the most drum notes; the others are told in ``findings``.

    Raises:
        ImportUnreadable: no MusicXML.
        ImportNoDrums: none of its parts has drums.
        ImportTooLarge: too many bars or notes.
    """
    check_notes(sum(1 for _ in root.iter("note")))
    check_bars(sum(1 for _ in root.iter("measure")) // max(1, len(root.findall("part"))))
    parts = _parts(root)
    counts = [part.drum_notes() for part in parts]
    if not any(counts):
        raise ImportNoDrums(reason="no part has a percussion clef or unpitched notes")
    chosen = counts.index(max(counts))
    for index, part in enumerate(parts):
        if index != chosen:
            name = part.name or str(index + 1)
            findings.add("part_left_out", f"The part {name!r} was left out.")
    return parts[chosen]


def _parts(root: etree._Element) -> list[Part]:
    declared = {entry.get("id"): entry for entry in root.iterfind("part-list/score-part")}
    measures: dict[str, list[etree._Element]] = {}
    if root.tag == "score-partwise":
        for part in root.iterfind("part"):
            measures.setdefault(part.get("id") or "", []).extend(part.iterfind("measure"))
    elif root.tag == "score-timewise":
        for measure in root.iterfind("measure"):
            for part in measure.iterfind("part"):
                part.attrib.update(
                    {key: measure.get(key) for key in ("number", "implicit") if measure.get(key)}
                )
                measures.setdefault(part.get("id") or "", []).append(part)
    else:
        raise ImportUnreadable(reason=f"it is XML, but no MusicXML: its root is {str(root.tag)[:40]!r}")
    return [Part(declared.get(name), bars) for name, bars in measures.items()]
