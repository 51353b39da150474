"""What can be asked for: each operation is a way through the stages, and has a result of its own."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from transcription.core.options import JobOptions
from transcription.core.stages import SPEC_BY_STAGE, Stage, StageSpec


class Operation(StrEnum):
    """What a job does with its recording; the name is stable."""

    TRANSCRIBE = "transcribe"
    EXTRACT = "extract"
    ENHANCE = "enhance"
    SEPARATE = "separate"
    ONSETS = "onsets"
    CLASSIFY = "classify"
    DETECT = "detect"
    BEATS = "beats"
    ANALYSE = "analyse"
    NOTATE = "notate"


@dataclass(frozen=True, slots=True)
class OperationSpec:
    """What is known of an operation: how people call it, its stages, and the file that says what came out.

    ``hears`` says whether it listens for drums, which separation may help. ``follows_a_job`` says that it
    works on the files of an earlier job.
    """

    label: str
    stages: tuple[Stage, ...]
    result: str
    hears: bool = False
    follows_a_job: bool = False


OPERATIONS: dict[Operation, OperationSpec] = {
    Operation.TRANSCRIBE: OperationSpec(
        "Transcription",
        (Stage.EXTRACT, Stage.DETECT, Stage.BEATS, Stage.NOTATE, Stage.ENGRAVE),
        "result.json",
        hears=True,
    ),
    Operation.EXTRACT: OperationSpec("Sound", (Stage.EXTRACT,), "audio.json"),
    Operation.ENHANCE: OperationSpec("Cleaned sound", (Stage.EXTRACT, Stage.ENHANCE), "enhancement.json"),
    # The beat as well: whoever plays along to a song without drums wants the click.
    Operation.SEPARATE: OperationSpec(
        "Stems", (Stage.EXTRACT, Stage.SEPARATE, Stage.DETECT, Stage.BEATS), "stems.json"
    ),
    Operation.ONSETS: OperationSpec("Strokes", (Stage.EXTRACT, Stage.ONSETS), "onsets.json", hears=True),
    Operation.CLASSIFY: OperationSpec(
        "Named strokes", (Stage.EXTRACT, Stage.CLASSIFY), "hits.json", hears=True
    ),
    Operation.DETECT: OperationSpec("Hits", (Stage.EXTRACT, Stage.DETECT), "hits.json", hears=True),
    Operation.BEATS: OperationSpec(
        "Beat", (Stage.EXTRACT, Stage.DETECT, Stage.BEATS), "beats.json", hears=True
    ),
    Operation.ANALYSE: OperationSpec(
        "Analysis", (Stage.EXTRACT, Stage.DETECT, Stage.BEATS, Stage.ANALYSE), "analysis.json", hears=True
    ),
    Operation.NOTATE: OperationSpec(
        "Score", (Stage.NOTATE, Stage.ENGRAVE), "result.json", follows_a_job=True
    ),
}

# Measured (docs/accuracy.md): crnn hears a full mix nearly as well as the drums alone, keras-cnn does not.
_BETTER_ON_STEMS = frozenset({"keras-cnn"})


def stages_of(operation: Operation, options: JobOptions) -> tuple[StageSpec, ...]:
    """Return the stages of a job, in order."""
    spec = OPERATIONS[operation]
    wanted = set(spec.stages)
    if spec.hears and separates(options):
        wanted.add(Stage.SEPARATE)
    return tuple(known for stage, known in SPEC_BY_STAGE.items() if stage in wanted)


def separates(options: JobOptions) -> bool:
    """Whether the drums are taken out of the song before they are listened to."""
    if options.separation == "auto":
        return options.engine in _BETTER_ON_STEMS
    return options.separation == "always"
