"""What can be wrong with a request about notations; for the music itself see ``notation.core.errors``."""

from __future__ import annotations

from accounts.core.errors import DrumError


class RevisionConflict(DrumError):
    """The notation is no longer as the writer saw it; ``details["changes"]`` says what happened since."""

    code = "revision_conflict"
    message = "The score was changed meanwhile; it is now at revision {current_revision}."
    hint = "Nothing was lost. Look at the changes, then make yours again on the newest revision."


class BadChoice(DrumError):
    """What a link asks of a download is not of the kind wanted, such as a revision named by letters."""

    code = "invalid_input"
    message = "This download cannot be made as it was asked for: {names}."
    hint = "Choose it again on the score's page."


class NotationGone(DrumError):
    """It was deleted and cannot be restored any more, or went with its transcription."""

    code = "notation_deleted"
    message = "This score was deleted and can no longer be restored by itself."
    hint = "If its transcription was deleted with it, transcribe the recording again."


class NotationMissing(DrumError):
    """It was deleted, or even purged, after the writer had opened it."""

    code = "not_found"
    message = "This score was deleted meanwhile; nothing was changed."
    hint = "Restore it if that is still possible, then make the change again."


class NothingToWrite(DrumError):
    """There is not a single hit to write down."""

    code = "no_hits"
    message = "There are no hits that could be written down."
    hint = "Send at least one hit, or add notes to the score."


class RequestTooLarge(DrumError):
    """A body larger than any score that is accepted."""

    code = "request_too_large"
    message = "The request is larger than the {maximum_mb} MB that are allowed here."
    hint = "Split the song, or leave out what is not needed."


class ScoreTooLarge(DrumError):
    """More music than this site draws and writes in reasonable time."""

    code = "score_too_large"
    message = "The score has {hits} hits in {bars} bars; at most {most_hits} and {most_bars} are accepted."
    hint = "Split the song into parts."


class TooOften(DrumError):
    """More files in a minute than one person may have written or read; the API says the same by itself."""

    code = "throttled"
    message = "Too many files were asked for at once."
    hint = "Try again in a minute."
