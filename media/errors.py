"""What can be wrong with a request for stored material; for sound itself see ``media.core.errors``."""

from __future__ import annotations

from accounts.core.errors import DrumError


class RecordingDeleted(DrumError):
    """It was deleted; until retention ends its owner may restore it."""

    code = "recording_deleted"
    message = "This recording was deleted."
    hint = "Restore it while it is still kept, or upload it again."


class FileMissing(DrumError):
    """The row is there, its file is not: it was purged, or lost outside of the site."""

    code = "file_missing"
    message = "The stored file is no longer there."
    hint = "Upload the recording again, or run the job again."


class BatchTooLarge(DrumError):
    """All files of a batch together."""

    code = "batch_too_large"
    message = "These files are larger together than the {maximum_mb:g} MB that are allowed here."
    hint = "Send them in several goes."


class BatchEmpty(DrumError):
    """No file at all, an archive without one, or none of which a song could be made: then they are listed."""

    code = "batch_empty"
    message = "There is no song in this."
    hint = "Choose audio or video files, or a zip file of them."


class PeaksNotReady(DrumError):
    """The waveform is drawn from decoded sound, and decoding has not come this far."""

    code = "not_ready"
    message = "The waveform of this recording is not ready yet."
    hint = "It is made by the first step of a transcription; ask again in a few seconds."


class RangeNotSatisfiable(DrumError):
    """A range that begins after the end of the file."""

    code = "range_not_satisfiable"
    message = "The file has no such part; it has {bytes} bytes."
    hint = "Ask for a part that begins before the end of the file."


class StorageUnavailable(DrumError):
    """The storage service cannot be reached, or refuses us."""

    code = "storage_unavailable"
    message = "Stored files cannot be reached right now."
    hint = "Nothing of yours was lost. Try again in a minute."


class IdempotencyKeyInvalid(DrumError):
    """Not a key that can be remembered."""

    code = "idempotency_key_invalid"
    message = "The Idempotency-Key must have 1 to 128 printable characters."
    hint = "Use a fresh UUID for each thing that you create."


class IdempotencyConflict(DrumError):
    """The key was used before, with other content."""

    code = "idempotency_conflict"
    message = "This Idempotency-Key was used before for a different request."
    hint = "Use a fresh key for each thing that you create; repeat a key only with the same content."


class IdempotencyInProgress(DrumError):
    """The first request with the key has not been answered yet."""

    code = "idempotency_in_progress"
    message = "A request with this Idempotency-Key is still being worked on."
    hint = "Wait a few seconds and send it again."


class LinksOff(DrumError):
    """The people who run this site have switched links off."""

    code = "links_off"
    message = "This site does not fetch songs from links."
    hint = "Download the song and upload its file."


class RightsNotConfirmed(DrumError):
    """Nobody has said that they may use the song."""

    code = "rights_not_confirmed"
    message = "Confirm that you may use this song."
    hint = "Tick the box beside the link; in the API send rights_confirmed: true."


class TooManyLinks(DrumError):
    """More at once than one person may have."""

    code = "too_many_links"
    message = "There are {maximum} links of yours waiting already."
    hint = "Wait until one of them is done, or stop one."


class LinkNotCancellable(DrumError):
    """It has ended already."""

    code = "link_not_cancellable"
    message = "This import is {state} and cannot be stopped any more."
    hint = "Delete it instead, if you do not want to see it."
