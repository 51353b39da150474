"""A whole song through the pipeline in one folder: no job, no database, no queue."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path

from transcription.core.operations import Operation, stages_of
from transcription.core.options import JobOptions
from transcription.core.result import Finding
from transcription.core.stage_process import StageProcess, StageRequest
from transcription.core.stages import SOURCE, Stage, StageSpec

_TICK_S = 0.1


@dataclass(frozen=True, slots=True)
class FinishedStage:
    """A stage that is done: what it found, the seconds of its own work, and those that passed here."""

    spec: StageSpec
    warnings: tuple[Finding, ...]
    engine: str
    seconds: float
    wall_s: float


@dataclass(frozen=True, slots=True)
class RunLimits:
    """How long a song may be and a stage may take, in seconds."""

    minimum_s: float = 1.0
    maximum_s: float = 1800.0
    stage_s: float = 1800.0


def run_song(
    source: Path,
    folder: Path,
    options: JobOptions,
    process: StageProcess,
    *,
    limits: RunLimits = RunLimits(),
    operation: Operation = Operation.TRANSCRIBE,
    without: Collection[Stage] = (),
    on_progress: Callable[[StageSpec, float], None] = lambda spec, fraction: None,
    on_done: Callable[[FinishedStage], None] = lambda finished: None,
) -> tuple[FinishedStage, ...]:
    """Run an operation's stages over ``source``; what they write lies in ``folder`` afterwards.

    Args:
        process: runs the stages; it stays warm for the next song.
        without: stages to leave out, at the end.
        on_progress: called several times a second with the stage and the fraction of it that is done; what
            it raises ends the run.
        on_done: called after every stage.
    Raises:
        RefusedByStage, StageTimedOut: the song or an option is refused.
        StageBroke: a stage failed through a fault of ours.
    """
    finished: list[FinishedStage] = []
    for spec in stages_of(operation, options):
        if spec.stage in without:
            continue
        began = time.monotonic()
        on_progress(spec, 0.0)
        answer = process.run(
            StageRequest(
                stage=spec.stage,
                inputs=_inputs(spec, source, folder),
                output_dir=folder,
                options=options.as_dict(),
                minimum_s=limits.minimum_s,
                maximum_s=limits.maximum_s,
                earlier_warnings=tuple(warning for stage in finished for warning in stage.warnings),
                operation=operation,
            ),
            on_tick=lambda fraction, spec=spec: on_progress(spec, fraction),  # type: ignore[misc]
            time_limit_s=limits.stage_s,
            tick_s=_TICK_S,
        )
        wall_s = time.monotonic() - began
        finished.append(FinishedStage(spec, answer.warnings, answer.engine, answer.seconds, wall_s))
        on_done(finished[-1])
    return tuple(finished)


def _inputs(spec: StageSpec, source: Path, folder: Path) -> dict[str, Path]:
    inputs = {name: source if name == SOURCE else folder / name for name in spec.reads}
    return inputs | {name: folder / name for name in spec.reads_if_there if (folder / name).is_file()}
