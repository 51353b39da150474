"""What can be wrong with a score."""

from __future__ import annotations

from accounts.core.errors import DrumError


class BadScore(DrumError):
    """A stored or uploaded score that does not describe music."""

    code = "bad_score"
    message = "The score cannot be read: {reason}."
    hint = "Transcribe the recording again, or go back to an earlier revision."


class EngravingFailed(DrumError):
    """The engraver crashed, took too long, or drew nothing."""

    code = "engraving_failed"
    message = "The score could not be drawn: {reason}."
    hint = (
        "The MusicXML and MIDI files are not affected. Try again; if it fails again, please report this song."
    )


class UnknownExport(DrumError):
    """A format, paper, width or note map that exports do not know."""

    code = "unknown_export"
    message = "There is no {kind} {name!r}; known are {known}."
    hint = "Choose one of those that are known."


class PdfBackendMissing(DrumError):
    """A PDF was asked for that no installed engraver can make."""

    code = "pdf_backend_missing"
    message = "The PDF cannot be made here: {reason}."
    hint = "Download the PDF from the other engraver, the MusicXML or the LilyPond source instead."


class BadProfile(DrumError):
    """A kit profile that says something impossible."""

    code = "bad_profile"
    message = "The kit profile cannot be used: {reason}."
    hint = "Correct the kit profile, or choose one of the ready ones."


class BadGridChange(DrumError):
    """A tempo, meter, bar one or pickup that a person asked for and that cannot be."""

    code = "bad_grid_change"
    message = "The beats cannot be changed like that: {reason}."
    hint = "Check the tempo, the meter and where bar one begins."


class BadEvents(DrumError):
    """A list of strokes or beats that cannot be written down."""

    code = "bad_events"
    message = "The events cannot be written down: {reason}."
    hint = "Send objects with onset_s (seconds), instrument and velocity (1 to 127), and a tempo."


class BadCommand(DrumError):
    """An edit command that cannot be carried out; ``index`` counts the commands of the request from 0."""

    code = "bad_command"
    message = "The score cannot be changed like that: {reason}."
    hint = "Correct that command; nothing was changed."
