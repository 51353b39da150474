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
