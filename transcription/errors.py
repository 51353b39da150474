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


class BatchNotReady(DrumError):
    """Asked for the files of a batch of which no song has got that far."""

    code = "not_ready"
    message = "No song of this batch is finished yet."
    hint = "Ask again when one is."


class BatchNotCancellable(DrumError):
    """All of its songs have ended already."""

    code = "batch_not_cancellable"
    message = "No song of this batch is still to be done, so there is nothing to stop."
    hint = "Delete it instead, if you do not want to see it."


class BatchNotRetryable(DrumError):
    """None of its songs failed."""

    code = "batch_not_retryable"
    message = "No song of this batch can be tried again."
    hint = "Read the batch: only songs that failed, or were stopped, can be."


class AnalysisNotReady(DrumError):
    """Asked for the analysis of a recording of which there is none."""

    code = "not_ready"
    message = "This recording has not been analysed yet."
    hint = "Start a job for it with operation “analyse”."


class AnalysisUnderWay(DrumError):
    """Asked for the analysis of a recording whose first has not finished."""

    code = "not_ready"
    message = "This recording is being analysed."
    hint = "Wait until the job is completed; it is named here."


class SourceJobRequired(DrumError):
    """An operation that works on an earlier job's files, asked for without one."""

    code = "source_job_required"
    message = "“{operation}” works on what an earlier job heard; say which."
    hint = "Give source_job_id: a finished job of the same recording."


class OnsetsRequired(DrumError):
    """Strokes are to be named, and none were given."""

    code = "onsets_required"
    message = "“classify” names strokes at times that you give; there are none."
    hint = "Give the option onsets_s: a list of times in seconds."


class NoSuchStage(DrumError):
    """A stage that the operation does not have."""

    code = "no_such_stage"
    message = "“{operation}” has no stage “{stage}” with these options."
    hint = "Read the job: its stages are listed there."


class UnknownFormat(DrumError):
    """Asked for a format that we do not write."""

    code = "unknown_format"
    message = "There is no format called “{format}”."
    hint = "Choose one of {known}."


class ReasonRequired(DrumError):
    """A moderator acts on someone else's job without saying why."""

    code = "reason_required"
    message = "Say why: the owner will be told."
    hint = "Give a reason."
