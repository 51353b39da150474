"""What can be wrong with a file that somebody brings."""

from __future__ import annotations

from accounts.core.errors import DrumError


class ImportUnreadable(DrumError):
    """The file is damaged, or is not what it says it is."""

    code = "import_unreadable"
    message = "The file cannot be read: {reason}."
    hint = "Open it in the program that made it, and export it again."


class ImportTooLarge(DrumError):
    """The file, or the music in it, is larger than anything that a drummer could read."""

    code = "import_too_large"
    message = "The file is too large: {reason}."
    hint = "Export only the drum part, or a part of the song."


class ImportNoDrums(DrumError):
    """The file can be read, but nothing in it is a drum part."""

    code = "import_no_drums"
    message = "There are no drums in the file: {reason}."
    hint = (
        "In MusicXML the part needs a percussion clef or unpitched notes; in MIDI it must be on channel 10, "
        "or on a track whose name says drums."
    )


class ImportUnsupported(DrumError):
    """A file, or a kind of music, that is not read."""

    code = "import_unsupported"
    message = "This is not read: {reason}."
    hint = "Export the chart as MusicXML (.musicxml, .mxl), MIDI (.mid) or JSON."
