"""Any file a person may bring: which reader it is for is told by its content, not by its name."""

from __future__ import annotations

import json
from pathlib import PurePath

from notation.core.errors import BadScore
from notation.core.readers import musicxml
from notation.core.readers.assemble import assemble
from notation.core.readers.errors import ImportUnreadable, ImportUnsupported
from notation.core.readers.given_score import checked, read_given_score
from notation.core.readers.limits import MAX_FILE_BYTES, check_bytes, check_score
from notation.core.readers.midi import read_midi
from notation.core.readers.report import Findings, Imported
from notation.core.readers.xml_source import parse_xml, unpack_mxl
from notation.core.score import Score

_LONGEST_TITLE = 200


def read_score(data: bytes, file_name: str) -> Imported:
    """Read a chart: MusicXML (also compressed), MIDI, or our own JSON.

    Args:
        file_name: gives the title where the file has none.
    Raises:
        ImportUnreadable: damaged, or not what it seems.
        ImportTooLarge: more than ``limits`` allows, or a score too long to be stored.
        ImportNoDrums: music, but no drums in it.
        ImportUnsupported: another kind of file, or music that no score can hold.
    """
    check_bytes(len(data), MAX_FILE_BYTES)
    findings = Findings()
    score = _read(data, file_name, findings)
    check_score(len(score.hits), len(score.bars))  # quantising may add bars
    try:
        return Imported(checked(score), findings.all())
    except BadScore as error:
        raise ImportUnsupported(reason=error.details["reason"]) from error


def _read(data: bytes, file_name: str, findings: Findings) -> Score:
    title = _title_of(file_name)
    start = data[:200].lstrip(b"\xef\xbb\xbf \t\r\n")
    if start.startswith(b"{"):
        return _read_json(data)
    if data.startswith(b"MThd") or (data.startswith(b"RIFF") and b"MThd" in data[:64]):
        return read_midi(data, title, findings)
    if data.startswith(b"PK\x03\x04"):
        return _read_musicxml(unpack_mxl(data), title, findings)
    if start.startswith((b"<", b"\xff\xfe", b"\xfe\xff", b"\0<")):
        return _read_musicxml(data, title, findings)
    raise ImportUnsupported(reason=_what_it_is(data, file_name))


def _read_json(data: bytes) -> Score:
    try:
        described = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise ImportUnreadable(reason="it is not JSON") from error
    if not isinstance(described, dict):
        raise ImportUnreadable(reason="it is not a score in JSON")
    hits, bars = (described.get(field) for field in ("hits", "bars"))
    if isinstance(hits, list) and isinstance(bars, list):
        check_score(len(hits), len(bars))
    try:
        return read_given_score(described)
    except BadScore as error:
        raise ImportUnreadable(reason=error.details["reason"]) from error


def _read_musicxml(data: bytes, title: str, findings: Findings) -> Score:
    return assemble(musicxml.draft_of(parse_xml(data), title, findings), findings)


def _what_it_is(data: bytes, file_name: str) -> str:
    if not data.strip():
        return "the file is empty"
    ending = PurePath(file_name).suffix.lower()[:12]
    return f"{ending} files" if ending else "a file of an unknown kind"


def _title_of(file_name: str) -> str:
    """A title from a file's name."""
    return PurePath(file_name.replace("\\", "/")).stem.replace("_", " ").strip()[:_LONGEST_TITLE]
