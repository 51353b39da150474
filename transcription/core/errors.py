"""What can be wrong with a request to transcribe, or stop one from being finished."""

from __future__ import annotations

from accounts.core.errors import DrumError


class UnknownOption(DrumError):
    """An option that no stage knows."""

    code = "unknown_option"
    message = "There is no option called “{option}”."
    hint = "The API's description lists the options."


class InvalidOption(DrumError):
    """A known option with a value that it cannot have."""

    code = "invalid_option"
    message = "The value of “{option}” is not possible: {expected}."
    hint = "Correct the option and start again."


class EngineUnavailable(DrumError):
    """An engine that is known, and cannot be used on this machine."""

    code = "engine_unavailable"
    message = "The engine {name} cannot be used here. {reason}"
    hint = "Choose another engine; GET /api/v1/engines/ lists them."


class StageTimedOut(DrumError):
    """A stage that took longer than this site allows."""

    code = "stage_timed_out"
    message = "This step took too long and was stopped."
    hint = "Try again; if it happens again, cut the recording into shorter parts."


class StageCrashed(DrumError):
    """The process that ran the stage ended without an answer, again and again."""

    code = "stage_crashed"
    message = "This step stopped unexpectedly, several times."
    hint = "Try again later. We have a record of it."


class InternalError(DrumError):
    """A fault of ours."""

    code = "internal_error"
    message = "Something went wrong on our side."
    hint = "Try again. If it happens again, please report it with the job's number."
