"""Charts that others wrote, read into scores: MusicXML, MIDI, and our own JSON."""

from notation.core.readers.errors import ImportNoDrums, ImportTooLarge, ImportUnreadable, ImportUnsupported
from notation.core.readers.files import read_score
from notation.core.readers.report import Imported, ImportFinding

__all__ = [
    "ImportFinding",
    "ImportNoDrums",
    "ImportTooLarge",
    "ImportUnreadable",
    "ImportUnsupported",
    "Imported",
    "read_score",
]
