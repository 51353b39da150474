"""What can be wrong with a request about a job."""

from __future__ import annotations

from accounts.core.errors import DrumError


class JobNotCancellable(DrumError):
    """The job has ended already."""

    code = "job_not_cancellable"
    message = "This job is {status} and cannot be cancelled any more."
    hint = "Delete it instead, if you do not want to keep it."


class JobNotRetryable(DrumError):
    """Only a failed or cancelled job can be tried again."""

    code = "job_not_retryable"
    message = "This job is {status}; only failed or cancelled jobs can be tried again."
    hint = "Start a new job for the same recording instead."


class NotReady(DrumError):
    """Asked for a file of a job that has not got there yet."""

    code = "not_ready"
    message = "This job is {status}; the file is not there yet."
    hint = "Wait until the job is completed."


class UnknownFormat(DrumError):
    """Asked for a format that we do not write."""

    code = "unknown_format"
    message = "There is no format called “{format}”."
    hint = "Choose one of pdf, musicxml, mxl, midi, json, svg."


class ReasonRequired(DrumError):
    """A moderator acts on someone else's job without saying why."""

    code = "reason_required"
    message = "Say why: the owner will be told."
    hint = "Give a reason."
